// SPDX-License-Identifier: EUPL-1.2
//! What the tests share: the shared data, pools of the real children, a store in memory.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use nachrichten::BlobHash;
use nachrichten::erkennung::Zerlegt;
use nachrichten::job::JobError;
use serde_json::Value;
use service_erkennung::Tesseract;
use service_erkennung::zerlegen::Zerleger;
use service_sandbox::{Limits, Pool};

/// The shared folder, or `None` with a line that says so.
pub fn shared() -> Option<PathBuf> {
    let place = std::env::var_os("EAKTE_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let found = place.join("corpus").exists().then_some(place);
    if found.is_none() {
        println!("skipped: no shared data");
    }
    found
}

/// The lines of a manifest.
pub fn manifest(file: PathBuf) -> Vec<Value> {
    std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn probe(role: &str, limits: Limits, size: usize) -> Pool {
    Pool::new(env!("CARGO_BIN_EXE_erkennung-probe").into(), vec![role.into()], limits, size)
}

pub fn parsers() -> Pool {
    probe("child", Limits::default(), 2)
}

/// The real engine; its program belongs to another package and is built here when it is missing.
pub fn tesseract(size: usize) -> Tesseract {
    let program = Tesseract::program().unwrap_or_else(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "-p", "service-ocr-engine", "--bin", "eakte-ocr"])
            .status()
            .unwrap();
        assert!(built.success(), "eakte-ocr cannot be built");
        Tesseract::program().unwrap()
    });
    Tesseract::new(program, "deu", size, Tesseract::limits())
}

/// Blobs in memory.
#[derive(Default)]
pub struct Speicher(pub Mutex<HashMap<BlobHash, Vec<u8>>>);

impl Speicher {
    pub fn get(&self, hash: BlobHash) -> Vec<u8> {
        self.0.lock().unwrap()[&hash].clone()
    }

    pub fn put(&self, bytes: Vec<u8>) -> BlobHash {
        let hash = BlobHash::of(&bytes);
        self.0.lock().unwrap().insert(hash, bytes);
        hash
    }

    pub fn zerlege(&self, pool: &Pool, bytes: &[u8], name: &str) -> Result<Zerlegt, JobError> {
        let hash = self.put(bytes.to_vec());
        let ablage = |bytes: Vec<u8>| Ok(self.put(bytes));
        let heute = "2026-11-23".parse().ok();
        Zerleger { pool, parallel: 2, ablage: &ablage, heute }.zerlege(bytes, hash, name)
    }
}

/// Words of `truth` that `text` does not have, as multisets; and the number of words of `truth`.
pub fn missing(truth: &str, text: &str) -> (usize, usize) {
    let mut have: HashMap<&str, usize> = HashMap::new();
    text.split_whitespace().for_each(|w| *have.entry(w).or_default() += 1);
    let mut lost = 0;
    let mut all = 0;
    for word in truth.split_whitespace() {
        all += 1;
        match have.get_mut(word) {
            Some(n) if *n > 0 => *n -= 1,
            _ => lost += 1,
        }
    }
    (lost, all)
}

/// A PDF with text, one page per entry; no scan.
pub fn digital_pdf(pages: &[&[&str]]) -> Vec<u8> {
    let mut pdf = String::from("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
    let kids: String = (0..pages.len()).map(|n| format!("{} 0 R ", 10 + 2 * n)).collect();
    pdf += &format!("2 0 obj<</Type/Pages/Kids[{kids}]/Count {}>>endobj\n", pages.len());
    pdf += "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>endobj\n";
    for (n, lines) in pages.iter().enumerate() {
        let shown: String = lines.iter().map(|line| format!("({line}) Tj 0 -40 Td ")).collect();
        let content = format!("BT /F 24 Tf 72 700 Td {shown}ET");
        let (page, stream) = (10 + 2 * n, 11 + 2 * n);
        pdf += &format!(
            "{page} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {stream} 0 R/Resources<</Font<</F 3 0 R>>>>>>endobj\n\
             {stream} 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n",
            content.len()
        );
    }
    let mut doc =
        lopdf::Document::load_mem((pdf + "trailer<</Root 1 0 R/Size 100>>\nstartxref\n0\n%%EOF\n").as_bytes()).unwrap();
    let mut out = Vec::new();
    doc.save_to(&mut out).unwrap();
    out
}

/// Image of a page of that PDF, at 300 dpi.
pub fn page_image(lines: &[&str]) -> Vec<u8> {
    let pdf = service_erkennung::pdf::pages(digital_pdf(&[lines])).unwrap();
    service_erkennung::pdf::bild::raster(&pdf.pages()[0], 300).unwrap().bytes
}

/// A short letter as an image.
pub fn letter() -> Vec<u8> {
    page_image(&["Sehr geehrte Damen und Herren", "anbei unsere Rechnung vom Montag"])
}

/// What `pdftotext` finds, without the form feed behind the last page.
pub fn pdftotext(pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let out = Command::new("pdftotext").arg(file.path()).arg("-").output().unwrap();
    String::from_utf8(out.stdout).unwrap().trim_end_matches('\u{c}').trim_end().to_owned()
}
