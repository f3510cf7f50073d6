// SPDX-License-Identifier: EUPL-1.2
//! The proposal job: what the text says about itself. Queue: [`VORSCHLAGEN`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobHash, Tag, erkennung::Trennblatt};

pub const VORSCHLAGEN: &str = "einordnung.vorschlagen.v1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Vorschlagen {
    /// UTF-8, pages separated by form feed.
    pub text: BlobHash,
    /// `Vec<SeitenText>` when the text was recognised.
    pub woerter: Option<BlobHash>,
    pub blatt: Option<Trennblatt>,
    /// Sender address of the mail this came in, if any.
    pub mail_absender: Option<String>,
    /// The day dates in the text are measured against.
    pub zugang: Tag,
}

/// Fields by name: `doc_type, sender, recipient, date, aktenzeichen, kassenzeichen, iban, amount, net, vat,
/// invoice_number, due_date, subject`. Values are normal: ISO dates, `6228.80`, IBAN without blanks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Vorschlag {
    pub felder: BTreeMap<String, Feld>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Feld {
    pub wert: String,
    /// 0..=1.
    pub sicherheit: f32,
    /// The words that decided, as a German half sentence: `Betreff enthält „Rechnung"`.
    pub grund: String,
    /// 1-based.
    pub seite: Option<u32>,
    pub kasten: Option<[i32; 4]>,
}
