// SPDX-License-Identifier: EUPL-1.2
// The Rundgang as a person walks it: a letter to its Akte, an invoice by two people, a Vorlage to the OB.

import assert from "node:assert/strict";
import { it } from "node:test";

import { button, decide, fillRequired, login, newPerson, open, taskLinks } from "../lib/browser.mjs";

const VORLAGE = "Neubau des Radwegs Rebhang";

async function confirmation(page) {
  return (await page.locator("main [role=status]").allTextContents()).join(" ");
}

/** Enters the account line of an invoice; the amount is proposed by the page. */
async function account(page) {
  await page.locator("[name='f.kontierung.0.sachkonto']").fill("44310000");
  await page.locator("[name='f.kontierung.0.kostenstelle']").fill("66010200");
}

/** Opens the task of the invoice `title`; null when this person does not see it. */
async function openInvoice(person, title) {
  await open(person, "/aufgaben/rechnungen");
  const task = (await taskLinks(person.page)).find((link) => link.title === title);
  if (task) await open(person, task.href);
  return task ?? null;
}

/** Signs the Vorlage as `kennung` with the button `words`. */
async function sign(world, kennung, words) {
  const person = await newPerson(world.browser, world.server.url);
  await login(person, kennung);
  await open(person, "/aufgaben/vorlagen");
  const task = (await taskLinks(person.page)).find((link) => link.title.includes(VORLAGE));
  assert.ok(task, `${kennung} has no task for the Vorlage`);
  await open(person, task.href);
  await decide(person.page, words);
  person.assertQuiet();
  await person.close();
}

