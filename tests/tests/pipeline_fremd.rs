// SPDX-License-Identifier: EUPL-1.2
//! Files of others: the hostile corpus over upload and scan folder with the outcomes of its manifest, foreign PDFs
//! and scans. Needs the shared data; says so when they are missing.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use gemein::{haus::Haus, manifest, probe, shared};
use nachrichten::{
    BlobHash,
    sendungen::{Kanal, SendungStand, Stand},
};
use serde_json::Value;

/// Sound to qpdf, which mends it in silence; we mend it too, but a person looks at the pages first.
const BESCHAEDIGT: &[&str] = &["qpdf__bad-xref.pdf"];

/// A harmless document is handled within this, whatever came before it.
const HARMLOS: Duration = Duration::from_secs(5);

fn read(folder: &Path, row: &Value) -> Vec<u8> {
    let path = folder.join(row["file"].as_str().unwrap());
    if row["transport"] != "gzip" {
        return std::fs::read(path).unwrap();
    }
    let mut child = Command::new("gzip").arg("-dc").arg(path).stdout(Stdio::piped()).spawn().unwrap();
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(child.wait().unwrap().success());
    bytes
}

/// Our outcome in the words of the manifest.
fn ausgang(kanal: Kanal, stand: &SendungStand) -> &'static str {
    let code = stand.reason.as_ref().map(|r| r.code.as_str());
    match stand.state {
        Stand::Filed | Stand::Waiting => "accept-sanitised",
        Stand::Quarantined => "quarantine",
        Stand::Refused => "reject",
        // Nobody to refuse to: kept, with this code.
        Stand::Clearing if code == Some("format-rejected") && kanal != Kanal::Upload => "reject",
        Stand::Clearing => "clearing",
        Stand::Accepted => "accepted",
    }
}

