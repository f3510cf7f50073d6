// SPDX-License-Identifier: EUPL-1.2
//! erkennung: takes post apart, turns page images into text and a searchable PDF/A.
//!
//! Worker: takes [`ZERLEGEN`], [`SEITEN`] and [`ZUSAMMENSETZEN`], returns their results. Owns nothing:
//! reads and writes blobs by hash, holds no database, calls no other service. A job is a function of its
//! input, so doing it twice is harmless.
//!
//! Bytes from strangers are read in sandboxed children only: the parsers serve [`kind::child`] (the binary
//! `eakte child` chains it), the text engine is the program `eakte-ocr`. This process sees messages whose
//! lengths, hashes and ranges it checks.

pub mod archiv;
pub mod bild;
pub mod datei;
pub mod grenzen;
pub mod kind;
pub mod mail;
pub mod marken;
pub mod maschine;
pub mod pdf;
pub mod pdfa;
mod seiten;
pub mod stapel;
mod teile;
pub mod text;
mod tiff_seiten;
pub mod typ;
pub mod xml;
pub mod zerlegen;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nachrichten::BlobHash;
use nachrichten::erkennung::{SEITEN, ZERLEGEN, ZUSAMMENSETZEN, Zerlegen, Zerlegt};
use nachrichten::job::JobError;
use service_platform::worker::{JobContext, JobHandler, Worker, WorkerError, job};
use service_sandbox::{Limits, Pool, SandboxError, SelfTest};

pub use kind::child;
pub use maschine::{EngineError, Tesseract, TextEngine};
use zerlegen::Zerleger;

/// Bytes of results held back until a file is judged.
const MAX_STAGED: usize = 128 << 20;

/// How the worker runs its children.
#[derive(Clone, Debug)]
pub struct Options {
    /// Program and arguments that serve [`kind::child`], e.g. `eakte child`.
    pub parser: (PathBuf, Vec<String>),
    /// Children of each kind; one per core is right.
    pub parallel: usize,
    /// Limits of one parser child.
    pub limits: Limits,
}

impl Options {
    /// This executable's hidden subcommand `child`, one child per core.
    ///
    /// # Errors
    /// When the own path is unknown.
    pub fn of_this_program() -> std::io::Result<Self> {
        let parallel = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self { parser: (std::env::current_exe()?, vec!["child".into()]), parallel, limits: Limits::default() })
    }
}

/// The worker.
pub struct Erkennung {
    pool: Pool,
    parallel: usize,
    engine: Arc<dyn TextEngine>,
}

impl Erkennung {
    /// A worker with its own parser pool and this text engine. Children start when they are first needed.
    pub fn new(options: Options, engine: Arc<dyn TextEngine>) -> Self {
        let Options { parser: (program, args), parallel, limits } = options;
        let parallel = parallel.max(1);
        Self { pool: Pool::new(program, args, limits, parallel), parallel, engine }
    }

    /// Lets a parser child try what it must not be able to do; for health and start-up.
    ///
    /// # Errors
    /// As the sandbox says.
    pub fn self_test(&self) -> Result<SelfTest, SandboxError> {
        self.pool.self_test()
    }

    /// Quick verdict at the door of the upload: `Err` with code and German sentence means "refuse, keep
    /// nothing"; everything else goes its way and is judged in full there. Blocking, about a millisecond.
    ///
    /// # Errors
    /// [`JobError::Unreadable`] when the bytes are not what they claim to be; [`JobError::Retry`] when the
    /// sandbox cannot be started.
    pub fn upload_verdict(&self, bytes: &[u8], name: &str) -> Result<(), JobError> {
        let job = serde_json::json!(kind::Datei { name: text::display_name(name, "Datei"), anlage: false });
        match self.pool.call(kind::EINGANGSPRUEFUNG, &job, &[bytes]) {
            Ok(_) => Ok(()),
            // A file that kills the quick look is kept and judged by the pipeline.
            Err(SandboxError::Died { .. } | SandboxError::TimedOut | SandboxError::TooBig | SandboxError::Garbage) => {
                Ok(())
            }
            Err(e) => Err(zerlegen::job_error(e)),
        }
    }

    async fn take_apart(self: Arc<Self>, context: Arc<JobContext>, job: Zerlegen) -> Result<Zerlegt, JobError> {
        let bytes = context.blobs.get(job.blob).await.map_err(WorkerError::from)?;
        let heute = context.job.deadline.tag();
        let runtime = tokio::runtime::Handle::current();
        let blobs = context.blobs.clone();
        let work = move || {
            let store = |bytes: Vec<u8>| -> Result<(), JobError> {
                runtime.block_on(blobs.put(bytes)).map(|_| ()).map_err(|e| WorkerError::from(e).into())
            };
            // Stored only when the whole file was judged: parts of a mail that ends in quarantine would be blobs
            // nobody refers to. A large scan is stored on the way, so that memory stays bounded.
            let staged = Mutex::new((Vec::new(), 0usize));
            let ablage = |bytes: Vec<u8>| -> Result<BlobHash, JobError> {
                let hash = BlobHash::of(&bytes);
                let full = {
                    let mut held = staged.lock().unwrap_or_else(PoisonError::into_inner);
                    held.1 += bytes.len();
                    held.0.push(bytes);
                    if held.1 > MAX_STAGED { std::mem::take(&mut *held).0 } else { Vec::new() }
                };
                full.into_iter().try_for_each(store)?;
                Ok(hash)
            };
            let zerleger = Zerleger { pool: &self.pool, parallel: self.parallel, ablage: &ablage, heute: Some(heute) };
            let result = zerleger.zerlege(&bytes, job.blob, &job.name)?;
            let held = staged.into_inner().unwrap_or_else(PoisonError::into_inner);
            held.0.into_iter().try_for_each(store)?;
            Ok(result)
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| JobError::Bug { detail: format!("zerlegen: {e}") })?
    }
}

impl Worker for Erkennung {
    const NAME: &'static str = "erkennung";

    fn jobs(self: Arc<Self>) -> Vec<JobHandler> {
        let (first, second, third) = (self.clone(), self.clone(), self);
        vec![
            job(ZERLEGEN, move |context, message| first.clone().take_apart(context, message)),
            job(SEITEN, move |context, message| second.clone().recognise(context, message)),
            job(ZUSAMMENSETZEN, move |context, message| third.clone().assemble(context, message)),
        ]
    }
}
