// SPDX-License-Identifier: EUPL-1.2
//! `rechnung.bpmn`, from the hand-over to the files: receipt, rejection, payment, reversal, withdrawal, credit note.

use crate::{
    lauf::*,
    rechnung::{
        BELEG, BUCHUNG, begin, bezahlt, checked, filed, geprueft, kontierung, quittiert, ready, richtig, uebergeben,
    },
};

fn dokument() -> String {
    DokumentId::of_part(sendung(), 0).to_string()
}

/// Ordered and filed, before the hand-over.
fn angeordnet(betrag: &str) -> Lauf {
    let mut lauf = ready(betrag);
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen", "kontierung": kontierung() }));
    lauf.work("Ablegen", abgelegt());
    lauf
}

fn storniere(lauf: &mut Lauf) {
    let storno =
        json!({ "beleg": BELEG, "storno_beleg": "1900004999", "grund": "Falscher Kreditor", "datum": "2026-11-30" });
    lauf.message_with("Beleg storniert", BELEG, json!({ "storno": storno }));
}

fn zurueckziehen(lauf: &mut Lauf) {
    let rueckzug =
        json!({ "text": "Lieferant stellt neu aus", "person": { "id": sendung(), "name": "Kim" }, "zeit": NOW });
    lauf.message_with("Rechnung zurückgezogen", &dokument(), json!({ "rueckzug": rueckzug }));
}

#[test]
fn the_booking_carries_everything_the_finance_system_needs() {
    let lauf = angeordnet("1190.00");
    let job: Buchen = lauf.input("Buchen", uebergabe::BUCHEN);
    assert_eq!((job.betrag.as_str(), job.amt.as_str(), job.kuerzung), ("1190.00", "66", None));
    assert_eq!(
        (job.fakten.nummer.as_deref(), job.fakten.lieferant.as_deref()),
        (Some("2026-0815"), Some("Musterbau GmbH"))
    );
    assert_eq!((job.kontierung[0].sachkonto.as_str(), job.kontierung[0].betrag.as_str()), ("42210000", "1190.00"));
    let names = |list: &[uebergabe::Zeichnung]| -> Vec<(String, String)> {
        list.iter().map(|z| (z.rolle.clone(), z.person.clone())).collect()
    };
    assert_eq!(names(&job.feststeller), [("sachlich und rechnerisch richtig".to_owned(), "Kim".to_owned())]);
    assert_eq!(names(&job.anordner), [("Anordnung".to_owned(), "Toni".to_owned())]);
    assert_eq!(job.anordner[0].zeit.to_string(), NOW);
    assert_eq!((job.pdf, job.xml, job.html), (Some(blob("original")), Some(blob("xml")), Some(blob("html"))));
}

#[test]
fn a_late_receipt_is_asked_for_and_the_question_goes_with_it() {
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    assert_eq!(lauf.waiting(), [""; 0]);
    assert_eq!(lauf.due("QuittungUeberfaellig"), "2026-11-24T07:00:00Z", "one day");
    lauf.passes("QuittungUeberfaellig");
    assert_eq!(lauf.task("QuittungNachfragen").groups, ["Stadtkasse"]);
    quittiert(&mut lauf, BUCHUNG, BELEG);
    assert_eq!(lauf.waiting(), [""; 0], "the question is moot");
    assert!(lauf.expects("Zahlung ausgeführt", BELEG));
}

#[test]
fn a_rejected_booking_is_clarified_and_handed_over_again() {
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    let ablehnung = json!({ "buchung": BUCHUNG, "grund": "Kreditor gesperrt", "datum": "2026-11-24" });
    lauf.message_with("Buchung abgelehnt", BUCHUNG, json!({ "ablehnung": ablehnung }));
    let task = lauf.task("KlaerungBuchung");
    assert_eq!((&task.data["grund"], &task.groups[0]), (&json!("Kreditor gesperrt"), &"Stadtkasse".to_owned()));
    lauf.decide("KlaerungBuchung", "Wiebke", json!({ "entscheidung": "erneut", "bemerkung": "Kreditor entsperrt" }));
    uebergeben(&mut lauf, "0f3c-2");
    assert!(!lauf.expects("Buchung quittiert", BUCHUNG), "a late receipt of the first booking finds nobody");
    quittiert(&mut lauf, "0f3c-2", BELEG);
    lauf.message_with(
        "Zahlung ausgeführt",
        BELEG,
        json!({ "zahlung": { "beleg": BELEG, "betrag": "1190.00", "datum": "2026-12-01" } }),
    );
    let job: Ablegen = lauf.input("Abschliessen", akten::ABLEGEN);
    let log = job.protokoll.unwrap();
    assert_eq!(log["buchungen"][0]["ablehnung"]["grund"], "Kreditor gesperrt");
    assert_eq!((&log["uebergeben"]["buchung"], &log["ergebnis"]), (&json!("0f3c-2"), &json!("bezahlt")));
    lauf.work("Abschliessen", abgelegt());
    lauf.ended_well();
}

