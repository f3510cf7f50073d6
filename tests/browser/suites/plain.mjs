// SPDX-License-Identifier: EUPL-1.2
// The same work in a browser that runs no script.

import assert from "node:assert/strict";
import { it } from "node:test";

import { button, fillRequired, login, newPerson, open, taskLinks } from "../lib/browser.mjs";

export function withoutScript(world) {
  it("a scan is confirmed", async () => {
    const person = await newPerson(world.browser, world.server.url, { script: false });
    const { page } = person;
    await login(person, "poststelle");
    await open(person, "/aufgaben/scanpruefung");
    const before = await taskLinks(page);
    assert.ok(before.length > 0, "nothing to confirm");
    await open(person, before[0].href);
    await fillRequired(page);
    await button(page, "Bestätigen und weiter").click();
    await page.waitForURL((address) => !address.pathname.endsWith(before[0].href));
    await open(person, "/aufgaben/scanpruefung");
    assert.equal((await taskLinks(page)).filter((task) => task.href === before[0].href).length, 0);
    person.assertQuiet();
    await person.close();
  });

  it("search, list and help are links and forms", async () => {
    const person = await newPerson(world.browser, world.server.url, { script: false });
    const { page } = person;
    await login(person, "poststelle");
    await page.locator("#kopfsuche").fill("Fahrradbügel");
    await page.getByRole("banner").getByRole("button", { name: "Suchen" }).click();
    await page.waitForURL(/\/suche\?/);
    assert.ok((await page.locator(".treffer li").count()) > 0);
    await page.getByRole("link", { name: "Hilfe zu dieser Seite" }).click();
    await page.waitForURL(/\/hilfe\//);
    assert.equal(await page.locator("h1").count(), 1);
    // What only script can do is not offered.
    assert.equal(await page.locator(".nur-skript:visible").count(), 0);
    person.assertQuiet();
    await person.close();
  });

  it("a file is handed in", async () => {
    const person = await newPerson(world.browser, world.server.url, { script: false });
    await login(person, "poststelle");
    await open(person, "/sendungen");
    const buffer = Buffer.from("Ein Brief ohne Skript.\n");
    await person.page.locator("input[type=file]").setInputFiles({ name: "ohne-skript.txt", mimeType: "text/plain", buffer });
    await person.page.locator("form:has(input[type=file]) button[type=submit]").click();
    await person.page.getByText("ohne-skript.txt").first().waitFor();
    person.assertQuiet();
    await person.close();
  });
}
