// SPDX-License-Identifier: EUPL-1.2
//! uebergabe: what leaves the house. Bookings go to the finance system, e-mails to the mail system, and what the
//! finance system answers comes back.
//!
//! Worker: takes `uebergabe.buchen.v1`, `uebergabe.stornieren.v1` and `uebergabe.mail.v1`. Owns no tables, sees its
//! jobs and the blob store. The other side stands behind one trait, [`Gegenstelle`]; today that is a pair of folders
//! ([`Ordner`]), as most municipalities of Baden-Württemberg hand over to the data centre's SAP. A web interface and
//! an SMTP relay fit behind the same trait.
//!
//! The way back ([`rueckweg`]) reads files of the incoming folder, each once, and gives them to the engine
//! through [`nachrichten::uebergabe::Rueckmeldungen`].
//!
//! Two states: `übergeben` when the job ends, `quittiert` when the receipt with the document number came. Each booking
//! leaves exactly once: see [`ausgang`] for how a crash at any point keeps that.

#![allow(missing_docs)] // fields of messages and settings carry their German names

mod abgleich;
pub mod ausgang;
mod brief;
mod buchung;
mod ordner;
pub mod rueckweg;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use nachrichten::{
    BlobHash, Timestamp,
    job::JobError,
    uebergabe::{
        ADRESSE, BUCHEN, Buchen, Gesendet, MAIL, Mail, SAP_REJECT, STORNIEREN, Stornieren, Storniert, Uebergeben,
    },
};
use service_platform::{
    uhr::Clock,
    worker::{JobContext, JobHandler, Worker, WorkerError, job},
};

pub use abgleich::{Abgleich, Notiz, Stand, abgleich};
pub use brief::{Brief, BriefFehler};
pub use buchung::{Ablehnung, Anlage, Buchungssatz, Einstellungen, schluessel};
pub use ordner::{Ordner, Pfade};

/// The other side: a finance system and a mail system. Each call may come again after a crash and then hands over
/// nothing twice.
#[async_trait]
pub trait Gegenstelle: Send + Sync {
    /// Hands a booking over. Result - when it left, also for a repeat.
    async fn buchen(&self, satz: Buchungssatz, anlagen: Vec<(Anlage, Vec<u8>)>)
    -> Result<Timestamp, GegenstelleFehler>;
    /// Takes back what `schritt.instanz` handed over for this key. Result - names of the bookings taken back.
    async fn stornieren(&self, storno: Storno) -> Result<Storniert, GegenstelleFehler>;
    /// Hands an e-mail over.
    async fn senden(&self, brief: Brief) -> Result<Timestamp, GegenstelleFehler>;
}

/// Why the other side did not take something.
#[derive(Debug, thiserror::Error)]
pub enum GegenstelleFehler {
    /// It will not take this; a person must look. The text is German.
    #[error("refused: {0}")]
    Abgelehnt(String),
    /// It is away; later it may be there.
    #[error("not reachable: {0}")]
    Fort(String),
    #[error("defect: {0}")]
    Defekt(String),
}

impl From<std::io::Error> for GegenstelleFehler {
    fn from(error: std::io::Error) -> Self {
        Self::Fort(error.to_string())
    }
}

/// The step whose job this is: the process and a key that is the same for every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schritt {
    pub instanz: String,
    /// Letters, digits and hyphens; unique per step.
    pub name: String,
}

/// A reversal.
#[derive(Clone, Debug)]
pub struct Storno {
    pub schritt: Schritt,
    pub schluessel: String,
    pub auftrag: Stornieren,
    pub am: Timestamp,
}

/// The worker.
pub struct Uebergabe {
    gegenstelle: Arc<dyn Gegenstelle>,
    einstellungen: Einstellungen,
    clock: Arc<dyn Clock>,
}

impl Uebergabe {
    pub fn new(gegenstelle: Arc<dyn Gegenstelle>, einstellungen: Einstellungen, clock: Arc<dyn Clock>) -> Self {
        Self { gegenstelle, einstellungen, clock }
    }

