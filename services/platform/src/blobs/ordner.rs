// SPDX-License-Identifier: EUPL-1.2
//! Blobs in a directory: the embedded backend.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use nachrichten::BlobHash;

use super::{BlobError, Blobs, Mangel};

/// A directory: `<root>/<mandant>/ab/<hash>`, written to a temporary name, synced, renamed, directory synced.
#[derive(Clone)]
pub struct DirectoryBlobs {
    root: PathBuf,
}

impl DirectoryBlobs {
    /// Creates the folder of this Mandant if it is missing.
    pub fn open(root: &Path, mandant: &str) -> Result<Self, BlobError> {
        let root = root.join(mandant);
        std::fs::create_dir_all(root.join("neu"))?;
        for first in 0..=255u8 {
            std::fs::create_dir_all(root.join(format!("{first:02x}")))?;
        }
        Ok(Self { root })
    }

    fn folder(&self, hash: BlobHash) -> PathBuf {
        self.root.join(format!("{:02x}", hash.0[0]))
    }

    fn file(&self, hash: BlobHash) -> PathBuf {
        self.folder(hash).join(hash.to_string())
    }

    /// Writes something and takes it away again: a full or read-only disk is seen before post comes.
    fn probe(&self) -> Result<(), BlobError> {
        let mut file = tempfile::Builder::new().prefix("probe-").tempfile_in(self.root.join("neu"))?;
        file.write_all(&[0; 64 * 1024])?;
        file.as_file().sync_data()?;
        Ok(())
    }

    fn put_blocking(&self, bytes: &[u8]) -> Result<BlobHash, BlobError> {
        let hash = BlobHash::of(bytes);
        let target = self.file(hash);
        match self.get_blocking(hash) {
            Ok(_) => return Ok(hash),
            Err(BlobError::Missing(_)) => {}
            Err(BlobError::Damaged(_)) => {
                tracing::error!(blob = %hash, "stored blob is damaged; healed by the same bytes that came again");
                std::fs::remove_file(&target)?;
            }
            Err(e) => return Err(e),
        }
        let mut file = tempfile::Builder::new().prefix("blob-").tempfile_in(self.root.join("neu"))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&target) {
            Ok(_) => {}
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e.error.into()),
        }
        std::fs::File::open(self.folder(hash))?.sync_all()?;
        Ok(hash)
    }

    fn get_blocking(&self, hash: BlobHash) -> Result<Vec<u8>, BlobError> {
        let bytes = std::fs::read(self.file(hash)).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => BlobError::Missing(hash),
            _ => e.into(),
        })?;
        if BlobHash::of(&bytes) == hash { Ok(bytes) } else { Err(BlobError::Damaged(hash)) }
    }

    fn list_blocking(&self) -> Result<Vec<BlobHash>, BlobError> {
        let mut hashes = Vec::new();
        for folder in std::fs::read_dir(&self.root)? {
            let folder = folder?;
            if folder.file_name() == "neu" {
                continue;
            }
            for file in std::fs::read_dir(folder.path())? {
                if let Ok(hash) = file?.file_name().to_string_lossy().parse() {
                    hashes.push(hash);
                }
            }
        }
        hashes.sort();
        Ok(hashes)
    }

    fn sweep_blocking(&self) -> Result<usize, BlobError> {
        let mut removed = 0;
        for file in std::fs::read_dir(self.root.join("neu"))? {
            std::fs::remove_file(file?.path())?;
            removed += 1;
        }
        Ok(removed)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this)).await.map_err(|e| BlobError::Io(std::io::Error::other(e)))?
    }
}

#[async_trait]
impl Blobs for DirectoryBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobHash, BlobError> {
        self.blocking(move |s| s.put_blocking(&bytes)).await
    }
    async fn get(&self, hash: BlobHash) -> Result<Vec<u8>, BlobError> {
        self.blocking(move |s| s.get_blocking(hash)).await
    }
    async fn exists(&self, hash: BlobHash) -> Result<bool, BlobError> {
        self.blocking(move |s| Ok(s.file(hash).exists())).await
    }
    async fn remove(&self, hash: BlobHash) -> Result<(), BlobError> {
        self.blocking(move |s| match std::fs::remove_file(s.file(hash)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        })
        .await
    }
    async fn list(&self) -> Result<Vec<BlobHash>, BlobError> {
        self.blocking(Self::list_blocking).await
    }
    async fn sweep(&self) -> Result<usize, BlobError> {
        self.blocking(Self::sweep_blocking).await
    }
    async fn check(&self) -> Result<Vec<Mangel>, BlobError> {
        self.blocking(|s| s.probe().map(|()| Vec::new())).await
    }
}
