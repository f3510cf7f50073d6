// SPDX-License-Identifier: EUPL-1.2
//! `beschlussvorlage.bpmn` beyond the usual signatures: conditions, Personalrat, the bodies of the Beratungsfolge, the
//! vote, the mayor's objection and the control of what was decided; `niederschrift.bpmn`.

use crate::{lauf::*, tabellen::beschlusswesen};

fn vorlage(more: Value) -> Value {
    let mut vorlage = json!({ "titel": "Neubau Radweg", "text": "Der Gemeinderat beschließt den Radweg.", "sichtbarkeit": "oeffentlich",
        "aemter": ["61", "66"], "finanziell": null, "von": "Kim Beispiel", "amt": "61" });
    vorlage.as_object_mut().unwrap().extend(object(more));
    vorlage
}

fn begin(more: Value) -> Lauf {
    Lauf::start_with(beschlusswesen(), "beschlussvorlage", json!({ "vorlage": vorlage(more) }))
}

fn ja(lauf: &mut Lauf, element: &str, entscheidung: &str) {
    lauf.decide(element, element, json!({ "entscheidung": entscheidung, "bemerkung": format!("Grund {element}") }));
}

fn office(lauf: &mut Lauf, amt: &str, entscheidung: &str) {
    let values = json!({ "entscheidung": entscheidung, "bemerkung": format!("Grund {amt}") });
    lauf.decide_for("Mitzeichnung", &format!("Mitzeichnung-{amt}"), amt, values);
}

