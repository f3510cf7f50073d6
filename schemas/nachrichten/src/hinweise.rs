// SPDX-License-Identifier: EUPL-1.2
//! Notices by mail: who has work, without its content. Made by `geschaeftsgang`, handed over as `uebergabe.mail.v1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::uebergabe::Mail;

/// Job type: the mails of this morning.
pub const SAMMELN: &str = "hinweis.sammeln.v1";
/// Job type: a mail at once; only for Skonto and legal terms.
pub const SOFORT: &str = "hinweis.sofort.v1";

/// Input of [`SAMMELN`]: the day is the engine's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sammeln {}

/// Answer to [`SAMMELN`]: at most one mail per person and day, none on a day off. The same job gets the same answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gesammelt {
    pub mails: Vec<Mail>,
}

/// Input of [`SOFORT`]: tell everybody who may do the open tasks of these elements in this instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sofort {
    /// BPMN element ids.
    pub aufgaben_von: Vec<String>,
    /// Why now, in one German sentence that names no person, amount, number or subject; at most 200 characters are
    /// sent, and none of them when there is a number in it that is no day.
    pub grund: String,
}

/// Answer to [`SOFORT`]: how many mails are on their way, each with its own tries and incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SofortErgebnis {
    pub mails: u32,
}
