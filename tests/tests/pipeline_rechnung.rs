// SPDX-License-Identifier: EUPL-1.2
//! The path of an invoice: read and checked, found right by one person, ordered by another, filed with its log.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use gemein::{
    haus::{Haus, kontierung, object, sql},
    probe,
};
use nachrichten::{
    aufgaben::{Aufgaben, AufgabenFilter, Erledigung},
    dokumente::{Dokument, Dokumente as _},
    sendungen::{Kanal, Stand},
};
use serde_json::json;
use service_platform::args;
use uuid::Uuid;

const UBL: &str = "04-rechnung-xrechnung-ubl.xml";
const CII: &str = "05-rechnung-xrechnung-cii.xml";
const ZUGFERD: &str = "06-rechnung-zugferd.pdf";
const PAPIER: &str = "07-rechnung-papier.jpg";

/// Hands in a sample invoice and waits for its task.
async fn eingang(haus: &Haus, name: &str) -> Dokument {
    let stand = haus.bringe(Kanal::Scan, name, probe(name), None).await;
    assert_eq!((stand.state, stand.documents.len()), (Stand::Waiting, 1), "{name}: {stand:?}");
    haus.dokument(&haus.app.cli, stand.documents[0].id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_syntax_and_paper_lead_to_the_office_of_the_leitweg_id() {
    let haus = Haus::neu().await;
    let cases = [
        (UBL, "feststellung", "66", "62941.00", "2026-0417"),
        (CII, "planung", "61", "9510.78", "R-26-0093"),
        (ZUGFERD, "feststellung", "66", "6213.70", "LW-202611-5083"),
        (PAPIER, "schulamt", "40", "2561.89", "11842"),
    ];
    for (name, kennung, amt, betrag, nummer) in cases {
        let d = eingang(&haus, name).await;
        let fakten = d.fakten.clone().unwrap_or_else(|| panic!("{name}: no facts"));
        assert_eq!((fakten.brutto.as_deref(), fakten.nummer.as_deref()), (Some(betrag), Some(nummer)), "{name}");
        let fatal: Vec<_> = d.befunde.iter().filter(|b| b.stufe == nachrichten::erkennung::Stufe::Fehler).collect();
        assert!(fatal.is_empty(), "{name}: {fatal:?}");
        let person = haus.person(kennung).await;
        let aufgabe = haus.aufgabe(&person, d.id, "Feststellung").await;
        assert_eq!(aufgabe.aufgabe.gruppe, format!("Feststellung-{amt}"), "{name}");
        assert_eq!(aufgabe.aufgabe.daten["betrag"], betrag, "{name}");
        if name != PAPIER {
            let html = haus.app.akten.rendition(&person, d.id, "invoice-html").await.unwrap();
            let html = String::from_utf8(html.bytes).unwrap();
            assert!(html.contains(nummer) && !html.contains("<script"), "{name}: a readable invoice");
        }
    }
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_the_wall_stands_in_the_data_layer_too() {
    let haus = Haus::neu().await;
    let d = eingang(&haus, ZUGFERD).await;
    // Both groups, one person.
    let samira = haus.person("samira.lang").await;
    let feststellung = haus.aufgabe(&samira, d.id, "Feststellung").await;
    let werte = json!({ "entscheidung": "freigeben", "kontierung": kontierung("6213.70") });
    let e = Erledigung {
        version: feststellung.aufgabe.version,
        idempotency_key: "einmal".into(),
        werte: object(werte),
        fassung: None,
    };
    haus.app.geschaeftsgang.complete(&samira, feststellung.aufgabe.id, e.clone()).await.unwrap();
    // The answer was lost, the browser sends it again: one effect.
    haus.app.geschaeftsgang.complete(&samira, feststellung.aufgabe.id, e).await.unwrap();
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_zeichnung").await, 1);
    assert_eq!(haus.zahl("SELECT count(*) FROM platform_audit WHERE act = 'aufgabe erledigt'").await, 1);

    let vogt = haus.person("anordnung").await;
    let anordnung = haus.aufgabe(&vogt, d.id, "Anordnung").await;
    let gesperrt = haus.aufgabe(&samira, d.id, "Anordnung").await;
    let satz = "Sie haben schon „Sachlich und rechnerisch richtig“ gezeichnet. „Auszahlung anordnen“ macht eine zweite Person.";
    assert_eq!(gesperrt.sperre.as_deref(), Some(satz), "the page says it before the button is pressed");
    let ja = json!({ "entscheidung": "anordnen", "kontierung": kontierung("6213.70") });
    let refused = haus.versuche(&samira, &gesperrt, ja.clone()).await.unwrap_err();
    assert_eq!((refused.status, refused.text.0.as_str()), (403, satz));

    // Past every service, straight into the table: the trigger refuses.
    let insert = sql(
        "INSERT INTO geschaeftsgang_zeichnung (aufgabe, instanz, element, person, at, hash) VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let row = args![gesperrt.aufgabe.id, gesperrt.aufgabe.ablauf, "Anordnung", samira.person, 1i64, "x"];
    let error = haus.app.db.execute(&insert, row).await.unwrap_err();
    assert!(error.message().is_some_and(|m| m.contains("four-eyes")), "{error}");
    for change in ["UPDATE geschaeftsgang_zeichnung SET element = 'x'", "DELETE FROM geschaeftsgang_zeichnung"] {
        let error = haus.app.db.execute(&sql(change), Vec::new()).await.unwrap_err();
        assert!(error.message().is_some_and(|m| m.contains("append-only")), "{error}");
    }
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_zeichnung").await, 1);

    // Someone took and gave back the task in between: the version seen is stale.
    let vorher = anordnung.aufgabe.version;
    let version = haus.app.geschaeftsgang.claim(&vogt, anordnung.aufgabe.id, vorher).await.unwrap();
    let version = haus.app.geschaeftsgang.release(&vogt, anordnung.aufgabe.id, version).await.unwrap();
    assert!(version > vorher);
    let stale = haus.versuche(&vogt, &anordnung, ja.clone()).await.unwrap_err();
    assert_eq!(stale.status, 412, "{stale:?}");
    assert_eq!(haus.dokument(&vogt, d.id).await.stand, "eingang");

    let frisch = haus.aufgabe(&vogt, d.id, "Anordnung").await;
    haus.erledige(&vogt, &frisch, ja).await;
    let filed = haus.bis_stand(&vogt, d.id, "abgelegt").await;
    assert_eq!(filed.dokumentart.as_deref(), Some("rechnung"));
    assert!(filed.ablage.is_some());
    let names: Vec<&str> = filed.renditionen.iter().map(|r| r.name.as_str()).collect();
    for name in ["original", "invoice-html", "text", "protokoll"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let log = haus.protokoll(&vogt, d.id).await;
    assert_eq!(log["ergebnis"], "angeordnet", "{log:#}");
    assert_eq!(log["feststellung"]["person"]["name"], "Samira Lang");
    assert_eq!(log["anordnung"]["person"]["name"], "Henrike Vogt");
    assert_eq!(log["kontierung"][0]["kostenstelle"], "66100");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_sum_needs_a_third_person_and_its_double_a_decision() {
    let haus = Haus::neu().await;
    let d = eingang(&haus, UBL).await;
    let (feststellung, vogt) = (haus.person("feststellung").await, haus.person("anordnung").await);
    let aufgabe = haus.aufgabe(&feststellung, d.id, "Feststellung").await;
    let konto = kontierung("62941.00");
    haus.erledige(&feststellung, &aufgabe, json!({ "entscheidung": "freigeben", "kontierung": konto })).await;
    let aufgabe = haus.aufgabe(&vogt, d.id, "Anordnung").await;
    haus.erledige(&vogt, &aufgabe, json!({ "entscheidung": "anordnen", "kontierung": konto })).await;
    let kaemmerer = haus.person("kaemmerer").await;
    let zweite = haus.aufgabe(&kaemmerer, d.id, "Anordnung2").await;
    assert_eq!(zweite.aufgabe.gruppe, "Anordnung-20");
    assert_eq!(haus.dokument(&vogt, d.id).await.stand, "eingang", "over 50,000 EUR one order is not enough");
    haus.erledige(&kaemmerer, &zweite, json!({ "entscheidung": "anordnen", "kontierung": konto })).await;
    haus.bis_stand(&vogt, d.id, "abgelegt").await;
    let log = haus.protokoll(&vogt, d.id).await;
    assert_eq!(log["anordnung2"]["person"]["name"], "Friedhelm Osterkamp");

    // The same facts in other bytes: not the same file, but a person must look before anything is paid.
    let double = eingang(&haus, "09-dublette.xml").await;
    let kovac = haus.person("kaemmerei").await;
    let frage = haus.aufgabe(&kovac, double.id, "Dublette").await;
    assert_eq!(frage.aufgabe.gruppe, "Vorsortierung");
    let found = &frage.aufgabe.daten["dubletten"];
    assert_eq!(found[0]["dokument"], json!(d.id), "{found}");
    let filter = AufgabenFilter { element: vec!["Feststellung".into()], limit: 50, ..AufgabenFilter::default() };
    assert!(Aufgaben::list(&haus.app.geschaeftsgang, &feststellung, &filter).await.unwrap().aufgaben.is_empty());
    let werte = json!({ "entscheidung": "echt", "bemerkung": "Gleiche Rechnung, zweimal geschickt." });
    haus.erledige(&kovac, &frage, werte).await;
    let filed = haus.bis_stand(&haus.app.cli, double.id, "abgelegt").await;
    assert!(filed.titel.ends_with("(Dublette)"), "{}", filed.titel);
    let log = haus.protokoll(&haus.app.cli, double.id).await;
    assert_eq!((&log["ergebnis"], &log["dublette"]["person"]["name"]), (&json!("dublette"), &json!("Milena Kovac")));
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_no_act_only_a_person_sends_back() {
    let haus = Haus::neu().await;
    let xml = String::from_utf8(probe(CII)).unwrap();
    let wrong = xml.replace("<ram:GrandTotalAmount>9510.78", "<ram:GrandTotalAmount>9610.78");
    assert_ne!(wrong, xml);
    let stand = haus.bringe(Kanal::Upload, "falsche-summe.xml", wrong.into_bytes(), None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    let planung = haus.person("planung").await;
    let id = stand.documents[0].id;
    let d = haus.dokument(&planung, id).await;
    assert!(!d.befunde.is_empty(), "the wrong total is a finding");
    let aufgabe = haus.aufgabe(&planung, id, "Feststellung").await;
    assert_eq!(aufgabe.aufgabe.daten["befunde"], d.befunde.len());

    let grund = "Die Summe ist um 100 Euro zu hoch.";
    haus.erledige(&planung, &aufgabe, json!({ "entscheidung": "ablehnen", "bemerkung": grund })).await;
    let brief = haus.aufgabe(&planung, id, "Ruecksendung").await;
    assert_eq!(brief.aufgabe.daten["grund"], grund);
    assert_eq!(haus.dokument(&planung, id).await.stand, "eingang", "not gone before the letter is written");
    haus.erledige(&planung, &brief, json!({ "entscheidung": "versandt", "schreiben": grund })).await;
    let filed = haus.bis_stand(&planung, id, "abgelegt").await;
    assert!(filed.titel.ends_with("(zurückgesandt)"), "{}", filed.titel);
    let log = haus.protokoll(&planung, id).await;
    assert_eq!(log["ergebnis"], "zurueck an Lieferanten");
    assert_eq!(log["ruecksendung"]["person"]["name"], "Ruth Heckmann");
    let orders = haus.zahl("SELECT count(*) FROM geschaeftsgang_zeichnung WHERE element LIKE 'Anordnung%'").await;
    assert_eq!(orders, 0, "nobody ordered a payment");
    haus.ist_sauber().await;
    haus.app.stop().await;
}

/// A key is bound to task and person: another person with the same key is not taken for the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_done_task_names_who_did_it() {
    let haus = Haus::neu().await;
    let d = eingang(&haus, ZUGFERD).await;
    let (riedel, samira) = (haus.person("feststellung").await, haus.person("samira.lang").await);
    let aufgabe = haus.aufgabe(&riedel, d.id, "Feststellung").await;
    let e = Erledigung {
        version: aufgabe.aufgabe.version,
        idempotency_key: Uuid::nil().to_string(),
        werte: object(json!({ "entscheidung": "freigeben", "kontierung": kontierung("6213.70") })),
        fassung: None,
    };
    // Both at the same moment: one wins, the other is told.
    let engine = &haus.app.geschaeftsgang;
    let (a, b) = tokio::join!(
        engine.complete(&riedel, aufgabe.aufgabe.id, e.clone()),
        engine.complete(&samira, aufgabe.aufgabe.id, e)
    );
    let refused: Vec<_> = [a, b].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(matches!(refused[0].status, 404 | 409 | 412), "{:?}", refused[0]);
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_zeichnung").await, 1);
    haus.app.stop().await;
}
