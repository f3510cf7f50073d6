// SPDX-License-Identifier: EUPL-1.2
//! Script task: a FEEL context whose entries are merged, or any value with a result variable.

use dsntk_feel::values::Value as Feel;
use nachrichten::Werte;
use serde_json::Value as Json;

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
            let value = m.sized(feel::to_json(&value))?;
            m.write(id, name, value);
            m.finish(id, Werte::new());
        }
        (Feel::Context(context), None) => match m.sized(feel::object(&context).into())? {
            Json::Object(values) => m.finish(id, values),
            _ => m.finish(id, Werte::new()),
        },
        (_, None) => return Err("Das Skript ergibt keinen Kontext.".into()),
    }
    Ok(())
}
