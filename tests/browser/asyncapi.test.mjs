// SPDX-License-Identifier: EUPL-1.2
// `schemas/asyncapi.yaml` as the official JSON Schema of AsyncAPI 3.0.0 judges it, and the schemas of the events as a
// JSON Schema validator does.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { it } from "node:test";

import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import YAML from "yaml";

import { ROOT } from "./lib/server.mjs";

const SCHEMAS = path.join(ROOT, "schemas");
const official = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0-without-$id.json");

async function description() {
  return YAML.parse(await readFile(path.join(SCHEMAS, "asyncapi.yaml"), "utf8"));
}

function judge(document) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const validate = ajv.compile(official);
  return validate(document) ? [] : validate.errors;
}

it("the description is AsyncAPI 3.0.0", async () => {
  const document = await description();
  assert.deepEqual(judge(document), []);
  // The judge is awake.
  document.operations[Object.keys(document.operations)[0]].action = "hum";
  assert.notDeepEqual(judge(document), []);
});

it("every reference of the description leads somewhere", async () => {
  const document = await description();
  const files = new Set(await readdir(path.join(SCHEMAS, "json")));
  let seen = 0;
  (function walk(value) {
    if (value === null || typeof value !== "object") return;
    const ref = value.$ref;
    if (typeof ref === "string") {
      seen += 1;
      if (ref.startsWith("#/")) {
        const found = ref.slice(2).split("/").reduce((at, key) => at?.[key], document);
        assert.ok(found, ref);
      } else {
        assert.ok(ref.startsWith("json/") && files.has(ref.slice(5)), ref);
      }
    }
    Object.values(value).forEach(walk);
  })(document);
  assert.equal(seen, 3 * Object.keys(document.channels).length);
});

it("the schemas of the events are JSON Schema and refuse what is none", async () => {
  const ajv = new Ajv2020({ allErrors: true });
  addFormats(ajv);
  ajv.addFormat("uint64", true);
  const document = await description();
  for (const { address } of Object.values(document.channels)) {
    const validate = ajv.compile(JSON.parse(await readFile(path.join(SCHEMAS, "json", `${address}.json`), "utf8")));
    assert.ok(!validate({ specversion: "1.0", type: address }), address);
    const wrong = validate.errors.map((e) => e.params.missingProperty);
    assert.ok(wrong.includes("id") && wrong.includes("data") && wrong.includes("sequence"), `${address}: ${wrong}`);
  }
});
