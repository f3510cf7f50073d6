import { startBrowser, newPerson, login, open, taskLinks, button, fillRequired, decide } from "./lib/browser.mjs";
import fs from "node:fs";
const url="http://127.0.0.1:18291", out="/tmp/hB/";
const b=await startBrowser();
const p=await newPerson(b,url); const {page}=p;
await login(p,"poststelle"); await open(p,"/rundgang"); await page.getByRole("button",{name:"Beispielpost einliefern"}).click(); await page.waitForURL(/meldung=/);
await open(p,"/sendungen"); await page.getByText("Alles ist verarbeitet.").waitFor({timeout:150000});
const links={};
for (const who of ["poststelle","feststellung","betrieb"]) { await login(p,who); for (const l of ["scanpruefung","rechnungen","klaerung"]) { await p.page.goto("/aufgaben/"+l); links[who+l]=await taskLinks(page);} }
fs.writeFileSync(out+"links.json",JSON.stringify(links,null,1));
await b.close();
