// SPDX-License-Identifier: EUPL-1.2
//! The durable engine on both databases: one suite, run whole against each.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nachrichten::{
    Actor, InstanceId, Timestamp, Werte,
    ablaeufe::{Ablaeufe as _, Eingriff, Umzug},
    betrieb::Betrieb as _,
};
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, Options,
    spur::{Answer, Op},
};
use service_platform::{
    bus::InProcessBus,
    db::Db,
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};

const BEGIN: &str = "2026-01-05T08:00:00Z";

fn file(process: &str, nodes: &str, ways: &[(&str, &str)]) -> String {
    let flows: String = ways
        .iter()
        .enumerate()
        .map(|(n, (a, b))| format!(r#"<sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>"#))
        .collect();
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="t"><process id="{process}" isExecutable="true">{nodes}{flows}</process></definitions>"#
    )
}

/// Engines on one database, with a clock of their own and one operator.
struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    engine: Geschaeftsgang,
    betrieb: Actor,
}

impl Welt {
    async fn neu(db: &Db) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        let clock = Arc::new(FixedClock::at(BEGIN.parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        let person = NeuePerson {
            kennung: "betrieb".into(),
            name: "Bea Betrieb".into(),
            amt: "10".into(),
            rollen: vec!["Betrieb".into()],
            gruppen: vec!["Vorsortierung".into()],
        };
        konten.enter(&person, None).await.unwrap();
        let betrieb = konten.actor("betrieb").await.unwrap().unwrap();
        let engine = Self::engine(db, &clock).await;
        Self { db: db.clone(), clock, engine, betrieb }
    }

    async fn engine(db: &Db, clock: &Arc<FixedClock>) -> Geschaeftsgang {
        let bus = Arc::new(InProcessBus::default());
        Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), Options::default()).await.unwrap()
    }

    /// A second engine, as another process would be.
    async fn second(&self) -> Geschaeftsgang {
        Self::engine(&self.db, &self.clock).await
    }

    async fn deploy(&self, xml: &str) -> u32 {
        self.engine.deploy(xml, Herkunft::Stadt).await.unwrap().deployed[0].version
    }

    async fn start(&self, process: &str, key: &str) -> InstanceId {
        self.engine.start(&self.betrieb, process, Werte::new(), key).await.unwrap()
    }

    async fn marks(&self, id: InstanceId) -> Vec<String> {
        let mut marks: Vec<String> =
            self.engine.get(&self.betrieb, id).await.unwrap().marken.into_iter().map(|m| m.element).collect();
        marks.sort();
        marks
    }

    async fn act(&self, id: InstanceId, eingriff: Eingriff) -> Result<(), u16> {
        self.engine.eingreifen(&self.betrieb, id, eingriff, "Test").await.map_err(|e| e.status)
    }
}

async fn waiting(engine: &Geschaeftsgang) -> Vec<String> {
    match engine.spur(Op::Waiting).await.unwrap() {
        Answer::Names(mut names) => {
            names.sort();
            names
        }
        other => panic!("{other:?}"),
    }
}

async fn suite(db: &Db) {
    let welt = Welt::neu(db).await;
    timer_starts_fire_once_with_two_engines(&welt).await;
    a_second_engine_knows_what_the_first_deploys(&welt).await;
    calls_bind_as_drawn(&welt).await;
    running_instances_move_together_or_not_at_all(&welt).await;
    a_stopped_process_stands_still(&welt).await;
    operators_mend_a_process(&welt).await;
    the_citys_own_version_stays(&welt).await;
    every_new_version_stands_in_the_trail(&welt).await;
}

