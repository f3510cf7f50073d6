// SPDX-License-Identifier: EUPL-1.2
//! The service traits on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, AkteId, BlobHash, DokumentId, InstanceId, JobId, PersonId, SendungId, Tag, TaskId, Timestamp, VorgangId,
    Werte,
    ablaeufe::{Ablaeufe, Ablauf, Eingriff, Kennzahlen, SendungAblauf, Stoerung, Umzug, UmzugBericht, Version},
    aufgaben::{AufgabeSeite, Aufgaben, AufgabenFilter, AufgabenListe, Erledigung, Schritt, Zaehler},
    dokumente::{
        AkteSeite, AkteZeile, DerSendung, Dokument, DokumentZeile, Dokumente, Einheit, Inhalt, NeueFassung, Schluss,
    },
    fehler::Fehler,
    laufweg::{Laufweg, LaufwegAenderung},
    sendungen::{Einlieferung, Quittung, SendungStand, Sendungen, Stand},
    suche::{Anfrage, Ergebnis, Facette, Suche, Treffer},
};
use service_platform::{
    konten::{Angemeldet, DemoLogin, Einstellungen},
    uhr::Clock,
    vertretung::{NeueVertretung, Vertretung},
};
use service_portal::{Demo, Dienst, Dienste, Konten};

use super::{Fake, PERSONEN, daten, jetzt, person};

/// Roles of the actor, from the table of persons.
fn rollen(actor: &Actor) -> Vec<&'static str> {
    PERSONEN.iter().filter(|p| p.1 == actor.name).flat_map(|p| p.3).copied().collect()
}

fn darf(actor: &Actor, a: &nachrichten::aufgaben::Aufgabe) -> bool {
    let r = rollen(actor);
    match a.process.as_str() {
        "rechnung" => r.contains(&if a.element == "anordnung" { "Anordnung" } else { "Feststellung" }),
        "beschlussvorlage" => r.contains(&"Amtsleitung") || r.contains(&"Geschaeftsstelle"),
        _ => r.contains(&"Poststelle"),
    }
}

#[async_trait]
impl Sendungen for Fake {
    async fn accept(&self, _: &Actor, e: Einlieferung) -> Result<Quittung, Fehler> {
        if e.bytes.is_empty() {
            return Err(Fehler::new("E1001", 422, "Die Datei ist leer. Sie wurde nicht angenommen.", "empty"));
        }
        let mut w = self.welt.lock().unwrap();
        let sha256 = BlobHash::of(&e.bytes);
        w.protokoll.push(format!("accept {} {} {}", e.name, e.bytes.len(), e.idempotency_key));
        let first = w.sendungen.iter().find(|s| s.sha256 == sha256).map(|s| s.receipt);
        let receipt = SendungId(daten::id(1, 100 + w.sendungen.len() as u64));
        let mut s = daten::welt().sendungen.remove(0);
        (s.receipt, s.name, s.sha256, s.duplicate_of, s.kanal, s.size) =
            (receipt, e.name, sha256, first, e.kanal, e.bytes.len() as u64);
        w.sendungen.insert(0, s);
        Ok(Quittung { receipt, sha256, duplicate_of: first, repeated: false, erfasst: jetzt() })
    }
    async fn stand(&self, _: &Actor, id: SendungId) -> Result<SendungStand, Fehler> {
        self.welt.lock().unwrap().sendungen.iter().find(|s| s.receipt == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn list(&self, _: &Actor, limit: u32) -> Result<Vec<SendungStand>, Fehler> {
        Ok(self.welt.lock().unwrap().sendungen.iter().take(limit as usize).cloned().collect())
    }
    async fn correct_zugang(&self, actor: &Actor, id: SendungId, zugang: Tag, grund: &str) -> Result<(), Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("zugang {id} {zugang} {grund} {}", actor.name));
        w.dokumente.iter_mut().filter(|d| d.sendung == id).for_each(|d| d.zugang = zugang);
        Ok(())
    }
}

