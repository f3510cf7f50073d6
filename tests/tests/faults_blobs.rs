// SPDX-License-Identifier: EUPL-1.2
//! R03, R04, R24, R25, R26: what a blob store on S3 does when the process, the way or the store itself fails.
//!
//! A real server (`service_platform_testkit::s3`), the faults in a proxy before it or in its files.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use nachrichten::BlobHash;
use service_platform::{
    blobs::{BlobError, Blobs as _, S3Blobs},
    config::{Config, S3Settings},
    uhr::SystemClock,
};
use service_platform_testkit::{
    proxy::Fault,
    s3::{GEHEIMNIS, Server, TestS3, has_lock, s3, s3_plain},
};

const MIB: usize = 1 << 20;

/// Three parts of 5 MiB.
fn large() -> Vec<u8> {
    (0..13 * MIB).map(|i| (i % 253) as u8).collect()
}

/// Run by [`killed_while_putting`] in a process of its own: stores one blob, which its proxy does not let happen.
#[test]
fn kind_legt_ab() {
    if std::env::var_os("EAKTE_TEST_KIND").is_none() {
        return;
    }
    let settings = Config::load(None, std::env::vars()).unwrap().settings.s3;
    let blobs = S3Blobs::open(&settings, "stadt", Arc::new(SystemClock::default())).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(blobs.put(large())).unwrap();
}

fn start_child(s: &S3Settings) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "kind_legt_ab", "--nocapture"]).env("EAKTE_TEST_KIND", "1");
    for (key, value) in [
        ("ENDPOINT", s.endpoint.clone()),
        ("BUCKET", s.bucket.clone()),
        ("REGION", s.region.clone()),
        ("ZUGANG", s.zugang.clone()),
        ("GEHEIMNIS_DATEI", s.geheimnis_datei.clone()),
        ("TEIL_BYTES", s.teil_bytes.to_string()),
        ("FRIST_MS", "60000".into()),
    ] {
        child.env(format!("EAKTE_S3__{key}"), value);
    }
    child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// SIGKILL once the proxy holds the child at this fault.
async fn killed_while_putting(s3: &TestS3, fault: Fault, only: &'static str) {
    let (proxy, settings) = s3.proxied().await;
    proxy.set(fault, only);
    let mut child = start_child(&settings);
    tokio::time::timeout(Duration::from_secs(30), proxy.holds_one()).await.expect("the child reaches the fault");
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "killed, not finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn r03_killed_in_the_middle_of_a_part() {
    let Some(mut s3) = s3().await else { return };
    s3.settings.teil_bytes = 5 * MIB;
    let (blobs, hash) = (s3.blobs(), BlobHash::of(&large()));
    killed_while_putting(&s3, Fault::StallRequest { after: 2 * MIB as u64 }, "partNumber=2").await;

    assert!(!blobs.exists(hash).await.unwrap(), "nothing partial is visible");
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Missing(_))));
    assert!(blobs.list().await.unwrap().is_empty());

    let mut patient = s3.settings.clone();
    patient.aufraeumen_h = 1;
    assert_eq!(s3.open(&patient).sweep().await.unwrap(), 0, "a young upload may be another service's work");
    assert_eq!(blobs.sweep().await.unwrap(), 1);
    assert_eq!(blobs.sweep().await.unwrap(), 0);

    assert_eq!(blobs.put(large()).await.unwrap(), hash, "then it is stored");
    assert!(blobs.get(hash).await.unwrap() == large());
    assert_eq!(blobs.sweep().await.unwrap(), 0, "nothing is left of it");
}

/// The same with a sweeper that comes while somebody still uploads: he begins again.
#[tokio::test(flavor = "multi_thread")]
async fn r03_an_upload_swept_under_its_hands_begins_again() {
    let Some(mut s3) = s3().await else { return };
    s3.settings.teil_bytes = 5 * MIB;
    let (proxy, mut settings) = s3.proxied().await;
    settings.frist_ms = 20_000;
    proxy.set(Fault::Delay(Duration::from_secs(1)), "partNumber=2");
    let uploading = s3.open(&settings);
    let upload = tokio::spawn(async move { uploading.put(large()).await });
    while proxy.seen("PUT") < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(s3.blobs().sweep().await.unwrap(), 1);
    assert_eq!(upload.await.unwrap().unwrap(), BlobHash::of(&large()));
    assert!(s3.blobs().get(BlobHash::of(&large())).await.unwrap() == large());
}

