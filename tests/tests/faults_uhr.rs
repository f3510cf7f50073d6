// SPDX-License-Identifier: EUPL-1.2
//! R29 with whole processes whose wall clock is wrong (`faketime`): two hours off beside a PostgreSQL server that is
//! right, jumping on one host with SQLite, and over both changes of summer time. Every timer fires once, at its moment.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]

mod gemein;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::{HistoryEvent, HistoryKind};
use gemein::{
    falsche_uhr::{springt, versetzt},
    fern::Welt,
    prozess::{Bestand, runtime},
};
use nachrichten::{Timestamp, Werte};
use service_geschaeftsgang::spur::{Answer, Op};
use service_platform_testkit::postgres;

/// How much later than its moment a timer may come on a busy machine, in microseconds.
const LATE: i64 = 1_500_000;
const SECOND: i64 = 1_000_000;

fn file(inside: &str) -> String {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><process id="uhr" isExecutable="true">{inside}</process></definitions>"#
    )
}

fn timer(id: &str, tag: &str, kind: &str, text: &str) -> String {
    format!(
        r#"<{tag} id="{id}"><timerEventDefinition id="{id}_z"><{kind}>{text}</{kind}></timerEventDefinition></{tag}>"#
    )
}

fn flow(from: &str, to: &str) -> String {
    format!(r#"<sequenceFlow id="{from}-{to}" sourceRef="{from}" targetRef="{to}"/>"#)
}

fn host() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
}

const UHREN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="p" isExecutable="true"><startEvent id="S"/><userTask id="A"/><endEvent id="E"/>
<boundaryEvent id="Takt" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeCycle>R5/PT1S</timeCycle></timerEventDefinition></boundaryEvent>
<boundaryEvent id="Einmal" attachedToRef="A" cancelActivity="false"><timerEventDefinition><timeDate>now() + duration("PT3S")</timeDate></timerEventDefinition></boundaryEvent>
<sequenceFlow id="f1" sourceRef="S" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="E"/></process></definitions>"#;

/// One engine two hours ahead and one two hours behind on one database: both go by its clock.
#[test]
fn r29_hosts_that_are_two_hours_wrong_fire_at_the_right_moment() {
    let runtime = runtime();
    let Some(server) = runtime.block_on(postgres()) else { return };
    let (Some(ahead), Some(behind)) = (versetzt("+2h"), versetzt("-2h")) else { return };
    let welt = runtime.block_on(Welt::neu(UHREN, &[], &[], Some((&server.url, 7_000))));
    let (mut ahead, mut behind) = (welt.fern_mit(ahead), welt.fern_mit(behind));
    let start = Op::Start { process: "p".into(), variables: Werte::new() };
    ahead.ask_now(&start).unwrap().unwrap();
    let begin = host();
    let from = Instant::now();
    while from.elapsed() < Duration::from_millis(7_500) {
        // Both at once, so that each timer is wanted by two.
        ahead.send_now(&Op::Fire).unwrap();
        behind.send_now(&Op::Fire).unwrap();
        ahead.answer().unwrap().unwrap();
        behind.answer().unwrap().unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    let Answer::History(all) = behind.ask_now(&Op::History).unwrap().unwrap() else { panic!("a history") };
    let times = |id: &str| -> Vec<i64> {
        let fired = |e: &&HistoryEvent| &*e.element == id && e.kind == HistoryKind::Completed;
        all.iter().filter(fired).map(|e| e.at.0 - begin.0).collect()
    };
    println!("Takt {:?}, Einmal {:?} µs after the start", times("Takt"), times("Einmal"));
    let right = |at: i64, seconds: i64| (-SECOND / 2..LATE).contains(&(at - seconds * SECOND));
    assert!(times("S").iter().all(|at| right(*at, 0)), "it began by the server's clock: {:?}", times("S"));
    assert_eq!((times("Takt").len(), times("Einmal").len()), (5, 1));
    assert!(times("Takt").iter().enumerate().all(|(n, at)| right(*at, n as i64 + 1)), "{:?}", times("Takt"));
    assert!(right(times("Einmal")[0], 3), "{:?}", times("Einmal"));
}

/// When an element was done, in order, in microseconds since 1970.
fn done(bestand: &Bestand, element: &str) -> Vec<i64> {
    let all: Vec<(String, i64)> =
        bestand.zeilen("SELECT element, at FROM geschaeftsgang_verlauf WHERE ereignis = 'erledigt' ORDER BY nr");
    all.into_iter().filter(|(e, _)| e == element).map(|(_, at)| at).collect()
}

/// Data with the process deployed, by a host whose clock shows this.
fn bestand(inside: &str, env: &[(String, String)]) -> Bestand {
    let bestand = Bestand::neu();
    let path = bestand.path().join("uhr.bpmn");
    std::fs::write(&path, file(inside)).unwrap();
    let said = bestand.befehl(&["workflow", "deploy"]).arg(&path).envs(env.iter().cloned()).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    bestand
}

fn serve(bestand: &Bestand, env: &[(String, String)]) -> gemein::prozess::Dienst {
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    bestand.dienst_mit(&env)
}

/// Two hours forward and back, then two hours back and forward, within a minute each: nothing is early, late, lost or
/// there twice. In the long profile a jump that stays is followed, and what it makes due fires once.
#[test]
fn r29_a_wall_clock_that_jumps_neither_skips_nor_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let says = folder.path().join("uhr");
    // Renamed into place: the process never reads half a file.
    let set = |by: &str| {
        let new = folder.path().join("neu");
        std::fs::write(&new, format!("{by}\n")).unwrap();
        std::fs::rename(&new, &says).unwrap();
    };
    set("+0s");
    let Some(env) = springt(&says) else { return };
    let nodes = [
        timer("S", "startEvent", "timeCycle", "R6/PT2S"),
        timer("W", "intermediateCatchEvent", "timeDuration", "PT3S"),
        timer("Stunde", "intermediateCatchEvent", "timeDuration", "PT1H"),
        r#"<endEvent id="E"/><endEvent id="F"/>"#.to_owned(),
    ];
    let ways = [flow("S", "W"), flow("W", "E"), flow("S", "Stunde"), flow("Stunde", "F")];
    let inside = nodes.concat() + ways.concat().as_str();
    let bestand = bestand(&inside, &env);
    let dienst = serve(&bestand, &env);
    for (pause, by) in [(2_500, "+2h"), (3_000, "+0s"), (3_000, "-2h"), (3_000, "+0s"), (6_500, "+0s")] {
        std::thread::sleep(Duration::from_millis(pause));
        set(by);
    }
    let (starts, waits) = (done(&bestand, "S"), done(&bestand, "W"));
    println!("starts {starts:?}, waits {waits:?}");
    assert_eq!((starts.len(), waits.len(), done(&bestand, "Stunde").len()), (6, 6, 0));
    let steady = |all: &[i64]| all.windows(2).all(|w| (2 * SECOND - LATE..2 * SECOND + LATE).contains(&(w[1] - w[0])));
    assert!(steady(&starts), "every two seconds");
    let after = starts.iter().zip(&waits).map(|(s, w)| w - s - 3 * SECOND);
    assert!(
        after.clone().all(|late| (0..LATE).contains(&late)),
        "three seconds later: {:?}",
        after.collect::<Vec<_>>()
    );
    if std::env::var_os("EAKTE_LONG").is_some() {
        set("+2h");
        std::thread::sleep(Duration::from_secs(50));
        assert_eq!(done(&bestand, "Stunde").len(), 0, "it may be a mistake still");
        std::thread::sleep(Duration::from_secs(40));
        assert_eq!(done(&bestand, "Stunde").len(), 6, "it has held: what is due by it fires, each once");
        set("-2h");
        std::thread::sleep(Duration::from_secs(90));
        assert_eq!((done(&bestand, "Stunde").len(), done(&bestand, "S").len()), (6, 6), "back again: nothing twice");
    }
    dienst.toete();
    bestand.ist_sauber(&[]);
}

