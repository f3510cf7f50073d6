// SPDX-License-Identifier: EUPL-1.2
//! Blobs on an S3 server, through the `minio` crate. For operators: `deploy/README.md`, section S3.
//!
//! **Key** `<mandant>/<sha256>`. **Create-only**: looked up first, then written with `If-None-Match: *`. A server that
//! ignores the condition (Garage) overwrites equal bytes with equal bytes. What is there already is read and hashed
//! before it counts as stored, so a sender's repeat heals a damaged blob instead of trusting it.
//!
//! **Written whole or not at all**: `x-amz-checksum-sha256` with each object and part, large blobs in parts
//! (file `upload.rs`); parts of a dead process are invisible and [`Blobs::sweep`] aborts them when they are old
//! (`s3.aufraeumen_h`: services share a bucket, and a young upload may be somebody's work).
//!
//! **Read**: SHA-256 of every byte. A first mismatch is asked again (the way, not the store); a second one is
//! [`BlobError::Damaged`]. "No such key" is believed only after `s3.geduld_ms`: replicated stores lag. A 404 that is
//! not in S3's own words, and a 404 on HEAD, which has no words, are never taken for "missing".
//!
//! **Away**: each attempt has a time limit, attempts have growing, jittered pauses and an end, and a circuit breaker
//! over all calls answers at once while the store is gone (`breaker.rs`).
//!
//! **Versions and lock**: [`Blobs::check`] says what the bucket lacks. With versions, [`Blobs::remove`] removes every
//! version, for a delete marker would keep the personal data; under retention it refuses and hides nothing. What
//! another program writes or deletes over a blob covers it only: the older version is found by its hash and served.

mod breaker;
mod bucket;
mod call;
mod credentials;
mod upload;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use minio::s3::{
    MinioClient, MinioClientBuilder,
    http::BaseUrl,
    types::{BucketName, ObjectKey, Region, S3Api as _},
};
use nachrichten::BlobHash;

use super::{BlobError, Blobs, Mangel};
use crate::{config::S3Settings, uhr::Clock};
use breaker::Breaker;
use call::{Caller, Failure};

pub use credentials::SECRET_VARIABLE;

/// While the breaker is open, one attempt per this time: well below the 15 s in which work goes on after a fault.
const PROBE: Duration = Duration::from_secs(2);
/// Rounds of "not there, but somebody was first" before a `put` gives up.
const ROUNDS: usize = 3;

/// An S3 bucket, one Mandant.
pub struct S3Blobs {
    client: MinioClient,
    bucket: BucketName,
    /// `<mandant>/`
    prefix: String,
    caller: Caller,
    settings: S3Settings,
    clock: Arc<dyn Clock>,
}

