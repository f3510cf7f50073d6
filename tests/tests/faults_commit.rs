// SPDX-License-Identifier: EUPL-1.2
//! R20: the connection to PostgreSQL is cut between a COMMIT and its answer, or just before the COMMIT. Whoever waits
//! cannot tell the two apart. What became of it is read back by its key; nothing is written blindly a second time.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::Duration;

use gemein::{
    haus::{Haus, Leer, object},
    kanal, probe, proben, program,
};
use nachrichten::{
    aufgaben::{Aufgaben as _, Erledigung},
    sendungen::{Einlieferung, Kanal, Sendungen as _, Stand},
};
use serde_json::json;
use service_platform_testkit::leitung::{Cut, PgProxy};

/// The application over a server behind the proxy.
async fn haus() -> Option<(Haus, PgProxy)> {
    let mut leer: Leer = Haus::leer().await;
    leer.on_postgres().await?;
    let proxy = PgProxy::before(&leer.settings.db.url).await;
    leer.settings.db.url = proxy.through(&leer.settings.db.url);
    let from = std::time::Instant::now();
    let haus = leer.bezogen(program()).await;
    println!("started after {:.1?}", from.elapsed());
    Some((haus, proxy))
}

#[tokio::test(flavor = "multi_thread")]
async fn r20_what_a_cut_commit_came_to_is_read_back_by_its_key() {
    // One start for all: over a server it takes the longest part of this test.
    let Some((haus, proxy)) = haus().await else { return };
    an_acceptance_of_unknown_outcome_counts_once(&haus, &proxy).await;
    a_step_of_unknown_outcome_happens_once(&haus, &proxy).await;
    results_of_unknown_outcome_move_the_process_once(&haus, &proxy).await;
}

async fn an_acceptance_of_unknown_outcome_counts_once(haus: &Haus, proxy: &PgProxy) {
    for (n, cut) in [Cut::After, Cut::Before].into_iter().enumerate() {
        let bytes = [probe("04-rechnung-xrechnung-ubl.xml"), format!("\n<!-- R20 {n} -->").into_bytes()].concat();
        let e = Einlieferung {
            kanal: Kanal::Upload,
            name: "r.xml".into(),
            bytes,
            idempotency_key: format!("r20-{n}"),
            zugang: None,
            vertraulich: false,
        };
        let cuts = proxy.cuts();
        proxy.cut(cut, "INSERT INTO eingang_sendung", 1, 1);
        // One cut line: read back by the key at once.
        let first = haus.app.eingang.accept(&haus.app.cli, e.clone()).await.unwrap();
        assert_eq!(proxy.cuts(), cuts + 1, "{cut:?}");
        assert_eq!(first.repeated, cut == Cut::After, "{cut:?}: found, or written by the second transaction");
        let again = haus.app.eingang.accept(&haus.app.cli, e.clone()).await.unwrap();
        assert_eq!((again.receipt, again.repeated), (first.receipt, true), "{cut:?}");

        // Cut each time: refused, and the sender's repeat finds what there is.
        let e = Einlieferung { idempotency_key: format!("r20-{n}-b"), bytes: [&e.bytes[..], b"\n"].concat(), ..e };
        proxy.cut(cut, "INSERT INTO eingang_sendung", 1, 99);
        let told = haus.app.eingang.accept(&haus.app.cli, e.clone()).await;
        proxy.heal();
        match cut {
            Cut::After => assert!(told.unwrap().repeated),
            Cut::Before => assert_eq!(told.unwrap_err().status, 503),
        }
        let last = haus.app.eingang.accept(&haus.app.cli, e).await.unwrap();
        assert_eq!(last.repeated, cut == Cut::After, "{cut:?}");
    }
    assert_eq!(haus.zahl("SELECT count(*) FROM eingang_sendung").await, 4);
    assert_eq!(haus.zahl("SELECT count(*) FROM platform_audit WHERE act = 'angenommen'").await, 4);
    let started = "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'posteingang'";
    haus.ist_sauber().await;
    assert_eq!(haus.zahl(started).await, 4);
}

