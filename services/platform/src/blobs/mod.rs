// SPDX-License-Identifier: EUPL-1.2
//! The `Blobs` port: bytes by their SHA-256, create-only, verified on every read.
//!
//! Two backends, one contract (`service-platform-testkit`, module `blobs`): [`DirectoryBlobs`] for one machine,
//! [`S3Blobs`] for an S3 server. Both keep a blob under `<mandant>/<sha256>`, so a repeated `put` is harmless
//! whatever happened to the first one. What differs on purpose: an S3 server that is [away](BlobError::Away) comes
//! back, and one under retention [refuses to remove](BlobError::Retained).

mod ordner;
pub mod s3;

use async_trait::async_trait;
use nachrichten::BlobHash;

pub use ordner::DirectoryBlobs;
pub use s3::S3Blobs;

/// Why a blob store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("no blob {0}")]
    Missing(BlobHash),
    /// The stored bytes no longer have their hash; they are never served.
    #[error("blob {0} is damaged")]
    Damaged(BlobHash),
    /// The store forbids removing it before its retention ends.
    #[error("blob {0} is under retention")]
    Retained(BlobHash),
    /// No answer, or only errors, after all repeats. Says nothing about any blob: ask again later.
    #[error("blob store is away: {0}")]
    Away(String),
    /// The store answers and says no: credentials, rights, a missing bucket. Repeating helps only after an operator.
    #[error("blob store refuses: {0}")]
    Refused(String),
    #[error("blob store: {0}")]
    Io(#[from] std::io::Error),
}

impl BlobError {
    /// Whether the same call may succeed later without anybody changing the data.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Refused(_) | Self::Io(_))
    }

    /// The store as a whole does not work, not this one blob: whoever needs it waits.
    pub fn is_away(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match self {
            Self::Away(_) | Self::Refused(_) => true,
            Self::Io(e) => matches!(e.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem),
            _ => false,
        }
    }
}

/// A protection that the store lacks: works, but an operator must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mangel {
    /// Stable name of the alarm, `blobs-ohne-versionen`.
    pub alarm: &'static str,
    /// What is missing and what to do, in English, for the log.
    pub text: String,
}

#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores bytes; returns only when they are safe (file and directory synced, or acknowledged by the S3 server).
    /// Again is harmless: stored bytes are read and compared, and a damaged blob is healed.
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobHash, BlobError>;
    /// The bytes, hash checked.
    async fn get(&self, hash: BlobHash) -> Result<Vec<u8>, BlobError>;
    async fn exists(&self, hash: BlobHash) -> Result<bool, BlobError>;
    /// Removes a blob nobody refers to, in all its versions; a missing one is no error. Only retention and the
    /// start-up sweep call this.
    async fn remove(&self, hash: BlobHash) -> Result<(), BlobError>;
    /// Every stored hash; for `reconcile`.
    async fn list(&self) -> Result<Vec<BlobHash>, BlobError>;
    /// Removes what an interrupted `put` left behind. Returns how many. A directory has one owner, who calls it before
    /// anything else runs; a bucket has several, so there only what is old goes, and it may be called any time.
    async fn sweep(&self) -> Result<usize, BlobError>;
    /// Reaches the store and says which protections it lacks; for start-up and health.
    async fn check(&self) -> Result<Vec<Mangel>, BlobError>;
}
