// SPDX-License-Identifier: EUPL-1.2
// Every page, as the person whose job it is, in all states of checks.mjs.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "node:test";

import { button, decide, fillRequired, login, newPerson, open, picture, taskLinks } from "../lib/browser.mjs";
import { checkPage, checkWeight } from "../lib/checks.mjs";
import { ROOT, startServer } from "../lib/server.mjs";

/** Asks again until there is an answer: work of the services takes its moment. */
async function until(ask) {
  for (let i = 0; i < 60; i++) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((later) => setTimeout(later, 300));
  }
  throw new Error("no answer after 18 s");
}

/** Pages that look the same for a fixed address: person, address, picture for the README. */
const PAGES = [
  ["poststelle", "/"],
  ["poststelle", "/aufgaben/scanpruefung"],
  ["poststelle", "/aufgaben/klaerung"],
  ["poststelle", "/sendungen"],
  ["feststellung", "/aufgaben/rechnungen"],
  ["feststellung", "/aufgaben/rechnungen?ansicht=erledigt"],
  ["sachbearbeitung", "/aufgaben/vorlagen"],
  ["sachbearbeitung", "/vorlagen/neu"],
  ["sachbearbeitung", "/akten"],
  ["sachbearbeitung", "/aktenplan"],
  ["poststelle", "/suche?q=musterstadt"],
  ["sachbearbeitung", "/suche?q=rechnung"],
  ["sachbearbeitung", "/suche?q=radwgh"],
  ["betrieb", "/betrieb"],
  ["betrieb", "/betrieb/protokoll"],
  ["betrieb", "/betrieb/fassungen"],
  ["betrieb", "/betrieb/fassungen/rechnung/1"],
  ["betrieb", "/betrieb/tabellen/zustaendigkeit.dmn/1"],
  ["betrieb", "/betrieb/tabellen/anordnung.dmn/1?probe=ja&p_betrag=75.000,00&p_amt=66"],
  ["betrieb", "/organisation/trennblaetter"],
  ["poststelle", "/organisation/trennblaetter?amt=66&art=rechnung&az=66.10-1/26&vertraulich=ja"],
  ["betrieb", "/vertretung"],
  ["feststellung", "/vertretung"],
  ["kasse", "/aufgaben/klaerung"],
  ["feststellung", "/einstellungen"],
  ["sachbearbeitung", "/wiedervorlagen"],
  ["poststelle", "/rundgang", "rundgang"],
  ["poststelle", "/hilfe"],
  ["poststelle", "/barrierefreiheit"],
];

/** The first page of one kind that a list leads to: person, list, link in it, picture. */
const FIRST_OF = [
  ["poststelle", "/aufgaben/scanpruefung", "main table[data-liste] a[href^='/aufgaben/']", "zuordnung"],
  ["feststellung", "/aufgaben/rechnungen", "main table[data-liste] a[href^='/aufgaben/']", "rechnung"],
  ["poststelle", "/sendungen", "main a[href^='/sendungen/']", null],
  ["sachbearbeitung", "/akten", "main a[href^='/akten/']", null],
  ["poststelle", "/suche?q=musterstadt", "main .treffer a[href^='/dokumente/']", null],
];

export function emptyPages(world) {
  it("the login page offers a button per role", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await open(person, "/anmelden");
    assert.ok((await person.page.locator("button[name=kennung]").count()) >= 10);
    await checkPage(person);
    await person.close();
  });

  it("lists without anything in them say so", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    for (const address of ["/aufgaben/scanpruefung", "/sendungen", "/suche?q=nichts"]) {
      await open(person, address);
      await checkPage(person);
    }
    await person.close();
  });

  it("a page that is not there is answered in words", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    const answer = await person.page.goto("/dokumente/00000000-0000-7000-8000-000000000000");
    assert.equal(answer.status(), 404);
    assert.match(await person.page.getByRole("main").textContent(), /gibt es nicht oder Sie dürfen sie nicht sehen/);
    await checkPage(person);
    await person.close();
  });

  it("the first page is light in bytes", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await checkWeight(person, "/anmelden");
    await person.close();
  });
}

