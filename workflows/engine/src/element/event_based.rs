// SPDX-License-Identifier: EUPL-1.2
//! Event-based gateway: the first event that happens takes the token.

use nachrichten::Werte;

use crate::api::HistoryKind;
use crate::definition::{El, Element, Kind};
use crate::machine::{Done, Machine};
use crate::state::Role;

/// Listens for all its events at once.
pub(crate) fn begin(m: &mut Machine, id: u64, el: &Element) -> Done {
    let def = m.def;
    for flow in &el.outgoing {
        let event = def.flows[*flow as usize].target;
        let done = match &def.at(event).kind {
            Kind::Catch(trigger) => m.listen(id, event, trigger),
            Kind::Receive(message) => m.subscribe(id, event, message),
            _ => Ok(()),
        };
        if done.is_err() {
            m.drop_waits(id);
            return done;
        }
    }
    Ok(())
}

/// An event happened: the gateway is done, the other events are withdrawn.
pub(crate) fn fire(m: &mut Machine, gateway: u64, event: El, values: &Werte) {
    m.log(gateway, HistoryKind::Completed, None);
    let el = m.element(m.inst(gateway).element);
    for flow in &el.outgoing {
        let other = m.def.flows[*flow as usize].target;
        if other != event {
            m.log_event(gateway, other, HistoryKind::Cancelled);
        }
    }
    let scope = m.inst(gateway).parent;
    m.drop_waits(gateway);
    m.s.instances.remove(&gateway);
    let id = m.create(event, scope, Role::Plain);
    m.log(id, HistoryKind::Activated, None);
    m.finish(id, values.clone());
}
