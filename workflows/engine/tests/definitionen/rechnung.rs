// SPDX-License-Identifier: EUPL-1.2
//! The paths of `rechnung.bpmn`.

use std::sync::Arc;

use crate::lauf::*;

pub fn geprueft(betrag: &str, skonto: &[&str]) -> Geprueft {
    let skonto = skonto.iter().map(|bis| Skonto {
        tage: 14,
        prozent: "2.00".into(),
        bis: bis.parse().unwrap(),
        ersparnis: "23.80".into(),
    });
    let fakten = RechnungsFakten {
        nummer: Some("2026-0815".into()),
        lieferant: Some("Musterbau GmbH".into()),
        datum: Some("2026-11-18".parse().unwrap()),
        leitweg_id: Some("08212000-66-12".into()),
        faellig: Some("2026-12-20".parse().unwrap()),
        zahlbetrag: Some(betrag.into()),
        waehrung: Some("EUR".into()),
        skonto: skonto.collect(),
        ..RechnungsFakten::default()
    };
    let befund = Befund { code: "total".into(), stufe: Stufe::Hinweis, text: "Die Summe weicht ab.".into() };
    Geprueft { fakten, befunde: vec![befund], html: Some(blob("html")), text: Some(blob("rechnungstext")) }
}

pub fn begin(einstellungen: Value) -> Lauf {
    Lauf::start(
        "rechnung",
        json!({ "eintrag": eintrag(TeilArt::RechnungXml), "vorschlag": null, "text": null, "pdfa": null, "einstellungen": einstellungen }),
    )
}

/// Up to the first decision of a person.
pub fn checked(mut lauf: Lauf, geprueft: Geprueft, dubletten: Vec<Dublette>) -> Lauf {
    let job: Pruefen = lauf.input("Pruefen", "rechnung.pruefen.v1");
    assert_eq!((job.xml, job.vorschlag, job.zugang.to_string().as_str()), (Some(blob("xml")), None, "2026-11-20"));
    lauf.work("Pruefen", &geprueft);
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!(
        (job.fakten.as_ref(), &job.befunde, job.html),
        (Some(&geprueft.fakten), &geprueft.befunde, geprueft.html)
    );
    assert_eq!(
        (job.dokumentart.as_deref(), job.titel.as_deref()),
        (Some("rechnung"), Some("Rechnung 2026-0815 Musterbau GmbH"))
    );
    lauf.work("Erfassen", Erfasst { dubletten });
    lauf
}

pub fn ready(betrag: &str) -> Lauf {
    checked(begin(Value::Null), geprueft(betrag, &[]), vec![])
}

pub fn kontierung() -> Value {
    json!([{ "sachkonto": "42210000", "kostenstelle": "66010200", "betrag": "1190.00" }])
}

pub fn richtig(lauf: &mut Lauf, element: &str, person: &str) {
    lauf.decide(element, person, json!({ "entscheidung": "freigeben", "kontierung": kontierung() }));
}

pub fn filed(mut lauf: Lauf, element: &str) -> Ablegen {
    assert_eq!(lauf.waiting(), [element]);
    let job: Ablegen = lauf.input(element, akten::ABLEGEN);
    assert_eq!((&*job.dokumentart, &*job.einheit, &*job.akte_titel), ("rechnung", "66.10", "Straßenunterhalt 2026"));
    lauf.work(element, abgelegt());
    if element == "Ablegen" {
        bezahlt(&mut lauf);
    }
    lauf.ended_well();
    job
}

/// Name of the booking and number of the document in these tests.
pub const BUCHUNG: &str = "0f3c-1";
pub const BELEG: &str = "1900004711";