#[test]
fn a_booking_the_worker_refuses_goes_the_same_way() {
    let mut lauf = angeordnet("1190.00");
    lauf.unreadable("Buchen", uebergabe::SAP_REJECT, "Die Kontierung fehlt.");
    assert_eq!(lauf.task("KlaerungBuchung").data["grund"], "Die Kontierung fehlt.");
    // Back to the office: everything is decided anew, and by two persons again.
    lauf.decide("KlaerungBuchung", "Wiebke", json!({ "entscheidung": "zurueckgeben", "bemerkung": "Bitte kontieren" }));
    assert_eq!(lauf.task("Feststellung").data["rueckgabe"], "Bitte kontieren");
    richtig(&mut lauf, "Feststellung", "Kim");
    assert_eq!(lauf.task("Anordnung").not_person_of.len(), 3);
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    let log = filed(lauf, "Ablegen").protokoll.unwrap();
    assert_eq!(log["feststellung"]["person"]["name"], "Kim");
}

#[test]
fn a_refused_booking_may_end_without_payment() {
    let mut lauf = angeordnet("1190.00");
    lauf.unreadable("Buchen", uebergabe::SAP_REJECT, "Schon übergeben.");
    lauf.decide("KlaerungBuchung", "Wiebke", json!({ "entscheidung": "abschliessen", "bemerkung": "War doppelt" }));
    let job: Ablegen = lauf.input("Abschliessen", akten::ABLEGEN);
    let log = job.protokoll.unwrap();
    assert_eq!(
        (&log["ergebnis"], &log["klaerung"]["bemerkung"]),
        (&json!("ohne Zahlung abgeschlossen"), &json!("War doppelt"))
    );
    lauf.work("Abschliessen", abgelegt());
    lauf.ended_well();
}

#[test]
fn a_payment_that_does_not_come_is_escalated_before_it_is_due() {
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    quittiert(&mut lauf, BUCHUNG, BELEG);
    assert_eq!(lauf.due("ZahlungUeberfaellig"), "2026-12-18T05:00:00Z", "due on 20.12.");
    lauf.passes("ZahlungUeberfaellig");
    assert_eq!(lauf.waiting(), ["ZahlungHinweis", "ZahlungNachfragen"]);
    let task = lauf.task("ZahlungNachfragen");
    assert_eq!(
        (&task.groups[0], &task.data["grund"]),
        (&"Stadtkasse".to_owned(), &json!("Der Beleg 1900004711 ist noch nicht bezahlt."))
    );
    let job: Value = lauf.input("ZahlungHinweis", "hinweis.sofort.v1");
    assert_eq!(job["aufgaben_von"], json!(["ZahlungNachfragen"]));
    assert_eq!(job["grund"], "Eine Rechnung ist am 2026-12-20 fällig und noch nicht bezahlt.");
    lauf.work("ZahlungHinweis", json!({}));
    lauf.message_with(
        "Zahlung ausgeführt",
        BELEG,
        json!({ "zahlung": { "beleg": BELEG, "betrag": "1190.00", "datum": "2026-12-19" } }),
    );
    assert_eq!(lauf.waiting(), ["Abschliessen"], "paid: the question is moot");
}

#[test]
fn a_reversal_takes_the_booking_back_and_a_person_decides() {
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    quittiert(&mut lauf, BUCHUNG, BELEG);
    storniere(&mut lauf);
    // The compensation handler of the hand-over, before anything else.
    assert_eq!(lauf.waiting(), ["BuchungStornieren"]);
    let job: Stornieren = lauf.input("BuchungStornieren", uebergabe::STORNIEREN);
    assert_eq!(
        (job.beleg.as_deref(), job.storno_beleg.as_deref(), job.endgueltig),
        (Some(BELEG), Some("1900004999"), false)
    );
    assert_eq!(job.fakten.nummer.as_deref(), Some("2026-0815"));
    let am = lauf.now;
    lauf.work("BuchungStornieren", Storniert { buchungen: vec![BUCHUNG.into()], am });
    let task = lauf.task("KlaerungBuchung");
    assert_eq!(task.data["grund"], "Der Beleg 1900004711 wurde storniert: Falscher Kreditor");
    lauf.decide("KlaerungBuchung", "Wiebke", json!({ "entscheidung": "erneut", "bemerkung": "Kreditor berichtigt" }));
    assert_eq!(lauf.state.variables()["buchungen"][0]["storno"]["storno_beleg"], "1900004999");
    assert_eq!(lauf.state.variables()["storno"], Value::Null);
    uebergeben(&mut lauf, "0f3c-2");
    quittiert(&mut lauf, "0f3c-2", "1900005000");
    lauf.message_with(
        "Zahlung ausgeführt",
        "1900005000",
        json!({ "zahlung": { "beleg": "1900005000", "betrag": "1190.00", "datum": "2026-12-02" } }),
    );
    lauf.work("Abschliessen", abgelegt());
    lauf.ended_well();
    let told = ["angeordnet", "uebergeben", "storniert", "uebergeben", "bezahlt"];
    assert_eq!(lauf.events, told.map(|word| format!("de.eakte.rechnung.{word}.v1")));
}