async fn every_new_version_stands_in_the_trail(welt: &Welt) {
    let nodes = r#"<startEvent id="S"/><userTask id="A"/><endEvent id="E"/>"#;
    let xml = file("spur", nodes, &[("S", "A"), ("A", "E")]);
    let trail = async || service_platform::audit::of_object(&welt.db, "spur").await.unwrap();
    for _ in 0..2 {
        assert_eq!(welt.deploy(&xml).await, 1);
    }
    let lines = trail().await;
    assert_eq!(lines.len(), 1, "the same text again is no act");
    assert_eq!(lines[0].actor, "dienst:kommandozeile", "an administrator's act on the machine, and said so");
    assert!(lines[0].data.contains("\"fassung\":1"), "{}", lines[0].data);
    assert_eq!(welt.deploy(&xml.replace("\"A\"", "\"B\"")).await, 2);
    assert_eq!(trail().await.len(), 2);
    assert!(service_platform::audit::verify(&welt.db).await.unwrap().breaks.is_empty());
}

async fn timer_starts_fire_once_with_two_engines(welt: &Welt) {
    let timer = |cycle: &str| {
        file(
            "taeglich",
            &format!(
                r#"<startEvent id="S"><timerEventDefinition><timeCycle>{cycle}</timeCycle></timerEventDefinition></startEvent><userTask id="Lesen"/><endEvent id="E"/>"#
            ),
            &[("S", "Lesen"), ("Lesen", "E")],
        )
    };
    welt.deploy(&timer("R3/PT1H")).await;
    let other = welt.second().await;
    for hour in 1..=5i64 {
        welt.clock.set(Timestamp(BEGIN.parse::<Timestamp>().unwrap().0 + hour * 3_600_000_000));
        let (a, b) = tokio::join!(welt.engine.spur(Op::Fire), other.spur(Op::Fire));
        a.unwrap();
        b.unwrap();
    }
    assert_eq!(waiting(&welt.engine).await, ["Lesen"; 3], "three times, each once");
    // A new version takes the place of the old one's times.
    welt.deploy(&timer("R1/PT10H")).await;
    let Answer::Due(due) = other.spur(Op::Due).await.unwrap() else { panic!() };
    assert_eq!(due.unwrap().to_string(), "2026-01-05T23:00:00Z");
}

