// SPDX-License-Identifier: EUPL-1.2
//! Data for `eakte reconcile`: what the record says, beside what the blob store holds. Reads only.

use std::collections::BTreeSet;

use async_trait::async_trait;
use nachrichten::{BlobHash, DokumentId, SendungId, fehler::Fehler, verweise::Verweise};
use serde::Serialize;
use service_platform::{args, blobs::Blobs, db::Db, from_row, statements};

use crate::{Akten, AktenError};

statements! {
    DOKUMENTE = "SELECT d.id, d.sendung, d.sha256, d.stand, CAST(CASE WHEN EXISTS (SELECT 1 FROM platform_audit a WHERE a.object = d.objekt \
        AND a.act = 'DokumentAngelegt') THEN 1 ELSE 0 END AS BIGINT), \
        CAST(CASE WHEN d.stand <> 'abgelegt' OR EXISTS (SELECT 1 FROM platform_audit a WHERE a.object = d.objekt AND a.act = 'DokumentAbgelegt') THEN 1 ELSE 0 END AS BIGINT), \
        CAST(CASE WHEN EXISTS (SELECT 1 FROM akten_rendition r WHERE r.dokument = d.id AND r.name = 'original' AND r.hash = d.sha256) THEN 1 ELSE 0 END AS BIGINT) \
        FROM akten_dokument d WHERE d.id > $1 ORDER BY d.id LIMIT 5000";
    VERWEIST = "SELECT count(*) FROM akten_blob WHERE hash = $1";
    VERWIESEN = "SELECT DISTINCT hash FROM akten_blob";
    // An entry whose effect is missing: the trail names a document that is not there.
    OHNE_WIRKUNG = "SELECT DISTINCT a.object FROM platform_audit a WHERE a.act = 'DokumentAngelegt' \
        AND NOT EXISTS (SELECT 1 FROM akten_dokument d WHERE d.objekt = a.object) ORDER BY a.object LIMIT 1000";
}

/// One document as the record knows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AbgleichDokument {
    /// The document.
    pub id: DokumentId,
    /// The Sendung it came in.
    pub sendung: SendungId,
    /// Hash of its original.
    pub sha256: BlobHash,
    /// `eingang`, `abgelegt` or `quarantaene`.
    pub stand: String,
    /// Registration has its audit entry.
    pub angelegt_belegt: bool,
    /// Filing has its audit entry, or the document is not filed yet.
    pub abgelegt_belegt: bool,
    /// There is an original with exactly this hash.
    pub original: bool,
}
from_row!(AbgleichDokument { id, sendung, sha256, stand, angelegt_belegt, abgelegt_belegt, original });

/// What `reconcile` joins with intake, audit trail and blob listing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Abgleich {
    /// Every document, by id.
    pub dokumente: Vec<AbgleichDokument>,
    /// Blobs that documents refer to.
    pub verwiesen: BTreeSet<BlobHash>,
    /// Referred to, but not in the store.
    pub fehlend: BTreeSet<BlobHash>,
    /// Referred to, but the bytes no longer have their hash.
    pub veraendert: BTreeSet<BlobHash>,
    /// In the store, but no document refers to it; intake and running processes may.
    pub unverwiesen: BTreeSet<BlobHash>,
    /// Documents whose registration or filing has no audit entry.
    pub unbelegt: Vec<DokumentId>,
    /// Audit objects (`dokument:<id>`) without a document.
    pub ohne_wirkung: Vec<String>,
}

#[async_trait]
impl Verweise for Akten {
    async fn verweist(&self, hash: BlobHash) -> Result<bool, Fehler> {
        let (n,): (i64,) = self.db.one(&VERWEIST, args![hash]).await.map_err(AktenError::from)?;
        Ok(n > 0)
    }
}

impl Akten {
    /// Does any document refer to this blob?
    pub async fn verweist(&self, hash: BlobHash) -> Result<bool, AktenError> {
        let (n,): (i64,) = self.db.one(&VERWEIST, args![hash]).await?;
        Ok(n > 0)
    }

    /// Compares the record with the blob store; reads the bytes of every blob that is referred to.
    pub async fn abgleich(&self) -> Result<Abgleich, AktenError> {
        compare(&self.db, self.blobs.as_ref()).await
    }
}

async fn compare(db: &Db, blobs: &dyn Blobs) -> Result<Abgleich, AktenError> {
    let mut out = Abgleich::default();
    let mut after = DokumentId(uuid::Uuid::nil());
    loop {
        let page: Vec<AbgleichDokument> = db.all(&DOKUMENTE, args![after]).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        out.dokumente.extend(page);
    }
    out.unbelegt = out.dokumente.iter().filter(|d| !(d.angelegt_belegt && d.abgelegt_belegt)).map(|d| d.id).collect();
    out.verwiesen = db.all::<(BlobHash,)>(&VERWIESEN, args![]).await?.into_iter().map(|(hash,)| hash).collect();
    let stored: BTreeSet<BlobHash> = blobs.list().await?.into_iter().collect();
    out.fehlend = out.verwiesen.difference(&stored).copied().collect();
    out.unverwiesen = stored.difference(&out.verwiesen).copied().collect();
    for hash in out.verwiesen.intersection(&stored) {
        match blobs.get(*hash).await {
            Ok(_) => {}
            // A store that is away says nothing about what it holds.
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "blob cannot be read");
                out.veraendert.insert(*hash);
            }
        }
    }
    out.ohne_wirkung = db.all::<(String,)>(&OHNE_WIRKUNG, args![]).await?.into_iter().map(|(o,)| o).collect();
    Ok(out)
}
