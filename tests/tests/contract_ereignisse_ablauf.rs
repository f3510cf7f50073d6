// SPDX-License-Identifier: EUPL-1.2
//! What the engine tells others of incidents, withdrawn tasks, called and failed processes, and of steps that a city's own
//! drawing calls an event; on both databases.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use nachrichten::{
    InstanceId, Werte,
    ablaeufe::{Ablaeufe as _, Eingriff},
    aufgaben::Erledigung,
};
use serde_json::{Value, json};
use service_geschaeftsgang::{Herkunft, Options};
use service_platform::{
    args,
    db::{Db, Sql},
    ereignis::{self, Absender, Weitergabe},
};
use service_platform_testkit::{postgres, sqlite};

const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

const EREIGNISSE: Sql = sql("SELECT typ, subjekt, daten FROM platform_ereignis ORDER BY seq");
const LEEREN: Sql = sql("DELETE FROM platform_ereignis");

fn file(process: &str, nodes: &str, ways: &[(&str, &str)]) -> String {
    let ways: String =
        ways.iter().map(|(a, b)| format!(r#"<sequenceFlow id="{a}-{b}" sourceRef="{a}" targetRef="{b}"/>"#)).collect();
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<error id="f" name="f" errorCode="KAPUTT"/><process id="{process}" isExecutable="true">{nodes}{ways}</process></definitions>"#
    )
}

struct Welt {
    kern: kern::Kern,
}
kern::welt_ist_kern!();

impl Welt {
    async fn deploy(&self, xml: &str) {
        self.engine.deploy(xml, Herkunft::Stadt).await.unwrap();
    }

    async fn start(&self, process: &str, key: &str) -> InstanceId {
        self.engine.start_with_tasks(self.wer("bea"), process, Werte::new(), key).await.unwrap().0
    }

    /// What was told of these processes since the last question, without what comes from elsewhere.
    async fn erzaehlt(&self, of: &[InstanceId]) -> Vec<(String, Value)> {
        let rows: Vec<(String, String, String)> = self.db.all(&EREIGNISSE, args![]).await.unwrap();
        self.db.execute(&LEEREN, args![]).await.unwrap();
        let data = |d: String| serde_json::from_str::<Value>(&d).unwrap();
        let rows = rows.into_iter().map(|(typ, _, d)| (typ, data(d)));
        rows.filter(|(_, d)| of.iter().any(|id| d["ablauf"] == json!(id))).collect()
    }

    /// The same, types only.
    async fn arten(&self, of: &[InstanceId]) -> Vec<String> {
        let short = |t: &str| t.trim_start_matches("de.eakte.").trim_end_matches(".v1").to_owned();
        self.erzaehlt(of).await.iter().map(|(typ, _)| short(typ)).collect()
    }

    async fn act(&self, id: InstanceId, eingriff: Eingriff) {
        self.engine.eingreifen(self.wer("bea"), id, eingriff, "Probe").await.unwrap();
    }

    /// Waits for an incident of this instance.
    async fn stoerung(&self, id: InstanceId) -> nachrichten::JobId {
        let from = Instant::now();
        loop {
            let all = self.engine.stoerungen(self.wer("bea")).await.unwrap();
            if let Some(s) = all.iter().find(|s| s.ablauf == id) {
                return s.job;
            }
            assert!(from.elapsed() < Duration::from_secs(10), "no incident");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn suite(db: &Db) {
    let kern = kern::Kern::neu(db, &[("bea", &["A"], &["Betrieb"])], Options::default()).await;
    ereignis::schalten(db, true).await.unwrap();
    let w = Welt { kern };
    w.engine.set_dienste(["andere.v1".to_owned()]);
    let run = tokio::spawn(w.engine.clone().run());
    a_job_that_nobody_does(&w).await;
    a_call_that_leads_nowhere_at_first(&w).await;
    an_end_with_an_error(&w).await;
    run.abort();
}

async fn a_job_that_nobody_does(w: &Welt) {
    let nodes = r#"<startEvent id="S"/><serviceTask id="J" implementation="fehlt.v1"/><userTask id="T"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask><endEvent id="E"/>"#;
    w.deploy(&file("fehlt", nodes, &[("S", "J"), ("J", "T"), ("T", "E")])).await;
    let id = w.start("fehlt", "1").await;
    let job = w.stoerung(id).await;
    let told = w.erzaehlt(&[id]).await;
    assert_eq!(
        told.iter().map(|t| t.0.as_str()).collect::<Vec<_>>(),
        ["de.eakte.ablauf.gestartet.v1", "de.eakte.stoerung.aufgetreten.v1"]
    );
    assert_eq!((&told[0].1["prozess"], &told[1].1["schritt"]), (&json!("fehlt"), &json!("J")));
    let stelle = told[1].1["stelle"].clone();
    assert_eq!(w.engine.retry(w.wer("bea"), &[job], "noch einmal").await.unwrap(), 1);
    w.stoerung(id).await;
    let told = w.erzaehlt(&[id]).await;
    let arten: Vec<&str> = told.iter().map(|t| t.0.as_str()).collect();
    assert_eq!(arten, ["de.eakte.stoerung.behoben.v1", "de.eakte.stoerung.aufgetreten.v1"]);
    assert!(told.iter().all(|t| t.1["stelle"] == stelle), "one place: {told:?}");

    let schritt = stelle.as_u64().unwrap();
    w.act(id, Eingriff::SchrittErledigen { schritt, werte: Werte::new() }).await;
    let told = w.erzaehlt(&[id]).await;
    assert_eq!(
        told.iter().map(|t| t.0.as_str()).collect::<Vec<_>>(),
        ["de.eakte.stoerung.behoben.v1", "de.eakte.aufgabe.angelegt.v1"]
    );
    let aufgabe = told[1].1["aufgabe"].clone();
    w.act(id, Eingriff::Abbrechen).await;
    let told = w.erzaehlt(&[id]).await;
    assert_eq!(
        told.iter().map(|t| t.0.as_str()).collect::<Vec<_>>(),
        ["de.eakte.aufgabe.zurueckgezogen.v1", "de.eakte.ablauf.abgebrochen.v1"]
    );
    assert_eq!((&told[0].1["aufgabe"], &told[0].1["schritt"]), (&aufgabe, &json!("T")));

    // With its process the incident is gone too.
    let id = w.start("fehlt", "2").await;
    w.stoerung(id).await;
    w.act(id, Eingriff::Abbrechen).await;
    assert_eq!(
        w.arten(&[id]).await,
        ["ablauf.gestartet", "stoerung.aufgetreten", "stoerung.behoben", "ablauf.abgebrochen"]
    );
}

async fn a_call_that_leads_nowhere_at_first(w: &Welt) {
    let nodes = r#"<startEvent id="S"/><callActivity id="C" calledElement="kind"/><endEvent id="E"/>"#;
    w.deploy(&file("ruft", nodes, &[("S", "C"), ("C", "E")])).await;
    let id = w.start("ruft", "1").await;
    let job = w.stoerung(id).await;
    assert_eq!(w.arten(&[id]).await, ["ablauf.gestartet", "stoerung.aufgetreten"]);
    let child = r#"<startEvent id="S"/><task id="T" eakte:ereignis="de.stadt.antrag.bewilligt.v1"/><endEvent id="E"/>"#;
    w.deploy(&file("kind", child, &[("S", "T"), ("T", "E")])).await;
    w.engine.retry(w.wer("bea"), &[job], "jetzt ist er da").await.unwrap();
    let rows: Vec<(String, String, String)> = w.db.all(&EREIGNISSE, args![]).await.unwrap();
    let of_the_child = rows.iter().find(|r| r.2.contains("gerufen_von")).unwrap();
    let kind: InstanceId = of_the_child.1.trim_start_matches("ablauf:").parse().unwrap();
    let told = w.erzaehlt(&[id, kind]).await;
    let of =
        |id: InstanceId| told.iter().filter(|t| t.1["ablauf"] == json!(id)).map(|t| t.0.as_str()).collect::<Vec<_>>();
    assert_eq!(of(id), ["de.eakte.stoerung.behoben.v1", "de.eakte.ablauf.beendet.v1"]);
    assert_eq!(
        of(kind),
        ["de.eakte.ablauf.gestartet.v1", "de.stadt.antrag.bewilligt.v1", "de.eakte.ablauf.beendet.v1"]
    );
    let own = told.iter().find(|t| t.0.starts_with("de.stadt.")).unwrap();
    assert_eq!(own.1, json!({ "ablauf": kind, "prozess": "kind", "schritt": "T" }), "a city's own event");
}

async fn an_end_with_an_error(w: &Welt) {
    let child = r#"<startEvent id="S"/><endEvent id="E"><errorEventDefinition errorRef="f"/></endEvent>"#;
    w.deploy(&file("scheitert", child, &[("S", "E")])).await;
    let nodes = r#"<startEvent id="S"/><callActivity id="C" calledElement="scheitert"/><boundaryEvent id="B" attachedToRef="C"><errorEventDefinition errorRef="f"/></boundaryEvent><endEvent id="E"/><endEvent id="F"/>"#;
    w.deploy(&file("faengt", nodes, &[("S", "C"), ("C", "E"), ("B", "F")])).await;
    let id = w.start("faengt", "1").await;
    let rows: Vec<(String, String, String)> = w.db.all(&EREIGNISSE, args![]).await.unwrap();
    let told: Vec<(&str, bool)> =
        rows.iter().map(|r| (r.0.as_str(), r.1 == format!("ablauf:{id}"))).filter(|t| t.0.contains("ablauf")).collect();
    assert_eq!(
        told,
        [
            ("de.eakte.ablauf.gestartet.v1", true),
            ("de.eakte.ablauf.gestartet.v1", false),
            ("de.eakte.ablauf.gescheitert.v1", false),
            ("de.eakte.ablauf.beendet.v1", true)
        ]
    );
}

const KETTE: &str = r#"<startEvent id="S"/><userTask id="Eins"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask><userTask id="Zwei"><potentialOwner><resourceAssignmentExpression><formalExpression>"A"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask><endEvent id="E"/>"#;
const HOOK: Sql = sql(
    "INSERT INTO platform_webhook (id, name, url, typen, stand, angelegt, angelegt_von) VALUES ($1, $2, 'https://x.example/', '*', 'aktiv', 0, $1)",
);
const POSTEN: Sql = sql("SELECT seq, id, koerper FROM platform_webhook_post WHERE hook = $1 ORDER BY seq");

/// Many people at once, and two processes that hand on what they do while they do it: each listener gets every event
/// once, those of one instance in their order.
async fn many_at_once(db: &Db) {
    const INSTANZEN: usize = 96;
    let kern = kern::Kern::neu(db, &[("bea", &["A"], &["Betrieb"])], Options::default()).await;
    let w = Welt { kern };
    let hooks = [1u128, 2].map(uuid::Uuid::from_u128);
    for hook in hooks {
        db.execute(&HOOK, args![hook, hook.to_string()]).await.unwrap();
    }
    ereignis::schalten(db, false).await.unwrap();
    w.deploy(&file("kette", KETTE, &[("S", "Eins"), ("Eins", "Zwei"), ("Zwei", "E")])).await;
    let mut background = tokio::task::JoinSet::new();
    background.spawn(w.engine.clone().run());
    for _ in 0..2 {
        let absender = Absender { mandant: "stadt".into(), adresse: String::new() };
        let post = Arc::new(tokio::sync::Notify::new());
        background.spawn(Weitergabe { db: db.clone(), bus: None, absender, post }.run());
    }
    let mut people = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (engine, who) = (w.engine.clone(), w.wer("bea").clone());
        people.spawn(async move {
            for m in 0..INSTANZEN / 16 {
                let (_, mut open) =
                    engine.start_with_tasks(&who, "kette", Werte::new(), &format!("{n}-{m}")).await.unwrap();
                while let Some(task) = open.pop() {
                    let e = Erledigung { version: 1, idempotency_key: "1".into(), werte: Werte::new(), fassung: None };
                    open = engine.complete_with_tasks(&who, task, e).await.unwrap();
                }
            }
        });
    }
    people.join_all().await;
    let from = Instant::now();
    while ereignis::warten(db).await.unwrap().0 > 0 {
        assert!(from.elapsed() < Duration::from_secs(20), "events are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    background.shutdown().await;
    for hook in hooks {
        let rows: Vec<(i64, uuid::Uuid, Value)> = db.all(&POSTEN, args![hook]).await.unwrap();
        assert_eq!(rows.len(), 6 * INSTANZEN);
        assert_eq!(rows.iter().map(|r| r.1).collect::<BTreeSet<_>>().len(), rows.len(), "each once");
        let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (seq, id, body) in rows {
            assert_eq!(
                (body["id"].as_str(), body["sequence"].as_str()),
                (Some(id.to_string().as_str()), Some(format!("{seq:020}").as_str()))
            );
            let typ = body["type"].as_str().unwrap().trim_start_matches("de.eakte.").trim_end_matches(".v1").to_owned();
            of.entry(body["data"]["ablauf"].as_str().unwrap().to_owned()).or_default().push(typ);
        }
        let story = [
            "ablauf.gestartet",
            "aufgabe.angelegt",
            "aufgabe.erledigt",
            "aufgabe.angelegt",
            "aufgabe.erledigt",
            "ablauf.beendet",
        ];
        assert!(of.len() == INSTANZEN && of.values().all(|s| s == &story), "{:?}", of.values().find(|s| *s != &story));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    suite(&sqlite().await.db).await;
    many_at_once(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
    let Some(test) = postgres().await else { return };
    many_at_once(&test.db).await;
}
