// SPDX-License-Identifier: EUPL-1.2
//! The paths of `umlauf.bpmn`: sequence, side by side, stages; every finish rule; a changed document; the written
//! procedure of the council.

use crate::{lauf::*, tabellen::beschlusswesen};

const DOKUMENT: &str = "018f2c00-0000-7000-8000-000000000009";

/// Positions as `(stage, group)`; the number is the place in the list.
fn begin(regel: &str, stellen: &[(u32, &str)]) -> Lauf {
    let laufweg: Vec<Value> = stellen
        .iter()
        .enumerate()
        .map(|(i, (stufe, gruppe))| json!({ "nr": i + 1, "stufe": stufe, "gruppe": gruppe, "person": null, "name": gruppe, "verfuegung": "mitzeichnung", "stand": "zukuenftig" }))
        .collect();
    let umlauf = json!({ "dokument": DOKUMENT, "fassung": "alt", "titel": "Satzung", "text": "Bitte zeichnen.", "frist": null,
        "regel": regel, "von": "Kim Beispiel", "person": "p1", "amt": "61" });
    Lauf::start_with(beschlusswesen(), "umlauf", json!({ "umlauf": umlauf, "laufweg": laufweg }))
}

fn asked(lauf: &Lauf) -> Vec<String> {
    assert!(lauf.incidents.is_empty(), "{:?}", lauf.incidents);
    let mut all: Vec<String> = lauf.tasks.values().flat_map(|t| t.groups.clone()).collect();
    all.sort();
    all
}

fn signs(lauf: &mut Lauf, group: &str, decision: &str) {
    lauf.decide_for(
        "Zeichnung",
        group,
        &format!("{group}-Person"),
        json!({ "entscheidung": decision, "bemerkung": format!("Grund {group}") }),
    );
}

fn stands(lauf: &Lauf) -> Vec<(u64, String)> {
    let list = lauf.variable("laufweg");
    let of = |p: &Value| (p["nr"].as_u64().unwrap(), p["stand"].as_str().unwrap().to_owned());
    list.as_array().unwrap().iter().map(of).collect()
}

/// The log is filed, and who began it is told.
fn told(lauf: &mut Lauf, ergebnis: &str) {
    let step = if ergebnis == "zurueckgezogen" { "RueckzugProtokollieren" } else { "Protokollieren" };
    let (_, typ, log) = &lauf.jobs[&lauf.job(step)];
    assert_eq!(
        (typ.as_str(), &log["ergebnis"], &log["dokument"]),
        (akten::LAUFPROTOKOLL, &json!(ergebnis), &json!(DOKUMENT))
    );
    assert_eq!(log["positionen"], lauf.variable("laufweg"), "everybody, also who was passed over");
    lauf.work(step, json!({ "dokument": DOKUMENT }));
    let (name, _, message) = lauf.thrown.last().unwrap();
    assert_eq!((name.as_str(), &message["mitteilung"]["person"]), ("umlauf.beendet", &json!("p1")));
    assert_eq!(
        (&message["mitteilung"]["ergebnis"], &message["eintrag"]["dokument"]),
        (&json!(ergebnis), &json!(DOKUMENT))
    );
}

fn ended(lauf: &mut Lauf, ergebnis: &str) {
    if lauf.ended.is_none() {
        told(lauf, ergebnis);
    }
    lauf.ended_well();
    assert_eq!(lauf.variable("ergebnis"), ergebnis);
    assert!(lauf.abos.is_empty(), "{:?}", lauf.abos);
}

#[test]
fn stages_come_one_after_the_other_and_one_stage_side_by_side() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B"), (2, "C"), (3, "D")]);
    assert_eq!(asked(&lauf), ["A"]);
    let task = lauf.task("Zeichnung");
    assert_eq!(
        (task.signs.as_deref(), &task.data["position"], &*task.title),
        (Some("dokument"), &json!(1), "Umlauf: Satzung")
    );
    signs(&mut lauf, "A", "gezeichnet");
    assert_eq!(asked(&lauf), ["B", "C"]);
    signs(&mut lauf, "C", "kenntnis_genommen");
    assert_eq!(asked(&lauf), ["B"], "the stage waits for both");
    signs(&mut lauf, "B", "gezeichnet");
    assert_eq!(asked(&lauf), ["D"]);
    signs(&mut lauf, "D", "gezeichnet");
    ended(&mut lauf, "angenommen");
    let first = &lauf.variable("laufweg")[0];
    assert_eq!(
        (&first["stand"], &first["entscheidung"], &first["von"], &first["zeit"]),
        (&json!("erledigt"), &json!("gezeichnet"), &json!("A-Person"), &json!(NOW))
    );
}

