// SPDX-License-Identifier: EUPL-1.2
//! Post in an office on both databases: one letter starts one case, a deputy allots, an overdue case climbs, a second
//! letter of the same Vorgang reopens the case that rests, and the grants go with the tasks.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use nachrichten::{
    InstanceId, Werte,
    ablaeufe::Ablaeufe,
    aufgaben::{Aufgabe, Aufgaben, Erledigung, MahnArt},
};
use serde_json::{Value, json};
use service_geschaeftsgang::{Options, spur::Op};
use service_platform::{audit, db::Db, vertretung::ALLE};
use service_platform_testkit::{postgres, sqlite};
use uuid::Uuid;

/// What `dokument` does at its end, for a letter of this Vorgang.
fn brief(titel: &str, vorgang: &str) -> Op {
    let werte = json!({
        "post": { "titel": titel, "aktenzeichen": "66.10-2026/1", "schluessel": format!("66.10-2026/1 {vorgang}"),
                  "amt": "66", "dokumentart": "schreiben", "absender": "Musterbau", "zugang": "2026-11-20",
                  "frist_art": null, "frist": null, "bearbeitung": "10AT", "nachricht_tage": 21,
                  "wiederaufnahme_tage": 90 },
        "eintrag": { "dokument": Uuid::from_u128(7) },
    });
    let variables: Werte = serde_json::from_value(werte).unwrap();
    Op::Message { name: "post.abgelegt".into(), key: Some(format!("66.10-2026/1 {vorgang}")), variables }
}

struct Welt {
    kern: kern::Kern,
}

kern::welt_ist_kern!();

impl Welt {
    async fn neu(db: &Db) -> Self {
        let betrieb: &[&str] = &["Betrieb"];
        let personen: [kern::Person; 5] = [
            ("anton", &["Amtsleitung-66"], betrieb),
            ("saba", &["Sachbearbeitung-66"], betrieb),
            ("sigi", &["Sachgebiet-66"], betrieb),
            ("hanna", &["Amtsleitung-10"], betrieb),
            ("doris", &["Dezernat"], betrieb),
        ];
        let kern = kern::Kern::neu(db, &personen, Options::default()).await;
        kern.ausliefern(&["eskalation", "irrlauf"], &["bearbeitung"]).await;
        Self { kern }
    }

    async fn at(&self, instant: &str) {
        self.um(instant);
        for _ in 0..4 {
            self.engine.spur(Op::Fire).await.unwrap();
        }
    }

    async fn list(&self, who: &str) -> Vec<Aufgabe> {
        self.offene(self.wer(who)).await
    }

    /// Titles with their element, as this person sees them.
    async fn sees(&self, who: &str) -> Vec<String> {
        self.list(who).await.into_iter().map(|a| format!("{} {}", a.element, a.titel)).collect()
    }

    async fn decide(&self, who: &str, element: &str, werte: Value) -> InstanceId {
        let task = self.list(who).await.into_iter().find(|a| a.element == element).unwrap();
        let werte: Werte = serde_json::from_value(werte).unwrap();
        let e = Erledigung { version: task.version, idempotency_key: Uuid::now_v7().to_string(), werte, fassung: None };
        self.engine.complete(self.wer(who), task.id, e).await.unwrap();
        task.ablauf
    }
}

