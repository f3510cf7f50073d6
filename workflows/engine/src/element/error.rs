// SPDX-License-Identifier: EUPL-1.2
//! Errors: thrown by end events, jobs, tasks and called processes; caught by boundary events and
//! event sub-processes, from the inside outwards.

use nachrichten::Werte;

use super::{boundary, event_sub_process};
use crate::api::Outcome;
use crate::definition::{Kind, ScopeKind, Trigger};
use crate::machine::{Done, Machine};
use crate::state::Role;

/// Where an error or escalation is caught.
pub(crate) enum Catcher {
    /// A boundary event of this owner.
    Boundary { owner: u64, event: u32, interrupting: bool },
    /// An event sub-process of this scope: sub-process and start event.
    EventSub { scope: u64, sub: u32, start: u32, interrupting: bool },
}

/// Error end event. Nobody catches it: a called process ends with the error, else it is an incident.
pub(crate) fn end(m: &mut Machine, id: u64, code: &str) -> Done {
    match find(m, id, |t| matches(t, code)) {
        Some(catcher) => {
            let values = super::throw::payload(m, id)?;
            m.consume(id);
            fire(m, &catcher, &values);
            Ok(())
        }
        None if m.s.called => {
            m.consume(id);
            m.end(Outcome::Error { code: code.to_owned() });
            Ok(())
        }
        None => Err(uncaught(code)),
    }
}

/// An error reported for a waiting element. Returns the text of an incident if nobody catches it.
pub(crate) fn reported(m: &mut Machine, id: u64, code: &str, values: &Werte) -> Done {
    match find(m, id, |t| matches(t, code)) {
        Some(catcher) => fire(m, &catcher, values),
        None if m.s.called => m.end(Outcome::Error { code: code.to_owned() }),
        None => return Err(uncaught(code)),
    }
    Ok(())
}

fn uncaught(code: &str) -> String {
    format!("Der Fehler „{code}“ wird nirgends behandelt.")
}

fn matches(trigger: &Trigger, code: &str) -> bool {
    matches!(trigger, Trigger::Error(wanted) if wanted.as_deref().is_none_or(|w| w == code))
}

pub(crate) fn fire(m: &mut Machine, catcher: &Catcher, values: &Werte) {
    match *catcher {
        Catcher::Boundary { owner, event, interrupting } => boundary::fire(m, owner, event, interrupting, values),
        Catcher::EventSub { scope, sub, start, interrupting } => {
            event_sub_process::fire(m, scope, sub, start, interrupting, values)
        }
    }
}

/// Looks from `id` outwards for the first event that takes it. A code of its own wins over "all codes".
pub(crate) fn find(m: &Machine, id: u64, takes: impl Fn(&Trigger) -> bool) -> Option<Catcher> {
    let def = m.def;
    let mut at = id;
    let mut from_event_sub = false;
    loop {
        let inst = m.s.instances.get(&at)?;
        let el = def.at(inst.element);
        // The body of a multi-instance is no scope of its own: its runs are.
        let scope_of_its_own = at != id && !from_event_sub && !matches!(inst.role, Role::Body(_));
        if let (Kind::Scope(scope), true) = (&el.kind, scope_of_its_own) {
            let subs = scope.event_subs.iter().filter_map(|(sub, start, interrupting)| match &def.at(*start).kind {
                Kind::Start(t) if takes(t) => Some((specific(t), *sub, *start, *interrupting)),
                _ => None,
            });
            if let Some((_, sub, start, interrupting)) = subs.max_by_key(|s| s.0) {
                return Some(Catcher::EventSub { scope: at, sub, start, interrupting });
            }
        }
        if !matches!(inst.role, Role::Inner(_)) {
            let events = el.boundary.iter().filter_map(|event| match &def.at(*event).kind {
                Kind::Boundary { trigger, interrupting, .. } if takes(trigger) => {
                    Some((specific(trigger), *event, *interrupting))
                }
                _ => None,
            });
            if let Some((_, event, interrupting)) = events.max_by_key(|e| e.0) {
                return Some(Catcher::Boundary { owner: at, event, interrupting });
            }
        }
        if at == 0 {
            return None;
        }
        from_event_sub = matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event));
        at = inst.parent;
    }
}

fn specific(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Error(Some(_)) | Trigger::Escalation(Some(_)))
}
