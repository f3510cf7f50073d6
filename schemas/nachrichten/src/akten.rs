// SPDX-License-Identifier: EUPL-1.2
//! Jobs of the record keeper, done by the core service `akten` in its own transaction with an inbox row per job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AkteId, BlobHash, DokumentId, SendungId, Tag, VorgangId,
    einordnung::Vorschlag,
    erkennung::{Befund, Teil},
    rechnung::RechnungsFakten,
    sendungen::Kanal,
};

pub const ANLEGEN: &str = "akten.anlegen.v1";
pub const ERFASSEN: &str = "akten.erfassen.v1";
/// Job type: to another Eingangskorb.
pub const KORB: &str = "akten.korb.v1";
pub const ABLEGEN: &str = "akten.ablegen.v1";

/// Registers the documents of a Sendung: from now on they are visible in their Eingangskorb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Anlegen {
    pub sendung: SendungId,
    pub kanal: Kanal,
    pub zugang: Tag,
    pub teile: Vec<Teil>,
    /// Eingangskorb, e.g. `poststelle`.
    pub korb: String,
    /// The Sendung's own file; kept beside each part that was cut out of it.
    #[serde(default)]
    pub blob: Option<BlobHash>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Angelegt {
    pub dokumente: Vec<Angelegtes>,
}

/// What the process of one document starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Angelegtes {
    pub dokument: DokumentId,
    pub sendung: SendungId,
    pub zugang: Tag,
    pub teil: Teil,
}

/// Adds what became known: renditions, text, proposal, invoice facts, findings. Every field may be absent;
/// present ones replace earlier ones. Answers with possible duplicates of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Erfassen {
    pub dokument: Option<DokumentId>,
    pub pdfa: Option<BlobHash>,
    pub text: Option<BlobHash>,
    pub woerter: Option<BlobHash>,
    pub html: Option<BlobHash>,
    pub vorschlag: Option<Vorschlag>,
    pub fakten: Option<RechnungsFakten>,
    #[serde(deserialize_with = "null_is_empty")]
    pub befunde: Vec<Befund>,
    pub dokumentart: Option<String>,
    pub titel: Option<String>,
}

/// FEEL knows no absent value, only `null`.
pub(crate) fn null_is_empty<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Erfasst {
    /// Other documents with the same seller, number and amount, oldest first.
    pub dubletten: Vec<Dublette>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dublette {
    pub dokument: DokumentId,
    pub text: String,
}

/// Files the document: Aktenplan unit › Akte › Vorgang › Dokument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablegen {
    pub dokument: DokumentId,
    /// Kennzeichen of the Aktenplaneinheit, e.g. `66.10`.
    pub einheit: String,
    /// An existing Akte by its Aktenzeichen; without it the unit's current Akte for `akte_titel` is found or opened.
    pub aktenzeichen: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub akte_titel: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub vorgang_titel: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub dokumentart: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub titel: String,
    /// Office that keeps the Akte, e.g. `66`; empty means the unit's own.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub amt: String,
    /// Decision log of the process, filed as a rendition (JSON blob), if any.
    pub protokoll: Option<serde_json::Value>,
    /// Name of the person whose decision this filing carries out.
    pub freigegeben_von: Option<String>,
    /// z. d. A.: the Vorgang is done and closed with this filing.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub zda: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Abgelegt {
    pub akte: AkteId,
    pub vorgang: VorgangId,
    pub aktenzeichen: String,
}

/// Moves a document that is not filed yet to another Eingangskorb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Korb {
    pub dokument: DokumentId,
    /// Name as in `korb:<name>`: lower case letters, digits, hyphens.
    pub korb: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KorbGewechselt {
    /// False when it was filed already.
    pub gewechselt: bool,
}
