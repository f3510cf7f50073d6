// SPDX-License-Identifier: EUPL-1.2
//! Multi-instance (parallel and sequential) and standard loop.
//!
//! The activity has one body, which boundary events belong to, and one instance per run inside of it.

use dsntk_feel::values::Value as Feel;
use nachrichten::Werte;
use serde_json::{Value as Json, json};

use super::compensation;
use crate::api::HistoryKind;
use crate::definition::{Multi, Repeat};
use crate::feel;
use crate::machine::{Done, Machine, Work};
use crate::state::{Body, Role};

/// Most runs of one multi-instance activity.
pub(crate) const MAX_RUNS: u32 = 5_000;
/// The number of the run, from 1.
const COUNTER: &str = "loopCounter";

/// Opens the body and starts the first run, or all of them.
pub(crate) fn begin(m: &mut Machine, id: u64) -> Done {
    let el = m.element(m.inst(id).element);
    match &el.repeat {
        Some(Repeat::Loop { condition, test_before, .. }) => {
            m.inst_mut(id).role = Role::Body(Box::default());
            let skip = match condition {
                Some(condition) if *test_before => !matches!(m.eval(id, condition), Feel::Boolean(true)),
                _ => false,
            };
            if skip {
                m.complete(id)
            } else {
                queue_run(m, id, 0)
            }
            Ok(())
        }
        Some(Repeat::Multi(multi)) => {
            let items = items(m, id, multi)?;
            let total = match &items {
                Items::List(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
                Items::Count(n) => *n,
            };
            if total > MAX_RUNS {
                return Err(format!("Mehr als {MAX_RUNS} Durchläufe sind nicht zugelassen."));
            }
            let items = if let Items::List(list) = items { list } else { Vec::new() };
            m.inst_mut(id).role = Role::Body(Box::new(Body { total, items, ..Body::default() }));
            m.inst_mut(id).vars.insert("numberOfInstances".into(), total.into());
            m.allow_runs(total);
            if total == 0 {
                close(m, id, multi);
                return Ok(());
            }
            for index in 0..if multi.sequential { 1 } else { total } {
                queue_run(m, id, index);
            }
            Ok(())
        }
        None => Ok(()),
    }
}

enum Items {
    List(Vec<Json>),
    Count(u32),
}

fn items(m: &mut Machine, id: u64, multi: &Multi) -> Result<Items, String> {
    if let Some(collection) = &multi.collection {
        return match feel::to_json(&m.eval(id, collection)) {
            Json::Array(list) => match m.sized(Json::Array(list))? {
                Json::Array(list) => Ok(Items::List(list)),
                _ => Ok(Items::Count(0)),
            },
            _ => Err(format!("„{}“ ist keine Liste.", feel::shorten(collection.text()))),
        };
    }
    let Some(cardinality) = &multi.cardinality else {
        return Ok(Items::Count(0));
    };
    let count = feel::to_json(&m.eval(id, cardinality));
    match count.as_u64().or_else(|| count.as_str().and_then(|s| s.parse().ok())) {
        Some(n) => Ok(Items::Count(u32::try_from(n).unwrap_or(u32::MAX))),
        None => Err(format!("„{}“ ist keine Anzahl.", feel::shorten(cardinality.text()))),
    }
}

fn body<'m>(m: &'m mut Machine<'_>, id: u64) -> Option<&'m mut Body> {
    match &mut m.s.instances.get_mut(&id)?.role {
        Role::Body(body) => Some(body),
        _ => None,
    }
}

fn queue_run(m: &mut Machine, id: u64, index: u32) {
    m.inst_mut(id).live += 1;
    m.queue.push_back(Work::Run { body: id, index });
}

/// One run begins.
pub(crate) fn start_run(m: &mut Machine, body: u64, index: u32) {
    if m.s.instances.contains_key(&body) {
        let id = create_run(m, body, index);
        m.log(id, HistoryKind::Activated, None);
        m.behave_or_stop(id);
    }
}

/// The instance of one run with its variables.
pub(crate) fn create_run(m: &mut Machine, body_id: u64, index: u32) -> u64 {
    let element = m.inst(body_id).element;
    let item = body(m, body_id).and_then(|b| {
        b.started += 1;
        b.items.get(index as usize).cloned()
    });
    let id = m.create(element, body_id, Role::Inner(index));
    let vars = &mut m.inst_mut(id).vars;
    vars.insert(COUNTER.into(), (index + 1).into());
    if let Some(Repeat::Multi(multi)) = &m.element(element).repeat
        && let (Some(name), Some(item)) = (&multi.item, item)
    {
        m.write_local(id, name, item);
    }
    id
}

/// One run ended.
pub(crate) fn run_done(m: &mut Machine, id: u64) {
    let (body_id, index) = match m.inst(id).role {
        Role::Inner(index) => (m.inst(id).parent, index),
        _ => return,
    };
    match &m.element(m.inst(id).element).repeat {
        Some(Repeat::Multi(multi)) => multi_run_done(m, id, body_id, index, multi),
        Some(Repeat::Loop { condition, maximum, .. }) => {
            remove_run(m, id, body_id);
            let maximum = match maximum {
                Some(text) => m.eval_text(body_id, text).ok().and_then(|t| t.parse::<u32>().ok()),
                None => None,
            };
            let counter = Werte::from_iter([(COUNTER.to_owned(), json!(index + 1))]);
            // Without a condition it runs to its maximum.
            let again = maximum.is_none_or(|max| index + 1 < max)
                && condition
                    .as_ref()
                    .is_none_or(|c| matches!(m.eval_with(body_id, Some(&counter), c), Feel::Boolean(true)));
            if again { queue_run(m, body_id, index + 1) } else { m.complete(body_id) }
        }
        None => {}
    }
}

fn multi_run_done(m: &mut Machine, id: u64, body_id: u64, index: u32, multi: &Multi) {
    if let Some(list_item) = &multi.result_item {
        let value = feel::to_json(&m.eval(id, list_item));
        if let Some(body) = body(m, body_id) {
            body.results.push((index, value));
        }
    }
    if let Some(body) = body(m, body_id) {
        body.completed += 1;
    }
    let over = match &multi.completion {
        Some(condition) => {
            let mut counters = counters(m, body_id, multi.sequential);
            // "A majority has agreed": the condition may look at the results so far.
            if let (Some(name), Some(body)) = (&multi.result_list, body(m, body_id)) {
                let so_far = body.results.iter().map(|(_, value)| value.clone()).collect();
                counters.insert(name.clone(), Json::Array(so_far));
            }
            matches!(m.eval_with(id, Some(&counters), condition), Feel::Boolean(true))
        }
        None => false,
    };
    if multi.result_list.is_none() {
        spread(m, id, body_id, multi);
    }
    remove_run(m, id, body_id);
    let Some((total, started, completed, terminated)) =
        body(m, body_id).map(|b| (b.total, b.started, b.completed, b.terminated))
    else {
        return;
    };
    if over || completed + terminated >= total {
        m.cancel_rest(body_id);
        close(m, body_id, multi);
    } else if multi.sequential {
        queue_run(m, body_id, started);
    }
}

/// An operator took one run away.
pub(crate) fn run_cancelled(m: &mut Machine, body_id: u64) {
    let Some(Repeat::Multi(multi)) = &m.element(m.inst(body_id).element).repeat else {
        return m.complete(body_id);
    };
    let Some(body) = body(m, body_id) else { return };
    body.terminated += 1;
    let (total, started, ended) = (body.total, body.started, body.completed + body.terminated);
    if ended >= total {
        close(m, body_id, multi);
    } else if multi.sequential {
        queue_run(m, body_id, started);
    }
}

/// Without a result list the variables of a run go outwards; the last one to end wins.
fn spread(m: &mut Machine, id: u64, body_id: u64, multi: &Multi) {
    let el = m.element(m.inst(id).element);
    let vars = m.inst(id).vars.clone();
    for (name, value) in vars {
        let own = name == COUNTER
            || multi.item.as_ref() == Some(&name)
            || el.io.inputs.iter().any(|(target, _)| *target == name);
        let declared = m.def.scope(m.inst(id).element).is_some_and(|s| s.locals.contains(&name));
        if !own && !declared {
            m.write(body_id, &name, value);
        }
    }
}

fn remove_run(m: &mut Machine, id: u64, body_id: u64) {
    m.log(id, HistoryKind::Completed, None);
    compensation::lift(m, id, body_id);
    m.drop_waits(id);
    m.close_incident(id);
    m.s.instances.remove(&id);
    m.inst_mut(body_id).live -= 1;
}

/// All runs are over: the result list is written, the activity is left.
fn close(m: &mut Machine, id: u64, multi: &Multi) {
    if let Some(name) = &multi.result_list {
        let mut results = body(m, id).map(|b| std::mem::take(&mut b.results)).unwrap_or_default();
        results.sort_by_key(|(index, _)| *index);
        let list = results.into_iter().map(|(_, value)| value).collect();
        let scope = m.inst(id).parent;
        m.write(scope, name, Json::Array(list));
    }
    m.complete(id);
}

fn counters(m: &mut Machine, id: u64, sequential: bool) -> Werte {
    let Some((total, started, completed, terminated)) =
        body(m, id).map(|b| (b.total, b.started, b.completed, b.terminated))
    else {
        return Werte::new();
    };
    // All runs of a parallel one are active from the beginning, whether their turn in the queue has come or not.
    let begun = if sequential { started } else { total };
    let active = begun.saturating_sub(completed + terminated);
    Werte::from_iter([
        ("numberOfInstances".to_owned(), json!(total)),
        ("numberOfActiveInstances".to_owned(), json!(active)),
        ("numberOfCompletedInstances".to_owned(), json!(completed)),
        ("numberOfTerminatedInstances".to_owned(), json!(terminated)),
        ("nrOfInstances".to_owned(), json!(total)),
        ("nrOfActiveInstances".to_owned(), json!(active)),
        ("nrOfCompletedInstances".to_owned(), json!(completed)),
    ])
}
