// SPDX-License-Identifier: EUPL-1.2
//! The paths of `beschlussvorlage.bpmn`.

use crate::{lauf::*, tabellen::beschlusswesen};

fn begin(finanziell: Value) -> Lauf {
    let vorlage = json!({ "titel": "Neubau Radweg", "text": "Der Gemeinderat beschließt …", "sichtbarkeit": "oeffentlich",
        "aemter": ["61", "66"], "finanziell": finanziell, "von": "Kim Beispiel", "amt": "61" });
    Lauf::start_with(beschlusswesen(), "beschlussvorlage", json!({ "vorlage": vorlage }))
}

fn released(finanziell: Value) -> Lauf {
    let mut lauf = begin(finanziell);
    assert_eq!(lauf.waiting(), ["Amtsleitung"]);
    assert_eq!(
        (&lauf.task("Amtsleitung").groups[..], &*lauf.task("Amtsleitung").title),
        (&["Amtsleitung-61".to_owned()][..], "Vorlage: Neubau Radweg")
    );
    lauf.decide("Amtsleitung", "Pat", json!({ "entscheidung": "mitzeichnen" }));
    lauf
}

fn groups(lauf: &Lauf) -> Vec<&str> {
    let mut all: Vec<&str> = lauf.tasks.values().flat_map(|t| &t.groups).map(String::as_str).collect();
    all.sort_unstable();
    all
}

fn sign(lauf: &mut Lauf, decisions: &[&str]) {
    for (i, decision) in decisions.iter().enumerate() {
        lauf.decide(
            "Mitzeichnung",
            &format!("Person {i}"),
            json!({ "entscheidung": decision, "bemerkung": format!("Grund {i}") }),
        );
    }
}

#[test]
fn every_office_signs_then_dezernat_then_ob() {
    let mut lauf = released(json!("1000.00"));
    assert_eq!(
        groups(&lauf),
        ["Mitzeichnung-20", "Mitzeichnung-61", "Mitzeichnung-66"],
        "money always asks the treasury"
    );
    sign(&mut lauf, &["mitzeichnen", "mit_hinweis"]);
    assert_eq!(lauf.waiting(), ["Mitzeichnung"], "silence is no consent");
    sign(&mut lauf, &["mitzeichnen"]);
    assert_eq!(
        (&lauf.task("Dezernat").groups[..], &lauf.task("Dezernat").data["hinweise"]),
        (&["Dezernat".to_owned()][..], &json!(1))
    );
    lauf.decide("Dezernat", "Dana", json!({ "entscheidung": "zeichnen" }));
    assert_eq!(lauf.task("ObFreigabe").groups, ["OB"]);
    lauf.decide("ObFreigabe", "Robin", json!({ "entscheidung": "freigeben" }));
    let input: Value = lauf.input("VorlageAblegen", "akten.vorlage_ablegen.v1");
    assert_eq!(input["vorlage"]["titel"], "Neubau Radweg");
    let log = &input["protokoll"];
    assert_eq!(
        (
            &log["amtsleitung"]["person"]["name"],
            &log["dezernat"]["person"]["name"],
            &log["ob_freigabe"]["person"]["name"]
        ),
        (&json!("Pat"), &json!("Dana"), &json!("Robin"))
    );
    let signed: Vec<_> = log["mitzeichnungen"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["amt"].as_str().unwrap(), m["entscheidung"].as_str().unwrap()))
        .collect();
    assert_eq!(signed, [("61", "mitzeichnen"), ("66", "mit_hinweis"), ("20", "mitzeichnen")]);
    assert_eq!(log["mitzeichnungen"][0]["zeit"], NOW);
    lauf.work("VorlageAblegen", abgelegt());
    lauf.ended_well();
}

#[test]
fn without_money_only_the_chosen_offices_sign() {
    assert_eq!(groups(&released(Value::Null)), ["Mitzeichnung-61", "Mitzeichnung-66"]);
    assert_eq!(groups(&released(json!(false))), ["Mitzeichnung-61", "Mitzeichnung-66"]);
}

#[test]
fn one_refusal_starts_a_new_round_with_the_new_text() {
    let mut lauf = released(Value::Null);
    sign(&mut lauf, &["mitzeichnen", "ablehnen"]);
    let task = lauf.task("Ueberarbeitung");
    assert_eq!((&task.groups[..], &task.data["grund"]), (&["Amtsleitung-61".to_owned()][..], &json!("Grund 1")));
    lauf.decide(
        "Ueberarbeitung",
        "Kim",
        json!({ "entscheidung": "senden", "titel": "Neubau Radweg Süd", "text": "neu",
        "sichtbarkeit": "oeffentlich", "aemter": ["66"], "finanziell": "5.00" }),
    );
    assert_eq!(lauf.task("Amtsleitung").title, "Vorlage: Neubau Radweg Süd");
    lauf.decide("Amtsleitung", "Pat", json!({ "entscheidung": "mit_hinweis", "bemerkung": "eilt" }));
    assert_eq!(groups(&lauf), ["Mitzeichnung-20", "Mitzeichnung-66"]);
    assert_eq!(lauf.state.variables()["vorlage"]["von"], "Kim Beispiel");
}

#[test]
fn every_step_can_give_it_back_with_its_reason() {
    let mut lauf = begin(Value::Null);
    lauf.decide("Amtsleitung", "Pat", json!({ "entscheidung": "zurueckgeben", "bemerkung": "unklar" }));
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "unklar");

    let mut lauf = released(Value::Null);
    sign(&mut lauf, &["zurueckgeben", "mitzeichnen"]);
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "Grund 0");

    let mut lauf = released(Value::Null);
    sign(&mut lauf, &["mitzeichnen", "mitzeichnen"]);
    lauf.decide("Dezernat", "Dana", json!({ "entscheidung": "zurueckgeben", "bemerkung": "zu lang" }));
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "zu lang");

    let mut lauf = released(Value::Null);
    sign(&mut lauf, &["mitzeichnen", "mitzeichnen"]);
    lauf.decide("Dezernat", "Dana", json!({ "entscheidung": "zeichnen" }));
    lauf.decide("ObFreigabe", "Robin", json!({ "entscheidung": "zurueckgeben", "bemerkung": "später" }));
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "später");
    lauf.decide("Ueberarbeitung", "Kim", json!({ "entscheidung": "zurueckziehen", "bemerkung": "erledigt" }));
    lauf.ended_well();
}

#[test]
fn a_late_signature_is_remembered_and_still_awaited() {
    let mut lauf = released(Value::Null);
    let (&timer, (element, due)) = lauf.timers.iter().next().unwrap();
    assert_eq!((element.as_str(), due.to_string().as_str()), ("MitzeichnungFrist", "2026-11-30T07:00:00Z"));
    lauf.now = *due;
    lauf.timers.remove(&timer);
    lauf.command(Command::FireTimer { timer });
    assert_eq!(lauf.waiting(), ["Mitzeichnung", "Mitzeichnung"]);
    assert!(lauf.state.variables().contains_key("mitzeichnung_erinnerung"));
    sign(&mut lauf, &["mitzeichnen", "mitzeichnen"]);
    assert_eq!(lauf.waiting(), ["Dezernat"]);
}