/// From the hand-over to the end: received, paid, to the files.
pub fn bezahlt(lauf: &mut Lauf) {
    let job: Buchen = lauf.input("Buchen", uebergabe::BUCHEN);
    assert_eq!(job.aktenzeichen.as_deref(), Some("66.10-2026/1"));
    uebergeben(lauf, BUCHUNG);
    quittiert(lauf, BUCHUNG, BELEG);
    lauf.message_with(
        "Zahlung ausgeführt",
        BELEG,
        json!({ "zahlung": { "beleg": BELEG, "betrag": job.betrag, "datum": "2026-12-01" } }),
    );
    let job: Ablegen = lauf.input("Abschliessen", akten::ABLEGEN);
    assert!(job.zda, "the Vorgang is closed");
    let log = job.protokoll.unwrap();
    assert_eq!((&log["ergebnis"], &log["quittung"]["beleg"]), (&json!("bezahlt"), &json!(BELEG)));
    lauf.work("Abschliessen", abgelegt());
}

pub fn uebergeben(lauf: &mut Lauf, buchung: &str) {
    let am = lauf.now;
    lauf.work("Buchen", Uebergeben { buchung: buchung.into(), schluessel: "0f3c".into(), am });
}

pub fn quittiert(lauf: &mut Lauf, buchung: &str, beleg: &str) {
    let quittung = json!({ "buchung": buchung, "beleg": beleg, "datum": "2026-11-24" });
    lauf.message_with("Buchung quittiert", buchung, json!({ "quittung": quittung }));
}

#[test]
fn two_people_approve_an_invoice() {
    let mut lauf = ready("1190.00");
    assert_eq!(lauf.waiting(), ["Feststellung"]);
    let task = lauf.task("Feststellung");
    assert_eq!(
        (&task.groups[..], &*task.title),
        (&["Feststellung-66".to_owned()][..], "Rechnung 2026-0815 Musterbau GmbH")
    );
    let data = json!({ "betrag": task.data["betrag"], "lieferant": task.data["lieferant"], "befunde": task.data["befunde"], "skonto_bis": task.data["skonto_bis"] });
    assert_eq!(data, json!({ "betrag": "1190.00", "lieferant": "Musterbau GmbH", "befunde": 1, "skonto_bis": null }));
    richtig(&mut lauf, "Feststellung", "Kim Beispiel");
    assert_eq!(lauf.waiting(), ["Anordnung"]);
    let task = lauf.task("Anordnung");
    assert_eq!(task.groups, ["Anordnung-66"]);
    assert_eq!(task.not_person_of, ["Feststellung", "SachlichePruefung", "RechnerischePruefung"]);
    lauf.decide("Anordnung", "Toni Muster", json!({ "entscheidung": "anordnen", "kontierung": kontierung() }));
    let job = filed(lauf, "Ablegen");
    assert_eq!(
        (job.freigegeben_von.as_deref(), &*job.titel),
        (Some("Toni Muster"), "Rechnung 2026-0815 Musterbau GmbH")
    );
    let log = job.protokoll.unwrap();
    assert_eq!(
        (&log["feststellung"]["person"]["name"], &log["anordnung"]["person"]["name"]),
        (&json!("Kim Beispiel"), &json!("Toni Muster"))
    );
    assert_eq!(
        (&log["kontierung"], &log["befunde"][0]["code"], &log["anordnung"]["zeit"]),
        (&kontierung(), &json!("total"), &json!(NOW))
    );
}

#[test]
fn two_acts_by_setting() {
    let mut lauf = checked(begin(json!({ "feststellung_in_einem_akt": false })), geprueft("1190.00", &[]), vec![]);
    richtig(&mut lauf, "SachlichePruefung", "Kim");
    assert_eq!(lauf.waiting(), ["RechnerischePruefung"]);
    lauf.decide("RechnerischePruefung", "Alex", json!({ "entscheidung": "zurueckgeben", "bemerkung": "Menge falsch" }));
    assert_eq!(lauf.task("SachlichePruefung").data["rueckgabe"], "Menge falsch");
    richtig(&mut lauf, "SachlichePruefung", "Kim");
    richtig(&mut lauf, "RechnerischePruefung", "Alex");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    let log = filed(lauf, "Ablegen").protokoll.unwrap();
    assert_eq!((&log["rechnerisch"]["person"]["name"], &log["kontierung"]), (&json!("Alex"), &kontierung()));

    let mut lauf = checked(begin(json!({ "feststellung_in_einem_akt": false })), geprueft("1190.00", &[]), vec![]);
    richtig(&mut lauf, "SachlichePruefung", "Kim");
    lauf.decide("RechnerischePruefung", "Alex", json!({ "entscheidung": "ablehnen", "bemerkung": "Summe falsch" }));
    assert_eq!(lauf.task("Ruecksendung").data["grund"], "Summe falsch");
}

