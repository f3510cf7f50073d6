// SPDX-License-Identifier: EUPL-1.2
//! Script task: a FEEL context whose entries are merged, or any value with a result variable.

use dsntk_feel::values::Value as Feel;
use nachrichten::Werte;

use crate::feel::{self, Expr};
use crate::machine::{Done, Machine};

/// Evaluates and goes on at once.
pub(crate) fn begin(m: &mut Machine, id: u64, script: &Expr) -> Done {
    let value = m.eval(id, script);
    let result = &m.element(m.inst(id).element).io.result;
    match (value, result) {
        (value, Some(name)) => {
            if let (Feel::Null(_), Some(reason)) = (&value, feel::null_reason(&value)) {
                return Err(format!("Das Skript ist gescheitert. FEEL: {}", feel::shorten(reason)));
            }
            m.write(id, name, feel::to_json(&value));
            m.finish(id, Werte::new());
        }
        (Feel::Context(context), None) => m.finish(id, feel::object(&context)),
        (_, None) => return Err("Das Skript ergibt keinen Kontext.".into()),
    }
    Ok(())
}
