// SPDX-License-Identifier: EUPL-1.2
//! What happens to a random process from outside, as data: chosen by a seed from what waits, played on any runtime.
#![allow(dead_code)]

use std::collections::BTreeMap;

use engine::trace::Runtime;
use nachrichten::Werte;

use super::random::{LONG, Model, Rng};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A job, task or message that something waits for.
    Complete(String),
    /// A business error, tried again when nobody catches it.
    Error(String, &'static str),
    /// A job that fails for good, and an operator who tries again.
    Fail(String),
    Message(String),
    Signal(String),
    Advance(&'static str),
    /// Sets what the conditional boundary events look at.
    Alarm(bool),
}

/// Elements by id with their tags, of all processes.
pub type Tags = BTreeMap<String, String>;

/// The next step without trouble: whatever can be done, else an hour passes. None when nothing can be done.
pub fn calm(model: &Model, tags: &Tags, waiting: &[String], rng: &mut Rng) -> Option<Act> {
    let can = |id: &&String| {
        matches!(tags[*id].as_str(), "userTask" | "serviceTask" | "receiveTask") || model.answers.contains_key(*id)
    };
    let open: Vec<&String> = waiting.iter().filter(can).collect();
    if !open.is_empty() && (!rng.one_in(8) || !waiting.iter().any(|w| model.hours.contains(w))) {
        let id = open[rng.below(open.len() as u64) as usize];
        return Some(match model.answers.get(id) {
            Some(message) => Act::Message(message.clone()),
            None => Act::Complete(id.clone()),
        });
    }
    waiting.iter().any(|w| model.hours.contains(w)).then_some(Act::Advance("PT1H"))
}

/// Anything that may happen.
pub fn stormy(model: &Model, tags: &Tags, waiting: &[String], rng: &mut Rng) -> Option<Act> {
    let of = |list: &[String], rng: &mut Rng| {
        (!list.is_empty()).then(|| list[rng.below(list.len() as u64) as usize].clone())
    };
    // Only where it is clear which one is meant, and in the drawn process: nothing catches an error of the others.
    let single = |tag: &str| {
        let mut all = waiting.iter().filter(|w| tags[*w] == tag && w.starts_with('e'));
        all.clone()
            .find(|w| all.clone().filter(|o| o == w).count() == 1)
            .cloned()
            .or_else(|| all.next().cloned().filter(|_| false))
    };
    let act = match rng.below(14) {
        0 => single("userTask").map(|id| Act::Error(id, if rng.one_in(3) { "E9" } else { "E1" })),
        1 => single("serviceTask").map(|id| Act::Error(id, if rng.one_in(3) { "E9" } else { "E1" })),
        2 => single("serviceTask").map(Act::Fail),
        3 | 4 => of(&model.messages, rng).map(Act::Message),
        5 => of(&model.signals, rng).map(Act::Signal),
        6 => rng.one_in(3).then_some(Act::Advance(LONG)),
        // The drawn process has ended when only what it began still waits.
        7 if waiting.iter().all(|w| w == "r2" || w == "s2") => None,
        7 => Some(Act::Alarm(!rng.one_in(3))),
        _ => None,
    };
    act.or_else(|| calm(model, tags, waiting, rng)).or_else(|| (!waiting.is_empty()).then_some(Act::Advance(LONG)))
}

/// Carries it out.
pub fn play(act: &Act, runtime: &mut dyn Runtime) -> Result<(), String> {
    match act {
        Act::Complete(id) => runtime.complete(id, Werte::new()),
        Act::Error(id, code) => {
            runtime.bpmn_error(id, code)?;
            mend(id, runtime)
        }
        Act::Fail(id) => {
            runtime.fail_job(id)?;
            mend(id, runtime)
        }
        Act::Message(name) => runtime.message(name, None, Werte::new()),
        Act::Signal(name) => runtime.signal(name, Werte::new()),
        Act::Advance(by) => runtime.advance(by),
        Act::Alarm(on) => runtime.set_variables(Werte::from_iter([("alarm".to_owned(), (*on).into())])),
    }
}

fn mend(id: &str, runtime: &mut dyn Runtime) -> Result<(), String> {
    if runtime.state()? == "incident" { runtime.resolve_incident(id) } else { Ok(()) }
}

/// What waits, sorted, so that runtimes agree on it.
pub fn waiting(runtime: &mut dyn Runtime) -> Vec<String> {
    let mut all = runtime.waiting().expect("what waits");
    all.sort();
    all
}
