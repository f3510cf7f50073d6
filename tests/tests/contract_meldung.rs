// SPDX-License-Identifier: EUPL-1.2
//! Messages to a running process on both databases: each file of the finance system counts once, nobody's number takes
//! nothing, and only who takes part may report.
#![allow(clippy::unwrap_used)]

#[path = "gemein/kern.rs"]
mod kern;

use nachrichten::{
    BlobHash, InstanceId, Werte,
    ablaeufe::Ablaeufe,
    uebergabe::{Aufnahme, Rueckmeldung, Rueckmeldungen as _},
};
use serde_json::{Value, json};
use service_geschaeftsgang::{Herkunft, Options};
use service_platform::{audit, db::Db};
use service_platform_testkit::{postgres, sqlite};

/// A task and, beside it, the wait for a payment; a dispute ends both.
const ABLAUF: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t">
<message id="m1" name="Zahlung ausgeführt"><extensionElements><zeebe:subscription correlationKey="=beleg"/></extensionElements></message>
<message id="m2" name="Rechnung angehalten"><extensionElements><zeebe:subscription correlationKey="=beleg"/></extensionElements></message>
<process id="rechnung" isExecutable="true"><startEvent id="S"/><parallelGateway id="G"/>
<userTask id="Feststellung" name="Feststellen"><potentialOwner><resourceAssignmentExpression><formalExpression>"Feststellung"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<intermediateCatchEvent id="Bezahlt" name="Zahlung ausgeführt"><messageEventDefinition messageRef="m1"/></intermediateCatchEvent>
<endEvent id="E1"/><endEvent id="E2"/><sequenceFlow id="f1" sourceRef="S" targetRef="G"/><sequenceFlow id="f2" sourceRef="G" targetRef="Feststellung"/><sequenceFlow id="f3" sourceRef="G" targetRef="Bezahlt"/><sequenceFlow id="f4" sourceRef="Feststellung" targetRef="E1"/><sequenceFlow id="f5" sourceRef="Bezahlt" targetRef="E2"/>
<subProcess id="Streit" triggeredByEvent="true"><startEvent id="Angehalten" name="angehalten"><messageEventDefinition messageRef="m2"/></startEvent><userTask id="Klaeren" name="Klären"><potentialOwner><resourceAssignmentExpression><formalExpression>"Feststellung"</formalExpression></resourceAssignmentExpression></potentialOwner></userTask><endEvent id="E3"/><sequenceFlow id="f6" sourceRef="Angehalten" targetRef="Klaeren"/><sequenceFlow id="f7" sourceRef="Klaeren" targetRef="E3"/></subProcess></process></definitions>"#;

struct Welt {
    kern: kern::Kern,
}

kern::welt_ist_kern!();

const FINN: usize = 0;
const FREMD: usize = 1;
const VERA: usize = 2;
const BEA: usize = 3;

impl Welt {
    async fn neu(db: &Db) -> Self {
        let personen: [kern::Person; 4] = [
            ("finn", &["Feststellung"], &[]),
            ("fremd", &["Andere"], &[]),
            ("vera", &[], &[]),
            ("bea", &[], &["Betrieb"]),
        ];
        let kern = kern::Kern::neu(db, &personen, Options::default()).await;
        kern.engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
        Self { kern }
    }

    async fn start(&self, beleg: &str, key: &str) -> InstanceId {
        let werte = Werte::from_iter([("beleg".to_owned(), Value::from(beleg))]);
        self.engine.start(&self.personen[BEA], "rechnung", werte, key).await.unwrap()
    }

    async fn nimm(&self, beleg: &str, datei: &str) -> Aufnahme {
        let datum = "2026-12-01".parse().unwrap();
        let m = Rueckmeldung::Zahlung { beleg: beleg.into(), betrag: "1190.00".into(), datum };
        self.engine.nimm(BlobHash::of(datei.as_bytes()), &m).await.unwrap()
    }

    async fn variable(&self, id: InstanceId, name: &str) -> Value {
        let a = Ablaeufe::get(&self.engine, &self.personen[BEA], id).await.unwrap();
        a.variablen.get(name).cloned().unwrap_or(Value::Null)
    }

    async fn melden(&self, who: usize, id: InstanceId, nachricht: &str, text: &str) -> Result<(), (&'static str, u16)> {
        self.engine.melden(&self.personen[who], id, nachricht, text).await.map_err(|f| (f.code.0, f.status))
    }
}

