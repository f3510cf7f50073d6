// SPDX-License-Identifier: EUPL-1.2
// The real binary on an empty data directory.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const EAKTE = process.env.EAKTE_BIN ?? path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", "debug/eakte");

/** Starts `eakte serve --demo`, or with another world's flag; the answer has `url`, `log()` and `stop()`. */
export async function startServer(world = "--demo") {
  const data = await mkdtemp(path.join(tmpdir(), "eakte-browser-"));
  const child = spawn(EAKTE, ["serve", world, "--data", data, "--listen", "127.0.0.1:0"], {
    cwd: ROOT,
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
