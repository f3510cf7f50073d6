// SPDX-License-Identifier: EUPL-1.2
//! Business rule task with a DMN decision.

use nachrichten::Werte;

use crate::machine::{Done, Machine};

/// Evaluates the decision over the visible variables (or the context of `eakte:eingabe`).
/// The result goes to `eakte:ergebnis`, else to the decision's own variable.
pub(crate) fn begin(m: &mut Machine, id: u64, decision: &str) -> Done {
    let el = m.element(m.inst(id).element);
    let result = match &el.io.input {
        Some(input) => {
            let input = m.eval_object(id, input)?;
            m.def.decisions.evaluate(decision, &input, m.now)
        }
        None => m.def.decisions.evaluate(decision, &m.visible(id), m.now),
    }?;
    let result = m.sized(result)?;
    let name = el.io.result.clone().or_else(|| m.def.decisions.variable(decision));
    let name = name.unwrap_or_else(|| decision.to_owned());
    if el.io.outputs.is_empty() {
        m.write(id, &name, result);
        m.finish(id, Werte::new());
    } else {
        m.finish(id, Werte::from_iter([(name, result)]));
    }
    Ok(())
}