/// Released by everybody and filed; waits for the first agenda.
fn in_gremien(more: Value) -> Lauf {
    let mut lauf = begin(more);
    ja(&mut lauf, "Amtsleitung", "mitzeichnen");
    office(&mut lauf, "61", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    ja(&mut lauf, "Dezernat", "zeichnen");
    ja(&mut lauf, "ObFreigabe", "freigeben");
    lauf.work("VorlageAblegen", abgelegt());
    lauf
}

fn station(gremium: &str, rolle: &str, termin: Option<&str>) -> Value {
    json!({ "gremium": gremium, "rolle": rolle, "termin": termin })
}

fn rat() -> Value {
    json!({ "beratungsfolge": [station("Gemeinderat", "entscheidung", Some("2026-12-15"))] })
}

/// From the agenda into the room, on that day.
fn to_session(lauf: &mut Lauf, termin: &str) {
    lauf.decide("Tagesordnung", "Malte", json!({ "entscheidung": "aufsetzen", "termin": termin }));
    lauf.passes("VersandBeginn");
    ja(lauf, "Versand", "versendet");
    lauf.passes("Sitzungstag");
    assert_eq!(lauf.now.tag().to_string(), termin);
}

fn present(lauf: &mut Lauf, mitglieder: i64, anwesend: i64, befangene: &[&str], antraege: Value) {
    let befangene: Vec<Value> = befangene.iter().map(|n| json!({ "name": n, "grund": "Eigentümerin" })).collect();
    lauf.decide("Befangenheit", "Malte", json!({ "entscheidung": "weiter", "mitglieder": mitglieder, "anwesend": anwesend, "befangene": befangene, "antraege": antraege }));
}

fn vote(lauf: &mut Lauf, element: &str, ja: i64, nein: i64, enthaltungen: i64) {
    lauf.decide(
        element,
        "Malte",
        json!({ "entscheidung": "abgestimmt", "ja": ja, "nein": nein, "enthaltungen": enthaltungen }),
    );
}

/// The minutes run beside it.
fn minutes(lauf: &mut Lauf) {
    lauf.called_ended("niederschrift");
}

fn last(lauf: &Lauf) -> (String, String) {
    let b = lauf.variable("beratungen").as_array().unwrap().last().unwrap().clone();
    let text = |k: &str| b[k].as_str().unwrap_or_default().to_owned();
    (text("gremium"), text("ergebnis"))
}

#[test]
fn from_the_draft_to_the_last_report_of_its_execution() {
    let mut lauf = in_gremien(json!({ "beratungsfolge": [
        station("Ortschaftsrat", "anhoerung", None), station("Bauausschuss", "vorberatung", Some("2026-12-08")),
        station("Gemeinderat", "entscheidung", Some("2026-12-15"))] }));
    assert_eq!(
        (&lauf.task("Tagesordnung").groups[..], &*lauf.task("Tagesordnung").title),
        (&["Geschaeftsstelle".to_owned()][..], "Tagesordnung Ortschaftsrat: Neubau Radweg")
    );
    to_session(&mut lauf, "2026-12-04");
    present(&mut lauf, 12, 10, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 3, 7, 0);
    assert_eq!(last(&lauf), ("Ortschaftsrat".into(), "abgelehnt".into()));
    assert_eq!(lauf.waiting(), ["Tagesordnung", "niederschrift"], "a hearing only recommends; its minutes run beside");
    minutes(&mut lauf);
    to_session(&mut lauf, "2026-12-08");
    present(
        &mut lauf,
        14,
        14,
        &[],
        json!([{ "text": "Breite 3 m", "von": "Fraktion A" }, { "text": "Ohne Licht", "von": "Fraktion B" }]),
    );
    assert_eq!(lauf.task("Aenderungsantrag").data["antrag"], "Breite 3 m");
    vote(&mut lauf, "Aenderungsantrag", 9, 4, 1);
    vote(&mut lauf, "Aenderungsantrag", 7, 7, 0);
    assert_eq!(
        lauf.task("Abstimmung").data["angenommene_aenderungen"],
        "Breite 3 m",
        "a tie does not carry an amendment"
    );
    lauf.decide("Abstimmung", "Malte", json!({ "entscheidung": "abgestimmt", "ja": 12, "nein": 2, "enthaltungen": 0, "beschlusstext": "Radweg, 3 m breit." }));
    assert_eq!(last(&lauf), ("Bauausschuss".into(), "geaendert".into()));
    minutes(&mut lauf);
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &["Alma Beispiel", "Bert Beispiel"], Value::Null);
    vote(&mut lauf, "Abstimmung", 30, 8, 0);
    assert_eq!(last(&lauf), ("Gemeinderat".into(), "zustimmend".into()));
    let befangene = lauf.variable("beratungen")[2]["befangene"].clone();
    assert_eq!(befangene[0], json!({ "name": "Alma Beispiel", "grund": "Eigentümerin" }), "recorded per person");
    assert_eq!(lauf.waiting(), ["Veroeffentlichung", "WiderspruchPruefen", "niederschrift"]);
    let week = lauf.task("Veroeffentlichung").due.unwrap().tag().to_string();
    assert_eq!(
        (week.as_str(), &*lauf.task("Veroeffentlichung").title),
        ("2026-12-22", "Beschluss veröffentlichen: Neubau Radweg")
    );
    minutes(&mut lauf);
    assert_eq!(lauf.events, ["de.eakte.beschluss.gefasst.v1"], "others hear of it");
    ja(&mut lauf, "Veroeffentlichung", "bekannt_gemacht");
    ja(&mut lauf, "WiderspruchPruefen", "kein_widerspruch");
    assert_eq!(lauf.task("Ausfertigung").data["beschlusstext"], "Radweg, 3 m breit.");
    let teile = json!([{ "amt": "66", "text": "Bauen", "faellig": "2027-05-31" }, { "amt": "20", "text": "Mittel bereitstellen", "faellig": "2027-01-31" }]);
    lauf.decide("Ausfertigung", "Malte", json!({ "entscheidung": "ausgefertigt", "teilbeschluesse": teile }));
    let mut groups: Vec<&str> = lauf.tasks.values().flat_map(|t| &t.groups).map(String::as_str).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["Amtsleitung-20", "Amtsleitung-66"]);
    lauf.decide_for(
        "Umsetzung",
        "Amtsleitung-20",
        "Beate",
        json!({ "entscheidung": "erledigt", "bemerkung": "im Haushalt" }),
    );
    let later =
        json!({ "entscheidung": "wiedervorlegen", "wiedervorlage": "2027-04-01", "bemerkung": "Ausschreibung läuft" });
    lauf.decide_for("Umsetzung", "Amtsleitung-66", "Konrad", later);
    assert_eq!(lauf.waiting(), [""; 0]);
    lauf.passes("UmsetzungSpaeter");
    assert_eq!(lauf.task("Umsetzung").data["sachstand"], "Ausschreibung läuft");
    lauf.passes("Ueberfaellig");
    assert_eq!(lauf.waiting(), ["ObListe", "Umsetzung"], "overdue: on the mayor's list, and still to be done");
    ja(&mut lauf, "ObListe", "gesehen");
    lauf.decide("Umsetzung", "Konrad", json!({ "entscheidung": "erledigt", "bemerkung": "gebaut" }));
    let (_, _, input) = &lauf.jobs[&lauf.job("BeschlussAblegen")];
    assert_eq!(input["protokoll"]["beratungen"].as_array().unwrap().len(), 3);
    assert_eq!(input["protokoll"]["ausgefuehrt"][0]["sachstand"], "gebaut");
    lauf.work("BeschlussAblegen", abgelegt());
    lauf.ended_well();
}

