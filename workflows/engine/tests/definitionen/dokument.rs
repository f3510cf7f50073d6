// SPDX-License-Identifier: EUPL-1.2
//! The paths of `dokument.bpmn`.

use crate::lauf::*;

fn begin(art: TeilArt) -> Lauf {
    Lauf::start(
        "dokument",
        json!({ "eintrag": eintrag(art), "mail_absender": null, "klaerung": null, "einstellungen": { "feststellung_in_einem_akt": false } }),
    )
}

fn ergebnis(index: u32) -> SeitenErgebnis {
    SeitenErgebnis { index, woerter: blob(&format!("woerter {index}")), befund: None }
}

fn recognise(lauf: &mut Lauf) {
    assert_eq!(lauf.waiting(), ["Erkennen", "Erkennen"]);
    let job: SeitenErkennen = lauf.input("Erkennen", "erkennung.seiten.v1");
    assert_eq!((job.seiten.len(), job.bereich), (3, Bereich { von: 0, bis: 2 }));
    // The second range is ready first: the order of the pages stays.
    let second = *lauf.jobs.keys().last().unwrap();
    lauf.jobs.remove(&second);
    let variables = object(serde_json::to_value(SeitenErkannt { ergebnisse: vec![ergebnis(2)] }).unwrap());
    lauf.command(Command::CompleteJob { instance: ElementInstanceId(second), variables });
    lauf.work("Erkennen", SeitenErkannt { ergebnisse: vec![ergebnis(0), ergebnis(1)] });
    let job: Zusammensetzen = lauf.input("Zusammensetzen", "erkennung.zusammensetzen.v1");
    assert_eq!(job.ergebnisse, [ergebnis(0), ergebnis(1), ergebnis(2)]);
    lauf.work("Zusammensetzen", Zusammengesetzt { pdfa: blob("pdfa"), text: blob("text"), woerter: blob("woerter") });
    let job: Vorschlagen = lauf.input("Einordnen", "einordnung.vorschlagen.v1");
    assert_eq!(
        (job.text, job.woerter, job.zugang.to_string().as_str()),
        (blob("text"), Some(blob("woerter")), "2026-11-20")
    );
}

/// What nobody need hide is opened for the Poststelle before its task appears.
fn opened(lauf: &mut Lauf) {
    let job: akten::Korb = lauf.input("Oeffnen", akten::KORB);
    assert_eq!((job.korb.as_str(), job.dokument), ("poststelle", eintrag(TeilArt::Digital).dokument));
    lauf.work("Oeffnen", gewechselt());
}

/// What nobody can read is shown to the clearing.
fn to_clearing(lauf: &mut Lauf, korb: &str) {
    assert_eq!(lauf.input::<akten::Korb>("Klaerungskorb", akten::KORB).korb, korb);
    lauf.work("Klaerungskorb", gewechselt());
    assert_eq!(lauf.waiting(), ["Klaerung"]);
}

fn confirm(lauf: &mut Lauf) {
    lauf.decide("ZuordnungBestaetigen", "Kim Beispiel", json!({ "entscheidung": "bestaetigen", "dokumentart": "schreiben", "titel": "Aufgrabung",
        "amt": "61", "einheit": "61.20", "akte_titel": "Radweg", "vorgang_titel": "Aufgrabung Kriegsstraße", "aktenzeichen": "61.20-2026/3" }));
    let job: Ablegen = lauf.input("Ablegen", akten::ABLEGEN);
    assert_eq!(
        (&*job.einheit, &*job.amt, &*job.akte_titel, job.aktenzeichen.as_deref()),
        ("61.20", "61", "Radweg", Some("61.20-2026/3"))
    );
    assert_eq!(
        (&*job.titel, &*job.vorgang_titel, job.freigegeben_von.as_deref()),
        ("Aufgrabung", "Aufgrabung Kriegsstraße", Some("Kim Beispiel"))
    );
    assert_eq!(job.protokoll.unwrap()["zuordnung"]["zeit"], NOW);
    lauf.work("Ablegen", abgelegt());
    lauf.ended_well();
}

