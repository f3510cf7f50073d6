// SPDX-License-Identifier: EUPL-1.2
//! PDF files from strangers, read by two readers that must agree: lopdf for structure and cutting,
//! hayro for pages, text and pixels. Runs only in the sandboxed child.

pub mod aktiv;
pub mod bild;
pub mod eingebettet;
pub mod schnitt;
pub mod umfrage;

use hayro::hayro_syntax::{LoadPdfError, Pdf};
use lopdf::Document;
use nachrichten::erkennung::{Befund, Stufe, grund};
use serde::{Deserialize, Serialize};
use service_sandbox::Refusal;

use crate::grenzen;

/// What a page consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seitenart {
    /// A plausible text layer.
    Text,
    /// One image covers the page; nothing readable beside it.
    Bild,
    /// Drawn, but neither text nor one covering image.
    Zeichnung,
    /// Nothing is drawn.
    Leer,
}

/// A PDF that passed the structural checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PdfBefund {
    /// Kind of each page, in order.
    pub seiten: Vec<Seitenart>,
    /// Carries a signature: never rewritten.
    pub signiert: bool,
    /// What a person should know.
    pub befunde: Vec<Befund>,
}

impl PdfBefund {
    /// Born digital: every page that shows anything has its text, or the file is signed.
    pub fn digital(&self) -> bool {
        let text = self.seiten.contains(&Seitenart::Text);
        let images = self.seiten.contains(&Seitenart::Bild);
        self.signiert || (text && !images)
    }
}

pub(crate) fn quarantine(text: &str) -> Refusal {
    Refusal::new(grund::QUARANTAENE, text)
}

pub(crate) fn clearing(text: &str) -> Refusal {
    Refusal::new(grund::KLAERUNG, text)
}

/// Loads with lopdf; a bound on every decompressed object stream.
pub(crate) fn document(bytes: &[u8]) -> Result<Document, Refusal> {
    let options = lopdf::LoadOptions::with_max_decompressed_size(64 << 20);
    Document::load_mem_with_options(bytes, options)
        .map_err(|_| quarantine("Die PDF-Datei ist beschädigt und lässt sich nicht lesen."))
}

/// Loads with hayro, which also tries the empty password.
///
/// # Errors
/// `quarantine` for damaged files and those that need a password.
pub fn pages(bytes: Vec<u8>) -> Result<Pdf, Refusal> {
    Pdf::new(bytes).map_err(|e| match e {
        LoadPdfError::Decryption(_) => {
            quarantine("Die PDF-Datei ist mit einem Kennwort geschützt. Sie lässt sich nicht lesen.")
        }
        LoadPdfError::Invalid => quarantine("Die PDF-Datei ist beschädigt und lässt sich nicht lesen."),
    })
}

/// Checks the structure of a PDF and tells its pages apart; the document comes back for a further look.
///
/// # Errors
/// `quarantine` for active content, password, disagreeing readers, truncation; `clearing` for a file that
/// was repaired while reading.
pub fn analyse(bytes: &[u8]) -> Result<(PdfBefund, Document), Refusal> {
    frame(bytes)?;
    let doc = document(bytes)?;
    let pdf = pages(bytes.to_vec())?;
    if doc.is_encrypted() && doc.get_pages().is_empty() {
        return Err(quarantine("Die PDF-Datei ist mit einem Kennwort geschützt. Sie lässt sich nicht lesen."));
    }
    aktiv::check(&doc)?;
    same_pages(&doc, &pdf)?;
    let mut befunde = Vec::new();
    if revisions(&doc, bytes) {
        befunde.push(Befund {
            code: "multiple-revisions".into(),
            stufe: Stufe::Hinweis,
            text: "Die PDF-Datei wurde nach dem ersten Speichern geändert. Frühere Fassungen sind enthalten.".into(),
        });
    }
    let mut seiten = Vec::new();
    for page in pdf.pages().iter() {
        seiten.push(umfrage::survey(page)?.art());
    }
    if doc.xref_recovery.is_some() {
        return Err(clearing("Die PDF-Datei ist beschädigt und wurde nur teilweise gelesen. Prüfen Sie die Seiten."));
    }
    Ok((PdfBefund { seiten, signiert: aktiv::signed(&doc), befunde }, doc))
}

/// Start and end of the file: a PDF and nothing else.
fn frame(bytes: &[u8]) -> Result<(), Refusal> {
    let tail = &bytes[bytes.len().saturating_sub(1024)..];
    if !contains(tail, b"%%EOF") {
        return Err(quarantine("Die PDF-Datei ist unvollständig: Ihr Ende fehlt."));
    }
    let archive_end = &bytes[bytes.len().saturating_sub(66_000)..];
    if contains(archive_end, b"PK\x05\x06") && contains(bytes, b"PK\x03\x04") {
        return Err(quarantine("Die Datei ist zugleich PDF und ZIP-Archiv. Das deutet auf eine Täuschung hin."));
    }
    Ok(())
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

/// Both readers and the page tree itself must agree on the number of pages.
fn same_pages(doc: &Document, pdf: &Pdf) -> Result<(), Refusal> {
    let (first, second) = (doc.get_pages().len(), pdf.pages().len());
    if first == 0 || second == 0 {
        return Err(quarantine("Die PDF-Datei enthält keine lesbare Seite."));
    }
    if first > grenzen::SEITEN {
        return Err(quarantine("Die PDF-Datei hat mehr als 2.000 Seiten. Teilen Sie sie auf."));
    }
    let claimed = doc
        .catalog()
        .and_then(|c| c.get_deref(b"Pages", doc))
        .and_then(|p| p.as_dict())
        .and_then(|p| p.get_deref(b"Count", doc))
        .and_then(|n| n.as_i64());
    let distinct: std::collections::BTreeSet<_> = doc.page_iter().collect();
    if first != second || distinct.len() != first || claimed.is_ok_and(|n| n != first as i64) {
        return Err(quarantine("Die Seitenzahl der PDF-Datei ist widersprüchlich. Seiten könnten fehlen."));
    }
    Ok(())
}

/// More than one revision by the cross-reference chain or by markers that lie far apart.
fn revisions(doc: &Document, bytes: &[u8]) -> bool {
    let linearized = doc.linearization.is_some();
    let ends = bytes.windows(5).filter(|w| *w == b"%%EOF").count();
    doc.revision_count() > 1 || ends > 1 + usize::from(linearized)
}
