// SPDX-License-Identifier: EUPL-1.2
//! The jobs after taking apart: recognise a range of pages, assemble the searchable PDF/A.

use std::sync::Arc;
use std::time::Duration;

use nachrichten::erkennung::{
    Befund, Seite, SeitenErgebnis, SeitenErkannt, SeitenErkennen, SeitenText, Stufe, Zusammengesetzt, Zusammensetzen,
};
use nachrichten::job::JobError;
use service_platform::worker::{JobContext, WorkerError};

use crate::maschine::{EngineError, TextEngine};
use crate::pdfa::PdfaJob;
use crate::text::SEITENENDE;
use crate::zerlegen::{job_error, unreadable};
use crate::{Erkennung, grenzen, kind};

impl Erkennung {
    /// Reads the pages of one range; blank pages and pages without an image are left out.
    pub(crate) async fn recognise(
        self: Arc<Self>,
        context: Arc<JobContext>,
        job: SeitenErkennen,
    ) -> Result<SeitenErkannt, JobError> {
        let range = job.bereich.von as usize..job.bereich.bis as usize;
        let pages = job.seiten.get(range).ok_or_else(|| JobError::Bug { detail: "range outside the pages".into() })?;
        let mut ergebnisse = Vec::new();
        for (index, seite) in (job.bereich.von..).zip(pages) {
            let Some(bild) = seite.bild.filter(|_| !seite.leer) else {
                continue;
            };
            let image = context.blobs.get(bild).await.map_err(WorkerError::from)?;
            let (engine, dpi) = (self.engine.clone(), seite.dpi);
            let read = tokio::task::spawn_blocking(move || read_page(engine.as_ref(), &image, dpi))
                .await
                .map_err(|e| JobError::Bug { detail: format!("seiten: {e}") })?;
            let (text, befund) = page_result(read, seite)?;
            let json = serde_json::to_vec(&text).map_err(|e| JobError::Bug { detail: e.to_string() })?;
            let woerter = context.blobs.put(json).await.map_err(WorkerError::from)?;
            ergebnisse.push(SeitenErgebnis { index, woerter, befund });
        }
        Ok(SeitenErkannt { ergebnisse })
    }

    /// Writes the searchable PDF/A, the text and the words of one part.
    pub(crate) async fn assemble(
        self: Arc<Self>,
        context: Arc<JobContext>,
        job: Zusammensetzen,
    ) -> Result<Zusammengesetzt, JobError> {
        let mut pages: Vec<SeitenText> = job
            .seiten
            .iter()
            .map(|s| SeitenText { breite: s.breite, hoehe: s.hoehe, ..SeitenText::default() })
            .collect();
        for result in &job.ergebnisse {
            let json = context.blobs.get(result.woerter).await.map_err(WorkerError::from)?;
            let place = pages.get_mut(result.index as usize);
            let place = place.ok_or_else(|| JobError::Bug { detail: "result for a page that is not there".into() })?;
            *place = serde_json::from_slice(&json).map_err(|e| JobError::Bug { detail: format!("words: {e}") })?;
        }
        let mut images = Vec::new();
        for seite in &job.seiten {
            let hash = seite.bild.ok_or_else(|| JobError::Bug { detail: "page without an image".into() })?;
            images.push(context.blobs.get(hash).await.map_err(WorkerError::from)?);
        }
        let text = text_of(&pages);
        let words = serde_json::to_vec(&pages).map_err(|e| JobError::Bug { detail: e.to_string() })?;
        let header = serde_json::json!(PdfaJob { titel: job.titel, dpi: job.seiten.iter().map(|s| s.dpi).collect() });
        let (pool, words_again) = (self.pool.clone(), words.clone());
        let mut reply = tokio::task::spawn_blocking(move || {
            let blobs: Vec<&[u8]> = images.iter().chain([&words_again]).map(Vec::as_slice).collect();
            pool.call(kind::PDFA, &header, &blobs).map_err(job_error)
        })
        .await
        .map_err(|e| JobError::Bug { detail: format!("zusammensetzen: {e}") })??;
        let pdfa = reply.blobs.pop().ok_or_else(|| JobError::Bug { detail: "no PDF in the answer".into() })?;
        Ok(Zusammengesetzt {
            pdfa: context.blobs.put(pdfa).await.map_err(WorkerError::from)?,
            text: context.blobs.put(text.into_bytes()).await.map_err(WorkerError::from)?,
            woerter: context.blobs.put(words).await.map_err(WorkerError::from)?,
        })
    }
}

/// Pages divided by form feeds.
pub(crate) fn text_of(pages: &[SeitenText]) -> String {
    let mut text = String::new();
    for (n, page) in pages.iter().enumerate() {
        if n > 0 {
            text.push(SEITENENDE);
        }
        text.push_str(&page.text);
    }
    text
}

/// A page on which the engine died is tried once more on a fresh one: the first death may be another
/// page's leftover.
pub(crate) fn read_page(engine: &dyn TextEngine, image: &[u8], dpi: [u32; 2]) -> Result<SeitenText, EngineError> {
    match engine.recognise(image, dpi) {
        Err(EngineError::Died(_)) => engine.recognise(image, dpi),
        other => other,
    }
}

/// A page that cannot be read costs one page: it stays without text and says so.
fn page_result(read: Result<SeitenText, EngineError>, seite: &Seite) -> Result<(SeitenText, Option<Befund>), JobError> {
    match read {
        Ok(text) if u64::from(text.breite) * u64::from(text.hoehe) <= grenzen::PIXEL => Ok((text, None)),
        Ok(_) => {
            Err(unreadable(nachrichten::erkennung::grund::QUARANTAENE, "Ein Seitenbild ist größer als 100 Megapixel."))
        }
        Err(EngineError::Unavailable(cause)) => Err(JobError::Retry { after: Duration::from_secs(5), cause }),
        Err(EngineError::Unreadable | EngineError::Died(_)) => {
            let text = SeitenText { breite: seite.breite, hoehe: seite.hoehe, ..SeitenText::default() };
            let befund = Befund {
                code: "page-unreadable".into(),
                stufe: Stufe::Warnung,
                text: format!("Der Text von Seite {} wurde nicht erkannt. Lesen Sie die Seite selbst.", seite.n),
            };
            Ok((text, Some(befund)))
        }
    }
}
