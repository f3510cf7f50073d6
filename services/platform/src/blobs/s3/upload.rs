// SPDX-License-Identifier: EUPL-1.2
//! Writing one object: in one request, or in parts when it is large. Visible only when complete.

use std::sync::Arc;

use bytes::Bytes;
use minio::s3::{
    builders::{PutObject, UploadPart},
    multimap_ext::{Multimap, MultimapExt as _},
    response_traits::{HasEtagFromHeaders as _, HasS3Fields as _},
    segmented_bytes::SegmentedBytes,
    types::{ObjectKey, PartInfo, S3Api as _},
    utils::{ChecksumAlgorithm, b64_encode, sha256_checksum},
};
use nachrichten::BlobHash;

use super::{S3Blobs, call::Failure};
use crate::config::Retention;

/// S3 takes no smaller part but the last.
const SMALLEST_PART: usize = 5 << 20;
/// S3 takes no more parts.
const MOST_PARTS: usize = 10_000;

impl S3Blobs {
    /// Writes the object; with `only_new`, [`Failure::Exists`] when there is one (where the server knows conditions).
    pub(super) async fn write(
        &self,
        key: &ObjectKey,
        hash: BlobHash,
        bytes: &Bytes,
        only_new: bool,
    ) -> Result<(), Failure> {
        let part = self.settings.teil_bytes.max(SMALLEST_PART).max(bytes.len().div_ceil(MOST_PARTS));
        if bytes.len() <= part {
            self.write_at_once(key, hash, bytes, only_new).await
        } else {
            self.write_in_parts(key, bytes, part, only_new).await
        }
    }

    async fn write_at_once(
        &self,
        key: &ObjectKey,
        hash: BlobHash,
        bytes: &Bytes,
        only_new: bool,
    ) -> Result<(), Failure> {
        self.caller
            .call("put", || async {
                let mut headers = self.lock_headers();
                headers.add("x-amz-checksum-sha256", b64_encode(hash.0));
                if only_new {
                    headers.add("If-None-Match", "*");
                }
                let body = UploadPart::builder()
                    .client(self.client.clone())
                    .bucket(self.bucket.clone())
                    .object(key.clone())
                    .data(Arc::new(SegmentedBytes::from(bytes.clone())))
                    .extra_headers(headers)
                    .build();
                let request = PutObject::builder().inner(body).build().send();
                self.caller.within(size(bytes), request).await.map(drop)
            })
            .await
    }

    async fn write_in_parts(&self, key: &ObjectKey, bytes: &Bytes, part: usize, only_new: bool) -> Result<(), Failure> {
        let upload = self
            .caller
            .call("create upload", || async {
                let request = async {
                    let begun = self.client.create_multipart_upload(&self.bucket, key)?;
                    let begun = begun
                        .extra_headers(self.lock_headers())
                        .checksum_algorithm(ChecksumAlgorithm::SHA256)
                        .build()
                        .send()
                        .await?;
                    Ok(begun.upload_id().await?.into_inner())
                };
                self.caller.within(0, request).await
            })
            .await?;
        let done = self.parts(key, &upload, bytes, part, only_new).await;
        if done.is_err() {
            // As good as it goes; what stays is invisible and swept later.
            match self.abort(key.as_str(), &upload).await {
                Ok(()) => {}
                // Swept under our hands. Servers reset the connection of a part that comes too late, which looks
                // like a broken way.
                Err(Failure::NoUpload) => {
                    return done.map_err(|e| if let Failure::Away(_) = e { Failure::NoUpload } else { e });
                }
                Err(error) => tracing::warn!(?error, "cannot abort an upload, the sweeper will"),
            }
        }
        done
    }

    async fn parts(
        &self,
        key: &ObjectKey,
        upload: &str,
        bytes: &Bytes,
        part: usize,
        only_new: bool,
    ) -> Result<(), Failure> {
        let mut parts = Vec::new();
        for (number, start) in (1u16..).zip((0..bytes.len()).step_by(part)) {
            let data = bytes.slice(start..bytes.len().min(start + part));
            let etag = self
                .caller
                .call("put part", || async {
                    let request = async {
                        let body = SegmentedBytes::from(data.clone());
                        let put = self.client.upload_part(&self.bucket, key, upload, number, body)?;
                        let put = put.checksum_algorithm(ChecksumAlgorithm::SHA256).build().send().await?;
                        Ok(put.etag()?)
                    };
                    self.caller.within(size(&data), request).await
                })
                .await?;
            let checksum = (ChecksumAlgorithm::SHA256, sha256_checksum(&data));
            parts.push(PartInfo::new(number, etag, size(&data), Some(checksum)));
        }
        self.caller
            .call("complete upload", || async {
                let mut headers = Multimap::new();
                if only_new {
                    headers.add("If-None-Match", "*");
                }
                let request = async {
                    let all = self.client.complete_multipart_upload(&self.bucket, key, upload, parts.clone())?;
                    all.extra_headers(headers).build().send().await
                };
                // Servers that join the parts slowly answer 200 at once and put the outcome into the body.
                let answer = self.caller.within(size(bytes), request).await?;
                if answer.body().windows(7).any(|w| w == b"<Error>") {
                    return Err(Failure::Away("the server could not join the parts".into()));
                }
                Ok(())
            })
            .await
    }

    /// The retention of a new object, where it is set per object; the bucket's own default needs no header.
    fn lock_headers(&self) -> Multimap {
        let mut headers = Multimap::new();
        if let Ok(Retention::PerObject { mode, days }) = self.settings.retention() {
            let until = self.clock.now().plus_seconds(i64::from(days) * 86_400);
            let until = nachrichten::Timestamp(until.0 - until.0.rem_euclid(1_000_000));
            headers.add("x-amz-object-lock-mode", mode);
            headers.add("x-amz-object-lock-retain-until-date", until.to_string());
        }
        headers
    }
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
