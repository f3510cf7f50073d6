// SPDX-License-Identifier: EUPL-1.2
//! The worker as the process engine sees it: jobs in, results out, blobs by hash.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gemeinsam;

use std::sync::Arc;

use gemeinsam::{Speicher, digital_pdf, letter, page_image, parsers, pdftotext, tesseract};
use nachrichten::erkennung::{SEITEN, Stufe, TeilArt, ZERLEGEN, ZUSAMMENSETZEN, Zerlegt, Zusammengesetzt, grund};
use nachrichten::job::{Job, JobError, Outcome};
use nachrichten::{BlobHash, InstanceId, JobId, Timestamp};
use serde_json::{Value, json};
use service_erkennung::maschine::Attrappe;
use service_erkennung::{Erkennung, Options, TextEngine};
use service_platform::blobs::{Blobs, DirectoryBlobs};
use service_platform::worker::{Worker, run};
use service_sandbox::Limits;

fn worker(engine: Arc<dyn TextEngine>) -> Arc<Erkennung> {
    let parser = (env!("CARGO_BIN_EXE_erkennung-probe").into(), vec!["child".into()]);
    Arc::new(Erkennung::new(Options { parser, parallel: 2, limits: Limits::default() }, engine))
}

async fn work(worker: &Arc<Erkennung>, blobs: &Arc<dyn Blobs>, typ: &str, eingabe: Value) -> Outcome {
    let handler = worker.clone().jobs().into_iter().find(|h| h.typ == typ).unwrap();
    let job = Job {
        id: JobId(uuid::Uuid::from_u128(1)),
        typ: typ.into(),
        attempt: 1,
        instance: InstanceId(uuid::Uuid::from_u128(2)),
        idempotency_key: "k".into(),
        failures: 0,
        deadline: "2026-11-23T10:00:00Z".parse::<Timestamp>().unwrap(),
        eingabe,
        trace: None,
    };
    run(&handler, blobs.clone(), job).await.outcome
}

fn done(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done { werte } => Value::Object(werte),
        other => panic!("{other:?}"),
    }
}

fn intake(blob: BlobHash, name: &str) -> Value {
    json!({ "sendung": uuid::Uuid::from_u128(3), "blob": blob, "name": name, "kanal": "scan" })
}

