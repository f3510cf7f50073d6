import { startBrowser, newPerson, login, open, taskLinks } from "./lib/browser.mjs";
import fs from "node:fs";
const url="http://127.0.0.1:18291", out="/tmp/hB/";
const L=JSON.parse(fs.readFileSync(out+"links.json"));
const b=await startBrowser();
const p=await newPerson(b,url); const {page}=p;
const shots=process.argv.slice(2);
const pages={
 dublette:["poststelle",async()=>{await page.goto(L.poststellerechnungen[0].href)}],
 ablaufbild:["betrieb",async()=>{await login(p,"poststelle");await page.goto(L.poststellerechnungen[0].href);const h=await page.getByRole("link",{name:"Bild des Ablaufs"}).getAttribute("href");await page.goto(h)}],
 ablaufdruck:["betrieb",async()=>{await login(p,"poststelle");await page.goto(L.poststellerechnungen[0].href);const h=await page.getByRole("link",{name:"Bild des Ablaufs"}).getAttribute("href");await page.goto(h+"/druck")}],
 uebersicht:["poststelle","/"], betrieb:["betrieb","/betrieb"], fassungen:["betrieb","/betrieb/fassungen"], zahlen:["betrieb","/betrieb/fassungen/rechnung/1"],
 tabelle:["betrieb","/betrieb/tabellen/zustaendigkeit.dmn/1"], tabellep:["betrieb","/betrieb/tabellen/anordnung.dmn/1?probe=ja&p_betrag=75.000,00&p_amt=66"],
 rechnung:["feststellung",async()=>{await page.goto(L.feststellungrechnungen[0].href)}], rechnungen:["feststellung","/aufgaben/rechnungen"],
 vorlageneu:["sachbearbeitung","/vorlagen/neu"], vertretung:["sachbearbeitung","/vertretung"], wv:["sachbearbeitung","/wiedervorlagen"], einst:["sachbearbeitung","/einstellungen"],
 scan:["poststelle",async()=>{await page.goto(L.poststellescanpruefung[0].href)}], sendungen:["poststelle","/sendungen"], rundgang:["poststelle","/rundgang"], anmelden:["poststelle","/anmelden"],
 hilfe:["poststelle","/hilfe"], hilfebetrieb:["poststelle","/hilfe/betrieb"], suche:["poststelle","/suche?q=rechnung"], akten:["sachbearbeitung","/akten"], plan:["sachbearbeitung","/aktenplan"], e404:["poststelle","/gibtesnicht"], e403:["poststelle","/betrieb"],
};
let who="";
for (const n of shots.length?shots:Object.keys(pages)) {
  const [k,go]=pages[n];
  await login(p,k);
  if (typeof go==="string") await page.goto(go); else await go();
  await page.evaluate(()=>document.fonts.ready);
  await page.setViewportSize({width:1280,height:900});
  await page.screenshot({path:`${out}${n}.png`,fullPage:true});
  await page.evaluate(()=>document.documentElement.setAttribute("data-kern-theme","dark"));
  await page.screenshot({path:`${out}${n}-d.png`,fullPage:true});
  await page.evaluate(()=>document.documentElement.removeAttribute("data-kern-theme"));
  await page.setViewportSize({width:320,height:640});
  await page.screenshot({path:`${out}${n}-s.png`,fullPage:true});
  await page.setViewportSize({width:1280,height:900});
}
await b.close();
