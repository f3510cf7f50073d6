// SPDX-License-Identifier: EUPL-1.2
//! scratch
#![allow(clippy::unwrap_used, clippy::print_stdout)]
mod gemeinsam;
use std::time::Instant;
use service_erkennung::{bild, marken, pdf};
use service_ocr_engine::grey;
#[test]
fn zeiten() {
    let shared = gemeinsam::shared().unwrap();
    for (file, page) in [("batch/batch00-qr.pdf", 0), ("batch/batch00-qr.pdf", 1), ("batch/batch00-qr.pdf", 14), ("batch/batch01-code128-duplex.pdf", 0), ("batch/batch01-code128-duplex.pdf", 1), ("batch/batch02-patch-T.pdf", 0)] {
        let bytes = std::fs::read(shared.join("corpus/scan").join(file)).unwrap();
        let t = Instant::now(); let p = pdf::pages(bytes).unwrap(); let load = t.elapsed();
        let t = Instant::now(); let s = pdf::umfrage::survey(&p.pages()[page]).unwrap(); let survey = t.elapsed();
        let t = Instant::now(); let b = pdf::bild::scan(&p.pages()[page], &s).unwrap(); let scan = t.elapsed();
        let t = Instant::now(); let g = grey::decode(&b.bytes, 100_000_000).unwrap(); let dec = t.elapsed();
        let t = Instant::now(); let r = g.halved(); let half = t.elapsed();
        let t = Instant::now(); let bl = bild::is_blank(&r); let blank = t.elapsed();
        let t = Instant::now(); let pa = marken::patch(&r, 150); let patch = t.elapsed();
        let t = Instant::now(); let q = marken::qr(&r); let qr = t.elapsed();
        let t = Instant::now(); let c = marken::code128(&g); let code = t.elapsed();
        println!("{file} {page}: load {load:?} survey {survey:?} scan {scan:?} decode {dec:?} half {half:?} blank {bl} {blank:?} patch {} {patch:?} qr {} {qr:?} code {} {code:?}", pa.is_some(), q.is_some(), c.is_some());
    }
}
