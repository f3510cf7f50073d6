// SPDX-License-Identifier: EUPL-1.2
//! Operators who stop random processes at random moments and let them go on: while one stands, no job, timer or person
//! moves it, and afterwards its story is the one that was told without them. `EAKTE_LONG=1` plays 400 stories.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

mod gemein;
mod geschichte;

use std::sync::Arc;

use engine::trace::later;
use gemein::{
    Zufall,
    fern::{BEGINN, bilanz, options},
    haus::sql,
};
use geschichte::{TABELLEN, acts::Act, geschichte, random, random_more, tags};
use nachrichten::{
    Actor, InstanceId, TaskId, Werte,
    ablaeufe::{Ablaeufe as _, Eingriff},
    aufgaben::{Aufgaben, AufgabenFilter, Erledigung},
};
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, MIGRATIONS, Options,
    spur::{Answer, Op},
};
use service_platform::{
    audit,
    bus::InProcessBus,
    db::Db,
    konten::{Konten, NeuePerson},
    uhr::{Clock as _, FixedClock, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};

struct Welt {
    db: Db,
    clock: Arc<FixedClock>,
    engine: Geschaeftsgang,
    betrieb: Actor,
}

impl Welt {
    async fn neu(db: &Db, held: &[String]) -> Self {
        db.migrate(&MIGRATIONS).await.unwrap();
        let clock = Arc::new(FixedClock::at(BEGINN.parse().unwrap()));
        let konten = Konten::new(db.clone(), clock.clone(), Arc::new(SystemIds));
        let gruppen = random_more::GROUPS.into_iter().chain([random_more::OWN_GROUP]).map(str::to_owned).collect();
        let person = NeuePerson {
            kennung: "betrieb".into(),
            name: "Bea Betrieb".into(),
            amt: "10".into(),
            rollen: vec!["Betrieb".into(), "Sachbearbeitung".into()],
            gruppen,
        };
        if konten.actor("betrieb").await.unwrap().is_none() {
            konten.enter(&person, None).await.unwrap();
        }
        let betrieb = konten.actor("betrieb").await.unwrap().unwrap();
        let (bus, ids) = (Arc::new(InProcessBus::default()), Arc::new(SystemIds));
        let opts = Options { deploy: options(held), ..Options::default() };
        let engine = Geschaeftsgang::new(db.clone(), bus, clock.clone(), ids, opts).await.unwrap();
        Self { db: db.clone(), clock, engine, betrieb }
    }

    async fn done(&self, op: Op) -> Result<(), String> {
        self.engine.spur(op).await.map(drop)
    }

    async fn names(&self) -> Vec<String> {
        let Answer::Names(mut names) = self.engine.spur(Op::Waiting).await.unwrap() else { panic!("names") };
        names.sort();
        names
    }

    /// Everything that happened so far.
    async fn told(&self) -> Vec<engine::HistoryEvent> {
        let Answer::History(all) = self.engine.spur(Op::History).await.unwrap() else { panic!("a history") };
        all
    }

    async fn state(&self) -> String {
        let Answer::Text(word) = self.engine.spur(Op::State).await.unwrap() else { panic!("a word") };
        word
    }

    async fn mend(&self, element: &str) -> Result<(), String> {
        match self.state().await == "incident" {
            true => self.done(Op::ResolveIncident { element: element.to_owned() }).await,
            false => Ok(()),
        }
    }

    async fn play(&self, act: &Act) -> Result<(), String> {
        let empty = Werte::new;
        match act.clone() {
            Act::Complete(element) => self.done(Op::Complete { element, variables: empty() }).await,
            Act::Error(element, code) => {
                self.done(Op::BpmnError { element: element.clone(), code: code.to_owned() }).await?;
                self.mend(&element).await
            }
            Act::Fail(element) => {
                self.done(Op::FailJob { element: element.clone() }).await?;
                self.mend(&element).await
            }
            Act::Message(name) => self.done(Op::Message { name, key: None, variables: empty() }).await,
            Act::Signal(name) => self.done(Op::Signal { name, variables: empty() }).await,
            Act::Alarm(on) => {
                let variables = Werte::from_iter([("alarm".to_owned(), on.into())]);
                self.done(Op::SetVariables { variables }).await
            }
            Act::Advance(by) => {
                let until = later(by, self.clock.now())?;
                loop {
                    let Answer::Due(due) = self.engine.spur(Op::Due).await? else { panic!("a time") };
                    let Some(due) = due.filter(|due| *due <= until) else { break };
                    self.clock.set(self.clock.now().max(due));
                    self.done(Op::Fire).await?;
                }
                self.clock.set(until);
                Ok(())
            }
        }
    }

    async fn roots(&self) -> Vec<InstanceId> {
        let text = "SELECT id FROM geschaeftsgang_instanz WHERE parent IS NULL AND beendet IS NULL";
        let rows: Vec<(InstanceId,)> = self.db.all(&sql(text), Vec::new()).await.unwrap();
        rows.into_iter().map(|(id,)| id).collect()
    }

    /// Nothing that may happen by itself or by a person moves what stands.
    async fn stands_still(&self, jobs: &[String]) {
        let (before, now) = (self.told().await, self.clock.now());
        self.clock.set(later(random::LONG, later(random::LONG, now).unwrap()).unwrap());
        self.done(Op::Fire).await.unwrap();
        self.clock.set(now);
        for element in jobs {
            let answer = self.done(Op::Complete { element: element.clone(), variables: Werte::new() }).await;
            assert!(answer.is_err(), "job {element} was given out");
        }
        let filter = AufgabenFilter { limit: 3, ..AufgabenFilter::default() };
        for task in Aufgaben::list(&self.engine, &self.betrieb, &filter).await.unwrap().aufgaben {
            let refused = self.complete(task.id, task.version).await;
            assert_eq!(refused, Err("E3008".to_owned()), "task {}", task.id);
        }
        assert_eq!(self.told().await, before, "something moved");
    }

    async fn complete(&self, id: TaskId, version: i64) -> Result<(), String> {
        let e = Erledigung { version, idempotency_key: id.to_string(), werte: Werte::new(), fassung: None };
        self.engine.complete(&self.betrieb, id, e).await.map_err(|f| f.code.0.to_owned())
    }

    async fn zahl(&self, text: &'static str) -> i64 {
        let (n,): (i64,) = self.db.one(&sql(text), Vec::new()).await.unwrap();
        n
    }
}

/// One story with operators in it; how often they stopped something.
async fn stopped_now_and_then(db: &Db, seed: u64) -> u64 {
    let model = random::model(seed, 6 + (seed % 20) as i64);
    let (tags, held) = tags(&model.xml);
    let story = geschichte(&model, &tags, &held, seed, 12);
    let welt = Welt::neu(db, &held).await;
    for (name, table) in TABELLEN {
        welt.engine.deploy_table(name, table, Herkunft::Stadt).await.unwrap();
    }
    welt.engine.deploy(&model.xml, Herkunft::Stadt).await.unwrap();
    welt.done(Op::Start { process: "p".into(), variables: model.variables.clone() }).await.unwrap();
    let (mut zufall, mut stops) = (Zufall::of(seed), 0);
    for (n, (waiting, act)) in story.acts.iter().enumerate() {
        assert_eq!(&welt.names().await, waiting, "before act {n}: {act:?}");
        let mut played = false;
        if zufall.in_range(0, 3) == 0 {
            let all = welt.roots().await;
            for id in &all {
                welt.engine.eingreifen(&welt.betrieb, *id, Eingriff::Anhalten, "Probe").await.unwrap();
            }
            let jobs: Vec<String> = waiting.iter().filter(|w| tags[*w] == "serviceTask").cloned().collect();
            welt.stands_still(&jobs).await;
            // What comes from outside is taken in all the same; what it sets off stands still as well.
            if matches!(act, Act::Message(_) | Act::Signal(_) | Act::Alarm(_)) && zufall.in_range(0, 2) == 0 {
                welt.play(act).await.unwrap_or_else(|e| panic!("act {n} {act:?}: {e}"));
                played = true;
            }
            let still = welt.roots().await;
            for id in all.iter().filter(|id| still.contains(id)) {
                welt.engine.eingreifen(&welt.betrieb, *id, Eingriff::Fortsetzen, "Probe").await.unwrap();
            }
            stops += all.len() as u64;
        }
        if !played {
            welt.play(act).await.unwrap_or_else(|e| panic!("act {n} {act:?}: {e}"));
        }
    }
    assert_eq!(welt.state().await, "completed");
    let told = bilanz(&welt.told().await);
    assert_eq!(told, story.bilanz, "after {:?}", story.acts);
    let noted = "SELECT count(*) FROM platform_audit WHERE act = 'angehalten' AND data LIKE '%Probe%'";
    assert_eq!(welt.zahl(noted).await, stops as i64, "each with its reason in the trail");
    assert!(audit::verify(db).await.unwrap().breaks.is_empty());
    stops
}

fn stories(short: u64, long: u64) -> u64 {
    if std::env::var_os("EAKTE_LONG").is_some() { long } else { short }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_tells_the_same_story_on_sqlite() {
    let (mut zufall, mut stops) = (Zufall::new("anhalten"), 0);
    for _ in 0..stories(24, 400) {
        let seed = zufall.in_range(1, 1 << 40);
        println!("story {seed}");
        stops += stopped_now_and_then(&sqlite().await.db, seed).await;
    }
    println!("{stops} stops");
    assert!(stops > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_tells_the_same_story_on_postgresql() {
    let mut zufall = Zufall::new("anhalten postgresql");
    for _ in 0..stories(4, 40) {
        let Some(test) = postgres().await else { return };
        let seed = zufall.in_range(1, 1 << 40);
        println!("story {seed}");
        stopped_now_and_then(&test.db, seed).await;
    }
}