export function tour(world) {
  it("the sample post arrives and every item settles", { timeout: 180_000 }, async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    await login(person, "poststelle");
    await open(person, "/rundgang");
    await page.getByRole("button", { name: "Beispielpost einliefern" }).click();
    await page.waitForURL(/meldung=/);
    await open(person, "/sendungen");
    // The page follows the work by itself.
    await page.getByText("Alles ist verarbeitet.").waitFor({ timeout: 150_000 });
    assert.ok((await page.locator("main a[href^='/sendungen/']").count()) >= 9);
    person.assertQuiet();
    await person.close();
  });

  it("a scan is confirmed, filed and found", async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    await login(person, "poststelle");
    await open(person, "/aufgaben/scanpruefung");
    const task = (await taskLinks(page)).find((link) => link.title.includes("Schlagloch"));
    assert.ok(task, "the letter about the pothole is not in the list");
    await open(person, task.href);
    const image = page.locator("main .teilung__links img").first();
    await image.waitFor();
    assert.ok(await image.evaluate((i) => i.decode().then(() => i.naturalWidth > 100)), "the page image is empty");
    await fillRequired(page);
    await page.locator("[name='f.titel']").fill("Fahrradbügel vor der Stadtbücherei");
    await button(page, "Bestätigen und weiter").click();
    await page.waitForURL((address) => !address.pathname.endsWith(task.href));
    assert.match(await confirmation(page), /Erledigt/);

    let hits = 0;
    for (let wait = 0; wait < 40 && hits === 0; wait++) {
      await open(person, "/suche?q=Fahrradbügel");
      hits = await page.locator(".treffer li").count();
      if (hits === 0) await page.waitForTimeout(250);
    }
    assert.equal(hits, 1, "the filed document is not found");
    await page.locator(".treffer a").first().click();
    await page.waitForURL(/\/dokumente\//);
    assert.match(await page.getByRole("heading", { level: 1 }).textContent(), /Fahrradbügel/);

    // It is the Tiefbauamt's now.
    await login(person, "sachbearbeitung");
    await open(person, "/akten");
    assert.ok((await page.locator("main a[href^='/akten/']").count()) > 0, "no Akte came into being");
    person.assertQuiet();
    await person.close();
  });

  it("an invoice needs two people, and refuses the same one twice", async () => {
    const both = await newPerson(world.browser, world.server.url);
    await login(both, "samira.lang");
    await open(both, "/aufgaben/rechnungen");
    const [task] = await taskLinks(both.page);
    assert.ok(task, "no invoice waits for the Tiefbauamt");
    await open(both, task.href);
    assert.ok((await both.page.locator("section[aria-label=Beleg]").count()) > 0, "no invoice to look at");
    await account(both.page);
    await decide(both.page, "Richtig feststellen");

    // She may order payments, but not this one: she sees why and has no button for it.
    await openInvoice(both, task.title);
    const main = await both.page.getByRole("main").textContent();
    assert.match(main, /zweite Person|andere Person/);
    assert.equal(await button(both.page, "Freigeben").count(), 0);
    both.assertQuiet();
    await both.close();

    const second = await newPerson(world.browser, world.server.url);
    await login(second, "anordnung");
    assert.ok(await openInvoice(second, task.title), "the second person does not see the invoice");
    await decide(second.page, "Freigeben");
    assert.match(await confirmation(second.page), /Erledigt/);
    assert.equal(await openInvoice(second, task.title), null, "the invoice is still open");
    second.assertQuiet();
    await second.close();
  });

  it("an account line that does not add up is refused with the difference", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "feststellung");
    await open(person, "/aufgaben/rechnungen");
    const [task] = await taskLinks(person.page);
    assert.ok(task, "no second invoice for the Tiefbauamt");
    await open(person, task.href);
    await account(person.page);
    await person.page.locator("[name='f.kontierung.0.betrag']").fill("1,00");
    await button(person.page, "Richtig feststellen").click();
    await person.page.locator("#fehlerliste").waitFor();
    assert.match(await person.page.locator("#fehlerliste").textContent(), /Es fehlen/);
    person.assertQuiet();
    await person.close();
  });

  it("a Vorlage goes through every signature", async () => {
    const author = await newPerson(world.browser, world.server.url);
    const { page } = author;
    await login(author, "sachbearbeitung");
    await open(author, "/vorlagen/neu");
    await page.getByLabel("Titel").fill(VORLAGE);
    await page.getByLabel("Beschlussvorschlag und Begründung").fill("Der Gemeinderat stimmt dem Neubau zu.\n\nDer Weg fehlt im Netz.");
    await page.locator("#f-sichtbarkeit").selectOption("oeffentlich");
    await page.locator("input[name='f.aemter'][value='20']").check();
    await page.locator("input[name='f.aemter'][value='61']").check();
    await page.getByRole("button", { name: "Vorlage anlegen" }).click();
    await page.waitForURL((address) => !address.pathname.endsWith("/neu"));
    author.assertQuiet();
    await author.close();

    await sign(world, "amtsleitung", "Mitzeichnen");
    await sign(world, "kaemmerer", "Mitzeichnen");
    await sign(world, "leitung.planung", "Mitzeichnen");
    await sign(world, "dezernat", "Zeichnen");
    await sign(world, "ob", "Freigeben");
  });

  it("a file handed in by hand is received", async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    await login(person, "poststelle");
    await open(person, "/sendungen");
    const bytes = Buffer.from("Sehr geehrte Damen und Herren,\n\nder Gehweg ist glatt.\n\nFreundliche Grüße\nKim Beispiel\n");
    await page.locator("input[type=file]").setInputFiles({ name: "gehweg.txt", mimeType: "text/plain", buffer: bytes });
    await page.locator("form:has(input[type=file]) button[type=submit]").click();
    await page.getByText("gehweg.txt").first().waitFor();
    person.assertQuiet();
    await person.close();
  });

  it("the operators see services and queues, others do not", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "betrieb");
    await open(person, "/betrieb");
    const main = await person.page.getByRole("main").textContent();
    for (const word of ["Störungen", "Dienste", "Datenbank", "Warteschlangen"]) assert.ok(main.includes(word), `${word} is missing`);
    await login(person, "sachbearbeitung");
    assert.ok([403, 404].includes((await person.page.goto("/betrieb")).status()));
    person.assertQuiet();
    await person.close();
  });

  it("the Rundgang has ticked itself", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    await open(person, "/rundgang");
    const open_ = await person.page.locator("ol.rundgang li:not(.rundgang--fertig) h2").allTextContents();
    assert.deepEqual(open_, [], "steps still open");
    person.assertQuiet();
    await person.close();
  });
}
