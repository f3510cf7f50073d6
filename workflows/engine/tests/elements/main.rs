// SPDX-License-Identifier: EUPL-1.2
//! Each kind of element with a small model of its own: what waits, what comes out, what is left.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../common/mod.rs"]
mod common;

mod data;
mod events;
mod flow;
mod limits;
mod migrate;
mod modeller;
mod refused;
mod repeat;
mod scopes;
mod standard;
mod tasks;

use engine::memory::Runner;
use engine::trace::Runtime;
use engine::{HistoryKind, Phase};
use serde_json::{Value, json};

/// What waits from outside, sorted and joined.
fn waits(runner: &Runner) -> String {
    for running in &runner.instances {
        running.state.audit().unwrap();
    }
    let mut all: Vec<String> = runner.waiting().iter().map(ToString::to_string).collect();
    all.sort();
    all.join(" ")
}

fn done(runner: &mut Runner, element: &str) {
    Runtime::complete(runner, element, Default::default()).unwrap();
}

fn done_with(runner: &mut Runner, element: &str, values: Value) {
    Runtime::complete(runner, element, values.as_object().unwrap().clone()).unwrap();
}

/// How often an element completed.
fn count(runner: &Runner, element: &str) -> usize {
    runner
        .history
        .iter()
        .filter(|(_, e)| &*e.element == element && e.kind == HistoryKind::Completed && !e.inner)
        .count()
}

/// Elements as they completed.
fn order(runner: &Runner) -> String {
    let completed =
        runner.history.iter().filter(|(_, e)| e.kind == HistoryKind::Completed && !e.inner && e.instance.0 != 0);
    completed.map(|(_, e)| e.element.to_string()).collect::<Vec<_>>().join(" ")
}

fn ended(runner: &Runner) -> bool {
    runner.instances.iter().all(|r| {
        r.state.audit().unwrap();
        r.state.phase() == Phase::Ended
    })
}

fn variable(runner: &Runner, name: &str) -> Value {
    runner.instances[0].state.variables().get(name).cloned().unwrap_or(json!(null))
}

fn incident(runner: &Runner) -> String {
    runner.instances.iter().flat_map(|r| r.incidents.values()).next().cloned().unwrap_or_default()
}