#[test]
fn a_reversal_after_a_second_booking_takes_back_only_that_one() {
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    quittiert(&mut lauf, BUCHUNG, BELEG);
    storniere(&mut lauf);
    let am = lauf.now;
    lauf.work("BuchungStornieren", Storniert { buchungen: vec![BUCHUNG.into()], am });
    lauf.decide("KlaerungBuchung", "Wiebke", json!({ "entscheidung": "erneut", "bemerkung": "noch einmal" }));
    uebergeben(&mut lauf, "0f3c-2");
    quittiert(&mut lauf, "0f3c-2", BELEG);
    storniere(&mut lauf);
    assert_eq!(lauf.waiting(), ["BuchungStornieren"], "once");
    lauf.work("BuchungStornieren", Storniert { buchungen: vec!["0f3c-2".into()], am });
    assert_eq!(lauf.waiting(), ["KlaerungBuchung"]);
}

#[test]
fn a_withdrawal_ends_everything_wherever_it_stands() {
    // In the check: filed with its reason.
    let mut lauf = ready("1190.00");
    zurueckziehen(&mut lauf);
    assert_eq!(lauf.waiting(), ["RueckzugAblegen"], "the open task is gone");
    let job: Ablegen = lauf.input("RueckzugAblegen", akten::ABLEGEN);
    assert_eq!(job.titel, "Rechnung 2026-0815 Musterbau GmbH (zurückgezogen)");
    assert_eq!(job.protokoll.unwrap()["rueckzug"]["text"], "Lieferant stellt neu aus");
    lauf.work("RueckzugAblegen", abgelegt());
    lauf.ended_well();

    // Before anybody knows the office: nothing to file.
    let mut lauf = begin(Value::Null);
    zurueckziehen(&mut lauf);
    lauf.ended_well();

    // While the booking is on its way to the folder, and after the receipt: taken back for good.
    for quittung in [false, true] {
        let mut lauf = angeordnet("1190.00");
        if quittung {
            uebergeben(&mut lauf, BUCHUNG);
            quittiert(&mut lauf, BUCHUNG, BELEG);
        }
        zurueckziehen(&mut lauf);
        assert_eq!(lauf.waiting(), ["RueckzugStornieren"]);
        let job: Stornieren = lauf.input("RueckzugStornieren", uebergabe::STORNIEREN);
        assert!(job.endgueltig);
        assert_eq!(job.beleg.as_deref(), quittung.then_some(BELEG));
        let am = lauf.now;
        lauf.work("RueckzugStornieren", Storniert { buchungen: vec![], am });
        lauf.work("RueckzugAblegen", abgelegt());
        lauf.ended_well();
    }
}

#[test]
fn a_credit_note_goes_the_same_way_with_a_negative_amount() {
    let mut gutschrift = geprueft("60000.00", &["2026-12-04"]);
    gutschrift.fakten.gutschrift = true;
    let mut lauf = begin(Value::Null);
    lauf.work("Pruefen", &gutschrift);
    let job: Erfassen = lauf.input("Erfassen", akten::ERFASSEN);
    assert_eq!(job.titel.as_deref(), Some("Gutschrift 2026-0815 Musterbau GmbH"));
    lauf.work("Erfassen", Erfasst { dubletten: vec![] });
    let task = lauf.task("Feststellung");
    assert_eq!((&task.data["betrag"], &task.data["skonto_bis"]), (&json!("-60000.00"), &Value::Null));
    let konten = json!([{ "sachkonto": "42210000", "kostenstelle": "66010200", "betrag": "-60000.00" }]);
    lauf.decide("Feststellung", "Kim", json!({ "entscheidung": "freigeben", "kontierung": konten }));
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen", "kontierung": konten }));
    lauf.decide("Anordnung2", "Sam", json!({ "entscheidung": "anordnen", "kontierung": konten }));
    lauf.work("Ablegen", abgelegt());
    let job: Buchen = lauf.input("Buchen", uebergabe::BUCHEN);
    assert_eq!((job.betrag.as_str(), job.fakten.gutschrift), ("-60000.00", true));
    assert_eq!(job.anordner.len(), 2);
    bezahlt(&mut lauf);
    lauf.ended_well();
}

