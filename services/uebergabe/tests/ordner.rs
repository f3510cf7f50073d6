// SPDX-License-Identifier: EUPL-1.2
//! The file adapter: each booking leaves once, whatever happens in between.
#![allow(clippy::unwrap_used, clippy::panic)]

mod gemein;

use std::{fs, path::Path, process::Command};

use gemein::{Welt, abgelehnt, instanz, werte};
use nachrichten::uebergabe::{Buchen, SAP_REJECT, STORNIEREN};
use serde_json::{Value, json};

#[tokio::test]
async fn a_booking_has_everything_and_its_files() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    let answer = werte(w.buchen(instanz(1), 17, &m).await);
    let name = answer["buchung"].as_str().unwrap();
    assert!(name.ends_with(&format!("-{}-17", instanz(1))), "{name}");
    assert_eq!(answer["am"], gemein::JETZT);
    let files = w.dateien(&w.pfade.ausgang);
    assert_eq!(
        files,
        [format!("{name}.json"), format!("{name}.pdf"), format!("{name}.xml")],
        "a picture needs no HTML"
    );
    let b = w.buchungen().remove(0);
    let expected = json!({
        "format": "eakte-buchung-1", "buchungskreis": "1000", "haushaltsjahr": 2026, "belegart": "KR", "amt": "66",
        "referenz": "2026-0815", "rechnungsdatum": "2026-11-18", "betrag": "1190.00", "waehrung": "EUR",
        "netto": "1000.00", "steuer": "190.00", "faellig": "2026-12-20", "aktenzeichen": "66.10-2026/0001",
        "kreditor": { "name": "Musterbau GmbH", "steuernummer": "DE123456789", "iban": "DE02120300000000202051" },
        "beleg_link": format!("https://eakte.example/dokumente/{}", m.dokument), "buchung": name,
    });
    for (field, want) in expected.as_object().unwrap() {
        assert_eq!(&b[field], want, "{field}");
    }
    assert_eq!((&b["skonto"][0]["bis"], &b["kontierung"][1]["betrag"]), (&json!("2026-12-04"), &json!("190.00")));
    assert_eq!(b["feststeller"][0]["person"], "Torben Riedel");
    assert_eq!(b["anordner"][0]["zeit"], "2026-11-23T10:00:00Z");
    assert_eq!(b["anlagen"][0], json!({ "datei": format!("{name}.pdf"), "sha256": m.pdf }));
    assert_eq!(fs::read(w.pfade.ausgang.join(format!("{name}.pdf"))).unwrap(), b"%PDF-1.7 Rechnung");
    // SHA-256 of "DE123456789\n2026-0815\n2026-11-18\n1190\nrechnung", by sha256sum.
    assert_eq!(b["schluessel"], "ecd3c0482854280aaaec77a05387d7a2ca26b22030526d6fa741deee9fd01583");
}

#[tokio::test]
async fn a_redelivery_writes_nothing_twice_even_when_the_file_was_taken_away() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    let first = werte(w.buchen(instanz(1), 17, &m).await);
    let before = stand(&w.pfade.ausgang);
    assert_eq!(werte(w.buchen(instanz(1), 17, &m).await), first);
    assert_eq!(stand(&w.pfade.ausgang), before, "not even written again");
    for file in w.dateien(&w.pfade.ausgang) {
        fs::remove_file(w.pfade.ausgang.join(file)).unwrap();
    }
    // A new process, as after a restart.
    let w = Welt::in_folder(root.path());
    assert_eq!(werte(w.buchen(instanz(1), 17, &m).await), first);
    assert_eq!(w.dateien(&w.pfade.ausgang), [""; 0]);
}

