// SPDX-License-Identifier: EUPL-1.2
//! akten: the record. Aktenplan, Akte, Vorgang, Dokument with renditions, full text and who may see what.
//!
//! Core service: owns the tables `akten_*`. Takes the jobs `akten.anlegen.v1`, `akten.erfassen.v1`,
//! `akten.ablegen.v1`, `akten.korb.v1`, `akten.zda.v1`, `akten.laufprotokoll.v1`, `akten.vorlage_ablegen.v1`, each in one transaction with its inbox row, audit entry and index,
//! and the messages of `akten.zugang.v1`. Serves the traits `Dokumente` and `Suche`; every query carries the rights.
//!
//! ```
//! # use std::sync::Arc;
//! # use service_platform::{blobs::Blobs, bus::Bus, db::{Db, DbError}, uhr::{Clock, Ids}, worker};
//! # async fn start(db: Db, blobs: Arc<dyn Blobs>, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<(), DbError> {
//! db.migrate(&service_akten::MIGRATIONS).await?;
//! let akten = Arc::new(service_akten::Akten::new(db, blobs.clone(), clock, ids));
//! for handler in akten.clone().jobs() {
//!     tokio::spawn(worker::serve(handler, bus.clone(), blobs.clone(), 4));
//! }
//! tokio::spawn(akten.clone().consume(bus));
//! let dokumente: Arc<dyn nachrichten::dokumente::Dokumente> = akten;
//! # Ok(())
//! # }
//! ```

mod abgleich;
mod ablegen;
mod akte;
mod anlegen;
mod bestand;
mod dubletten;
mod erfassen;
mod fassung;
mod fehler;
mod korb;
mod laufprotokoll;
mod lesen;
pub mod plan;
mod rechte;
mod schluss;
mod schreiben;
mod seed;
mod suche;
mod vorlage;
mod zugang;

use std::sync::{Arc, OnceLock};

use nachrichten::{
    MessageId, Timestamp, akten,
    job::{Job, JobError},
};
use serde::{Serialize, de::DeserializeOwned};
use service_platform::{
    args,
    blobs::Blobs,
    db::{Db, Migrations, Sql, Tx},
    outbox,
    uhr::{Clock, Ids},
    worker::{JobHandler, job},
};
use tokio::sync::OnceCell;

pub use abgleich::{Abgleich, AbgleichDokument};
pub use fehler::AktenError;
pub use seed::Gesetzt;
pub use vorlage::{VORLAGE_ABLEGEN, VorlageAbgelegt, VorlageAblegen};
pub use zugang::{ZUGANG, ZugangGeaendert};

/// The tables of this service; run after the platform's.
pub const MIGRATIONS: Migrations = Migrations {
    name: "akten",
    sqlite: &[include_str!("../migrations/sqlite/0001_anfang.sql")],
    postgres: &[include_str!("../migrations/postgres/0001_anfang.sql")],
};

/// All statements of this crate, for the test that prepares each one on each database.
pub fn statements() -> Vec<(&'static str, Sql)> {
    [
        abgleich::STATEMENTS,
        akte::STATEMENTS,
        anlegen::STATEMENTS,
        bestand::STATEMENTS,
        dubletten::STATEMENTS,
        erfassen::STATEMENTS,
        fassung::STATEMENTS,
        ablegen::STATEMENTS,
        korb::STATEMENTS,
        laufprotokoll::STATEMENTS,
        lesen::STATEMENTS,
        plan::STATEMENTS,
        schluss::STATEMENTS,
        schreiben::STATEMENTS,
        seed::STATEMENTS,
        suche::STATEMENTS,
        suche::index::STATEMENTS,
        suche::meinten::STATEMENTS,
        vorlage::STATEMENTS,
        zugang::STATEMENTS,
    ]
    .concat()
}

/// Name of this consumer in the inbox and as actor in the audit trail.
const CONSUMER: &str = "akten";
const ACTOR: &str = "dienst:akten";

/// The service.
pub struct Akten {
    db: Db,
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    worte: OnceCell<suche::worte::Worte>,
    pruefung: OnceLock<Strukturpruefung>,
}

/// Looks at bytes that a person hands in (blocking): are they what they claim to be? A refusal is a German sentence.
pub type Strukturpruefung = Arc<dyn Fn(&[u8], &str) -> Result<(), String> + Send + Sync>;

impl Akten {
    /// A service on this database and blob store; reads nothing yet.
    pub fn new(db: Db, blobs: Arc<dyn Blobs>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { db, blobs, clock, ids, worte: OnceCell::new(), pruefung: OnceLock::new() }
    }

    /// Connects the look that intake takes at uploads; new versions pass the same one.
    pub fn set_pruefung(&self, pruefung: Strukturpruefung) {
        let _ = self.pruefung.set(pruefung);
    }

    /// The handlers of this service's job types.
    pub fn jobs(self: Arc<Self>) -> Vec<JobHandler> {
        macro_rules! handler {
            ($typ:expr, $method:ident) => {{
                let akten = self.clone();
                job($typ, move |context, message| {
                    let akten = akten.clone();
                    async move { akten.$method(&context.job, message).await.map_err(JobError::from) }
                })
            }};
        }
        vec![
            handler!(akten::ANLEGEN, anlegen),
            handler!(akten::ERFASSEN, erfassen),
            handler!(akten::ABLEGEN, ablegen),
            handler!(akten::KORB, korb_wechseln),
            handler!(akten::LAUFPROTOKOLL, laufprotokoll),
            handler!(akten::ZDA, zu_den_akten),
            handler!(VORLAGE_ABLEGEN, vorlage_ablegen),
        ]
    }

    /// Words and compound parts; the Aktenplan's terms are read once, at the first use.
    async fn worte(&self) -> Result<&suche::worte::Worte, AktenError> {
        self.worte.get_or_try_init(|| suche::worte_of(&self.db)).await.map_err(Into::into)
    }

    /// The kept answer when this job was done before; else notes in `tx` that it is being done.
    async fn repeated<R: DeserializeOwned>(
        &self,
        tx: &mut Tx,
        job: &Job,
        now: Timestamp,
    ) -> Result<Option<R>, AktenError> {
        if outbox::take(tx, CONSUMER, MessageId(job.id.0), now).await? {
            return Ok(None);
        }
        let answer = outbox::answered(tx, CONSUMER, MessageId(job.id.0)).await?;
        answer
            .and_then(|a| serde_json::from_value(a).ok())
            .map(Some)
            .ok_or_else(|| AktenError::Message(format!("job {} was done without an answer", job.id)))
    }

    /// Keeps the answer and commits.
    async fn finish<R: Serialize>(&self, mut tx: Tx, job: &Job, result: R) -> Result<R, AktenError> {
        let answer = serde_json::to_value(&result).map_err(|e| AktenError::Message(e.to_string()))?;
        outbox::answer(&mut tx, CONSUMER, MessageId(job.id.0), &answer).await?;
        tx.commit().await?;
        Ok(result)
    }
}

/// Waits until nobody else holds this name in a transaction; SQLite has one writer anyway.
async fn lock(tx: &mut Tx, name: &str) -> Result<(), AktenError> {
    tx.execute(&schreiben::SPERRE, args![name]).await?;
    Ok(())
}