#[test]
fn a_scan_is_recognised_proposed_confirmed_filed() {
    let mut lauf = begin(TeilArt::Scan);
    recognise(&mut lauf);
    lauf.work("Einordnen", vorschlag("schreiben"));
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!((job.pdfa, job.text, job.woerter), (Some(blob("pdfa")), Some(blob("text")), Some(blob("woerter"))));
    assert_eq!((job.vorschlag, job.titel.as_deref()), (Some(vorschlag("schreiben")), Some("Aufgrabung Kriegsstraße")));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    opened(&mut lauf);
    assert_eq!(lauf.waiting(), ["ZuordnungBestaetigen"]);
    let task = lauf.task("ZuordnungBestaetigen");
    assert_eq!((&task.groups[..], &*task.title), (&["Poststelle".to_owned()][..], "Aufgrabung Kriegsstraße"));
    assert_eq!((&task.data["amt"], &task.data["absender"]), (&json!("66"), &json!("Musterbau GmbH")));
    confirm(&mut lauf);
}

#[test]
fn a_text_layer_and_a_mail_are_used_as_they_are() {
    for art in [TeilArt::Digital, TeilArt::Nachricht] {
        let mut lauf = begin(art);
        let job: Vorschlagen = lauf.input("Einordnen", "einordnung.vorschlagen.v1");
        assert_eq!((job.text, job.woerter), (blob("textebene"), None));
        lauf.work("Einordnen", Vorschlag::default());
        let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
        assert_eq!((job.pdfa, job.text, job.titel.as_deref()), (None, Some(blob("textebene")), Some("teil-0")));
        lauf.work("Erfassen", Erfasst { dubletten: vec![] });
        opened(&mut lauf);
        confirm(&mut lauf);
    }
}

#[test]
fn an_electronic_invoice_goes_straight_to_its_process() {
    for art in [TeilArt::RechnungXml, TeilArt::RechnungPdf] {
        let mut lauf = begin(art);
        assert_eq!(lauf.waiting(), ["rechnung"]);
        let variables = &lauf.calls.values().next().unwrap().1;
        assert_eq!(variables["vorschlag"], Value::Null);
        assert_eq!(variables["einstellungen"]["feststellung_in_einem_akt"], false);
        assert_eq!(variables["eintrag"], serde_json::to_value(eintrag(art)).unwrap());
        lauf.called_ended("rechnung");
        lauf.ended_well();
    }
}

#[test]
fn a_scanned_invoice_is_recorded_before_its_process_begins() {
    let mut lauf = begin(TeilArt::Scan);
    recognise(&mut lauf);
    lauf.work("Einordnen", vorschlag("rechnung"));
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!((job.pdfa, job.dokumentart.as_deref()), (Some(blob("pdfa")), Some("rechnung")));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    opened(&mut lauf);
    assert_eq!(lauf.waiting(), ["rechnung"]);
    let variables = &lauf.calls.values().next().unwrap().1;
    assert_eq!(variables["vorschlag"]["felder"]["doc_type"]["wert"], "rechnung");
    assert_eq!((&variables["text"], &variables["pdfa"]), (&json!(blob("text")), &json!(blob("pdfa"))));
}

#[test]
fn a_plain_file_is_clarified_once() {
    let mut lauf = begin(TeilArt::Datei);
    to_clearing(&mut lauf, "klaerung");
    assert_eq!(lauf.task("Klaerung").groups, ["Klaerung"]);
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "ablegen", "titel": "Tabelle" }));
    opened(&mut lauf);
    assert_eq!(lauf.task("ZuordnungBestaetigen").title, "Tabelle");
    confirm(&mut lauf);

    let klaerung = json!({ "entscheidung": "ablegen", "titel": "Tabelle", "dokumentart": "anlage" });
    let mut lauf = Lauf::start(
        "dokument",
        json!({ "eintrag": eintrag(TeilArt::Datei), "mail_absender": null, "klaerung": klaerung }),
    );
    opened(&mut lauf);
    assert_eq!(lauf.waiting(), ["ZuordnungBestaetigen"]);
    assert_eq!(lauf.task("ZuordnungBestaetigen").data["dokumentart"], "anlage");
    confirm(&mut lauf);
}

