// SPDX-License-Identifier: EUPL-1.2
//! Finishing elements and moving tokens over sequence flows.

use dsntk_feel::values::Value as Feel;
use nachrichten::Werte;

use super::{Machine, Work};
use crate::api::{ElementInstanceId, HistoryKind, Outcome, Output};
use crate::definition::{El, Element, Fl, Kind, Throw};
use crate::element;
use crate::state::{Phase, Retry, Role};

impl Machine<'_> {
    /// Puts a token before an element of a scope (`live` + 1).
    pub fn put_token(&mut self, element: El, scope: u64, flow: Option<Fl>) {
        self.inst_mut(scope).live += 1;
        self.queue.push_back(Work::Token { element, scope, flow });
    }

    /// The work of an element is done: takes its result and goes on.
    pub fn finish(&mut self, id: u64, result: Werte) {
        match self.take_result(id, &result) {
            Ok(()) => self.complete(id),
            Err(text) => self.incident(id, text, Retry::Finish(result)),
        }
    }

    /// Goes on: one run of several ends, or the element is left by its flows.
    pub fn complete(&mut self, id: u64) {
        match self.inst(id).role {
            Role::Inner(_) => return element::multi_instance::run_done(self, id),
            Role::Handler(thrower) => {
                return element::compensation::handler_done(self, id, thrower);
            }
            _ => {}
        }
        let el = self.element(self.inst(id).element);
        match self.choose_flows(id, el) {
            Ok(flows) => self.leave(id, &flows),
            Err(text) => self.incident(id, text, Retry::Leave),
        }
    }

    /// Completed: tokens on the chosen flows (`live` of the scope: - 1 + flows).
    fn leave(&mut self, id: u64, flows: &[Fl]) {
        self.log(id, HistoryKind::Completed, None);
        element::compensation::remember(self, id);
        let scope = self.inst(id).parent;
        self.retire(id);
        for flow in flows {
            self.put_token(self.def.flows[*flow as usize].target, scope, Some(*flow));
        }
        self.token_gone(scope);
    }

    /// Removes a completed instance and what it listened to.
    pub fn retire(&mut self, id: u64) {
        element::boundary::withdrawn(self, id);
        self.drop_waits(id);
        self.close_incident(id);
        self.s.instances.remove(&id);
    }

    /// An incident that ends with its instance.
    pub fn close_incident(&mut self, id: u64) {
        if self.s.instances.get_mut(&id).is_some_and(|i| i.incident.take().is_some()) {
            self.out.push(Output::IncidentClosed { instance: ElementInstanceId(id) });
        }
    }

    /// A token of the scope is gone (`live` - 1); the scope ends with its last one.
    pub fn token_gone(&mut self, scope: u64) {
        let inst = self.inst_mut(scope);
        inst.live = inst.live.saturating_sub(1);
        let empty = inst.live == 0;
        if element::adhoc::is_adhoc(self, scope) {
            element::adhoc::after_activity(self, scope);
        } else if empty {
            self.scope_done(scope);
        } else {
            element::event_sub_process::when_completing(self, scope);
        }
    }

    /// The last token of a scope is gone.
    pub fn scope_done(&mut self, scope: u64) {
        if scope == 0 {
            return self.end(Outcome::Completed);
        }
        element::sub_process::done(self, scope);
    }

    /// The whole instance is over.
    pub fn end(&mut self, outcome: Outcome) {
        self.queue.clear();
        self.cancel_inside(0);
        self.drop_waits(0);
        self.close_incident(0);
        let kind = if outcome == Outcome::Cancelled { HistoryKind::Cancelled } else { HistoryKind::Completed };
        let detail = if let Outcome::Error { code } = &outcome { Some(code.clone()) } else { None };
        self.log(0, kind, detail);
        self.s.phase = Phase::Ended;
        self.s.undo.clear();
        self.out.push(Output::Ended { variables: self.inst(0).vars.clone(), outcome });
    }

    /// Which flows the tokens take.
    fn choose_flows(&mut self, id: u64, el: &Element) -> Result<Vec<Fl>, String> {
        if matches!(el.kind, Kind::EventBased) {
            return Ok(Vec::new());
        }
        if let Kind::Throw(Throw::Link(target)) = el.kind {
            let scope = self.inst(id).parent;
            self.put_token(target, scope, None);
            return Ok(Vec::new());
        }
        if matches!(el.kind, Kind::Parallel)
            || !el.outgoing.iter().any(|f| self.def.flows[*f as usize].condition.is_some())
        {
            if matches!(el.kind, Kind::Exclusive) && el.outgoing.len() > 1 {
                // No conditions at all: the default, else the first as drawn.
                return Ok(el.default.or(el.outgoing.first().copied()).into_iter().collect());
            }
            return Ok(el.outgoing.clone());
        }
        let exclusive = matches!(el.kind, Kind::Exclusive);
        let mut taken = Vec::new();
        for f in el.outgoing.iter().filter(|f| Some(**f) != el.default) {
            if self.flow_open(id, *f)? {
                taken.push(*f);
                if exclusive {
                    break;
                }
            }
        }
        if taken.is_empty() {
            taken.extend(el.default);
        }
        if taken.is_empty() {
            return Err("Keine Bedingung trifft zu, und es gibt keinen Standardweg.".into());
        }
        Ok(taken)
    }

    /// A flow without condition is open; null counts as not fulfilled.
    fn flow_open(&mut self, id: u64, flow: Fl) -> Result<bool, String> {
        let Some(condition) = &self.def.flows[flow as usize].condition else {
            return Ok(true);
        };
        let scope = self.inst(id).parent;
        match self.eval(scope, condition) {
            Feel::Boolean(b) => Ok(b),
            Feel::Null(Some(reason)) if reason == crate::budget::STOPPED => {
                Err(format!("Bedingung „{}“: {reason}", crate::feel::shorten(condition.text())))
            }
            Feel::Null(_) => Ok(false),
            _ => Err(format!(
                "Die Bedingung „{}“ ergibt weder wahr noch falsch.",
                crate::feel::shorten(condition.text())
            )),
        }
    }
}
