// SPDX-License-Identifier: EUPL-1.2
// One server, one browser, one story: the pages before the post, the Rundgang, the same without script,
// and every page once more when there is something on it. Order matters; one step builds on the one before.

import { after, before, describe } from "node:test";

import { startBrowser } from "./lib/browser.mjs";
import { startServer } from "./lib/server.mjs";
import { modellers } from "./suites/modeller.mjs";
import { emptyPages, filledPages, trainingPages } from "./suites/pages.mjs";
import { withoutScript } from "./suites/plain.mjs";
import { tour } from "./suites/tour.mjs";

const world = {};

before(async () => {
  world.server = await startServer();
  world.browser = await startBrowser();
});

after(async () => {
  await world.browser?.close();
  await world.server?.stop();
  await world.training?.stop();
});

describe("before the post", () => emptyPages(world));
describe("Rundgang", () => tour(world));
describe("without script", () => withoutScript(world));
describe("files of common modellers", () => modellers(world));
describe("every page", () => filledPages(world));
describe("training world", () => trainingPages(world));
