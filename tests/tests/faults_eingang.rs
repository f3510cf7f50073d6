// SPDX-License-Identifier: EUPL-1.2
//! Faults at the door (reliability.md R01, R02, R04, R06): killed at each boundary of an acceptance, the sender tries
//! again, and there is one document.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::{Duration, Instant};

use gemein::{
    probe,
    prozess::{Antwort, Bestand},
};
use nachrichten::BlobHash;
use serde_json::Value;

const BRIEF: &str = "03-bescheid.pdf";

const SENDUNGEN: &str = "SELECT count(*) FROM eingang_sendung";
const DOKUMENTE: &str = "SELECT count(*) FROM akten_dokument";
const ABLAEUFE: &str = "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'posteingang'";

/// One item, one process, one document.
fn genau_eines(bestand: &Bestand) {
    assert_eq!([SENDUNGEN, ABLAEUFE, DOKUMENTE].map(|text| bestand.zahl(text)), [1, 1, 1]);
}

/// R01 and the first half of R04: before the commit nobody got a receipt, so nothing stays.
fn stirbt_vor_dem_commit(failpoint: &str) {
    let (bestand, bytes) = (Bestand::neu(), probe(BRIEF));
    let mut dienst = bestand.dienst_mit(&[("EAKTE_FAILPOINT", failpoint)]);
    assert!(matches!(dienst.zugang().gib("upload", BRIEF, "k1", &bytes), Antwort::Keine), "no receipt was promised");
    assert!(!dienst.endet().success());
    assert_eq!(bestand.zahl(SENDUNGEN), 0);

    let dienst = bestand.dienst();
    assert!(dienst.bereit_nach < Duration::from_secs(3), "ready after {:?}", dienst.bereit_nach);
    assert_eq!(bestand.blobs(), [], "what nobody has a receipt for is swept");
    let zugang = dienst.zugang();
    let Antwort::Quittung { receipt, duplicate_of, repeated } = zugang.gib("upload", BRIEF, "k1", &bytes) else {
        panic!("the second try is accepted")
    };
    assert_eq!((duplicate_of, repeated), (None, false));
    assert_eq!(zugang.ruht(&receipt)["state"], "waiting");
    genau_eines(&bestand);
    dienst.toete();
    bestand.ist_sauber(&[(BlobHash::of(&bytes), receipt)]);
}

#[test]
fn r01_killed_before_the_original_is_written() {
    stirbt_vor_dem_commit("eingang::blob::before");
}

#[test]
fn r01_killed_after_the_original_before_the_commit() {
    stirbt_vor_dem_commit("eingang::commit::before");
}

#[test]
fn r01_the_scan_folder_resumes_its_spool() {
    let (bestand, bytes) = (Bestand::neu(), probe(BRIEF));
    std::fs::create_dir_all(bestand.path().join("scan")).unwrap();
    let mut dienst = bestand.dienst_mit(&[("EAKTE_FAILPOINT", "eingang::commit::before")]);
    std::fs::write(bestand.path().join("scan/.neu"), &bytes).unwrap();
    std::fs::rename(bestand.path().join("scan/.neu"), bestand.path().join("scan").join(BRIEF)).unwrap();
    assert!(!dienst.endet().success());
    assert_eq!(bestand.zahl(SENDUNGEN), 0);
    let spool =
        || std::fs::read_dir(bestand.path().join("spool")).unwrap().flatten().filter(|e| e.path().is_file()).count();
    assert_eq!(spool(), 1, "the file lies in our spool and nowhere else");

    let dienst = bestand.dienst();
    let from = Instant::now();
    while bestand.zahl(DOKUMENTE) == 0 {
        assert!(from.elapsed() < Duration::from_secs(20), "the spool was not taken up");
        std::thread::sleep(Duration::from_millis(50));
    }
    let receipt = bestand.zeilen::<(nachrichten::SendungId,)>("SELECT id FROM eingang_sendung")[0].0.to_string();
    assert_eq!(dienst.zugang().ruht(&receipt)["state"], "waiting");
    genau_eines(&bestand);
    assert_eq!(spool(), 0, "nothing is left over");
    dienst.toete();
    bestand.ist_sauber(&[(BlobHash::of(&bytes), receipt)]);
}