async fn suite(db: &Db) {
    let w = Welt::neu(db).await;
    let first = w.start("4711", "a").await;
    assert_eq!(w.nimm("4712", "datei 1").await, Aufnahme::Niemand);
    assert_eq!(w.nimm("4711", "datei 2").await, Aufnahme::Genommen);
    assert_eq!(w.nimm("4711", "datei 2").await, Aufnahme::Schon, "the same bytes");
    let zahlung = w.variable(first, "zahlung").await;
    assert_eq!(zahlung, json!({ "beleg": "4711", "betrag": "1190.00", "datum": "2026-12-01" }));
    assert_eq!(w.nimm("4711", "datei 3").await, Aufnahme::Niemand, "it waits no more");
    // What nobody took is not remembered: it may come again later.
    let later = w.start("4712", "b").await;
    assert_eq!(w.nimm("4712", "datei 1").await, Aufnahme::Genommen);
    assert_ne!(w.variable(later, "zahlung").await, Value::Null);
    // Two processes with one number: nobody guesses.
    let (_, third) = (w.start("4713", "c").await, w.start("4713", "d").await);
    assert_eq!(w.nimm("4713", "datei 4").await, Aufnahme::Mehrdeutig);
    assert_eq!(w.variable(third, "zahlung").await, Value::Null);

    // Several at once: one effect.
    let fourth = w.start("4714", "e").await;
    let all = tokio::join!(w.nimm("4714", "x"), w.nimm("4714", "x"), w.nimm("4714", "y"), w.nimm("4714", "x"));
    let taken = [all.0, all.1, all.2, all.3].into_iter().filter(|a| *a == Aufnahme::Genommen).count();
    assert_eq!(taken, 1, "{all:?}");
    let a = Ablaeufe::get(&w.engine, &w.personen[BEA], fourth).await.unwrap();
    let told = a.verlauf.iter().filter(|s| s.ereignis == "gemeldet").count();
    assert_eq!(told, 1);

    only_who_takes_part_reports(&w, first).await;
    let report = audit::verify(db).await.unwrap();
    assert_eq!(report.breaks, Vec::<String>::new());
}

async fn only_who_takes_part_reports(w: &Welt, id: InstanceId) {
    const HALT: &str = "Rechnung angehalten";
    let possible = |who: usize| async move {
        Ablaeufe::get(&w.engine, &w.personen[who], id).await.map(|a| a.meldungen).unwrap_or_default()
    };
    assert_eq!(possible(FINN).await, [HALT]);
    assert_eq!((possible(FREMD).await, possible(BEA).await), (vec![], vec![]), "seeing is not taking part");
    assert_eq!(w.melden(FREMD, id, HALT, "Mangel").await, Err(("E7004", 404)));
    assert_eq!(w.melden(BEA, id, HALT, "Mangel").await, Err(("E7004", 404)));
    assert_eq!(w.melden(FINN, id, HALT, "  ").await, Err(("E3024", 422)));
    assert_eq!(
        w.melden(FINN, id, "Zahlung ausgeführt", "erfunden").await,
        Err(("E3024", 422)),
        "not a person's to say"
    );
    assert_eq!(w.melden(FINN, id, "Rechnung zurückgeholt", "Fehler").await, Err(("E3024", 409)));
    w.vertritt_ganz(&w.personen[VERA], &w.personen[FINN], ("2026-11-23", "2026-11-23")).await;
    // A deputy takes part as well.
    w.melden(VERA, id, HALT, "Mangel am Belag").await.unwrap();
    let a = Ablaeufe::get(&w.engine, &w.personen[VERA], id).await.unwrap();
    assert_eq!(a.marken.iter().map(|m| m.element.as_str()).collect::<Vec<_>>(), ["Klaeren"]);
    let line = a.verlauf.iter().find(|s| s.ereignis == "gemeldet" && s.person.is_some()).unwrap();
    assert_eq!(
        (line.person.as_deref(), line.text.as_deref(), line.name.as_str()),
        (Some("vera"), Some("Mangel am Belag"), "angehalten")
    );
    assert_eq!(w.variable(id, "anhalten").await["text"], "Mangel am Belag");
    assert_eq!(w.melden(FINN, id, HALT, "noch einmal").await, Err(("E3024", 409)), "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let test = sqlite().await;
    suite(&test.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    suite(&test.db).await;
}
