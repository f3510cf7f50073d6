// SPDX-License-Identifier: EUPL-1.2
//! Running processes and their incidents on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, DokumentId, InstanceId, SendungId, Werte,
    ablaeufe::{Ablaeufe, Ablauf, Eingriff, Kennzahlen, SendungAblauf, Umzug, UmzugBericht, Version},
    fehler::Fehler,
    laufweg::{Laufweg, LaufwegAenderung},
};

use super::{Fake, daten, jetzt, welt};

#[async_trait]
impl Ablaeufe for Fake {
    async fn start(&self, actor: &Actor, process: &str, werte: Werte, key: &str) -> Result<InstanceId, Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("start {process} {} {key} {}", actor.name, serde_json::to_string(&werte).unwrap()));
        let mut a = welt::welt().ablaeufe.remove(2);
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
    async fn of_sendungen(&self, _: &[SendungId]) -> Result<Vec<SendungAblauf>, Fehler> {
        Err(Fehler::not_found())
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
