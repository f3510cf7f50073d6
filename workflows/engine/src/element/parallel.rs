// SPDX-License-Identifier: EUPL-1.2
//! Parallel gateway as a join: one token from every incoming flow.

use crate::definition::{El, Fl};
use crate::machine::Machine;
use crate::state::{Join, Role};

/// A token arrives; with one on each incoming flow the gateway fires.
pub(crate) fn arrive(m: &mut Machine, element: El, scope: u64, flow: Option<Fl>) {
    let Some(flow) = flow else { return };
    let at = add(m, element, scope, flow);
    let el = m.element(element);
    if m.s.joins[at].tokens.len() == el.incoming.len() {
        consume(m, at);
    }
}

/// Stores a token at a join.
pub(crate) fn add(m: &mut Machine, element: El, scope: u64, flow: Fl) -> usize {
    let found = m.s.joins.iter().position(|j| j.element == element && j.scope == scope);
    let at = found.unwrap_or_else(|| {
        m.s.joins.push(Join { scope, element, tokens: Vec::new() });
        m.s.joins.len() - 1
    });
    match m.s.joins[at].tokens.iter_mut().find(|(f, _)| *f == flow) {
        Some((_, n)) => *n += 1,
        None => m.s.joins[at].tokens.push((flow, 1)),
    }
    at
}

/// Takes one token from each flow that has one and goes on with one (`live`: - taken + 1).
pub(crate) fn consume(m: &mut Machine, at: usize) {
    let join = &mut m.s.joins[at];
    let (element, scope) = (join.element, join.scope);
    let taken = u32::try_from(join.tokens.len()).unwrap_or(u32::MAX);
    for (_, n) in &mut join.tokens {
        *n -= 1;
    }
    join.tokens.retain(|(_, n)| *n > 0);
    if join.tokens.is_empty() {
        m.s.joins.remove(at);
    }
    m.inst_mut(scope).live -= taken - 1;
    let id = m.create(element, scope, Role::Plain);
    m.begin(id);
}
