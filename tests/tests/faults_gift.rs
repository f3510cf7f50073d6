// SPDX-License-Identifier: EUPL-1.2
//! R15: files that kill their parser or make it hang. Each is kept with a reason and a task for a person; the others
//! are not delayed.
//!
//! No parser here dies of a known file, so a stand-in between us and the real child reads what goes in and dies, or
//! falls silent, at a mark in the bytes.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use gemein::{brief, haus::Haus, program};
use nachrichten::sendungen::{Kanal, SendungStand, Stand};
use tempfile::TempDir;

/// The others are handled within this.
const HOECHSTENS: Duration = Duration::from_secs(5);

const STELLVERTRETER: &str = r#"#!/usr/bin/python3
import os, subprocess, sys, threading, time
child = subprocess.Popen(["@PROGRAM@"] + sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def back():
    while data := child.stdout.read1(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back, daemon=True).start()
while data := os.read(0, 1 << 20):
    if b"GIFT-ABBRUCH" in data:
        os.abort()
    if b"GIFT-SCHWEIGT" in data:
        time.sleep(3600)
    child.stdin.write(data)
    child.stdin.flush()
"#;

/// A sound letter with a mark in it.
fn gift(mark: &str, n: usize) -> Vec<u8> {
    brief(&format!("{mark} {n}"))
}

async fn harmlos(haus: &Haus, n: usize) -> Duration {
    let from = Instant::now();
    let stand = haus.bringe(Kanal::Scan, "harmlos.pdf", gift("harmlos", n), None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    from.elapsed()
}

fn aufbewahrt(stand: &SendungStand) {
    assert_eq!(stand.state, Stand::Quarantined, "{stand:?}");
    let grund = stand.reason.as_ref().expect("a reason");
    assert_eq!(grund.code, "quarantine");
    assert!(!grund.text.is_empty() && !grund.text.contains("GIFT"), "{}", grund.text);
    assert_eq!(stand.waiting_for.len(), 1, "a person decides: {stand:?}");
    assert_eq!(stand.waiting_for[0].group.as_deref(), Some("Klaerung"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r15_poison_is_kept_and_the_others_are_not_delayed() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("stellvertreter");
    std::fs::write(&script, STELLVERTRETER.replace("@PROGRAM@", program().to_str().unwrap())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let haus = Haus::mit(script).await;
    println!("a harmless letter alone: {:.1?}", harmlos(&haus, 0).await);

    // Three that kill their parser, by both doors, and letters between them.
    let mut killers = Vec::new();
    let mut slowest = Duration::ZERO;
    for n in 0..3 {
        let kanal = if n == 0 { Kanal::Upload } else { Kanal::Scan };
        killers.push(haus.gib(kanal, "gift.pdf", gift("GIFT-ABBRUCH", n), None).await.unwrap());
        slowest = slowest.max(harmlos(&haus, n + 1).await);
    }
    for id in killers {
        aufbewahrt(&haus.ruht(id).await);
    }
    assert!(slowest < HOECHSTENS, "beside dying parsers a letter took {slowest:?}");

    // One that hangs holds one child until the wall clock of the sandbox ends it.
    let from = Instant::now();
    let silent = haus.gib(Kanal::Scan, "gift.pdf", gift("GIFT-SCHWEIGT", 0), None).await.unwrap();
    let mut slowest = Duration::ZERO;
    for n in 10..14 {
        slowest = slowest.max(harmlos(&haus, n).await);
    }
    assert_eq!(haus.stand(silent).await.state, Stand::Accepted, "it still hangs, so the letters were beside it");
    assert!(slowest < HOECHSTENS, "beside a hanging parser a letter took {slowest:?}");
    aufbewahrt(&haus.ruht(silent).await);
    println!(
        "a hanging parser was ended after {:.1?}; the slowest letter beside it took {slowest:.1?}",
        from.elapsed()
    );
    harmlos(&haus, 20).await;
    haus.ist_sauber().await;
    haus.app.stop().await;
}