#[test]
fn r02_killed_after_the_commit_before_the_answer() {
    let (bestand, bytes) = (Bestand::neu(), probe(BRIEF));
    let mut dienst = bestand.dienst_mit(&[("EAKTE_FAILPOINT", "eingang::commit::after")]);
    assert!(matches!(dienst.zugang().gib("upload", BRIEF, "k2", &bytes), Antwort::Keine));
    assert!(!dienst.endet().success());
    let first = bestand.zeilen::<(nachrichten::SendungId,)>("SELECT id FROM eingang_sendung");
    assert_eq!(first.len(), 1, "committed, though nobody was told");

    let dienst = bestand.dienst();
    let zugang = dienst.zugang();
    let Antwort::Quittung { receipt, duplicate_of, repeated } = zugang.gib("upload", BRIEF, "k2", &bytes) else {
        panic!("the repeat is answered")
    };
    assert_eq!((receipt.as_str(), duplicate_of, repeated), (first[0].0.to_string().as_str(), None, true));
    assert_eq!(zugang.ruht(&receipt)["state"], "waiting");
    // The same key for other bytes is a mistake of the sender, and said so.
    assert!(matches!(zugang.gib("upload", BRIEF, "k2", b"%PDF-1.7 anders"), Antwort::Abgewiesen(422, _)));
    genau_eines(&bestand);
    dienst.toete();
    bestand.ist_sauber(&[(BlobHash::of(&bytes), receipt)]);
}

/// R04: derived blobs are written, their result is not yet taken. They are adopted, not written again.
#[test]
fn r04_killed_between_blob_and_result() {
    let (bestand, bytes) = (Bestand::neu(), probe("02-brief-schief.jpg"));
    let dienst = bestand.dienst();
    let receipt = dienst.zugang().gib("scan", "02-brief-schief.jpg", "k4", &bytes).receipt();
    // The original and at least one page image, but no proposal yet.
    let from = Instant::now();
    while bestand.blobs().len() < 2 {
        assert!(from.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    dienst.toete();
    let before: Vec<_> =
        bestand.blobs().into_iter().filter(|(path, ..)| !path.components().any(|c| c.as_os_str() == "neu")).collect();

    let dienst = bestand.dienst();
    let stand = dienst.zugang().ruht(&receipt);
    assert_eq!(stand["state"], "waiting", "{stand:#}");
    let after = bestand.blobs();
    for blob in &before {
        assert!(after.contains(blob), "{} was written again", blob.0.display());
    }
    genau_eines(&bestand);
    dienst.toete();
    bestand.ist_sauber(&[(BlobHash::of(&bytes), receipt)]);
}

#[test]
fn r06_ten_times_at_once_over_two_channels() {
    let (bestand, bytes) = (Bestand::neu(), probe(BRIEF));
    let dienst = bestand.dienst();
    let start = std::sync::Barrier::new(10);
    let answers: Vec<(String, Option<String>)> = std::thread::scope(|scope| {
        let (start, bytes) = (&start, &bytes);
        let threads: Vec<_> = (0..10)
            .map(|n| {
                let (zugang, channel) = (dienst.zugang(), if n % 2 == 0 { "upload" } else { "scan" });
                scope.spawn(move || {
                    start.wait();
                    match zugang.gib(channel, BRIEF, &format!("k6-{n}"), bytes) {
                        Antwort::Quittung { receipt, duplicate_of, .. } => (receipt, duplicate_of),
                        other => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let first: Vec<&str> = answers.iter().filter(|(_, d)| d.is_none()).map(|(r, _)| r.as_str()).collect();
    assert_eq!(first.len(), 1, "{answers:?}");
    let doubles = answers.iter().filter(|(_, d)| d.as_deref() == Some(first[0])).count();
    assert_eq!(doubles, 9, "{answers:?}");
    let zugang = dienst.zugang();
    for (receipt, duplicate_of) in &answers {
        let stand = zugang.ruht(receipt);
        assert_eq!(
            (&stand["state"], &stand["duplicate_of"]),
            (&Value::from("waiting"), &Value::from(duplicate_of.clone()))
        );
    }
    assert_eq!([SENDUNGEN, ABLAEUFE, DOKUMENTE].map(|text| bestand.zahl(text)), [10, 1, 1]);
    dienst.toete();
    let journal: Vec<_> = answers.into_iter().map(|(receipt, _)| (BlobHash::of(&bytes), receipt)).collect();
    bestand.ist_sauber(&journal);
}
