// SPDX-License-Identifier: EUPL-1.2
//! Finds the invoice XML inside a PDF (ZUGFeRD 1 and 2, Factur-X, XRechnung as PDF/A-3).
//!
//! Runs in the sandboxed child or the locked process. Files are looked for in the name tree of embedded files, in
//! the associated files of the catalog, and in every other file specification of the document; every walk is bounded.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};
use nachrichten::erkennung::{Befund, Stufe, grund};
use rechnung::{Limits, format};
use service_sandbox::Refusal;

/// Most bytes that one embedded file may unpack to; the limit for invoice XML.
const MAX_FILE: usize = 20 << 20;
/// Most bytes that all embedded files may unpack to together.
const MAX_ALL: usize = 64 << 20;
/// Most embedded files.
const MAX_FILES: usize = 100;
/// Most nodes of the name tree.
const MAX_NODES: usize = 10_000;
/// Names the norms use, best first.
const NAMES: [&str; 3] = ["factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml"];

/// What a PDF carries.
#[derive(Debug, Default)]
pub struct Found {
    /// All embedded files, in the order of the document.
    pub attachments: Vec<Attachment>,
    /// The invoice, if there is one.
    pub invoice: Option<Embedded>,
    /// What a person should know about the packing.
    pub befunde: Vec<Befund>,
}

/// An embedded file; its name is a claim, never a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// As written, in Unicode.
    pub name: String,
    /// `AFRelationship`, e.g. `Data`.
    pub relationship: Option<String>,
    /// Unpacked, in bytes.
    pub size: usize,
}

/// The invoice XML.
#[derive(Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Bytes of the XML.
    pub xml: Vec<u8>,
    /// Name of the embedded file.
    pub name: String,
    /// `AFRelationship`, e.g. `Alternative`.
    pub relationship: Option<String>,
}

/// Whether the bytes begin as a PDF does (the mark may stand within the first 1,024 bytes).
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1_024)].windows(5).any(|w| w == b"%PDF-")
}

/// The invoice inside a PDF and all its embedded files.
///
/// # Errors
/// `format-rejected`: no readable PDF; `clearing`: needs a password; `quarantine`: two different invoices, an invoice
/// file that is broken or dangerous, more or larger files than allowed.
pub fn embedded_invoice(pdf: &[u8]) -> Result<Found, Refusal> {
    let options = LoadOptions { max_decompressed_size: Some(MAX_ALL), ..LoadOptions::default() };
    let doc = Document::load_mem_with_options(pdf, options)
        .map_err(|_| Refusal::new(grund::FORMAT, "Die PDF-Datei ist beschädigt und nicht lesbar."))?;
    if doc.is_encrypted() {
        return Err(Refusal::new(grund::KLAERUNG, "Die PDF-Datei ist durch ein Kennwort geschützt."));
    }
    let mut files = Vec::new();
    let mut total = 0;
    for spec in specifications(&doc)? {
        if let Some(file) = file(&doc, spec, &mut total)? {
            files.push(file);
        }
    }
    let attachments = files.iter().map(|(a, _)| a.clone()).collect();
    let (invoice, befunde) = choose(files)?;
    Ok(Found { attachments, invoice, befunde })
}

fn quarantine(text: &str) -> Refusal {
    Refusal::new(grund::QUARANTAENE, text)
}