#[test]
fn a_condition_is_answered_before_the_dezernat() {
    let massgabe = || {
        let mut lauf = begin(json!({}));
        ja(&mut lauf, "Amtsleitung", "mitzeichnen");
        office(&mut lauf, "66", "mit_massgabe");
        office(&mut lauf, "61", "mit_hinweis");
        assert_eq!(lauf.task("Massgaben").data["grund"], "Amt 66: Grund 66");
        lauf
    };
    let mut lauf = massgabe();
    ja(&mut lauf, "Massgaben", "nicht_uebernehmen");
    assert_eq!(
        (&lauf.task("Dezernat").data["massgaben"], &lauf.task("Dezernat").data["hinweise"]),
        (&json!(1), &json!(1))
    );

    let mut lauf = massgabe();
    ja(&mut lauf, "Massgaben", "uebernehmen");
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "Grund 66");
    // The change concerns office 66 only, and 20 because it costs money now: 61 has signed.
    lauf.decide(
        "Ueberarbeitung",
        "Kim",
        json!({ "entscheidung": "senden", "text": "neu", "betroffen": ["66"], "finanziell": "5.00" }),
    );
    ja(&mut lauf, "Amtsleitung", "mitzeichnen");
    let mut groups: Vec<&str> = lauf.tasks.values().flat_map(|t| &t.groups).map(String::as_str).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["Mitzeichnung-20", "Mitzeichnung-66"]);
    office(&mut lauf, "20", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    assert_eq!(lauf.waiting(), ["Dezernat"]);
    assert_eq!(lauf.variable("mitzeichnungen").as_array().unwrap().len(), 3);
}

