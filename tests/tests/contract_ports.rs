// SPDX-License-Identifier: EUPL-1.2
//! Every backend of every port runs the whole suite of its port.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use nachrichten::BlobHash;
use service_platform::{
    args, audit,
    blobs::{Blobs, DirectoryBlobs},
    bus::{Bus, InProcessBus},
    db::Db,
    uhr::{CountingIds, FixedClock, SystemClock, SystemIds},
};
use service_platform_testkit::{
    FREITAG_NACHT,
    blobs::{TestBlobs, blobs_contract},
    bus::{TestBus, bus_contract},
    db::db_contract,
    sqlite,
    uhr::uhr_contract,
};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_db() {
    db_contract(&sqlite().await.db).await;
}

/// Every statement of every service is understood by the database.
#[tokio::test]
async fn sqlite_prepares_every_statement() {
    let test = sqlite().await;
    prepares_every_statement(&test.db).await;
}

async fn prepares_every_statement(db: &Db) {
    for migrations in [service_geschaeftsgang::MIGRATIONS, service_eingang::MIGRATIONS, service_akten::MIGRATIONS] {
        db.migrate(&migrations).await.unwrap();
    }
    let all = [
        service_platform::statements(),
        service_geschaeftsgang::statements(),
        service_eingang::statements(),
        service_akten::statements(),
    ]
    .concat();
    assert!(all.len() > 120, "only {} statements were collected", all.len());
    let mut wrong = Vec::new();
    for (name, sql) in all {
        if let Err(error) = db.prepares(&sql).await {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct InProcess(Arc<InProcessBus>, AtomicU32);

impl TestBus for InProcess {
    fn bus(&self) -> Arc<dyn Bus> {
        self.0.clone()
    }
    fn fresh(&self, name: &str) -> String {
        format!("{name}.{}", self.1.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_process_bus() {
    bus_contract(&InProcess(Arc::default(), AtomicU32::new(0))).await;
}

struct Directory {
    blobs: DirectoryBlobs,
    root: PathBuf,
    _folder: tempfile::TempDir,
}

#[async_trait::async_trait]
impl TestBlobs for Directory {
    fn blobs(&self) -> &dyn Blobs {
        &self.blobs
    }
    async fn damage(&self, hash: BlobHash) {
        let name = hash.to_string();
        let file = self.root.join("stadt").join(&name[..2]).join(&name);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    async fn interrupt_a_put(&self) -> bool {
        std::fs::write(self.root.join("stadt/neu/blob-half"), b"half a lett").unwrap();
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(folder.path(), "stadt").unwrap();
    blobs_contract(&Directory { blobs, root: folder.path().to_owned(), _folder: folder }).await;
}

#[test]
fn system_clock_and_ids() {
    uhr_contract(&SystemClock::default(), &SystemIds);
}

#[test]
fn fixed_clock_and_counting_ids() {
    uhr_contract(&FixedClock::at(FREITAG_NACHT), &CountingIds::default());
}

/// The trail verifies, and one changed byte anywhere is found, even with the triggers gone.
#[tokio::test]
async fn audit_finds_one_changed_byte() {
    service_platform::statements! {
        DROP_UPDATE = "DROP TRIGGER platform_audit_no_update";
        DROP_DELETE = "DROP TRIGGER platform_audit_no_delete";
        FORGE = "UPDATE platform_audit SET data = $1 WHERE chain = 'akte:1' AND seq = 2";
        CUT = "DELETE FROM platform_audit WHERE chain = 'akte:2' AND seq = 3";
        CUT_HEAD = "UPDATE platform_audit_head SET seq = 2, hash = (SELECT hash FROM platform_audit WHERE chain = 'akte:2' AND seq = 2) WHERE chain = 'akte:2'";
    }
    let test = sqlite().await;
    let db = &test.db;
    for n in 0..6i64 {
        let mut tx = db.begin().await.unwrap();
        let entry = audit::Entry {
            chain: if n % 2 == 0 { "akte:1" } else { "akte:2" },
            at: FREITAG_NACHT,
            actor: "person:1",
            act: "abgelegt",
            object: "dokument:1",
            data: serde_json::json!({ "n": n }),
        };
        audit::append(&mut tx, entry).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(audit::seal(db, FREITAG_NACHT).await.unwrap(), 2);
    assert_eq!(audit::seal(db, FREITAG_NACHT).await.unwrap(), 0, "nothing changed since");
    let whole = audit::verify(db).await.unwrap();
    assert_eq!((whole.entries, whole.chains, whole.seals, whole.breaks.len()), (6, 2, 1, 0), "{whole:?}");

    assert!(db.execute(&FORGE, args!["{\"n\":9}"]).await.is_err(), "the table is append-only");
    db.execute(&DROP_UPDATE, args![]).await.unwrap();
    db.execute(&DROP_DELETE, args![]).await.unwrap();
    db.execute(&FORGE, args!["{\"n\":9}"]).await.unwrap();
    let forged = audit::verify(db).await.unwrap();
    assert!(forged.breaks.iter().any(|b| b.contains("akte:1 seq 2")), "{forged:?}");
    // A tail cut off together with its head row: only the seal knows.
    db.execute(&CUT, args![]).await.unwrap();
    db.execute(&CUT_HEAD, args![]).await.unwrap();
    let cut = audit::verify(db).await.unwrap();
    assert!(cut.breaks.iter().any(|b| b.contains("akte:2 seq 3") && b.contains("missing")), "{cut:?}");
}
