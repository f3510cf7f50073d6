// SPDX-License-Identifier: EUPL-1.2
//! R22: the disk of the database is full and has room again later. While it is full nothing is acknowledged and an
//! operator is told; afterwards everything goes on by itself.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::{Duration, Instant};

use gemein::{
    haus::Haus,
    platte::Platte,
    probe, program,
    prozess::{Antwort, Bestand},
};
use nachrichten::{
    BlobHash,
    sendungen::{Kanal, Stand},
};
use service_platform_testkit::postgres_lies_in;

/// First effect at the latest so long after there is room again.
const SOON: Duration = Duration::from_secs(15);

fn rechnung(n: usize) -> Vec<u8> {
    [probe("04-rechnung-xrechnung-ubl.xml"), format!("\n<!-- R22 {n} -->\n").into_bytes()].concat()
}

/// SQLite and the documents on one full disk, the program as its own process.
#[test]
fn r22_sqlite_and_documents_on_a_full_disk() {
    let Some(platte) = Platte::neu(48) else { return };
    let bestand = Bestand::in_ordner(tempfile::TempDir::new_in(platte.path()).unwrap());
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let dienst = bestand.dienst_mit(&[("EAKTE_BETRIEB__LISTEN", &listen)]);
    let zugang = dienst.zugang();
    let ready = || -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(format!("http://{listen}/ready")).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(ready().0, 200);
    let mut journal = Vec::new();
    for n in 0..3 {
        let receipt = zugang.gib("upload", "r.xml", &format!("r22-{n}"), &rechnung(n)).receipt();
        journal.push((BlobHash::of(&rechnung(n)), receipt));
    }
    // Full in the middle of the work.
    platte.fuelle();
    let mut refused = 0;
    let from = Instant::now();
    for n in 3.. {
        match zugang.gib("upload", "r.xml", &format!("r22-{n}"), &rechnung(n)) {
            Antwort::Quittung { receipt, .. } => journal.push((BlobHash::of(&rechnung(n)), receipt)),
            Antwort::Abgewiesen(status, body) => {
                assert_eq!(status, 503, "{body}");
                assert!(body.to_string().contains("nicht angenommen"), "{body}");
                refused += 1;
            }
            Antwort::Keine => panic!("no answer"),
        }
        if from.elapsed() > Duration::from_secs(4) && refused >= 5 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let from = Instant::now();
    let told = loop {
        let (status, text) = ready();
        if status == 503 {
            break text;
        }
        assert!(from.elapsed() < SOON, "operators are not told: {text}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(told.contains("Der Speicherplatz ist voll. Schaffen Sie Platz"), "{told}");
    let acknowledged = journal.len();
    println!("full: {refused} refused, {acknowledged} acknowledged until then");

    platte.raeume();
    let from = Instant::now();
    let bytes = rechnung(9_000);
    let receipt = loop {
        match zugang.gib("upload", "r.xml", "r22-danach", &bytes) {
            Antwort::Quittung { receipt, .. } => break receipt,
            other => assert!(from.elapsed() < SOON, "still refused: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    println!("accepted {:.1?} after there was room", from.elapsed());
    journal.push((BlobHash::of(&bytes), receipt));
    for (_, receipt) in &journal {
        assert_eq!(zugang.ruht(receipt)["state"], "waiting");
    }
    println!("all done {:.1?} after there was room", from.elapsed());
    let from = Instant::now();
    while ready().0 != 200 {
        assert!(from.elapsed() < SOON, "still not ready: {}", ready().1);
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(bestand.zahl("SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'"), 0);
    dienst.toete();
    let report = bestand.ist_sauber(&journal);
    assert_eq!(report["pending"], 0, "{report:#}");
}

/// Half a megabyte for PostgreSQL's log, and a new segment of it.
const SEGMENT: service_platform::db::Sql = gemein::haus::sql(
    "SELECT CAST(pg_switch_wal() AS TEXT) FROM pg_logical_emit_message(false, 'r22', repeat('x', 500000))",
);

/// PostgreSQL's whole folder on a full disk: refusals of rows first, then no room for its log, at which the server
/// itself gives up and its supervisor starts it again and again.
#[tokio::test(flavor = "multi_thread")]
async fn r22_postgresql_on_a_full_disk() {
    let Some(platte) = Platte::neu(320) else { return };
    postgres_lies_in(platte.path());
    let mut leer = Haus::leer().await;
    let Some(server) = leer.on_postgres().await else { return };
    let haus = leer.bezogen(program()).await;
    let mut receipts = Vec::new();
    for n in 0..3 {
        receipts.push(haus.gib(Kanal::Upload, "r.xml", rechnung(n), None).await.unwrap());
    }
    platte.fuelle();
    // New segments of the log are needed: there is no room for them.
    let admin = service_platform::db::Db::postgres_as(&server.url, None, 2).await.unwrap();
    for _ in 0..40 {
        if admin.one::<(String,)>(&SEGMENT, Vec::new()).await.is_err() {
            break;
        }
    }
    let (from, mut refused, mut n) = (Instant::now(), 0, 100);
    while from.elapsed() < Duration::from_secs(6) || refused < 2 {
        assert!(from.elapsed() < Duration::from_secs(60), "nothing was refused");
        // A sender repeats what was refused; bytes that were stored before the refusal are taken then.
        match haus.gib(Kanal::Upload, "r.xml", rechnung(n), None).await {
            Ok(id) => {
                receipts.push(id);
                n += 1;
            }
            Err(error) => {
                assert_eq!(error.status, 503, "{error:?}");
                refused += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let teile = haus.app.zustand("probe").teile().await;
    let database = teile.iter().find(|t| t.name == "datenbank").unwrap();
    println!("full: {refused} refused, {} acknowledged until then; operators: {}", receipts.len(), database.text);
    assert!(!database.gut && database.noetig, "{database:?}");

    platte.raeume();
    let from = Instant::now();
    let receipt = loop {
        match haus.gib(Kanal::Upload, "r.xml", rechnung(n), None).await {
            Ok(id) => break id,
            Err(error) => assert!(from.elapsed() < SOON, "still refused: {error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    println!("accepted {:.1?} after there was room", from.elapsed());
    receipts.push(receipt);
    for id in &receipts {
        assert_eq!(haus.ruht(*id).await.state, Stand::Waiting);
    }
    println!("all done {:.1?} after there was room", from.elapsed());
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'").await, 0);
    haus.ist_sauber().await;
    assert_eq!(
        haus.zahl("SELECT count(*) FROM eingang_sendung").await,
        receipts.len() as i64,
        "what was refused is not there"
    );
    assert!(
        haus.app.zustand("probe").teile().await.iter().all(|t| t.gut || ["abschottung", "platz"].contains(&t.name))
    );
}
