// SPDX-License-Identifier: EUPL-1.2
//! Compensation: completed activities are undone by their handlers, the last one first.

use nachrichten::Werte;

use super::{event_sub_process, transaction};
use crate::api::HistoryKind;
use crate::definition::{El, Kind, ScopeKind, Throw, Trigger};
use crate::machine::{Machine, Work};
use crate::state::{Role, Undo};

/// Compensation throw or end event: `target` or everything of the scope. An event that does not wait goes on, and a
/// token of its own sees to the handlers.
pub(crate) fn begin(m: &mut Machine, id: u64, target: Option<El>, wait: bool) {
    let list = collect(m, id, target);
    if wait {
        return start(m, id, list);
    }
    let (event, scope) = (m.inst(id).element, m.inst(id).parent);
    m.inst_mut(scope).live += 1;
    let behind = m.create(event, scope, Role::Plain);
    start(m, behind, list);
    m.finish(id, Werte::new());
}

/// Begins with a list of what is to be undone, in order of completion.
pub(crate) fn start(m: &mut Machine, id: u64, list: Vec<Undo>) {
    m.inst_mut(id).role = Role::Compensating(list);
    m.queue.push_back(Work::Undo { thrower: id });
}

/// What a throw addresses: its scope, and the one around an event sub-process; a named activity in any scope around.
fn collect(m: &mut Machine, id: u64, target: Option<El>) -> Vec<Undo> {
    let mut scopes = Vec::new();
    let mut at = m.inst(id).parent;
    loop {
        scopes.push(at);
        let event = matches!(m.def.scope(m.inst(at).element), Some(s) if matches!(s.kind, ScopeKind::Event));
        if at == 0 || !(event || target.is_some()) {
            break;
        }
        at = m.inst(at).parent;
    }
    let addressed = |u: &Undo| scopes.contains(&u.scope) && target.is_none_or(|t| t == u.element);
    let (taken, rest) = std::mem::take(&mut m.s.undo).into_iter().partition(addressed);
    m.s.undo = rest;
    taken
}

/// Everything that completed in a scope.
pub(crate) fn take_scope(m: &mut Machine, scope: u64) -> Vec<Undo> {
    let (taken, rest) = std::mem::take(&mut m.s.undo).into_iter().partition(|u| u.scope == scope);
    m.s.undo = rest;
    taken
}

/// Runs the next handler, or ends the compensation.
pub(crate) fn next(m: &mut Machine, thrower: u64) {
    let Some(Role::Compensating(list)) = m.s.instances.get_mut(&thrower).map(|i| &mut i.role) else {
        return;
    };
    let Some(undo) = list.pop() else {
        return finish(m, thrower);
    };
    let scope = m.inst(thrower).parent;
    let el = m.element(undo.element);
    if let Some(handler) = el.undo {
        m.inst_mut(scope).live += 1;
        let id = m.create(handler, scope, Role::Handler(thrower));
        m.inst_mut(id).vars = undo.vars;
        m.begin(id);
    } else if let Some((sub, start)) = event_sub(m, undo.element) {
        event_sub_process::run(m, scope, sub, start, Role::Handler(thrower), &undo.vars);
    } else {
        if let Some(Role::Compensating(list)) = m.s.instances.get_mut(&thrower).map(|i| &mut i.role) {
            for mut inner in undo.inner {
                let mut vars = undo.vars.clone();
                vars.append(&mut inner.vars);
                list.push(Undo { vars, ..inner });
            }
        }
        m.queue.push_back(Work::Undo { thrower });
    }
}

/// The compensation event sub-process of a sub-process.
fn event_sub(m: &Machine, element: El) -> Option<(El, El)> {
    let subs = &m.def.scope(element)?.event_subs;
    subs.iter()
        .find(|(_, start, _)| matches!(m.element(*start).kind, Kind::Start(Trigger::Compensation)))
        .map(|(sub, start, _)| (*sub, *start))
}

fn finish(m: &mut Machine, thrower: u64) {
    m.inst_mut(thrower).role = Role::Plain;
    match m.element(m.inst(thrower).element).kind {
        Kind::End(Throw::Cancel) => transaction::cancelled(m, thrower),
        Kind::End(Throw::Compensation(_, false)) | Kind::Throw(Throw::Compensation(_, false)) => {
            let scope = m.inst(thrower).parent;
            m.drop_waits(thrower);
            m.s.instances.remove(&thrower);
            m.token_gone(scope);
        }
        _ => m.finish(thrower, Werte::new()),
    }
}

/// A handler ended (`live` of its scope - 1; the thrower still holds a token there).
pub(crate) fn handler_done(m: &mut Machine, id: u64, thrower: u64) {
    m.log(id, HistoryKind::Completed, None);
    let scope = m.inst(id).parent;
    m.retire(id);
    m.inst_mut(scope).live -= 1;
    m.queue.push_back(Work::Undo { thrower });
}

/// An activity completed: keeps what can be undone.
pub(crate) fn remember(m: &mut Machine, id: u64) {
    let inst = m.inst(id);
    let (element, scope) = (inst.element, inst.parent);
    let el = m.element(element);
    let is_scope = matches!(el.kind, Kind::Scope(_));
    if !is_scope && el.undo.is_none() {
        return;
    }
    let inner = if is_scope { take_scope(m, id) } else { Vec::new() };
    if el.undo.is_some() || !inner.is_empty() || event_sub(m, element).is_some() {
        let vars = if is_scope { m.inst(id).vars.clone() } else { Werte::new() };
        m.s.undo.push(Undo { scope, element, vars, inner });
    }
}

/// Everything that completed in a scope or in one inside of it, in order, with the variables of the scopes between.
pub(crate) fn take_within(m: &mut Machine, scope: u64) -> Vec<Undo> {
    let mut taken = Vec::new();
    for mut undo in std::mem::take(&mut m.s.undo) {
        let mut at = undo.scope;
        let mut vars = Werte::new();
        while at != scope && at != 0 {
            let Some(inst) = m.s.instances.get(&at) else { break };
            for (name, value) in &inst.vars {
                vars.entry(name.clone()).or_insert_with(|| value.clone());
            }
            at = inst.parent;
        }
        if at == scope {
            vars.append(&mut undo.vars);
            taken.push(Undo { vars, ..undo });
        } else {
            m.s.undo.push(undo);
        }
    }
    taken
}

/// One run of a multi-instance sub-process ended: what it did belongs to the body now, with the run's variables.
pub(crate) fn lift(m: &mut Machine, run: u64, body: u64) {
    let vars = m.inst(run).vars.clone();
    for undo in m.s.undo.iter_mut().filter(|u| u.scope == run) {
        undo.scope = body;
        for (name, value) in &vars {
            undo.vars.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}