#[test]
fn an_inserted_office_signs_after_the_others() {
    let mut lauf = begin(json!({}));
    ja(&mut lauf, "Amtsleitung", "mitzeichnen");
    let mut laufweg = lauf.variable("laufweg");
    laufweg.as_array_mut().unwrap().push(json!({ "nr": 3, "stufe": 2, "gruppe": "Mitzeichnung-30", "amt": "30", "person": null, "name": "Rechtsamt", "stand": "zukuenftig" }));
    lauf.command(Command::SetVariables {
        scope: ElementInstanceId(0),
        variables: object(json!({ "laufweg": laufweg })),
    });
    office(&mut lauf, "61", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    assert_eq!(lauf.task("Mitzeichnung").groups, ["Mitzeichnung-30"]);
    office(&mut lauf, "30", "mitzeichnen");
    assert_eq!(lauf.waiting(), ["Dezernat"]);
}

#[test]
fn staff_matters_ask_the_personalrat_and_a_refusal_goes_to_the_einigungsstelle() {
    let asked = |eilig: bool| {
        let mut lauf = begin(json!({ "personal": "mitbestimmung", "eilig": eilig }));
        ja(&mut lauf, "Amtsleitung", "mitzeichnen");
        lauf
    };
    assert_eq!(asked(true).task("Personalrat").due.unwrap().tag().to_string(), "2026-11-30");
    let mut lauf = asked(false);
    assert_eq!(lauf.task("Personalrat").due.unwrap().tag().to_string(), "2026-12-14");
    office(&mut lauf, "61", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    assert_eq!(lauf.waiting(), ["Personalrat"], "the Dezernat waits for the Personalrat");
    ja(&mut lauf, "Personalrat", "ablehnen");
    assert_eq!(lauf.waiting(), ["Einigungsstelle"]);
    ja(&mut lauf, "Einigungsstelle", "fortsetzen");
    assert_eq!(lauf.waiting(), ["Dezernat"]);

    let mut lauf = asked(false);
    ja(&mut lauf, "Personalrat", "ablehnen");
    ja(&mut lauf, "Einigungsstelle", "zurueckgeben");
    office(&mut lauf, "61", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    assert_eq!(lauf.task("Ueberarbeitung").data["grund"], "Grund Einigungsstelle");
}

#[test]
fn the_mayor_asks_the_conferences_and_may_hold_it() {
    let mut lauf = begin(json!({ "vorab": ["buergermeisterkonferenz", "it_kommission"] }));
    ja(&mut lauf, "Amtsleitung", "mitzeichnen");
    office(&mut lauf, "61", "mitzeichnen");
    office(&mut lauf, "66", "mitzeichnen");
    ja(&mut lauf, "Dezernat", "zeichnen");
    assert_eq!(lauf.waiting(), ["Buergermeisterkonferenz", "ItKommission"]);
    ja(&mut lauf, "ItKommission", "beraten");
    ja(&mut lauf, "Buergermeisterkonferenz", "beraten");
    lauf.decide(
        "ObFreigabe",
        "Thea",
        json!({ "entscheidung": "zurueckstellen", "wiedervorlage": "2027-01-11", "bemerkung": "nach dem Haushalt" }),
    );
    assert_eq!(lauf.waiting(), [""; 0]);
    lauf.passes("Zurueckgestellt");
    assert_eq!((lauf.waiting(), lauf.now.tag().to_string()), (vec!["ObFreigabe"], "2027-01-11".to_owned()));
    ja(&mut lauf, "ObFreigabe", "freigeben");
    lauf.work("VorlageAblegen", abgelegt());
    lauf.ended_well();
}

#[test]
fn dispatch_counts_backwards_from_the_session_and_late_means_nachtrag() {
    let mut lauf = in_gremien(rat());
    lauf.decide(
        "Tagesordnung",
        "Malte",
        json!({ "entscheidung": "zurueckstellen", "wiedervorlage": "2026-11-30", "bemerkung": "wartet auf Plan" }),
    );
    lauf.passes("TagesordnungSpaeter");
    lauf.decide("Tagesordnung", "Malte", json!({ "entscheidung": "aufsetzen", "termin": "2026-12-15" }));
    let due = lauf.timers.values().find(|t| t.0 == "VersandBeginn").unwrap().1;
    assert_eq!(due.tag().to_string(), "2026-12-05", "7 days and 3 to prepare");
    lauf.passes("VersandBeginn");
    let task = lauf.task("Versand");
    assert_eq!(
        (task.due.unwrap().tag().to_string().as_str(), &task.data["nachtrag"], &task.data["oeffentlich"]),
        ("2026-12-08", &json!(false), &json!(true))
    );

    // Non-public, and too late for the usual dispatch.
    let mut lauf = in_gremien(
        json!({ "sichtbarkeit": "nichtoeffentlich", "beratungsfolge": [station("Gemeinderat", "entscheidung", None)] }),
    );
    lauf.decide("Tagesordnung", "Malte", json!({ "entscheidung": "aufsetzen", "termin": "2026-11-26" }));
    lauf.passes("VersandBeginn");
    let data = &lauf.task("Versand").data;
    assert_eq!(
        (&data["nachtrag"], &data["oeffentlich"], &data["letzter_tag"]),
        (&json!(true), &json!(false), &json!("2026-11-19"))
    );
    ja(&mut lauf, "Versand", "nachtrag");
    lauf.passes("Sitzungstag");
    present(&mut lauf, 48, 48, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 40, 8, 0);
    assert_eq!(lauf.task("Veroeffentlichung").title, "Nichtöffentlichen Beschluss bekannt geben: Neubau Radweg");
}

#[test]
fn postponed_comes_again_with_a_new_date_and_a_new_dispatch() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &[], Value::Null);
    lauf.decide(
        "Abstimmung",
        "Malte",
        json!({ "entscheidung": "vertagen", "neuer_termin": "2027-01-26", "bemerkung": "Ortstermin" }),
    );
    minutes(&mut lauf);
    let data = &lauf.task("Tagesordnung").data;
    assert_eq!((&data["termin"], &data["hinweis"]), (&json!("2027-01-26"), &json!("Ortstermin")));
    to_session(&mut lauf, "2027-01-26");
    present(&mut lauf, 48, 40, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 40, 0, 0);
    assert_eq!(lauf.variable("beratungen").as_array().unwrap().len(), 2);
    assert_eq!(last(&lauf).1, "zustimmend");
}

#[test]
fn a_referral_adds_a_body_and_comes_back() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &[], Value::Null);
    lauf.decide(
        "Abstimmung",
        "Malte",
        json!({ "entscheidung": "verweisen", "gremium": "Umweltausschuss", "bemerkung": "erst dort" }),
    );
    minutes(&mut lauf);
    assert_eq!(lauf.task("Tagesordnung").title, "Tagesordnung Umweltausschuss: Neubau Radweg");
    to_session(&mut lauf, "2027-01-12");
    present(&mut lauf, 14, 12, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 12, 0, 0);
    minutes(&mut lauf);
    to_session(&mut lauf, "2027-01-26");
    present(&mut lauf, 48, 40, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 21, 19, 0);
    let all = lauf.variable("beratungen");
    let results: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["gremium"].as_str().unwrap(), b["ergebnis"].as_str().unwrap()))
        .collect();
    assert_eq!(
        results,
        [("Gemeinderat", "verwiesen"), ("Umweltausschuss", "zustimmend"), ("Gemeinderat", "zustimmend")]
    );
}

