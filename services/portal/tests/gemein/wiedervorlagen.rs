// SPDX-License-Identifier: EUPL-1.2
//! Wiedervorlagen in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, InstanceId, Tag,
    fehler::Fehler,
    wiedervorlage::{Angaben, Bezug, Wiedervorlage, Wiedervorlagen},
};

use super::{Fake, jetzt};

#[async_trait]
impl Wiedervorlagen for Fake {
    async fn arbeitstag(&self, tag: Tag) -> Result<Tag, Fehler> {
        Ok(nachrichten::kalender::Kalender::default().nach(tag, 0))
    }
    async fn setzen(&self, actor: &Actor, bezug: Bezug, a: &Angaben, key: &str) -> Result<uuid::Uuid, Fehler> {
        if a.grund.is_empty() {
            return Err(Fehler::new("E3026", 422, "Schreiben Sie auf, warum.", "no reason"));
        }
        if self.arbeitstag(a.datum).await? != a.datum {
            let text = format!("Der {} ist kein Arbeitstag.", a.datum.deutsch());
            return Err(Fehler::new("E3026", 422, text, "day off"));
        }
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("wiedervorlage {bezug} {} {} {} {}", a.datum, a.grund, a.an, key.len()));
        let id = uuid::Uuid::from_u128(0x7000 + w.wiedervorlagen.len() as u128);
        w.wiedervorlagen.push(Wiedervorlage {
            id,
            bezug,
            titel: "Radweg Kriegsstraße".into(),
            datum: a.datum,
            grund: a.grund.clone(),
            an: a.an.clone(),
            an_name: a.an.starts_with("person:").then(|| actor.name.clone()),
            von: actor.person,
            von_name: actor.name.clone(),
            angelegt: jetzt(),
            stand: "offen".into(),
            geaendert: jetzt(),
            ablauf: InstanceId(id),
            aufgabe: None,
        });
        Ok(id)
    }
    async fn meine(&self, actor: &Actor) -> Result<Vec<Wiedervorlage>, Fehler> {
        let w = self.welt.lock().unwrap();
        Ok(w.wiedervorlagen.iter().filter(|v| v.stand == "offen" && v.von == actor.person).cloned().collect())
    }
    async fn zu(&self, _: &Actor, bezug: Bezug) -> Result<Vec<Wiedervorlage>, Fehler> {
        Ok(self.welt.lock().unwrap().wiedervorlagen.iter().filter(|v| v.bezug == bezug).cloned().collect())
    }
    async fn eine(&self, _: &Actor, id: uuid::Uuid) -> Result<Wiedervorlage, Fehler> {
        let w = self.welt.lock().unwrap();
        w.wiedervorlagen.iter().find(|v| v.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn aendern(&self, _: &Actor, id: uuid::Uuid, a: &Angaben, warum: &str) -> Result<(), Fehler> {
        if warum.is_empty() {
            return Err(Fehler::new("E3026", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        let mut w = self.welt.lock().unwrap();
        let v = w.wiedervorlagen.iter_mut().find(|v| v.id == id).ok_or_else(Fehler::not_found)?;
        (v.datum, v.grund, v.an) = (a.datum, a.grund.clone(), a.an.clone());
        Ok(())
    }
    async fn absagen(&self, _: &Actor, id: uuid::Uuid, warum: &str) -> Result<(), Fehler> {
        if warum.is_empty() {
            return Err(Fehler::new("E3026", 422, "Schreiben Sie einen Grund dazu.", "no reason"));
        }
        let mut w = self.welt.lock().unwrap();
        let v = w.wiedervorlagen.iter_mut().find(|v| v.id == id).ok_or_else(Fehler::not_found)?;
        v.stand = "abgesagt".into();
        Ok(())
    }
}
