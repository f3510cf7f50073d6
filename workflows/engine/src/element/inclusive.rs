// SPDX-License-Identifier: EUPL-1.2
//! Inclusive gateway as a join, by the standard's rule (BPMN 2.0.2, 13.4.3).
//!
//! It fires when at least one incoming flow has a token and no other token of the scope can still
//! reach an empty incoming flow without passing the gateway, unless that token can also reach an
//! incoming flow that has one. Looked at when nothing else can move.

use super::parallel;
use crate::definition::{Definition, El, Fl, Kind, Throw};
use crate::machine::Machine;

/// A token arrives and waits until nothing else moves.
pub(crate) fn arrive(m: &mut Machine, element: El, scope: u64, flow: Option<Fl>) {
    if let Some(flow) = flow {
        parallel::add(m, element, scope, flow);
    }
}

/// Fires one inclusive join that is ready. False if there is none.
pub(crate) fn fire_ready(m: &mut Machine) -> bool {
    for at in 0..m.s.joins.len() {
        let join = &m.s.joins[at];
        if matches!(m.element(join.element).kind, Kind::Inclusive) && ready(m, at) {
            parallel::consume(m, at);
            return true;
        }
    }
    false
}

fn ready(m: &Machine, at: usize) -> bool {
    let join = &m.s.joins[at];
    let el = m.element(join.element);
    let filled = |f: &Fl| join.tokens.iter().any(|(t, _)| t == f);
    if el.incoming.iter().all(filled) {
        return true;
    }
    let to_empty = sources(m.def, join.element, el.incoming.iter().copied().filter(|f| !filled(f)));
    let mut to_filled = None;
    let mut blocks = |element: El| {
        if !to_empty.contains(&element) {
            return false;
        }
        let to_filled =
            to_filled.get_or_insert_with(|| sources(m.def, join.element, el.incoming.iter().copied().filter(filled)));
        !to_filled.contains(&element)
    };
    let running = m.s.instances.iter().filter(|(id, i)| **id != 0 && i.parent == join.scope).map(|(_, i)| i.element);
    let joining =
        m.s.joins.iter().enumerate().filter(|(n, j)| *n != at && j.scope == join.scope).map(|(_, j)| j.element);
    !running.chain(joining).any(&mut blocks)
}

/// Elements from which one of the flows can be reached without passing the gateway.
fn sources(def: &Definition, gateway: El, flows: impl Iterator<Item = Fl>) -> std::collections::HashSet<El> {
    let mut found = std::collections::HashSet::new();
    let mut open: Vec<El> = flows.map(|f| def.flows[f as usize].source).collect();
    while let Some(e) = open.pop() {
        if e == gateway || !found.insert(e) {
            continue;
        }
        let el = def.at(e);
        open.extend(el.incoming.iter().map(|f| def.flows[*f as usize].source));
        match &el.kind {
            Kind::Boundary { attached, .. } => open.push(*attached),
            Kind::Catch(crate::definition::Trigger::Link) => {
                let throws = def
                    .elements
                    .iter()
                    .enumerate()
                    .filter(|(_, t)| matches!(t.kind, Kind::Throw(Throw::Link(to)) if to == e));
                open.extend(throws.filter_map(|(n, _)| El::try_from(n).ok()));
            }
            _ => {}
        }
    }
    found
}
