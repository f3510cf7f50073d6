// SPDX-License-Identifier: EUPL-1.2
//! Reminder and escalation on both databases: when, to whom, once, and never after the task is done.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use nachrichten::{
    Actor, InstanceId, Tag, TaskId, Timestamp, Werte,
    ablaeufe::{Ablaeufe as _, Eingriff},
    aufgaben::{Aufgabe, Aufgaben, AufgabenFilter, Erledigung, MahnArt},
};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, Options, spur::Op};
use service_platform::{
    args, audit,
    bus::InProcessBus,
    db::{Db, Sql},
    konten::{Konten, NeuePerson},
    uhr::{FixedClock, SystemIds},
    vertretung::{ALLE, NeueVertretung, Vertretungen},
};
use service_platform_testkit::{postgres, sqlite};

/// One task of an office, due on the day of variable `faellig`; `frist_art` and `gruppe` from the variables.
const ABLAUF: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1" id="d" targetNamespace="t">
<process id="sache" isExecutable="true"><startEvent id="S"/>
<userTask id="T" name="Sache bearbeiten" eakte:faellig="faellig" eakte:daten="{frist_art: frist_art}"><potentialOwner><resourceAssignmentExpression><formalExpression>gruppe</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
<endEvent id="E"/><sequenceFlow id="f1" sourceRef="S" targetRef="T"/><sequenceFlow id="f2" sourceRef="T" targetRef="E"/></process></definitions>"#;

const TABELLE: &str = include_str!("../../workflows/tabellen/eskalation.dmn");

struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    engine: Geschaeftsgang,
    personen: Vec<(String, Actor)>,
    vertretungen: Vertretungen,
    starts: std::sync::atomic::AtomicU32,
}

impl Welt {
    async fn neu(db: &Db) -> Self {
        db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
        // Monday, 23 November 2026, nine o'clock in Karlsruhe.
        let (clock, ids) = (Arc::new(FixedClock::at("2026-11-23T08:00:00Z".parse().unwrap())), Arc::new(SystemIds));
        let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
        let mut personen = Vec::new();
        for (kennung, gruppe) in [
            ("saba", "Sachbearbeitung-66"),
            ("sigi", "Sachgebiet-66"),
            ("anton", "Amtsleitung-66"),
            ("sepp", "Sachbearbeitung-40"),
            ("alma", "Amtsleitung-40"),
            ("doris", "Dezernat"),
            ("bea", "Betrieb"),
        ] {
            let person = NeuePerson {
                kennung: kennung.into(),
                name: kennung.into(),
                amt: "66".into(),
                rollen: if kennung == "bea" { vec!["Betrieb".into()] } else { vec![] },
                gruppen: vec![gruppe.into()],
            };
            konten.enter(&person, None).await.unwrap();
            personen.push((kennung.to_owned(), konten.actor(kennung).await.unwrap().unwrap()));
        }
        let vertretungen = Vertretungen::new(db.clone(), clock.clone(), ids);
        let engine = Self::engine(db, &clock).await;
        engine.deploy_table("eskalation.dmn", TABELLE, Herkunft::Stadt).await.unwrap();
        engine.deploy(ABLAUF, Herkunft::Stadt).await.unwrap();
        Self { db: db.clone(), clock, engine, personen, vertretungen, starts: Default::default() }
    }

