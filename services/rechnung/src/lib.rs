// SPDX-License-Identifier: EUPL-1.2
//! rechnung: reads invoices, checks them and says when they are to be paid.
//!
//! Worker: takes `rechnung.pruefen.v1` ([`nachrichten::rechnung::Pruefen`]), returns
//! [`nachrichten::rechnung::Geprueft`]. Owns nothing, calls no other service. XML and PDF of strangers are read in
//! a sandboxed child ([`child`], kind [`LESEN`]) or, by the command line, in the locked process itself
//! ([`check_file`], [`show_html`]). The knowledge of invoices is the pure crate `rechnung`.

mod bericht;
mod fakten;
mod lesen;
mod papier;

use std::sync::Arc;

use nachrichten::{
    erkennung::grund,
    job::JobError,
    rechnung::{Geprueft, PRUEFEN, Pruefen},
};
use service_platform::worker::{JobContext, JobHandler, Worker, WorkerError, job};
use service_sandbox::{Pool, SandboxError};

pub use bericht::{check_file, show_html};
pub use lesen::{LESEN, child};
pub use rechnung::zahlung::{Counting, Start};

/// Longest text that is compared with the data, in bytes.
const MAX_TEXT: usize = 4 << 20;

/// The worker.
pub struct Rechnung {
    children: Arc<Pool>,
    counting: Counting,
}

impl Rechnung {
    /// A worker whose parsing happens in `children`; `default_days` until payment when an invoice names none.
    pub fn new(children: Arc<Pool>, default_days: i32) -> Self {
        let default_days = u32::try_from(default_days).unwrap_or(0);
        Self { children, counting: Counting { default_days, ..Counting::default() } }
    }

    /// Terms count from `start` instead of the earlier of invoice date and Zugang.
    pub fn with_start(mut self, start: Start) -> Self {
        self.counting.start = start;
        self
    }

    async fn check(&self, context: &JobContext, task: Pruefen) -> Result<Geprueft, JobError> {
        let text = match task.text {
            Some(hash) => {
                let mut bytes = context.blobs.get(hash).await.map_err(WorkerError::from)?;
                bytes.truncate(MAX_TEXT);
                String::from_utf8_lossy(&bytes).into_owned()
            }
            None => String::new(),
        };
        let Some(xml) = task.xml else {
            let vorschlag = task.vorschlag.unwrap_or_default();
            let (fakten, befunde) = papier::check(&vorschlag, &text, task.zugang, self.counting);
            return Ok(Geprueft { fakten, befunde, html: None, text: None });
        };
        let xml = context.blobs.get(xml).await.map_err(WorkerError::from)?;
        let header = lesen::Auftrag { zugang: task.zugang, counting: self.counting.into() };
        let header = serde_json::to_value(header).map_err(|e| JobError::Bug { detail: e.to_string() })?;
        let children = self.children.clone();
        let reply = tokio::task::spawn_blocking(move || children.call(LESEN, &header, &[&xml, text.as_bytes()]))
            .await
            .map_err(|e| JobError::Bug { detail: format!("reading an invoice: {e}") })?
            .map_err(failure)?;
        let read: lesen::Ergebnis = serde_json::from_value(reply.header).map_err(|_| garbage())?;
        let Ok([html, text]) = <[Vec<u8>; 2]>::try_from(reply.blobs) else {
            return Err(garbage());
        };
        let html = context.blobs.put(html).await.map_err(WorkerError::from)?;
        let text = context.blobs.put(text).await.map_err(WorkerError::from)?;
        Ok(Geprueft { fakten: read.fakten, befunde: read.befunde, html: Some(html), text: Some(text) })
    }
}

impl Worker for Rechnung {
    const NAME: &'static str = "rechnung";

    fn jobs(self: Arc<Self>) -> Vec<JobHandler> {
        vec![job(PRUEFEN, move |context: Arc<JobContext>, task: Pruefen| {
            let worker = self.clone();
            async move { worker.check(&context, task).await }
        })]
    }
}

/// What the death of a child means: the document is not read again, a person looks.
fn failure(error: SandboxError) -> JobError {
    let (code, detail) = match error {
        SandboxError::Refused { code, detail } => (code, detail),
        SandboxError::Io(_) | SandboxError::Lock(_) => {
            return JobError::Retry { after: std::time::Duration::from_secs(2), cause: error.to_string() };
        }
        SandboxError::TimedOut => {
            (grund::QUARANTAENE.to_owned(), "Die Rechnung ließ sich nicht in der vorgesehenen Zeit lesen.".to_owned())
        }
        _ => return garbage(),
    };
    JobError::Unreadable { code, detail }
}

fn garbage() -> JobError {
    JobError::Unreadable {
        code: grund::QUARANTAENE.to_owned(),
        detail: "Beim Lesen der Rechnung ist das Leseprogramm abgebrochen.".to_owned(),
    }
}
