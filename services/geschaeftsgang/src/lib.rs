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
mod abschluss;
mod aufgaben;
mod befehl;
mod betrieb;
mod definitionen;
mod eingriff;
mod fahrt;
mod fassung;
mod fassungen;
mod grund;
mod hinweise;
mod jobs;
mod laufweg;
mod mahnung;
mod meldung;
mod meldungen;
mod messwerte;
mod pausen;
mod sammel;
pub mod spur;
mod sql;
mod timer;
mod trace;
mod weitergabe;
mod wiedervorlage;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::DeployOptions;
use futures_util::future::BoxFuture;
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
pub use fassung::DOKUMENT_GEAENDERT;

pub const MIGRATIONS: Migrations = Migrations {
    name: "geschaeftsgang",
    sqlite: &[include_str!("../migrations/sqlite/0001_anfang.sql")],
    postgres: &[include_str!("../migrations/postgres/0001_anfang.sql")],
};

/// Points of [`service_platform::failpoint`] in this service: around everything that becomes lasting.
pub const FAILPOINTS: [&str; 9] = [
    "ablauf::schreiben::before",
    "ablauf::schreiben::after",
    "ablauf::auftrag::after",
    "ablauf::ergebnis::before",
    "ablauf::ergebnis::after",
    "ablauf::frist::before",
    "ablauf::frist::after",
    "ablauf::akt::before",
    "ablauf::akt::after",
];

/// All statements, for the test that prepares each one.
pub fn statements() -> Vec<(&'static str, Sql)> {
    [
        sql::STATEMENTS,
        sql::VIELE,
        fassung::STATEMENTS,
        laufweg::STATEMENTS,
        fassungen::sql::STATEMENTS,
        betrieb::sql::STATEMENTS,
    ]
    .concat()
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
    /// Requests of people taken in one commit at most.
    pub together: usize,
    /// Such transactions that may run side by side; none given: as many as the database gains from.
    pub side_by_side: Option<usize>,
    /// How process files are read.
    pub deploy: DeployOptions,
    /// What groups are called in the Verlauf and in mails, by name.
    pub gruppen: BTreeMap<String, String>,
    /// Address of the portal in mails, without a slash at the end.
    pub adresse: String,
    /// A version that one person proposed is published by another one.
    pub zweite_person: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window: 16,
            deadline: Duration::from_secs(300),
            batch: 16,
            together: 128,
            side_by_side: None,
            deploy: DeployOptions::default(),
            gruppen: BTreeMap::new(),
            adresse: "http://127.0.0.1:8080".to_owned(),
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
    /// Types of jobs that a worker takes; set once by the binary that runs the workers, else every type may have one.
    dienste: std::sync::OnceLock<std::collections::BTreeSet<String>>,
    /// Empty groups that no stage of the ladder helps, and until when they are left alone.
    hoffnungslos: Mutex<HashMap<(String, String), Timestamp>>,
    /// Types of jobs that wait for what is away.
    pausen: pausen::Pausen,
    /// A commit made jobs ready.
    auftraege: Notify,
    /// What people ask for, until the next transaction takes it.
    sammler: sammel::Sammler,
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
        let sammler = sammel::Sammler::new(options.side_by_side.unwrap_or(db.writers()));
        let inner = Inner {
            db,
            bus,
            clock,
            ids,
            sammler,
            options,
            definitionen: RwLock::default(),
            tabellen: Arc::default(),
            dokumente: std::sync::OnceLock::new(),
            dienste: std::sync::OnceLock::new(),
            hoffnungslos: Mutex::default(),
            pausen: pausen::Pausen::default(),
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

    /// Names every type of job that has a worker. A job of another type stops at once as an incident instead of
    /// waiting for nobody, and the check of a file says so.
    pub fn set_dienste(&self, typen: impl IntoIterator<Item = String>) {
        let _ = self.inner.dienste.set(typen.into_iter().collect());
    }

    /// Runs dispatcher, results, start commands, timers and the sweep of passed deadlines until the process stops.
    ///
    /// Boxed here: an async function is compiled where it is awaited, in each program that does, and as badly as that one.
    pub fn run(self) -> BoxFuture<'static, ()> {
        Box::pin(async move {
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
        })
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