/// Name, number and time of each file.
fn stand(folder: &Path) -> Vec<(String, u64, std::time::SystemTime)> {
    use std::os::unix::fs::MetadataExt as _;
    let read = fs::read_dir(folder).unwrap().map(|e| {
        let e = e.unwrap();
        let m = e.metadata().unwrap();
        (e.file_name().into_string().unwrap(), m.ino(), m.modified().unwrap())
    });
    let mut all: Vec<_> = read.collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_runs_at_once_are_one_booking() {
    for round in 0..6 {
        let root = tempfile::tempdir().unwrap();
        let w = Welt::in_folder(root.path());
        let m = w.auftrag().await;
        let runs = (0..8).map(|_| w.buchen(instanz(1), 17, &m));
        let mut answers = Vec::new();
        for run in futures(runs).await {
            answers.push(werte(run)["buchung"].clone());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1);
        assert_eq!(w.buchungen().len(), 1, "round {round}");
        assert_eq!(w.verborgene(&w.pfade.ausgang), 0, "round {round}");
    }
}

/// All at once.
async fn futures<F: Future>(runs: impl Iterator<Item = F>) -> Vec<F::Output> {
    use std::{pin::Pin, task::Poll};
    let mut open: Vec<(usize, Pin<Box<F>>)> = runs.map(Box::pin).enumerate().collect();
    let mut done: Vec<(usize, F::Output)> = Vec::new();
    std::future::poll_fn(|context| {
        open.retain_mut(|(n, run)| match run.as_mut().poll(context) {
            Poll::Ready(value) => {
                done.push((*n, value));
                false
            }
            Poll::Pending => true,
        });
        if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().map(|(_, value)| value).collect()
}

#[tokio::test]
async fn one_invoice_is_one_open_booking_across_processes() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    let first = werte(w.buchen(instanz(1), 17, &m).await);
    // The same invoice under other spelling, in another process.
    let mut twin = m.clone();
    twin.fakten.nummer = Some(" 2026-0815 ".into());
    twin.fakten.brutto = Some("1190.0".into());
    let why = abgelehnt(w.buchen(instanz(2), 9, &twin).await, SAP_REJECT);
    assert!(why.contains("schon am 24.11.2026 übergeben") && why.contains(first["buchung"].as_str().unwrap()), "{why}");
    assert_eq!(w.buchungen().len(), 1);
    // Another number is another invoice.
    let mut other = m.clone();
    other.fakten.nummer = Some("2026-0816".into());
    werte(w.buchen(instanz(2), 9, &other).await);

    // Refused by the finance system: the same process, or another one, may hand over again, as a new booking.
    w.ordner.ablehnen(first["buchung"].as_str().unwrap()).unwrap();
    let second = werte(w.buchen(instanz(1), 23, &m).await);
    assert_ne!(second["buchung"], first["buchung"]);
    assert_eq!(second["schluessel"], first["schluessel"]);
    // A late repeat of the first step does not bring it back.
    assert_eq!(werte(w.buchen(instanz(1), 17, &m).await)["buchung"], first["buchung"]);
    assert_eq!(w.buchungen().len(), 3);
    // A refusal of the first booking that comes again does not close the second.
    w.ordner.ablehnen(first["buchung"].as_str().unwrap()).unwrap();
    abgelehnt(w.buchen(instanz(2), 11, &twin).await, SAP_REJECT);
}

#[tokio::test]
async fn what_must_not_be_booked_is_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    type Change = (&'static str, fn(&mut Buchen));
    let cases: [Change; 9] = [
        ("Die Rechnungsnummer ist nicht bekannt", |m| m.fakten.nummer = None),
        ("Der Lieferant ist nicht bekannt", |m| {
            (m.fakten.lieferant, m.fakten.lieferant_steuer) = (Some(" ".into()), None)
        }),
        ("Die Kontierung fehlt", |m| m.kontierung.clear()),
        ("Die Kontierung ergibt 1000.00", |m| drop(m.kontierung.pop())),
        ("„190.005“ hat mehr als zwei", |m| m.kontierung[1].betrag = "190.005".into()),
        ("Der Betrag ist null", |m| m.betrag = "0.00".into()),
        ("Das Vorzeichen", |m| m.fakten.gutschrift = true),
        ("Feststellung oder Anordnung fehlt", |m| m.anordner.clear()),
        ("Dieselbe Person", |m| m.anordner[0].person_id = m.feststeller[0].person_id),
    ];
    for (n, (text, change)) in cases.into_iter().enumerate() {
        let mut wrong = m.clone();
        change(&mut wrong);
        let why = abgelehnt(w.buchen(instanz(3), n as u64, &wrong).await, SAP_REJECT);
        assert!(why.starts_with(text), "{why}");
    }
    assert_eq!(w.dateien(&w.pfade.ausgang), [""; 0]);
}

#[tokio::test]
async fn a_credit_note_is_booked_with_its_sign_and_without_skonto() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let mut m = w.auftrag().await;
    m.fakten.gutschrift = true;
    m.betrag = "-1190.00".into();
    for k in &mut m.kontierung {
        k.betrag = format!("-{}", k.betrag);
    }
    werte(w.buchen(instanz(1), 1, &m).await);
    let b = w.buchungen().remove(0);
    assert_eq!((&b["belegart"], &b["betrag"], &b["skonto"]), (&json!("KG"), &json!("-1190.00"), &json!([])));
}

async fn storniere(w: &Welt, n: u128, element: u64, m: &Buchen, endgueltig: bool) -> Value {
    let auftrag = json!({ "fakten": m.fakten, "grund": "Falscher Kreditor", "beleg": "19", "storno_beleg": "20", "endgueltig": endgueltig });
    werte(w.job(STORNIEREN, instanz(n), element, auftrag).await)
}

#[tokio::test]
async fn a_reversal_leaves_once_and_opens_the_invoice_again() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    let first = werte(w.buchen(instanz(1), 17, &m).await);
    // Another process has nothing to reverse here.
    assert_eq!(storniere(&w, 2, 5, &m, false).await["buchungen"], json!([]));
    for _ in 0..2 {
        assert_eq!(storniere(&w, 1, 20, &m, false).await["buchungen"], json!([first["buchung"]]));
    }
    let name = format!("storno-{}-20.json", instanz(1));
    let storno: Value = serde_json::from_slice(&fs::read(w.pfade.ausgang.join(&name)).unwrap()).unwrap();
    assert_eq!(
        (&storno["buchung"], &storno["beleg"], &storno["storno_beleg"]),
        (&first["buchung"], &json!("19"), &json!("20"))
    );
    fs::remove_file(w.pfade.ausgang.join(&name)).unwrap();
    storniere(&w, 1, 20, &m, false).await;
    assert!(!w.pfade.ausgang.join(&name).exists(), "taken away: not written again");
    werte(w.buchen(instanz(1), 23, &m).await);
    assert_eq!(w.buchungen().len(), 2);
}

