// SPDX-License-Identifier: EUPL-1.2
// A page that fails the test when the browser complains, and what a person does on it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { chromium } from "playwright-core";

import { ROOT } from "./server.mjs";

export const DESKTOP = { width: 1280, height: 900 };
export const SMALL = { width: 320, height: 640 };

export async function startBrowser() {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  // Chromium's own sandbox does not work for root in a container.
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--force-color-profile=srgb"] });
}

/** One person at one browser: own cookies. `script: false` is a browser without JavaScript; `also` is the other site that
 * this person is sent to. */
export async function newPerson(browser, url, { script = true, viewport = DESKTOP, also = url } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    locale: "de-DE",
    timezoneId: "Europe/Berlin",
    javaScriptEnabled: script,
    reducedMotion: "reduce",
    viewport,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints = [];
  const refusals = [];
  const pages = new Set();
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    // A page that says "no" in words (403, 404, 409, 412, 422) is an answer; the browser logs it as an error.
    const refused = /status of (403|404|409|412|422)/.test(message.text());
    if (refused) refusals.push(message.location().url);
    else complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("response", (answer) => {
    if (answer.request().isNavigationRequest()) pages.add(answer.url());
    if (answer.status() >= 500) complaints.push(`${answer.status()} ${answer.url()}`);
    if (![url, also, "data:"].some((own) => answer.url().startsWith(own))) complaints.push(`foreign ${answer.url()}`);
  });
  return {
    page,
    context,
    /** Content Security Policy messages, script errors, foreign requests, answers 5xx: none of them may be there. */
    assertQuiet() {
      const broken = refusals.filter((address) => !pages.has(address)).map((address) => `refused ${address}`);
      assert.deepEqual([...complaints, ...broken], [], `browser complaints on ${page.url()}`);
    },
    async close() {
      await context.close();
    },
  };
}

/** Logs in with the role button of the person `kennung`; leaves any earlier login. */
export async function login({ page, context }, kennung) {
  await context.clearCookies();
  await page.goto("/anmelden");
  const role = page.locator(`button[name="kennung"][value="${kennung}"]`);
  // Further persons are folded away.
  if (!(await role.isVisible())) await page.locator("details").filter({ has: role }).locator("summary").click();
  await role.click();
  await page.waitForURL((address) => !address.pathname.startsWith("/anmelden"));
}

/** Opens `address` and expects a page, not an error. */
export async function open({ page }, address) {
  const answer = await page.goto(address);
  assert.ok(answer.ok(), `${answer.status()} for ${address}`);
  return answer;
}

/** A button by the words on it; the key printed beside them is part of its name. */
export function button(page, words) {
  return page.getByRole("main").getByRole("button", { name: new RegExp(`^\\s*${words}(\\s+\\S{1,5})?\\s*$`) });
}

/** Presses a decision and, where one is asked for, its confirmation. */
export async function decide(page, words) {
  const before = page.url();
  await button(page, words).click();
  const confirmation = page.locator("input[name=bestaetigt]");
  if ((await confirmation.count()) > 0) await button(page, words).click();
  await page.waitForURL((address) => address.href !== before);
}

/** Gives every empty field that is not optional a value, as a clerk would where nothing was proposed. */
export async function fillRequired(page) {
  const form = page.locator("#formular");
  for (const select of await form.locator("select").all()) {
    if ((await select.inputValue()) === "") await select.selectOption({ index: 1 });
  }
  for (const input of await form.locator("input:not([type=hidden]):not([type=checkbox]):not([type=radio])").all()) {
    const label = await input.evaluate((element) => element.labels[0]?.textContent ?? "");
    if ((await input.inputValue()) === "" && !label.includes("optional")) await input.fill("Prüfung im Browser");
  }
}

/** Addresses of the tasks in a list, in its order. */
export async function taskLinks(page) {
  const links = page.locator("table[data-liste] .zelle-haupt a");
  return links.evaluateAll((all) => all.map((a) => ({ href: a.getAttribute("href"), title: a.textContent.trim() })));
}

/** For the README: deploy/bilder/NAME.png, only when EAKTE_SCREENSHOTS=1. */
export async function picture(page, name) {
  if (process.env.EAKTE_SCREENSHOTS !== "1") return;
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(ROOT, "deploy/bilder", `${name}.png`) });
}

let looked = 0;

/** For eyes: each page the suites check, in each form, whole, into the folder $EAKTE_LOOK. */
export async function look(page, form) {
  const folder = process.env.EAKTE_LOOK;
  if (!folder) return;
  if (form === "light") looked += 1;
  const name = new URL(page.url()).pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "x").replaceAll("/", "_");
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(folder, `${String(looked).padStart(3, "0")}${name}.${form}.png`), fullPage: true });
}
