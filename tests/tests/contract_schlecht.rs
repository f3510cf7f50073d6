// SPDX-License-Identifier: EUPL-1.2
//! Bad input to the durable engine, on both databases: what comes twice, too late, from the wrong person, for nobody or
//! too large is refused with a sentence that says why, and nothing has changed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nachrichten::{
    Actor, InstanceId, Werte,
    ablaeufe::{Ablaeufe, Eingriff},
    aufgaben::{Aufgaben, Erledigung},
    betrieb::Betrieb as _,
    fehler::Fehler,
};
use serde_json::json;
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, Options,
    spur::{Answer, Op},
};
use service_platform::{
    bus::InProcessBus,
    db::{Db, Sql},
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};

fn file(process: &str, nodes: &str, ways: &[(&str, &str)]) -> String {
    let flow =
        |(n, (a, b)): (usize, &(&str, &str))| format!(r#"<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>"#);
    let flows: String = ways.iter().enumerate().map(flow).collect();
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t"><message id="m" name="Nachricht"/><process id="{process}" isExecutable="true">{nodes}{flows}</process></definitions>"#
    )
}

struct Welt {
    db: Db,
    engine: Geschaeftsgang,
    betrieb: Actor,
    anna: Actor,
    fremd: Actor,
    /// Another engine on the same database.
    zweite: Geschaeftsgang,
}

impl Welt {
    async fn neu(db: &Db) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        let clock = Arc::new(FixedClock::at("2026-01-05T08:00:00Z".parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        for (kennung, gruppe, rolle) in [("bea", "X", "Betrieb"), ("anna", "Pruefung", ""), ("fremd", "Y", "")] {
            let (name, amt) = (kennung.to_owned(), "10".to_owned());
            let rollen = Some(rolle).filter(|r| !r.is_empty()).map(str::to_owned).into_iter().collect();
            let person = NeuePerson { kennung: kennung.into(), name, amt, rollen, gruppen: vec![gruppe.into()] };
            konten.enter(&person, None).await.unwrap();
        }
        let engine = async || {
            let bus = Arc::new(InProcessBus::default());
            Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), Options::default()).await.unwrap()
        };
        let actor = async |name: &str| konten.actor(name).await.unwrap().unwrap();
        Self {
            db: db.clone(),
            engine: engine().await,
            betrieb: actor("bea").await,
            anna: actor("anna").await,
            fremd: actor("fremd").await,
            zweite: engine().await,
        }
    }

    async fn start(&self, process: &str) -> InstanceId {
        self.engine.start(&self.betrieb, process, Werte::new(), process).await.unwrap()
    }

    /// Everything that is stored about an instance, as far as operators see it.
    async fn bild(&self, id: InstanceId) -> String {
        let a = Ablaeufe::get(&self.engine, &self.betrieb, id).await.unwrap();
        let marken: Vec<_> = a.marken.iter().map(|m| (&m.element, &m.warum)).collect();
        format!("{} {marken:?} {}", a.stand, a.verlauf.len())
    }

    async fn completes(
        &self,
        actor: &Actor,
        id: nachrichten::TaskId,
        version: i64,
        key: &str,
        werte: Werte,
    ) -> Result<(), Fehler> {
        let e = Erledigung { version, idempotency_key: key.to_owned(), werte, fassung: None };
        Aufgaben::complete(&self.engine, actor, id, e).await
    }

    async fn message(&self, engine: &Geschaeftsgang, key: Option<&str>) {
        let op = Op::Message { name: "Nachricht".into(), key: key.map(str::to_owned), variables: Werte::new() };
        engine.spur(op).await.unwrap();
    }

    async fn history(&self, element: &str) -> usize {
        let Answer::History(all) = self.engine.spur(Op::History).await.unwrap() else { panic!() };
        all.iter().filter(|e| &*e.element == element && e.kind == engine::HistoryKind::Completed).count()
    }
}

const TASK: &str = r#"<startEvent id="S"/><userTask id="A" name="Prüfen"><potentialOwner><resourceAssignmentExpression><formalExpression>"Pruefung"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask><userTask id="B"/><endEvent id="E"/>"#;

async fn tasks(w: &Welt) {
    w.engine.deploy(&file("aufgabe", TASK, &[("S", "A"), ("A", "B"), ("B", "E")]), Herkunft::Stadt).await.unwrap();
    let id = w.start("aufgabe").await;
    let task = Ablaeufe::get(&w.engine, &w.betrieb, id).await.unwrap().aufgaben[0];
    let before = w.bild(id).await;

    // Too large, stale, someone else's: nothing changes.
    let huge = json!({"anlage": "x".repeat(10_100_000)}).as_object().unwrap().clone();
    let refused = w.completes(&w.anna, task, 1, "1", huge).await.unwrap_err();
    assert_eq!((refused.code.0, refused.status), ("E3019", 413));
    assert!(refused.text.0.contains("„Prüfen“") && refused.text.0.contains("10 MB"), "{}", refused.text.0);
    let stale = w.completes(&w.anna, task, 7, "2", Werte::new()).await.unwrap_err();
    assert_eq!((stale.code.0, stale.status), ("E3001", 412));
    assert!(stale.text.0.contains("inzwischen geändert"), "{}", stale.text.0);
    let foreign = w.completes(&w.fremd, task, 1, "3", Werte::new()).await.unwrap_err();
    assert_eq!(foreign.status, 404, "what one may not see is not there: {}", foreign.text.0);
    assert_eq!(w.bild(id).await, before);

    // Twice: the same act gives the same answer, another one is told who was faster.
    for _ in 0..2 {
        w.completes(&w.anna, task, 1, "4", Werte::new()).await.unwrap();
    }
    let after = w.bild(id).await;
    let again = w.completes(&w.anna, task, 2, "5", Werte::new()).await.unwrap_err();
    assert_eq!((again.code.0, again.status), ("E3001", 409));
    assert!(again.text.0.starts_with("anna hat diese Aufgabe am 05.01.2026"), "{}", again.text.0);
    assert_eq!((w.bild(id).await, w.history("A").await), (after, 1));
    let nowhere = Eingriff::SchrittStarten { element: "gibtesnicht".into() };
    let refused = w.engine.eingreifen(&w.betrieb, id, nowhere, "Test").await.unwrap_err();
    assert_eq!(refused.text.0, "Den Schritt „gibtesnicht“ gibt es in diesem Ablauf nicht. Es wurde nichts geändert.");
}