#[test]
fn a_tie_is_a_refusal_and_ends_it_with_its_log() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 20, 20, 0);
    assert_eq!(last(&lauf).1, "abgelehnt");
    assert_eq!(lauf.variable("beratungen")[0]["grund"], "Stimmengleichheit");
    minutes(&mut lauf);
    lauf.work("BeschlussAblegen", abgelegt());
    lauf.ended_well();
    assert!(lauf.events.is_empty(), "nothing was decided: {:?}", lauf.events);
}

#[test]
fn without_quorum_a_second_session_and_three_are_enough_there() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 23, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 23, 0, 0);
    assert_eq!(last(&lauf).1, "nicht_beschlussfaehig");
    minutes(&mut lauf);
    to_session(&mut lauf, "2026-12-22");
    present(&mut lauf, 48, 3, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 2, 1, 0);
    assert_eq!(last(&lauf).1, "zustimmend");
}

#[test]
fn a_biased_ballot_makes_the_vote_void_and_it_is_taken_again() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &["Alma Beispiel"], Value::Null);
    lauf.decide(
        "Abstimmung",
        "Malte",
        json!({ "entscheidung": "abgestimmt", "ja": 30, "nein": 5, "enthaltungen": 0, "stimmen_befangener": 1 }),
    );
    assert_eq!(lauf.task("Abstimmung").data["ungueltig"], "Eine befangene Person hat mitgestimmt");
    vote(&mut lauf, "Abstimmung", 35, 5, 0);
    assert_eq!(lauf.task("Abstimmung").data["ungueltig"], "Es sind mehr Stimmen als Stimmberechtigte");
    vote(&mut lauf, "Abstimmung", 34, 5, 0);
    assert_eq!(last(&lauf).1, "zustimmend");
}

#[test]
fn the_mayor_objects_once_for_a_new_session_and_twice_for_the_supervision() {
    let mut lauf = in_gremien(rat());
    let decided = |lauf: &mut Lauf, termin: &str| {
        to_session(lauf, termin);
        present(lauf, 48, 40, &[], Value::Null);
        vote(lauf, "Abstimmung", 30, 10, 0);
        minutes(lauf);
        ja(lauf, "Veroeffentlichung", "bekannt_gemacht");
    };
    decided(&mut lauf, "2026-12-15");
    ja(&mut lauf, "WiderspruchPruefen", "widersprechen");
    let data = &lauf.task("Tagesordnung").data;
    assert_eq!(
        (&data["spaetestens"], &data["hinweis"]),
        (&json!("2027-01-05"), &json!("Widerspruch: Grund WiderspruchPruefen"))
    );
    decided(&mut lauf, "2027-01-04");
    ja(&mut lauf, "WiderspruchPruefen", "widersprechen");
    assert_eq!(lauf.waiting(), ["Rechtsaufsicht"]);
    ja(&mut lauf, "Rechtsaufsicht", "aufgehoben");
    lauf.work("BeschlussAblegen", abgelegt());
    lauf.ended_well();
}