impl S3Blobs {
    /// Prepares the client; does not ask the store, so services and store may start in any order.
    ///
    /// # Errors
    /// A setting that cannot be: the text names it.
    pub fn open(settings: &S3Settings, mandant: &str, clock: Arc<dyn Clock>) -> Result<Self, BlobError> {
        let wrong = |key: &str, why: &dyn std::fmt::Display| BlobError::Refused(format!("setting s3.{key}: {why}"));
        settings.retention().map_err(|e| wrong("sperre", &e))?;
        if mandant.is_empty() || !mandant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(BlobError::Refused(
                "setting mandant: letters, digits, - and _ only, it is part of a key".into(),
            ));
        }
        let mut endpoint: BaseUrl = settings.endpoint.parse().map_err(|e| wrong("endpoint", &e))?;
        endpoint.region = Region::new(settings.region.as_str()).map_err(|e| wrong("region", &e))?;
        let secret = credentials::Secret::open(
            &settings.zugang,
            &settings.geheimnis_datei,
            std::env::var(SECRET_VARIABLE).ok(),
        )?;
        let ca = (!settings.ca_datei.is_empty()).then(|| Path::new(&settings.ca_datei));
        let client = MinioClientBuilder::new(endpoint)
            .provider(Some(secret))
            .ssl_cert_file(ca)
            .app_info(Some(("eakte".into(), env!("CARGO_PKG_VERSION").into())))
            .build()
            .map_err(|e| wrong("ca_datei or endpoint", &e))?;
        Ok(Self {
            client,
            bucket: BucketName::new(settings.bucket.as_str()).map_err(|e| wrong("bucket", &e))?,
            prefix: format!("{mandant}/"),
            caller: Caller::new(settings.versuche, Duration::from_millis(settings.frist_ms), Breaker::new(PROBE)),
            settings: settings.clone(),
            clock,
        })
    }

    fn key(&self, hash: BlobHash) -> Result<ObjectKey, Failure> {
        ObjectKey::new(format!("{}{hash}", self.prefix)).map_err(|e| Failure::Refused(e.to_string()))
    }

    /// HEAD: whether the store shows an object under this key.
    async fn look(&self, key: &ObjectKey) -> Result<bool, Failure> {
        let head = self.caller.call("head", || async {
            let request = async { self.client.stat_object(&self.bucket, key)?.build().send().await };
            self.caller.within(0, request).await
        });
        match head.await {
            Ok(_) => Ok(true),
            Err(Failure::Missing) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// GET, once answered; the bytes are not checked.
    async fn fetch(&self, key: &ObjectKey, version: Option<&str>) -> Result<Bytes, Failure> {
        self.caller
            .call("get", || async {
                let request = async {
                    let version = version.map(str::to_owned);
                    self.client.get_object(&self.bucket, key)?.version_id(version).build().send().await
                };
                let answer = self.caller.within(0, request).await?;
                let size = answer.object_size().unwrap_or(0);
                self.caller.within(size, answer.into_bytes()).await
            })
            .await
    }

    /// The blob, if need be from below what another program wrote or deleted over it.
    async fn read(&self, hash: BlobHash) -> Result<Bytes, BlobError> {
        match self.read_current(hash).await {
            Err(covered @ (BlobError::Missing(_) | BlobError::Damaged(_))) => {
                if let Some(bytes) = self.older_version(hash).await? {
                    tracing::error!(alarm = "blob-verdeckt", blob = %hash, "{covered}, but an older version is whole and is served");
                    return Ok(bytes);
                }
                if let BlobError::Damaged(_) = covered {
                    tracing::error!(alarm = "blob-beschaedigt", blob = %hash, "stored blob is damaged, it is not served");
                }
                Err(covered)
            }
            other => other,
        }
    }

    /// GET with patience for a store that lags, and with the hash checked.
    async fn read_current(&self, hash: BlobHash) -> Result<Bytes, BlobError> {
        let key = self.key(hash)?;
        let (start, patience) = (Instant::now(), Duration::from_millis(self.settings.geduld_ms));
        let (mut pause, mut mismatch) = (Duration::from_millis(50), false);
        loop {
            match self.fetch(&key, None).await {
                Ok(bytes) if hash_of(&bytes).await? == hash => return Ok(bytes),
                Ok(_) if mismatch => return Err(BlobError::Damaged(hash)),
                Ok(_) => {
                    tracing::warn!(blob = %hash, "bytes do not have their hash, reading again");
                    mismatch = true;
                }
                Err(Failure::Missing) if start.elapsed() < patience => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(e) => return Err(e.about(hash)),
            }
        }
    }
}

/// Hashing 100 MB takes a third of a second: not on a thread that others wait for.
async fn hash_of(bytes: &Bytes) -> Result<BlobHash, BlobError> {
    let bytes = bytes.clone();
    let hash = tokio::task::spawn_blocking(move || BlobHash::of(&bytes)).await;
    hash.map_err(|e| BlobError::Io(std::io::Error::other(e)))
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobHash, BlobError> {
        let bytes = Bytes::from(bytes);
        let hash = hash_of(&bytes).await?;
        let key = self.key(hash)?;
        let mut there = self.look(&key).await?;
        for _ in 0..ROUNDS {
            if there {
                match self.read_current(hash).await {
                    Ok(_) => return Ok(hash),
                    Err(BlobError::Damaged(_)) => {
                        self.write(&key, hash, &bytes, false).await?;
                        tracing::error!(blob = %hash, "damaged blob is healed by the same bytes that came again");
                        return Ok(hash);
                    }
                    Err(BlobError::Missing(_)) => {}
                    Err(e) => return Err(e),
                }
            }
            // There when written and not there when read: a delete marker, which some servers count as an object.
            match self.write(&key, hash, &bytes, !there).await {
                Ok(()) => return Ok(hash),
                // Somebody was first, or our own attempt whose answer was lost: look at what is there.
                Err(Failure::Exists | Failure::NoUpload) => there = true,
                Err(e) => return Err(e.into()),
            }
        }
        Err(BlobError::Away(format!("{hash} is there when written and not there when read")))
    }

    async fn get(&self, hash: BlobHash) -> Result<Vec<u8>, BlobError> {
        Ok(self.read(hash).await?.into())
    }

    async fn exists(&self, hash: BlobHash) -> Result<bool, BlobError> {
        if self.look(&self.key(hash)?).await? {
            return Ok(true);
        }
        // HEAD has no words: only GET tells a missing object from a missing bucket or a lagging replica.
        match self.read(hash).await {
            Ok(_) | Err(BlobError::Damaged(_)) => Ok(true),
            Err(BlobError::Missing(_)) => Ok(false),
            Err(e) => Err(e),
        }
    }

    async fn remove(&self, hash: BlobHash) -> Result<(), BlobError> {
        self.remove_all_versions(hash).await
    }

    async fn list(&self) -> Result<Vec<BlobHash>, BlobError> {
        Ok(self.list_all().await?)
    }

    async fn sweep(&self) -> Result<usize, BlobError> {
        Ok(self.abort_old_uploads().await?)
    }

    async fn check(&self) -> Result<Vec<Mangel>, BlobError> {
        Ok(self.missing_protections().await?)
    }
}
