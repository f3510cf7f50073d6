// SPDX-License-Identifier: EUPL-1.2
//! Throwing events: intermediate and end.

use nachrichten::Werte;

use super::{compensation, error, escalation, transaction};
use crate::api::{Outcome, Output};
use crate::definition::Throw;
use crate::machine::{Done, Machine};

/// Throws and goes on; events that interrupt their own scope count as completed first.
pub(crate) fn begin(m: &mut Machine, id: u64, throw: &Throw) -> Done {
    match throw {
        Throw::None | Throw::Link(_) => {}
        Throw::Message { name, key, ttl } => {
            let name = m.eval_text(id, name)?;
            let key = m.eval_key(id, key.as_ref())?;
            let variables = payload(m, id)?;
            m.out.push(Output::Throw { name, key, variables, ttl: *ttl });
        }
        Throw::Signal(name) => {
            let name = m.eval_text(id, name)?;
            let variables = payload(m, id)?;
            signal(m, id, &name, variables);
            return Ok(());
        }
        Throw::Error(code) => return error::end(m, id, code),
        Throw::Escalation(code) => {
            let variables = payload(m, id)?;
            escalation::event(m, id, code, &variables);
            return Ok(());
        }
        Throw::Terminate => {
            terminate(m, id);
            return Ok(());
        }
        Throw::Compensation(target, wait) => {
            compensation::begin(m, id, *target, *wait);
            return Ok(());
        }
        Throw::Cancel => {
            transaction::begin(m, id);
            return Ok(());
        }
    }
    m.finish(id, Werte::new());
    Ok(())
}

/// Reaches whoever waits for it now: what begins to wait only afterwards does not hear it, nor does the thrower's
/// own instance twice.
fn signal(m: &mut Machine, id: u64, name: &str, variables: Werte) {
    let waiting = m.waiting_for_signal(name);
    m.out.push(Output::BroadcastSignal { name: name.to_owned(), variables: variables.clone() });
    m.finish(id, Werte::new());
    for number in waiting {
        m.happen(number, &variables);
    }
}

/// What goes with a message or signal: the context of `eakte:eingabe`, else mapped inputs, else nothing.
pub(crate) fn payload(m: &mut Machine, id: u64) -> Result<Werte, String> {
    match &m.element(m.inst(id).element).io.input {
        Some(input) => m.eval_object(id, input),
        None => Ok(m.inst(id).vars.clone()),
    }
}

/// Terminate end event: everything else in its scope is withdrawn, the scope counts as completed.
fn terminate(m: &mut Machine, id: u64) {
    let scope = m.consume(id);
    if scope == 0 {
        return m.end(Outcome::Terminated);
    }
    m.cancel_inside(scope);
    m.scope_done(scope);
}
