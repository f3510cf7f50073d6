// SPDX-License-Identifier: EUPL-1.2
//! Contract suites of the ports: one suite per port, run whole against every backend; nobody runs a part of one.
#![allow(missing_docs, clippy::unwrap_used)]

pub mod blobs;
pub mod bus;
pub mod db;
pub mod leitung;
mod postgres;
pub mod proxy;
mod rabbit;
pub mod s3;
pub mod uhr;

pub use postgres::{TestPostgres, postgres, postgres_lies_in};
pub use rabbit::{Heard, TestRabbit, rabbit};

use std::sync::Arc;

use nachrichten::Timestamp;
use service_platform::{
    db::Db,
    uhr::{CountingIds, FixedClock},
};

/// A migrated SQLite database in a folder that goes with the value.
pub struct TestDb {
    pub db: Db,
    pub folder: tempfile::TempDir,
}

/// Friday, 2026-11-20 23:50 in Europe/Berlin: the hour something is thrown into the Nachtbriefkasten.
pub const FREITAG_NACHT: Timestamp = Timestamp(1_795_215_000_000_000);

/// An empty database with the platform's own tables.
pub async fn sqlite() -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("eakte.db")).await.unwrap();
    db.migrate(&service_platform::MIGRATIONS).await.unwrap();
    TestDb { db, folder }
}

/// A clock that stands still and ids that count.
pub fn fixed() -> (Arc<FixedClock>, Arc<CountingIds>) {
    (Arc::new(FixedClock::at(FREITAG_NACHT)), Arc::new(CountingIds::default()))
}
