// SPDX-License-Identifier: EUPL-1.2
//! A backend in memory with invented data: what the portal's tests and `examples/schau.rs` look at.
#![allow(clippy::unwrap_used, dead_code)]

mod ablaeufe;
mod betrieb;
mod daten;
mod dienste;
mod dokumente;
mod fassungen;
mod haus;
mod laufweg;
mod prozesse;
mod webhooks;
mod welt;
mod wiedervorlagen;

use std::sync::{Arc, Mutex};

use nachrichten::{
    Actor, PersonId, Timestamp,
    ablaeufe::Ablauf,
    aufgaben::AufgabeSeite,
    betrieb::{Einreihung, Fall, Stoerung, Totbrief},
    dokumente::{AkteSeite, Dokument},
    laufweg::Laufweg,
    sendungen::SendungStand,
    wiedervorlage::Wiedervorlage,
};
use service_platform::uhr::{FixedClock, SystemIds};
use service_portal::{Anmeldung, Options, PortalState};

/// Everything that changes.
#[derive(Default)]
pub struct Welt {
    pub sendungen: Vec<SendungStand>,
    pub dokumente: Vec<Dokument>,
    pub akten: Vec<AkteSeite>,
    pub aufgaben: Vec<AufgabeSeite>,
    pub ablaeufe: Vec<Ablauf>,
    pub laufwege: Vec<Laufweg>,
    pub stoerungen: Vec<Stoerung>,
    pub behandelt: Vec<(Einreihung, Vec<Fall>)>,
    pub totbriefe: Vec<Totbrief>,
    pub wiedervorlagen: Vec<Wiedervorlage>,
    pub webhooks: Vec<service_platform::webhook::Webhook>,
    pub sitzungen: Vec<(String, String)>,
    /// Calls that changed something, for assertions.
    pub protokoll: Vec<String>,
    pub zeit_versatz: i64,
}

#[derive(Clone)]
pub struct Fake {
    pub welt: Arc<Mutex<Welt>>,
    pub uhr: Arc<FixedClock>,
}

/// Monday, 23.11.2026, 10:42 in Berlin.
pub const JETZT: &str = "2026-11-23T09:42:00Z";

pub fn jetzt() -> Timestamp {
    JETZT.parse().unwrap()
}

/// The persons: name, office, roles, groups.
pub const PERSONEN: &[(&str, &str, &str, &[&str])] = &[
    ("poststelle", "Pia Poststelle", "10", &["Poststelle"]),
    ("feststellung", "Finn Feststeller", "66", &["Feststellung", "Sachbearbeitung"]),
    ("anordnung", "Anna Anordnung", "66", &["Anordnung", "Amtsleitung"]),
    ("kaemmerer", "Karl Kämmerer", "20", &["Amtsleitung", "Anordnung"]),
    ("geschaeftsstelle", "Gerd Geschäft", "10", &["Geschaeftsstelle"]),
    ("betrieb", "Bea Betrieb", "10", &["Betrieb"]),
    ("revision", "Ron Revision", "14", &["Revision"]),
];

pub fn person(kennung: &str) -> Actor {
    let i = PERSONEN.iter().position(|p| p.0 == kennung).unwrap();
    Actor { person: PersonId(uuid::Uuid::from_u128(0x1000 + i as u128)), name: PERSONEN[i].1.into() }
}

impl Fake {
    pub fn neu() -> Self {
        Self { welt: Arc::new(Mutex::new(welt::welt())), uhr: Arc::new(FixedClock::at(jetzt())) }
    }

    pub fn leer() -> Self {
        Self { welt: Arc::default(), uhr: Arc::new(FixedClock::at(jetzt())) }
    }

    /// Calls that changed something so far.
    pub fn protokoll(&self) -> Vec<String> {
        self.welt.lock().unwrap().protokoll.clone()
    }

    pub fn state(&self, demo: bool) -> PortalState {
        let me = Arc::new(self.clone());
        PortalState {
            sendungen: me.clone(),
            aufgaben: me.clone(),
            ablaeufe: me.clone(),
            fassungen: me.clone(),
            dokumente: me.clone(),
            suche: me.clone(),
            konten: me.clone(),
            vertretungen: me.clone(),
            wiedervorlagen: me.clone(),
            betrieb: me.clone(),
            dienste: me.clone(),
            webhooks: me.clone(),
            anmeldung: Anmeldung::default(),
            demo: if demo { Some(me.clone()) } else { None },
            uhr: self.uhr.clone(),
            ids: Arc::new(SystemIds),
            options: Options::default(),
        }
    }
}
