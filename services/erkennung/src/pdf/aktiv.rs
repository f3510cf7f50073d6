// SPDX-License-Identifier: EUPL-1.2
//! Active content: what a viewer would execute. Such a file is kept and never rendered.

use lopdf::{Dictionary, Document, Object};
use service_sandbox::Refusal;

use super::{eingebettet, quarantine};

/// Actions that run code or leave the document.
const ACTIONS: &[(&[u8], &str)] = &[
    (b"JavaScript", "JavaScript"),
    (b"Launch", "einen Programmstart"),
    (b"ImportData", "einen Datenimport"),
    (b"Rendition", "ein Medienskript"),
    (b"GoToE", "einen Sprung in eingebettete Dateien"),
];
/// Nesting of direct objects that is looked at; deeper nesting is an attack by itself.
const MAX_DEPTH: usize = 64;

/// Refuses documents with scripts, program starts, XFA forms with entities, external streams or
/// embedded programs.
///
/// # Errors
/// `quarantine` with what was found.
pub fn check(doc: &Document) -> Result<(), Refusal> {
    for object in doc.objects.values() {
        look(object, 0)?;
    }
    eingebettet::check_files(doc)
}

fn look(object: &Object, depth: usize) -> Result<(), Refusal> {
    if depth > MAX_DEPTH {
        return Err(quarantine("Die PDF-Datei ist ungewöhnlich tief verschachtelt."));
    }
    match object {
        Object::Dictionary(dict) => dictionary(dict, depth),
        Object::Stream(stream) => {
            if stream.dict.get(b"F").is_ok_and(|f| matches!(f, Object::String(..) | Object::Dictionary(_)))
                && !stream.dict.has_type(b"Filespec")
            {
                return Err(quarantine("Die PDF-Datei lädt Inhalte aus fremden Dateien nach."));
            }
            dictionary(&stream.dict, depth)
        }
        Object::Array(items) => items.iter().try_for_each(|item| look(item, depth + 1)),
        _ => Ok(()),
    }
}

fn dictionary(dict: &Dictionary, depth: usize) -> Result<(), Refusal> {
    let kind = dict.get(b"S").and_then(Object::as_name).unwrap_or_default();
    if let Some((_, what)) = ACTIONS.iter().find(|(name, _)| *name == kind) {
        return Err(active(what));
    }
    if dict.has(b"JS") {
        return Err(active("JavaScript"));
    }
    if dict.has(b"XFA") {
        return Err(active("ein dynamisches XFA-Formular"));
    }
    if dict.has_type(b"RichMedia") || dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|n| n == b"RichMedia") {
        return Err(active("eingebettete Medien"));
    }
    dict.iter().try_for_each(|(_, value)| look(value, depth + 1))
}

fn active(what: &str) -> Refusal {
    quarantine(&format!("Die PDF-Datei enthält aktive Inhalte: {what}."))
}

/// Whether a signature field carries a value.
pub fn signed(doc: &Document) -> bool {
    doc.objects.values().any(|object| {
        let dict = match object {
            Object::Dictionary(dict) => dict,
            Object::Stream(stream) => &stream.dict,
            _ => return false,
        };
        dict.has(b"ByteRange") && dict.has(b"Contents")
    })
}