/// Every file specification once: name tree first, then associated files, then what is left.
fn specifications(doc: &Document) -> Result<Vec<&Dictionary>, Refusal> {
    let mut out = Vec::new();
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut add = |out: &mut Vec<_>, object| -> Result<(), Refusal> {
        let Some(spec) = dictionary(doc, object) else {
            return Ok(());
        };
        let Some(stream) = stream_id(doc, spec) else {
            return Ok(());
        };
        if seen.insert(stream) {
            out.push(spec);
        }
        match out.len() > MAX_FILES {
            true => Err(quarantine("Die PDF-Datei enthält mehr als 100 eingebettete Dateien.")),
            false => Ok(()),
        }
    };
    if let Ok(catalog) = doc.catalog() {
        let names = catalog.get(b"Names").ok().and_then(|n| dictionary(doc, n));
        if let Some(root) = names.and_then(|n| n.get(b"EmbeddedFiles").ok()) {
            for spec in name_tree(doc, root) {
                add(&mut out, spec)?;
            }
        }
        for spec in catalog.get(b"AF").ok().and_then(|af| array(doc, af)).into_iter().flatten() {
            add(&mut out, spec)?;
        }
    }
    for object in doc.objects.values().filter(|o| matches!(o, Object::Dictionary(_))) {
        add(&mut out, object)?;
    }
    Ok(out)
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

type File = (Attachment, Vec<u8>);

fn file(doc: &Document, spec: &Dictionary, total: &mut usize) -> Result<Option<File>, Refusal> {
    let text = |key: &&[u8]| lopdf::decode_text_string(doc.dereference(spec.get(key).ok()?).ok()?.1).ok();
    let name = [&b"UF"[..], b"F"].iter().find_map(text).unwrap_or_default();
    let relationship = spec.get(b"AFRelationship").ok().and_then(|r| doc.dereference(r).ok()?.1.as_name().ok());
    let relationship = relationship.map(|r| String::from_utf8_lossy(r).into_owned());
    let Some(stream) = stream_id(doc, spec).and_then(|id| doc.get_object(id).ok()?.as_stream().ok()) else {
        return Ok(None);
    };
    let limit = MAX_FILE.min(MAX_ALL - *total);
    let bytes = stream
        .get_plain_content_with_limit(limit)
        .map_err(|_| quarantine("Eine eingebettete Datei der PDF-Datei ist beschädigt oder zu groß."))?;
    *total += bytes.len();
    Ok(Some((Attachment { name, relationship, size: bytes.len() }, bytes)))
}

/// Picks the invoice among the files; several of them must be the same.
fn choose(files: Vec<File>) -> Result<(Option<Embedded>, Vec<Befund>), Refusal> {
    let mut candidates: Vec<(usize, Embedded)> = Vec::new();
    for (attachment, xml) in files {
        let lower = attachment.name.to_lowercase();
        let known = NAMES.iter().position(|n| lower == *n);
        if known.is_none() && !lower.ends_with(".xml") {
            continue;
        }
        let read = rechnung::read(&xml, &Limits::default());
        match known {
            Some(_) if read.is_err() => {
                return Err(quarantine("Die eingebettete Rechnungsdatei ist fehlerhaft."));
            }
            // Under a known name any XML is the invoice, e.g. a draft of ZUGFeRD 1 that nobody reads any more.
            None if !read.is_ok_and(|r| r.syntax.is_some()) => continue,
            rank => {
                let embedded = Embedded { xml, name: attachment.name, relationship: attachment.relationship };
                candidates.push((rank.unwrap_or(NAMES.len()), embedded));
            }
        }
    }
    candidates.sort_by_key(|(rank, _)| *rank);
    let mut befunde = Vec::new();
    let several = candidates.len();
    candidates.dedup_by(|a, b| a.1.xml == b.1.xml);
    if candidates.len() > 1 {
        return Err(quarantine("Die PDF-Datei enthält zwei verschiedene Rechnungsdateien."));
    }
    let Some((rank, invoice)) = candidates.pop() else {
        return Ok((None, befunde));
    };
    if several > 1 {
        befunde.push(warning("embedded-several", "Die Rechnungsdaten liegen mehrfach in der PDF-Datei.".to_owned()));
    }
    if rank == NAMES.len() {
        let shown = format::visible(&invoice.name, 60);
        befunde.push(warning(
            "embedded-name",
            format!("Die Rechnungsdaten liegen unter dem ungewöhnlichen Namen „{shown}“."),
        ));
    }
    if !matches!(invoice.relationship.as_deref(), Some("Data" | "Alternative" | "Source")) {
        befunde.push(warning(
            "embedded-relationship",
            "Die eingebettete Rechnung ist nicht als solche gekennzeichnet.".to_owned(),
        ));
    }
    Ok((Some(invoice), befunde))
}

fn warning(code: &str, text: String) -> Befund {
    Befund { code: code.into(), stufe: Stufe::Warnung, text }
}
