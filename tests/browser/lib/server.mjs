// SPDX-License-Identifier: EUPL-1.2
// The real binary on an empty data directory.

import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const EAKTE = process.env.EAKTE_BIN ?? path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug/eakte");

/** An empty data directory. */
export async function newData() {
  return mkdtemp(path.join(tmpdir(), "eakte-browser-"));
}

/** Runs `eakte` with these arguments to its end; `input` is what it reads. */
export function eakte(args, input = "") {
  return execFileSync(EAKTE, args, { cwd: ROOT, input, encoding: "utf8" });
}

/** Starts `eakte serve --demo`, or with another world's flag, or none; the answer has `url`, `log()` and `stop()`. */
export async function startServer({ world = "--demo", data = undefined, listen = "127.0.0.1:0", env = {} } = {}) {
  data ??= await newData();
  const child = spawn(EAKTE, ["serve", ...(world ? [world] : []), "--data", data, "--listen", listen], {
    cwd: ROOT,
    env: { ...process.env, EAKTE_WEBHOOK__LOOPBACK: "true", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk) => (log = (log + chunk).slice(-8000)));
  const url = await new Promise((ready, failed) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("Bereit: ")) ready(line.slice("Bereit: ".length).trim());
    });
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`eakte ended with ${code}:\n${log}`)));
    setTimeout(() => failed(new Error(`eakte is not ready after 20 s:\n${log}`)), 20_000).unref();
  });
  return {
    url,
    log: () => log,
    /** A command of the binary on the same data. */
    async command(...args) {
      const env = { ...process.env, EAKTE_DATA: data, EAKTE_WEBHOOK__LOOPBACK: "true" };
      return (await promisify(execFile)(EAKTE, args, { env })).stdout;
    },
    async stop() {
      child.removeAllListeners("exit");
      const gone = new Promise((ended) => child.once("exit", ended));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await gone;
      }
      // The training world lies beside the folder.
      for (const folder of [data, `${data}-uebung`]) await rm(folder, { recursive: true, force: true });
    },
  };
}