#[async_trait]
impl Aufgaben for Fake {
    async fn list(&self, actor: &Actor, f: &AufgabenFilter) -> Result<AufgabenListe, Fehler> {
        let w = self.welt.lock().unwrap();
        let hit = |a: &&nachrichten::aufgaben::Aufgabe| {
            darf(actor, a)
                && (f.process.is_empty() || f.process.contains(&a.process))
                && (f.element.is_empty() || f.element.contains(&a.element))
                && a.erledigt.is_some() == f.erledigte
                && (!f.nur_meine || a.bearbeiter == Some(actor.person))
                && f.faellig_bis.is_none_or(|t| a.faellig.is_some_and(|x| x <= t))
        };
        let from: usize = f.nach.as_deref().and_then(|n| n.parse().ok()).unwrap_or(0);
        let all: Vec<_> = w.aufgaben.iter().map(|a| &a.aufgabe).filter(hit).cloned().collect();
        let page: Vec<_> = all.iter().skip(from).take(f.limit as usize).cloned().collect();
        let weiter = (from + page.len() < all.len()).then(|| (from + page.len()).to_string());
        Ok(AufgabenListe { aufgaben: page, weiter })
    }
    async fn zaehler(&self, actor: &Actor) -> Result<Vec<Zaehler>, Fehler> {
        let w = self.welt.lock().unwrap();
        let heute = self.uhr.now().tag();
        let mut out: Vec<Zaehler> = Vec::new();
        for a in w.aufgaben.iter().map(|a| &a.aufgabe).filter(|a| a.erledigt.is_none() && darf(actor, a)) {
            if !out.iter().any(|z| z.process == a.process && z.element == a.element) {
                out.push(Zaehler {
                    process: a.process.clone(),
                    element: a.element.clone(),
                    offen: 0,
                    heute_faellig: 0,
                    ueberfaellig: 0,
                });
            }
            let z = out.iter_mut().find(|z| z.process == a.process && z.element == a.element).unwrap();
            z.offen += 1;
            z.heute_faellig += u64::from(a.faellig == Some(heute));
            z.ueberfaellig += u64::from(a.faellig.is_some_and(|f| f < heute));
        }
        Ok(out)
    }
    async fn get(&self, actor: &Actor, id: TaskId) -> Result<AufgabeSeite, Fehler> {
        let w = self.welt.lock().unwrap();
        let mut a = w
            .aufgaben
            .iter()
            .find(|a| a.aufgabe.id == id && darf(actor, &a.aufgabe))
            .cloned()
            .ok_or_else(Fehler::not_found)?;
        if a.aufgabe.element == "anordnung" && a.verlauf.iter().any(|s| s.person.as_deref() == Some(&actor.name)) {
            a.sperre =
                Some("Sie haben diese Rechnung schon sachlich geprüft. Die Freigabe macht eine zweite Person.".into());
        }
        Ok(a)
    }
    async fn claim(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
        self.aendern(actor, id, version, |a| {
            a.aufgabe.bearbeiter = Some(actor.person);
            a.aufgabe.bearbeiter_name = Some(actor.name.clone());
        })
    }
    async fn release(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
        self.aendern(actor, id, version, |a| {
            a.aufgabe.bearbeiter = None;
            a.aufgabe.bearbeiter_name = None;
        })
    }
    async fn delegate(
        &self,
        actor: &Actor,
        id: TaskId,
        version: i64,
        an: PersonId,
        grund: &str,
    ) -> Result<i64, Fehler> {
        if grund.is_empty() {
            return Err(Fehler::new("E3011", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        self.aendern(actor, id, version, |a| {
            a.aufgabe.bearbeiter = Some(an);
            a.aufgabe.bearbeiter_name = PERSONEN.iter().find(|p| person(p.0).person == an).map(|p| p.1.to_owned());
        })
    }
    async fn verlegen(&self, actor: &Actor, id: TaskId, version: i64, auf: Tag, grund: &str) -> Result<i64, Fehler> {
        if grund.is_empty() {
            return Err(Fehler::new("E3025", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        self.aendern(actor, id, version, |a| a.aufgabe.faellig = Some(auf))
    }
    async fn draft(&self, actor: &Actor, id: TaskId, werte: Werte) -> Result<(), Fehler> {
        let mut w = self.welt.lock().unwrap();
        let a = w
            .aufgaben
            .iter_mut()
            .find(|a| a.aufgabe.id == id && darf(actor, &a.aufgabe))
            .ok_or_else(Fehler::not_found)?;
        a.entwurf = werte;
        Ok(())
    }
    async fn complete(&self, actor: &Actor, id: TaskId, e: Erledigung) -> Result<(), Fehler> {
        let done = serde_json::to_string(&e.werte).unwrap();
        self.aendern(actor, id, e.version, |a| {
            a.aufgabe.erledigt = Some(jetzt());
            a.aufgabe.bearbeiter = Some(actor.person);
            let text = e.werte.get("entscheidung").and_then(|v| v.as_str()).map(str::to_owned);
            a.verlauf.push(Schritt {
                zeit: jetzt(),
                element: a.aufgabe.element.clone(),
                name: a.aufgabe.name.clone(),
                ereignis: "erledigt".into(),
                person: Some(actor.name.clone()),
                text,
            });
        })?;
        self.welt.lock().unwrap().protokoll.push(format!("complete {} {done}", actor.name));
        Ok(())
    }
}

impl Fake {
    fn aendern(
        &self,
        actor: &Actor,
        id: TaskId,
        version: i64,
        f: impl FnOnce(&mut AufgabeSeite),
    ) -> Result<i64, Fehler> {
        let mut w = self.welt.lock().unwrap();
        let a = w
            .aufgaben
            .iter_mut()
            .find(|a| a.aufgabe.id == id && darf(actor, &a.aufgabe))
            .ok_or_else(Fehler::not_found)?;
        if a.aufgabe.version != version {
            return Err(Fehler::new("E3001", 409, "Frau Beispiel hat diese Aufgabe um 10:42 Uhr geändert.", "stale"));
        }
        a.aufgabe.version += 1;
        f(a);
        Ok(a.aufgabe.version)
    }
}

#[async_trait]
impl Ablaeufe for Fake {
    async fn start(&self, actor: &Actor, process: &str, werte: Werte, key: &str) -> Result<InstanceId, Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("start {process} {} {key} {}", actor.name, serde_json::to_string(&werte).unwrap()));
        let mut a = daten::welt().ablaeufe.remove(2);
        a.id = InstanceId(daten::id(6, 100 + w.ablaeufe.len() as u64));
        a.verlauf.clear();
        let id = a.id;
        w.ablaeufe.push(a);
        Ok(id)
    }
    async fn get(&self, _: &Actor, id: InstanceId) -> Result<Ablauf, Fehler> {
        self.welt.lock().unwrap().ablaeufe.iter().find(|a| a.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn list(&self, _: &Actor, process: &str, limit: u32) -> Result<Vec<Ablauf>, Fehler> {
        let w = self.welt.lock().unwrap();
        Ok(w.ablaeufe
            .iter()
            .filter(|a| process.is_empty() || a.process == process)
            .take(limit as usize)
            .cloned()
            .collect())
    }
    async fn of_document(&self, _: &Actor, d: DokumentId) -> Result<Option<InstanceId>, Fehler> {
        Ok(self.welt.lock().unwrap().ablaeufe.iter().find(|a| a.dokument == Some(d)).map(|a| a.id))
    }
    async fn of_sendung(&self, _: SendungId) -> Result<SendungAblauf, Fehler> {
        Err(Fehler::not_found())
    }
    async fn stoerungen(&self, actor: &Actor) -> Result<Vec<Stoerung>, Fehler> {
        if !rollen(actor).iter().any(|r| matches!(*r, "Betrieb" | "Revision")) {
            return Err(Fehler::not_found());
        }
        Ok(self.welt.lock().unwrap().stoerungen.clone())
    }
    async fn retry(&self, actor: &Actor, jobs: &[JobId], grund: &str) -> Result<u32, Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("retry {} {grund} {}", jobs.len(), actor.name));
        w.stoerungen.retain(|s| !jobs.contains(&s.job));
        Ok(jobs.len() as u32)
    }
    async fn laufweg(&self, _: &Actor, id: InstanceId) -> Result<Laufweg, Fehler> {
        self.welt.lock().unwrap().laufwege.iter().find(|l| l.ablauf == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn laufweg_aendern(
        &self,
        actor: &Actor,
        id: InstanceId,
        version: &str,
        aenderung: LaufwegAenderung,
        grund: &str,
    ) -> Result<String, Fehler> {
        let mut w = self.welt.lock().unwrap();
        if grund.is_empty() {
            return Err(Fehler::new("E3022", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        if w.laufwege.iter().any(|l| l.ablauf == id && l.version != version) {
            return Err(Fehler::new("E3021", 412, "Der Laufweg hat sich geändert.", "moved on"));
        }
        w.protokoll.push(format!("laufweg {} {grund} {}", serde_json::to_string(&aenderung).unwrap(), actor.name));
        Ok("v2".into())
    }
    async fn zurueckziehen(&self, actor: &Actor, _: InstanceId, grund: &str) -> Result<(), Fehler> {
        if grund.is_empty() {
            return Err(Fehler::new("E3022", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        self.welt.lock().unwrap().protokoll.push(format!("zurückziehen {grund} {}", actor.name));
        Ok(())
    }
    async fn eingreifen(&self, _: &Actor, _: InstanceId, _: Eingriff, _: &str) -> Result<(), Fehler> {
        Ok(())
    }
    async fn melden(&self, actor: &Actor, id: InstanceId, nachricht: &str, text: &str) -> Result<(), Fehler> {
        let mut w = self.welt.lock().unwrap();
        let a = w.ablaeufe.iter().find(|a| a.id == id).ok_or_else(Fehler::not_found)?;
        if !a.meldungen.iter().any(|m| m == nachricht) {
            let text = "Das geht in diesem Schritt der Rechnung nicht mehr.";
            return Err(Fehler::new("E3024", 409, text, "nobody waits for it"));
        }
        if text.trim().chars().count() < 3 {
            return Err(Fehler::new("E3024", 422, "Schreiben Sie dazu, was geschehen ist.", "text missing"));
        }
        w.protokoll.push(format!("melden {nachricht} {text} {}", actor.name));
        Ok(())
    }
    async fn umziehen(&self, _: &Actor, _: &Umzug) -> Result<UmzugBericht, Fehler> {
        Ok(UmzugBericht { ablaeufe: 0, hindernisse: vec![], umgezogen: false })
    }
    async fn versionen(&self, _: &Actor) -> Result<Vec<Version>, Fehler> {
        let version = |version, laufend| Version {
            process: "rechnung".into(),
            version,
            name: "Rechnung".into(),
            seit: daten::vor(100),
            laufend,
            beendet: 3,
        };
        Ok(vec![version(1, 2), version(2, 0)])
    }
    async fn kennzahlen(&self, _: &Actor) -> Result<Kennzahlen, Fehler> {
        let w = self.welt.lock().unwrap();
        if w.ablaeufe.is_empty() {
            return Ok(Kennzahlen {
                aktiv: 0,
                beendet: 0,
                stoerungen: 0,
                jobs: vec![],
                alter: [0; 4],
                durchsatz: vec![],
                outbox: 0,
                unbesetzt: vec![],
            });
        }
        let tage = (0..30u64)
            .map(|i| (jetzt().tag().plus_tage(i as i32 - 29), 20 + (i * 37) % 23, 15 + (i * 29) % 27))
            .collect();
        Ok(Kennzahlen {
            aktiv: 42,
            beendet: 1_204,
            stoerungen: w.stoerungen.len() as u64,
            jobs: vec![("erkennung.seiten.v1".into(), 12), ("rechnung.pruefen.v1".into(), 3)],
            alter: [21, 14, 5, 2],
            durchsatz: tage,
            outbox: 4,
            unbesetzt: vec![("Feststellung-40".into(), 3)],
        })
    }
}

/// A page image: white paper with grey lines.
fn bild(n: u32) -> Vec<u8> {
    let mut img = image::GrayImage::from_pixel(620, 877, image::Luma([252]));
    for y in 0..877u32 {
        for x in 60..560u32 {
            let line = (y / 22) % 2 == 0 && (120..800).contains(&y) && x < 560 - (y * 7 + n * 31) % 180;
            let head = (40..90).contains(&y) && x < 260;
            if line && y % 22 < 9 || head {
                img.put_pixel(x, y, image::Luma([if head { 120 } else { 190 }]));
            }
        }
    }
    let mut out = std::io::Cursor::new(Vec::new());
    img.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

const BELEG: &str = "<!DOCTYPE html><html lang=\"de\"><head><title>x</title></head><body><main class=\"rechnung\"><h1>Rechnung 2026-0815</h1><section><h2>Verkäufer</h2><p>Musterbau GmbH<br/>Beispielweg 1<br/>76133 Musterstadt</p></section>\
<table><thead><tr><th scope=\"col\">Pos.</th><th scope=\"col\">Leistung</th><th scope=\"col\">Menge</th><th scope=\"col\">Betrag</th></tr></thead><tbody><tr><td>1</td><td>Pflasterarbeiten Radweg</td><td>10 m²</td><td>1.000,00 €</td></tr></tbody></table>\
<dl><dt>Netto</dt><dd>1.000,00 €</dd><dt>Umsatzsteuer 19 %</dt><dd>190,00 €</dd><dt>Zahlbetrag</dt><dd>1.190,00 €</dd></dl><script>alert(1)</script></main></body></html>";

#[async_trait]
impl Dokumente for Fake {
    async fn get(&self, _: &Actor, id: DokumentId) -> Result<Dokument, Fehler> {
        self.welt.lock().unwrap().dokumente.iter().find(|d| d.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn rendition(&self, actor: &Actor, id: DokumentId, name: &str) -> Result<Inhalt, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        let r = d.renditionen.iter().find(|r| r.name == name).ok_or_else(Fehler::not_found)?;
        let bytes = match name {
            "text" => b"Sehr geehrte Damen und Herren,\n\nwir bitten um Ausbau des Radwegs.\n<script>alert(1)</script>\x0c\x0cSeite drei\x0cSeite vier".to_vec(),
            "invoice-html" => BELEG.as_bytes().to_vec(),
            _ => b"%PDF-1.7 erfunden".to_vec(),
        };
        Ok(Inhalt { bytes, media_type: r.media_type.clone(), name: "Übersicht \"1\"/x.pdf".into() })
    }
    async fn neue_fassung(&self, actor: &Actor, id: DokumentId, neu: NeueFassung) -> Result<BlobHash, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        if d.sha256 != neu.bisher {
            return Err(Fehler::new("E2006", 412, "Das Dokument hat inzwischen eine andere Fassung.", "stale"));
        }
        if neu.grund.is_empty() {
            return Err(Fehler::new("E2006", 422, "Schreiben Sie dazu, was sich geändert hat.", "no reason"));
        }
        self.welt.lock().unwrap().protokoll.push(format!("fassung {} {} {}", neu.name, neu.bytes.len(), neu.grund));
        Ok(BlobHash::of(&neu.bytes))
    }
    async fn page_image(&self, actor: &Actor, id: DokumentId, index: u32) -> Result<Inhalt, Fehler> {
        let d = Dokumente::get(self, actor, id).await?;
        d.seiten.get(index as usize).ok_or_else(Fehler::not_found)?;
        Ok(Inhalt { bytes: bild(index), media_type: "image/png".into(), name: "seite.png".into() })
    }
    async fn list(
        &self,
        _: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<DokumentZeile>, Option<String>), Fehler> {
        let w = self.welt.lock().unwrap();
        let from: usize = nach.and_then(|n| n.parse().ok()).unwrap_or(0);
        let page: Vec<_> = w.dokumente.iter().skip(from).take(limit as usize).map(daten::zeile).collect();
        let next = (from + page.len() < w.dokumente.len()).then(|| (from + page.len()).to_string());
        Ok((page, next))
    }
    async fn of_sendung(&self, _: &Actor, s: SendungId) -> Result<DerSendung, Fehler> {
        let w = self.welt.lock().unwrap();
        let dokumente = w.dokumente.iter().filter(|d| d.sendung == s).map(daten::zeile).collect();
        Ok(DerSendung { dokumente, offen: Some(true) })
    }
    async fn akte(&self, _: &Actor, id: AkteId) -> Result<AkteSeite, Fehler> {
        self.welt.lock().unwrap().akten.iter().find(|a| a.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn schluss(&self, _: &Actor, _: AkteId, _: Option<VorgangId>, _: &Schluss) -> Result<(), Fehler> {
        Err(Fehler::not_found())
    }
    async fn akten(&self, _: &Actor, _: u32, _: Option<&str>) -> Result<(Vec<AkteZeile>, Option<String>), Fehler> {
        Ok((self.welt.lock().unwrap().akten.iter().map(daten::akte_zeile).collect(), None))
    }
    async fn aktenplan(&self, _: &Actor) -> Result<Vec<Einheit>, Fehler> {
        let e = |k: &str, t: &str, a: &str| Einheit { kennzeichen: k.into(), titel: t.into(), amt: a.into() };
        Ok(vec![
            e("10.20", "Organisation", "10"),
            e("20.30", "Haushalt", "20"),
            e("61.20", "Bauleitplanung", "61"),
            e("66.10", "Straßenbau", "66"),
        ])
    }
    async fn zaehler(&self, _: &Actor) -> Result<(u64, u64), Fehler> {
        let w = self.welt.lock().unwrap();
        Ok((w.dokumente.len() as u64, w.dokumente.iter().filter(|d| d.ablage.is_some()).count() as u64))
    }
}

#[async_trait]
impl Suche for Fake {
    async fn suche(&self, _: &Actor, a: &Anfrage) -> Result<Ergebnis, Fehler> {
        let w = self.welt.lock().unwrap();
        let text = a.text.to_lowercase();
        let hits: Vec<_> = w
            .dokumente
            .iter()
            .filter(|d| d.titel.to_lowercase().contains(&text))
            .map(|d| Treffer {
                dokument: daten::zeile(d),
                ausschnitt: vec![
                    ("… Arbeiten am ".into(), false),
                    ("Radweg".into(), true),
                    (" <b>Kriegsstraße</b> …".into(), false),
                ],
                seite: Some(1),
            })
            .collect();
        let f = |w: &str, anzahl| Facette { wert: w.into(), anzahl };
        let meinten = (hits.is_empty()).then(|| "Radweg".to_owned());
        Ok(Ergebnis {
            gesamt: hits.len() as u64,
            arten: vec![f("rechnung", 2), f("schreiben", 2)],
            aemter: vec![f("66", 4)],
            meinten,
            treffer: hits,
        })
    }
}

#[async_trait]
impl Konten for Fake {
    async fn login(&self, kennung: &str, passwort: &str) -> Result<String, Fehler> {
        if passwort != "geheim 1" {
            return Err(Fehler::new("E7001", 401, "Kennung oder Passwort stimmen nicht.", "wrong login"));
        }
        self.login_demo(kennung).await
    }
    async fn login_demo(&self, kennung: &str) -> Result<String, Fehler> {
        if !PERSONEN.iter().any(|p| p.0 == kennung) {
            return Err(Fehler::new("E7001", 401, "Kennung oder Passwort stimmen nicht.", "wrong login"));
        }
        let token = format!("token-{kennung}");
        self.welt.lock().unwrap().sitzungen.push((token.clone(), kennung.to_owned()));
        Ok(token)
    }
    async fn session(&self, token: &str) -> Result<Option<Angemeldet>, Fehler> {
        let w = self.welt.lock().unwrap();
        let Some((_, kennung)) = w.sitzungen.iter().find(|(t, _)| t == token) else { return Ok(None) };
        let p = PERSONEN.iter().find(|p| p.0 == kennung).unwrap();
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Ok(Some(Angemeldet {
            actor: person(kennung),
            kennung: kennung.clone(),
            amt: p.2.into(),
            rollen: own(p.3),
            gruppen: own(p.3),
            csrf: format!("csrf-{kennung}"),
        }))
    }
    async fn logout(&self, token: &str) -> Result<(), Fehler> {
        self.welt.lock().unwrap().sitzungen.retain(|(t, _)| t != token);
        Ok(())
    }
    async fn einstellungen(&self, person: PersonId) -> Result<Einstellungen, Fehler> {
        let i = PERSONEN.iter().position(|p| super::person(p.0).person == person).unwrap();
        let off = format!("tageshinweise false {}", PERSONEN[i].1);
        let tageshinweise = !self.welt.lock().unwrap().protokoll.contains(&off);
        let mail = (PERSONEN[i].0 != "revision").then(|| format!("{}@stadt.example", PERSONEN[i].0));
        Ok(Einstellungen { mail, tageshinweise })
    }
    async fn tageshinweise(&self, actor: &Actor, an: bool) -> Result<(), Fehler> {
        self.welt.lock().unwrap().protokoll.push(format!("tageshinweise {an} {}", actor.name));
        Ok(())
    }
    async fn demo_logins(&self) -> Result<Vec<DemoLogin>, Fehler> {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        Ok(PERSONEN
            .iter()
            .map(|p| DemoLogin { kennung: p.0.into(), name: p.1.into(), amt: p.2.into(), rollen: own(p.3) })
            .collect())
    }
}

#[async_trait]
impl Dienste for Fake {
    async fn stand(&self) -> Vec<Dienst> {
        let d = |name: &str, gut, noetig, text: &str| Dienst { name: name.into(), gut, noetig, text: text.into() };
        vec![
            d("Datenbank", true, true, "läuft"),
            d("Speicher", true, true, "läuft"),
            d("Texterkennung", false, false, "gestört seit 10:12 Uhr"),
        ]
    }
}

#[async_trait]
impl Demo for Fake {
    fn now(&self) -> Timestamp {
        self.uhr.now()
    }
    fn offset_seconds(&self) -> i64 {
        self.welt.lock().unwrap().zeit_versatz
    }
    async fn advance(&self, seconds: i64) -> Result<(), Fehler> {
        self.uhr.advance_seconds(seconds);
        self.welt.lock().unwrap().zeit_versatz += seconds;
        Ok(())
    }
    async fn reset(&self) -> Result<(), Fehler> {
        let mut w = self.welt.lock().unwrap();
        let sitzungen = std::mem::take(&mut w.sitzungen);
        *w = super::Welt { sitzungen, ..Default::default() };
        Ok(())
    }
    async fn feed(&self) -> Result<u32, Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.sendungen = daten::welt().sendungen;
        Ok(w.sendungen.iter().filter(|s| s.state != Stand::Refused).count() as u32)
    }
}

#[async_trait]
impl service_portal::Vertretungen for Fake {
    async fn enter(&self, actor: &Actor, v: &NeueVertretung) -> Result<uuid::Uuid, Fehler> {
        if v.person == v.vertreter {
            return Err(Fehler::new(
                "E3010",
                422,
                "Niemand vertritt sich selbst. Wählen Sie eine andere Person.",
                "self",
            ));
        }
        let line = format!("vertretung {} bis {} {} {}", v.von, v.bis, v.process, actor.name);
        self.welt.lock().unwrap().protokoll.push(line);
        Ok(uuid::Uuid::from_u128(1))
    }
    async fn end(&self, actor: &Actor, _: uuid::Uuid) -> Result<(), Fehler> {
        self.welt.lock().unwrap().protokoll.push(format!("vertretung-ende {}", actor.name));
        Ok(())
    }
    async fn of(&self, person: PersonId) -> Result<Vec<Vertretung>, Fehler> {
        if person != super::person("feststellung").person {
            return Ok(Vec::new());
        }
        Ok(vec![Vertretung {
            id: uuid::Uuid::from_u128(1),
            person: super::person("kaemmerer").person,
            person_name: "Karl Kämmerer".into(),
            vertreter: person,
            vertreter_name: "Finn Feststeller".into(),
            von: "2026-11-23".parse().unwrap(),
            bis: "2026-11-27".parse().unwrap(),
            process: "*".into(),
            behaelt: false,
            grund: "Urlaub".into(),
        }])
    }
    async fn persons(&self) -> Result<Vec<(PersonId, String, String)>, Fehler> {
        Ok(super::PERSONEN.iter().map(|p| (super::person(p.0).person, p.1.to_owned(), p.2.to_owned())).collect())
    }
}
