// SPDX-License-Identifier: EUPL-1.2
//! Intermediate catch events: timer, message, signal, condition, link.

use nachrichten::Werte;

use crate::definition::Trigger;
use crate::machine::{Done, Machine};

/// Listens; a link (and a none event) passes at once.
pub(crate) fn begin(m: &mut Machine, id: u64, trigger: &Trigger) -> Done {
    match trigger {
        Trigger::Timer(_) | Trigger::Message(_) | Trigger::Signal(_) | Trigger::Conditional(_) => {
            let event = m.inst(id).element;
            m.listen(id, event, trigger)
        }
        _ => {
            m.finish(id, Werte::new());
            Ok(())
        }
    }
}
