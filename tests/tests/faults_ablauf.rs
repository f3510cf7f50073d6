// SPDX-License-Identifier: EUPL-1.2
//! Faults of the engine (reliability.md R27, R28, R29): killed at each failpoint and at random moments, stopped while
//! another engine goes on, clocks that jump. The story is the same as without faults, told once.
//!
//! Short: each failpoint once, 10 random kills, stops of a second. `EAKTE_LONG=1`: 100 kills over 1,000 instances and
//! stops of 60 s. `EAKTE_SEED` gives the same moments again.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod gemein;
mod geschichte;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{HistoryKind, trace::Runtime};
use gemein::{
    Zufall,
    fern::{BEGINN, Sterblich, Welt, bilanz, options},
};
use geschichte::{
    Geschichte, TABELLEN, acts,
    acts::Act,
    geschichte, random,
    random::{Model, Rng},
    tags,
};
use nachrichten::{Timestamp, Werte};
use service_geschaeftsgang::{
    FAILPOINTS, Geschaeftsgang, Herkunft, MIGRATIONS, Options,
    spur::{Answer, Op},
};
use service_platform::{
    bus::InProcessBus,
    db::Db,
    uhr::{Clock as _, FixedClock, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};

fn long() -> bool {
    std::env::var_os("EAKTE_LONG").is_some()
}

/// Plays the same acts on an engine that dies, and compares.
fn nachgespielt(motor: &mut Sterblich, model: &Model, story: &Geschichte) {
    motor.start("p", model.variables.clone()).unwrap();
    for (n, (waiting, act)) in story.acts.iter().enumerate() {
        assert_eq!(&acts::waiting(motor), waiting, "before act {n}: {act:?}");
        acts::play(act, motor).unwrap_or_else(|e| panic!("act {n} {act:?}: {e}"));
    }
    assert_eq!(motor.state().unwrap(), "completed");
    let told = bilanz(&motor.history().unwrap());
    let (a, b) = (told.as_object().unwrap(), story.bilanz.as_object().unwrap());
    let differ: Vec<&String> = a.keys().chain(b.keys()).filter(|key| a.get(*key) != b.get(*key)).collect();
    assert!(differ.is_empty(), "{differ:?} differ after {:?}", story.acts);
}

const ALLES: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><message id="m" name="Post"/>
<process id="p" isExecutable="true"><startEvent id="S"/><parallelGateway id="F"/><serviceTask id="Dienst"/><userTask id="Mensch"/>
<boundaryEvent id="Mahnung" attachedToRef="Mensch" cancelActivity="false"><timerEventDefinition><timeCycle>R2/PT20M</timeCycle></timerEventDefinition></boundaryEvent><task id="Mahnen"/>
<receiveTask id="Post" messageRef="m"/><intermediateCatchEvent id="Frist"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<parallelGateway id="J"/><endEvent id="E"/>
<sequenceFlow id="f1" sourceRef="S" targetRef="F"/><sequenceFlow id="f2" sourceRef="F" targetRef="Dienst"/><sequenceFlow id="f3" sourceRef="F" targetRef="Mensch"/>
<sequenceFlow id="f4" sourceRef="F" targetRef="Post"/><sequenceFlow id="f5" sourceRef="F" targetRef="Frist"/><sequenceFlow id="f6" sourceRef="Dienst" targetRef="J"/>
<sequenceFlow id="f7" sourceRef="Mensch" targetRef="J"/><sequenceFlow id="f8" sourceRef="Post" targetRef="J"/><sequenceFlow id="f9" sourceRef="Frist" targetRef="J"/>
<sequenceFlow id="f10" sourceRef="J" targetRef="E"/><sequenceFlow id="f11" sourceRef="Mahnung" targetRef="Mahnen"/></process></definitions>"#;

#[test]
fn r27_killed_at_each_failpoint() {
    let runtime = gemein::prozess::runtime();
    let held = ["Dienst".to_owned()];
    let acts = [
        Act::Complete("Dienst".into()),
        Act::Message("Post".into()),
        Act::Advance("PT1H"),
        Act::Complete("Mensch".into()),
    ];
    let mut expected = None;
    let points = std::iter::once(None).chain(FAILPOINTS.into_iter().map(Some));
    for failpoint in points {
        let mut deaths = 0;
        // At the first act that reaches it, and at every later one.
        for from in 0..acts.len() {
            let welt = runtime.block_on(Welt::neu(ALLES, &[], &held, None));
            let mut motor = Sterblich::new(welt, Zufall::new("r27"));
            motor.start("p", Werte::new()).unwrap();
            for (n, act) in acts.iter().enumerate() {
                if n == from {
                    motor.failpoint = failpoint;
                }
                acts::play(act, &mut motor).unwrap_or_else(|e| panic!("{failpoint:?} {act:?}: {e}"));
                motor.safe_again();
            }
            assert_eq!(motor.state().unwrap(), "completed", "{failpoint:?} from act {from}");
            let told = bilanz(&motor.history().unwrap());
            assert_eq!(&told, expected.get_or_insert_with(|| told.clone()), "{failpoint:?} from act {from}");
            deaths += motor.deaths;
        }
        println!("{}: {deaths} deaths", failpoint.unwrap_or("no failpoint"));
        assert_eq!(deaths > 0, failpoint.is_some(), "{failpoint:?}");
    }
}

/// Random models and events with random kills, on one database.
fn random_kills(what: &str, server: Option<&str>, kills: u64, models: u64) {
    let runtime = gemein::prozess::runtime();
    let mut zufall = Zufall::new(what);
    let (mut deaths, mut acts, mut played, from) = (0, 0, 0, Instant::now());
    // A short story may end before its kills were drawn: further models make up for it, so that chance fails no run.
    while played < models || (deaths < kills / 2 && played < 10 * models) {
        let seed = zufall.in_range(1, 1 << 40);
        let model = random::model(seed, 8 + (seed % 24) as i64);
        let (tags, held) = tags(&model.xml);
        let story = geschichte(&model, &tags, &held, seed, 12);
        let welt = runtime.block_on(Welt::neu(&model.xml, &TABELLEN, &held, server.map(|url| (url, played))));
        let mut motor = Sterblich::new(welt, Zufall::of(seed));
        motor.kills = kills.div_ceil(models);
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| nachgespielt(&mut motor, &model, &story)));
        if let Err(panic) = end {
            println!("model of seed {seed}:\n{}", model.xml);
            std::panic::resume_unwind(panic);
        }
        (deaths, acts, played) = (deaths + motor.deaths, acts + story.acts.len(), played + 1);
    }
    println!("{what}: {played} instances, {acts} acts, {deaths} deaths in {:.1?}", from.elapsed());
    assert!(deaths >= kills / 2, "only {deaths} deaths");
}

