// SPDX-License-Identifier: EUPL-1.2
//! Taking tokens away: interruption, termination, cancellation.

use super::{Machine, Work};
use crate::api::{ElementInstanceId, HistoryKind, Output};
use crate::definition::Kind;
use crate::element;
use crate::state::Role;

impl Machine<'_> {
    /// Removes an instance with everything in it. The caller accounts for its token.
    pub fn cancel(&mut self, id: u64) {
        self.cancel_inside(id);
        let Some(inst) = self.s.instances.get(&id) else {
            return;
        };
        let instance = ElementInstanceId(id);
        let withdrawn = match (&inst.incident, &inst.role, &self.element(inst.element).kind) {
            (Some(_), ..) => Some(Output::IncidentClosed { instance }),
            (None, Role::Body(_), _) => None,
            (None, _, Kind::Job(_)) => Some(Output::CancelJob { instance }),
            (None, _, Kind::User(_)) => Some(Output::CancelTask { instance }),
            (None, _, Kind::Call(_)) => Some(Output::CancelCall { instance }),
            _ => None,
        };
        self.out.extend(withdrawn);
        self.log(id, HistoryKind::Cancelled, None);
        element::boundary::withdrawn(self, id);
        self.drop_waits(id);
        self.s.instances.remove(&id);
    }

    /// Removes what still runs inside of a scope that completes; what it has done can still be undone.
    pub fn cancel_rest(&mut self, scope: u64) {
        let done: Vec<_> = self.s.undo.iter().filter(|undo| undo.scope == scope).cloned().collect();
        self.cancel_inside(scope);
        self.s.undo.extend(done);
    }

    /// Removes everything inside of a scope: instances, queued tokens, tokens at joins, what could be undone.
    pub fn cancel_inside(&mut self, scope: u64) {
        let inside: Vec<u64> =
            self.s.instances.iter().filter(|(id, i)| **id != 0 && i.parent == scope).map(|(id, _)| *id).collect();
        for id in inside {
            self.cancel(id);
        }
        self.queue.retain(|work| match work {
            Work::Token { scope: s, .. } => *s != scope,
            Work::Run { body, .. } => *body != scope,
            Work::Undo { thrower } => self.s.instances.contains_key(thrower),
        });
        self.s.joins.retain(|join| join.scope != scope);
        self.s.undo.retain(|undo| undo.scope != scope);
        if let Some(inst) = self.s.instances.get_mut(&scope) {
            inst.live = 0;
        }
    }
}
