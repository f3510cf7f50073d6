// SPDX-License-Identifier: EUPL-1.2
//! What must hold after every act, told from the stored state and the history alone.

use std::collections::{BTreeMap, BTreeSet};

use engine::memory::{Runner, Running};
use engine::{ElementInstanceId, HistoryEvent, HistoryKind, Phase, State, step};
use serde_json::Value;

use super::random::{Law, Model};

/// Largest stored state of an instance of these sizes, in bytes.
const LARGEST: usize = 200_000;

fn json(state: &State) -> Value {
    serde_json::to_value(state).unwrap()
}

/// Element instances of a stored state by number, without the process itself.
fn instances(state: &Value) -> BTreeMap<u64, &Value> {
    let all = state["i"].as_object().unwrap();
    all.iter().map(|(id, i)| (id.parse::<u64>().unwrap(), i)).filter(|(id, _)| *id != 0).collect()
}

pub fn check(runner: &Runner, model: &Model) {
    for (number, running) in runner.instances.iter().enumerate() {
        running.state.audit().unwrap();
        let state = json(&running.state);
        assert!(state.to_string().len() < LARGEST, "{} bytes", state.to_string().len());
        accounts(runner, number, &state);
        armed(running, &state);
        for task in running.tasks.values() {
            assert_eq!(task.groups, [model.groups[&*task.element]], "who may do {}", task.element);
        }
    }
    laws(runner, model);
    let times: Vec<_> = runner.history.iter().map(|(_, e)| e.at).collect();
    assert!(times.is_sorted(), "the history goes back in time");
}

/// I5, element instance by element instance: reached once, ended at most once, and what has not ended is there.
fn accounts(runner: &Runner, number: usize, state: &Value) {
    let mut reached = BTreeSet::new();
    let mut ended = BTreeSet::new();
    for (_, e) in runner.history.iter().filter(|(n, e)| *n == number && e.instance.0 != 0) {
        let key = (e.instance.0, e.element.to_string());
        match e.kind {
            HistoryKind::Activated => assert!(reached.insert(key.clone()), "{key:?} is reached twice"),
            HistoryKind::Completed | HistoryKind::Cancelled if reached.contains(&key) => {
                assert!(ended.insert(key.clone()), "{key:?} ends twice")
            }
            // Events that never happened are withdrawn under the number of what they hang on.
            HistoryKind::Completed => panic!("{key:?} completes without having been reached"),
            _ => {}
        }
    }
    let here: BTreeSet<u64> = instances(state).into_keys().collect();
    let open: BTreeSet<u64> = reached.difference(&ended).map(|(id, _)| *id).collect();
    assert!(open.is_subset(&here), "reached, not ended and gone: {:?}", open.difference(&here));
    // What runs behind an event that has gone on (compensation) is there without having been reached.
    for id in here.difference(&open) {
        let role = &state["i"][id.to_string()]["r"];
        let parked = !state["i"][id.to_string()]["x"].is_null();
        assert!(role.get("c").is_some() || parked, "instance {id} is there and was never reached: {state}");
    }
}

/// Whatever waits has what it waits for, and nothing else is armed.
fn armed(running: &Running, state: &Value) {
    let elements = running.definition.elements();
    let all = instances(state);
    let mut tasks = BTreeSet::new();
    let mut jobs = BTreeSet::new();
    let mut calls = BTreeSet::new();
    for (id, i) in &all {
        let stopped = !i["x"].is_null();
        let body = i["r"].get("b").is_some();
        let element = &elements[i["e"].as_u64().unwrap() as usize];
        if stopped || body {
            continue;
        }
        match element.kind {
            "userTask" => drop(tasks.insert(ElementInstanceId(*id))),
            "serviceTask" => drop(jobs.insert(ElementInstanceId(*id))),
            "callActivity" => drop(calls.insert(ElementInstanceId(*id))),
            "receiveTask" | "intermediateCatchEvent" | "eventBasedGateway" => {
                assert!(!i["w"].as_array().is_none_or(Vec::is_empty), "{} waits for nothing", element.id)
            }
            "subProcess" | "transaction" | "adHocSubProcess" => {}
            _ if i["r"].get("c").is_some() => {}
            other => panic!("{} ({other}) stands still", element.id),
        }
    }
    assert_eq!(running.tasks.keys().copied().collect::<BTreeSet<_>>(), tasks, "tasks");
    assert_eq!(running.jobs.keys().copied().collect::<BTreeSet<_>>(), jobs, "jobs");
    assert_eq!(running.calls().collect::<BTreeSet<_>>(), calls, "calls");
    let empty = serde_json::Map::new();
    let waits = state["w"].as_object().unwrap_or(&empty);
    let of = |kinds: &[&str]| -> BTreeSet<u64> {
        let fits = |w: &Value| kinds.iter().any(|k| w["k"].get(*k).is_some());
        waits.iter().filter(|(_, w)| fits(w)).map(|(n, _)| n.parse().unwrap()).collect()
    };
    assert_eq!(running.timers().collect::<BTreeSet<_>>(), of(&["t"]), "timers");
    assert_eq!(running.subscriptions().collect::<BTreeSet<_>>(), of(&["m", "s"]), "subscriptions");
    for wait in waits.values() {
        let owner = wait["o"].as_u64().unwrap();
        assert!(owner == 0 || all.contains_key(&owner), "a wait of nobody: {wait}");
    }
    let incidents: BTreeSet<ElementInstanceId> =
        all.iter().filter(|(_, i)| !i["x"].is_null()).map(|(id, _)| ElementInstanceId(*id)).collect();
    assert_eq!(running.incidents.keys().copied().collect::<BTreeSet<_>>(), incidents, "incidents");
}

