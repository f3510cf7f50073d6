// SPDX-License-Identifier: EUPL-1.2
//! The engine alone in a small city: persons, a clock that is set, the project's own files. What the contract tests of
//! the engine begin with; each adds its own words in a `Welt` that derefs to this.
#![allow(clippy::unwrap_used, dead_code, unused_macros, unused_imports)]

use std::sync::Arc;

use nachrichten::{
    Actor, Tag, Timestamp,
    aufgaben::{Aufgabe, Aufgaben, AufgabenFilter},
};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options};
use service_platform::{
    bus::InProcessBus,
    db::Db,
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
    vertretung::{ALLE, NeueVertretung, Vertretungen},
};
use uuid::Uuid;

/// Monday, 23 November 2026, nine o'clock in Karlsruhe.
pub const MONTAG: &str = "2026-11-23T08:00:00Z";

/// A person: name, groups, roles.
pub type Person<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

pub struct Kern {
    pub db: Db,
    pub clock: Arc<FixedClock>,
    pub bus: Arc<InProcessBus>,
    pub engine: Geschaeftsgang,
    pub konten: Konten,
    pub vertretungen: Vertretungen,
    /// In the order they were named.
    pub personen: Vec<Actor>,
}

impl Kern {
    /// On a Monday morning, in office 66.
    pub async fn neu(db: &Db, personen: &[Person<'_>], options: Options) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        let (clock, ids) = (Arc::new(FixedClock::at(MONTAG.parse().unwrap())), Arc::new(SystemIds));
        let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
        let mut actors = Vec::new();
        for (kennung, gruppen, rollen) in personen {
            let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
            let (gruppen, rollen) = (own(gruppen), own(rollen));
            let (kennung, name) = ((*kennung).to_owned(), (*kennung).to_owned());
            let person = NeuePerson { kennung: kennung.clone(), name, amt: "66".into(), rollen, gruppen };
            konten.enter(&person, None).await.unwrap();
            actors.push(konten.actor(&kennung).await.unwrap().unwrap());
        }
        let bus = Arc::new(InProcessBus::default());
        let engine = Self::motor(db, &bus, &clock, options).await;
        let vertretungen = Vertretungen::new(db.clone(), clock.clone(), ids);
        Self { db: db.clone(), clock, bus, engine, konten, vertretungen, personen: actors }
    }

    /// An engine, also a second one on the same database or one that starts again.
    pub async fn motor(db: &Db, bus: &Arc<InProcessBus>, clock: &Arc<FixedClock>, options: Options) -> Geschaeftsgang {
        Geschaeftsgang::new(db.clone(), bus.clone(), clock.clone(), Arc::new(SystemIds), options).await.unwrap()
    }

    /// Deploys shipped files by name: tables first, then processes.
    pub async fn ausliefern(&self, tabellen: &[&str], ablaeufe: &[&str]) {
        let read = |file: String| {
            let path = format!("{}/../workflows/{file}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
        };
        for name in tabellen {
            let xml = read(format!("tabellen/{name}.dmn"));
            self.engine.deploy_table(&format!("{name}.dmn"), &xml, Herkunft::Auslieferung).await.unwrap();
        }
        for name in ablaeufe {
            self.engine.deploy(&read(format!("definitionen/{name}.bpmn")), Herkunft::Auslieferung).await.unwrap();
        }
    }

    pub fn wer(&self, kennung: &str) -> &Actor {
        self.personen.iter().find(|a| a.name == kennung).unwrap_or_else(|| panic!("nobody is called {kennung}"))
    }

    pub fn um(&self, instant: &str) {
        self.clock.set(instant.parse::<Timestamp>().unwrap());
    }

    /// Open tasks as this person sees them.
    pub async fn offene(&self, wer: &Actor) -> Vec<Aufgabe> {
        let filter = AufgabenFilter { limit: 50, ..AufgabenFilter::default() };
        Aufgaben::list(&self.engine, wer, &filter).await.unwrap().aufgaben
    }

    /// `wer` stands in for `fuer` on these days.
    pub async fn vertritt(&self, wer: &Actor, fuer: &Actor, tage: (&str, &str), process: &str, behaelt: bool) -> Uuid {
        let day = |text: &str| text.parse::<Tag>().unwrap();
        let v = NeueVertretung {
            person: fuer.person,
            vertreter: wer.person,
            von: day(tage.0),
            bis: day(tage.1),
            process: process.to_owned(),
            behaelt,
            grund: "Urlaub".into(),
        };
        self.vertretungen.enter(fuer, &v).await.unwrap()
    }

    /// For all processes, and the absent person keeps the access.
    pub async fn vertritt_ganz(&self, wer: &Actor, fuer: &Actor, tage: (&str, &str)) -> Uuid {
        self.vertritt(wer, fuer, tage, ALLE, true).await
    }
}

/// `Welt { kern, … }` reads like the core itself.
macro_rules! welt_ist_kern {
    () => {
        impl std::ops::Deref for Welt {
            type Target = kern::Kern;
            fn deref(&self) -> &kern::Kern {
                &self.kern
            }
        }
    };
}
pub(crate) use welt_ist_kern;