#[test]
fn two_acts_are_two_certificates() {
    let mut lauf = checked(begin(json!({ "feststellung_in_einem_akt": false })), geprueft("1190.00", &[]), vec![]);
    richtig(&mut lauf, "SachlichePruefung", "Kim");
    richtig(&mut lauf, "RechnerischePruefung", "Alex");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    lauf.work("Ablegen", abgelegt());
    let job: Buchen = lauf.input("Buchen", uebergabe::BUCHEN);
    let rollen: Vec<&str> = job.feststeller.iter().map(|z| z.rolle.as_str()).collect();
    assert_eq!(rollen, ["sachlich richtig", "rechnerisch richtig"]);
}

fn anhalten(lauf: &mut Lauf) {
    let anhalten = json!({ "text": "Mangel am Belag", "person": { "id": sendung(), "name": "Kim" }, "zeit": NOW });
    lauf.message_with("Rechnung angehalten", &dokument(), json!({ "anhalten": anhalten }));
}

#[test]
fn a_dispute_stops_an_ordered_invoice_until_it_is_paid() {
    // Handed over, not yet received: the booking is taken back before anybody looks at the dispute.
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    anhalten(&mut lauf);
    let job: Stornieren = lauf.input("AnhaltenStornieren", uebergabe::STORNIEREN);
    assert_eq!((job.grund.as_str(), job.beleg, job.endgueltig), ("Mangel am Belag", None, false));
    lauf.work("AnhaltenStornieren", Storniert { buchungen: vec![BUCHUNG.into()], am: NOW.parse().unwrap() });
    assert_eq!(lauf.waiting(), ["StrittigNachAnordnung"], "nobody pays, nobody orders");
    let task = lauf.task("StrittigNachAnordnung");
    assert_eq!((&task.groups[0], &task.data["grund"]), (&"Feststellung-66".to_owned(), &json!("Mangel am Belag")));
    assert!(!lauf.expects("Buchung quittiert", BUCHUNG));
    lauf.decide("StrittigNachAnordnung", "Kim", json!({ "entscheidung": "fortsetzen", "bemerkung": "Nachgebessert" }));
    // All is decided anew; the earlier order counts no more.
    assert_eq!(lauf.task("Feststellung").data["rueckgabe"], "Nachgebessert");
    richtig(&mut lauf, "Feststellung", "Kim");
    lauf.decide("Anordnung", "Toni", json!({ "entscheidung": "anordnen" }));
    let log = lauf.input::<Ablegen>("Ablegen", akten::ABLEGEN).protokoll.unwrap();
    assert_eq!(log["feststellung"]["person"]["name"], "Kim");
    lauf.work("Ablegen", abgelegt());
    uebergeben(&mut lauf, "0f3c-2");
    quittiert(&mut lauf, "0f3c-2", BELEG);

    // Received, waiting for the money: the posting is compensated, once.
    anhalten(&mut lauf);
    let job: Stornieren = lauf.input("BuchungStornieren", uebergabe::STORNIEREN);
    assert_eq!((job.grund.as_str(), job.beleg.as_deref()), ("Mangel am Belag", Some(BELEG)));
    lauf.work("BuchungStornieren", Storniert { buchungen: vec!["0f3c-2".into()], am: NOW.parse().unwrap() });
    assert_eq!(lauf.waiting(), ["StrittigNachAnordnung"]);
    lauf.decide(
        "StrittigNachAnordnung",
        "Kim",
        json!({ "entscheidung": "ablehnen", "bemerkung": "bleibt mangelhaft" }),
    );
    assert_eq!(lauf.task("Ruecksendung").data["grund"], "bleibt mangelhaft");
    assert!(lauf.timers.is_empty(), "{:?}", lauf.timers);

    // Paid is paid.
    let mut lauf = angeordnet("1190.00");
    uebergeben(&mut lauf, BUCHUNG);
    quittiert(&mut lauf, BUCHUNG, BELEG);
    assert!(lauf.expects("Rechnung angehalten", &dokument()));
    let zahlung = json!({ "zahlung": { "beleg": BELEG, "betrag": "1190.00", "datum": "2026-12-01" } });
    lauf.message_with("Zahlung ausgeführt", BELEG, zahlung);
    assert!(!lauf.expects("Rechnung angehalten", &dokument()));
}