#[test]
fn a_possible_duplicate_is_a_question() {
    let twin = || {
        vec![Dublette { dokument: DokumentId::of_part(sendung(), 7), text: "Rechnung 2026-0815 vom 02.11.2026".into() }]
    };
    let mut lauf = checked(begin(Value::Null), geprueft("1190.00", &[]), twin());
    assert_eq!(lauf.waiting(), ["Dublette"]);
    assert_eq!(lauf.task("Dublette").groups, ["Vorsortierung"]);
    assert_eq!(lauf.task("Dublette").data["dubletten"][0]["text"], "Rechnung 2026-0815 vom 02.11.2026");
    lauf.decide("Dublette", "Kim", json!({ "entscheidung": "echt" }));
    let job = filed(lauf, "DubletteAblegen");
    assert_eq!(
        (&*job.titel, job.freigegeben_von.as_deref()),
        ("Rechnung 2026-0815 Musterbau GmbH (Dublette)", Some("Kim"))
    );

    let mut lauf = checked(begin(Value::Null), geprueft("1190.00", &[]), twin());
    lauf.decide("Dublette", "Kim", json!({ "entscheidung": "keine" }));
    assert_eq!(lauf.waiting(), ["Feststellung"]);
}

#[test]
fn the_wrong_office_sends_it_to_another() {
    let mut lauf = ready("1190.00");
    lauf.decide("Feststellung", "Kim", json!({ "entscheidung": "zurueckgeben", "bemerkung": "Das ist Sache von 61" }));
    let task = lauf.task("Vorsortierung");
    assert_eq!(
        (&task.groups[..], &task.data["grund"]),
        (&["Vorsortierung".to_owned()][..], &json!("Das ist Sache von 61"))
    );
    let values = json!({ "entscheidung": "bestaetigen", "amt": "61", "einheit": "61.20", "akte_titel": "Radweg", "dokumentart": "rechnung", "titel": "x" });
    lauf.decide("Vorsortierung", "Pat", values);
    assert_eq!(lauf.task("Feststellung").groups, ["Feststellung-61"]);
    richtig(&mut lauf, "Feststellung", "Chris");
    assert_eq!(lauf.task("Anordnung").groups, ["Anordnung-61"]);
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    let job: Ablegen = lauf.input("Ablegen", akten::ABLEGEN);
    assert_eq!((&*job.amt, &*job.einheit, &*job.akte_titel), ("61", "61.20", "Radweg"));

    let mut lauf = ready("1190.00");
    lauf.decide("Feststellung", "Kim", json!({ "entscheidung": "zurueckgeben", "bemerkung": "nicht wir" }));
    lauf.decide("Vorsortierung", "Pat", json!({ "entscheidung": "zurueckweisen", "bemerkung": "doch" }));
    assert_eq!(lauf.task("Feststellung").groups, ["Feststellung-66"]);
}

#[test]
fn without_a_hint_someone_names_the_office_first() {
    let mut geprueft = geprueft("1190.00", &[]);
    geprueft.fakten.nummer = Some("RÄTSEL".into());
    let mut lauf = begin(Value::Null);
    lauf.work("Pruefen", geprueft);
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    assert_eq!(lauf.waiting(), ["Vorsortierung"]);
    lauf.decide(
        "Vorsortierung",
        "Pat",
        json!({ "entscheidung": "bestaetigen", "amt": "61", "einheit": "61.20", "akte_titel": "Radweg" }),
    );
    assert_eq!(lauf.task("Feststellung").groups, ["Feststellung-61"]);
}

