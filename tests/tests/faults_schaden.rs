// SPDX-License-Identifier: EUPL-1.2
//! R25 and R26 with the whole application: a flipped bit is found, told and never served; what is under retention is not
//! removed, and the attempt stands in the trail.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{io::Write as _, process::Stdio};

use gemein::{
    brief,
    haus::Haus,
    program,
    prozess::{Antwort, Bestand},
};
use nachrichten::{
    BlobHash,
    sendungen::{Kanal, Stand},
};
use service_platform::{
    audit,
    blobs::{Blobs as _, S3Blobs},
    uhr::SystemClock,
};
use service_platform_testkit::s3::{has_lock, s3};

/// Status and text of an answer.
fn get(url: &str, header: (&str, &str)) -> (u16, String, Vec<u8>) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(url).header(header.0, header.1).call().unwrap();
    let typ = answer.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    (answer.status().as_u16(), typ, answer.body_mut().read_to_vec().unwrap())
}

#[test]
fn r25_a_flipped_bit_is_found_told_and_never_served() {
    let bestand = Bestand::neu();
    let mut add = bestand.befehl(&["account", "add", "revision", "--name", "Revision", "--rolle", "Revision"]);
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"ein langes Kennwort\n").unwrap();
    assert!(child.wait().unwrap().success());
    let token = String::from_utf8(bestand.befehl(&["account", "token", "revision"]).output().unwrap().stdout).unwrap();
    let token = token.trim();
    let dienst = bestand.dienst();
    let zugang = dienst.zugang();
    let bytes = brief("R25");
    let hash = BlobHash::of(&bytes);
    let receipt = zugang.gib("scan", "bescheid.pdf", "r25", &bytes).receipt();
    let stand = zugang.ruht(&receipt);
    let id = stand["documents"][0]["id"].as_str().unwrap();
    let (bearer, cookie) = (format!("Bearer {token}"), format!("eakte_sitzung={token}"));
    let api = format!("{}/api/v1/documents/{id}/renditions/original", dienst.url);
    let page = format!("{}/dokumente/{id}", dienst.url);
    let (status, _, served) = get(&api, ("authorization", &bearer));
    assert!(status == 200 && served == bytes, "whole, it is served");

    // Below the store.
    let text = hash.to_string();
    let (file, ..) = bestand.blobs().into_iter().find(|(p, ..)| p.ends_with(&text)).unwrap();
    let mut stored = std::fs::read(&file).unwrap();
    let middle = stored.len() / 2;
    stored[middle] ^= 1;
    std::fs::write(&file, &stored).unwrap();

    let (status, typ, body) = get(&api, ("authorization", &bearer));
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, typ.as_str()), (500, "application/problem+json"), "{problem}");
    assert!(problem.to_string().contains("E2005"), "{problem}");
    assert!(problem.to_string().contains("beschädigt und wird nicht gezeigt"), "{problem}");
    let (status, typ, body) = get(&format!("{page}/fassungen/original"), ("cookie", &cookie));
    let body = String::from_utf8(body).unwrap();
    assert!(status == 500 && typ.starts_with("text/html"), "{status} {typ}");
    assert!(body.contains("beschädigt und wird nicht gezeigt") && body.contains("<h1"), "{body}");
    assert_eq!(get(&page, ("cookie", &cookie)).0, 200, "what is known of it is shown");

    // The nightly comparison reads every byte again; what it finds is an alarm (deploy/observe/alerts.yaml).
    let scrub = || bestand.befehl(&["reconcile", "--json"]).output().unwrap();
    let found = scrub();
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(1));
    assert!(report["altered"].as_u64().unwrap() >= 1 && report["missing"] == 0, "{report:#}");
    assert!(report["details"].to_string().contains(&text), "{report:#}");
    let noted: String =
        bestand.zeilen::<(String,)>("SELECT wert FROM platform_einstellung WHERE name = 'abgleich'")[0].0.clone();
    assert!(!noted.contains("\"altered\":0"), "the metric reads it from here: {noted}");

    // The sender has it still: the same bytes heal it.
    match zugang.gib("scan", "bescheid.pdf", "r25-noch-einmal", &bytes) {
        Antwort::Quittung { duplicate_of, .. } => assert_eq!(duplicate_of.as_deref(), Some(receipt.as_str())),
        other => panic!("{other:?}"),
    }
    let (status, _, served) = get(&api, ("authorization", &bearer));
    assert!(status == 200 && served == bytes, "healed");
    assert_eq!(scrub().status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn r26_what_is_under_retention_stays_and_the_attempt_is_audited() {
    let Some(mut s3) = s3().await else { return };
    if !has_lock() {
        println!("skipped: this server has no object lock");
        return;
    }
    // The clock of this house stands days before that of the store.
    (s3.settings.sperre, s3.settings.sperre_tage) = ("compliance".into(), 60);
    let mut leer = Haus::leer().await;
    leer.settings.s3 = s3.settings.clone();
    let data = leer.data.path().to_owned();
    // A crash after the PUT and before the commit: nobody has a receipt for these bytes.
    let bucket =
        S3Blobs::open(&s3.settings, &leer.settings.mandant, std::sync::Arc::new(SystemClock::default())).unwrap();
    let hash = bucket.put(b"ohne Quittung".to_vec()).await.unwrap();
    let absicht = data.join("spool/absicht");
    std::fs::create_dir_all(&absicht).unwrap();
    std::fs::write(absicht.join(format!("{hash}~1")), b"").unwrap();

    // The service wants to remove them at its start.
    let haus = leer.bezogen(program()).await;
    assert_eq!(bucket.get(hash).await.unwrap(), b"ohne Quittung", "refused");
    let trail = audit::of_object(&haus.app.db, &format!("blob:{hash}")).await.unwrap();
    assert_eq!(trail.iter().map(|e| e.act.as_str()).collect::<Vec<_>>(), ["Löschen verweigert"]);
    assert_eq!(std::fs::read_dir(&absicht).unwrap().count(), 0, "tried once, not at every start");

    // An administrator with all rights of the store: neither delete nor shorten; what he lays over it covers nothing.
    let bytes = brief("R26");
    let stand = haus.bringe(Kanal::Scan, "bescheid.pdf", bytes.clone(), None).await;
    assert_eq!(stand.state, Stand::Waiting);
    let hash = BlobHash::of(&bytes);
    let key = format!("{}/{hash}", haus.settings.mandant);
    let version = s3.versions_of(&key).await[0].clone();
    assert!(s3.try_delete_version(&key, &version).await.is_err());
    s3.overwrite_key(&key, b"gefaelscht".to_vec()).await.unwrap();
    let poststelle = haus.person("poststelle").await;
    use nachrichten::dokumente::Dokumente as _;
    let served = haus.app.akten.rendition(&poststelle, stand.documents[0].id, "original").await;
    assert_eq!(served.unwrap().bytes, bytes, "the version that was written first is served");
    let b = haus.abgleich().await;
    assert_eq!((b.missing, b.duplicate, b.altered, b.unaudited), (0, 0, 0, 0), "{b:#?}");
    assert_eq!(b.orphan, 1, "the bytes without a receipt are told until their retention ends: {b:#?}");
}
