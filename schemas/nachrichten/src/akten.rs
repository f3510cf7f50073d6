// SPDX-License-Identifier: EUPL-1.2
//! Jobs of the record keeper, done by the core service `akten` in its own transaction with an inbox row per job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    AkteId, BlobHash, DokumentId, PersonId, SendungId, Tag, Timestamp, VorgangId,
    einordnung::Vorschlag,
    erkennung::{Befund, Seite, Teil},
    laufweg::LaufwegEintrag,
    rechnung::RechnungsFakten,
    sendungen::Kanal,
};

pub const ANLEGEN: &str = "akten.anlegen.v1";
pub const ERFASSEN: &str = "akten.erfassen.v1";
/// Job type: to another Eingangskorb.
pub const KORB: &str = "akten.korb.v1";
/// Job type: z. d. A.
pub const ZDA: &str = "akten.zda.v1";
/// Job type: the log of an Umlauf.
pub const LAUFPROTOKOLL: &str = "akten.laufprotokoll.v1";
pub const ABLEGEN: &str = "akten.ablegen.v1";

/// Registers the documents of a Sendung: from now on they are visible in their Eingangskorb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Anlegen {
    pub sendung: SendungId,
    pub kanal: Kanal,
    pub zugang: Tag,
    pub teile: Vec<Teil>,
    /// Eingangskorb, e.g. `poststelle`; `neu` is closed to everybody until a document was looked at.
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
    /// Eingangskorb it lies in.
    #[serde(default)]
    pub korb: String,
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
    /// Pages with their images.
    pub seiten: Option<Vec<Seite>>,
    /// What this was read from: when the document has other bytes by now, nothing is added.
    pub fassung: Option<BlobHash>,
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

/// Moves a document that is not filed yet to another Eingangskorb; `vertraulich` also marks it as confidential, any
/// other one says that it is not.
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

/// The closing order z. d. A. of a process: the Vorgang of this document is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zda {
    pub dokument: DokumentId,
    /// Whose order it was.
    #[serde(default)]
    pub von: Option<PersonId>,
    /// New post of the Vorgang's title opens it again until this day; without it, it opens a new one.
    #[serde(default)]
    pub wiederaufnahme_bis: Option<Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZdaErledigt {
    /// None: the document stands in no Akte.
    pub vorgang: Option<VorgangId>,
    /// False when it was closed before.
    pub geschlossen: bool,
}

/// Files the log of an Umlauf beside the document it was about: a document of its own in the same Vorgang. Fields
/// follow xdomea's Geschäftsgang and Beteiligungsschritt. Once per process instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Laufprotokoll {
    /// What went round.
    pub dokument: DokumentId,
    pub titel: String,
    /// Who began it.
    #[serde(default)]
    pub von: Option<String>,
    /// `alle`, `mehrheit`, `erstes_nein`, `schriftlich`.
    pub regel: String,
    /// `angenommen`, `abgelehnt`, `tagesordnung`, `zurueckgezogen`.
    pub ergebnis: String,
    /// Content at the end.
    #[serde(default)]
    pub fassung: Option<BlobHash>,
    pub positionen: Vec<LaufSchritt>,
}

/// One position of the log, whatever became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LaufSchritt {
    pub nr: u32,
    pub stufe: u32,
    pub name: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub verfuegung: String,
    /// `erledigt`, `uebersprungen`, `ungueltig`.
    pub stand: String,
    #[serde(default)]
    pub entscheidung: Option<String>,
    #[serde(default)]
    pub bemerkung: Option<String>,
    #[serde(default)]
    pub von: Option<String>,
    /// In whose place.
    #[serde(default)]
    pub fuer: Option<String>,
    #[serde(default)]
    pub zeit: Option<Timestamp>,
    /// Who changed the route here, and why.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub eintraege: Vec<LaufwegEintrag>,
}

/// The log as a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaufprotokollAbgelegt {
    pub dokument: DokumentId,
}