#[test]
fn a_rejected_invoice_goes_back_with_a_letter() {
    let mut lauf = ready("1190.00");
    lauf.decide("Feststellung", "Kim", json!({ "entscheidung": "ablehnen", "bemerkung": "Leistung fehlt" }));
    let task = lauf.task("Ruecksendung");
    assert_eq!(
        (&task.groups[..], &task.data["grund"]),
        (&["Feststellung-66".to_owned()][..], &json!("Leistung fehlt"))
    );
    lauf.decide("Ruecksendung", "Kim", json!({ "entscheidung": "versandt" }));
    let job = filed(lauf, "RuecksendungAblegen");
    assert_eq!(job.freigegeben_von.as_deref(), Some("Kim"));
    assert_eq!(job.protokoll.unwrap()["feststellung"]["bemerkung"], "Leistung fehlt");

    let mut lauf = ready("1190.00");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "ablehnen", "bemerkung": "Kein Auftrag" }));
    assert_eq!(lauf.task("Ruecksendung").data["grund"], "Kein Auftrag");
}

#[test]
fn the_order_may_be_refused_with_a_reason() {
    let mut lauf = ready("1190.00");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "zurueckgeben", "bemerkung": "Falsches Konto" }));
    assert_eq!(lauf.task("Feststellung").data["rueckgabe"], "Falsches Konto");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    filed(lauf, "Ablegen");
}

#[test]
fn a_large_amount_needs_a_second_order() {
    let mut lauf = ready("50000.01");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    let task = lauf.task("Anordnung2");
    assert_eq!(task.groups, ["Anordnung-20"]);
    assert_eq!(task.not_person_of, ["Feststellung", "SachlichePruefung", "RechnerischePruefung", "Anordnung"]);
    lauf.decide("Anordnung2", "Sam", json!({ "entscheidung": "zurueckgeben", "bemerkung": "Mittel fehlen" }));
    assert_eq!(lauf.task("Feststellung").data["rueckgabe"], "Mittel fehlen");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    lauf.decide("Anordnung2", "Sam", json!({ "entscheidung": "anordnen" }));
    let job = filed(lauf, "Ablegen");
    assert_eq!(job.freigegeben_von.as_deref(), Some("Sam"));
    assert_eq!(job.protokoll.unwrap()["anordnung2"]["person"]["name"], "Sam");

    let mut lauf = ready("50000.00");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    assert_eq!(lauf.waiting(), ["Ablegen"]);
}

#[test]
fn a_paper_invoice_is_checked_by_its_proposal() {
    let vorschlag = vorschlag("rechnung");
    let variables = json!({ "eintrag": eintrag(TeilArt::Scan), "vorschlag": vorschlag, "text": blob("text"), "pdfa": blob("pdfa") });
    let mut lauf = Lauf::start("rechnung", variables);
    let job: Pruefen = lauf.input("Pruefen", "rechnung.pruefen.v1");
    assert_eq!((job.xml, job.text, job.vorschlag), (None, Some(blob("text")), Some(vorschlag)));
    let fakten = RechnungsFakten {
        nummer: Some("11842".into()),
        lieferant: Some("Musterbau GmbH".into()),
        brutto: Some("2561.89".into()),
        ..RechnungsFakten::default()
    };
    lauf.work("Pruefen", Geprueft { fakten, befunde: vec![], html: None, text: None });
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!(
        (job.text, job.html, job.titel.as_deref()),
        (Some(blob("text")), None, Some("Rechnung 11842 Musterbau GmbH"))
    );
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    filed(lauf, "Ablegen");
}

