// SPDX-License-Identifier: EUPL-1.2
//! What concerns the bucket: listing, removing with all versions, old uploads, and which protections it has.

use bytes::Bytes;
use futures_util::StreamExt as _;
use minio::s3::{
    builders::{ObjectToDelete, VersioningStatus},
    client::Method,
    error::ValidationErr,
    multimap_ext::{Multimap, MultimapExt as _},
    response::ListObjectsResponse,
    types::{ObjectKey, Region, S3Api as _, S3Request, ToStream as _, VersionId},
};
use nachrichten::{BlobHash, Timestamp};

use super::{
    super::{BlobError, Mangel},
    S3Blobs,
    call::Failure,
    hash_of,
};
use crate::config::Retention;

/// A multipart upload that was begun and not finished.
struct Upload {
    key: String,
    id: String,
    begun: Timestamp,
}

/// Key and upload behind which a page of uploads begins.
type Marker = (String, String);

/// One version of an object, or a marker that hides those below it.
struct Version {
    id: String,
    marker: bool,
}

impl S3Blobs {
    /// Makes the bucket if it is not there, with object lock (and so with versions) where the server has it; true when
    /// it was made.
    ///
    /// # Errors
    /// The store is away, or this key may not make buckets.
    pub async fn make_bucket(&self) -> Result<bool, BlobError> {
        let exists = self.caller.call("bucket", || async {
            let request = async { Ok(self.client.bucket_exists(&self.bucket)?.build().send().await?.exists()) };
            self.caller.within(0, request).await
        });
        if exists.await? {
            return Ok(false);
        }
        let made = |lock| {
            self.caller.call("make bucket", move || async move {
                let request = async {
                    let region = Region::new(self.settings.region.as_str())?;
                    let made = self.client.create_bucket(&self.bucket)?.region(region).object_lock(lock);
                    made.build().send().await.map(drop)
                };
                self.caller.within(0, request).await
            })
        };
        match made(true).await {
            Err(Failure::Unsupported(_)) => made(false).await?,
            other => other?,
        }
        Ok(true)
    }

    /// Every hash under the prefix, sorted. Pages go on behind the last key, so a lost page is asked for again.
    pub(super) async fn list_all(&self) -> Result<Vec<BlobHash>, Failure> {
        let (mut hashes, mut last) = (Vec::new(), None::<String>);
        loop {
            let page = self.page(last.clone()).await?;
            hashes.extend(
                page.contents.iter().filter_map(|e| e.name.strip_prefix(&self.prefix)?.parse::<BlobHash>().ok()),
            );
            match page.contents.last() {
                Some(entry) if page.is_truncated => last = Some(entry.name.clone()),
                _ => break,
            }
        }
        hashes.sort();
        hashes.dedup();
        Ok(hashes)
    }

    async fn page(&self, after: Option<String>) -> Result<ListObjectsResponse, Failure> {
        self.caller
            .call("list", || async {
                let request = async {
                    let list = self.client.list_objects(&self.bucket)?;
                    let list = list.prefix(self.prefix.clone()).recursive(true).start_after(after.clone()).build();
                    // The first page only: the stream ends at the first error.
                    let page = list.to_stream().await.next().await;
                    page.unwrap_or_else(|| Err(ValidationErr::xml_error("no page").into()))
                };
                self.caller.within(0, request).await
            })
            .await
    }

    /// Whether the bucket keeps, or has kept, versions.
    async fn versions(&self) -> Result<Option<VersioningStatus>, Failure> {
        let status = self.caller.call("versioning", || async {
            let request =
                async { Ok(self.client.get_bucket_versioning(&self.bucket)?.build().send().await?.status()?) };
            self.caller.within(0, request).await
        });
        match status.await {
            Err(Failure::Unsupported(_)) => Ok(None),
            other => other,
        }
    }

    /// All versions of one blob, newest first. More than a page of them (1,000) is nothing we write.
    async fn versions_of(&self, key: &ObjectKey) -> Result<Vec<Version>, Failure> {
        let mut query = Multimap::new();
        query.add("versions", "");
        query.add("prefix", key.as_str());
        let body =
            self.caller.call("list versions", || async { self.raw(Method::GET, None, query.clone()).await }).await?;
        let document = parse(&body).map_err(|e| Failure::Refused(format!("list of versions: {e}")))?;
        let of_key = |node: &roxmltree::Node<'_, '_>| text_of(*node, "Key") == key.as_str();
        let version = |node: roxmltree::Node<'_, '_>| match node.tag_name().name() {
            name @ ("Version" | "DeleteMarker") if of_key(&node) => {
                Some(Version { id: text_of(node, "VersionId"), marker: name == "DeleteMarker" })
            }
            _ => None,
        };
        Ok(document.root_element().children().filter_map(version).collect())
    }

