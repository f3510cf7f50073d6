// SPDX-License-Identifier: EUPL-1.2
//! Hybrid invoices: the XML inside a PDF (ZUGFeRD 1 and 2, Factur-X, XRechnung as PDF/A-3).
//!
//! The one place that knows under which names the norms attach the invoice, which of several files counts, and what
//! is wrong with the packing. Files are looked for in the name tree of embedded files, in the associated files of the
//! catalog, and in every other file specification of the document; every walk is bounded. Reads bytes of strangers:
//! callers run it in the sandbox.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

use crate::{Limits, format};

/// Most bytes that one embedded file may unpack to; the limit for invoice XML.
const MAX_FILE: usize = 20 << 20;
/// Most bytes that all embedded files may unpack to together.
const MAX_ALL: usize = 64 << 20;
/// Most embedded files.
const MAX_FILES: usize = 100;
/// Most nodes of the name tree.
const MAX_NODES: usize = 10_000;
/// Deepest nesting of direct objects that is looked at.
const MAX_DEPTH: usize = 32;
/// Names the norms use, best first. An order (`order-x.xml`) is no invoice.
const NAMES: [&str; 3] = ["factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml"];
/// Values of `AFRelationship` that mark invoice data (ZUGFeRD 2.3, 6.2.2).
const RELATIONSHIPS: [&str; 3] = ["Data", "Alternative", "Source"];

/// What a PDF carries.
#[derive(Debug, Default)]
pub struct Found {
    /// All embedded files, in the order of the document.
    pub files: Vec<File>,
    /// The invoice, if there is one.
    pub invoice: Option<Embedded>,
    /// What a person should know about the packing: a stable code and a German sentence.
    pub notes: Vec<(&'static str, String)>,
}

/// An embedded file; its name is a claim, never a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// As written, in Unicode.
    pub name: String,
    /// `AFRelationship`, e.g. `Data`.
    pub relationship: Option<String>,
    /// Unpacked.
    pub bytes: Vec<u8>,
}

/// The invoice XML.
#[derive(Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Bytes of the XML.
    pub xml: Vec<u8>,
    /// Name of the embedded file.
    pub name: String,
}

/// Why a PDF gives no answer; the text is a German sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HybridError {
    /// No readable PDF.
    Unreadable(String),
    /// Needs a password.
    Locked(String),
    /// Two different invoices, a broken invoice file, more or larger files than allowed: a person looks first.
    Suspicious(String),
}

impl HybridError {
    /// The German sentence.
    pub fn text(&self) -> &str {
        let (Self::Unreadable(text) | Self::Locked(text) | Self::Suspicious(text)) = self;
        text
    }
}

fn suspicious(text: &str) -> HybridError {
    HybridError::Suspicious(text.to_owned())
}

/// Whether the bytes begin as a PDF does (the mark may stand within the first 1,024 bytes).
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1_024)].windows(5).any(|w| w == b"%PDF-")
}

/// All embedded files of a PDF and the invoice among them.
///
/// # Errors
/// [`HybridError`], see there.
pub fn read(pdf: &[u8]) -> Result<Found, HybridError> {
    let options = LoadOptions { max_decompressed_size: Some(MAX_ALL), ..LoadOptions::default() };
    let doc = Document::load_mem_with_options(pdf, options)
        .map_err(|_| HybridError::Unreadable("Die PDF-Datei ist beschädigt und nicht lesbar.".to_owned()))?;
    if doc.is_encrypted() {
        return Err(HybridError::Locked("Die PDF-Datei ist durch ein Kennwort geschützt.".to_owned()));
    }
    let files = files(&doc)?;
    let (invoice, notes) = choose(&files)?;
    Ok(Found { files, invoice, notes })
}