/// A night in which the clocks change, from ten seconds before: fifteen seconds later it is 03:00:05, or 02:00:05 for
/// the second time. What comes every five seconds goes on through it.
fn night(zone: &str, begin: &str, at: &str, not_yet: Option<&str>) {
    let Some(mut env) = versetzt(begin) else { return };
    env.push(("TZ".to_owned(), zone.to_owned()));
    let mut nodes =
        [timer("Takt", "startEvent", "timeCycle", "R4/PT5S"), timer("Punkt", "startEvent", "timeDate", at)].concat();
    nodes += r#"<endEvent id="E"/>"#;
    nodes += &[flow("Takt", "E"), flow("Punkt", "E")].concat();
    if let Some(later) = not_yet {
        nodes += &[timer("Spaeter", "startEvent", "timeDate", later), flow("Spaeter", "E")].concat();
    }
    let bestand = bestand(&nodes, &env);
    let dienst = serve(&bestand, &env);
    std::thread::sleep(Duration::from_secs(23));
    dienst.toete();
    let (takt, punkt) = (done(&bestand, "Takt"), done(&bestand, "Punkt"));
    println!("{begin}: {takt:?}, {punkt:?}");
    assert_eq!((takt.len(), punkt.len(), done(&bestand, "Spaeter").len()), (4, 1, 0), "{begin}");
    let steady = takt.windows(2).all(|w| (5 * SECOND - LATE..5 * SECOND + LATE).contains(&(w[1] - w[0])));
    assert!(steady, "{begin}: {takt:?}");
    let wanted: Timestamp =
        if not_yet.is_some() { "2026-10-25T01:00:05Z" } else { "2026-03-29T01:00:05Z" }.parse().unwrap();
    assert!((0..LATE).contains(&(punkt[0] - wanted.0)), "{begin}: {punkt:?}");
    bestand.ist_sauber(&[]);
}

#[test]
fn r29_timers_in_the_nights_when_the_clocks_change() {
    std::thread::scope(|s| {
        s.spawn(|| night("Europe/Berlin", "@2026-03-29 01:59:50", "2026-03-29T03:00:05", None));
        // 02:59:50 comes twice in Berlin, so this host has the time of Greenwich. 03:00:05 comes once and an hour later.
        s.spawn(|| night("UTC", "@2026-10-25 00:59:50", "2026-10-25T02:00:05+01:00", Some("2026-10-25T03:00:05")));
    });
}