async fn feed(kanal: Kanal, channel: &str) {
    let Some(folder) = shared("corpus/hostile") else { return };
    let haus = Haus::neu().await;
    // Some files point here: nobody may call.
    let trap = std::net::TcpListener::bind("127.0.0.1:18080").ok();
    let rows: Vec<Value> = manifest(&folder).into_iter().step_by(every()).collect();
    let from = Instant::now();
    let mut fed = Vec::new();
    for row in &rows {
        let name = row["file"].as_str().unwrap().trim_end_matches(".gz");
        let bytes = read(&folder, row);
        let kanal = if kanal == Kanal::Scan && name.ends_with(".eml") { Kanal::Mail } else { kanal };
        let hash = BlobHash::of(&bytes);
        fed.push((row, kanal, hash, haus.gib(kanal, name, bytes, None).await));
    }
    let handed_in = from.elapsed();
    let mut wrong = Vec::new();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for (row, kanal, hash, receipt) in fed {
        let file = row["file"].as_str().unwrap();
        let (ist, reason) = match receipt {
            Ok(id) => {
                let stand = haus.ruht(id).await;
                assert_eq!(stand.sha256, hash, "{file}");
                if stand.state >= Stand::Clearing && stand.reason.is_none() {
                    wrong.push(format!("{file}: in a corner without a reason"));
                }
                if stand.state != Stand::Filed && stand.waiting_for.is_empty() {
                    wrong.push(format!("{file}: nobody is asked: {stand:?}"));
                }
                (ausgang(kanal, &stand), stand.reason.map(|r| format!("{}: {}", r.code, r.text)))
            }
            Err(error) => {
                assert!((400..500).contains(&error.status), "{file}: {error:?}");
                ("reject", Some(error.text.0))
            }
        };
        *counts.entry(ist).or_default() += 1;
        let soll = row["expected"].as_str().unwrap();
        let right = ist == soll || row["also_ok"].as_array().unwrap().iter().any(|ok| ok == ist);
        if !right {
            wrong.push(format!(
                "{file}: {ist}, expected {soll} or {} ({})",
                row["also_ok"],
                reason.unwrap_or_default()
            ));
        }
    }
    println!(
        "hostile over {channel}: {} files, handed in after {handed_in:.1?}, at rest after {:.1?}: {counts:?}",
        rows.len(),
        from.elapsed()
    );

    let before = Instant::now();
    let stand = haus.bringe(Kanal::Scan, "03-bescheid.pdf", probe("03-bescheid.pdf"), None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    assert!(before.elapsed() < HARMLOS, "a harmless document took {:?}", before.elapsed());
    if let Some(trap) = trap {
        trap.set_nonblocking(true).unwrap();
        assert!(trap.accept().is_err(), "a file made somebody call out");
    }
    assert!(!haus.data.path().join("etc").exists());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_by_upload() {
    feed(Kanal::Upload, "upload").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_by_scan() {
    feed(Kanal::Scan, "scan").await;
}

/// Which of the files are handed in: over servers every third and no whole batch, because their bytes are what they were
/// in one process and only the way they take is another; `EAKTE_LONG=1`: all.
fn every() -> usize {
    let servers = std::env::var("EAKTE_PORTS").is_ok_and(|p| p == "server");
    if servers && std::env::var_os("EAKTE_LONG").is_none() { 3 } else { 1 }
}

/// Each file comes to rest, whatever it is; nothing is lost on the way.
async fn settles(haus: &Haus, folder: &Path, files: impl Iterator<Item = String>) -> Vec<(String, SendungStand)> {
    let mut fed = Vec::new();
    for file in files {
        let bytes = std::fs::read(folder.join(&file)).unwrap();
        fed.push((haus.gib(Kanal::Scan, &file, bytes, None).await.unwrap(), file));
    }
    let mut settled = Vec::new();
    for (id, file) in fed {
        let stand = haus.ruht(id).await;
        assert!(stand.state == Stand::Filed || !stand.waiting_for.is_empty(), "{file}: nobody is asked: {stand:?}");
        assert!(stand.state < Stand::Clearing || stand.reason.is_some(), "{file}: without a reason");
        settled.push((file, stand));
    }
    settled
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_pdfs_come_to_rest() {
    let Some(folder) = shared("corpus/pdf") else { return };
    let haus = Haus::neu().await;
    let from = Instant::now();
    let rows: Vec<Value> = manifest(&folder).into_iter().step_by(every()).collect();
    let settled = settles(&haus, &folder, rows.iter().map(|r| r["file"].as_str().unwrap().to_owned())).await;
    println!("{} foreign PDFs at rest after {:.1?}", settled.len(), from.elapsed());
    let mut wrong = Vec::new();
    for (row, (file, stand)) in rows.iter().zip(&settled) {
        // What a viewer opens without a password and qpdf calls sound goes all the way to a person's confirmation.
        let sound = row["broken"] == false && row["needs_password"] == false && row["qpdf_check_rc"] == 0;
        let reviewed = BESCHAEDIGT.contains(&file.as_str());
        if sound && stand.state > Stand::Waiting && !reviewed {
            wrong.push(format!("{file}: {:?} {:?}", stand.state, stand.reason));
        }
        if sound && stand.state == Stand::Waiting {
            let pages: u64 = stand.documents.iter().map(|d| u64::from(d.pages)).sum();
            if stand.documents.len() == 1 && Some(pages) != row["pages"].as_u64() {
                wrong.push(format!("{file}: {pages} pages, expected {}", row["pages"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    haus.ist_sauber().await;
    haus.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_scans_come_to_rest() {
    let Some(folder) = shared("corpus/scan") else { return };
    let haus = Haus::neu().await;
    let from = Instant::now();
    let rows = manifest(&folder);
    let images: Vec<&Value> =
        rows.iter().filter(|r| r["file"].as_str().unwrap().starts_with("img/")).step_by(9 * every()).collect();
    let batches: Vec<&Value> =
        rows.iter().filter(|r| r["expected_split"].is_array()).take(usize::from(every() == 1)).collect();
    let sample: Vec<&Value> = images.iter().chain(&batches).copied().collect();
    let settled = settles(&haus, &folder, sample.iter().map(|r| r["file"].as_str().unwrap().to_owned())).await;
    println!("{} foreign scans at rest after {:.1?}", settled.len(), from.elapsed());
    assert!(!images.is_empty() && (every() > 1 || !batches.is_empty()), "the manifest is not as this test knows it");
    let mut wrong = Vec::new();
    for (row, (file, stand)) in sample.iter().zip(&settled) {
        if stand.state != Stand::Waiting {
            wrong.push(format!("{file}: {:?} {:?}", stand.state, stand.reason));
        } else if let Some(split) = row["expected_split"].as_array()
            && split.len() != stand.documents.len()
        {
            wrong.push(format!("{file}: {} documents, expected {}", stand.documents.len(), split.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    haus.ist_sauber().await;
    haus.app.stop().await;
}