/// Every embedded file once: name tree first, then associated files, then what is left.
///
/// # Errors
/// [`HybridError::Suspicious`] for more than 100 files, or a file that is damaged or larger than 20 MB.
pub fn files(doc: &Document) -> Result<Vec<File>, HybridError> {
    let mut walk = Walk { doc, seen: HashSet::new(), total: 0, files: Vec::new() };
    if let Ok(catalog) = doc.catalog() {
        let names = catalog.get(b"Names").ok().and_then(|n| dictionary(doc, n));
        if let Some(root) = names.and_then(|n| n.get(b"EmbeddedFiles").ok()) {
            for spec in name_tree(doc, root) {
                walk.specification(spec)?;
            }
        }
        for spec in catalog.get(b"AF").ok().and_then(|af| array(doc, af)).into_iter().flatten() {
            walk.specification(spec)?;
        }
    }
    for object in doc.objects.values() {
        walk.inside(object, 0)?;
    }
    Ok(walk.files)
}

struct Walk<'d> {
    doc: &'d Document,
    seen: HashSet<ObjectId>,
    total: usize,
    files: Vec<File>,
}

impl Walk<'_> {
    /// File specifications anywhere in an object, e.g. in an annotation.
    fn inside(&mut self, object: &Object, depth: usize) -> Result<(), HybridError> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        match object {
            Object::Dictionary(dict) => {
                self.specification(object)?;
                dict.iter().try_for_each(|(_, value)| self.inside(value, depth + 1))
            }
            Object::Array(items) => items.iter().try_for_each(|item| self.inside(item, depth + 1)),
            _ => Ok(()),
        }
    }

    fn specification(&mut self, object: &Object) -> Result<(), HybridError> {
        let doc = self.doc;
        let Some(spec) = dictionary(doc, object) else {
            return Ok(());
        };
        let Some(id) = stream_id(doc, spec).filter(|id| !self.seen.contains(id)) else {
            return Ok(());
        };
        self.seen.insert(id);
        let Some(stream) = doc.get_object(id).ok().and_then(|o| o.as_stream().ok()) else {
            return Ok(());
        };
        if self.files.len() == MAX_FILES {
            return Err(suspicious("Die PDF-Datei enthält mehr als 100 eingebettete Dateien."));
        }
        let bytes = stream
            .get_plain_content_with_limit(MAX_FILE.min(MAX_ALL - self.total))
            .map_err(|_| suspicious("Eine eingebettete Datei der PDF-Datei ist beschädigt oder zu groß."))?;
        self.total += bytes.len();
        let text = |key: &&[u8]| lopdf::decode_text_string(doc.dereference(spec.get(key).ok()?).ok()?.1).ok();
        let name = [&b"UF"[..], b"F"].iter().find_map(text).unwrap_or_default();
        let relationship = spec.get(b"AFRelationship").ok().and_then(|r| doc.dereference(r).ok()?.1.as_name().ok());
        let relationship = relationship.map(|r| String::from_utf8_lossy(r).into_owned());
        self.files.push(File { name, relationship, bytes });
        Ok(())
    }
}

/// Values of a name tree. Nodes are visited once, and not more than [`MAX_NODES`] of them.
fn name_tree<'d>(doc: &'d Document, root: &'d Object) -> Vec<&'d Object> {
    let mut values = Vec::new();
    let mut visited = HashSet::new();
    let mut stack = vec![root];
    let mut nodes = 0;
    while let Some(object) = stack.pop() {
        nodes += 1;
        if nodes > MAX_NODES || object.as_reference().is_ok_and(|id| !visited.insert(id)) {
            continue;
        }
        let Some(node) = dictionary(doc, object) else {
            continue;
        };
        if let Some(names) = node.get(b"Names").ok().and_then(|n| array(doc, n)) {
            values.extend(names.iter().skip(1).step_by(2).take(MAX_NODES));
        }
        if let Some(kids) = node.get(b"Kids").ok().and_then(|k| array(doc, k)) {
            stack.extend(kids.iter().rev().take(MAX_NODES));
        }
    }
    values
}

fn dictionary<'d>(doc: &'d Document, object: &'d Object) -> Option<&'d Dictionary> {
    doc.dereference(object).ok()?.1.as_dict().ok()
}

fn array<'d>(doc: &'d Document, object: &'d Object) -> Option<&'d Vec<Object>> {
    doc.dereference(object).ok()?.1.as_array().ok()
}

/// The embedded stream behind a file specification.
fn stream_id(doc: &Document, spec: &Dictionary) -> Option<ObjectId> {
    let ef = dictionary(doc, spec.get(b"EF").ok()?)?;
    [&b"F"[..], b"UF"].iter().find_map(|key| ef.get(key).ok()?.as_reference().ok())
}

