// SPDX-License-Identifier: EUPL-1.2
//! Who still needs a blob: asked by the intake before it removes what an interrupted acceptance left.

use async_trait::async_trait;

use crate::{BlobHash, fehler::Fehler};

/// Served by everyone who keeps references to blobs: `geschaeftsgang` and `akten`.
#[async_trait]
pub trait Verweise: Send + Sync {
    /// Does anything here refer to this blob?
    async fn verweist(&self, hash: BlobHash) -> Result<bool, Fehler>;
}

/// Several keepers in one process: one of them is enough. Not known from one = not known at all.
#[async_trait]
impl Verweise for Vec<std::sync::Arc<dyn Verweise>> {
    async fn verweist(&self, hash: BlobHash) -> Result<bool, Fehler> {
        for keeper in self {
            if keeper.verweist(hash).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