/// How often each element was reached, completed, withdrawn.
fn counts(runner: &Runner) -> BTreeMap<String, [i64; 3]> {
    let mut counts: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for (_, e) in runner.history.iter().filter(|(_, e)| !e.inner && e.instance.0 != 0) {
        let at = match e.kind {
            HistoryKind::Activated => 0,
            HistoryKind::Completed => 1,
            HistoryKind::Cancelled => 2,
            _ => continue,
        };
        counts.entry(e.element.to_string()).or_default()[at] += 1;
    }
    counts
}

fn laws(runner: &Runner, model: &Model) {
    let counts = counts(runner);
    let of = |id: &String| counts.get(id).copied().unwrap_or_default();
    let (reached, done, gone) = (|id| of(id)[0], |id| of(id)[1], |id| of(id)[2]);
    // A token on its way along a flow is withdrawn with its scope and has no line of its own.
    let withdrawn = withdrawn(runner);
    let same = |reached: i64, done: i64| if withdrawn { reached <= done } else { reached == done };
    for law in &model.laws {
        let holds = match law {
            Law::Next(a, b) => same(reached(b), done(a)),
            Law::OneOf(split, branches) => same(branches.iter().map(reached).sum(), done(split)),
            Law::SomeOf(split, branches) => withdrawn || branches.iter().map(reached).sum::<i64>() >= done(split),
            Law::Merge(exits, merge) => same(reached(merge), exits.iter().map(done).sum()),
            Law::Join(exits, join) => exits.iter().all(|e| reached(join) <= done(e)),
            Law::Interrupts(event, activity) => done(event) <= gone(activity),
            Law::Balanced(..) => true,
        };
        assert!(holds, "{law:?}: {counts:?}");
    }
}

/// Whether something that had a token was withdrawn.
fn withdrawn(runner: &Runner) -> bool {
    let tag = |id: &str| runner.instances.iter().find_map(|r| r.definition.element(id)).map_or("", |e| e.kind);
    let listens =
        |e: &HistoryEvent| matches!(tag(&e.element), "boundaryEvent" | "startEvent" | "intermediateCatchEvent");
    // An event that never happened stands under the number of what it hangs on, and was not reached itself.
    let key = |n: &usize, e: &HistoryEvent| (*n, e.instance.0, e.element.to_string());
    let activated = runner.history.iter().filter(|(_, e)| e.kind == HistoryKind::Activated);
    let reached: BTreeSet<_> = activated.map(|(n, e)| key(n, e)).collect();
    let cancelled = runner.history.iter().filter(|(_, e)| e.kind == HistoryKind::Cancelled);
    let mut tokens = cancelled.filter(|(n, e)| !listens(e) || reached.contains(&key(n, e)));
    tokens.next().is_some()
}

/// Nothing is left over, and joins have fired as often as their splits unless something was withdrawn.
pub fn at_the_end(runner: &Runner, model: &Model) {
    for running in &runner.instances {
        assert_eq!(running.state.phase(), Phase::Ended);
        let left =
            running.tasks.len() + running.jobs.len() + running.timers().count() + running.subscriptions().count();
        assert_eq!(left + running.incidents.len() + running.calls().count(), 0, "something is left");
    }
    let counts = counts(runner);
    let of = |id: &String| counts.get(id).copied().unwrap_or_default();
    for law in model.laws.iter().filter(|_| !withdrawn(runner)) {
        if let Law::Balanced(split, join) = law {
            assert_eq!(of(split)[1], of(join)[1], "{law:?}: {counts:?}");
        }
    }
}

/// Two runs of the same story are equal to the byte.
pub fn same(a: &Runner, b: &Runner) {
    assert_eq!(a.history, b.history);
    let states = |r: &Runner| r.instances.iter().map(|i| serde_json::to_string(&i.state).unwrap()).collect::<Vec<_>>();
    assert_eq!(states(a), states(b));
}

/// The recorded commands on an empty state give the same states and the same history.
pub fn replay(runner: &Runner) {
    let mut states: Vec<State> =
        runner.instances.iter().map(|r| if r.parent.is_some() { State::called() } else { State::new() }).collect();
    let mut history = Vec::new();
    for (number, command, now) in runner.recorded.iter().flatten() {
        let done = step(&runner.instances[*number].definition, &states[*number], command.clone(), *now).unwrap();
        states[*number] = serde_json::from_str(&serde_json::to_string(&done.state).unwrap()).unwrap();
        history.extend(done.history.into_iter().map(|e| (*number, e)));
    }
    for (state, running) in states.iter().zip(&runner.instances) {
        assert_eq!(serde_json::to_string(state).unwrap(), serde_json::to_string(&running.state).unwrap());
    }
    // Steps of several instances are told in the order of their commands.
    for number in 0..states.len() {
        let of = |all: &[(usize, HistoryEvent)]| all.iter().filter(|(n, _)| *n == number).cloned().collect::<Vec<_>>();
        assert_eq!(of(&history), of(&runner.history));
    }
}
