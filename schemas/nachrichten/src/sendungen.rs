// SPDX-License-Identifier: EUPL-1.2
//! Intake as other services and the command line see it.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, BlobHash, DokumentId, SendungId, Tag, TaskId, Timestamp, fehler::Fehler};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kanal {
    Scan,
    Mail,
    Upload,
}

/// One file handed in.
#[derive(Clone, Debug)]
pub struct Einlieferung {
    pub kanal: Kanal,
    /// Display name; cut to 200 bytes, never used as a path.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Header value (upload), profile id + SHA-256 (scan), hash of the raw message (mail).
    pub idempotency_key: String,
    /// Zugang when the channel knows it (Nachtbriefkasten, mail date); default today.
    pub zugang: Option<Tag>,
    /// Came by a confidential way (its own scan folder, a mark at the upload): nobody but the confidential circle sees it.
    pub vertraulich: bool,
}

/// The answer to an [`Einlieferung`]; the promise "nothing lost" begins with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quittung {
    pub receipt: SendungId,
    pub sha256: BlobHash,
    /// The first receipt, when the same bytes came before.
    pub duplicate_of: Option<SendungId>,
    /// True when the same idempotency key came again: this is the first answer once more.
    pub repeated: bool,
    pub erfasst: Timestamp,
}

/// Settled or running, worst last. Order of worth: quarantined > refused > clearing > waiting > filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// Still being worked on.
    Accepted,
    Filed,
    Waiting,
    Clearing,
    Refused,
    Quarantined,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grund {
    pub code: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WartetAuf {
    pub task: TaskId,
    pub element: String,
    pub group: Option<String>,
}

/// The state of a Sendung as `eakte intake --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendungStand {
    pub receipt: SendungId,
    /// Name of the file; of confidential post, and of post that nobody looked at yet, [`OHNE_NAME`] for those who may not
    /// see it.
    pub name: String,
    pub sha256: BlobHash,
    pub duplicate_of: Option<SendungId>,
    pub kanal: Kanal,
    pub state: Stand,
    pub waiting_for: Vec<WartetAuf>,
    pub reason: Option<Grund>,
    pub documents: Vec<DokumentStand>,
    /// The day it reached the city.
    pub zugang: Tag,
    pub erfasst: Timestamp,
    /// The day a person released it to work.
    pub freigabe: Option<Tag>,
    /// Words for the progress line, e.g. "312 von 400 Seiten erkannt".
    pub fortschritt: Option<String>,
    pub size: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DokumentStand {
    pub id: DokumentId,
    pub doc_type: Option<String>,
    /// Aktenzeichen.
    pub akte: Option<String>,
    pub vorgang: Option<String>,
    pub state: Stand,
    pub pages: u32,
}

/// What a list says instead of the name of post that its reader may not see.
pub const OHNE_NAME: &str = "Sendung ohne Einblick";

/// The intake service.
#[async_trait]
pub trait Sendungen: Send + Sync {
    /// Takes bytes in. By upload, bytes that are not what they claim to be are refused (4xx, nothing kept but
    /// the audit entry); by scan and mail everything is kept.
    async fn accept(&self, actor: &Actor, e: Einlieferung) -> Result<Quittung, Fehler>;
    async fn stand(&self, actor: &Actor, id: SendungId) -> Result<SendungStand, Fehler>;
    /// Newest first.
    async fn list(&self, actor: &Actor, limit: u32) -> Result<Vec<SendungStand>, Fehler>;
    /// Corrects the Zugang; the reason is kept in the audit trail. `version` is what the person saw.
    async fn correct_zugang(&self, actor: &Actor, id: SendungId, zugang: Tag, grund: &str) -> Result<(), Fehler>;
}
