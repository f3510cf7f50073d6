// SPDX-License-Identifier: EUPL-1.2
//! Many people at once on both databases: nobody's step is refused because of a neighbour, whatever they share, and
//! numbers stay right and cheap.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nachrichten::{
    Werte,
    aufgaben::{Aufgaben as _, Erledigung, ZAEHLT_BIS},
};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options};
use service_platform::{
    args, audit,
    db::{Db, Sql},
    uhr::{Ids, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};

/// Three steps of two groups, so that one instance gives a group work while another takes it away.
const ABLAUF: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="kette" isExecutable="true"><startEvent id="S"/>
<userTask id="Eins"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<userTask id="Zwei"><potentialOwner><resourceAssignmentExpression><formalExpression>"B"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<userTask id="Drei"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="Eins"/><sequenceFlow id="f2" sourceRef="Eins" targetRef="Zwei"/>
<sequenceFlow id="f3" sourceRef="Zwei" targetRef="Drei"/><sequenceFlow id="f4" sourceRef="Drei" targetRef="E"/></process></definitions>"#;

const BEENDET: Sql =
    sql("SELECT count(*), count(beendet) FROM geschaeftsgang_instanz WHERE schluessel LIKE 'person:%/durch'");
const OFFEN: Sql = sql("SELECT count(*) FROM geschaeftsgang_kandidat WHERE subjekt = 'gruppe:B'");

const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

/// Starts one instance and goes `steps` steps with it, on whichever engine is next.
async fn one(engines: &[Geschaeftsgang], who: &nachrichten::Actor, key: &str, steps: usize) {
    let (_, mut open) = engines[0].start_with_tasks(who, "kette", Werte::new(), key).await.unwrap();
    for step in 0..steps {
        let e = Erledigung { version: 1, idempotency_key: step.to_string(), werte: Werte::new(), fassung: None };
        let engine = &engines[step % engines.len()];
        open = engine.complete_with_tasks(who, open.pop().unwrap(), e).await.unwrap();
    }
    assert_eq!(open.is_empty(), steps == 3, "a step tells what it opened");
}

/// Two engines, small batches, many of them side by side: every order of touching groups and instances comes up.
async fn crowd(db: &Db) {
    let options = || Options { together: 4, side_by_side: Some(6), ..Options::default() };
    let w = kern::Kern::neu(db, &[("ada", &["A", "B"], &[])], options()).await;
    w.engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
    let second = kern::Kern::motor(db, &w.bus, &w.clock, options()).await;
    let (engines, ada) = ([w.engine.clone(), second], w.personen[0].clone());
    let mut tasks = tokio::task::JoinSet::new();
    for person in 0..24 {
        let (engines, ada) = (engines.clone(), ada.clone());
        tasks.spawn(async move {
            for n in 0..8 {
                one(&engines, &ada, &format!("{person}-{n}/durch"), 3).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(db.one::<(i64, i64)>(&BEENDET, args![]).await.unwrap(), (192, 192));
    assert_eq!(w.engine.zaehler(&ada).await.unwrap(), [], "nothing is open any more");
    assert_eq!(audit::verify(db).await.unwrap().breaks, [""; 0]);
}

/// Numbers are counted to the end only as far as a page shows them.
async fn numbers(db: &Db) {
    let w = kern::Kern::neu(db, &[("ada", &["A", "B"], &[]), ("bob", &["B"], &[])], Options::default()).await;
    w.engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
    let (engine, ada) = ([w.engine.clone()], &w.personen[0]);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..ZAEHLT_BIS + 5 {
        let (engine, ada) = (engine.clone(), ada.clone());
        tasks.spawn(async move { one(&engine, &ada, &n.to_string(), usize::from(n < 7)).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let counts = |z: Vec<nachrichten::aufgaben::Zaehler>| -> Vec<(String, u64)> {
        z.into_iter().map(|z| (z.element, z.offen)).collect()
    };
    assert_eq!(counts(w.engine.zaehler(ada).await.unwrap()), [("Eins".to_owned(), 998), ("Zwei".to_owned(), 7)]);
    assert_eq!(counts(w.engine.zaehler(&w.personen[1]).await.unwrap()), [("Zwei".to_owned(), 7)]);
    assert_eq!(db.one::<(i64,)>(&OFFEN, args![]).await.unwrap(), (7,));
    for n in 0..5 {
        one(&engine, ada, &format!("mehr-{n}"), 0).await;
    }
    let all = counts(w.engine.zaehler(ada).await.unwrap());
    assert_eq!(all[0], ("Eins".to_owned(), ZAEHLT_BIS), "1,003 are open, and that many are not counted");
    assert_eq!(w.offene(ada).await.len(), 50);
}

/// Ids that break off in the middle of a step, once.
struct Stolpern(AtomicBool);

impl Ids for Stolpern {
    fn uuid(&self) -> uuid::Uuid {
        assert!(!self.0.swap(false, Ordering::SeqCst), "broken off by the test");
        SystemIds.uuid()
    }
}

/// A fault in our own code costs the requests of one transaction an answer, and nobody else anything.
async fn broken_off(db: &Db) {
    let w = kern::Kern::neu(db, &[("ada", &["A", "B"], &[])], Options::default()).await;
    let (ids, ada) = (Arc::new(Stolpern(AtomicBool::new(false))), &w.personen[0]);
    let engine =
        Geschaeftsgang::new(db.clone(), w.bus.clone(), w.clock.clone(), ids.clone(), Options::default()).await.unwrap();
    engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
    ids.0.store(true, Ordering::SeqCst);
    let refused = engine.start_with_tasks(ada, "kette", Werte::new(), "1").await.unwrap_err();
    assert_eq!((refused.code.0, refused.status), ("E9001", 503));
    let again = engine.start_with_tasks(ada, "kette", Werte::new(), "1");
    let (_, open) = tokio::time::timeout(Duration::from_secs(20), again).await.expect("the engine stands").unwrap();
    assert_eq!(open.len(), 1, "nothing of the first try was kept");
    assert_eq!(audit::verify(db).await.unwrap().breaks, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_on_sqlite() {
    let test = sqlite().await;
    broken_off(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_on_postgres() {
    let Some(test) = postgres().await else { return };
    broken_off(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crowd_on_sqlite() {
    let test = sqlite().await;
    crowd(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crowd_on_postgres() {
    let Some(test) = postgres().await else { return };
    crowd(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_on_sqlite() {
    let test = sqlite().await;
    numbers(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_on_postgres() {
    let Some(test) = postgres().await else { return };
    numbers(&test.db).await;
}
