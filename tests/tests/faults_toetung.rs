// SPDX-License-Identifier: EUPL-1.2
//! R23 and the promise of the demo: SIGKILL at random moments, start again, and nothing is lost or there twice.
//! And BUSY storms: another process holds the write lock of the file again and again.
//! `EAKTE_SEED` gives the same moments again, `EAKTE_LONG=1` 200 rounds, `EAKTE_ROUNDS` as many as it says.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use gemein::{
    Zufall, brief, probe, proben,
    prozess::{Antwort, Bestand, Dienst, Zugang, runtime},
};
use nachrichten::BlobHash;
use serde_json::Value;
use service_platform::db::Db;

/// Until nothing is under way any more.
fn bis_zur_ruhe(dienst: &Dienst, receipts: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let zugang = dienst.zugang();
    let mut states = BTreeMap::new();
    for receipt in receipts {
        let stand = zugang.ruht(&receipt);
        *states.entry(stand["state"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    states
}

/// One item of the write load; tried again with the same key until a receipt comes.
struct Stueck {
    key: String,
    channel: &'static str,
    bytes: Vec<u8>,
    receipt: Option<String>,
}

fn stueck(n: usize) -> Stueck {
    // Its own bytes each, except every seventh: those are duplicates of the one three before.
    let number = if n % 7 == 6 { n - 3 } else { n };
    let xml = |name: &str| [probe(name), format!("\n<!-- Stück {number} -->\n").into_bytes()].concat();
    let (channel, bytes) = match n % 3 {
        0 => ("upload", xml("04-rechnung-xrechnung-ubl.xml")),
        1 => ("scan", xml("05-rechnung-xrechnung-cii.xml")),
        _ => ("scan", brief(&format!("Stueck {number}"))),
    };
    Stueck { key: format!("r23-{n}"), channel, bytes, receipt: None }
}

/// Between two items of a sender.
const PAUSE: Duration = Duration::from_millis(20);

/// Hands in until the server dies. What was sent without an answer stays open and comes first next time.
fn schreibe(
    zugang: &Zugang,
    offen: &Mutex<Vec<Stueck>>,
    fertig: &Mutex<Vec<Stueck>>,
    next: &AtomicUsize,
    halt: &AtomicBool,
) {
    while !halt.load(Ordering::SeqCst) {
        let taken = offen.lock().unwrap().pop();
        let mut item = taken.unwrap_or_else(|| stueck(next.fetch_add(1, Ordering::SeqCst)));
        match zugang.gib(item.channel, "stueck", &item.key, &item.bytes) {
            Antwort::Quittung { receipt, .. } => {
                item.receipt = Some(receipt);
                fertig.lock().unwrap().push(item);
                // Without a pause most of the short profile goes by waiting for the post to be worked off.
                std::thread::sleep(PAUSE);
            }
            Antwort::Keine => {
                offen.lock().unwrap().push(item);
                return;
            }
            Antwort::Abgewiesen(status, body) => panic!("{status}: {body}"),
        }
    }
}

#[test]
fn r23_twenty_kills_in_write_load() {
    let rounds = if std::env::var_os("EAKTE_LONG").is_some() { 200 } else { 20 };
    let rounds: usize = std::env::var("EAKTE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(rounds);
    let mut zufall = Zufall::new("r23");
    let bestand = Bestand::neu();
    let (offen, fertig, next) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let (from, mut slowest) = (Instant::now(), Duration::ZERO);
    let mut scanned = 0;
    for round in 0..rounds {
        let dienst = bestand.dienst();
        slowest = slowest.max(dienst.bereit_nach);
        let halt = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let zugang = dienst.zugang();
                scope.spawn(|| {
                    let zugang = zugang;
                    schreibe(&zugang, &offen, &fertig, &next, &halt);
                });
            }
            // The scan folder has its share; renamed into place as a scanner does.
            let (half, whole) = (bestand.path().join("scan/.halb"), bestand.path().join(format!("scan/{round}.xml")));
            std::fs::create_dir_all(bestand.path().join("scan")).unwrap();
            let mut bytes = probe("05-rechnung-xrechnung-cii.xml");
            bytes.extend_from_slice(format!("\n<!-- Ordner {round} -->\n").as_bytes());
            std::fs::write(&half, bytes).unwrap();
            std::fs::rename(half, whole).unwrap();
            scanned += 1;
            // A person looks beside the running server: that changes nothing.
            if round % 5 == 0 {
                let beside = bestand.befehl(&["reconcile", "--json"]).output().unwrap();
                assert!(matches!(beside.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&beside.stderr));
            }
            std::thread::sleep(Duration::from_millis(zufall.in_range(50, 1200)));
            dienst.toete();
            halt.store(true, Ordering::SeqCst);
        });
    }
    let killed = from.elapsed();

    let dienst = bestand.dienst();
    let halt = AtomicBool::new(false);
    let zugang = dienst.zugang();
    for mut item in offen.lock().unwrap().drain(..) {
        item.receipt = Some(zugang.gib(item.channel, "stueck", &item.key, &item.bytes).receipt());
        fertig.lock().unwrap().push(item);
    }
    halt.store(true, Ordering::SeqCst);
    let spool_empty = || {
        ["scan", "spool"]
            .iter()
            .all(|f| std::fs::read_dir(bestand.path().join(f)).unwrap().flatten().all(|e| e.path().is_dir()))
    };
    let waiting = Instant::now();
    while !spool_empty() {
        assert!(waiting.elapsed() < Duration::from_secs(20), "the scan folder was not taken up");
        std::thread::sleep(Duration::from_millis(100));
    }
    let fertig = fertig.into_inner().unwrap();
    let all = bestand.zeilen::<(nachrichten::SendungId,)>("SELECT id FROM eingang_sendung");
    assert_eq!(all.len(), fertig.len() + scanned, "each key has one receipt, each scanned file too");
    let states = bis_zur_ruhe(&dienst, all.iter().map(|(id,)| id.to_string()));
    println!(
        "r23: {rounds} kills in {killed:.1?}, {} receipts, slowest start {slowest:.1?}, at rest after {:.1?}: {states:?}",
        fertig.len(),
        from.elapsed()
    );
    assert_eq!(states.keys().collect::<Vec<_>>(), ["waiting"], "{states:?}");
    // Every distinct file is one document and one process.
    let distinct: std::collections::BTreeSet<BlobHash> = fertig.iter().map(|s| BlobHash::of(&s.bytes)).collect();
    let wanted = (distinct.len() + scanned) as i64;
    assert_eq!(bestand.zahl("SELECT count(*) FROM akten_dokument"), wanted);
    assert_eq!(bestand.zahl("SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'posteingang'"), wanted);
    assert_eq!(bestand.zahl("SELECT count(*) FROM geschaeftsgang_auftrag"), 0, "work is done");
    dienst.toete();
    let journal: Vec<_> = fertig.into_iter().map(|s| (BlobHash::of(&s.bytes), s.receipt.unwrap())).collect();
    let report = bestand.ist_sauber(&journal);
    assert_eq!(report["pending"], 0, "{report:#}");
    assert!(slowest < Duration::from_secs(3), "a start took {slowest:?}");
}

/// Whoever else holds the file (a backup tool, a curious administrator) costs time, and no request.
#[test]
fn r23_busy_storms_cost_time_and_nothing_else() {
    let mut zufall = Zufall::new("r23 busy");
    let bestand = Bestand::neu();
    let dienst = bestand.dienst();
    let (offen, fertig, next) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let halt = AtomicBool::new(false);
    let (mut held, from) = (0, Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let zugang = dienst.zugang();
            scope.spawn(|| {
                let zugang = zugang;
                schreibe(&zugang, &offen, &fertig, &next, &halt);
            });
        }
        runtime().block_on(async {
            let other = Db::sqlite(&bestand.path().join("eakte.db")).await.unwrap();
            for _ in 0..if std::env::var_os("EAKTE_LONG").is_some() { 200 } else { 10 } {
                let tx = other.begin().await.unwrap();
                tokio::time::sleep(Duration::from_millis(zufall.in_range(50, 900))).await;
                tx.rollback().await.unwrap();
                held += 1;
                // SQLite asks again every tenth of a second at the latest.
                tokio::time::sleep(Duration::from_millis(zufall.in_range(120, 300))).await;
            }
            other.close().await;
        });
        halt.store(true, Ordering::SeqCst);
    });
    assert!(offen.lock().unwrap().is_empty(), "a request got no answer");
    let fertig = fertig.into_inner().unwrap();
    println!("r23: the file was held {held} times in {:.1?}; {} receipts beside it", from.elapsed(), fertig.len());
    assert!(fertig.len() >= held, "hardly anything got through: {}", fertig.len());
    let receipts = fertig.iter().filter_map(|s| s.receipt.clone());
    let states = bis_zur_ruhe(&dienst, receipts);
    assert_eq!(states.keys().collect::<Vec<_>>(), ["waiting"], "{states:?}");
    assert_eq!(bestand.zahl("SELECT count(*) FROM geschaeftsgang_auftrag"), 0, "work is done");
    dienst.toete();
    let journal: Vec<_> = fertig.into_iter().map(|s| (BlobHash::of(&s.bytes), s.receipt.unwrap())).collect();
    let report = bestand.ist_sauber(&journal);
    assert_eq!(report["pending"], 0, "{report:#}");
}