#[test]
fn r27_killed_at_random_moments() {
    if long() { random_kills("r27", None, 2_000, 1_000) } else { random_kills("r27", None, 20, 10) }
}

#[test]
fn r27_killed_at_random_moments_on_postgresql() {
    let runtime = gemein::prozess::runtime();
    let Some(server) = runtime.block_on(postgres()) else { return };
    let (kills, models) = if long() { (200, 100) } else { (8, 4) };
    random_kills("r27 postgresql", Some(&server.url), kills, models);
}

/// R28: whatever the old engine was doing when it was stopped, the new one does it, and the old one is refused.
#[test]
fn r28_a_stopped_engine_comes_back_too_late() {
    let runtime = gemein::prozess::runtime();
    let Some(server) = runtime.block_on(postgres()) else { return };
    let (stop, stops) = if long() { (Duration::from_secs(60), 5) } else { (Duration::from_secs(1), 6) };
    let mut zufall = Zufall::new("r28");
    let (mut refused, mut stopped) = (0, 0);
    for n in 0..stops {
        let seed = zufall.in_range(1, 1 << 40);
        let model = random::model(seed, 12);
        let (tags, held) = tags(&model.xml);
        let welt = runtime.block_on(Welt::neu(&model.xml, &TABELLEN, &held, Some((&server.url, 1_000 + n))));
        let (mut alt, mut neu) = (welt.fern(None), welt.fern(None));
        let mut now: Timestamp = BEGINN.parse().unwrap();
        let start = Op::Start { process: "p".into(), variables: model.variables.clone() };
        neu.ask(&start, now).unwrap().unwrap();
        let mut rng = Rng(seed);
        let mut once = true;
        for _ in 0..400 {
            let Ok(Ok(Answer::Names(mut waiting))) = neu.ask(&Op::Waiting, now) else {
                panic!("the new engine answers")
            };
            waiting.sort();
            let Some(act) = acts::calm(&model, &tags, &waiting, &mut rng) else { break };
            let op = match &act {
                Act::Complete(element) => Op::Complete { element: element.clone(), variables: Werte::new() },
                Act::Message(name) => Op::Message { name: name.clone(), key: None, variables: Werte::new() },
                _ => {
                    now = engine::trace::later("PT1H", now).unwrap();
                    Op::Fire
                }
            };
            if !std::mem::take(&mut once) || !matches!(op, Op::Complete { .. }) {
                once = once || !matches!(op, Op::Complete { .. });
                neu.ask(&op, now).unwrap().unwrap();
                continue;
            }
            // The old one begins the same act and stands still somewhere in it.
            alt.send(&op, now).unwrap();
            std::thread::sleep(Duration::from_micros(zufall.in_range(0, 12_000)));
            alt.signal("STOP");
            stopped += 1;
            let from = Instant::now();
            // It may have been done by then; else the new one does it, waiting at most until the old one's locks go.
            let answer = neu.ask(&op, now).unwrap();
            assert!(from.elapsed() < Duration::from_secs(25), "held up for {:?}", from.elapsed());
            std::thread::sleep(stop.saturating_sub(from.elapsed()));
            alt.signal("CONT");
            let late = alt.answer().unwrap();
            println!("old: {late:?}, new: {answer:?} after {:.1?}", from.elapsed());
            refused += u64::from(late.is_err());
            assert!(late.is_ok() || answer.is_ok(), "one of them did it");
        }
        let Ok(Ok(Answer::History(history))) = neu.ask(&Op::History, now) else { panic!("a history") };
        let mut completed: BTreeMap<String, u64> = BTreeMap::new();
        for e in history.iter().filter(|e| e.kind == HistoryKind::Completed && !e.inner && e.instance.0 != 0) {
            *completed.entry(e.element.to_string()).or_default() += 1;
        }
        assert_eq!(completed, model.expected, "seed {seed}");
    }
    println!("r28: {stopped} stops, {refused} late answers refused");
}

