// SPDX-License-Identifier: EUPL-1.2
//! Receive task: waits for one message.

use crate::definition::MessageRef;
use crate::machine::{Done, Machine};

/// Subscribes; the message completes the task.
pub(crate) fn begin(m: &mut Machine, id: u64, message: &MessageRef) -> Done {
    let event = m.inst(id).element;
    m.subscribe(id, event, message)
}