fn store() -> (tempfile::TempDir, Arc<dyn Blobs>) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "m").unwrap());
    (folder, blobs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_goes_through_all_three_jobs() {
    let worker = worker(Arc::new(tesseract(2)));
    let (_folder, blobs) = store();
    let blob = blobs.put(letter()).await.unwrap();
    let first = done(work(&worker, &blobs, ZERLEGEN, intake(blob, "brief.png")).await);
    let found: Zerlegt = serde_json::from_value(first).unwrap();
    let teil = &found.teile[0];
    assert_eq!((found.gesamt, teil.art, teil.bereiche.len()), (1, TeilArt::Scan, 1));
    let message = json!({ "seiten": teil.seiten, "bereich": teil.bereiche[0] });
    let pages = done(work(&worker, &blobs, SEITEN, message.clone()).await);
    assert_eq!(done(work(&worker, &blobs, SEITEN, message).await), pages, "a job may run twice");
    let message = json!({
        "blob": blob, "media_type": teil.media_type, "titel": teil.name, "seiten": teil.seiten,
        "ergebnisse": pages["ergebnisse"],
    });
    let built: Zusammengesetzt =
        serde_json::from_value(done(work(&worker, &blobs, ZUSAMMENSETZEN, message).await)).unwrap();
    let text = String::from_utf8(blobs.get(built.text).await.unwrap()).unwrap();
    assert_eq!(text, "Sehr geehrte Damen und Herren\nanbei unsere Rechnung vom Montag");
    assert_eq!(pdftotext(&blobs.get(built.pdfa).await.unwrap()), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_engine_costs_one_page_and_says_so() {
    let worker = worker(Arc::new(Attrappe { antwort: None }));
    let (_folder, blobs) = store();
    let blob = blobs.put(letter()).await.unwrap();
    let seite = json!({ "n": 1, "breite": 2479, "hoehe": 3508, "dpi": [300, 300], "leer": false, "bild": blob });
    let message = json!({ "seiten": [seite], "bereich": { "von": 0, "bis": 1 } });
    let pages = done(work(&worker, &blobs, SEITEN, message).await);
    assert_eq!(pages["ergebnisse"][0]["befund"]["code"], "page-unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_bpmn_errors_with_a_sentence() {
    let worker = worker(Arc::new(Attrappe::default()));
    let (_folder, blobs) = store();
    for (bytes, name, code) in [
        (b"".as_slice(), "leer.pdf", grund::FORMAT),
        (b"%PDF-1.4 abgeschnitten", "halb.pdf", grund::QUARANTAENE),
        (b"nur ein Satz", "notiz.doc", grund::KLAERUNG),
    ] {
        let blob = blobs.put(bytes.to_vec()).await.unwrap();
        match work(&worker, &blobs, ZERLEGEN, intake(blob, name)).await {
            Outcome::Unreadable { code: got, detail } => {
                assert!(got == code && detail.ends_with('.'), "{name}: {detail}")
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(matches!(worker.upload_verdict(b"", "leer.pdf"), Err(JobError::Unreadable { .. })));
    assert!(matches!(worker.upload_verdict(b"<svg/>", "a.xml"), Err(JobError::Unreadable { .. })));
    assert!(worker.upload_verdict(&letter(), "a.png").is_ok());
    assert!(worker.self_test().unwrap().connect_denied);
}

#[test]
fn a_mail_becomes_its_body_and_its_attachments() {
    let pool = parsers();
    let store = Speicher::default();
    let encode = |bytes: &[u8]| {
        let raw = std::process::Command::new("base64").stdin(file_of(bytes)).output().unwrap();
        String::from_utf8(raw.stdout).unwrap().replace('\n', "\r\n")
    };
    let mail = format!(
        "From: Kim Beispiel <kim@firma.example>\r\nTo: post@stadt.example\r\nSubject: Unterlagen\r\n\
         Date: Fri, 20 Nov 2026 23:50:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nanbei zwei Dateien\r\n\
         --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=bescheid.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n\
         --b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=scan.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n\
         --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=notiz.txt\r\n\r\nirgendwas\r\n\
         --b\r\nContent-Type: text/xml\r\nContent-Disposition: attachment; filename=daten.xml\r\n\r\n<a>Wert</a>\r\n\
         --b\r\nContent-Type: application/x-y\r\nContent-Disposition: attachment; filename=plan.dwg\r\n\r\nAC1032\r\n--b--\r\n",
        encode(&digital_pdf(&[&["Bescheid vom Montag", "mit Anlagen"]])),
        encode(&letter()),
    );
    let found = store.zerlege(&pool, mail.as_bytes(), "post.eml").unwrap();
    let arts: Vec<_> = found.teile.iter().map(|t| t.art).collect();
    assert_eq!(
        arts,
        [TeilArt::Nachricht, TeilArt::Digital, TeilArt::Scan, TeilArt::Text, TeilArt::Text, TeilArt::Datei]
    );
    assert_eq!(found.teile.iter().map(|t| t.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(found.absender.as_deref(), Some("Kim Beispiel <kim@firma.example>"));
    // Thrown in on Friday night: that day counts, not the day of the scan.
    assert_eq!(found.zugang, "2026-11-20".parse().ok());
    let text = |hash| String::from_utf8(store.get(hash)).unwrap();
    assert!(text(found.teile[0].text.unwrap()).contains("anbei zwei Dateien"));
    assert_eq!(text(found.teile[1].text.unwrap()), "Bescheid vom Montag\nmit Anlagen");
    assert_eq!(text(found.teile[3].text.unwrap()), "irgendwas");
    assert_eq!(text(found.teile[4].text.unwrap()), "<a>Wert</a>");
    assert_eq!((found.teile[5].befunde[0].stufe, found.teile[5].name.as_str()), (Stufe::Warnung, "plan.dwg"));
    assert_eq!(found.gesamt, 2);
    let future = mail.replace("20 Nov 2026", "20 Nov 2027");
    assert_eq!(store.zerlege(&pool, future.as_bytes(), "post.eml").unwrap().zugang, None);
    let hostile = mail.replace("notiz.txt", "notiz.exe");
    let error = store.zerlege(&pool, hostile.as_bytes(), "post.eml").unwrap_err();
    assert!(
        matches!(error, JobError::Unreadable { code, detail } if code == grund::QUARANTAENE && detail.contains("notiz.exe"))
    );
}

fn file_of(bytes: &[u8]) -> std::process::Stdio {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file.into()
}

/// A TIFF of one-bit pages.
fn tiff(pages: &[Vec<u8>]) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut out).unwrap();
    for png in pages {
        let grey = image::load_from_memory(png).unwrap().to_luma8();
        encoder.write_image::<tiff::encoder::colortype::Gray8>(grey.width(), grey.height(), &grey).unwrap();
    }
    out.into_inner()
}

#[test]
fn a_tiff_batch_is_cut_at_its_sheet_and_blank_backs_are_kept() {
    let pool = parsers();
    let store = Speicher::default();
    let sheet = patch_sheet();
    let blank = page_image(&[]);
    let batch = tiff(&[letter(), blank.clone(), sheet, blank, letter(), letter()]);
    let found = store.zerlege(&pool, &batch, "stapel.tif").unwrap();
    assert_eq!((found.gesamt, found.trennblaetter, found.leer), (6, 2, 1));
    let pages: Vec<Vec<(u32, bool)>> =
        found.teile.iter().map(|t| t.seiten.iter().map(|s| (s.n, s.leer)).collect()).collect();
    assert_eq!(pages, [vec![(1, false), (2, true)], vec![(5, false), (6, false)]]);
    for teil in &found.teile {
        assert_eq!(teil.media_type, "application/pdf");
        assert_eq!(lopdf::Document::load_mem(&store.get(teil.blob)).unwrap().get_pages().len(), teil.seiten.len());
    }
    assert_eq!(found.teile[1].name, "stapel (2).pdf");
}

/// A sheet with patch code T: bars narrow, wide, narrow, wide.
fn patch_sheet() -> Vec<u8> {
    let mut page = image::GrayImage::from_pixel(2480, 3508, image::Luma([255]));
    let mut x = 600;
    for wide in [false, true, false, true] {
        let bar = if wide { 60 } else { 24 };
        for (x, y) in (x..x + bar).flat_map(|x| (800..1700).map(move |y| (x, y))) {
            page.put_pixel(x, y, image::Luma([0]));
        }
        x += bar + 24;
    }
    let mut png = Vec::new();
    page.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    png
}
