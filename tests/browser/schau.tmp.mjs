import { startBrowser, newPerson, login, open } from "./lib/browser.mjs";
import { startServer, ROOT } from "./lib/server.mjs";
import { checkPage } from "./lib/checks.mjs";
import { readFile } from "node:fs/promises";
import path from "node:path";
const server = await startServer();
const browser = await startBrowser();
const out = "/tmp/h5_";
try {
  const p = await newPerson(browser, server.url);
  const shot = async (n, full = true) => { await p.page.evaluate(() => document.fonts.ready); await p.page.screenshot({ path: `${out}${n}.png`, fullPage: full }); };
  const check = async (n) => { try { await checkPage(p); console.log("ok", n); } catch (e) { console.log("FAIL", n, String(e).slice(0, 1500)); } };
  await login(p, "poststelle");
  await open(p, "/rundgang");
  const feed = p.page.getByRole("button", { name: /Beispiel/ });
  if (await feed.count()) await feed.first().click();
  await new Promise(r => setTimeout(r, 9000));
  await login(p, "betrieb");
  for (const [n, a] of [["fassungen", "/betrieb/fassungen"], ["zahlen", "/betrieb/fassungen/rechnung/1"], ["zahlen_dokument", "/betrieb/fassungen/dokument/1"], ["tabelle", "/betrieb/tabellen/anordnung.dmn/1?probe=ja&p_betrag=75.000,00&p_amt=66"]]) {
    await open(p, a); await shot(n); await check(n);
  }
  for (const [file, change, tag] of [["definitionen/rechnung.bpmn", t => t.replaceAll('eakte:versuche="3"', 'eakte:versuche="5"').replace(/<bpmn:sequenceFlow id="[^"]*"/, m => m), "bpmn"], ["tabellen/anordnung.dmn", t => t.replaceAll("50000", "60000"), "dmn"]]) {
    let text = change(await readFile(path.join(ROOT, "workflows", file), "utf8"));
    await login(p, "betrieb");
    await open(p, "/betrieb/fassungen");
    await p.page.getByLabel("Ablauf (.bpmn) oder Tabelle (.dmn)").setInputFiles({ name: path.basename(file), mimeType: "application/xml", buffer: Buffer.from(text) });
    await p.page.getByRole("button", { name: "Prüfen" }).click();
    await p.page.getByRole("heading", { name: /^Prüfbericht/ }).waitFor();
    await shot("pruefung_" + tag); await check("pruefung_" + tag);
    await p.page.getByLabel("Grund").fill("Vorführung");
    await p.page.getByRole("button", { name: "Vorschlagen" }).click();
    await p.page.getByText("Eine zweite Person veröffentlicht sie.").waitFor();
    const at = new URL(p.page.url()).pathname;
    await shot("vorschlag_a_" + tag); await check("vorschlag_a_" + tag);
    await open(p, "/betrieb"); await shot("betrieb_" + tag, false); await check("betrieb");
    await login(p, "betrieb.zwei");
    await open(p, at); await shot("vorschlag_b_" + tag); await check("vorschlag_b_" + tag);
    const c = p.page.getByLabel(/^Trotzdem/);
    if (await c.count()) await c.check();
    await p.page.getByLabel("Grund der Veröffentlichung").fill("angesehen");
    await p.page.getByRole("button", { name: "Veröffentlichen" }).click();
    await p.page.getByText("Die neue Fassung ist veröffentlicht.").waitFor();
  }
  await shot("fassungen_2"); await check("fassungen_2");
  await open(p, "/betrieb/fassungen/rechnung/vergleich?von=1&nach=2"); await shot("vergleich"); await check("vergleich");
} catch (e) { console.log("ERR", e); console.log(server.log().slice(-2000)); }
await browser.close(); await server.stop();
