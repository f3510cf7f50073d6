// SPDX-License-Identifier: EUPL-1.2
//! Post and tasks on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, BlobHash, PersonId, SendungId, Tag, TaskId, Werte,
    aufgaben::{AufgabeSeite, Aufgaben, AufgabenFilter, AufgabenListe, Erledigung, Schritt, Zaehler},
    fehler::Fehler,
    sendungen::{Einlieferung, Quittung, SendungStand, Sendungen},
};
use service_platform::uhr::Clock;

use super::{Fake, PERSONEN, daten, jetzt, person, welt};

/// Roles of the actor, from the table of persons.
pub fn rollen(actor: &Actor) -> Vec<&'static str> {
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
        let mut s = welt::welt().sendungen.remove(0);
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