async fn a_step_of_unknown_outcome_happens_once(haus: &Haus, proxy: &PgProxy) {
    let (poststelle, from) = (haus.person("poststelle").await, std::time::Instant::now());
    for (n, cut) in [Cut::After, Cut::Before].into_iter().enumerate() {
        let bytes = gemein::brief(&format!("R20 {n}"));
        let stand = haus.bringe(Kanal::Scan, "brief.pdf", bytes, None).await;
        let task = haus.aufgabe(&poststelle, stand.documents[0].id, "ZuordnungBestaetigen").await;
        let einheit = &task.variablen["zustaendigkeit"]["einheit"];
        let werte = json!({ "entscheidung": "bestaetigen", "dokumentart": "stellungnahme", "titel": "Stellungnahme",
            "amt": "61", "einheit": einheit, "akte_titel": "Bebauungsplan", "vorgang_titel": "Beteiligung" });
        let e = Erledigung {
            version: task.aufgabe.version,
            idempotency_key: format!("r20-step-{n}"),
            werte: object(werte),
            fassung: task.fassung,
        };
        let lines = "SELECT count(*) FROM geschaeftsgang_verlauf WHERE element = 'ZuordnungBestaetigen' AND ereignis = 'erledigt'";
        let before = haus.zahl(lines).await;
        let cuts = proxy.cuts();
        proxy.cut(cut, "erledigt_von = r.von", 1, 1);
        let told = haus.app.geschaeftsgang.complete(&poststelle, task.aufgabe.id, e.clone()).await;
        proxy.heal();
        assert_eq!(proxy.cuts(), cuts + 1);
        assert_eq!(told.unwrap_err().status, 503, "{cut:?}: nobody is told what is not known");
        haus.app.geschaeftsgang.complete(&poststelle, task.aufgabe.id, e).await.unwrap();
        assert_eq!(haus.zahl(lines).await, before + 1, "{cut:?}");
        println!("{cut:?} done after {:.1?}", from.elapsed());
    }
    haus.ist_sauber().await;
    println!("clean after {:.1?}", from.elapsed());
}

/// A server that went away without a word: who asked is told after a minute, and nothing waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_given_up_and_found_again() {
    if std::env::var_os("EAKTE_LONG").is_none() {
        return println!("skipped: takes more than a minute, EAKTE_LONG=1 runs it");
    }
    let Some((haus, proxy)) = haus().await else { return };
    let name = "04-rechnung-xrechnung-ubl.xml";
    let first = haus.gib(Kanal::Upload, name, probe(name), None).await.unwrap();
    proxy.silence();
    let from = std::time::Instant::now();
    let other = [probe(name), b"\n".to_vec()].concat();
    let told = haus.gib(Kanal::Upload, name, other.clone(), None).await.unwrap_err();
    assert_eq!(told.status, 503);
    println!("told after {:.1?}: {}", from.elapsed(), told.detail);
    assert!(from.elapsed() < Duration::from_secs(80));
    proxy.heal();
    let from = std::time::Instant::now();
    let second = loop {
        match haus.gib(Kanal::Upload, name, other.clone(), None).await {
            Ok(id) => break id,
            Err(error) => assert!(from.elapsed() < Duration::from_secs(80), "{error:?}"),
        }
    };
    println!("accepted {:.1?} after it was back", from.elapsed());
    for id in [first, second] {
        assert_eq!(haus.ruht(id).await.state, Stand::Waiting);
    }
    println!("all done {:.1?} after it was back", from.elapsed());
    haus.ist_sauber().await;
}

/// Every third commit of results, of jobs' effects and of start commands is cut, on either side.
async fn results_of_unknown_outcome_move_the_process_once(haus: &Haus, proxy: &PgProxy) {
    let (mut receipts, begun) = (Vec::new(), proxy.cuts());
    for name in proben() {
        receipts.push((haus.gib(kanal(&name), &name, probe(&name), None).await.unwrap(), name));
    }
    for (cut, marker) in [
        (Cut::After, "geschaeftsgang_auftrag"),
        (Cut::Before, "geschaeftsgang_auftrag"),
        (Cut::After, "platform_inbox"),
        (Cut::Before, "platform_inbox"),
        (Cut::After, ""),
        (Cut::Before, ""),
    ] {
        let before = proxy.cuts();
        proxy.cut(cut, marker, 3, 8);
        let from = std::time::Instant::now();
        while proxy.cuts() < before + 3 && from.elapsed() < Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{cut:?} {marker:?}: {} cuts", proxy.cuts() - before);
    }
    proxy.heal();
    assert!(proxy.cuts() >= begun + 6, "only {} cuts", proxy.cuts() - begun);
    for (id, name) in &receipts {
        let stand = haus.ruht(*id).await;
        assert_eq!(stand.state, Stand::Waiting, "{name}: {stand:?}");
    }
    let twice = "SELECT count(*) FROM (SELECT instanz, element_instanz FROM geschaeftsgang_verlauf WHERE ereignis = 'erledigt' AND innen = 0 AND element_instanz <> 0 GROUP BY 1, 2 HAVING count(*) > 1) d";
    assert_eq!(haus.zahl(twice).await, 0, "an element was done twice");
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'").await, 0);
    haus.ist_sauber().await;
}
