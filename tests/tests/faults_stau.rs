// SPDX-License-Identifier: EUPL-1.2
//! R18: a consumer that is fifty times slower than the producer. What waits, waits in the database: on the broker lies
//! one window of jobs, this process stays as small as it was, and what is urgent does not stand in the queue.
//!
//! Short: 12 seconds of producing. `EAKTE_LONG=1`: ten minutes.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/broker.rs"]
mod broker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use broker::{bis, bus, secs};
use nachrichten::{Werte, ablaeufe::Ablaeufe};
use serde_json::{Value, json};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, MIGRATIONS, Options};
use service_platform::{
    blobs::DirectoryBlobs,
    bus::Bus as _,
    konten::{Konten, NeuePerson},
    uhr::{SystemClock, SystemIds},
    worker,
};
use service_platform_testkit::{rabbit, sqlite};

fn process(name: &str, art: &str, urgent: bool) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="{name}" isExecutable="true"><startEvent id="S"/><serviceTask id="A" implementation="{art}" eakte:dringend="{urgent}"/><endEvent id="E"/>
<sequenceFlow id="f1" sourceRef="S" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="E"/></process></definitions>"#
    )
}

/// Resident memory of this process in KiB.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_a_slow_consumer_costs_no_memory_and_urgent_work_overtakes() {
    let Some(broker) = rabbit().await else { return };
    let producing = if std::env::var_os("EAKTE_LONG").is_some() { secs(600) } else { secs(12) };
    let test = sqlite().await;
    test.db.migrate(&MIGRATIONS).await.unwrap();
    let (clock, ids) = (Arc::new(SystemClock::default()), Arc::new(SystemIds));
    let konten = Konten::new(test.db.clone(), clock.clone(), ids.clone());
    let person = NeuePerson {
        kennung: "anna".into(),
        name: "anna".into(),
        amt: "10".into(),
        rollen: vec!["Betrieb".into()],
        gruppen: vec!["X".into()],
    };
    konten.enter(&person, None).await.unwrap();
    let anna = konten.actor("anna").await.unwrap().unwrap();
    let art: &'static str = broker.fresh("probe.r18").leak();
    let own = bus(&broker, "r18", true);
    for queue in [&worker::queue(art), worker::RESULTS] {
        own.declare(queue).await.unwrap();
    }
    let options = Options::default();
    let window = u64::from(options.window);
    let engine = Geschaeftsgang::new(test.db.clone(), own, clock, ids, options).await.unwrap();
    engine.deploy(&process("masse", art, false), Herkunft::Stadt).await.unwrap();
    engine.deploy(&process("eilig", art, true), Herkunft::Stadt).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(engine.clone().run());

    // The pace of the producer, alone.
    let (from, mut started) = (Instant::now(), 0u64);
    let start = async |name: &str, n: u64| {
        engine.start(&anna, name, Werte::new(), &format!("{name}-{n}")).await.unwrap();
    };
    while from.elapsed() < secs(2) {
        start("masse", started).await;
        started += 1;
    }
    let pace = from.elapsed() / u32::try_from(started).unwrap();
    let slow = (pace * 50).max(Duration::from_millis(40));
    println!("R18: one start per {pace:.1?}, one job per {slow:.1?}");
    static DONE: AtomicU64 = AtomicU64::new(0);
    let handler = worker::job(art, move |_, _: Value| async move {
        tokio::time::sleep(slow).await;
        DONE.fetch_add(1, Ordering::SeqCst);
        Ok(json!({}))
    });
    let blobs = Arc::new(DirectoryBlobs::open(test.folder.path(), "stadt").unwrap());
    let workers = bus(&broker, "worker", false);
    tasks.spawn(worker::serve(handler, workers, blobs, 1));

    let ended = async || engine.kennzahlen(&anna).await.unwrap().beendet;
    let (from, mut urgent, mut most, mut slowest) = (Instant::now(), 0, 0u64, Duration::ZERO);
    let mut memory = Vec::new();
    while from.elapsed() < producing {
        let second = Instant::now();
        while second.elapsed() < secs(1) {
            start("masse", started).await;
            started += 1;
        }
        memory.push(resident());
        // In hand or in the queue.
        let listed = broker.ctl(&["list_queues", "--quiet", "name", "messages"]);
        let lying =
            listed.lines().filter(|l| l.contains(art)).filter_map(|l| l.split_whitespace().last()?.parse::<u64>().ok());
        most = most.max(lying.sum());
        // A person waits for this one.
        let (asked, before) = (Instant::now(), done(&test.db, "eilig").await);
        start("eilig", urgent).await;
        urgent += 1;
        bis("urgent work is done", slow * 20 + secs(5), async || done(&test.db, "eilig").await > before).await;
        slowest = slowest.max(asked.elapsed());
    }
    let (waiting, grown) = (started + urgent - ended().await, memory[memory.len() - 1] - memory[0]);
    println!(
        "R18: {started} started, {} done, {waiting} wait; on the broker at most {most}; memory {:?} KiB; urgent at most {slowest:.1?}",
        DONE.load(Ordering::SeqCst),
        memory
    );
    assert!(waiting > started * 9 / 10, "the consumer was not slow");
    assert!(most <= 2 * window + urgent, "more than one window lies on the broker: {most}");
    assert!(most > 0, "the broker was looked at");
    // One in hand when it comes, its own time, and the way.
    assert!(slowest < slow * 4 + Duration::from_millis(1500), "urgent work waited {slowest:?}");
    // Six connections keep up to 16 MB of the file each; beyond that nothing grows with what waits.
    assert!(grown < 128 * 1024, "grew by {grown} KiB");
    let late = memory[memory.len() - 1] - memory[memory.len() / 2];
    assert!(late < 32 * 1024, "still grows: {late} KiB in the second half");
    tasks.shutdown().await;
}

/// Ended instances of a process.
async fn done(db: &service_platform::db::Db, process: &'static str) -> i64 {
    const ENDED: service_platform::db::Sql = service_platform::db::Sql {
        sqlite: "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = $1 AND beendet IS NOT NULL",
        postgres: "SELECT count(*) FROM geschaeftsgang_instanz WHERE process = $1 AND beendet IS NOT NULL",
    };
    let (n,): (i64,) = db.one(&ENDED, service_platform::args![process]).await.unwrap();
    n
}