/** The training world: its own server, a banner on every page that nobody can close, also in print. */
export function trainingPages(world) {
  for (const [kennung, address] of [[null, "/anmelden"], ["poststelle", "/"], ["betrieb", "/organisation/trennblaetter?amt=66"], ["poststelle", "/hilfe/einrichtung"]]) {
    it(`${address} in the training world`, async () => {
      const server = (world.training ??= await startServer({ world: "--uebung" }));
      const person = await newPerson(world.browser, server.url);
      if (kennung) await login(person, kennung);
      await open(person, address);
      const banner = person.page.getByRole("complementary", { name: "Übungsmandant" });
      assert.match(await banner.textContent(), /nichts hier ist echt/);
      assert.equal(await banner.locator("button, a").count(), 0, "nothing closes it");
      await checkPage(person);
      await person.page.emulateMedia({ media: "print" });
      assert.ok(await banner.isVisible(), "not in print");
      await person.page.emulateMedia({ media: null });
      await person.close();
    });
  }

  it("persons of the training world say so", async () => {
    const person = await newPerson(world.browser, world.training.url);
    await login(person, "poststelle");
    await open(person, "/");
    assert.match(await person.page.locator(".kopf__wername").textContent(), /\(Übung\)$/);
    await person.close();
  });
}

export function filledPages(world) {
  // Nobody changes anything here, so two look at once: one core renders while the other one answers.
  describe("as the post left it", { concurrency: 2 }, () => {
    for (const [kennung, address, name] of PAGES) {
      it(`${address} as ${kennung}`, async () => {
        const person = await newPerson(world.browser, world.server.url);
        await login(person, kennung);
        await open(person, address);
        if (name) await picture(person.page, name);
        await checkPage(person);
        await person.close();
      });
    }
    for (const [kennung, list, link, name] of FIRST_OF) {
      it(`first of ${list} as ${kennung}`, async () => {
        const person = await newPerson(world.browser, world.server.url);
        await login(person, kennung);
        await open(person, list);
        const first = person.page.locator(link).first();
        assert.ok((await first.count()) > 0, `nothing listed on ${list}`);
        await open(person, await first.getAttribute("href"));
        if (name) await picture(person.page, name);
        await checkPage(person);
        await person.close();
      });
    }
  });

  it("the picture of a running process shows where it stands", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    await open(person, "/aufgaben/scanpruefung");
    const [task] = await taskLinks(person.page);
    await open(person, task.href);
    await open(person, await person.page.locator("main a[href^='/ablaeufe/']:not([href$=druck])").first().getAttribute("href"));
    assert.ok((await person.page.locator("main svg").count()) > 0, "no picture");
    await picture(person.page, "ablauf");
    await checkPage(person);
    await person.close();
  });

  for (const [file, change, words] of [
    ["definitionen/rechnung.bpmn", (text) => text.replaceAll('eakte:versuche="3"', 'eakte:versuche="5"'), "geändert"],
    ["tabellen/anordnung.dmn", (text) => text.replaceAll("50000", "60000"), "Beispielen stimm"],
  ]) {
    it(`a changed ${file} is compared, proposed by one operator and published by another`, async () => {
      const text = await readFile(path.join(ROOT, "workflows", file), "utf8");
      assert.notEqual(change(text), text, "nothing was changed");
      const person = await newPerson(world.browser, world.server.url);
      await login(person, "betrieb");
      await open(person, "/betrieb/fassungen");
      const upload = { name: path.basename(file), mimeType: "application/xml", buffer: Buffer.from(change(text)) };
      await person.page.getByLabel("Ablauf (.bpmn) oder Tabelle (.dmn)").setInputFiles(upload);
      await person.page.getByRole("button", { name: "Prüfen" }).click();
      await person.page.getByRole("heading", { name: /^Prüfbericht/ }).waitFor();
      assert.ok((await person.page.getByRole("main").textContent()).includes(words));
      await checkPage(person);
      await person.page.getByLabel("Grund").fill("Vorführung im Browser");
      await person.page.getByRole("button", { name: "Vorschlagen" }).click();
      await person.page.getByText("Eine zweite Person veröffentlicht sie.").waitFor();
      await checkPage(person);
      const proposal = new URL(person.page.url()).pathname;
      await open(person, "/betrieb");
      await person.page.getByText("1 Vorschlag wartet auf Veröffentlichung.").waitFor();
      await checkPage(person);

      await login(person, "betrieb.zwei");
      await open(person, proposal);
      await checkPage(person);
      const confirm = person.page.getByLabel(/^Trotzdem veröffentlichen/);
      if ((await confirm.count()) > 0) await confirm.check();
      await person.page.getByLabel("Grund der Veröffentlichung").fill("angesehen");
      await person.page.getByRole("button", { name: "Veröffentlichen" }).click();
      await person.page.getByText("Die neue Fassung ist veröffentlicht.").waitFor();
      const compare = person.page.getByRole("link", { name: new RegExp(`Fassung 2 im Vergleich zu Fassung 1`) }).first();
      await open(person, await compare.getAttribute("href"));
      await checkPage(person);
      await person.close();
    });
  }

  it("a form with a mistake names it and leads to the field", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "sachbearbeitung");
    await open(person, "/vorlagen/neu");
    await person.page.getByRole("button", { name: "Vorlage anlegen" }).click();
    const list = person.page.locator("#fehlerliste");
    await list.waitFor();
    const target = await list.locator("a").first().getAttribute("href");
    assert.ok(await person.page.locator(target).isVisible(), `${target} is not on the page`);
    await checkPage(person);
    await person.close();
  });

  it("an Umlauf from its start to the void signature, every page of it", async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    await login(person, "poststelle");
    await open(person, "/sendungen");
    const buffer = Buffer.from("Entwurf der Baumschutzsatzung\n\nDer Stammumfang beträgt 80 Zentimeter.\n");
    await page.locator("input[type=file]").setInputFiles({ name: "baumschutz.txt", mimeType: "text/plain", buffer });
    await page.locator("form:has(input[type=file]) button[type=submit]").click();
    await page.getByText("baumschutz.txt").first().waitFor();
    const task = await until(async () => {
      await open(person, "/aufgaben/scanpruefung");
      return (await taskLinks(page)).find((t) => /baumschutz/i.test(t.title));
    });
    await open(person, task.href);
    await page.locator("#f-amt").selectOption("66");
    await page.locator("#f-einheit").selectOption("66.10");
    await fillRequired(page);
    await decide(page, "Bestätigen und weiter");

    await login(person, "amtsleitung");
    const found = await until(async () => {
      await open(person, "/suche?q=Stammumfang");
      const link = page.locator("main .treffer a[href^='/dokumente/']").first();
      return (await link.count()) > 0 && link.getAttribute("href");
    });
    const dokument = found.split("?")[0];
    await open(person, dokument);
    await page.getByRole("link", { name: "Umlauf starten" }).click();
    await checkPage(person);
    await page.getByLabel("Worum geht es?").fill("Bitte zeichnen Sie den Entwurf.");
    await page.locator("#f-art").selectOption("nacheinander");
    await page.locator("#f-regel").selectOption("alle");
    await page.locator("#f-frist").fill("31.12.2027");
    await page.locator("#f-stellen-0-wer").selectOption("gruppe:Mitzeichnung-30");
    await button(page, "Zeile hinzufügen").click();
    await page.locator("#f-stellen-1-wer").selectOption("gruppe:Mitzeichnung-61");
    await button(page, "Umlauf starten").click();
    await page.waitForURL(/\/laufweg\?meldung=umlauf/);
    const laufweg = new URL(page.url()).pathname;
    await page.getByText("Stelle einfügen").click();
    await page.locator("#wer").selectOption("gruppe:Mitzeichnung-20");
    await page.locator("#ort").selectOption({ index: 0 });
    await page.locator("#grund-ein").fill("kostet Geld");
    await button(page, "Einfügen").click();
    await page.waitForURL(/meldung=laufweg/);

    await login(person, "rechtsamt");
    await open(person, "/aufgaben/umlaeufe");
    await checkPage(person);
    await open(person, (await taskLinks(page))[0].href);
    await checkPage(person);
    await decide(page, "Zeichnen");

    await login(person, "amtsleitung");
    await open(person, `${dokument}/fassung`);
    await checkPage(person);
    await page.locator("#grund").fill("Zahl berichtigt");
    await page.locator("#datei").setInputFiles({ name: "baumschutz-2.txt", mimeType: "text/plain", buffer: Buffer.from("100 Zentimeter") });
    await button(page, "Neue Fassung speichern").click();
    await page.waitForURL(/meldung=fassung/);
    await until(async () => {
      await open(person, laufweg);
      return (await page.getByRole("main").textContent()).includes("ungültig: Dokument geändert am");
    });
    await checkPage(person);
    await open(person, laufweg.replace("/laufweg", "/zurueckziehen"));
    await checkPage(person);
    person.assertQuiet();
    await person.close();
  });

  it("a webhook without an answer is shown to operators and tried again", async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    // Nobody listens on port 9.
    await world.server.command("webhook", "add", "ratsinfo", "--url", "http://127.0.0.1:9/ereignisse");
    await world.server.command("webhook", "add", "finanz", "--url", "http://127.0.0.1:9/", "--typ", "de.eakte.rechnung.*");
    await login(person, "betrieb");
    const failing = await until(async () => {
      await login(person, "poststelle");
      await open(person, "/sendungen");
      const buffer = Buffer.from(`Notiz ${Math.random()}`);
      await page.locator("input[type=file]").setInputFiles({ name: "notiz.txt", mimeType: "text/plain", buffer });
      await page.locator("form:has(input[type=file]) button[type=submit]").click();
      await page.waitForURL(/meldung=angenommen/);
      await login(person, "betrieb");
      await open(person, "/betrieb");
      const card = page.getByRole("article", { name: "ratsinfo" });
      return (await card.getByText("antwortet nicht").count()) > 0 && card;
    });
    await checkPage(person);
    await failing.getByLabel("Grund").fill("Leitung geprüft");
    await failing.getByRole("button", { name: "Jetzt versuchen" }).click();
    await page.getByText("Der Webhook wird sofort wieder versucht.").waitFor();
    await failing.getByLabel("Grund").fill("Notiz braucht das Ratsinfo nicht");
    await failing.getByRole("button", { name: "Nächstes Ereignis auslassen" }).click();
    await page.getByText("Das Ereignis ist ausgelassen.").waitFor();
    await picture(page, "webhooks");
    await checkPage(person);
    for (const name of ["ratsinfo", "finanz"]) await world.server.command("webhook", "remove", name);
    await open(person, "/betrieb");
    await page.getByText("Kein anderes System hört zu.").waitFor();
    person.assertQuiet();
    await person.close();
  });

  it("the trail is searched with a reason, read and taken away as a table", async () => {
    const person = await newPerson(world.browser, world.server.url);
    const { page } = person;
    await login(person, "revision");
    await open(person, "/");
    await page.getByRole("navigation").getByRole("link", { name: "Protokoll" }).click();
    await page.getByLabel("Tat").fill("angenommen");
    await page.getByLabel("Grund").fill("Stichprobe");
    await page.getByRole("main").getByRole("button", { name: "Suchen" }).click();
    await page.getByRole("heading", { name: "Einträge" }).waitFor();
    assert.ok((await page.getByRole("row").count()) > 1, "the sample post was accepted");
    await page.getByText("Angaben").first().click();
    await page.getByText("Prüfsumme").first().waitFor();
    await picture(page, "protokoll");
    await checkPage(person);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Als Tabelle herunterladen" }).click();
    assert.match((await waiting).suggestedFilename(), /^Protokoll .*\.csv$/);
    person.assertQuiet();
    await person.close();
  });

  it("a task is given to another person and arrives there", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    await open(person, "/aufgaben/scanpruefung");
    const { href } = (await taskLinks(person.page)).at(-1);
    await open(person, href);
    await person.page.getByRole("link", { name: "Weitergeben" }).click();
    await person.page.waitForURL("**/weitergeben");
    await checkPage(person);
    await person.page.getByLabel("Weitergeben an").selectOption({ index: 1 });
    const to = await person.page.getByLabel("Weitergeben an").locator("option:checked").textContent();
    await person.page.getByLabel("Grund").fill("kennt den Fall");
    await person.page.getByRole("button", { name: "Weitergeben" }).click();
    await person.page.getByText("Die Aufgabe ist weitergegeben.").waitFor();
    await open(person, href);
    const text = await person.page.getByRole("main").textContent();
    assert.ok(text.includes(to.split(",")[0]), "the page does not say who has it now");
    await checkPage(person);
    await person.close();
  });

  it("a report about an invoice is chosen, explained and kept", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "feststellung");
    await open(person, "/aufgaben/rechnungen");
    const { href } = (await taskLinks(person.page)).at(-1);
    await open(person, href);
    const extra = person.page.locator("details.selten");
    assert.equal(await extra.getAttribute("open"), null, "rare fields are folded up");
    await extra.locator("summary").click();
    await checkPage(person);
    await open(person, await person.page.locator("main a[href^='/dokumente/']").first().getAttribute("href"));
    await person.page.getByRole("link", { name: "Zur Rechnung melden" }).click();
    await person.page.waitForURL("**/melden");
    await checkPage(person);
    await person.page.getByLabel("Anhalten, die Rechnung ist strittig").check();
    await person.page.getByLabel("Grund oder Antwort").fill("Mangel am Belag");
    await person.page.getByRole("button", { name: "Melden", exact: true }).click();
    await person.page.getByText("Die Meldung ist angekommen.").waitFor();
    assert.ok((await person.page.getByRole("main").textContent()).includes("Mangel am Belag"), "not in the Verlauf");
    await checkPage(person);
    // The dispute is settled, so that the tour finds the invoice again.
    await open(person, "/aufgaben/rechnungen");
    await person.page.getByRole("link", { name: /Strittig/ }).first().click();
    await checkPage(person);
    await person.page.getByLabel("Ergebnis").fill("Nachgebessert");
    await person.page.getByRole("button", { name: /Prüfung fortsetzen/ }).click();
    await person.page.waitForURL((address) => address.search.includes("meldung=erledigt"));
    await person.close();
  });

  it("the button for dark colours works and stays", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    await open(person, "/");
    await person.page.getByRole("button", { name: "Dunkel" }).click();
    await person.page.locator("html[data-kern-theme=dark]").waitFor();
    await open(person, "/sendungen");
    assert.equal(await person.page.locator("html").getAttribute("data-kern-theme"), "dark");
    person.assertQuiet();
    await person.close();
  });

  it("the key card opens, closes and gives the focus back", async () => {
    const person = await newPerson(world.browser, world.server.url);
    await login(person, "poststelle");
    await open(person, "/");
    const opener = person.page.getByRole("button", { name: /^Tasten/ });
    await opener.click();
    await person.page.locator("dialog#tastenkarte[open]").waitFor();
    await person.page.keyboard.press("Escape");
    await person.page.locator("dialog#tastenkarte").waitFor({ state: "hidden" });
    assert.ok(await opener.evaluate((element) => element === document.activeElement), "focus is lost");
    person.assertQuiet();
    await person.close();
  });
}