/// An engine in this process with a clock that can be moved.
async fn mit_uhr(db: &Db) -> (Geschaeftsgang, Arc<FixedClock>) {
    db.migrate(&MIGRATIONS).await.unwrap();
    let clock = Arc::new(FixedClock::at("2026-03-28T00:30:00Z".parse().unwrap()));
    let bus = Arc::new(InProcessBus::default());
    let options = Options { deploy: options(&[]), ..Options::default() };
    let engine = Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), options).await.unwrap();
    (engine, clock)
}

const UHREN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="p" isExecutable="true"><startEvent id="S"/><userTask id="A"/><endEvent id="E"/>
<boundaryEvent id="Stunden" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeCycle>R30/PT1H</timeCycle></timerEventDefinition></boundaryEvent>
<boundaryEvent id="Nachts" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeCycle>R3/2026-03-28T02:30:00/P1D</timeCycle></timerEventDefinition></boundaryEvent>
<boundaryEvent id="Einmal" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeDuration>PT24H</timeDuration></timerEventDefinition></boundaryEvent>
<sequenceFlow id="f1" sourceRef="S" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="E"/></process></definitions>"#;

async fn r29(db: &Db) {
    let (engine, clock) = mit_uhr(db).await;
    engine.deploy(UHREN, Herkunft::Stadt).await.unwrap();
    engine.spur(Op::Start { process: "p".into(), variables: Werte::new() }).await.unwrap();
    let fired = async || {
        let Answer::History(all) = engine.spur(Op::History).await.unwrap() else { panic!() };
        let count = |id: &str| all.iter().filter(|e| &*e.element == id && e.kind == HistoryKind::Completed).count();
        [count("Stunden"), count("Nachts"), count("Einmal")]
    };
    let begin: Timestamp = clock.now();
    let at = async |minutes: i64| {
        clock.set(Timestamp(begin.0 + minutes * 60_000_000));
        // A late one catches up in several looks; whoever looks once more finds nothing twice.
        let due = async || match engine.spur(Op::Due).await.unwrap() {
            Answer::Due(due) => due.is_some_and(|due| due <= clock.now()),
            other => panic!("{other:?}"),
        };
        while due().await {
            engine.spur(Op::Fire).await.unwrap();
        }
        engine.spur(Op::Fire).await.unwrap();
    };
    // It is 01:30 in Berlin; the nightly one is due at 02:30, the hourly ones at 02:30, 03:30, ...
    at(59).await;
    assert_eq!(fired().await, [0, 0, 0]);
    at(60 + 120).await;
    assert_eq!(fired().await, [3, 1, 0], "two hours too early by the clock: what is due by it fires, each once");
    at(60).await;
    assert_eq!(fired().await, [3, 1, 0], "and set right again, nothing fires a second time");
    at(4 * 60 - 1).await;
    assert_eq!(fired().await, [3, 1, 0]);
    at(4 * 60).await;
    assert_eq!(fired().await, [4, 1, 0]);
    at(2 * 60).await;
    assert_eq!(fired().await, [4, 1, 0], "two hours back: they wait, and none is skipped");
    // The night of the change to summer time has no 02:30: the nightly one comes at 03:30, which is 25 hours of local
    // time and 24 real hours after the first; 24 exact hours are 24 exact hours.
    at(24 * 60 - 1).await;
    assert_eq!(fired().await, [23, 1, 0]);
    at(24 * 60).await;
    assert_eq!(fired().await, [24, 1, 1]);
    at(25 * 60).await;
    assert_eq!(fired().await, [25, 2, 1], "03:30 summer time");
    // The next night it is 02:30 again: 23 hours later.
    at(48 * 60 - 1).await;
    assert_eq!(fired().await, [30, 2, 1], "the hourly one has come thirty times");
    at(48 * 60).await;
    assert_eq!(fired().await, [30, 3, 1]);
    at(2_000 * 60).await;
    assert_eq!(fired().await, [30, 3, 1], "counted cycles end");
}

#[tokio::test(flavor = "multi_thread")]
async fn r29_clocks_jump_on_sqlite() {
    r29(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r29_clocks_jump_on_postgresql() {
    let Some(test) = postgres().await else { return };
    r29(&test.db).await;
}