async fn a_second_engine_knows_what_the_first_deploys(welt: &Welt) {
    let other = welt.second().await;
    let simple = |name: &str| {
        file(
            "neu",
            &format!(r#"<startEvent id="S"/><userTask id="{name}"/><endEvent id="E"/>"#),
            &[("S", name), (name, "E")],
        )
    };
    assert_eq!(welt.deploy(&simple("Alt")).await, 1);
    other.spur(Op::Start { process: "neu".into(), variables: Werte::new() }).await.unwrap();
    assert_eq!(welt.deploy(&simple("Jung")).await, 2);
    other.spur(Op::Start { process: "neu".into(), variables: Werte::new() }).await.unwrap();
    let names = waiting(&other).await;
    assert!(names.contains(&"Alt".to_owned()) && names.contains(&"Jung".to_owned()), "{names:?}");
}

async fn calls_bind_as_drawn(welt: &Welt) {
    let child = |name: &str| {
        file(
            "kind",
            &format!(r#"<startEvent id="S"/><userTask id="{name}"/><endEvent id="E"/>"#),
            &[("S", name), (name, "E")],
        )
    };
    let parent = |process: &str, binding: &str| {
        let call = format!(
            r#"<startEvent id="S"/><callActivity id="C" name="Ruf"><extensionElements><zeebe:calledElement processId="kind" {binding}/></extensionElements></callActivity><endEvent id="E"/>"#
        );
        file(process, &call, &[("S", "C"), ("C", "E")])
    };
    welt.deploy(&parent("ruft", "")).await;
    let lost = welt.start("ruft", "lost").await;
    let open = welt.engine.get(&welt.betrieb, lost).await.unwrap();
    assert_eq!((open.stand.as_str(), open.marken[0].warum.as_str()), ("stoerung", "Den Ablauf „kind“ gibt es nicht."));
    welt.deploy(&child("Erste")).await;
    welt.deploy(&child("Zweite")).await;
    let stopped: Vec<_> = welt.engine.stoerungen(&welt.betrieb).await.unwrap().iter().map(|s| s.job).collect();
    assert_eq!(welt.engine.erneut(&welt.betrieb, &stopped, "jetzt ist er da").await.unwrap(), 1);
    assert!(waiting(&welt.engine).await.contains(&"Zweite".to_owned()), "the newest, once it is there");
    welt.start("ruft", "newest").await;
    let all = waiting(&welt.engine).await;
    assert_eq!(all.iter().filter(|n| *n == "Zweite").count(), 2, "{all:?}");
}

async fn running_instances_move_together_or_not_at_all(welt: &Welt) {
    let version = |task: &str, more: &str, ways: &[(&str, &str)]| {
        file(
            "umzug",
            &format!(r#"<startEvent id="S"/><userTask id="{task}" name="Prüfen"/>{more}<endEvent id="E"/>"#),
            ways,
        )
    };
    welt.deploy(&version("A", r#"<userTask id="Z"/>"#, &[("S", "A"), ("A", "Z"), ("Z", "E")])).await;
    let (first, second) = (welt.start("umzug", "1").await, welt.start("umzug", "2").await);
    let task = welt.engine.get(&welt.betrieb, second).await.unwrap();
    welt.deploy(&version("B", "", &[("S", "B"), ("B", "E")])).await;
    let mut umzug = Umzug {
        process: "umzug".into(),
        von: 1,
        nach: 2,
        schritte: [("A".to_owned(), "B".to_owned())].into(),
        probe: true,
        grund: "neue Fassung".into(),
    };
    let tried = welt.engine.umziehen(&welt.betrieb, &umzug).await.unwrap();
    assert_eq!((tried.ablaeufe, tried.hindernisse.len(), tried.umgezogen), (2, 0, false));
    assert_eq!(welt.marks(first).await, ["A"], "a trial changes nothing");
    // One that stands elsewhere holds up all.
    let schritt = welt.engine.get(&welt.betrieb, second).await.unwrap().marken[0].schritt;
    welt.act(second, Eingriff::SchrittStarten { element: "Z".into() }).await.unwrap();
    welt.act(second, Eingriff::SchrittAbbrechen { schritt }).await.unwrap();
    umzug.probe = false;
    let held = welt.engine.umziehen(&welt.betrieb, &umzug).await.unwrap();
    assert_eq!((held.hindernisse.len(), held.umgezogen), (1, false));
    assert_eq!(held.hindernisse[0].1, ["„Z“ gibt es in der neuen Fassung nicht."]);
    assert_eq!((welt.marks(first).await, welt.marks(second).await), (vec!["A".to_owned()], vec!["Z".to_owned()]));
    umzug.schritte.insert("Z".into(), "B".into());
    assert!(welt.engine.umziehen(&welt.betrieb, &umzug).await.unwrap().umgezogen);
    assert_eq!((welt.marks(first).await, welt.marks(second).await), (vec!["B".to_owned()], vec!["B".to_owned()]));
    let versions = welt.engine.versionen(&welt.betrieb).await.unwrap();
    let of: Vec<_> = versions.iter().filter(|v| v.process == "umzug").map(|v| (v.version, v.laufend)).collect();
    assert_eq!((of, task.version), (vec![(1, 0), (2, 2)], 1));
    welt.engine.spur(Op::Complete { element: "B".into(), variables: Werte::new() }).await.unwrap();
    assert_eq!(welt.engine.get(&welt.betrieb, first).await.unwrap().stand, "beendet");
}

async fn a_stopped_process_stands_still(welt: &Welt) {
    let nodes = r#"<startEvent id="S"/><userTask id="T"/><boundaryEvent id="Frist" attachedToRef="T"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><userTask id="Spaet"/><endEvent id="E"/>"#;
    welt.deploy(&file("steht", nodes, &[("S", "T"), ("T", "E"), ("Frist", "Spaet"), ("Spaet", "E")])).await;
    let id = welt.start("steht", "1").await;
    welt.act(id, Eingriff::Anhalten).await.unwrap();
    assert_eq!(welt.act(id, Eingriff::Anhalten).await, Err(409), "it stands already");
    let later = Timestamp(welt.clock_now().0 + 2 * 3_600_000_000);
    welt.clock.set(later);
    welt.engine.spur(Op::Fire).await.unwrap();
    assert_eq!(welt.marks(id).await, ["T"], "the timer rests");
    welt.act(id, Eingriff::Fortsetzen).await.unwrap();
    welt.engine.spur(Op::Fire).await.unwrap();
    assert_eq!(welt.marks(id).await, ["Spaet"], "and fires when it goes on");
}

async fn operators_mend_a_process(welt: &Welt) {
    let nodes = r#"<startEvent id="S"/><scriptTask id="Rechnen"><script>{ergebnis: 10 / teiler}</script></scriptTask><exclusiveGateway id="Wahl"/><userTask id="T"/><endEvent id="E"/>"#;
    let way = r#"<sequenceFlow id="ja" sourceRef="Wahl" targetRef="T"><conditionExpression>weiter = true</conditionExpression></sequenceFlow>"#;
    welt.deploy(&file("flicken", &format!("{nodes}{way}"), &[("S", "Rechnen"), ("Rechnen", "Wahl"), ("T", "E")])).await;
    let id = welt.start("flicken", "1").await;
    assert_eq!(welt.engine.get(&welt.betrieb, id).await.unwrap().stand, "stoerung");
    let set = |name: &str, wert: serde_json::Value| Eingriff::VariableSetzen { name: name.to_owned(), wert };
    welt.act(id, set("weiter", true.into())).await.unwrap();
    let stopped: Vec<_> = welt.engine.stoerungen(&welt.betrieb).await.unwrap().iter().map(|s| s.job).collect();
    welt.engine.erneut(&welt.betrieb, &stopped, "Variable gesetzt").await.unwrap();
    assert_eq!(welt.marks(id).await, ["T"]);
    assert_eq!(welt.act(id, Eingriff::SchrittStarten { element: "gibtesnicht".into() }).await, Err(409));
    let nobody = welt.engine.eingreifen(&welt.betrieb, id, Eingriff::Abbrechen, " ").await.unwrap_err();
    assert_eq!(nobody.status, 422, "an act needs a reason");
    welt.act(id, Eingriff::Abbrechen).await.unwrap();
    assert_eq!(welt.engine.get(&welt.betrieb, id).await.unwrap().stand, "abgebrochen");
}

async fn the_citys_own_version_stays(welt: &Welt) {
    let simple = |task: &str| {
        file(
            "eigen",
            &format!(r#"<startEvent id="S"/><userTask id="{task}"/><endEvent id="E"/>"#),
            &[("S", task), (task, "E")],
        )
    };
    let version = async |xml: &str, herkunft| welt.engine.deploy(xml, herkunft).await.unwrap().deployed[0].clone();
    let shipped = simple("Geliefert");
    assert!(version(&shipped, Herkunft::Auslieferung).await.neu);
    assert!(!version(&shipped, Herkunft::Auslieferung).await.neu, "the next start changes nothing");
    assert_eq!(version(&simple("Stadt"), Herkunft::Stadt).await.version, 2);
    let after = version(&simple("Geliefert2"), Herkunft::Auslieferung).await;
    assert_eq!((after.version, after.neu), (2, false), "an update does not replace what the city drew");
    assert_eq!(version(&shipped, Herkunft::Stadt).await.version, 3, "going back is a new version");
}

impl Welt {
    fn clock_now(&self) -> Timestamp {
        use service_platform::uhr::Clock as _;
        self.clock.now()
    }
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
