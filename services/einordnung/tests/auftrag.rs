// SPDX-License-Identifier: EUPL-1.2
//! The job: messages and blobs in, proposal out.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nachrichten::{
    BlobHash,
    einordnung::{VORSCHLAGEN, Vorschlag},
    job::{Job, Outcome},
};
use serde_json::{Value, json};
use service_einordnung::Einordnung;
use service_platform::{
    blobs::{Blobs, DirectoryBlobs},
    worker::{Worker, run},
};

fn job(eingabe: Value) -> Job {
    serde_json::from_value(json!({
        "id": "01939a10-0000-7000-8000-000000000001", "typ": VORSCHLAGEN, "attempt": 1,
        "instance": "01939a10-0000-7000-8000-000000000002", "idempotency_key": "k",
        "deadline": "2026-11-23T12:00:00Z", "eingabe": eingabe, "trace": null,
    }))
    .unwrap()
}

async fn outcome(blobs: Arc<dyn Blobs>, eingabe: Value) -> Outcome {
    let handlers = Arc::new(Einordnung).jobs();
    assert_eq!(handlers[0].typ, "einordnung.vorschlagen.v1");
    run(&handlers[0], blobs, job(eingabe)).await.outcome
}

fn message(text: BlobHash, woerter: Option<BlobHash>) -> Value {
    json!({"text": text, "woerter": woerter, "blatt": {"amt": "66", "dokumentart": "bescheid", "aktenzeichen": null, "zugang": null},
           "mail_absender": null, "zugang": "2026-11-20"})
}

#[tokio::test]
async fn reads_blobs_and_answers_with_a_proposal() {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(DirectoryBlobs::open(folder.path(), "demo").unwrap());
    let text = blobs.put("Az.: 12-3/26\nIBAN DE89 3704 0044 0532 0130 00\n".into()).await.unwrap();
    let Outcome::Done { werte } = outcome(blobs.clone(), message(text, None)).await else { panic!("no result") };
    let vorschlag: Vorschlag = serde_json::from_value(Value::Object(werte)).unwrap();
    assert_eq!(vorschlag.felder["iban"].wert, "DE89370400440532013000");
    assert_eq!(vorschlag.felder["aktenzeichen"].wert, "12-3/26");
    assert_eq!(vorschlag.felder["doc_type"].grund, "steht auf dem Trennblatt");

    // Bytes that are no UTF-8 and words that are no list: the first is read as far as possible, the second is a defect.
    let broken = blobs.put(vec![0xff, 0xfe, b'x']).await.unwrap();
    assert!(matches!(outcome(blobs.clone(), message(broken, None)).await, Outcome::Done { .. }));
    assert!(matches!(outcome(blobs, message(text, Some(text))).await, Outcome::Bug { .. }));
}
