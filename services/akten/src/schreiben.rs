// SPDX-License-Identifier: EUPL-1.2
//! What the jobs write in common: renditions, blob references, audit entries.

use nachrichten::{BlobHash, DokumentId, SendungId, Timestamp};
use serde_json::Value;
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    from_row, statements,
};

use crate::{ACTOR, Akten, AktenError, lock};

statements! {
    pub SPERRE = "SELECT length($1)" => "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    RENDITION_JETZT = "SELECT version, hash FROM akten_rendition WHERE dokument = $1 AND name = $2 ORDER BY version DESC LIMIT 1";
    pub RENDITION = "INSERT INTO akten_rendition (dokument, name, version, hash, media_type, size, erstellt) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    pub BLOB = "INSERT INTO akten_blob (hash, wer, art) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    KOPF = "SELECT sendung, sha256, titel, dokumentart, akte, vorgang, version, befunde FROM akten_dokument WHERE id = $1";
}

/// What a job needs to know of a document before it changes it.
pub struct Kopf {
    pub sendung: SendungId,
    pub sha256: BlobHash,
    pub titel: String,
    pub dokumentart: Option<String>,
    pub akte: Option<nachrichten::AkteId>,
    pub vorgang: Option<nachrichten::VorgangId>,
    pub version: i64,
    pub befunde: Value,
}
from_row!(Kopf { sendung, sha256, titel, dokumentart, akte, vorgang, version, befunde });

/// Media type by the first bytes, for what carries no name of its own type.
pub fn sniff(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "image/tiff",
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// Reads and locks a document.
pub async fn kopf(tx: &mut Tx, id: DokumentId) -> Result<Kopf, AktenError> {
    lock(tx, &objekt(id)).await?;
    tx.optional(&KOPF, args![id]).await?.ok_or(AktenError::NoDocument(id))
}

/// How a document stands in grants and in the audit trail.
pub fn objekt(id: DokumentId) -> String {
    format!("dokument:{id}")
}

/// The chain of a Sendung.
pub fn sendung_kette(id: SendungId) -> String {
    format!("sendung:{id}")
}

/// Bytes that lie in the blob store already, measured and checked.
#[derive(Clone, Debug)]
pub struct Datei {
    pub name: &'static str,
    pub hash: BlobHash,
    pub media_type: String,
    pub size: u64,
}

impl Akten {
    /// Reads the blob once: it is there, it has its hash, and so long it is.
    pub(crate) async fn datei(
        &self,
        name: &'static str,
        hash: BlobHash,
        media_type: &str,
    ) -> Result<Datei, AktenError> {
        let bytes = self.blobs.get(hash).await?;
        let media_type = if media_type.is_empty() { sniff(&bytes) } else { media_type };
        Ok(Datei { name, hash, media_type: media_type.to_owned(), size: bytes.len() as u64 })
    }

    /// The text of a blob; bytes that are no UTF-8 become the replacement character.
    pub(crate) async fn text(&self, hash: BlobHash) -> Result<String, AktenError> {
        Ok(String::from_utf8_lossy(&self.blobs.get(hash).await?).into_owned())
    }
}

/// Adds a rendition with its blob reference; the same bytes again change nothing. True when something was written.
pub async fn rendition(tx: &mut Tx, dokument: DokumentId, datei: &Datei, now: Timestamp) -> Result<bool, DbError> {
    let current: Option<(i64, BlobHash)> = tx.optional(&RENDITION_JETZT, args![dokument, datei.name]).await?;
    if matches!(current, Some((_, hash)) if hash == datei.hash) {
        return Ok(false);
    }
    let version = current.map_or(1, |(version, _)| version + 1);
    tx.execute(&RENDITION, args![dokument, datei.name, version, datei.hash, &datei.media_type, datei.size, now])
        .await?;
    blob(tx, dokument, datei.hash, datei.name).await?;
    Ok(true)
}

/// Notes that a document refers to a blob.
pub async fn blob(tx: &mut Tx, dokument: DokumentId, hash: BlobHash, art: &str) -> Result<(), DbError> {
    tx.execute(&BLOB, args![hash, objekt(dokument), art]).await?;
    Ok(())
}

/// Appends to an audit chain as this service; `data` holds ids and hashes, no names and no text.
pub async fn audit(
    tx: &mut Tx,
    chain: &str,
    act: &str,
    object: &str,
    data: Value,
    at: Timestamp,
) -> Result<(), AktenError> {
    lock(tx, chain).await?;
    audit::append(tx, audit::Entry { chain, at, actor: ACTOR, act, object, data }).await?;
    Ok(())
}

/// JSON for a text column.
pub fn json<T: serde::Serialize>(value: &T) -> Result<Value, AktenError> {
    serde_json::to_value(value).map_err(|e| AktenError::Message(e.to_string()))
}

/// A title or name for the screen: no control characters, at most `max` bytes.
pub fn clean(text: &str, max: usize) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let flat = flat.trim();
    flat[..flat.floor_char_boundary(max)].to_owned()
}