/// The invoice, and what a person should know about the packing.
pub type Choice = (Option<Embedded>, Vec<(&'static str, String)>);

/// Picks the invoice among the files; several of them must be the same.
///
/// # Errors
/// [`HybridError::Suspicious`] for two different invoices or a broken one.
pub fn choose(files: &[File]) -> Result<Choice, HybridError> {
    let mut candidates: Vec<(usize, &File)> = Vec::new();
    for file in files {
        let lower = file.name.to_lowercase();
        let rank = NAMES.iter().position(|n| lower == *n);
        if rank.is_none() && !lower.ends_with(".xml") {
            continue;
        }
        let read = crate::read(&file.bytes, &Limits::default());
        match rank {
            Some(_) if read.is_err() => return Err(suspicious("Die eingebettete Rechnungsdatei ist fehlerhaft.")),
            // Under a known name any XML is the invoice, e.g. a draft of ZUGFeRD 1 that nobody reads any more.
            None if !read.is_ok_and(|r| r.syntax.is_some()) => {}
            rank => candidates.push((rank.unwrap_or(NAMES.len()), file)),
        }
    }
    candidates.sort_by_key(|(rank, _)| *rank);
    let mut notes = Vec::new();
    let several = candidates.len();
    candidates.dedup_by(|a, b| a.1.bytes == b.1.bytes);
    if candidates.len() > 1 {
        return Err(suspicious("Die PDF-Datei enthält zwei verschiedene Rechnungsdateien."));
    }
    let Some((rank, file)) = candidates.pop() else {
        return Ok((None, notes));
    };
    if several > 1 {
        notes.push(("embedded-several", "Die Rechnungsdaten liegen mehrfach in der PDF-Datei.".to_owned()));
    }
    if rank == NAMES.len() {
        let shown = format::visible(&file.name, 60);
        let text = format!("Die Rechnungsdaten liegen unter dem ungewöhnlichen Namen „{shown}“.");
        notes.push(("embedded-name", text));
    }
    if !file.relationship.as_deref().is_some_and(|r| RELATIONSHIPS.contains(&r)) {
        let text = "Die eingebettete Rechnung ist nicht als solche gekennzeichnet.".to_owned();
        notes.push(("embedded-relationship", text));
    }
    Ok((Some(Embedded { xml: file.bytes.clone(), name: file.name.clone() }), notes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const INVOICE: &[u8] = include_bytes!("../tests/beispiele/ubl-gut.xml");

    fn file(name: &str, bytes: &[u8]) -> File {
        File { name: name.to_owned(), relationship: Some("Data".to_owned()), bytes: bytes.to_vec() }
    }

    fn chosen(files: &[File]) -> Option<String> {
        choose(files).unwrap().0.map(|e| e.name)
    }

    #[test]
    fn the_norms_name_wins_and_an_order_is_no_invoice() {
        assert_eq!(chosen(&[file("order-x.xml", b"<Order/>")]), None);
        assert_eq!(
            chosen(&[file("brief.xml", INVOICE), file("Factur-X.xml", INVOICE)]).as_deref(),
            Some("Factur-X.xml")
        );
        assert_eq!(chosen(&[file("anhang.xml", b"<a/>"), file("bild.png", INVOICE)]), None);
    }

    #[test]
    fn two_different_invoices_or_a_broken_one_stop_the_file() {
        let other = String::from_utf8_lossy(INVOICE).replace("2026-0815", "2026-0816");
        for files in [
            vec![file("factur-x.xml", INVOICE), file("xrechnung.xml", other.as_bytes())],
            vec![file("factur-x.xml", b"<a>")],
        ] {
            assert!(matches!(choose(&files), Err(HybridError::Suspicious(_))));
        }
    }

    #[test]
    fn odd_packing_is_said() {
        let mut odd = file("rechnung \u{202E}fdp.xml", INVOICE);
        odd.relationship = None;
        let (_, notes) = choose(&[odd.clone(), odd]).unwrap();
        let codes: Vec<&str> = notes.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["embedded-several", "embedded-name", "embedded-relationship"]);
        assert!(!notes[1].1.contains('\u{202E}'));
    }
}
