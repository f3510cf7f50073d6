// SPDX-License-Identifier: EUPL-1.2
//! The paths of `wiedervorlage.bpmn`.

use nachrichten::wiedervorlage::{EINTRAGEN, Eintragen};

use crate::lauf::*;

fn vermerk(datum: &str, gruppe: Option<&str>, weiter: &str) -> Value {
    let person = gruppe.is_none().then_some("018f2c00-0000-7000-8000-000000000007");
    json!({ "id": sendung(), "datum": datum, "grund": "Antwort abwarten", "person": person, "gruppe": gruppe,
            "amt": "66", "titel": "Radweg", "href": "/dokumente/1", "weiter": weiter })
}

fn begin(gruppe: Option<&str>) -> Lauf {
    Lauf::start("wiedervorlage", json!({ "wiedervorlage": vermerk("2026-12-01", gruppe, "offen") }))
}

fn due(lauf: &Lauf) -> (u64, String) {
    let (timer, (_, at)) = lauf.timers.iter().next().unwrap();
    (*timer, at.to_string())
}

/// The day begins in Karlsruhe.
fn day_comes(lauf: &mut Lauf) {
    let (timer, at) = due(lauf);
    lauf.timers.remove(&timer);
    lauf.now = at.parse().unwrap();
    lauf.command(Command::FireTimer { timer });
    assert_eq!(lauf.waiting(), ["Aufgabe"]);
}

fn decide(lauf: &mut Lauf, values: Value, weiter: Value) -> Eintragen {
    lauf.decide("Aufgabe", "Kim", values);
    let e: Eintragen = lauf.input("Eintragen", EINTRAGEN);
    lauf.work("Eintragen", weiter);
    e
}

#[test]
fn the_task_comes_at_midnight_for_the_person() {
    let mut lauf = begin(None);
    assert_eq!((lauf.waiting(), due(&lauf).1.as_str()), (vec![], "2026-11-30T23:00:00Z"));
    day_comes(&mut lauf);
    let task = lauf.task("Aufgabe");
    assert_eq!((task.groups.len(), task.assignee.as_deref()), (0, Some("018f2c00-0000-7000-8000-000000000007")));
    assert_eq!((&*task.title, &task.data["grund"]), ("Wiedervorlage: Radweg", &json!("Antwort abwarten")));
    let e = decide(&mut lauf, json!({ "entscheidung": "erledigt" }), vermerk("2026-12-01", None, "erledigt"));
    assert_eq!((e.entscheidung.as_str(), e.datum, e.bemerkung), ("erledigt", None, None));
    lauf.ended_well();
}

#[test]
fn postponed_over_the_change_of_summer_time_it_still_comes_at_midnight() {
    let mut lauf = begin(Some("Sachbearbeitung-66"));
    day_comes(&mut lauf);
    assert_eq!(
        (&lauf.task("Aufgabe").groups[..], &lauf.task("Aufgabe").assignee),
        (&["Sachbearbeitung-66".to_owned()][..], &None)
    );
    let values = json!({ "entscheidung": "verschieben", "datum": "2027-04-01", "bemerkung": "Gericht" });
    let e = decide(&mut lauf, values, vermerk("2027-04-01", Some("Sachbearbeitung-66"), "offen"));
    assert_eq!(e.datum.unwrap().to_string(), "2027-04-01");
    assert_eq!((lauf.waiting(), due(&lauf).1.as_str()), (vec![], "2027-03-31T22:00:00Z"));
    day_comes(&mut lauf);
}

#[test]
fn forwarded_it_waits_at_once_for_the_others_and_may_be_dropped() {
    let mut lauf = begin(None);
    day_comes(&mut lauf);
    let values = json!({ "entscheidung": "weiterleiten", "gruppe": "Amtsleitung-66", "bemerkung": "zuständig" });
    decide(&mut lauf, values, vermerk("2026-12-01", Some("Amtsleitung-66"), "faellig"));
    assert_eq!(lauf.task("Aufgabe").groups, ["Amtsleitung-66"]);
    decide(&mut lauf, json!({ "entscheidung": "absagen", "bemerkung": "x" }), vermerk("2026-12-01", None, "abgesagt"));
    lauf.ended_well();
}