async fn messages(w: &Welt) {
    let nodes = r#"<startEvent id="S"/><userTask id="U"/><boundaryEvent id="R" attachedToRef="U" cancelActivity="false"><messageEventDefinition messageRef="m" eakte:schluessel="k"/></boundaryEvent><task id="T"/><endEvent id="E"/>"#;
    let nodes = nodes
        .replace(r#"<boundaryEvent id="R""#, r#"<boundaryEvent eakte:schluessel="&quot;7&quot;" id="R""#)
        .replace(r#" eakte:schluessel="k""#, "");
    w.engine.deploy(&file("post", &nodes, &[("S", "U"), ("U", "E"), ("R", "T")]), Herkunft::Stadt).await.unwrap();
    let id = w.start("post").await;
    let before = w.bild(id).await;
    w.message(&w.engine, Some("unbekannt")).await;
    w.message(&w.engine, None).await;
    assert_eq!(w.bild(id).await, before, "a key nobody knows and no key at all reach nobody");
    for n in 1..=3 {
        w.message(if n == 2 { &w.zweite } else { &w.engine }, Some("7")).await;
        assert_eq!(w.history("R").await, n, "a non-interrupting event takes each of them");
    }
    // Two at once, by two engines: both arrive, each once.
    tokio::join!(w.message(&w.engine, Some("7")), w.message(&w.zweite, Some("7")));
    assert!(w.history("R").await >= 4, "{}", w.history("R").await);
}

async fn calls(w: &Welt) {
    let call = |name: &str| {
        format!(r#"<startEvent id="S"/><callActivity id="C" name="Ruf" calledElement="{name}"/><endEvent id="E"/>"#)
    };
    let ways = [("S", "C"), ("C", "E")];
    w.engine.deploy(&file("eins", &call("zwei"), &ways), Herkunft::Stadt).await.unwrap();
    w.engine.deploy(&file("zwei", &call("eins"), &ways), Herkunft::Stadt).await.unwrap();
    w.start("eins").await;
    let stopped = w.engine.stoerungen(&w.betrieb).await.unwrap();
    assert!(stopped.iter().any(|s| s.ursache.contains("rufen sich gegenseitig auf")), "a circle ends as an incident");

    // What an operator ends does not leave its caller waiting for ever.
    let child = file("kind", r#"<startEvent id="S"/><userTask id="K"/><endEvent id="E"/>"#, &[("S", "K"), ("K", "E")]);
    w.engine.deploy(&child, Herkunft::Stadt).await.unwrap();
    w.engine.deploy(&file("eltern", &call("kind"), &ways), Herkunft::Stadt).await.unwrap();
    let parent = w.start("eltern").await;
    let Answer::Names(open) = w.engine.spur(Op::Waiting).await.unwrap() else { panic!() };
    assert!(open.contains(&"K".to_owned()));
    let text = "SELECT id FROM geschaeftsgang_instanz WHERE process = 'kind'";
    let (child,): (InstanceId,) = w.db.one(&Sql { sqlite: text, postgres: text }, Vec::new()).await.unwrap();
    w.engine.eingreifen(&w.betrieb, child, Eingriff::Abbrechen, "Test").await.unwrap();
    assert!(w.bild(parent).await.contains("Der aufgerufene Ablauf wurde abgebrochen."), "{}", w.bild(parent).await);
}

/// U+0000 is no character of any text: PostgreSQL refuses it, and a PDF or a caller of the API may send it. It becomes
/// U+FFFD in a column; in the variables it stays.
async fn texts(w: &Welt) {
    let nodes = TASK.replace(r#"name="Prüfen""#, r#"name="Prüfen" eakte:titel="x" eakte:daten="{ betrag: x }""#);
    w.engine.deploy(&file("texte", &nodes, &[("S", "A"), ("A", "B"), ("B", "E")]), Herkunft::Stadt).await.unwrap();
    let variables = json!({ "x": "a\0b" }).as_object().unwrap().clone();
    let id = w.engine.start(&w.betrieb, "texte", variables, "mit\0null").await.unwrap();
    let task = Ablaeufe::get(&w.engine, &w.betrieb, id).await.unwrap().aufgaben[0];
    let seite = Aufgaben::get(&w.engine, &w.anna, task).await.unwrap();
    assert_eq!((seite.aufgabe.titel.as_str(), &seite.variablen["x"]), ("a\u{fffd}b", &json!("a\0b")));
    let werte = json!({ "bemerkung": "z\0" }).as_object().unwrap().clone();
    w.completes(&w.anna, task, 1, "null\0", werte).await.unwrap();
    assert!(w.bild(id).await.contains("\"B\""), "{}", w.bild(id).await);
}

async fn suite(db: &Db) {
    let w = Welt::neu(db).await;
    tasks(&w).await;
    messages(&w).await;
    calls(&w).await;
    texts(&w).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
}
