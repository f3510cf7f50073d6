// SPDX-License-Identifier: EUPL-1.2
//! Sub-processes: embedded, transaction, ad-hoc and the process itself as a scope.

use nachrichten::Werte;
use serde_json::Value as Json;

use super::{adhoc, event_sub_process};
use crate::definition::{Scope, ScopeKind};
use crate::machine::{Done, Machine};
use crate::state::Retry;

/// Enters the sub-process: variables, event sub-processes, then its first elements.
pub(crate) fn begin(m: &mut Machine, id: u64, scope: &Scope) -> Done {
    event_sub_process::drop_starts(m, id);
    prepare(m, id, scope)?;
    if let ScopeKind::Adhoc { activate, .. } = &scope.kind {
        return adhoc::begin(m, id, activate.as_ref());
    }
    for element in &scope.initial {
        m.put_token(*element, id, None);
    }
    if scope.initial.is_empty() {
        done(m, id);
    }
    Ok(())
}

/// Listens for the event sub-processes of a scope that already runs; what fails stays an incident of the scope.
pub(crate) fn listen(m: &mut Machine, id: u64) {
    event_sub_process::drop_starts(m, id);
    if let Some(scope) = m.def.scope(m.inst(id).element)
        && let Err(text) = prepare(m, id, scope)
    {
        event_sub_process::drop_starts(m, id);
        m.incident(id, text, Retry::Listen);
    }
}

/// Declares local variables and listens for event sub-processes.
pub(crate) fn prepare(m: &mut Machine, id: u64, scope: &Scope) -> Done {
    for name in &scope.locals {
        m.inst_mut(id).vars.entry(name.clone()).or_insert(Json::Null);
    }
    let def = m.def;
    for (_, start, _) in &scope.event_subs {
        if let Some(trigger) = crate::machine::trigger_of(&def.at(*start).kind) {
            m.listen(id, *start, trigger)?;
        }
    }
    Ok(())
}

/// The last token inside is gone.
pub(crate) fn done(m: &mut Machine, id: u64) {
    event_sub_process::drop_starts(m, id);
    m.finish(id, Werte::new());
}
