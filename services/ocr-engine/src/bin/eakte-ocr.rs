// SPDX-License-Identifier: EUPL-1.2
//! `eakte-ocr`: sandboxed child that reads page images; started and fed by a pool, never by hand.
//!
//! The model (environment `EAKTE_OCR_LANG`, default `deu`) is loaded before the process locks itself
//! down: after that it can open no file at all. Tesseract's threads are switched off by the pool
//! (`OMP_THREAD_LIMIT=1`): one engine per process, one process per core.

use std::cell::RefCell;

use serde_json::Value;
use service_ocr_engine::engine::Engine;
use service_ocr_engine::{KIND, MAX_PIXELS, PageJob, grey};
use service_sandbox::{Refusal, Reply, serve};

fn main() {
    let language = std::env::var("EAKTE_OCR_LANG").unwrap_or_else(|_| "deu".into());
    let Ok(engine) = Engine::new(&language) else { std::process::exit(78) };
    let engine = RefCell::new(engine);
    serve(&|kind, header, blobs| match kind {
        KIND => page(&mut engine.borrow_mut(), header, &blobs),
        _ => Err(Refusal::new("unknown-kind", "Diese Aufgabe ist hier unbekannt.")),
    })
}

fn page(engine: &mut Engine, header: Value, blobs: &[Vec<u8>]) -> Result<Reply, Refusal> {
    let damaged = || Refusal::new("page-unreadable", "Das Bild dieser Seite ist beschädigt oder zu groß.");
    let job: PageJob = serde_json::from_value(header).map_err(|_| damaged())?;
    let bytes = blobs.first().ok_or_else(damaged)?;
    let grey = grey::decode(bytes, MAX_PIXELS).map_err(|_| damaged())?;
    let text = engine.recognise(grey, job.dpi).map_err(|_| damaged())?;
    Ok(Reply::new(serde_json::to_value(&text).map_err(|_| damaged())?, Vec::new()))
}
