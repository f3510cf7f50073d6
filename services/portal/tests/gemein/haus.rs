// SPDX-License-Identifier: EUPL-1.2
//! Accounts, substitution, services and the demo's levers on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{Actor, PersonId, Timestamp, fehler::Fehler, sendungen::Stand};
use service_platform::{
    konten::{Angemeldet, DemoLogin, Einstellungen},
    uhr::Clock,
    vertretung::{NeueVertretung, Vertretung},
    verzeichnis::{Abmeldung, Ausweis},
};
use service_portal::{Demo, Dienst, Dienste, Konten};

use super::{Fake, PERSONEN, person, welt};

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
    async fn login_verzeichnis(&self, _: &Ausweis, _: bool) -> Result<String, Fehler> {
        Err(Fehler::not_found())
    }
    async fn logout_verzeichnis(&self, _: &Abmeldung) -> Result<usize, Fehler> {
        Err(Fehler::not_found())
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
            verzeichnis: false,
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
        w.sendungen = welt::welt().sendungen;
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
