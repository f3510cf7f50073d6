// SPDX-License-Identifier: EUPL-1.2
//! How large values are: all variables of an instance together have a limit ([`MAX_VALUES`]).

use nachrichten::Werte;
use serde_json::Value as Json;

use crate::api::{Command, MAX_VALUES};
use crate::state::{Role, State};

/// Values up to this size are taken without counting the others; a step has a limited number of them.
const SMALL: usize = 1_000;

/// Whether the instance can take the values of a command.
pub(crate) fn fits(state: &State, command: &Command) -> bool {
    let values = match command {
        Command::Start { variables, .. }
        | Command::CompleteJob { variables, .. }
        | Command::BpmnError { variables, .. }
        | Command::Escalate { variables, .. }
        | Command::CompleteTask { variables, .. }
        | Command::Message { variables, .. }
        | Command::Signal { variables, .. }
        | Command::CalledEnded { variables, .. }
        | Command::CalledError { variables, .. }
        | Command::CalledEscalation { variables, .. }
        | Command::SetVariables { variables, .. } => variables,
        _ => return true,
    };
    room_for(state, of_all(values))
}

/// Whether so many bytes more are within the limit.
pub(crate) fn room_for(state: &State, bytes: usize) -> bool {
    bytes <= SMALL || bytes.saturating_add(total(state)) <= MAX_VALUES
}

/// All variables of an instance, with the lists of its multi-instances.
fn total(state: &State) -> usize {
    let lists = |role: &Role| match role {
        Role::Body(body) => {
            body.items.iter().map(of).sum::<usize>() + body.results.iter().map(|(_, value)| of(value)).sum::<usize>()
        }
        _ => 0,
    };
    state.instances.values().map(|i| of_all(&i.vars) + lists(&i.role)).sum()
}

pub(crate) fn of_all(values: &Werte) -> usize {
    values.iter().map(|(name, value)| name.len() + 4 + of(value)).sum()
}

pub(crate) fn of(value: &Json) -> usize {
    match value {
        Json::String(s) => s.len() + 2,
        Json::Array(items) => items.iter().map(of).sum::<usize>() + 2,
        Json::Object(map) => of_all(map) + 2,
        _ => 8,
    }
}
