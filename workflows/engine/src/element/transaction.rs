// SPDX-License-Identifier: EUPL-1.2
//! Cancel end event of a transaction: everything in it is withdrawn and undone, then the cancel
//! boundary event takes the token.

use nachrichten::Werte;

use super::{boundary, compensation};
use crate::api::HistoryKind;
use crate::definition::{Kind, ScopeKind, Trigger};
use crate::machine::Machine;
use crate::state::Role;

/// Withdraws what still runs, then undoes what is done, the last first. The cancel boundary event leaves a
/// multi-instance transaction as a whole, so all of its runs are undone.
pub(crate) fn begin(m: &mut Machine, id: u64) {
    // The end event may stand in a sub-process of the transaction.
    let mut scope = m.inst(id).parent;
    while scope != 0 && !is_transaction(m, scope) {
        scope = m.inst(scope).parent;
    }
    if matches!(m.inst(scope).role, Role::Inner(_)) {
        scope = m.inst(scope).parent;
    }
    let list = compensation::take_within(m, scope);
    let event = m.inst(id).element;
    m.log(id, HistoryKind::Completed, None);
    m.retire(id);
    m.cancel_inside(scope);
    m.inst_mut(scope).live = 1;
    let thrower = m.create(event, scope, Role::Plain);
    compensation::start(m, thrower, list);
}

fn is_transaction(m: &Machine, id: u64) -> bool {
    matches!(m.def.scope(m.inst(id).element), Some(s) if matches!(s.kind, ScopeKind::Transaction))
}

/// All is undone: the token leaves by the cancel boundary event.
pub(crate) fn cancelled(m: &mut Machine, id: u64) {
    let scope = m.inst(id).parent;
    m.drop_waits(id);
    m.s.instances.remove(&id);
    m.inst_mut(scope).live -= 1;
    let owner = scope;
    let el = m.element(m.inst(owner).element);
    let event =
        el.boundary.iter().find(|e| matches!(m.element(**e).kind, Kind::Boundary { trigger: Trigger::Cancel, .. }));
    match event {
        Some(event) => boundary::fire(m, owner, *event, true, &Werte::new()),
        None => {
            let outer = m.inst(owner).parent;
            m.cancel(owner);
            m.token_gone(outer);
        }
    }
}
