// SPDX-License-Identifier: EUPL-1.2
//! Files inside a PDF: programs are refused, the invoice XML is found.

use lopdf::{Dictionary, Document, Object};
use service_sandbox::Refusal;

use super::quarantine;

/// Names under which the norms attach the invoice (ZUGFeRD 1 and 2, Factur-X, XRechnung).
const INVOICE_NAMES: &[&str] = &["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml"];
/// Largest embedded file that is looked at, in bytes.
const MAX_FILE: usize = 20 << 20;
/// Most embedded files.
const MAX_FILES: usize = 100;

struct Embedded {
    name: String,
    bytes: Vec<u8>,
    relation: Option<Vec<u8>>,
}

/// Every file specification of the document with its bytes.
fn files(doc: &Document) -> Result<Vec<Embedded>, Refusal> {
    let mut found = Vec::new();
    for object in doc.objects.values() {
        collect(doc, object, 0, &mut found)?;
    }
    Ok(found)
}

fn collect(doc: &Document, object: &Object, depth: usize, found: &mut Vec<Embedded>) -> Result<(), Refusal> {
    if depth > 32 {
        return Ok(());
    }
    match object {
        Object::Dictionary(dict) => {
            if let Ok(ef) = dict.get_deref(b"EF", doc).and_then(Object::as_dict) {
                found.push(read(doc, dict, ef)?);
                if found.len() > MAX_FILES {
                    return Err(quarantine("Die PDF-Datei enthält mehr als 100 eingebettete Dateien."));
                }
            }
            dict.iter().try_for_each(|(_, value)| collect(doc, value, depth + 1, found))
        }
        Object::Array(items) => items.iter().try_for_each(|item| collect(doc, item, depth + 1, found)),
        _ => Ok(()),
    }
}

fn read(doc: &Document, spec: &Dictionary, ef: &Dictionary) -> Result<Embedded, Refusal> {
    let name = [b"UF".as_slice(), b"F"]
        .iter()
        .find_map(|key| spec.get_deref(key, doc).ok())
        .and_then(|o| lopdf::decode_text_string(o).ok())
        .unwrap_or_default();
    let stream =
        [b"F".as_slice(), b"UF"].iter().find_map(|key| ef.get_deref(key, doc).ok()).and_then(|o| o.as_stream().ok());
    let bytes = match stream {
        Some(stream) => stream
            .get_plain_content_with_limit(MAX_FILE)
            .map_err(|_| quarantine("Eine eingebettete Datei ist beschädigt oder zu groß."))?,
        None => Vec::new(),
    };
    let relation = spec.get_deref(b"AFRelationship", doc).and_then(Object::as_name).ok().map(<[u8]>::to_vec);
    Ok(Embedded { name, bytes, relation })
}

/// Refuses embedded programs.
///
/// # Errors
/// `quarantine`.
pub fn check_files(doc: &Document) -> Result<(), Refusal> {
    match files(doc)?.iter().find(|f| crate::typ::is_program(&f.bytes, &f.name)) {
        Some(_) => Err(quarantine("Die PDF-Datei enthält aktive Inhalte: ein eingebettetes Programm.")),
        None => Ok(()),
    }
}

/// The invoice XML of a ZUGFeRD or Factur-X file.
///
/// * Result - the bytes and whether the attachment is marked as the norm asks (`AFRelationship` Data,
///   Alternative or Source).
///
/// # Errors
/// `quarantine` when two attached invoices differ.
pub fn invoice(bytes: &[u8]) -> Result<Option<(Vec<u8>, bool)>, Refusal> {
    let doc = super::document(bytes)?;
    let mut invoices: Vec<Embedded> =
        files(&doc)?.into_iter().filter(|f| INVOICE_NAMES.contains(&f.name.to_ascii_lowercase().as_str())).collect();
    invoices.dedup_by(|a, b| a.bytes == b.bytes);
    if invoices.len() > 1 {
        return Err(quarantine("Die PDF-Datei enthält zwei verschiedene Rechnungsdateien."));
    }
    Ok(invoices.pop().map(|f| {
        let marked =
            f.relation.is_some_and(|r| [b"Data".as_slice(), b"Alternative", b"Source"].contains(&r.as_slice()));
        (f.bytes, marked)
    }))
}