#[tokio::test]
async fn after_a_withdrawal_a_late_booking_does_not_leave() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    assert_eq!(storniere(&w, 1, 30, &m, true).await["buchungen"], json!([]));
    // The booking was on its way when the process was withdrawn.
    let why = abgelehnt(w.buchen(instanz(1), 17, &m).await, SAP_REJECT);
    assert_eq!(why, "Die Rechnung wurde zurückgezogen.");
    assert!(w.buchungen().is_empty() && w.verborgene(&w.pfade.ausgang) == 0);
    // The supplier sends a new one under the same number: another process, its own booking.
    werte(w.buchen(instanz(2), 4, &m).await);
    assert_eq!(w.buchungen().len(), 1);
}

/// The process that is killed: this test program, called again with a folder.
#[tokio::test]
async fn kind() {
    let Some(root) = std::env::var_os("EAKTE_KIND") else { return };
    let w = Welt::in_folder(Path::new(&root));
    let m = w.auftrag().await;
    w.buchen(instanz(1), 17, &m).await;
    let text = json!({ "an": ["a@b.example"], "betreff": "x", "text": "y" });
    w.job(nachrichten::uebergabe::MAIL, instanz(1), 40, text).await;
    storniere(&w, 1, 20, &m, false).await;
    panic!("the failpoint was not reached");
}

fn toete(root: &Path, punkt: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let child = child.args(["kind", "--exact"]).env("EAKTE_KIND", root).env("EAKTE_FAILPOINT", punkt);
    let ended = child.output().unwrap().status;
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(ended.signal(), Some(6), "{punkt}: killed, not failed: {ended:?}");
}

