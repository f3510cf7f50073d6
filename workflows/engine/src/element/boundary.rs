// SPDX-License-Identifier: EUPL-1.2
//! Boundary events, interrupting and not.

use nachrichten::Werte;

use crate::api::HistoryKind;
use crate::definition::{El, Kind, Trigger};
use crate::machine::{Machine, Work};
use crate::state::Role;

/// The event happened: interrupting takes the activity's token, else a new token starts.
pub(crate) fn fire(m: &mut Machine, owner: u64, event: El, interrupting: bool, values: &Werte) {
    let inst = m.inst(owner);
    let scope = inst.parent;
    let thrower = if let Role::Handler(thrower) = inst.role { Some(thrower) } else { None };
    m.inst_mut(scope).live += 1;
    if interrupting {
        m.firing = Some(event);
        m.cancel(owner);
        m.firing = None;
        m.inst_mut(scope).live -= 1;
        if let Some(thrower) = thrower {
            m.queue.push_back(Work::Undo { thrower });
        }
    }
    let id = m.create(event, scope, Role::Plain);
    m.log(id, HistoryKind::Activated, None);
    m.finish(id, values.clone());
}

/// The activity ends: boundary events that did not happen are withdrawn.
pub(crate) fn withdrawn(m: &mut Machine, id: u64) {
    let inst = m.inst(id);
    if matches!(inst.role, Role::Inner(_)) {
        return;
    }
    let def = m.def;
    for event in &def.at(inst.element).boundary {
        let Kind::Boundary { trigger, interrupting, .. } = &def.at(*event).kind else {
            continue;
        };
        let silent = match trigger {
            Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Cancel => *interrupting,
            _ => m.inst(id).waits.iter().any(|n| m.s.waits.get(n).is_some_and(|w| w.event == *event && !w.fired)),
        };
        if silent && m.firing != Some(*event) {
            m.log_event(id, *event, HistoryKind::Cancelled);
        }
    }
}
