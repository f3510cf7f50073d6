// SPDX-License-Identifier: EUPL-1.2
//! Escalations: like errors, but the thrower goes on unless an interrupting event catches it.

use nachrichten::Werte;

use super::error::{self, Catcher};
use crate::api::Output;
use crate::definition::Trigger;
use crate::machine::Machine;

/// Escalation throw or end event.
pub(crate) fn event(m: &mut Machine, id: u64, code: &str, values: &Werte) {
    match find(m, id, code) {
        Some(catcher) if interrupting(&catcher) => {
            m.consume(id);
            error::fire(m, &catcher, values);
        }
        Some(catcher) => {
            error::fire(m, &catcher, values);
            m.finish(id, Werte::new());
        }
        None => {
            unheard(m, code, values);
            m.finish(id, Werte::new());
        }
    }
}

/// An escalation reported for a waiting element, which goes on waiting unless it is interrupted.
pub(crate) fn reported(m: &mut Machine, id: u64, code: &str, values: &Werte) {
    match find(m, id, code) {
        Some(catcher) => error::fire(m, &catcher, values),
        None => unheard(m, code, values),
    }
}

fn unheard(m: &mut Machine, code: &str, values: &Werte) {
    if m.s.called {
        m.out.push(Output::Escalated { code: code.to_owned(), variables: values.clone() });
    }
}

fn find(m: &Machine, id: u64, code: &str) -> Option<Catcher> {
    error::find(m, id, |t| matches!(t, Trigger::Escalation(wanted) if wanted.as_deref().is_none_or(|w| w == code)))
}

fn interrupting(catcher: &Catcher) -> bool {
    match catcher {
        Catcher::Boundary { interrupting, .. } | Catcher::EventSub { interrupting, .. } => *interrupting,
    }
}