#[tokio::test(flavor = "multi_thread")]
async fn r04_killed_after_the_put_and_adopted() {
    let Some(mut s3) = s3().await else { return };
    // The answer that is lost on the way is the one to the last request.
    for (teil_bytes, only, what) in [(5 * MIB, "POST uploadId=", "in parts"), (64 * MIB, "PUT", "at once")] {
        s3.settings.teil_bytes = teil_bytes;
        let hash = BlobHash::of(&large());
        killed_while_putting(&s3, Fault::SwallowAnswer, only).await;
        let (proxy, settings) = s3.proxied().await;
        assert_eq!(s3.open(&settings).put(large()).await.unwrap(), hash, "{what}");
        assert_eq!(proxy.seen("PUT") + proxy.seen("POST"), 0, "{what}: adopted, not written again");
        if has_lock() {
            assert_eq!(s3.versions(hash).await.len(), 1, "{what}");
        }
        s3.blobs().remove(hash).await.unwrap();
        assert!(s3.blobs().list().await.unwrap().is_empty(), "{what}");
    }
}

/// A third of all answers is 503: every call succeeds, with the same key, none says "missing".
#[tokio::test(flavor = "multi_thread")]
async fn r24_a_third_of_the_answers_is_503() {
    let Some(s3) = s3().await else { return };
    let (proxy, mut settings) = s3.proxied().await;
    settings.versuche = 8;
    let blobs = s3.open(&settings);
    let seed = std::env::var("EAKTE_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(24);
    println!("EAKTE_SEED={seed}");
    proxy.set(Fault::Busy { percent: 30, seed }, "");
    for n in 0..20u8 {
        let bytes = vec![n; 1000 + usize::from(n)];
        let hash = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(blobs.get(hash).await.unwrap(), bytes);
    }
    assert_eq!(blobs.list().await.unwrap().len(), 20);
    assert!(proxy.seen("") > 75, "there were repeats");
}

/// Broken answers, silence, swallowed answers: bounded, said as "away", and over when the fault is.
#[tokio::test(flavor = "multi_thread")]
async fn r24_broken_ways_end_in_away_within_their_time() {
    let Some(s3) = s3().await else { return };
    let bytes: Vec<u8> = (0..300_000u32).map(|i| (i % 241) as u8).collect();
    let hash = s3.blobs().put(bytes.clone()).await.unwrap();
    for fault in [
        Fault::CutAnswer { after: 100_000, reset: false },
        Fault::CutAnswer { after: 100_000, reset: true },
        Fault::CutAnswer { after: 0, reset: true },
        Fault::Reset,
        Fault::Silence,
        Fault::SwallowAnswer,
        Fault::Html404,
        Fault::Busy { percent: 100, seed: 1 },
    ] {
        let (proxy, mut settings) = s3.proxied().await;
        (settings.frist_ms, settings.versuche) = (400, 2);
        let blobs = s3.open(&settings);
        proxy.set(fault, "");
        let start = Instant::now();
        let got = blobs.get(hash).await;
        assert!(matches!(got, Err(BlobError::Away(_))), "{fault:?}: {:?}", got.map(|b| b.len()));
        let there = blobs.exists(hash).await;
        // A HEAD has no body that could be cut.
        assert!(matches!(there, Err(BlobError::Away(_)) | Ok(true)), "{fault:?}: {there:?}");
        assert!(start.elapsed() < Duration::from_secs(4), "{fault:?} took {:?}", start.elapsed());
        proxy.heal();
        assert!(blobs.get(hash).await.unwrap() == bytes, "{fault:?} is over");
    }
}

/// The answer to a write is lost: it is repeated, and what was written counts once.
#[tokio::test(flavor = "multi_thread")]
async fn r24_a_lost_answer_to_a_put_writes_once() {
    let Some(s3) = s3().await else { return };
    let (proxy, mut settings) = s3.proxied().await;
    settings.frist_ms = 500;
    let blobs = Arc::new(s3.open(&settings));
    proxy.set(Fault::SwallowAnswer, "PUT /");
    let (first, held) = (blobs.clone(), proxy.holds_one());
    let put = tokio::spawn(async move { first.put(b"einmal".to_vec()).await });
    held.await;
    tokio::time::sleep(Duration::from_millis(550)).await;
    proxy.heal();
    let hash = put.await.unwrap().unwrap();
    assert_eq!(blobs.get(hash).await.unwrap(), b"einmal");
    if has_lock() {
        assert_eq!(s3.versions(hash).await.len(), 1);
    }
}

/// A replica that lags: "no such key" is believed only after a while; a blob that was never stored is still missing.
#[tokio::test(flavor = "multi_thread")]
async fn r24_a_lagging_store_is_not_a_missing_blob() {
    let Some(s3) = s3().await else { return };
    let (proxy, mut settings) = s3.proxied().await;
    settings.geduld_ms = 4000;
    let blobs = s3.open(&settings);
    let hash = s3.blobs().put(b"kommt spaet".to_vec()).await.unwrap();
    for lagging in ["get", "exists", "put"] {
        proxy.set(Fault::NotFoundUntil(Instant::now() + Duration::from_millis(1500)), "");
        match lagging {
            "get" => assert_eq!(blobs.get(hash).await.unwrap(), b"kommt spaet"),
            "exists" => assert!(blobs.exists(hash).await.unwrap()),
            _ => assert_eq!(blobs.put(b"kommt spaet".to_vec()).await.unwrap(), hash),
        }
    }
    proxy.heal();
    let never = BlobHash::of(b"nie gespeichert");
    assert!(matches!(s3.blobs().get(never).await, Err(BlobError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn r24_the_breaker_answers_at_once_and_closes_again() {
    let Some(s3) = s3().await else { return };
    let (proxy, mut settings) = s3.proxied().await;
    (settings.frist_ms, settings.versuche) = (200, 3);
    let blobs = s3.open(&settings);
    let hash = blobs.put(b"vorher".to_vec()).await.unwrap();
    proxy.set(Fault::Silence, "");
    for _ in 0..3 {
        assert!(matches!(blobs.get(hash).await, Err(BlobError::Away(_))));
    }
    let start = Instant::now();
    let mut texts = Vec::new();
    for _ in 0..20 {
        texts.push(blobs.get(hash).await.unwrap_err().to_string());
    }
    assert!(start.elapsed() < Duration::from_secs(1), "20 answers took {:?}", start.elapsed());
    assert!(texts.iter().all(|t| t.contains("away")) && texts[19].contains("no answer within"), "{}", texts[19]);

    proxy.heal();
    let start = Instant::now();
    while blobs.get(hash).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(15), "first effect at most 15 s after the store is back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("back after {:?}", start.elapsed());
    assert_eq!(blobs.get(hash).await.unwrap(), b"vorher");
}

#[tokio::test(flavor = "multi_thread")]
async fn r25_one_bit_flipped_below_the_store() {
    let Some(s3) = s3().await else { return };
    if !has_lock() {
        println!("skipped: this server does not keep one file per object");
        return;
    }
    let blobs = s3.blobs();
    let hash = blobs.put(b"Festsetzung auf 1.000,00 EUR".to_vec()).await.unwrap();
    let other = blobs.put(b"unversehrt".to_vec()).await.unwrap();
    let file: PathBuf = s3.files.join("stadt").join(hash.to_string());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[16] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(blobs.get(hash).await, Err(BlobError::Damaged(h)) if h == hash));
    assert!(blobs.exists(hash).await.unwrap(), "damaged is not missing");
    assert_eq!(blobs.get(other).await.unwrap(), b"unversehrt");
}

#[tokio::test(flavor = "multi_thread")]
async fn r26_under_retention_nobody_deletes_or_overwrites() {
    let Some(mut s3) = s3().await else { return };
    if !has_lock() {
        println!("skipped: this server has no object lock");
        return;
    }
    (s3.settings.sperre, s3.settings.sperre_tage) = ("compliance".into(), 1);
    s3.settings.teil_bytes = 5 * MIB;
    let blobs = s3.blobs();
    assert!(blobs.check().await.unwrap().is_empty(), "nothing is missing");
    for bytes in [b"Urkunde".to_vec(), large()] {
        let hash = blobs.put(bytes.clone()).await.unwrap();
        let written = s3.versions(hash).await;
        assert_eq!(written.len(), 1);

        assert!(matches!(blobs.remove(hash).await, Err(BlobError::Retained(h)) if h == hash), "the service");
        let refused = s3.delete_version(hash, &written[0]).await;
        assert!(refused.is_err(), "the administrator");
        assert!(s3.end_retention(hash, &written[0]).await.is_err(), "shortening the retention");
        assert!(blobs.get(hash).await.unwrap() == bytes, "it is still there, without a marker over it");

        // S3 lays a new version or a marker over the old one. That one stays, and is what we serve.
        s3.overwrite(hash, b"gefaelscht".to_vec()).await.unwrap();
        assert!(blobs.get(hash).await.unwrap() == bytes, "under a forged version");
        assert!(s3.versions(hash).await.contains(&written[0]));
        s3.delete(hash).await.unwrap();
        assert!(blobs.get(hash).await.unwrap() == bytes && blobs.exists(hash).await.unwrap(), "under a marker");
        assert!(!blobs.list().await.unwrap().contains(&hash), "the listing tells `reconcile`");
        blobs.put(bytes.clone()).await.unwrap();
        assert!(blobs.get(hash).await.unwrap() == bytes && blobs.list().await.unwrap().contains(&hash), "healed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alarms_say_what_a_bucket_lacks() {
    let (Some(locked), Some(plain)) = (s3().await, s3_plain().await) else { return };
    let alarms = async |s3: &TestS3, settings: &S3Settings| {
        let found = s3.open(settings).check().await.unwrap();
        found.into_iter().map(|m| m.alarm).collect::<Vec<_>>()
    };
    assert_eq!(alarms(&plain, &plain.settings).await, ["blobs-ohne-versionen", "blobs-ohne-sperre"]);
    if has_lock() {
        let mut settings = locked.settings.clone();
        assert_eq!(alarms(&locked, &settings).await, ["blobs-ohne-frist"]);
        settings.sperre = "bucket".into();
        assert_eq!(alarms(&locked, &settings).await, ["blobs-ohne-frist"]);
        (settings.sperre, settings.sperre_tage) = ("governance".into(), 10);
        assert_eq!(alarms(&locked, &settings).await, [""; 0]);
    }
}

/// Wrong secret, no bucket, nobody there: said at once and in words, without the secret.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_said() {
    let Some(s3) = s3().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("falsch");
    std::fs::write(&file, format!("{}0", &GEHEIMNIS[1..])).unwrap();
    let asked = async |change: &dyn Fn(&mut S3Settings)| {
        let mut settings = s3.settings.clone();
        settings.versuche = 2;
        change(&mut settings);
        let start = Instant::now();
        let blobs = s3.open(&settings);
        let errors = [blobs.check().await.err(), blobs.put(b"x".to_vec()).await.err(), blobs.list().await.err()];
        assert!(start.elapsed() < Duration::from_secs(5), "no busy loop, no long wait");
        errors.map(|e| e.expect("an error").to_string())
    };
    for text in asked(&|s| s.geheimnis_datei = file.to_string_lossy().into_owned()).await {
        assert!(text.contains("refuses") && !text.contains(&GEHEIMNIS[5..20]), "{text}");
    }
    for text in asked(&|s| s.bucket = "gibt-es-nicht".into()).await {
        assert!(text.contains("refuses") && text.to_lowercase().contains("bucket"), "{text}");
    }
    for text in asked(&|s| s.endpoint = "http://127.0.0.1:9".into()).await {
        assert!(text.contains("away") && text.contains("refused"), "{text}");
    }
    let mut settings = s3.settings.clone();
    settings.sperre = "immer".into();
    let open = S3Blobs::open(&settings, "stadt", Arc::new(SystemClock::default()));
    assert!(open.err().unwrap().to_string().contains("s3.sperre"));
    let open = S3Blobs::open(&s3.settings, "../fremd", Arc::new(SystemClock::default()));
    assert!(open.err().unwrap().to_string().contains("mandant"));
}

/// A CA of one's own, and a server that nobody vouches for.
#[tokio::test(flavor = "multi_thread")]
async fn tls_with_an_own_ca() {
    if s3().await.is_none() {
        return;
    }
    if !has_lock() {
        println!("skipped: this server leaves TLS to a proxy");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (ca, cert, key) = certificates(folder.path());
    let server = Server::start(Some((cert, key))).unwrap();
    let s3 = TestS3::on(server.port, &server.daten, true, Some(ca), true).await;
    let hash = s3.blobs().put(b"vertraulich".to_vec()).await.unwrap();
    assert_eq!(s3.blobs().get(hash).await.unwrap(), b"vertraulich");
    let mut settings = s3.settings.clone();
    settings.ca_datei.clear();
    settings.versuche = 2;
    let text = s3.open(&settings).get(hash).await.unwrap_err().to_string();
    assert!(text.contains("certificate"), "{text}");
}

fn certificates(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let script = r#"set -e; cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Stadt CA" -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=s3" -keyout s3.key -out s3.csr
printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >ext
openssl x509 -req -in s3.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out s3.pem"#;
    let made = Command::new("bash").args(["-c", script, "bash"]).arg(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (folder.join("ca.pem"), folder.join("s3.pem"), folder.join("s3.key"))
}
