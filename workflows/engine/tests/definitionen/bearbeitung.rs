// SPDX-License-Identifier: EUPL-1.2
//! The paths of `bearbeitung.bpmn`: post in an office, from allotting to the closing order and back.

use std::sync::Arc;

use engine::Tables;
use nachrichten::hinweise::{SOFORT, Sofort, SofortErgebnis};

use crate::lauf::*;

fn post(frist: Option<&str>) -> Value {
    json!({
        "eintrag": { "dokument": eintrag(TeilArt::Digital).dokument },
        "post": { "titel": "Aufgrabung", "aktenzeichen": "66.10-2026/1", "schluessel": "66.10-2026/1 v", "amt": "66",
                  "dokumentart": "schreiben", "absender": "Musterbau GmbH", "zugang": "2026-11-20",
                  "frist_art": frist.map(|_| "recht"), "frist": frist, "bearbeitung": "10AT", "nachricht_tage": 21,
                  "wiederaufnahme_tage": 90 },
    })
}

fn begin(frist: Option<&str>) -> Lauf {
    let path = format!("{}/../tabellen/irrlauf.dmn", env!("CARGO_MANIFEST_DIR"));
    let table = Tables::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    Lauf::start_at(Arc::new(table), "bearbeitung", Some("PostAbgelegt"), post(frist))
}

fn allot(lauf: &mut Lauf, more: Value) {
    let mut values = json!({ "entscheidung": "zuteilen", "gruppe": "Sachbearbeitung-66" });
    values.as_object_mut().unwrap().extend(object(more));
    lauf.decide("Zuteilung", "Chef", values);
}

fn finish(lauf: &mut Lauf, decision: &str) {
    lauf.decide("Bearbeitung", "Kim", json!({ "entscheidung": decision }));
    if decision == "zda" {
        let job: akten::Zda = lauf.input("ZuDenAkten", akten::ZDA);
        assert_eq!(job.dokument, eintrag(TeilArt::Digital).dokument);
        assert!(job.von.is_some() && job.wiederaufnahme_bis.unwrap().to_string().as_str() > "2027-02-20");
        lauf.work("ZuDenAkten", akten::ZdaErledigt { vorgang: None, geschlossen: true });
    }
}

#[test]
fn the_office_allots_the_person_works_and_closes() {
    let mut lauf = begin(None);
    assert_eq!((&lauf.task("Zuteilung").groups[..], lauf.waiting().len()), (&["Amtsleitung-66".to_owned()][..], 1));
    allot(&mut lauf, json!({}));
    let task = lauf.task("Bearbeitung");
    assert_eq!(
        (&*task.groups[0], &*task.title, &task.data["absender"]),
        ("Sachbearbeitung-66", "Aufgrabung", &json!("Musterbau GmbH"))
    );
    assert_eq!(task.due.unwrap().to_string(), "2026-12-06T23:00:00Z", "ten working days");
    finish(&mut lauf, "zda");
    // It rests; after the time of the table it is over.
    assert_eq!((lauf.waiting(), lauf.ended.is_none()), (vec![], true));
    let (_, due) = lauf.timers.values().find(|t| t.0 == "TagDa").unwrap().clone();
    assert_eq!(due.to_string(), "2027-02-20T23:00:00Z");
    lauf.passes("TagDa");
    lauf.ended_well();
}

#[test]
fn each_recipient_has_an_order_and_all_are_waited_for() {
    let mut lauf = begin(None);
    allot(
        &mut lauf,
        json!({ "kenntnis": ["Amtsleitung-61", "OB"], "mitzeichnung": ["Mitzeichnung-30"], "ruecksprache": ["Dezernat"] }),
    );
    assert_eq!(lauf.waiting(), ["Bearbeitung", "Verfuegung", "Verfuegung", "Verfuegung", "Verfuegung"]);
    let mut orders: Vec<_> = lauf
        .tasks
        .values()
        .filter(|t| &*t.element == "Verfuegung")
        .map(|t| (t.groups[0].as_str(), t.title.as_str()))
        .collect();
    orders.sort_unstable();
    assert_eq!(
        orders,
        [
            ("Amtsleitung-61", "zur Kenntnis: Aufgrabung"),
            ("Dezernat", "Rücksprache: Aufgrabung"),
            ("Mitzeichnung-30", "zur Mitzeichnung: Aufgrabung"),
            ("OB", "zur Kenntnis: Aufgrabung")
        ]
    );
    finish(&mut lauf, "zv");
    for _ in 0..4 {
        assert!(lauf.subscriptions.is_empty(), "closed only when all are done");
        lauf.decide("Verfuegung", "Pat", json!({ "entscheidung": "erledigt" }));
    }
    assert_eq!(
        lauf.subscriptions.values().next().unwrap(),
        &("NeuePost".to_owned(), Some("66.10-2026/1 v".to_owned()))
    );
}