async fn suite(db: &Db) {
    let w = Welt::neu(db).await;
    w.engine.spur(brief("Erster Brief", "v1")).await.unwrap();
    w.engine.spur(brief("Fremder Brief", "v2")).await.unwrap();
    assert_eq!(w.sees("anton").await, ["Zuteilung Erster Brief", "Zuteilung Fremder Brief"], "one case per letter");
    assert_eq!(w.sees("saba").await, [""; 0], "an office's post is not everybody's");

    // The head is away: the deputy allots, and both names stand in the course.
    w.vertritt(w.wer("sigi"), w.wer("anton"), ("2026-11-23", "2026-11-23"), ALLE, false).await;
    let allot = json!({ "entscheidung": "zuteilen", "gruppe": "Sachbearbeitung-66", "kenntnis": ["Sachgebiet-66"] });
    let first = w.decide("sigi", "Zuteilung", allot).await;
    let page = Ablaeufe::get(&w.engine, w.wer("sigi"), first).await.unwrap();
    let said = page.verlauf.iter().find(|s| s.ereignis == "erledigt" && s.element == "Zuteilung").unwrap();
    assert_eq!(said.text.as_deref(), Some("i. V. für anton · zuteilen"));
    assert_eq!(w.sees("saba").await, ["Bearbeitung Erster Brief"]);

    // Two persons of one group: who takes it has it.
    let task = w.list("saba").await.remove(0);
    w.engine.claim(w.wer("saba"), task.id, task.version).await.unwrap();
    // Ten working days and more go by: the Sachgebiet has it too, then the Amtsleitung.
    w.at("2026-12-08T08:00:00Z").await;
    assert!(w.sees("sigi").await.contains(&"Bearbeitung Erster Brief".to_owned()));
    w.at("2026-12-11T08:00:00Z").await;
    let late = w.list("anton").await.into_iter().find(|a| a.element == "Bearbeitung").unwrap();
    assert_eq!(late.mahnung.unwrap().art, MahnArt::Eskalation);
    // After three weeks somebody writes that it takes longer.
    w.at("2026-12-14T08:00:01Z").await;
    assert!(w.sees("saba").await.contains(&"Zwischennachricht Zwischennachricht: Erster Brief".to_owned()));
    w.decide("saba", "Zwischennachricht", json!({ "entscheidung": "verschickt" })).await;
    w.decide("sigi", "Verfuegung", json!({ "entscheidung": "erledigt" })).await;
    w.decide("saba", "Bearbeitung", json!({ "entscheidung": "zda", "bemerkung": "beantwortet" })).await;
    // The record keeper closes the Vorgang.
    let closed = Op::Complete { element: "ZuDenAkten".into(), variables: Werte::new() };
    w.engine.spur(closed).await.unwrap();
    assert_eq!(w.sees("saba").await, [""; 0]);
    assert_eq!(Ablaeufe::get(&w.engine, w.wer("sigi"), first).await.unwrap().stand, "aktiv", "it rests");

    // A letter of another Vorgang is its own case; one of this Vorgang comes back to who worked on it.
    w.engine.spur(brief("Dritter Vorgang", "v3")).await.unwrap();
    assert_eq!(w.sees("saba").await, [""; 0]);
    w.engine.spur(brief("Zweiter Brief", "v1")).await.unwrap();
    assert_eq!(w.sees("saba").await, ["Bearbeitung Zweiter Brief"]);
    assert_eq!(w.list("saba").await[0].ablauf, first);
    w.decide("saba", "Bearbeitung", json!({ "entscheidung": "zv" })).await;
    w.at("2027-03-15T08:00:00Z").await;
    assert_eq!(
        Ablaeufe::get(&w.engine, w.wer("sigi"), first).await.unwrap().stand,
        "beendet",
        "after the time of the table"
    );
    w.engine.spur(brief("Später Brief", "v1")).await.unwrap();
    assert!(w.sees("anton").await.contains(&"Zuteilung Später Brief".to_owned()), "a closed case stays closed");

    // Three offices send it back: the Hauptamt has it.
    for amt in ["40", "61", "63"] {
        let wrong = json!({ "entscheidung": "nicht_zustaendig", "amt": amt, "bemerkung": "nicht wir" });
        let who = w.personen.iter().map(|a| a.name.as_str());
        for k in who.clone() {
            if w.sees(k).await.iter().any(|t| t.contains("Fremder Brief")) {
                let task = w.list(k).await.into_iter().find(|a| a.titel == "Fremder Brief").unwrap();
                let werte: Werte = serde_json::from_value(wrong.clone()).unwrap();
                let e = Erledigung {
                    version: task.version,
                    idempotency_key: Uuid::now_v7().to_string(),
                    werte,
                    fassung: None,
                };
                w.engine.complete(w.wer(k), task.id, e).await.unwrap();
                break;
            }
        }
        // An office nobody heads here: the Dezernat has it at once.
        w.engine.spur(Op::Fire).await.unwrap();
    }
    assert_eq!(w.sees("hanna").await, ["Zuteilung Fremder Brief"]);
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
}