#[test]
fn every_unreadable_step_leads_to_a_person() {
    let mut lauf = begin(TeilArt::Scan);
    lauf.unreadable("Erkennen", "unreadable", "Das Bild ist beschädigt.");
    assert_eq!(lauf.waiting(), ["Klaerungskorb"], "the other range is withdrawn");
    to_clearing(&mut lauf, "klaerung");
    assert_eq!(lauf.task("Klaerung").data["grund"], "Das Bild ist beschädigt.");
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "erneut" }));
    recognise(&mut lauf);
    lauf.unreadable("Einordnen", "unreadable", "Kein Text.");
    to_clearing(&mut lauf, "klaerung");
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "zurueckweisen" }));
    lauf.ended_well();

    let mut lauf = begin(TeilArt::Scan);
    lauf.work("Erkennen", SeitenErkannt { ergebnisse: vec![] });
    lauf.work("Erkennen", SeitenErkannt { ergebnisse: vec![] });
    lauf.unreadable("Zusammensetzen", "unreadable", "Zu groß.");
    to_clearing(&mut lauf, "klaerung");
}

#[test]
fn a_rejected_proposal_comes_to_clearing_with_its_reason() {
    let mut lauf = begin(TeilArt::Digital);
    lauf.work("Einordnen", vorschlag("schreiben"));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    opened(&mut lauf);
    lauf.decide("ZuordnungBestaetigen", "Kim", json!({ "entscheidung": "zurueckweisen", "bemerkung": "Seite fehlt" }));
    let data = &lauf.task("Klaerung").data;
    assert_eq!((&data["grund"], &data["code"]), (&json!("Seite fehlt"), &json!("returned")));
}

#[test]
fn an_unknown_decision_stops_instead_of_filing() {
    let mut lauf = begin(TeilArt::Digital);
    lauf.work("Einordnen", vorschlag("schreiben"));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    opened(&mut lauf);
    lauf.decide("ZuordnungBestaetigen", "Kim", json!({ "entscheidung": "vielleicht" }));
    assert_eq!(lauf.incidents.len(), 1);
    assert!(lauf.jobs.is_empty());
}

fn proposed(subject: &str) -> Lauf {
    let mut lauf = begin(TeilArt::Digital);
    let mut proposal = vorschlag("schreiben");
    proposal.felder.get_mut("subject").unwrap().wert = subject.into();
    lauf.work("Einordnen", proposal);
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    lauf
}

#[test]
fn filed_post_goes_to_the_office_with_its_term_and_the_key_of_its_vorgang() {
    let mut lauf = proposed("AMT");
    opened(&mut lauf);
    lauf.decide(
        "ZuordnungBestaetigen",
        "Kim",
        json!({ "entscheidung": "bestaetigen", "titel": "Radweg", "amt": "61", "dokumentart": "schreiben" }),
    );
    lauf.work("Ablegen", abgelegt());
    lauf.ended_well();
    let (name, key, message) = &lauf.thrown[0];
    let post = &message["post"];
    assert_eq!((name.as_str(), key.as_deref()), ("post.abgelegt", post["schluessel"].as_str()));
    assert_eq!(post["schluessel"], format!("66.10-2026/1 {}", sendung()));
    assert_eq!((&post["amt"], &post["frist"], &post["titel"]), (&json!("61"), &json!("2026-12-04"), &json!("Radweg")));
    assert_eq!(
        message["eintrag"],
        json!({ "dokument": eintrag(TeilArt::Digital).dokument }),
        "not the Sendung: it is done"
    );
}

#[test]
fn confidential_post_is_taken_from_the_poststelle_before_a_person_sees_it() {
    let mut lauf = proposed("PERSONAL");
    assert_eq!(lauf.waiting(), ["Verschliessen"]);
    let job: akten::Korb = lauf.input("Verschliessen", akten::KORB);
    assert_eq!((job.korb.as_str(), job.dokument), ("vertraulich", eintrag(TeilArt::Digital).dokument));
    lauf.work("Verschliessen", gewechselt());
    let task = lauf.task("VertraulichZuordnen");
    assert_eq!((&task.groups[..], task.title.contains("PERSONAL")), (&["Vertraulich".to_owned()][..], false));
    lauf.decide("VertraulichZuordnen", "Kim", json!({ "entscheidung": "offen", "bemerkung": "Werbung" }));
    opened(&mut lauf);
    lauf.decide("ZuordnungBestaetigen", "Kim", json!({ "entscheidung": "zurueckweisen", "bemerkung": "x" }));
    assert_eq!(lauf.waiting(), ["Klaerung"]);
    let mut lauf = proposed("PERSONAL");
    lauf.work("Verschliessen", gewechselt());
    lauf.decide("VertraulichZuordnen", "Kim", json!({ "entscheidung": "uebergeben", "bemerkung": "an Frau X" }));
    lauf.ended_well();
    let mut lauf = proposed("PERSONAL");
    lauf.work("Verschliessen", gewechselt());
    lauf.decide(
        "VertraulichZuordnen",
        "Kim",
        json!({ "entscheidung": "bestaetigen", "titel": "Akte", "einheit": "10.20", "dokumentart": "schreiben" }),
    );
    assert_eq!(lauf.input::<Ablegen>("Ablegen", akten::ABLEGEN).einheit, "10.20");
}