#[test]
fn an_unreadable_invoice_is_clarified() {
    let mut lauf = begin(Value::Null);
    lauf.unreadable("Pruefen", "format-rejected", "Das XML ist unvollständig.");
    assert_eq!(lauf.task("Klaerung").data["grund"], "Das XML ist unvollständig.");
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "erneut" }));
    lauf.unreadable("Pruefen", "format-rejected", "Das XML ist unvollständig.");
    lauf.decide(
        "Klaerung",
        "Kim",
        json!({ "entscheidung": "ablegen", "titel": "Defekte Rechnung", "amt": "61", "einheit": "61.20" }),
    );
    let job: Ablegen = lauf.input("UngeprueftAblegen", akten::ABLEGEN);
    assert_eq!(
        (&*job.titel, &*job.amt, &*job.einheit, &*job.dokumentart),
        ("Defekte Rechnung", "61", "61.20", "sonstiges")
    );
    lauf.work("UngeprueftAblegen", abgelegt());
    lauf.ended_well();

    let mut lauf = begin(Value::Null);
    lauf.unreadable("Pruefen", "format-rejected", "Das XML ist unvollständig.");
    lauf.decide("Klaerung", "Kim", json!({ "entscheidung": "zurueckweisen" }));
    lauf.ended_well();
}

#[test]
fn the_tables_of_the_house_fit_the_process() {
    let table =
        |name: &str| std::fs::read_to_string(format!("{}/../tabellen/{name}.dmn", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let tables = Arc::new(
        engine::Tables::parse_all(&[&table("zustaendigkeit"), &table("anordnung"), &table("rechnungsfristen")])
            .unwrap(),
    );
    let variables = json!({ "eintrag": eintrag(TeilArt::RechnungXml), "vorschlag": null, "text": null, "pdfa": null });
    let mut lauf = Lauf::start_with(tables, "rechnung", variables);
    let mut geprueft = geprueft("50000.01", &[]);
    geprueft.fakten.leitweg_id = Some("08999000-61001-25".into());
    lauf.work("Pruefen", geprueft);
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    assert_eq!(lauf.waiting(), ["Feststellung"]);
    assert_eq!(lauf.task("Feststellung").groups, ["Feststellung-61"]);
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    assert_eq!(lauf.task("Anordnung2").groups, ["Anordnung-20"]);
    lauf.decide("Anordnung2", "Sam", json!({ "entscheidung": "anordnen" }));
    let job: Ablegen = lauf.input("Ablegen", akten::ABLEGEN);
    assert_eq!((&*job.amt, &job.einheit[..3]), ("61", "61."));
}

#[test]
fn a_named_target_office_is_found_in_the_table() {
    let table =
        |name: &str| std::fs::read_to_string(format!("{}/../tabellen/{name}.dmn", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for (ziel, element, gruppe) in [("61", "Feststellung", "Feststellung-61"), ("14", "Vorsortierung", "Vorsortierung")]
    {
        let names = ["zustaendigkeit", "anordnung", "rechnungsfristen"].map(table);
        let tables = Arc::new(engine::Tables::parse_all(&[&names[0], &names[1], &names[2]]).unwrap());
        let variables =
            json!({ "eintrag": eintrag(TeilArt::RechnungXml), "vorschlag": null, "text": null, "pdfa": null });
        let mut lauf = Lauf::start_with(tables, "rechnung", variables);
        let mut geprueft = geprueft("1190.00", &[]);
        geprueft.fakten.leitweg_id = Some("08999000-66001-25".into());
        lauf.work("Pruefen", geprueft);
        lauf.work("Erfassen", Erfasst { dubletten: vec![] });
        assert_eq!(lauf.task("Feststellung").groups, ["Feststellung-66"]);
        let werte = json!({ "entscheidung": "zurueckgeben", "bemerkung": "nicht wir", "ziel_amt": ziel });
        lauf.decide("Feststellung", "Kim", werte);
        assert_eq!(lauf.task(element).groups, [gruppe], "{ziel}");
    }
}