    async fn buchen(&self, context: &JobContext, m: Buchen) -> Result<Uebergeben, JobError> {
        let schritt = schritt(context)?;
        let satz = Buchungssatz::new(&m, &schritt, &self.einstellungen, self.clock.now())
            .map_err(|Ablehnung(text)| abgelehnt(text))?;
        let mut anlagen = Vec::new();
        for (endung, hash) in [("pdf", m.pdf), ("xml", m.xml), ("html", m.html.filter(|_| m.pdf.is_none()))] {
            if let Some(hash) = hash {
                let bytes = context.blobs.get(hash).await.map_err(WorkerError::from)?;
                anlagen.push((Anlage::new(&satz.buchung, endung, BlobHash::of(&bytes)), bytes));
            }
        }
        let satz = Buchungssatz { anlagen: anlagen.iter().map(|(a, _)| a.clone()).collect(), ..satz };
        let (buchung, schluessel) = (satz.buchung.clone(), satz.schluessel.clone());
        let am = self.gegenstelle.buchen(satz, anlagen).await.map_err(|e| failure(context, e))?;
        Ok(Uebergeben { buchung, schluessel, am })
    }

    async fn stornieren(&self, context: &JobContext, auftrag: Stornieren) -> Result<Storniert, JobError> {
        let schritt = schritt(context)?;
        let Ok(schluessel) = schluessel(&auftrag.fakten) else {
            // Without its key nothing was ever handed over.
            return Ok(Storniert { buchungen: Vec::new(), am: self.clock.now() });
        };
        let storno = Storno { schritt, schluessel, auftrag, am: self.clock.now() };
        self.gegenstelle.stornieren(storno).await.map_err(|e| failure(context, e))
    }

    async fn mail(&self, context: &JobContext, m: Mail) -> Result<Gesendet, JobError> {
        let schritt = schritt(context)?;
        let brief = Brief::new(&m, &schritt.name, &self.einstellungen.absender, self.clock.now());
        let brief = brief.map_err(|BriefFehler(detail)| JobError::Unreadable { code: ADRESSE.to_owned(), detail })?;
        let message_id = brief.message_id.clone();
        let am = self.gegenstelle.senden(brief).await.map_err(|e| failure(context, e))?;
        Ok(Gesendet { message_id, am })
    }
}

impl Worker for Uebergabe {
    const NAME: &'static str = "uebergabe";

    fn jobs(self: Arc<Self>) -> Vec<JobHandler> {
        macro_rules! handler {
            ($typ:expr, $method:ident) => {{
                let worker = self.clone();
                job($typ, move |context: Arc<JobContext>, message| {
                    let worker = worker.clone();
                    async move { worker.$method(&context, message).await }
                })
            }};
        }
        vec![handler!(BUCHEN, buchen), handler!(STORNIEREN, stornieren), handler!(MAIL, mail)]
    }
}

/// The step as a name for files: `<instance>-<element instance>`.
fn schritt(context: &JobContext) -> Result<Schritt, JobError> {
    let name = context.job.idempotency_key.replace('/', "-");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
        return Err(JobError::Bug { detail: format!("idempotency key {name:?} is no file name") });
    }
    Ok(Schritt { instanz: context.job.instance.to_string(), name })
}

fn abgelehnt(detail: String) -> JobError {
    JobError::Unreadable { code: SAP_REJECT.to_owned(), detail }
}

/// A folder that is away is tried again, later each time.
fn failure(context: &JobContext, error: GegenstelleFehler) -> JobError {
    match error {
        GegenstelleFehler::Abgelehnt(text) => abgelehnt(text),
        GegenstelleFehler::Fort(cause) => {
            JobError::Retry { after: Duration::from_secs(5 * 6u64.pow(context.job.failures.min(4))), cause }
        }
        GegenstelleFehler::Defekt(detail) => JobError::Bug { detail },
    }
}
