// SPDX-License-Identifier: EUPL-1.2
//! Event sub-processes: started by an event of their scope, interrupting it or beside it.

use nachrichten::Werte;

use super::sub_process;
use crate::api::HistoryKind;
use crate::definition::{El, Kind, ScopeKind};
use crate::machine::{Machine, Work};
use crate::state::Role;

/// The start event happened in `scope`.
pub(crate) fn fire(m: &mut Machine, scope: u64, sub: El, start: El, interrupting: bool, values: &Werte) {
    if interrupting {
        // What was done so far can still be undone from here.
        let undo = std::mem::take(&mut m.s.undo);
        m.cancel_inside(scope);
        m.s.undo = undo.into_iter().filter(|u| m.s.instances.contains_key(&u.scope)).collect();
        drop_starts(m, scope);
    }
    run(m, scope, sub, start, Role::Plain, values);
}

/// Runs it from its start event (`live` of the scope + 1).
pub(crate) fn run(m: &mut Machine, scope: u64, sub: El, start: El, role: Role, values: &Werte) {
    m.inst_mut(scope).live += 1;
    let id = m.create(sub, scope, role);
    m.log(id, HistoryKind::Activated, None);
    sub_process::listen(m, id);
    m.inst_mut(id).live += 1;
    let event = m.create(start, id, Role::Plain);
    m.log(event, HistoryKind::Activated, None);
    m.finish(event, values.clone());
}

/// A scope with nothing but event sub-processes left is completing: no new one begins (BPMN 2.0.2, 13.5.4).
pub(crate) fn when_completing(m: &mut Machine, scope: u64) {
    let events = |m: &Machine, e: El| matches!(m.def.scope(e), Some(s) if matches!(s.kind, ScopeKind::Event));
    let listens = m
        .inst(scope)
        .waits
        .iter()
        .any(|n| m.s.waits.get(n).is_some_and(|w| matches!(m.element(w.event).kind, Kind::Start(_))));
    if !listens {
        return;
    }
    let queued = m.queue.iter().any(|w| match w {
        Work::Token { scope: s, .. } => *s == scope,
        Work::Run { body, .. } => *body == scope,
        Work::Undo { .. } => false,
    });
    let joining = m.s.joins.iter().any(|j| j.scope == scope);
    let mut inside = m.s.instances.iter().filter(|(id, i)| **id != 0 && i.parent == scope);
    if !queued && !joining && inside.all(|(_, i)| events(m, i.element)) {
        drop_starts(m, scope);
    }
}

/// The scope listens no more for its event sub-processes.
pub(crate) fn drop_starts(m: &mut Machine, scope: u64) {
    let waits = m.inst(scope).waits.clone();
    for number in waits {
        let event = m.s.waits.get(&number).map(|w| w.event);
        if event.is_some_and(|e| matches!(m.element(e).kind, Kind::Start(_))) {
            m.drop_wait(number);
        }
    }
}
