// SPDX-License-Identifier: EUPL-1.2
//! What the engine tells others of incidents, withdrawn tasks, called and failed processes, and of steps that a city's own
//! drawing calls an event; on both databases.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use std::time::{Duration, Instant};

use nachrichten::{
    InstanceId, Werte,
    ablaeufe::{Ablaeufe as _, Eingriff},
};
use serde_json::{Value, json};
use service_geschaeftsgang::{Herkunft, Options};
use service_platform::{
    args,
    db::{Db, Sql},
    ereignis,
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
    let nodes = r#"<startEvent id="S"/><endEvent id="E"><errorEventDefinition errorRef="f"/></endEvent>"#;
    w.deploy(&file("scheitert", nodes, &[("S", "E")])).await;
    let id = w.start("scheitert", "1").await;
    assert_eq!(w.arten(&[id]).await, ["ablauf.gestartet", "ablauf.gescheitert"]);
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
