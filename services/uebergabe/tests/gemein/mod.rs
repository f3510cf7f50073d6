// SPDX-License-Identifier: EUPL-1.2
//! An ordered invoice, and the worker over folders that go with the test.
#![allow(dead_code, clippy::unwrap_used)]

use std::{path::Path, sync::Arc};

use nachrichten::{
    DokumentId, InstanceId, JobId, PersonId, SendungId, Timestamp,
    job::{Job, Outcome},
    rechnung::{RechnungsFakten, Skonto},
    uebergabe::{BUCHEN, Buchen, Konto, Zeichnung},
};
use serde_json::{Value, json};
use service_platform::{
    blobs::{Blobs, DirectoryBlobs},
    uhr::FixedClock,
    worker::{JobHandler, Worker as _, run},
};
use service_uebergabe::{Einstellungen, Ordner, Pfade, Uebergabe};
use uuid::Uuid;

/// Tuesday, 24 November 2026, 09:15 in Musterstadt.
pub const JETZT: &str = "2026-11-24T08:15:00Z";

pub struct Welt {
    pub ordner: Ordner,
    pub pfade: Pfade,
    pub blobs: Arc<dyn Blobs>,
    handlers: Vec<JobHandler>,
}

pub fn instanz(n: u128) -> InstanceId {
    InstanceId(Uuid::from_u128(0x018f_2c00_0000_7000_8000_0000_0000_0000 + n))
}

impl Welt {
    pub fn in_folder(root: &Path) -> Self {
        let pfade =
            Pfade { ausgang: root.join("ausgang"), mail: root.join("mail"), journal: root.join("spool/journal") };
        let ordner = Ordner::open(&pfade).unwrap();
        let einstellungen = Einstellungen {
            buchungskreis: "1000".into(),
            absender: "E-Akte Musterstadt <eakte@musterstadt.example>".into(),
            beleg_link: "https://eakte.example/dokumente/{dokument}".into(),
        };
        let clock = Arc::new(FixedClock::at(JETZT.parse().unwrap()));
        let worker = Arc::new(Uebergabe::new(Arc::new(ordner.clone()), einstellungen, clock));
        let blobs = Arc::new(DirectoryBlobs::open(&root.join("blobs"), "stadt").unwrap());
        Self { ordner, pfade, blobs, handlers: worker.jobs() }
    }

    /// Runs one job of a step; the same step is the same key.
    pub async fn job(&self, typ: &str, instanz: InstanceId, element: u64, eingabe: Value) -> Outcome {
        let job = Job {
            id: JobId(Uuid::from_u128(7)),
            typ: typ.into(),
            attempt: 1,
            failures: 0,
            instance: instanz,
            idempotency_key: format!("{instanz}/{element}"),
            deadline: Timestamp(0),
            eingabe,
            trace: None,
        };
        let handler = self.handlers.iter().find(|h| h.typ == typ).unwrap();
        run(handler, self.blobs.clone(), job).await.outcome
    }

    pub async fn buchen(&self, instanz: InstanceId, element: u64, m: &Buchen) -> Outcome {
        self.job(BUCHEN, instanz, element, serde_json::to_value(m).unwrap()).await
    }

    /// Names in a folder without the hidden ones.
    pub fn dateien(&self, ordner: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(ordner).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|n| !n.starts_with('.'));
        names.sort();
        names
    }

    /// Hidden files: what an interrupted run left.
    pub fn verborgene(&self, ordner: &Path) -> usize {
        let all = std::fs::read_dir(ordner).unwrap();
        all.filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count()
    }

    /// The bookings in the outgoing folder, read.
    pub fn buchungen(&self) -> Vec<Value> {
        let names = self.dateien(&self.pfade.ausgang);
        let bookings = names.iter().filter(|n| n.ends_with(".json") && !n.starts_with("storno-"));
        bookings.map(|n| serde_json::from_slice(&std::fs::read(self.pfade.ausgang.join(n)).unwrap()).unwrap()).collect()
    }

    pub async fn auftrag(&self) -> Buchen {
        let zeichnung = |rolle: &str, person: &str, id: u128| Zeichnung {
            person_id: PersonId(Uuid::from_u128(id)),
            rolle: rolle.into(),
            person: person.into(),
            in_vertretung_fuer: None,
            zeit: "2026-11-23T10:00:00Z".parse().unwrap(),
        };
        Buchen {
            dokument: DokumentId::of_part(SendungId(Uuid::from_u128(1)), 0),
            fakten: RechnungsFakten {
                nummer: Some("2026-0815".into()),
                datum: Some("2026-11-18".parse().unwrap()),
                lieferant: Some("Musterbau GmbH".into()),
                lieferant_steuer: Some("DE123456789".into()),
                brutto: Some("1190.00".into()),
                netto: Some("1000.00".into()),
                steuer: Some("190.00".into()),
                zahlbetrag: Some("1190.00".into()),
                waehrung: Some("EUR".into()),
                iban: Some("DE02120300000000202051".into()),
                faellig: Some("2026-12-20".parse().unwrap()),
                skonto: vec![Skonto {
                    tage: 14,
                    prozent: "2.00".into(),
                    bis: "2026-12-04".parse().unwrap(),
                    ersparnis: "23.80".into(),
                }],
                ..RechnungsFakten::default()
            },
            betrag: "1190.00".into(),
            kuerzung: None,
            amt: "66".into(),
            aktenzeichen: Some("66.10-2026/0001".into()),
            kontierung: vec![
                Konto { sachkonto: "42210000".into(), kostenstelle: "66010200".into(), betrag: "1000.00".into() },
                Konto { sachkonto: "42210000".into(), kostenstelle: "66010300".into(), betrag: "190".into() },
            ],
            feststeller: vec![zeichnung("sachlich und rechnerisch richtig", "Torben Riedel", 11)],
            anordner: vec![zeichnung("Anordnung", "Henrike Vogt", 12)],
            pdf: Some(self.blobs.put(b"%PDF-1.7 Rechnung".to_vec()).await.unwrap()),
            xml: Some(self.blobs.put(b"<Invoice/>".to_vec()).await.unwrap()),
            html: Some(self.blobs.put(b"<html></html>".to_vec()).await.unwrap()),
        }
    }
}

pub fn werte(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done { werte } => json!(werte),
        other => panic!("{other:?}"),
    }
}

/// The German reason of a refusal with this code.
pub fn abgelehnt(outcome: Outcome, code: &str) -> String {
    match outcome {
        Outcome::Unreadable { code: got, detail } if got == code => detail,
        other => panic!("{other:?}"),
    }
}
