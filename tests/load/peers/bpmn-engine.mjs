// SPDX-License-Identifier: EUPL-1.2
// bpmn-engine on the models of the engine's own measurement: instances per second, one JSON object.
//
//   bpmn-engine.mjs MODELS_FOLDER [SECONDS]
//
// Line and fork run in memory from a prepared source; three user tasks save the whole state to SQLite
// (`synchronous=FULL`) at each wait and go on from what was saved.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import * as elements from "bpmn-elements";
import { Engine } from "bpmn-engine";
import { BpmnModdle } from "bpmn-moddle";
import { Serializer, TypeResolver } from "moddle-context-serializer";

const folder = process.argv[2];
const seconds = Number(process.argv[3] ?? 3);

async function source(name) {
  const text = readFileSync(path.join(folder, `${name}.js.bpmn`), "utf8");
  return Serializer(await new BpmnModdle().fromXML(text), TypeResolver(elements));
}

async function rate(run) {
  await run();
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < seconds * 1000) {
    await run();
    count += 1;
  }
  return Math.round((count * 1000) / (performance.now() - began));
}

async function inMemory(name) {
  const sourceContext = await source(name);
  return rate(async () => {
    const engine = new Engine({ name, sourceContext, variables: { n: 0 } });
    await engine.execute();
    if (engine.state !== "idle" && engine.state !== "stopped") await engine.waitFor("end");
  });
}

async function durable(name) {
  const sourceContext = await source(name);
  const data = mkdtempSync(path.join(tmpdir(), "peer-"));
  const db = new Database(path.join(data, "peer.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec("CREATE TABLE instance (id INTEGER PRIMARY KEY, state TEXT NOT NULL)");
  const put = db.prepare("INSERT INTO instance (id, state) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state");
  const get = db.prepare("SELECT state FROM instance WHERE id = ?");
  let key = 0;
  const result = await rate(async () => {
    key += 1;
    let engine = new Engine({ name, sourceContext });
    await engine.execute();
    put.run(key, JSON.stringify(await engine.getState()));
    for (const id of ["a", "b", "c"]) {
      engine = new Engine({ name }).recover(JSON.parse(get.get(key).state));
      const api = await engine.resume();
      api.signal({ id });
      put.run(key, JSON.stringify(await engine.getState()));
    }
    if (engine.state === "running") throw new Error("still running");
  });
  db.close();
  rmSync(data, { recursive: true });
  return result;
}

console.log(JSON.stringify({ line: await inMemory("line"), fork: await inMemory("fork"), three_tasks_sqlite: await durable("three") }));