#[test]
fn everybody_is_asked_and_one_no_refuses() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B")]);
    signs(&mut lauf, "A", "abgelehnt");
    assert_eq!(asked(&lauf), ["B"], "the others are still asked");
    signs(&mut lauf, "B", "gezeichnet");
    ended(&mut lauf, "abgelehnt");
}

#[test]
fn the_first_no_ends_it_at_once_and_the_rest_stays_visible() {
    let mut lauf = begin("erstes_nein", &[(1, "A"), (1, "B"), (2, "C")]);
    signs(&mut lauf, "B", "abgelehnt");
    ended(&mut lauf, "abgelehnt");
    assert_eq!(stands(&lauf), [(1, "uebersprungen".into()), (2, "erledigt".into()), (3, "uebersprungen".into())]);
}

#[test]
fn a_majority_is_enough_and_half_is_none() {
    let mut lauf = begin("mehrheit", &[(1, "A"), (1, "B"), (1, "C"), (1, "D"), (1, "E")]);
    for group in ["A", "B"] {
        signs(&mut lauf, group, "gezeichnet");
    }
    assert_eq!(asked(&lauf), ["C", "D", "E"]);
    signs(&mut lauf, "E", "gezeichnet");
    ended(&mut lauf, "angenommen");

    let mut lauf = begin("mehrheit", &[(1, "A"), (1, "B"), (2, "C"), (2, "D")]);
    signs(&mut lauf, "A", "gezeichnet");
    signs(&mut lauf, "B", "abgelehnt");
    signs(&mut lauf, "C", "abgelehnt");
    ended(&mut lauf, "abgelehnt");
}

#[test]
fn a_changed_document_voids_what_was_signed_and_asks_again() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B"), (3, "C")]);
    signs(&mut lauf, "A", "gezeichnet");
    assert_eq!(asked(&lauf), ["B"]);
    assert!(lauf.abos.values().any(|m| *m == ("Dokument geändert".into(), Some(DOKUMENT.into()))));
    lauf.message("Dokument geändert", json!({ "fassung": "neu" }));
    assert_eq!(asked(&lauf), ["A"], "from the first one again");
    assert_eq!(lauf.variable("umlauf")["fassung"], "neu");
    for group in ["A", "B"] {
        signs(&mut lauf, group, "gezeichnet");
    }
    lauf.message("Dokument geändert", json!({ "fassung": "noch neuer" }));
    for group in ["A", "B", "C"] {
        signs(&mut lauf, group, "gezeichnet");
    }
    ended(&mut lauf, "angenommen");
}

#[test]
fn a_wish_for_change_goes_to_who_began_it() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B")]);
    signs(&mut lauf, "A", "mit_aenderung");
    let task = lauf.task("Aenderung");
    assert_eq!((task.assignee.as_deref(), &task.data["grund"]), (Some("p1"), &json!("A-Person: Grund A")));
    lauf.decide("Aenderung", "Kim", json!({ "entscheidung": "nicht_uebernommen", "bemerkung": "steht schon da" }));
    assert_eq!(asked(&lauf), ["B"]);

    // Or the change is made: the new version itself ends the task and A signs again.
    let mut lauf = begin("alle", &[(1, "A"), (2, "B")]);
    signs(&mut lauf, "A", "mit_aenderung");
    lauf.message("Dokument geändert", json!({ "fassung": "neu" }));
    assert_eq!((asked(&lauf), lauf.waiting()), (vec!["A".to_owned()], vec!["Zeichnung"]));
}

