// SPDX-License-Identifier: EUPL-1.2
// Login by the city's directory, with a certified provider and without the demo: there and back, groups, logout on both
// sides, and a directory that is away. Order matters; the last step stops the directory.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { newPerson, open, startBrowser } from "./lib/browser.mjs";
import { checkPage } from "./lib/checks.mjs";
import { SECRET, freePort, startDirectory } from "./lib/directory.mjs";
import { eakte, newData, startServer } from "./lib/server.mjs";

const PASSWORD = "ein langes Passwort";
const GROUPS = '[{ verzeichnis = "eakte-post", rollen = ["Poststelle"], gruppen = ["Poststelle"] }]';

const world = {};

before(async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  world.directory = await startDirectory(url, { alg: process.env.EAKTE_OIDC_ALG ?? "ES256" });
  world.directory.people.set("u-4711", { preferred_username: "a.demirel", name: "Ayla Demirel", groups: ["eakte-post", "alle"] });
  world.directory.people.set("u-4712", { preferred_username: "b.beispiel", name: "Bert Beispiel", groups: [] });
  const data = await newData();
  eakte(["account", "add", "ayla", "--name", "Ayla Demirel", "--amt", "10", "--rolle", "Sachbearbeitung", "--data", data], `${PASSWORD}\n`);
  eakte(["account", "directory", "ayla", "--name", "a.demirel", "--data", data]);
  const secret = path.join(data, "oidc-geheimnis");
  await writeFile(secret, SECRET, { mode: 0o600 });
  world.server = await startServer({
    world: null,
    data,
    listen: `127.0.0.1:${port}`,
    env: {
      EAKTE_HINWEISE__ADRESSE: url,
      EAKTE_ANMELDUNG__OIDC_AUSSTELLER: world.directory.url,
      EAKTE_ANMELDUNG__OIDC_CLIENT: "eakte",
      EAKTE_ANMELDUNG__OIDC_GEHEIMNIS_DATEI: secret,
      EAKTE_ANMELDUNG__ZUORDNUNG: GROUPS,
      EAKTE_LOG__FILTER: "debug,sqlx=warn",
    },
  });
  world.browser = await startBrowser();
});

after(async () => {
  await world.browser?.close();
  await world.server?.stop();
  await world.directory?.stop();
});

const someone = (options = {}) => newPerson(world.browser, world.server.url, { also: world.directory.url, ...options });

/** From the login page to the directory, as this person there, and back. */
async function enter({ page }, login) {
  await page.getByRole("link", { name: "Mit Ihrem Verzeichniskonto anmelden" }).click();
  await page.locator("input[name=login]").fill(login);
  await page.getByRole("button", { name: "Weiter" }).click();
  await page.waitForURL((address) => address.origin === world.server.url);
}

async function signOut({ page }) {
  await page.getByRole("banner").getByRole("button", { name: "Abmelden" }).click();
  await page.getByRole("button", { name: "Ja, abmelden" }).click();
  await page.waitForURL(`${world.server.url}/anmelden*`);
}

const head = (page) => page.locator(".kopf__wer").innerText();

describe("login by the directory", () => {
  it("is offered first, passwords below", async () => {
    const person = await someone();
    await open(person, "/anmelden");
    const [directory, password] = await Promise.all([
      person.page.getByRole("link", { name: "Mit Ihrem Verzeichniskonto anmelden" }).boundingBox(),
      person.page.getByLabel("Passwort").boundingBox(),
    ]);
    assert.ok(directory.y < password.y);
    await checkPage(person);
    await person.close();
  });

  for (const script of [true, false]) {
    it(`leads to the page one wanted, groups give roles, ${script ? "with" : "without"} script`, async () => {
      const person = await someone({ script });
      const { page } = person;
      await page.goto("/sendungen");
      await enter(person, "u-4711");
      assert.equal(page.url(), `${world.server.url}/sendungen`);
      assert.match(await head(page), /Ayla Demirel\s+Poststelle, Sachbearbeitung/);
      // Neither code nor token stays in an address.
      assert.ok(!(await page.evaluate(() => document.referrer).catch(() => "")).includes("code="));
      const cookies = await person.context.cookies(world.server.url);
      const session = cookies.find((cookie) => cookie.name === "eakte_sitzung");
      assert.ok(session.httpOnly && session.sameSite === "Lax");
      assert.ok(!cookies.some((cookie) => cookie.name === "eakte_verzeichnis"));
      person.assertQuiet();
      await person.close();
    });
  }

  it("takes roles away when the group is gone, and keeps those given by hand", async () => {
    const person = await someone();
    await open(person, "/anmelden");
    await enter(person, "u-4711");
    await signOut(person);
    world.directory.people.get("u-4711").groups = ["alle"];
    await enter(person, "u-4711");
    const roles = await head(person.page);
    assert.ok(roles.includes("Sachbearbeitung") && !roles.includes("Poststelle"), roles);
    world.directory.people.get("u-4711").groups = ["eakte-post"];
    person.assertQuiet();
    await person.close();
  });

  it("tells whom to ask when one is not entered here", async () => {
    const person = await someone();
    await open(person, "/anmelden");
    await enter(person, "u-4712");
    await person.page.getByText("Wenden Sie sich an Ihre Amtsleitung oder den Betrieb").waitFor();
    await person.page.getByText("(E9024)").waitFor();
    await checkPage(person);
    await person.close();
  });
});

