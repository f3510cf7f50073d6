// SPDX-License-Identifier: EUPL-1.2
//! Random processes with random events (I5 of the promises): no token lost or doubled, joins count right, whatever
//! waits has what it waits for and nothing else is armed, the history has no gaps, the same commands give the same
//! state, and it all ends.
//!
//! `cargo test -p engine --test zufall` plays 300 seeds; `EAKTE_LONG=1` plays 10,000, `EAKTE_SEED=N` one with its
//! process written to `target/zufall/N.bpmn`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../common/acts.rs"]
mod acts;
#[path = "../common/random.rs"]
mod random;
#[path = "../common/random_blocks.rs"]
mod random_blocks;
#[path = "../common/random_more.rs"]
mod random_more;
#[path = "../common/random_trouble.rs"]
mod random_trouble;

mod invariants;
mod operators;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use acts::{Act, Tags};
use engine::memory::Runner;
use engine::{DeployOptions, HistoryKind, Phase, deploy};
use random::{Model, Rng};

const BEGIN: &str = "2026-01-05T08:00:00Z";
/// More turns than any of the processes needs.
const TURNS: usize = 3_000;

/// Seeds of this run; the failing one is printed with its process.
fn each_seed(what: &str, test: impl Fn(u64, &Model)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let only = number("EAKTE_SEED");
    let count = if number("EAKTE_LONG").is_some() { 10_000 } else { 300 };
    for seed in only.map_or(1..count + 1, |seed| seed..seed + 1) {
        let model = random::model(seed, 4 + (seed % 30) as i64);
        if only.is_some() {
            keep(seed, &model);
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed, &model))) {
            let file = keep(seed, &model);
            println!("{what}: EAKTE_SEED={seed}, process in {file}");
            std::panic::resume_unwind(panic);
        }
    }
}

fn keep(seed: u64, model: &Model) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/zufall");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{seed}.bpmn"));
    std::fs::write(&file, &model.xml).unwrap();
    file.display().to_string()
}

/// A runner with the model, started, and the tags of its elements.
fn begin(model: &Model, restart: bool) -> (Runner, Tags) {
    let deployment =
        deploy(&model.xml, random_more::tables(), &DeployOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut runner = Runner::new(BEGIN.parse().unwrap());
    runner.restart_each_step = restart;
    runner.recorded = Some(Vec::new());
    runner.deploy(&deployment).unwrap();
    let elements = deployment.processes.iter().flat_map(|d| d.elements().iter());
    let tags = elements.map(|e| (e.id.to_string(), e.kind.to_owned())).collect();
    runner.start("p", None, model.variables.clone()).unwrap();
    (runner, tags)
}

fn over(runner: &Runner) -> bool {
    runner.instances.iter().all(|r| r.state.phase() == Phase::Ended)
}

/// Completions by element, without the runs of loops and without the processes themselves.
fn completed(runner: &Runner) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (_, e) in
        runner.history.iter().filter(|(_, e)| e.kind == HistoryKind::Completed && !e.inner && e.instance.0 != 0)
    {
        *counts.entry(e.element.to_string()).or_default() += 1;
    }
    counts
}

type Choose = fn(&Model, &Tags, &[String], &mut Rng) -> Option<Act>;

/// Plays to the end, checks after every act; what was done.
fn run(model: &Model, seed: u64, restart: bool, turns_of_storm: usize) -> (Runner, Vec<Act>) {
    let (mut runner, tags) = begin(model, restart);
    let mut rng = Rng(seed ^ 0x5eed);
    let mut acts = Vec::new();
    invariants::check(&runner, model);
    while !over(&runner) {
        assert!(acts.len() < TURNS, "it does not end: {:?}", acts::waiting(&mut runner));
        let choose: Choose = if acts.len() < turns_of_storm { acts::stormy } else { acts::calm };
        let waiting = acts::waiting(&mut runner);
        let act = choose(model, &tags, &waiting, &mut rng)
            .or_else(|| (turns_of_storm > 0).then_some(Act::Advance(random::LONG)));
        let act = act.unwrap_or_else(|| panic!("nothing can be done and it has not ended: {waiting:?}"));
        acts.push(act.clone());
        acts::play(&act, &mut runner).unwrap_or_else(|e| panic!("{act:?}: {e}"));
        invariants::check(&runner, model);
    }
    invariants::at_the_end(&runner, model);
    (runner, acts)
}

#[test]
fn without_trouble_exactly_the_expected_elements_complete() {
    each_seed("expected", |seed, model| {
        let (runner, _) = run(model, seed, seed % 2 == 0, 0);
        assert_eq!(completed(&runner), model.expected);
    });
}

#[test]
fn in_a_storm_of_events_every_law_holds_and_it_ends() {
    each_seed("storm", |seed, model| {
        let (kept, acts) = run(model, seed, false, 60);
        let (written, again) = run(model, seed, true, 60);
        assert_eq!(acts, again, "the same seed is the same story");
        invariants::same(&kept, &written);
        invariants::replay(&kept);
    });
}

#[test]
fn the_generator_draws_every_kind_of_element() {
    let mut seen = BTreeSet::new();
    for seed in 1..=300 {
        seen.extend(random::model(seed, 4 + (seed % 30) as i64).kinds);
    }
    for kind in [
        "startEvent",
        "endEvent",
        "task",
        "manualTask",
        "userTask",
        "serviceTask",
        "scriptTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "timerEventDefinition",
        "messageEventDefinition",
        "signalEventDefinition",
        "conditionalEventDefinition",
        "errorEventDefinition",
        "escalationEventDefinition",
        "terminateEventDefinition",
        "linkEventDefinition",
        "compensateEventDefinition",
        "cancelEventDefinition",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "collection",
        "lane",
        "potentialOwner",
        "dataObject",
        "correlationKey",
        "message start",
        "signal start",
    ] {
        assert!(seen.contains(kind), "{kind} is never drawn");
    }
}