#[test]
fn an_inserted_position_is_asked_in_its_turn_and_a_removed_one_is_not() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B"), (3, "C")]);
    let mut laufweg = lauf.variable("laufweg");
    let list = laufweg.as_array_mut().unwrap();
    list.push(json!({ "nr": 4, "stufe": 2, "gruppe": "N", "person": null, "name": "N", "verfuegung": "mitzeichnung", "stand": "zukuenftig" }));
    list[2]["stand"] = "uebersprungen".into();
    list[2]["entfernt"] = true.into();
    lauf.command(Command::SetVariables {
        scope: ElementInstanceId(0),
        variables: object(json!({ "laufweg": laufweg })),
    });
    signs(&mut lauf, "A", "gezeichnet");
    assert_eq!(asked(&lauf), ["B", "N"]);
    lauf.message("Dokument geändert", json!({ "fassung": "neu" }));
    signs(&mut lauf, "A", "gezeichnet");
    for group in ["B", "N"] {
        signs(&mut lauf, group, "gezeichnet");
    }
    ended(&mut lauf, "angenommen");
    assert_eq!(stands(&lauf)[2], (3, "uebersprungen".into()), "who was taken out is not asked by a new version either");
}

#[test]
fn the_council_in_writing_one_objection_puts_it_on_the_agenda() {
    let mut lauf = begin("schriftlich", &[(1, "A"), (1, "B"), (1, "C")]);
    assert_eq!(asked(&lauf), ["A", "B", "C"]);
    lauf.decide_for("Widerspruch", "A", "Alma", json!({ "entscheidung": "kein_widerspruch" }));
    lauf.decide_for("Widerspruch", "B", "Bert", json!({ "entscheidung": "widerspruch", "bemerkung": "nicht einfach" }));
    told(&mut lauf, "tagesordnung");
    assert_eq!(lauf.waiting(), ["AufTagesordnung"]);
    assert_eq!(lauf.task("AufTagesordnung").data["grund"], "Bert: nicht einfach");
    lauf.decide("AufTagesordnung", "Malte", json!({ "entscheidung": "aufgesetzt", "sitzung": "2026-12-15" }));
    ended(&mut lauf, "tagesordnung");
}

#[test]
fn the_council_in_writing_is_adopted_when_nobody_objects_in_time() {
    let mut lauf = begin("schriftlich", &[(1, "A"), (1, "B")]);
    lauf.decide_for("Widerspruch", "A", "Alma", json!({ "entscheidung": "kein_widerspruch" }));
    lauf.passes("WiderspruchFrist");
    ended(&mut lauf, "angenommen");

    let mut lauf = begin("schriftlich", &[(1, "A"), (1, "B")]);
    for group in ["A", "B"] {
        lauf.decide_for("Widerspruch", group, group, json!({ "entscheidung": "kein_widerspruch" }));
    }
    ended(&mut lauf, "angenommen");

    // Another text is another matter: everybody is asked again.
    let mut lauf = begin("schriftlich", &[(1, "A"), (1, "B")]);
    lauf.decide_for("Widerspruch", "A", "Alma", json!({ "entscheidung": "kein_widerspruch" }));
    lauf.message("Dokument geändert", json!({ "fassung": "neu" }));
    assert_eq!(asked(&lauf), ["A", "B"]);
}

#[test]
fn it_can_be_withdrawn_at_any_time() {
    let mut lauf = begin("alle", &[(1, "A"), (2, "B")]);
    signs(&mut lauf, "A", "gezeichnet");
    lauf.message("Zurückziehen", json!({ "grund": "überholt" }));
    ended(&mut lauf, "zurueckgezogen");
    assert_eq!(stands(&lauf), [(1, "erledigt".into()), (2, "uebersprungen".into())]);
}

#[test]
fn who_began_it_has_the_result_as_a_task() {
    let told = |person: Value| {
        let start = json!({ "mitteilung": { "titel": "Satzung", "ergebnis": "abgelehnt", "person": person, "amt": "61",
            "ablehnungen": "B-Person: zu teuer" }, "eintrag": { "dokument": DOKUMENT } });
        Lauf::start_at(beschlusswesen(), "umlauf_ergebnis", Some("UmlaufIstZuEnde"), start)
    };
    let mut lauf = told(json!("p1"));
    let task = lauf.task("ErgebnisSehen");
    assert_eq!((task.assignee.as_deref(), &*task.title), (Some("p1"), "Umlauf beendet: Satzung"));
    assert_eq!(task.data["grund"], "Der Umlauf ist abgelehnt. B-Person: zu teuer");
    lauf.decide("ErgebnisSehen", "Kim", json!({ "entscheidung": "gesehen" }));
    lauf.ended_well();
    assert_eq!(told(Value::Null).task("ErgebnisSehen").groups, ["Amtsleitung-61"], "begun by a process");
}