#[tokio::test]
async fn killed_at_any_point_the_repeat_makes_exactly_one_booking() {
    for punkt in [
        "uebergabe::anlagen::after",
        "uebergabe::vermerk::before",
        "uebergabe::vermerk::after",
        "uebergabe::freigabe::after",
    ] {
        let root = tempfile::tempdir().unwrap();
        toete(root.path(), punkt);
        let w = Welt::in_folder(root.path());
        let left = w.buchungen().len();
        assert_eq!(left, usize::from(punkt == "uebergabe::freigabe::after"), "{punkt}: nothing half is visible");
        let m = w.auftrag().await;
        werte(w.buchen(instanz(1), 17, &m).await);
        assert_eq!(w.buchungen().len(), 1, "{punkt}");
        let b = w.buchungen().remove(0);
        for anlage in b["anlagen"].as_array().unwrap() {
            assert!(w.pfade.ausgang.join(anlage["datei"].as_str().unwrap()).exists(), "{punkt}");
        }
    }
}

#[tokio::test]
async fn killed_after_it_left_and_taken_away_it_is_not_written_again() {
    let root = tempfile::tempdir().unwrap();
    toete(root.path(), "uebergabe::freigabe::after");
    let w = Welt::in_folder(root.path());
    assert_eq!(w.buchungen().len(), 1);
    for file in w.dateien(&w.pfade.ausgang) {
        fs::remove_file(w.pfade.ausgang.join(file)).unwrap();
    }
    let m = w.auftrag().await;
    werte(w.buchen(instanz(1), 17, &m).await);
    assert_eq!(w.dateien(&w.pfade.ausgang), [""; 0], "the finance system has it already");
}

#[tokio::test]
async fn mails_and_reversals_survive_a_kill_too() {
    let root = tempfile::tempdir().unwrap();
    toete(root.path(), "uebergabe::mail::vermerk::after");
    let w = Welt::in_folder(root.path());
    assert_eq!(w.dateien(&w.pfade.mail), [""; 0]);
    let text = json!({ "an": ["a@b.example"], "betreff": "x", "text": "y" });
    werte(w.job(nachrichten::uebergabe::MAIL, instanz(1), 40, text).await);
    assert_eq!(w.dateien(&w.pfade.mail), [format!("{}-40.eml", instanz(1))]);

    let root = tempfile::tempdir().unwrap();
    toete(root.path(), "uebergabe::storno::vermerk::after");
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    storniere(&w, 1, 20, &m, false).await;
    let stornos = w.dateien(&w.pfade.ausgang).into_iter().filter(|n| n.starts_with("storno-")).count();
    assert_eq!(stornos, 1);
    werte(w.buchen(instanz(1), 23, &m).await);
}

#[tokio::test]
async fn old_hidden_files_go_only_when_no_note_names_them() {
    let root = tempfile::tempdir().unwrap();
    toete(root.path(), "uebergabe::vermerk::before");
    toete(root.path(), "uebergabe::vermerk::after");
    let ausgang = root.path().join("ausgang");
    let hidden: Vec<_> = fs::read_dir(&ausgang)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    assert_eq!(hidden.len(), 2, "one orphan, one that still has to leave");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 24 * 3600);
    for file in &hidden {
        fs::File::options().write(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
    let w = Welt::in_folder(root.path());
    assert_eq!(w.verborgene(&w.pfade.ausgang), 1);
    let m = w.auftrag().await;
    werte(w.buchen(instanz(1), 17, &m).await);
    assert_eq!((w.buchungen().len(), w.verborgene(&w.pfade.ausgang)), (1, 0), "a weekend later it still leaves");
}

#[tokio::test]
async fn a_folder_that_is_away_is_tried_again() {
    let root = tempfile::tempdir().unwrap();
    let w = Welt::in_folder(root.path());
    let m = w.auftrag().await;
    fs::remove_dir_all(&w.pfade.ausgang).unwrap();
    fs::write(&w.pfade.ausgang, "no folder").unwrap();
    let outcome = w.buchen(instanz(1), 17, &m).await;
    assert!(matches!(outcome, nachrichten::job::Outcome::Retry { after_ms: 5000, .. }), "{outcome:?}");
    fs::remove_file(&w.pfade.ausgang).unwrap();
    fs::create_dir(&w.pfade.ausgang).unwrap();
    werte(w.buchen(instanz(1), 17, &m).await);
    assert_eq!(w.buchungen().len(), 1);
}