#[test]
fn three_times_the_wrong_office_then_the_hauptamt() {
    let mut lauf = begin(None);
    let wrong = |amt: &str| json!({ "entscheidung": "nicht_zustaendig", "amt": amt, "bemerkung": "nicht wir" });
    lauf.decide("Zuteilung", "Chef", wrong("61"));
    assert_eq!(
        (&*lauf.task("Zuteilung").groups[0], &lauf.task("Zuteilung").data["grund"]),
        ("Amtsleitung-61", &json!("nicht wir"))
    );
    // The second return comes from the clerk; orders to others are withdrawn with it.
    allot(&mut lauf, json!({ "kenntnis": ["OB"] }));
    lauf.decide("Bearbeitung", "Kim", wrong("40"));
    assert_eq!(lauf.waiting(), ["Zuteilung"]);
    assert_eq!(lauf.task("Zuteilung").groups, ["Amtsleitung-40"]);
    assert!(lauf.timers.is_empty());
    lauf.decide("Zuteilung", "Chef", wrong("63"));
    assert_eq!(lauf.task("Zuteilung").groups, ["Amtsleitung-10"], "not the office that was named");
    lauf.decide("Zuteilung", "Chef", wrong("63"));
    assert_eq!(lauf.task("Zuteilung").groups, ["Amtsleitung-10"]);
    allot(&mut lauf, json!({}));
    assert_eq!(lauf.waiting(), ["Bearbeitung"]);
}

#[test]
fn a_long_case_writes_in_between_and_a_legal_term_is_told_at_once() {
    let mut lauf = begin(Some("2027-01-15"));
    allot(&mut lauf, json!({}));
    assert_eq!(
        (lauf.task("Bearbeitung").due.unwrap().to_string(), &lauf.task("Bearbeitung").data["frist_art"]),
        ("2027-01-14T23:00:00Z".to_owned(), &json!("recht"))
    );
    lauf.passes("NachTagen");
    assert_eq!(lauf.waiting(), ["Bearbeitung", "Zwischennachricht"], "the work goes on");
    lauf.decide("Zwischennachricht", "Kim", json!({ "entscheidung": "verschickt" }));
    lauf.passes("FristEndet");
    assert_eq!(lauf.now.to_string(), "2027-01-14T23:00:00Z");
    let told: Sofort = lauf.input("SofortHinweis", SOFORT);
    assert_eq!((told.aufgaben_von, told.grund.contains("Frist")), (vec!["Bearbeitung".to_owned()], true));
    lauf.work("SofortHinweis", SofortErgebnis { mails: 2 });
    finish(&mut lauf, "zda");
    assert!(lauf.timers.values().all(|t| t.0 == "TagDa"), "its timers are gone: {:?}", lauf.timers);
}

#[test]
fn passed_on_put_back_and_reopened_by_new_post() {
    let mut lauf = begin(None);
    allot(&mut lauf, json!({ "kenntnis": ["OB"] }));
    lauf.decide("Verfuegung", "OB", json!({ "entscheidung": "erledigt" }));
    lauf.decide(
        "Bearbeitung",
        "Kim",
        json!({ "entscheidung": "zwv", "gruppe": "Feststellung-66", "bemerkung": "zahlen" }),
    );
    assert_eq!(lauf.task("Bearbeitung").groups, ["Feststellung-66"]);
    lauf.decide("Bearbeitung", "Pat", json!({ "entscheidung": "wv", "datum": "2026-12-15", "bemerkung": "Antwort" }));
    lauf.passes("TagDa");
    assert_eq!(lauf.now.to_string(), "2026-12-14T23:00:00Z");
    assert_eq!(lauf.waiting(), ["Bearbeitung"], "back at the same place, and nobody else is asked again");
    assert_eq!(lauf.task("Bearbeitung").groups, ["Feststellung-66"]);
    finish(&mut lauf, "zda");
    let mut neu = post(None);
    neu["post"]["titel"] = "Zweiter Brief".into();
    lauf.message_at("NeuePost", neu);
    assert_eq!((lauf.waiting(), &*lauf.task("Bearbeitung").title), (vec!["Bearbeitung"], "Zweiter Brief"));
    finish(&mut lauf, "zda");
    lauf.passes("TagDa");
    lauf.ended_well();
}

#[test]
fn an_unknown_button_stops() {
    let mut lauf = begin(None);
    allot(&mut lauf, json!({}));
    finish(&mut lauf, "vielleicht");
    assert_eq!(lauf.incidents.len(), 1);
}
