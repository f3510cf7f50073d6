// SPDX-License-Identifier: EUPL-1.2
// What every page must stand: axe in light, dark and at 320 px, no sideways scrolling, a visible focus.

import assert from "node:assert/strict";
import axe from "axe-core";

import { DESKTOP, SMALL, look } from "./browser.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const MAX_PAGE_BYTES = 150_000;
const MAX_TABS = 30;

/** What axe can find otherwise in other colours; structure and names are the same in both. */
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };

/** Violations that axe finds, one line each. axe is evaluated, not loaded: the page's policy stays as it is. */
async function violations(page, runOnly) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const result = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), runOnly);
  return result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary}`));
}

async function assertAccessible(page, state, runOnly = TAGS) {
  const found = await violations(page, runOnly);
  assert.equal(found.length, 0, `${page.url()}, ${state}:\n${found.join("\n")}`);
}

/** All states of a page. The page is left in light colours and desktop size. */
export async function checkPage({ page, assertQuiet }) {
  assert.equal(await page.locator("h1").count(), 1, `one h1 on ${page.url()}`);
  assert.match(await page.title(), / · Posteingang$/);
  await assertAccessible(page, "light");
  await look(page, "light");
  await checkFocus(page);

  await page.emulateMedia({ colorScheme: "dark" });
  const [light, dark] = await page.evaluate(() => {
    const root = document.documentElement;
    const colour = () => getComputedStyle(document.body).backgroundColor;
    const before = root.getAttribute("data-kern-theme");
    root.setAttribute("data-kern-theme", "light");
    const light = colour();
    root.setAttribute("data-kern-theme", "dark");
    const dark = colour();
    if (before === null) root.removeAttribute("data-kern-theme");
    return [light, dark];
  });
  assert.notEqual(light, dark, "the dark theme changes nothing");
  await page.evaluate(() => document.documentElement.setAttribute("data-kern-theme", "dark"));
  await assertAccessible(page, "dark", COLOURS);
  await page.evaluate(() => document.documentElement.removeAttribute("data-kern-theme"));
  await assertAccessible(page, "dark by system", COLOURS);
  await look(page, "dark");
  await page.emulateMedia({ colorScheme: "light" });

  await page.setViewportSize(SMALL);
  const { scrollWidth, innerWidth, widest } = await page.evaluate(() => ({
    scrollWidth: document.documentElement.scrollWidth,
    innerWidth: window.innerWidth,
    widest: [...document.querySelectorAll("main *, header *, footer *")]
      .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
      .slice(0, 5)
      .map((e) => `${e.tagName}.${e.className}`),
  }));
  assert.ok(scrollWidth <= innerWidth, `${page.url()} scrolls sideways at 320 px: ${scrollWidth} px, ${widest.join(", ")}`);
  await assertAccessible(page, "320 px");
  await look(page, "small");
  await page.setViewportSize(DESKTOP);
  assertQuiet();
}

/** Walks with Tab: each stop shows its focus and is not covered by anything (WCAG 2.4.7, 2.4.11). */
export async function checkFocus(page) {
  await page.evaluate(() => {
    window.scrollTo(0, 0);
    document.activeElement?.blur();
  });
  for (let stop = 0; stop < MAX_TABS; stop++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const around = (e) => e && (e === element || element.contains(e) || e.contains(element) || e.closest("label")?.control === element);
      // Of the part inside the window, one of three points must be the element's own.
      const left = Math.max(box.left, 0), right = Math.min(box.right, window.innerWidth);
      const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, window.innerHeight);
      const shown = [0.5, 0.1, 0.9].some((part) => around(document.elementFromPoint(left + (right - left) * part, top + (bottom - top) * part)));
      const ring = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
      const parent = element.parentElement ? getComputedStyle(element.parentElement) : style;
      return {
        name: `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40) ?? ""}`,
        ring: ring(style) || style.boxShadow !== "none" || ring(parent) || parent.boxShadow !== "none",
        shown,
      };
    });
    if (seen === null) break;
    assert.ok(seen.ring, `no visible focus on ${page.url()}: ${seen.name}`);
    assert.ok(seen.shown, `focused but covered on ${page.url()}: ${seen.name}`);
  }
}

/** What a first visit loads is small (ui.md §1); images and KERN's fonts, kept for ever by the browser, aside. */
export async function checkWeight(person, address) {
  let bytes = 0;
  const answers = [];
  const count = (answer) => answers.push(answer);
  person.page.on("response", count);
  await person.page.goto(address, { waitUntil: "networkidle" });
  person.page.off("response", count);
  for (const answer of answers) {
    if (!["image", "font"].includes(answer.request().resourceType())) bytes += (await answer.request().sizes()).responseBodySize;
  }
  assert.ok(bytes <= MAX_PAGE_BYTES, `${address} loads ${bytes} bytes`);
}