    async fn engine(db: &Db, clock: &Arc<FixedClock>) -> Geschaeftsgang {
        let gruppen =
            [("Amtsleitung-66", "Amtsleitung, Tiefbauamt"), ("Sachgebiet-40", "Sachgebietsleitung, Schulamt")];
        let options =
            Options { gruppen: gruppen.map(|(a, b)| (a.to_owned(), b.to_owned())).into(), ..Options::default() };
        let bus = Arc::new(InProcessBus::default());
        Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), options).await.unwrap()
    }

    fn wer(&self, kennung: &str) -> &Actor {
        &self.personen.iter().find(|(k, _)| k == kennung).unwrap().1
    }

    async fn start(&self, gruppe: &str, faellig: &str, frist_art: Option<&str>) -> (InstanceId, TaskId) {
        let n = self.starts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let werte = serde_json::json!({ "gruppe": gruppe, "faellig": faellig, "frist_art": frist_art });
        let werte: Werte = serde_json::from_value(werte).unwrap();
        let id = self.engine.start(self.wer("bea"), "sache", werte, &n.to_string()).await.unwrap();
        (id, self.engine.open_task(id).await.unwrap().unwrap())
    }

    /// Moves the clock and lets the engine look at it.
    async fn at(&self, instant: &str) {
        self.clock.set(instant.parse::<Timestamp>().unwrap());
        // A round does one stage of a task; the running service goes on until nothing is due.
        for _ in 0..3 {
            self.engine.spur(Op::Fire).await.unwrap();
        }
    }

    async fn sees(&self, kennung: &str, task: TaskId) -> Option<Aufgabe> {
        let filter = AufgabenFilter { limit: 200, ..AufgabenFilter::default() };
        let list = Aufgaben::list(&self.engine, self.wer(kennung), &filter).await.unwrap().aufgaben;
        list.into_iter().find(|a| a.id == task)
    }

    /// Who of these sees the task.
    async fn who(&self, task: TaskId) -> Vec<&'static str> {
        let mut who = Vec::new();
        for kennung in ["saba", "sigi", "anton", "sepp", "alma", "doris"] {
            if self.sees(kennung, task).await.is_some() {
                who.push(kennung);
            }
        }
        who
    }

    async fn lines(&self, id: InstanceId) -> Vec<(String, String)> {
        let page = self.engine.get_ablauf(self.wer("bea"), id).await;
        let told = page.verlauf.into_iter().filter(|s| matches!(&*s.ereignis, "erinnert" | "eskaliert"));
        told.map(|s| (s.ereignis, s.text.unwrap_or_default())).collect()
    }

    async fn version(&self, kennung: &str, task: TaskId) -> i64 {
        Aufgaben::get(&self.engine, self.wer(kennung), task).await.unwrap().aufgabe.version
    }

    async fn complete(&self, kennung: &str, task: TaskId) -> Result<(), &'static str> {
        let version = self.version(kennung, task).await;
        let e = Erledigung { version, idempotency_key: task.to_string(), werte: Werte::new(), fassung: None };
        self.engine.complete(self.wer(kennung), task, e).await.map_err(|f| f.code.0)
    }

    async fn planned(&self) -> i64 {
        const COUNT: Sql = Sql {
            sqlite: "SELECT count(*) FROM geschaeftsgang_mahnung",
            postgres: "SELECT count(*) FROM geschaeftsgang_mahnung",
        };
        let (n,): (i64,) = self.db.one(&COUNT, args![]).await.unwrap();
        n
    }
}

trait Seite {
    async fn get_ablauf(&self, actor: &Actor, id: InstanceId) -> nachrichten::ablaeufe::Ablauf;
}
impl Seite for Geschaeftsgang {
    async fn get_ablauf(&self, actor: &Actor, id: InstanceId) -> nachrichten::ablaeufe::Ablauf {
        nachrichten::ablaeufe::Ablaeufe::get(self, actor, id).await.unwrap()
    }
}

