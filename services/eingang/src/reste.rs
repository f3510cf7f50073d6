// SPDX-License-Identifier: EUPL-1.2
//! What an acceptance left that never got a receipt: its note in the folder `absicht` and perhaps its bytes in the store.
//!
//! Looked for at the start and every few minutes. The sender of such bytes sends them again, very likely at this very
//! moment: between the last look at a hash and its removal no acceptance is under way ([`Eingang::annahme`]). Bytes
//! that have a receipt by now, or that somebody else refers to, stay.

use std::path::Path;

use nachrichten::{BlobHash, SendungId, fehler::Fehler, verweise::Verweise};
use serde_json::json;
use service_platform::{args, audit, blobs::BlobError, db::DbError};
use tokio::sync::RwLockReadGuard;

use crate::{Eingang, ORIGINAL, away};

impl Eingang {
    /// Held from the note to the receipt: nothing is tidied meanwhile.
    pub(crate) async fn annahme(&self) -> RwLockReadGuard<'_, ()> {
        self.inner.annahme.read().await
    }

    /// Removes what interrupted acceptances left; returns how many blobs.
    ///
    /// # Errors
    /// Database, store or a neighbour is away: what is left stays for the next time.
    pub async fn aufraeumen(&self, verweise: &dyn Verweise) -> Result<usize, Fehler> {
        let folder = &self.inner.absichten;
        std::fs::create_dir_all(folder).map_err(away)?;
        let mut removed = 0;
        for entry in std::fs::read_dir(folder).map_err(away)?.flatten() {
            let name = entry.file_name();
            let Some(hash) = name.to_str().and_then(|n| n.split('~').next()?.parse::<BlobHash>().ok()) else {
                continue;
            };
            // Asked once before nobody may come in: a neighbour that is away keeps no sender waiting.
            if self.has_receipt(hash).await? || verweise.verweist(hash).await? {
                self.forget(&entry.path()).await;
            } else {
                removed += usize::from(self.tidy(&entry.path(), hash, verweise).await?);
            }
        }
        Ok(removed)
    }

    async fn has_receipt(&self, hash: BlobHash) -> Result<bool, Fehler> {
        let row: Option<(SendungId,)> = self.inner.db.optional(&ORIGINAL, args![hash]).await.map_err(away)?;
        Ok(row.is_some())
    }

    /// The note of an acceptance that is over; one under way takes its own away.
    async fn forget(&self, note: &Path) {
        let _nobody = self.inner.annahme.write().await;
        let _ = std::fs::remove_file(note);
    }

    async fn tidy(&self, note: &Path, hash: BlobHash, verweise: &dyn Verweise) -> Result<bool, Fehler> {
        let _nobody = self.inner.annahme.write().await;
        // An acceptance that was under way a moment ago has its receipt and no note, or was refused.
        if !note.exists() {
            return Ok(false);
        }
        let mut removed = false;
        if !self.has_receipt(hash).await? && !verweise.verweist(hash).await? {
            match self.inner.blobs.remove(hash).await {
                Ok(()) => removed = true,
                // Under retention: it stays until the store lets it go.
                Err(BlobError::Retained(_)) => self.note_retained(hash).await.map_err(away)?,
                Err(error) => return Err(away(error)),
            }
        }
        std::fs::remove_file(note).map_err(away)?;
        Ok(removed)
    }

    /// A removal that the store refused stands in the trail: what lies there without a receipt has its explanation.
    async fn note_retained(&self, hash: BlobHash) -> Result<(), DbError> {
        let inner = &self.inner;
        let mut tx = inner.db.begin().await?;
        let object = format!("blob:{hash}");
        let entry = audit::Entry {
            chain: "eingang",
            at: inner.clock.now(),
            actor: "dienst:eingang",
            act: "Löschen verweigert",
            object: &object,
            data: json!({ "grund": "Aufbewahrung" }),
        };
        audit::append(&mut tx, entry).await?;
        tx.commit().await
    }
}
