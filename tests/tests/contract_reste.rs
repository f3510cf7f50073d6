// SPDX-License-Identifier: EUPL-1.2
//! What interrupted acceptances left is tidied while the door is open: nothing that somebody sends again falls into it.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gemein::{haus::Haus, probe};
use nachrichten::{BlobHash, fehler::Fehler, sendungen::Kanal, verweise::Verweise};

const BRIEF: &str = "03-bescheid.pdf";

/// Asked who needs a blob: takes its time and says what it was told to.
#[derive(Default)]
struct Gefragt {
    asked: AtomicU32,
    yes: bool,
    takes: Duration,
}

#[async_trait]
impl Verweise for Gefragt {
    async fn verweist(&self, _hash: BlobHash) -> Result<bool, Fehler> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        Ok(self.yes)
    }
}

/// The note and the bytes of an acceptance that was killed before its commit.
async fn unterbrochen(haus: &Haus, bytes: &[u8]) -> (BlobHash, PathBuf) {
    let hash = haus.app.blobs.put(bytes.to_vec()).await.unwrap();
    let folder = haus.data.path().join("spool/absicht");
    std::fs::create_dir_all(&folder).unwrap();
    let note = folder.join(format!("{hash}~vorher"));
    std::fs::write(&note, b"").unwrap();
    (hash, note)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_while_somebody_tidies_is_kept() {
    let (haus, bytes) = (Haus::neu().await, probe(BRIEF));
    let (hash, note) = unterbrochen(&haus, &bytes).await;
    let gefragt = Arc::new(Gefragt { takes: Duration::from_millis(400), ..Gefragt::default() });
    let (eingang, asked) = (haus.app.eingang.clone(), gefragt.clone());
    let tidying = tokio::spawn(async move { eingang.aufraeumen(asked.as_ref()).await });
    // The second question is the last look before the removal: now the sender comes again.
    while gefragt.asked.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = haus.gib(Kanal::Upload, BRIEF, bytes, None).await.unwrap();
    assert_eq!(tidying.await.unwrap().unwrap(), 1, "the old bytes went");
    assert!(haus.app.blobs.get(hash).await.is_ok(), "a receipt was given and the bytes are gone");
    assert!(!note.exists());
    haus.ruht(id).await;
    haus.ist_sauber().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_needs_stays_and_the_rest_goes() {
    let (haus, bytes) = (Haus::neu().await, probe(BRIEF));
    // Its sender came again before anybody looked: it has a receipt.
    let id = haus.gib(Kanal::Upload, BRIEF, bytes.clone(), None).await.unwrap();
    haus.ruht(id).await;
    let (hash, note) = unterbrochen(&haus, &bytes).await;
    let (other, other_note) = unterbrochen(&haus, b"what another service refers to").await;
    let needed = Gefragt { yes: true, ..Gefragt::default() };
    assert_eq!(haus.app.eingang.aufraeumen(&needed).await.unwrap(), 0);
    assert_eq!(needed.asked.load(Ordering::SeqCst), 1, "only what has no receipt is asked about");
    assert!(!note.exists() && !other_note.exists());
    for hash in [hash, other] {
        assert!(haus.app.blobs.get(hash).await.is_ok());
    }
    let (nobodys, note) = unterbrochen(&haus, b"what another service refers to").await;
    assert_eq!(haus.app.eingang.aufraeumen(&Gefragt::default()).await.unwrap(), 1);
    assert!(haus.app.blobs.get(nobodys).await.is_err() && !note.exists());
    haus.ist_sauber().await;
}