fn word(words: &[(&str, &str)]) -> Vec<(String, String)> {
    words.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// From the clerk over the Sachgebiet to the Amtsleitung, in working days, once each; then nothing more.
async fn the_ladder(db: &Db) {
    let w = Welt::neu(db).await;
    // Due on Friday, 27 November.
    let (id, task) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    assert_eq!((w.who(task).await, w.planned().await), (vec!["saba"], 1));
    w.at("2026-11-25T22:59:59Z").await;
    assert_eq!(w.lines(id).await, vec![]);
    // Thursday begins in Karlsruhe.
    w.at("2026-11-25T23:00:00Z").await;
    assert_eq!(w.lines(id).await, word(&[("erinnert", "fällig am 27.11.2026")]));
    let mark = w.sees("saba", task).await.unwrap().mahnung.unwrap();
    assert_eq!((mark.art, mark.gruppe), (MahnArt::Erinnerung, None));
    // The clerk took it and lets it lie; the weekend does not count.
    w.engine.claim(w.wer("saba"), task, 1).await.unwrap();
    w.at("2026-11-29T22:59:59Z").await;
    assert_eq!(w.who(task).await, ["saba"]);
    w.at("2026-11-29T23:00:00Z").await;
    assert_eq!(w.who(task).await, ["saba", "sigi"], "nobody loses it");
    assert_eq!(w.sees("sigi", task).await.unwrap().bearbeiter, None, "who held it lets go");
    // A clock that goes back, and a second engine that looks at the same moment.
    let other = Welt::engine(db, &w.clock).await;
    w.at("2026-11-20T08:00:00Z").await;
    w.clock.set("2026-12-01T23:00:00Z".parse().unwrap());
    let (a, b) = tokio::join!(w.engine.spur(Op::Fire), other.spur(Op::Fire));
    a.unwrap();
    b.unwrap();
    assert_eq!(w.who(task).await, ["saba", "sigi", "anton"]);
    w.at("2027-12-01T23:00:00Z").await;
    let all = word(&[
        ("erinnert", "fällig am 27.11.2026"),
        ("eskaliert", "an Sachgebiet-66"),
        ("eskaliert", "an Amtsleitung Tiefbauamt"),
    ]);
    assert_eq!((w.lines(id).await, w.planned().await), (all, 0));
    let trail = audit::of_object(db, &format!("aufgabe:{task}")).await.unwrap();
    let acts: Vec<&str> = trail.iter().map(|e| &*e.act).collect();
    assert_eq!(acts, ["erinnert", "übernommen", "eskaliert", "eskaliert"]);
    // The further group does it, and what it could see goes with the task.
    assert_eq!(w.complete("anton", task).await, Ok(()));
    assert_eq!(w.who(task).await, [""; 0]);
    assert!(Aufgaben::get(&w.engine, w.wer("sigi"), task).await.is_err(), "the grant was the task's");
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

/// Done, withdrawn, stopped, moved, given on.
async fn ends_and_changes(db: &Db) {
    let w = Welt::neu(db).await;
    let (done, task) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    assert_eq!(w.complete("saba", task).await, Ok(()));
    let (gone, _) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    w.engine.eingreifen(w.wer("bea"), gone, Eingriff::Abbrechen, "Test").await.unwrap();
    assert_eq!(w.planned().await, 0, "timers go with their task");

    let (stands, _) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    w.engine.eingreifen(w.wer("bea"), stands, Eingriff::Anhalten, "Test").await.unwrap();
    let (moved, task) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    let (given, other) = w.start("Sachbearbeitung-66", "2026-11-27", None).await;
    w.at("2026-11-26T08:00:00Z").await;
    assert_eq!(w.lines(moved).await.len(), 1);
    assert_eq!((w.lines(done).await, w.lines(gone).await, w.lines(stands).await), (vec![], vec![], vec![]));

    // Moved by ten days: reminded anew, and the list sorts by the new day.
    let day = |t: &str| t.parse::<Tag>().unwrap();
    let move_to = async |version, auf: &str, grund: &str| {
        w.engine.verlegen(w.wer("saba"), task, version, day(auf), grund).await.map_err(|f| f.code.0)
    };
    assert_eq!(move_to(1, "2026-12-07", " ").await, Err("E3025"), "a reason");
    assert_eq!(move_to(1, "2026-11-25", "x").await, Err("E3025"), "not into the past");
    assert_eq!(move_to(7, "2026-12-07", "x").await, Err("E3001"), "a stale page");
    assert!(w.engine.verlegen(w.wer("sepp"), task, 1, day("2026-12-07"), "x").await.is_err(), "not his");
    assert_eq!(move_to(1, "2026-12-07", "Gutachten fehlt").await, Ok(2));
    let seen = w.sees("saba", task).await.unwrap();
    assert_eq!((seen.faellig, seen.mahnung), (Some(day("2026-12-07")), None));
    let late = AufgabenFilter { limit: 9, ..AufgabenFilter::default() };
    let list = Aufgaben::list(&w.engine, w.wer("saba"), &late).await.unwrap().aufgaben;
    assert_eq!(list.last().unwrap().id, task);
    // Given to one person: what is still to come comes, for her too.
    let sepp = w.wer("sepp").person;
    w.engine.delegate(w.wer("saba"), other, 1, sepp, "kennt den Fall").await.unwrap();
    w.at("2026-12-02T08:00:00Z").await;
    assert_eq!(w.lines(moved).await.len(), 1);
    assert_eq!(w.who(other).await, ["saba", "sigi", "anton", "sepp"]);
    assert_eq!(w.lines(given).await.len(), 3);
    w.at("2026-12-08T08:00:00Z").await;
    let texts: Vec<String> = w.lines(moved).await.into_iter().map(|(a, b)| format!("{a} {b}")).collect();
    assert_eq!(texts, ["erinnert fällig am 27.11.2026", "erinnert fällig am 07.12.2026", "eskaliert an Sachgebiet-66"]);

    // What was stopped goes on where it stood.
    assert_eq!(w.lines(stands).await, vec![]);
    w.engine.eingreifen(w.wer("bea"), stands, Eingriff::Fortsetzen, "Test").await.unwrap();
    w.at("2026-12-08T08:00:00Z").await;
    assert_eq!(w.lines(stands).await.len(), 3);
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

/// Skonto and legal terms: their own ladder, and nobody moves the day.
async fn terms(db: &Db) {
    let w = Welt::neu(db).await;
    let (id, task) = w.start("Sachbearbeitung-66", "2026-11-27", Some("skonto")).await;
    let moved = w.engine.verlegen(w.wer("saba"), task, 1, "2026-12-07".parse().unwrap(), "x").await;
    assert_eq!(moved.unwrap_err().code.0, "E3025");
    w.at("2026-11-23T23:00:00Z").await;
    assert_eq!(w.who(task).await, ["saba", "sigi"], "three working days before");
    // Made when a stage is past already: it happens at once; nobody is reminded of what has just come.
    let (late, task) = w.start("Sachbearbeitung-66", "2026-11-25", Some("skonto")).await;
    assert_eq!(w.who(task).await, ["saba"]);
    w.at("2026-11-24T08:00:00Z").await;
    w.at("2026-11-24T08:00:00Z").await;
    assert_eq!((w.who(task).await, w.lines(late).await.len()), (vec!["saba", "sigi", "anton"], 2));
    assert_eq!(w.lines(id).await.len(), 1);
    let (soon, _) = w.start("Sachbearbeitung-66", "2026-11-24", None).await;
    w.at("2026-11-24T09:00:00Z").await;
    assert_eq!(w.lines(soon).await, vec![]);
}

/// Nobody there: at once to the next stage that has somebody, and the operators see it.
async fn empty_roles(db: &Db) {
    let w = Welt::neu(db).await;
    let bea = w.wer("bea").clone();
    let empty = async || w.engine.kennzahlen(&bea).await.unwrap().unbesetzt;
    let (id, task) = w.start("Feststellung-40", "2026-12-31", None).await;
    assert_eq!(empty().await, [("Feststellung-40".to_owned(), 1)]);
    w.at("2026-11-23T08:00:01Z").await;
    assert_eq!(w.who(task).await, ["alma"], "there is no Sachgebiet in office 40");
    let told = w.lines(id).await;
    assert_eq!(told, word(&[("eskaliert", "an Amtsleitung-40, weil „Feststellung-40“ gerade nicht besetzt ist")]));
    w.at("2026-11-24T08:00:00Z").await;
    assert_eq!(w.lines(id).await.len(), 1, "once");

    // A stage nobody holds is passed over; who has it already gets no second line.
    let (skips, task) = w.start("Sachbearbeitung-40", "2026-11-27", None).await;
    w.at("2026-11-30T08:00:00Z").await;
    w.at("2026-11-30T08:00:00Z").await;
    assert_eq!(w.who(task).await, ["sepp", "alma"]);
    let said = "an Amtsleitung-40, weil „Sachgebietsleitung Schulamt“ gerade nicht besetzt ist";
    assert_eq!(w.lines(skips).await[1], ("eskaliert".to_owned(), said.to_owned()));
    w.at("2026-12-10T08:00:00Z").await;
    assert_eq!(w.lines(skips).await.len(), 2);

    // Away without a deputy is nobody there; with one it is somebody.
    let away = async |who: &str, deputy: &str, bis: &str| {
        let v = NeueVertretung {
            person: w.wer(who).person,
            vertreter: w.wer(deputy).person,
            von: "2026-12-14".parse().unwrap(),
            bis: bis.parse().unwrap(),
            process: ALLE.into(),
            behaelt: false,
            grund: "Urlaub".into(),
        };
        w.vertretungen.enter(w.wer(who), &v).await.unwrap()
    };
    away("saba", "doris", "2026-12-18").await;
    w.at("2026-12-15T08:00:00Z").await;
    let (_, task) = w.start("Sachbearbeitung-66", "2026-12-31", None).await;
    w.at("2026-12-15T08:00:01Z").await;
    assert_eq!(w.who(task).await, ["doris"], "the deputy is enough");
    // Nobody on any stage: it waits where it is, and the list of the operators says so.
    let (lost, task) = w.start("Feststellung-99", "2026-12-31", None).await;
    w.at("2026-12-15T08:00:02Z").await;
    assert_eq!((w.who(task).await, w.lines(lost).await), (vec![], vec![]));
    assert!(empty().await.contains(&("Feststellung-99".to_owned(), 1)));
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    the_ladder(&sqlite().await.db).await;
    ends_and_changes(&sqlite().await.db).await;
    terms(&sqlite().await.db).await;
    empty_roles(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    let Some(test) = postgres().await else { return };
    the_ladder(&test.db).await;
    let Some(test) = postgres().await else { return };
    ends_and_changes(&test.db).await;
    let Some(test) = postgres().await else { return };
    terms(&test.db).await;
    let Some(test) = postgres().await else { return };
    empty_roles(&test.db).await;
}
