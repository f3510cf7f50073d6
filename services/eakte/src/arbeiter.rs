// SPDX-License-Identifier: EUPL-1.2
//! The workers: they see their queues and the blob store, and hold no address of the database. What parses bytes from
//! strangers does it in sandboxed children.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use nachrichten::{job::JobError, uebergabe::Rueckmeldungen};
use service_eingang::{Ablehnung, Pruefer};
use service_einordnung::Einordnung;
use service_erkennung::{Erkennung, Tesseract, TextEngine};
use service_platform::{
    config::Settings,
    uhr::{Clock, Ids},
    worker::{JobHandler, Worker as _},
};
use service_rechnung::Rechnung;
use service_sandbox::Limits;
use service_uebergabe::{Einstellungen, Ordner, Pfade, Uebergabe, rueckweg};

use crate::{app::StartFehler, dienste::Dienst, kind};

/// Children, and how many work at once.
pub struct Werkstatt {
    /// The program that answers `child`.
    program: PathBuf,
    pub parallel: usize,
    /// Reads post; its self test tells whether the sandbox holds.
    pub erkennung: Arc<Erkennung>,
    /// Looks at uploads, with children of its own: a person does not wait behind a batch.
    pub pruefer: Pruefer,
}

impl Werkstatt {
    pub fn new(program: PathBuf, settings: &Settings) -> Result<Self, StartFehler> {
        let parallel = match settings.worker.parallel {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            n => n,
        };
        let ocr: Arc<dyn TextEngine> = Arc::new(text_engine(parallel)?);
        let parser = (program.clone(), vec!["child".to_owned()]);
        // A parser that hangs gives its place back soon: other post must not wait behind it.
        let limits = Limits { cpu_seconds: 20, wall: Duration::from_secs(20), ..Limits::default() };
        let gate = service_erkennung::Options { parser: parser.clone(), parallel: 2, limits: limits.clone() };
        let gate = Arc::new(Erkennung::new(gate, ocr.clone()));
        let worker = service_erkennung::Options { parser, parallel, limits };
        Ok(Self { program, parallel, erkennung: Arc::new(Erkennung::new(worker, ocr)), pruefer: pruefer(gate) })
    }

    /// The handlers of a worker that needs nothing but queue and blob store; none for other services.
    pub fn handlers(&self, dienst: Dienst, settings: &Settings) -> Vec<JobHandler> {
        match dienst {
            Dienst::Erkennung => self.erkennung.clone().jobs(),
            Dienst::Rechnung => {
                let invoices = kind::pool(self.program.clone(), self.parallel);
                Arc::new(Rechnung::new(invoices, settings.rechnung.zahlungsziel_tage)).jobs()
            }
            Dienst::Einordnung => Arc::new(Einordnung).jobs(),
            _ => Vec::new(),
        }
    }
}

/// Folders of the hand-over; `reconcile` reads them.
pub fn pfade(data: &Path, settings: &Settings) -> Pfade {
    let u = &settings.uebergabe;
    Pfade { ausgang: data.join(&u.ausgang), mail: data.join(&u.mail), journal: data.join("spool/uebergabe/journal") }
}

/// The hand-over worker over its folders, and the reader of what the finance system answers.
pub fn uebergabe(
    data: &Path,
    settings: &Settings,
    kern: Arc<dyn Rueckmeldungen>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<(Vec<JobHandler>, impl Future<Output = ()> + Send + 'static), StartFehler> {
    let (u, spool) = (&settings.uebergabe, data.join("spool/uebergabe"));
    let ordner = Ordner::open(&pfade(data, settings)).map_err(|e| StartFehler::new("folders of the hand-over", e))?;
    let profil = rueckweg::Profil {
        eingang: data.join(&u.eingang),
        spool,
        ruhe: Duration::from_millis(u.ruhe_ms),
        unfertig: Duration::from_secs(10),
        takt: Duration::from_millis(u.takt_ms),
        geduld: Duration::from_secs(u.geduld_s),
    };
    let rueckweg = rueckweg::Rueckweg::new(profil, ordner.clone(), kern, ids);
    let einstellungen = Einstellungen {
        buchungskreis: u.buchungskreis.clone(),
        absender: u.absender.clone(),
        beleg_link: u.beleg_link.clone(),
    };
    Ok((Arc::new(Uebergabe::new(Arc::new(ordner), einstellungen, clock)).jobs(), rueckweg.watch()))
}

/// The text recognition of this installation: `eakte-ocr` beside this program, or `$EAKTE_OCR_BIN`.
pub fn text_engine(parallel: usize) -> Result<Tesseract, StartFehler> {
    let program = Tesseract::program().ok_or_else(|| {
        StartFehler::text("eakte-ocr liegt nicht neben diesem Programm; setzen Sie EAKTE_OCR_BIN".to_owned())
    })?;
    Ok(Tesseract::new(program, "deu", parallel, Tesseract::limits()))
}

/// The check of an upload: one look at the structure, in the sandbox.
fn pruefer(gate: Arc<Erkennung>) -> Pruefer {
    Arc::new(move |bytes: &[u8], name: &str| match gate.upload_verdict(bytes, name) {
        Err(JobError::Unreadable { code, detail }) => Err(Ablehnung { code, text: detail }),
        Err(error) => {
            // What cannot be looked at now is kept: the post process will judge it.
            tracing::warn!(%error, "upload check ended without a verdict");
            Ok(())
        }
        Ok(()) => Ok(()),
    })
}
