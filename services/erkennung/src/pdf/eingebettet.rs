// SPDX-License-Identifier: EUPL-1.2
//! Files inside a PDF: programs are refused, the invoice is found by the crate `rechnung`.

use lopdf::Document;
use nachrichten::erkennung::{Befund, Stufe};
use rechnung::hybrid::{self, HybridError};
use service_sandbox::Refusal;

use super::{clearing, quarantine};
use crate::typ;

fn refusal(error: HybridError) -> Refusal {
    match error {
        HybridError::Unreadable(text) => typ::rejected(&text),
        HybridError::Locked(text) => clearing(&text),
        HybridError::Suspicious(text) => quarantine(&text),
    }
}

/// Refuses embedded programs.
///
/// # Errors
/// `quarantine`.
pub fn check_files(doc: &Document) -> Result<(), Refusal> {
    match hybrid::files(doc).map_err(refusal)?.iter().find(|f| typ::is_program(&f.bytes, &f.name)) {
        Some(_) => Err(quarantine("Die PDF-Datei enthält aktive Inhalte: ein eingebettetes Programm.")),
        None => Ok(()),
    }
}

/// The invoice XML of a ZUGFeRD or Factur-X file and what a person should know about its packing.
///
/// # Errors
/// `quarantine` when two attached invoices differ or the invoice file is broken.
pub fn invoice(doc: &Document) -> Result<(Option<Vec<u8>>, Vec<Befund>), Refusal> {
    let (invoice, notes) = hybrid::choose(&hybrid::files(doc).map_err(refusal)?).map_err(refusal)?;
    let befunde = notes.into_iter().map(|(code, text)| Befund { code: code.into(), stufe: Stufe::Warnung, text });
    Ok((invoice.map(|i| i.xml), befunde.collect()))
}
