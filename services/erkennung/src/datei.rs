// SPDX-License-Identifier: EUPL-1.2
//! `eakte ocr FILE`: the worker's code on one file, without a server.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nachrichten::BlobHash;
use nachrichten::erkennung::{SeitenText, grund};
use nachrichten::job::JobError;
use serde_json::{Value, json};
use service_sandbox::Pool;

use crate::grenzen;
use crate::kind::{self, Analyse, BildSeite, Datei, Zweck};
use crate::marken::Marke;
use crate::maschine::{EngineError, TextEngine};
use crate::pdfa::PdfaJob;
use crate::seiten::{read_page, text_of};
use crate::stapel::Rolle;
use crate::text::display_name;
use crate::zerlegen::{Zerleger, job_error, unreadable};

/// The three outputs of `eakte ocr`.
pub struct OcrErgebnis {
    /// The object that `--json` prints.
    pub json: Value,
    /// The searchable PDF/A; for a born-digital PDF the file itself, which is never rewritten.
    pub pdf: Vec<u8>,
    /// Text, pages divided by form feeds.
    pub text: String,
}

/// One page as the JSON shows it.
struct Blatt {
    dpi: [u32; 2],
    leer: bool,
    marken: Vec<Marke>,
    text: SeitenText,
}

/// Reads one file: scan images, TIFF, scanned and born-digital PDF.
///
/// * `file` - shown in the JSON as given. `progress` - called with pages done and pages in all, from
///   several threads.
///
/// # Errors
/// [`JobError::Unreadable`] with a German sentence for files that have no pages to read.
pub fn ocr_file(
    file: &str,
    bytes: &[u8],
    pool: &Pool,
    engine: &dyn TextEngine,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<OcrErgebnis, JobError> {
    let name = display_name(file, "Datei");
    let reply =
        pool.call(kind::ANALYSE, &json!(Datei { name: name.clone(), anlage: false }), &[bytes]).map_err(job_error)?;
    let analyse: Analyse = serde_json::from_value(reply.header).map_err(|_| no_pages())?;
    let pages = match analyse {
        Analyse::Pdf { text: true, .. } => {
            let texts: Vec<SeitenText> =
                reply.blobs.first().and_then(|b| serde_json::from_slice(b).ok()).ok_or_else(no_pages)?;
            let dpi = [grenzen::BILDSCHIRM_DPI; 2];
            let blaetter: Vec<Blatt> = texts
                .into_iter()
                .map(|text| Blatt { dpi, leer: text.woerter.is_empty(), marken: Vec::new(), text })
                .collect();
            return Ok(result(file, blaetter, bytes.to_vec()));
        }
        Analyse::Pdf { befund, .. } => befund.seiten.len(),
        Analyse::Bilder { seiten, .. } => seiten,
        _ => return Err(no_pages()),
    };
    let store: Mutex<HashMap<BlobHash, Vec<u8>>> = Mutex::default();
    let ablage = |bytes: Vec<u8>| -> Result<BlobHash, JobError> {
        let hash = BlobHash::of(&bytes);
        store.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(hash, bytes);
        Ok(hash)
    };
    let zerleger = Zerleger { pool, parallel: engine.parallel(), ablage: &ablage, heute: None };
    let images = zerleger.images(bytes, pages, Zweck::Erkennung)?;
    let images: Vec<(BildSeite, BlobHash)> = images.into_iter().collect::<Option<_>>().ok_or_else(no_pages)?;
    let store = store.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let texts = read_all(&images, &store, engine, progress)?;
    let words = serde_json::to_vec(&texts).map_err(|e| JobError::Bug { detail: e.to_string() })?;
    let mut blobs: Vec<&[u8]> = images.iter().filter_map(|(_, h)| store.get(h)).map(Vec::as_slice).collect();
    blobs.push(&words);
    let header = json!(PdfaJob { titel: name, dpi: images.iter().map(|(i, _)| i.dpi).collect() });
    let mut reply = pool.call(kind::PDFA, &header, &blobs).map_err(job_error)?;
    let pdf = reply.blobs.pop().ok_or_else(no_pages)?;
    let blaetter = images
        .into_iter()
        .zip(texts)
        .map(|((image, _), text)| Blatt {
            dpi: image.dpi,
            leer: image.rolle == Rolle::Leer,
            marken: image.marken,
            text,
        })
        .collect();
    Ok(result(file, blaetter, pdf))
}

fn no_pages() -> JobError {
    unreadable(grund::FORMAT, "Diese Datei hat keine Seiten, die sich lesen lassen.")
}

/// Reads all pages that show something, as many at once as the engine can.
fn read_all(
    images: &[(BildSeite, BlobHash)],
    store: &HashMap<BlobHash, Vec<u8>>,
    engine: &dyn TextEngine,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<SeitenText>, JobError> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some((image, hash)) = images.get(n) else {
                return;
            };
            let empty = SeitenText { breite: image.breite, hoehe: image.hoehe, ..SeitenText::default() };
            let read = match (&image.rolle, store.get(hash)) {
                (Rolle::Leer, _) | (_, None) => Ok(empty),
                (_, Some(bytes)) => match read_page(engine, bytes, image.dpi) {
                    Err(EngineError::Unavailable(cause)) => Err(cause),
                    other => Ok(other.unwrap_or(empty)),
                },
            };
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((n, read));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, images.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..engine.parallel().min(images.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(n, _)| *n);
    let retry = |cause| JobError::Retry { after: std::time::Duration::from_secs(5), cause };
    results.into_iter().map(|(_, read)| read.map_err(retry)).collect()
}

fn result(file: &str, pages: Vec<Blatt>, pdf: Vec<u8>) -> OcrErgebnis {
    let shown: Vec<Value> = (1..).zip(&pages).map(|(n, page)| page_json(n, page)).collect();
    let texts: Vec<SeitenText> = pages.into_iter().map(|p| p.text).collect();
    OcrErgebnis { json: json!({ "file": file, "pages": shown }), pdf, text: text_of(&texts) }
}

fn page_json(n: u32, page: &Blatt) -> Value {
    let words: Vec<Value> = page
        .text
        .woerter
        .iter()
        .map(|w| json!({ "text": w.text, "box": w.kasten, "confidence": w.sicherheit }))
        .collect();
    json!({
        "n": n,
        "width": page.text.breite,
        "height": page.text.hoehe,
        "dpi": page.dpi,
        "rotation": page.text.drehung,
        "skew": page.text.schiefe,
        "blank": page.leer,
        "text": page.text.text,
        "words": words,
        "barcodes": page.marken,
    })
}