#[test]
fn post_for_somebody_else_goes_back_and_a_sure_proposal_needs_nobody() {
    let mut lauf = proposed("Irgendwas");
    opened(&mut lauf);
    lauf.decide(
        "ZuordnungBestaetigen",
        "Kim",
        json!({ "entscheidung": "fehlzustellung", "bemerkung": "gehört dem Landkreis" }),
    );
    assert_eq!(lauf.task("Rueckgabe").data["grund"], "gehört dem Landkreis");
    lauf.decide("Rueckgabe", "Kim", json!({ "entscheidung": "versendet" }));
    lauf.ended_well();
    let mut lauf = proposed("SICHER");
    let job: Ablegen = lauf.input("Ablegen", akten::ABLEGEN);
    assert_eq!(
        (&*job.titel, &*job.vorgang_titel, &*job.dokumentart, job.freigegeben_von),
        ("SICHER", "SICHER", "schreiben", None)
    );
    assert_eq!((&*job.einheit, job.aktenzeichen.as_deref()), ("66.10", Some("66.10-2026/14")));
    lauf.work("Ablegen", abgelegt());
    lauf.ended_well();
}

fn closed(art: TeilArt) -> Lauf {
    Lauf::start(
        "dokument",
        json!({ "eintrag": eintrag(art), "mail_absender": null, "klaerung": null, "einstellungen": null, "vertraulich": true }),
    )
}

#[test]
fn every_part_of_a_confidential_sendung_goes_the_closed_way_whatever_it_says() {
    let mut lauf = closed(TeilArt::Digital);
    lauf.work("Einordnen", vorschlag("rechnung"));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    assert_eq!(lauf.waiting(), ["Verschliessen"], "not to the office that pays, not to the Poststelle");
    lauf.work("Verschliessen", gewechselt());
    lauf.decide(
        "VertraulichZuordnen",
        "Kim",
        json!({ "entscheidung": "offen", "bemerkung": "Arztrechnung ist keine" }),
    );
    opened(&mut lauf);
    assert_eq!(lauf.waiting(), ["rechnung"], "what the circle opens goes the way it would have gone");

    let mut lauf = closed(TeilArt::Scan);
    lauf.unreadable("Erkennen", "unreadable", "Das Bild ist beschädigt.");
    to_clearing(&mut lauf, "vertraulich");
    let task = lauf.task("Klaerung");
    assert_eq!((&task.groups[..], &*task.title), (&["Vertraulich".to_owned()][..], "Klärung: vertrauliche Post"));

    let mut lauf = closed(TeilArt::RechnungXml);
    to_clearing(&mut lauf, "vertraulich");
    assert_eq!(lauf.task("Klaerung").groups, ["Vertraulich"]);
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "erneut", "bemerkung": "keine Personalsache" }));
    assert_eq!(lauf.waiting(), ["rechnung"]);
}

#[test]
fn a_clerk_closes_what_nobody_recognised() {
    let mut lauf = proposed("Irgendwas");
    opened(&mut lauf);
    lauf.decide(
        "ZuordnungBestaetigen",
        "Kim",
        json!({ "entscheidung": "vertraulich", "bemerkung": "Brief im Umschlag" }),
    );
    assert_eq!(lauf.input::<akten::Korb>("Verschliessen", akten::KORB).korb, "vertraulich");
    lauf.work("Verschliessen", gewechselt());
    assert_eq!(lauf.waiting(), ["VertraulichZuordnen"]);
}

#[test]
fn an_invoice_inside_a_mail_is_opened_before_its_process_begins() {
    let mut entry = eintrag(TeilArt::RechnungXml);
    entry.korb = "neu".into();
    let mut lauf = Lauf::start("dokument", json!({ "eintrag": entry, "vertraulich": false }));
    opened(&mut lauf);
    assert_eq!(lauf.waiting(), ["rechnung"]);
}
