// SPDX-License-Identifier: EUPL-1.2
//! Documents and Akten, served by `akten`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, AkteId, BlobHash, DokumentId, SendungId, Tag, Timestamp, VorgangId,
    einordnung::Vorschlag,
    erkennung::{Befund, Seite, TeilArt},
    fehler::Fehler,
    rechnung::RechnungsFakten,
    sendungen::Kanal,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dokument {
    pub id: DokumentId,
    pub version: i64,
    pub sendung: SendungId,
    pub kanal: Kanal,
    pub art: TeilArt,
    /// `rechnung`, `bescheid`, ...; None until somebody or something knows.
    pub dokumentart: Option<String>,
    pub titel: String,
    pub name: String,
    /// `eingang`, `abgelegt`, `quarantaene`.
    pub stand: String,
    pub sha256: BlobHash,
    pub media_type: String,
    pub zugang: Tag,
    pub erfasst: Timestamp,
    pub freigabe: Option<Tag>,
    pub seiten: Vec<Seite>,
    pub renditionen: Vec<Rendition>,
    pub vorschlag: Option<Vorschlag>,
    pub fakten: Option<RechnungsFakten>,
    pub befunde: Vec<Befund>,
    pub ablage: Option<Ablageort>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablageort {
    pub einheit: String,
    pub einheit_titel: String,
    pub akte: AkteId,
    pub aktenzeichen: String,
    pub akte_titel: String,
    pub vorgang: VorgangId,
    pub vorgang_titel: String,
}

/// `original`, `pdfa`, `text`, `invoice-html`, `protokoll`, `woerter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rendition {
    pub name: String,
    pub media_type: String,
    pub size: u64,
    pub sha256: BlobHash,
}

#[derive(Clone, Debug)]
pub struct Inhalt {
    pub bytes: Vec<u8>,
    pub media_type: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AkteSeite {
    pub id: AkteId,
    pub aktenzeichen: String,
    pub titel: String,
    pub einheit: String,
    pub einheit_titel: String,
    pub amt: String,
    /// Closed on this day (z. d. A.).
    #[serde(default)]
    pub zda_am: Option<Tag>,
    pub vorgaenge: Vec<VorgangSeite>,
}

/// An Akte in a list, with how much is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AkteZeile {
    pub id: AkteId,
    pub aktenzeichen: String,
    pub titel: String,
    pub einheit: String,
    pub einheit_titel: String,
    pub amt: String,
    pub vorgaenge: u64,
    pub dokumente: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VorgangSeite {
    pub id: VorgangId,
    pub titel: String,
    /// Closed on this day (z. d. A.).
    #[serde(default)]
    pub zda_am: Option<Tag>,
    pub dokumente: Vec<DokumentZeile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DokumentZeile {
    pub id: DokumentId,
    pub titel: String,
    pub dokumentart: Option<String>,
    pub zugang: Tag,
    pub aktenzeichen: Option<String>,
    pub stand: String,
}

/// The documents of one Sendung that a person sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DerSendung {
    pub dokumente: Vec<DokumentZeile>,
    /// None of them is closed to this person: not confidential, and looked at. `None`: there is no document yet.
    pub offen: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Einheit {
    pub kennzeichen: String,
    pub titel: String,
    pub amt: String,
}

/// What becomes of an Akte or a Vorgang.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schluss {
    /// z. d. A.
    Zda,
    WiederOeffnen {
        /// At most 200 characters; stands in the audit trail.
        grund: String,
    },
}

/// New bytes for a document that was written in the house.
#[derive(Clone, Debug)]
pub struct NeueFassung {
    /// The content it takes the place of, as the person saw it.
    pub bisher: BlobHash,
    /// File name.
    pub name: String,
    pub bytes: Vec<u8>,
    /// What has changed; stands in the audit trail.
    pub grund: String,
}

#[async_trait]
pub trait Dokumente: Send + Sync {
    async fn get(&self, actor: &Actor, id: DokumentId) -> Result<Dokument, Fehler>;
    /// A rendition's bytes, hash checked.
    async fn rendition(&self, actor: &Actor, id: DokumentId, name: &str) -> Result<Inhalt, Fehler>;
    /// Image of page `index` (0-based) for the screen.
    async fn page_image(&self, actor: &Actor, id: DokumentId, index: u32) -> Result<Inhalt, Fehler>;
    /// Replaces the content; the earlier one stays as a version. 412 when it is no more the one the person saw, 422 (E2006)
    /// for post and invoices, which stay as they came. Returns the new content's hash.
    async fn neue_fassung(&self, actor: &Actor, id: DokumentId, neu: NeueFassung) -> Result<BlobHash, Fehler>;
    /// Newest first; opaque cursor.
    async fn list(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<DokumentZeile>, Option<String>), Fehler>;
    /// In the order of their parts.
    async fn of_sendung(&self, actor: &Actor, sendung: SendungId) -> Result<DerSendung, Fehler>;
    /// The same for a list of them, in its order: one call between processes instead of one each.
    async fn of_sendungen(&self, actor: &Actor, sendungen: &[SendungId]) -> Result<Vec<DerSendung>, Fehler>;
    /// Those of a list that this actor sees.
    async fn sichtbar(&self, actor: &Actor, ids: &[DokumentId]) -> Result<Vec<DokumentId>, Fehler>;
    async fn akte(&self, actor: &Actor, id: AkteId) -> Result<AkteSeite, Fehler>;
    /// Closes an Akte, or one Vorgang of it, or opens it again. 404 without the right to work in it, 422 (E3060) without
    /// a reason, 409 (E3061: something else must be closed or opened first, E3062: it is so already, E3063: its title is
    /// open elsewhere).
    async fn schluss(
        &self,
        actor: &Actor,
        akte: AkteId,
        vorgang: Option<VorgangId>,
        schluss: &Schluss,
    ) -> Result<(), Fehler>;
    async fn akten(
        &self,
        actor: &Actor,
        limit: u32,
        nach: Option<&str>,
    ) -> Result<(Vec<AkteZeile>, Option<String>), Fehler>;
    async fn aktenplan(&self, actor: &Actor) -> Result<Vec<Einheit>, Fehler>;
    /// How many documents this actor can see, and how many of them are filed.
    async fn zaehler(&self, actor: &Actor) -> Result<(u64, u64), Fehler>;
}