#[test]
fn after_a_week_nobody_can_object() {
    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &[], Value::Null);
    vote(&mut lauf, "Abstimmung", 30, 10, 0);
    lauf.passes("WiderspruchFrist");
    assert_eq!(lauf.waiting(), ["Ausfertigung", "Veroeffentlichung", "niederschrift"]);
    lauf.decide("Ausfertigung", "Malte", json!({ "entscheidung": "ausgefertigt" }));
    assert!(lauf.waiting().contains(&"BeschlussAblegen"), "no sub-resolution, nothing to control");
}

#[test]
fn it_can_be_withdrawn_at_any_time() {
    let mut lauf = begin(json!({}));
    lauf.message("Zurückziehen", json!({ "grund": "überholt" }));
    lauf.ended_well();

    let mut lauf = in_gremien(rat());
    to_session(&mut lauf, "2026-12-15");
    present(&mut lauf, 48, 40, &[], Value::Null);
    lauf.message("Zurückziehen", json!({ "grund": "überholt" }));
    lauf.ended_well();
    assert_eq!(lauf.variable("rueckzug")["grund"], "überholt");
}

fn niederschrift() -> Lauf {
    let mut lauf = Lauf::start_with(
        beschlusswesen(),
        "niederschrift",
        json!({ "vorlage": { "titel": "Neubau Radweg", "sichtbarkeit": "oeffentlich" },
        "beratung": { "gremium": "Gemeinderat", "termin": "2026-11-20", "ergebnis": "zustimmend" }, "beschlusstext": "Radweg.", "frist_tage": 30 }),
    );
    assert_eq!(lauf.task("Entwurf").due.unwrap().tag().to_string(), "2026-12-20");
    lauf.decide("Entwurf", "Malte", json!({ "entscheidung": "fertig", "text": "Der Rat beschließt." }));
    lauf
}

const UNTERSCHRIFTEN: [&str; 4] =
    ["UnterschriftMitglied1", "UnterschriftMitglied2", "UnterschriftSchriftfuehrung", "UnterschriftVorsitz"];

#[test]
fn minutes_need_four_signatures_and_come_before_the_council() {
    let mut lauf = niederschrift();
    assert_eq!(lauf.waiting(), UNTERSCHRIFTEN);
    assert_eq!(
        (lauf.task("UnterschriftMitglied1").not_person_of.clone(), lauf.task("UnterschriftVorsitz").signs.as_deref()),
        (vec!["UnterschriftMitglied2".to_owned()], Some("niederschrift"))
    );
    for element in UNTERSCHRIFTEN {
        ja(&mut lauf, element, "unterschreiben");
    }
    ja(&mut lauf, "Kenntnisgabe", "ohne_einwendung");
    lauf.ended_well();
}

#[test]
fn an_objection_to_the_minutes_writes_them_again() {
    let mut lauf = niederschrift();
    for (i, element) in UNTERSCHRIFTEN.into_iter().enumerate() {
        ja(&mut lauf, element, if i == 1 { "einwenden" } else { "unterschreiben" });
    }
    assert_eq!(lauf.task("Entwurf").data["grund"], "UnterschriftMitglied2: Grund UnterschriftMitglied2");
    lauf.decide("Entwurf", "Malte", json!({ "entscheidung": "fertig", "text": "Berichtigt." }));
    for element in UNTERSCHRIFTEN {
        ja(&mut lauf, element, "unterschreiben");
    }
    ja(&mut lauf, "Kenntnisgabe", "berichtigen");
    assert_eq!(lauf.task("Entwurf").data["grund"], "Grund Kenntnisgabe");
    lauf.decide("Entwurf", "Malte", json!({ "entscheidung": "fertig", "text": "Noch einmal." }));
    for element in UNTERSCHRIFTEN {
        ja(&mut lauf, element, "unterschreiben");
    }
    ja(&mut lauf, "Kenntnisgabe", "einwendung_zurueckgewiesen");
    lauf.ended_well();
}