#[test]
fn killed_while_the_sample_post_is_fed() {
    let mut zufall = Zufall::new("demo");
    let bestand = Bestand::neu();
    std::fs::create_dir_all(bestand.path().join("scan")).unwrap();
    let mut files = proben();
    let from = Instant::now();
    for round in 0..4 {
        let dienst = bestand.dienst();
        // A third of the post each time, then death in the middle of the work.
        for name in files.drain(..files.len().min(3)) {
            let half = bestand.path().join("scan/.halb");
            std::fs::write(&half, probe(&name)).unwrap();
            std::fs::rename(half, bestand.path().join("scan").join(name)).unwrap();
        }
        std::thread::sleep(Duration::from_millis(zufall.in_range(300, 2500)));
        println!("kill {round} after {:.1?}", from.elapsed());
        dienst.toete();
    }
    let dienst = bestand.dienst();
    let waiting = Instant::now();
    while bestand.zahl("SELECT count(*) FROM eingang_sendung") < proben().len() as i64 {
        assert!(waiting.elapsed() < Duration::from_secs(20), "a file was lost on the way");
        std::thread::sleep(Duration::from_millis(100));
    }
    let rows = bestand.zeilen::<(nachrichten::SendungId, BlobHash)>("SELECT id, sha256 FROM eingang_sendung");
    assert_eq!(rows.len(), proben().len(), "no file was taken twice");
    let states = bis_zur_ruhe(&dienst, rows.iter().map(|(id, _)| id.to_string()));
    println!("sample post with four kills at rest after {:.1?}: {states:?}", from.elapsed());
    assert_eq!(states.keys().collect::<Vec<_>>(), ["waiting"], "{states:?}");
    let erwartet: Value = serde_json::from_slice(&probe("erwartet.json")).unwrap();
    let documents: usize =
        erwartet.as_object().unwrap().values().filter_map(|f| f["dokumente"].as_array().map(Vec::len)).sum();
    assert_eq!(bestand.zahl("SELECT count(*) FROM akten_dokument"), documents as i64);
    assert_eq!(bestand.zahl("SELECT count(*) FROM geschaeftsgang_aufgabe"), documents as i64, "one task per document");
    dienst.toete();
    let journal: Vec<_> = rows.into_iter().map(|(id, hash)| (hash, id.to_string())).collect();
    let report = bestand.ist_sauber(&journal);
    assert_eq!(report["pending"], 0, "{report:#}");
}