describe("logout", () => {
  it("here ends the session there", async () => {
    const person = await someone();
    const { page } = person;
    await open(person, "/anmelden");
    await enter(person, "u-4711");
    // The page between the two goes on by itself; an answer without content keeps it in place for a look.
    const end = `${world.directory.url}/session/end**`;
    await page.route(end, (route) => route.fulfill({ status: 204 }));
    const gone = page.waitForResponse(end);
    await page.getByRole("banner").getByRole("button", { name: "Abmelden" }).click();
    const on = page.getByRole("link", { name: "Beim Verzeichnis abmelden" });
    // Until it has tried to go on, and stayed: on its way a page has no title.
    await gone;
    await page.waitForFunction(() => document.title !== "");
    const target = new URL(await on.getAttribute("href"));
    assert.equal(target.searchParams.get("client_id"), "eakte");
    assert.equal(target.searchParams.get("id_token_hint"), null);
    await checkPage(person);
    await page.unroute(end);
    await on.click();
    await page.getByRole("button", { name: "Ja, abmelden" }).click();
    await page.waitForURL(`${world.server.url}/anmelden*`);
    // The directory asks for the name again.
    await enter(person, "u-4711");
    assert.match(await head(page), /Ayla Demirel/);
    await person.close();
  });

  it("there ends the session here (back-channel)", async () => {
    const person = await someone();
    const other = await someone();
    const { page } = person;
    for (const one of [person, other]) {
      await open(one, "/anmelden");
      await enter(one, "u-4711");
    }
    await page.goto(`${world.directory.url}/session/end?client_id=eakte`);
    await page.getByRole("button", { name: "Ja, abmelden" }).click();
    await page.waitForLoadState();
    await page.goto(`${world.server.url}/akten`);
    assert.match(page.url(), /\/anmelden\?weiter=\/akten/);
    await open(other, "/akten");
    assert.equal(new URL(other.page.url()).pathname, "/akten", "the other browser's session is another one");
    await person.close();
    await other.close();
  });
});

describe("a directory that is away", () => {
  it("is said on the login page, and passwords still work", async () => {
    await world.directory.stop();
    const person = await someone();
    const { page } = person;
    await open(person, "/anmelden");
    // An answer of the directory counts for ten seconds; then it is asked before anybody is sent there.
    await new Promise((later) => setTimeout(later, 11_000));
    await page.getByRole("link", { name: "Mit Ihrem Verzeichniskonto anmelden" }).click();
    await page.getByText("(E9020)").waitFor();
    assert.match(await page.getByRole("alert").innerText(), /Das Verzeichnis der Stadt antwortet nicht\./);
    await person.close();
    const next = await someone();
    await open(next, "/anmelden");
    await next.page.getByText("Das Verzeichnis der Stadt antwortet gerade nicht.").waitFor();
    await checkPage(next);
    await next.page.getByLabel("Kennung").fill("ayla");
    await next.page.getByLabel("Passwort").fill(PASSWORD);
    await next.page.getByRole("main").getByRole("button", { name: "Anmelden" }).click();
    await next.page.waitForURL(`${world.server.url}/`);
    await next.close();
  });

  it("has left no secret in the log", () => {
    const log = world.server.log();
    for (const secret of [SECRET, "code=", "id_token", "state="]) assert.ok(!log.includes(secret), `${secret} in the log`);
  });
});
