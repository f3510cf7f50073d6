// SPDX-License-Identifier: EUPL-1.2
//! Call activity: the service starts another instance and reports its end.

use nachrichten::Werte;

use crate::api::{ElementInstanceId, Output};
use crate::definition::{CallSpec, Element};
use crate::machine::{Done, Machine};

/// Asks for the call. In: `eakte:eingabe`, else mapped inputs only, or all variables.
pub(crate) fn begin(m: &mut Machine, id: u64, el: &Element, spec: &CallSpec) -> Done {
    let process = m.eval_text(id, &spec.process)?;
    let variables = match &el.io.input {
        Some(input) => m.eval_object(id, input)?,
        None if spec.all_in => m.visible(id).into_owned(),
        None => m.inst(id).vars.clone(),
    };
    m.out.push(Output::Call {
        instance: ElementInstanceId(id),
        element: el.id.clone(),
        process,
        binding: spec.binding.clone(),
        variables,
    });
    Ok(())
}

/// The called instance ended: its variables come back, all or as mapped.
pub(crate) fn ended(m: &mut Machine, id: u64, spec: &CallSpec, variables: Werte) {
    let io = &m.element(m.inst(id).element).io;
    let back = spec.all_out || io.result.is_some() || !io.outputs.is_empty();
    m.finish(id, if back { variables } else { Werte::new() });
}
