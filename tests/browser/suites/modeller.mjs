// SPDX-License-Identifier: EUPL-1.2
// Processes as common modellers save them (Camunda Modeler for Camunda 7 and 8, bpmn.io): proposed, published by a
// second person, started, done by people, disturbed, watched and repaired, all in the portal.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { it } from "node:test";

import { button, decide, login, newPerson, open, taskLinks } from "../lib/browser.mjs";
import { checkPage } from "../lib/checks.mjs";
import { ROOT } from "../lib/server.mjs";

const model = (name) => readFile(path.join(ROOT, "tests/browser/modelle", name), "utf8");
const main = (person) => person.page.getByRole("main");

/** Hands a file in for its check; the report is shown. */
async function check(person, name, text) {
  await open(person, "/betrieb/fassungen");
  await person.page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/xml", buffer: Buffer.from(text) });
  await button(person.page, "Prüfen").click();
  await person.page.locator("#bericht-titel").waitFor();
  return person.page.locator("section[aria-labelledby=bericht-titel]").textContent();
}

/** From the checked file to the running version: one person proposes, another one publishes. */
async function publish(world, person, name) {
  await person.page.locator("#grund").fill("Neuer Ablauf des Fachamts");
  await button(person.page, "Vorschlagen").click();
  await person.page.waitForURL(/\/betrieb\/vorschlaege\//);
  const proposal = new URL(person.page.url()).pathname;
  const second = await newPerson(world.browser, world.server.url);
  await login(second, "betrieb.zwei");
  await open(second, proposal);
  assert.match(await main(second).textContent(), new RegExp(name.replace(".", "\\.")));
  await second.page.locator("input[name=grund]").first().fill("Mit dem Fachamt besprochen");
  await button(second.page, "Veröffentlichen").click();
  await second.page.waitForURL(/meldung=veroeffentlicht/);
  second.assertQuiet();
  await second.close();
}

/** Starts the newest version by its page; the answer is the address of the instance. */
async function start(person, process, fill = async () => {}) {
  await open(person, `/betrieb/fassungen/${process}/1`);
  await main(person).getByRole("link", { name: "Ablauf starten" }).click();
  await person.page.waitForURL(/\/starten$/);
  await checkPage(person);
  await fill(person.page);
  await button(person.page, "Starten").click();
  await person.page.waitForURL(/meldung=gestartet/);
  return new URL(person.page.url()).pathname;
}

/** The open task `words` of this kind, opened. */
async function openTask(person, words) {
  await open(person, "/aufgaben/weitere");
  const task = (await taskLinks(person.page)).find((link) => link.title === words);
  assert.ok(task, `no task „${words}“`);
  await open(person, task.href);
}

/** Reads the instance's page until `words` stand there. */
async function until(person, address, words) {
  for (let i = 0; i < 60; i++) {
    await open(person, address);
    const text = await main(person).textContent();
    if (words.test(text)) return text;
    await person.page.waitForTimeout(250);
  }
  throw new Error(`${words} never came: ${await main(person).textContent()}`);
}

/** An operator's act, by the words of its radio button. */
async function act(person, address, words, fields) {
  await open(person, address);
  await main(person).getByLabel(words, { exact: true }).check();
  for (const [name, value] of Object.entries(fields)) {
    const field = person.page.locator(`form[action$="/eingriff"] [name=${name}]`);
    if (await field.evaluate((e) => e.tagName === "SELECT")) await field.selectOption({ label: value });
    else await field.fill(value);
  }
  await button(person.page, "Eingreifen").click();
  await person.page.waitForURL(/meldung=eingriff/);
}

/** The picture and the list beside it say the same about a disturbance. */
async function assertDisturbed(person, step, cause) {
  const picture = main(person).locator("svg.bild").first();
  assert.match(await picture.getAttribute("aria-label"), new RegExp(`${step} \\(Störung\\)`));
  assert.ok((await picture.locator(".bild-stoerung").count()) > 0, "the picture does not show the disturbance");
  const list = await main(person).locator("ul.marken li").filter({ hasText: step.replace("\\", "") }).textContent();
  assert.match(list, /Störung/);
  assert.match(list, cause);
  assert.match(await main(person).locator(".unterzeile").textContent(), /gestört/);
}

export function modellers(world) {
  it("Camunda 7: form fields, an external task without a worker, its work taken as done", { timeout: 120_000 }, async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "betrieb");
    const drawn = await model("camunda7.bpmn");
    // Its own expressions are refused with the step's name and what they are called in FEEL.
    const refused = await check(person, "camunda7.bpmn", drawn);
    assert.match(refused, /Genehmigt\?|Flow_3/);
    assert.match(refused, /kein FEEL\. In FEEL: genehmigt/);
    assert.match(refused, /In FEEL: not\(genehmigt\)/);
    const feel = drawn.replace("${genehmigt}", "genehmigt").replace("${!genehmigt}", "not(genehmigt)");
    assert.match(await check(person, "camunda7.bpmn", feel), /Bescheid erzeugen:.*„bescheid-erzeugen“ gibt es hier keinen Dienst/);
    await publish(world, person, "Baumfällung|camunda7.bpmn");

    const address = await start(person, "Baumfaellung", async (page) => {
      await button(page, "Starten").click();
      await page.locator("#fehlerliste").waitFor();
      await page.getByLabel("Wer stellt den Antrag").fill("Kleingartenverein Morgenröte");
      await page.getByLabel("Anzahl der Bäume").fill("3");
    });
    await until(person, address, /Antrag prüfen/);
    await checkPage(person);

    const clerk = await newPerson(world.browser, world.server.url);
    await login(clerk, "sachbearbeitung");
    await openTask(clerk, "Antrag prüfen");
    assert.match(await main(clerk).textContent(), /Kleingartenverein Morgenröte/);
    await checkPage(clerk);
    await clerk.page.getByLabel("Darf gefällt werden").selectOption({ label: "ja" });
    await clerk.page.getByLabel("Ersatz für den Baum").selectOption({ label: "Neu pflanzen" });
    await decide(clerk.page, "Erledigt");
    clerk.assertQuiet();
    await clerk.close();

    await until(person, address, /keinen Dienst/);
    await assertDisturbed(person, "Bescheid erzeugen", /„bescheid-erzeugen“/);
    await open(person, "/betrieb");
    assert.match(await main(person).textContent(), /„bescheid-erzeugen“ gibt es hier keinen Dienst/);
    await act(person, address, "Schritt des Systems als erledigt werten", {
      schritt: "Bescheid erzeugen", name: "bescheid", wert: "B-2026-17", grund: "Bescheid von Hand geschrieben",
    });
    const end = await until(person, address, /Der Ablauf ist beendet/);
    assert.match(end, /Bescheid ist raus/);
    person.assertQuiet();
    await person.close();
  });

  it("Camunda 8: an embedded form, a condition without its value, a message that never comes", { timeout: 120_000 }, async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "betrieb");
    assert.match(await check(person, "camunda8.bpmn", await model("camunda8.bpmn")), /lässt sich vorschlagen/);
    await publish(world, person, "Sondernutzung|camunda8.bpmn");
    const address = await start(person, "Sondernutzung", async (page) => {
      await page.locator("[name='f.werte.0.name']").fill("aktenzeichen");
      await page.locator("[name='f.werte.0.wert']").fill("66.10-2026/14");
    });

    const clerk = await newPerson(world.browser, world.server.url);
    await login(clerk, "sachbearbeitung");
    await openTask(clerk, "Fläche prüfen");
    await clerk.page.getByLabel("Wo ist die Fläche").fill("Marktplatz");
    await clerk.page.getByLabel("Fläche in m²").fill("12,5");
    await clerk.page.getByLabel("Gehweg bleibt frei").selectOption({ label: "ja" });
    await clerk.page.getByLabel("Dauer").selectOption({ label: "Länger" });
    await decide(clerk.page, "Erledigt");
    clerk.assertQuiet();
    await clerk.close();

    await until(person, address, /Keine Bedingung trifft zu/);
    await assertDisturbed(person, "Gebühr\\?", /Keine Bedingung trifft zu/);
    await act(person, address, "Variable setzen", { name: "satz", wert: "4", grund: "Gebührensatz fehlte" });
    await open(person, "/betrieb");
    const stop = person.page.locator("article.stoerung").filter({ hasText: "Keine Bedingung trifft zu" });
    await stop.getByLabel(/^Grund/).fill("Satz ist nachgetragen");
    await stop.getByRole("button", { name: "Erneut verarbeiten" }).click();
    await person.page.waitForURL(/\/betrieb\/einreihungen\//);

    await until(person, address, /„gebuehr-festsetzen“ gibt es hier keinen Dienst/);
    await act(person, address, "Schritt des Systems als erledigt werten", {
      schritt: "Gebühr festsetzen", name: "bescheid", wert: "G-9", grund: "Im Fachverfahren festgesetzt",
    });
    assert.match(await until(person, address, /Zahlung ist da/), /Wartet auf die Nachricht „zahlung-eingegangen“/);
    // The payment came by another way: the end begins, the wait is over.
    await act(person, address, "Schritt starten", { element: "Erlaubnis gilt", grund: "Zahlung liegt vor" });
    await act(person, address, "Laufenden Schritt abbrechen", { schritt: "Zahlung ist da", grund: "Zahlung liegt vor" });
    await until(person, address, /Der Ablauf ist beendet/);

    await open(person, "/betrieb/fassungen/Sondernutzung/1");
    assert.match(await main(person).locator("section[aria-labelledby=ablaeufe-titel]").textContent(), /Sondernutzung.*beendet/s);
    await checkPage(person);
    person.assertQuiet();
    await person.close();
  });

  it("bpmn.io: nothing but the drawing, tasks for the group that sorts", { timeout: 120_000 }, async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "betrieb");
    const drawn = await model("bpmnio.bpmn");
    assert.match(await check(person, "bpmnio.bpmn", drawn), /nicht? .*ausführbar|Kein Ablauf der Datei ist als ausführbar.*Executable/);
    const report = await check(person, "bpmnio.bpmn", drawn.replace('isExecutable="false"', 'isExecutable="true"'));
    assert.match(report, /Anfrage lesen:.*Niemand ist zuständig/);
    await publish(world, person, "bpmnio.bpmn");
    const address = await start(person, "Process_1");

    const clerk = await newPerson(world.browser, world.server.url);
    await login(clerk, "poststelle");
    await openTask(clerk, "Anfrage lesen");
    await clerk.page.getByLabel("Bemerkung").fill("Betrifft das Grünflächenamt");
    await decide(clerk.page, "Erledigt");
    await openTask(clerk, "Anfrage beantworten");
    assert.match(await main(clerk).textContent(), /Betrifft das Grünflächenamt/);
    await decide(clerk.page, "Erledigt");
    clerk.assertQuiet();
    await clerk.close();
    assert.match(await until(person, address, /Der Ablauf ist beendet/), /Beantwortet/);
    await checkPage(person);
    person.assertQuiet();
    await person.close();
  });
}
