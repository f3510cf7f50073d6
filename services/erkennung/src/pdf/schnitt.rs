// SPDX-License-Identifier: EUPL-1.2
//! Cutting pages out of a scan PDF; the image streams keep their bytes.

use std::collections::BTreeSet;

use service_sandbox::Refusal;

use super::{document, quarantine};

/// Entries of the catalog that speak about the whole file and not about the pages that stay.
const WHOLE_FILE: &[&[u8]] = &[
    b"Outlines",
    b"Names",
    b"Dests",
    b"OpenAction",
    b"AcroForm",
    b"StructTreeRoot",
    b"MarkInfo",
    b"PageLabels",
    b"AF",
];

/// A PDF with only these pages.
///
/// * `keep` - 1-based page numbers.
///
/// # Errors
/// `quarantine` when the file cannot be read or written again.
pub fn cut(bytes: &[u8], keep: &[u32]) -> Result<Vec<u8>, Refusal> {
    let failed = || quarantine("Der Stapel lässt sich nicht aufteilen. Die Datei ist beschädigt.");
    let mut doc = document(bytes)?;
    let keep: BTreeSet<u32> = keep.iter().copied().collect();
    let away: Vec<u32> = doc.get_pages().into_keys().filter(|n| !keep.contains(n)).collect();
    doc.delete_pages(&away);
    if let Ok(catalog) = doc.catalog_mut() {
        for key in WHOLE_FILE {
            catalog.remove(key);
        }
    }
    doc.trailer.remove(b"Info");
    doc.prune_objects();
    doc.renumber_objects();
    if doc.get_pages().len() != keep.len() {
        return Err(failed());
    }
    let mut out = Vec::new();
    doc.save_to(&mut out).map_err(|_| failed())?;
    Ok(out)
}
