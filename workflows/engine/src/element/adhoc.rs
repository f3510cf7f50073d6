// SPDX-License-Identifier: EUPL-1.2
//! Ad-hoc sub-process: a person chooses what comes next; the completion condition ends it.
//!
//! Without a condition it ends when everything that was started is done.

use dsntk_feel::values::Value as Feel;

use super::sub_process;
use crate::definition::{El, Kind, Scope, ScopeKind};
use crate::feel::{self, Expr};
use crate::machine::{Done, Machine};

/// Waits for activation; `activate` may name first activities.
pub(crate) fn begin(m: &mut Machine, id: u64, activate: Option<&Expr>) -> Done {
    let Some(expr) = activate else { return Ok(()) };
    let value = feel::to_json(&m.eval(id, expr));
    let parent = m.inst(id).element;
    for name in value.as_array().map(Vec::as_slice).unwrap_or_default() {
        let name = name.as_str().unwrap_or_default();
        match m.def.index(name).filter(|e| m.element(*e).parent == parent && m.element(*e).is_activity()) {
            Some(element) => m.put_token(element, id, None),
            None => return Err(format!("„{name}“ ist hier keine Aktivität.")),
        }
    }
    Ok(())
}

/// A person starts an activity in it. False if that is not possible now.
pub(crate) fn activate(m: &mut Machine, id: u64, element: El) -> bool {
    let inst = m.inst(id);
    let Some(Scope { kind: ScopeKind::Adhoc { sequential, .. }, .. }) = m.def.scope(inst.element) else {
        return false;
    };
    let el = m.element(element);
    let fits = el.parent == inst.element
        && !matches!(el.kind, Kind::Boundary { .. } | Kind::Start(_))
        && !matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event))
        && !el.for_compensation;
    if !fits || (*sequential && inst.live > 0) {
        return false;
    }
    m.put_token(element, id, None);
    true
}

pub(crate) fn is_adhoc(m: &Machine, id: u64) -> bool {
    id != 0 && matches!(m.def.scope(m.inst(id).element), Some(Scope { kind: ScopeKind::Adhoc { .. }, .. }))
}

/// A token inside is gone: is it over?
pub(crate) fn after_activity(m: &mut Machine, id: u64) {
    let Some(Scope { kind: ScopeKind::Adhoc { completion, cancel_remaining, .. }, .. }) =
        m.def.scope(m.inst(id).element)
    else {
        return;
    };
    let empty = m.inst(id).live == 0;
    let over = match completion {
        None => empty,
        Some(condition) => matches!(m.eval(id, condition), Feel::Boolean(true)) && (empty || *cancel_remaining),
    };
    if over {
        m.cancel_rest(id);
        sub_process::done(m, id);
    }
}
