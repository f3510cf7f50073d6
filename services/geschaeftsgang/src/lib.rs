// SPDX-License-Identifier: EUPL-1.2
//! geschaeftsgang: the durable engine. It keeps every process instance, hands work to workers and people, and takes
//! their results exactly once.
//!
//! Core service: owns the tables `geschaeftsgang_*`. Consumes `geschaeftsgang.start.v1` (start commands from other
//! core services, through their outbox) and `geschaeftsgang.ergebnis.v1` (results of jobs); publishes `job.<type>`.
//! The interpreter (`engine`) decides; this service makes its decisions lasting: state, history, jobs, tasks, timers
//! and audit in one transaction. Several results share one commit under load.
#![allow(missing_docs)]

mod abgleich;
mod ablaeufe;
mod aufgaben;
mod befehl;
mod definitionen;
mod eingriff;
mod fahrt;
mod fassungen;
mod jobs;
pub mod spur;
mod sql;
mod timer;
mod weitergabe;

use std::{sync::Arc, time::Duration};

use engine::DeployOptions;
use nachrichten::{BlobHash, DefinitionId, InstanceId, JobId, TaskId, Timestamp, Werte, dokumente::Dokumente};
use service_platform::{
    bus::Bus,
    db::{Db, DbError, Migrations, Sql},
    uhr::{Clock, Ids},
};
use tokio::sync::{Notify, RwLock};

pub use abgleich::Abgleich;
pub use befehl::{NACHRICHT, Nachricht, START, StartBefehl};
pub use definitionen::{DeployFehler, Deployed, Herkunft, Pruefung};

pub const MIGRATIONS: Migrations = Migrations {
    name: "geschaeftsgang",
    sqlite: &[include_str!("../migrations/sqlite/0001_anfang.sql")],
    postgres: &[include_str!("../migrations/postgres/0001_anfang.sql")],
};

/// All statements, for the test that prepares each one.
pub fn statements() -> Vec<(&'static str, Sql)> {
    [sql::STATEMENTS, fassungen::sql::STATEMENTS].concat()
}

/// What the service may be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Jobs of one type that are on the bus at once; the rest wait in the table by priority and age.
    pub window: u32,
    /// After this a job goes out again with the next attempt number.
    pub deadline: Duration,
    /// Results taken in one commit at most.
    pub batch: usize,
    /// How process files are read.
    pub deploy: DeployOptions,
    /// A version that one person proposed is published by another one.
    pub zweite_person: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window: 16,
            deadline: Duration::from_secs(300),
            batch: 16,
            deploy: DeployOptions::default(),
            zweite_person: true,
        }
    }
}

/// The service; clones share everything.
#[derive(Clone)]
pub struct Geschaeftsgang {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    options: Options,
    definitionen: RwLock<definitionen::Bestand>,
    tabellen: Arc<definitionen::Tabellen>,
    /// Who may see a document decides who may see its process; set once by the binary.
    dokumente: std::sync::OnceLock<Arc<dyn Dokumente>>,
    /// A commit made jobs ready.
    auftraege: Notify,
    /// A commit armed a timer.
    fristen: Notify,
}

impl Geschaeftsgang {
    /// Reads the deployed processes and tables. Migrations must have run.
    pub async fn new(
        db: Db,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        options: Options,
    ) -> Result<Self, DbError> {
        let inner = Inner {
            db,
            bus,
            clock,
            ids,
            options,
            definitionen: RwLock::default(),
            tabellen: Arc::default(),
            dokumente: std::sync::OnceLock::new(),
            auftraege: Notify::new(),
            fristen: Notify::new(),
        };
        let mut tx = inner.db.begin().await?;
        inner.refresh(&mut tx).await?;
        tx.rollback().await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Connects the record keeper.
    pub fn set_dokumente(&self, dokumente: Arc<dyn Dokumente>) {
        let _ = self.inner.dokumente.set(dokumente);
    }

    /// Runs dispatcher, results, start commands, timers and the sweep of passed deadlines until the process stops.
    pub async fn run(self) {
        let inner = self.inner;
        if let Err(error) = jobs::release_all(&inner).await {
            tracing::error!(%error, "cannot release open jobs");
        }
        tokio::join!(
            jobs::dispatch(inner.clone()),
            jobs::results(inner.clone()),
            befehl::consume(inner.clone()),
            timer::run(inner.clone())
        );
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
    fn instance_id(&self) -> InstanceId {
        InstanceId(self.ids.uuid())
    }
    fn job_id(&self) -> JobId {
        JobId(self.ids.uuid())
    }
    fn task_id(&self) -> TaskId {
        TaskId(self.ids.uuid())
    }
    fn definition_id(&self) -> DefinitionId {
        DefinitionId(self.ids.uuid())
    }
}

/// Hash of what a person signs: the task's facts and the values given.
fn signed_hash(daten: &serde_json::Value, werte: &Werte) -> BlobHash {
    BlobHash::of(serde_json::json!([daten, werte]).to_string().as_bytes())
}
