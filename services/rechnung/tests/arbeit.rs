// SPDX-License-Identifier: EUPL-1.2
//! The child's answer and the worker's paper path.
#![allow(clippy::unwrap_used)]

use std::{path::PathBuf, sync::Arc};

use nachrichten::{
    DokumentId, InstanceId, JobId, Timestamp,
    job::{Job, Outcome},
    rechnung::{Geprueft, PRUEFEN, RechnungsFakten},
};
use serde_json::{Value, json};
use service_platform::{
    blobs::{Blobs, DirectoryBlobs},
    worker::{Worker, run},
};
use service_rechnung::{LESEN, Rechnung, child};
use service_sandbox::{Limits, Pool};

const UBL: &str = include_str!("../../../schemas/rechnung/tests/beispiele/ubl-gut.xml");

fn header() -> Value {
    json!({ "zugang": "2026-11-20", "counting": { "start": "unbekannt", "tage": 30 } })
}

fn read(xml: &str, printed: &str) -> Result<service_sandbox::Reply, service_sandbox::Refusal> {
    child(LESEN, header(), vec![xml.as_bytes().to_vec(), printed.as_bytes().to_vec()]).unwrap()
}

#[test]
fn child_reads_facts_terms_page_and_text() {
    let reply = read(UBL, "").unwrap();
    let fakten: RechnungsFakten = serde_json::from_value(reply.header["fakten"].clone()).unwrap();
    assert_eq!(fakten.nummer.as_deref(), Some("2026-0815"));
    assert_eq!(fakten.lieferant.as_deref(), Some("Musterbau GmbH"));
    assert_eq!(fakten.lieferant_steuer.as_deref(), Some("DE999999999"));
    assert_eq!(fakten.leitweg_id.as_deref(), Some("08999000-66TIEFBAU-73"));
    assert_eq!(fakten.bestellnummer.as_deref(), Some("B-66-0471"));
    assert_eq!(
        [fakten.netto, fakten.steuer, fakten.brutto, fakten.zahlbetrag].map(Option::unwrap),
        ["1000.00", "190.00", "1190.00", "1100.00"]
    );
    assert_eq!(fakten.faellig.unwrap().to_string(), "2026-12-16");
    assert_eq!(
        (fakten.skonto[0].bis.to_string().as_str(), fakten.skonto[0].ersparnis.as_str()),
        ("2026-11-30", "22.00")
    );
    assert!(fakten.faellig_annahme.unwrap().contains("das frühere Datum"));
    assert_eq!(reply.header["befunde"], json!([]));
    assert!(String::from_utf8_lossy(&reply.blobs[0]).starts_with("<!DOCTYPE html>"));
    assert!(String::from_utf8_lossy(&reply.blobs[1]).contains("Position: Gehwegplatten 30 x 30 cm, grau\n"));
}

#[test]
fn printed_text_is_compared_with_the_data() {
    let same = "Rechnung Nr. 2026-0815 vom 16. November 2026, Gesamt 1.190,00 EUR";
    assert_eq!(read(UBL, same).unwrap().header["befunde"], json!([]));
    let befunde = read(UBL, &same.replace("1.190,00", "11.190,00")).unwrap().header["befunde"].clone();
    assert_eq!(
        befunde,
        json!([{ "code": "visible-vs-data", "stufe": "warnung",
        "text": "Der Gesamtbetrag 1.190,00 aus den Daten steht nicht im sichtbaren Text." }])
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_a_sentence() {
    assert_eq!(read("<a/>", "").unwrap_err().code, "format-rejected");
    let refusal = read(&UBL.replace(">1190.00<", ">1.19e3<"), "").unwrap_err();
    assert_eq!(refusal.detail, "Der Wert „1.19e3“ im Feld TaxInclusiveAmount ist keine gültige Zahl.");
    assert!(child("erkennung.zerlegen", json!({}), Vec::new()).is_none());
}

#[tokio::test]
async fn paper_invoice_needs_no_child() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "test").unwrap());
    let text = blobs.put("Musterbau GmbH\nRechnung 4711\ninkl. 19 % MwSt.".as_bytes().to_vec()).await.unwrap();
    let feld = |wert: &str| json!({ "wert": wert, "sicherheit": 0.9, "grund": "Test", "seite": null, "kasten": null });
    let eingabe = json!({
        "dokument": DokumentId(uuid::Uuid::nil()), "xml": null, "text": text, "zugang": "2026-11-20",
        "vorschlag": { "felder": { "invoice_number": feld("4711"), "amount": feld("119.00"), "sender": feld("Musterbau GmbH"), "date": feld("2026-11-18") } },
    });
    let pool = Arc::new(Pool::new(PathBuf::from("/nonexistent"), Vec::new(), Limits::default(), 1));
    let handlers = Arc::new(Rechnung::new(pool, 14)).jobs();
    assert_eq!(handlers[0].typ, PRUEFEN);
    let nil = uuid::Uuid::nil();
    let job = Job {
        id: JobId(nil),
        typ: PRUEFEN.to_owned(),
        attempt: 1,
        failures: 0,
        instance: InstanceId(nil),
        idempotency_key: "k".to_owned(),
        deadline: Timestamp(0),
        eingabe,
        trace: None,
    };
    let Outcome::Done { werte } = run(&handlers[0], blobs, job).await.outcome else { panic!("not done") };
    let result: Geprueft = serde_json::from_value(Value::Object(werte)).unwrap();
    assert_eq!((result.html, result.text, result.befunde), (None, None, Vec::new()));
    assert_eq!(result.fakten.faellig.unwrap().to_string(), "2026-12-02");
}