    /// The newest version that has its hash, whatever another program wrote over it or deleted.
    pub(super) async fn older_version(&self, hash: BlobHash) -> Result<Option<Bytes>, BlobError> {
        match self.versions().await {
            Ok(Some(_)) => {}
            Ok(None) | Err(Failure::Denied(_)) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        let key = self.key(hash)?;
        for version in self.versions_of(&key).await?.into_iter().filter(|v| !v.marker) {
            match self.fetch(&key, Some(&version.id)).await {
                Ok(bytes) if hash_of(&bytes).await? == hash => return Ok(Some(bytes)),
                Ok(_) | Err(Failure::Missing) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(None)
    }

    /// Removes each version by its id: a plain delete would only lay a marker over the bytes.
    pub(super) async fn remove_all_versions(&self, hash: BlobHash) -> Result<(), BlobError> {
        let key = self.key(hash)?;
        if self.versions().await?.is_none() {
            return self.delete(&key, None, hash).await;
        }
        for version in self.versions_of(&key).await? {
            self.delete(&key, Some(version.id), hash).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: &ObjectKey, version: Option<String>, hash: BlobHash) -> Result<(), BlobError> {
        let gone = self.caller.call("delete", || async {
            let request = async {
                let what = match &version {
                    Some(id) => ObjectToDelete::from((key.clone(), VersionId::new(id.as_str())?)),
                    None => ObjectToDelete::from(key.clone()),
                };
                self.client.delete_object(&self.bucket, what)?.build().send().await
            };
            self.caller.within(0, request).await
        });
        match gone.await {
            Ok(_) | Err(Failure::Missing) => Ok(()),
            Err(Failure::Denied(why)) if self.is_retained(key, version).await => {
                tracing::warn!(blob = %hash, why, "blob is under retention, it stays");
                Err(BlobError::Retained(hash))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Tells a refusal by retention from one by rights.
    async fn is_retained(&self, key: &ObjectKey, version: Option<String>) -> bool {
        let until = self.caller.call("retention", || async {
            let request = async {
                let version = version.as_deref().map(VersionId::new).transpose()?;
                let held = self.client.get_object_retention(&self.bucket, key)?.version_id(version).build();
                Ok(held.send().await?.retain_until_date()?)
            };
            self.caller.within(0, request).await
        });
        matches!(until.await, Ok(Some(_)))
    }

    /// Aborts uploads that are older than the setting says.
    pub(super) async fn abort_old_uploads(&self) -> Result<usize, Failure> {
        let old = self.clock.now().plus_seconds(-i64::from(self.settings.aufraeumen_h) * 3600);
        let mut aborted = 0;
        for upload in self.uploads().await?.iter().filter(|u| u.begun <= old) {
            match self.abort(&upload.key, &upload.id).await {
                Ok(()) => aborted += 1,
                Err(Failure::NoUpload) => {}
                Err(e) => return Err(e),
            }
        }
        if aborted > 0 {
            tracing::info!(aborted, "aborted uploads that nobody finished");
        }
        Ok(aborted)
    }

    async fn uploads(&self) -> Result<Vec<Upload>, Failure> {
        let (mut all, mut marker) = (Vec::new(), None::<Marker>);
        loop {
            let mut query = Multimap::new();
            query.add("uploads", "");
            query.add("prefix", self.prefix.as_str());
            if let Some((key, id)) = &marker {
                query.add("key-marker", key.as_str());
                query.add("upload-id-marker", id.as_str());
            }
            let body =
                self.caller.call("list uploads", || async { self.raw(Method::GET, None, query.clone()).await }).await?;
            let (page, next) = parse_uploads(&body).map_err(|e| Failure::Refused(format!("list of uploads: {e}")))?;
            all.extend(page);
            match next {
                Some(next) if marker.as_ref() != Some(&next) => marker = Some(next),
                _ => return Ok(all),
            }
        }
    }

    pub(super) async fn abort(&self, key: &str, upload: &str) -> Result<(), Failure> {
        let mut query = Multimap::new();
        query.add("uploadId", upload);
        self.caller
            .call("abort upload", || async { self.raw(Method::DELETE, Some(key), query.clone()).await.map(drop) })
            .await
    }

    /// A request the client has no function for (uploads), encodes twice (abort), or whose answers it reads too
    /// narrowly (times of versions, object lock without a rule).
    async fn raw(&self, method: Method, key: Option<&str>, query: Multimap) -> Result<Bytes, Failure> {
        let request = async {
            let key = key.map(ObjectKey::new).transpose()?;
            let mut request = S3Request::builder()
                .client(self.client.clone())
                .method(method)
                .bucket(self.bucket.clone())
                .object(key)
                .query_params(query)
                .build();
            Ok(request.execute().await?.bytes().await.map_err(ValidationErr::from)?)
        };
        self.caller.within(0, request).await
    }

    /// Default rule of the object lock: empty without one, `None` without object lock.
    async fn lock(&self) -> Result<Option<String>, Failure> {
        let mut query = Multimap::new();
        query.add("object-lock", "");
        let body = self.caller.call("object lock", || async { self.raw(Method::GET, None, query.clone()).await });
        match body.await {
            Ok(body) => {
                let document = parse(&body).map_err(|e| Failure::Refused(format!("object lock: {e}")))?;
                let root = document.root_element();
                Ok((text_of(root, "ObjectLockEnabled") == "Enabled").then(|| text_of(root, "Mode")))
            }
            Err(Failure::Unsupported(_) | Failure::Missing) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// What the bucket does not protect against. Each text says what to do.
    pub(super) async fn missing_protections(&self) -> Result<Vec<Mangel>, BlobError> {
        let (bucket, mut found) = (&self.settings.bucket, Vec::new());
        let mut lacks = |alarm, text: String| found.push(Mangel { alarm, text });
        if self.settings.is_open_to_the_network() {
            lacks("blobs-ohne-tls", format!("{} is not encrypted: use https and s3.ca_datei", self.settings.endpoint));
        }
        if !matches!(self.versions().await?, Some(VersioningStatus::Enabled)) {
            lacks(
                "blobs-ohne-versionen",
                format!(
                    "bucket {bucket} keeps no versions: an overwrite or delete by another program is final; switch versioning on, or back the bucket up"
                ),
            );
        }
        let wanted = self.settings.retention().map_err(BlobError::Refused)?;
        match (self.lock().await?, wanted) {
            (None, _) => lacks(
                "blobs-ohne-sperre",
                format!(
                    "bucket {bucket} has no object lock: who has the key can delete; make the bucket anew with object lock, or accept it and back up to write-once storage"
                ),
            ),
            (Some(rule), Retention::None | Retention::Bucket) if rule.is_empty() => lacks(
                "blobs-ohne-frist",
                format!(
                    "bucket {bucket} has object lock, but no object gets a retention: give it a default retention, or set s3.sperre = \"compliance\""
                ),
            ),
            (Some(rule), Retention::Bucket) if rule == "GOVERNANCE" => lacks(
                "blobs-sperre-umgehbar",
                format!(
                    "bucket {bucket}: mode GOVERNANCE can be bypassed by an administrator of the store, COMPLIANCE cannot"
                ),
            ),
            _ => {}
        }
        Ok(found)
    }
}

/// Text of the first element of this name below `node`, or nothing.
fn text_of(node: roxmltree::Node<'_, '_>, name: &str) -> String {
    let found = node.descendants().find(|c| c.tag_name().name() == name);
    found.and_then(|c| c.text()).unwrap_or_default().to_owned()
}

fn parse(body: &[u8]) -> Result<roxmltree::Document<'_>, String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    roxmltree::Document::parse(text).map_err(|e| e.to_string())
}

/// Uploads of one page, and where the next page begins.
fn parse_uploads(body: &[u8]) -> Result<(Vec<Upload>, Option<Marker>), String> {
    let document = parse(body)?;
    let root = document.root_element();
    let mut uploads = Vec::new();
    for node in root.children().filter(|c| c.tag_name().name() == "Upload") {
        let begun = text_of(node, "Initiated").parse().map_err(|e| format!("Initiated: {e}"))?;
        uploads.push(Upload { key: text_of(node, "Key"), id: text_of(node, "UploadId"), begun });
    }
    let next = (text_of(root, "NextKeyMarker"), text_of(root, "NextUploadIdMarker"));
    Ok((uploads, (text_of(root, "IsTruncated") == "true" && !next.0.is_empty()).then_some(next)))
}

#[cfg(test)]
mod tests {
    use super::parse_uploads;

    #[test]
    fn reads_a_page_of_uploads() {
        let page = br#"<?xml version="1.0"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <IsTruncated>true</IsTruncated><NextKeyMarker>stadt/b</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>
            <Upload><Key>stadt/a</Key><UploadId>1~x</UploadId><Initiated>2026-11-27T05:00:00.000Z</Initiated></Upload>
            </ListMultipartUploadsResult>"#;
        let (uploads, next) = parse_uploads(page).expect("a page");
        assert_eq!((uploads[0].key.as_str(), uploads[0].id.as_str()), ("stadt/a", "1~x"));
        assert_eq!(uploads[0].begun.to_string(), "2026-11-27T05:00:00Z");
        assert_eq!(next, Some(("stadt/b".into(), "2".into())));
        assert!(parse_uploads(b"<html>no").is_err());
    }
}
