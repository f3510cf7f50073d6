// SPDX-License-Identifier: EUPL-1.2
//! Whether the post pipeline may go on with a file that may be an invoice.

use crate::{Limits, Rechnung, check, hints, read};

/// The answer for one file.
#[derive(Debug)]
pub enum Gate {
    /// An invoice, readable; it may still have findings.
    Ok(Box<Rechnung>),
    /// Not what it claims to be: by upload refused, else clearing.
    Reject {
        /// Stable code: an `xml-…` code, `amount-pattern`, `date-impossible`, `duplicate-field`, `mixed-content`.
        code: &'static str,
        /// German sentence.
        text: String,
    },
    /// Readable, but a person must look before anything is rendered or paid.
    Quarantine {
        /// Rule id, e.g. `EA-IBAN`.
        code: String,
        /// German sentence.
        text: String,
    },
    /// Well-formed XML of another kind, e.g. SVG: as an invoice it is refused.
    NotInvoice,
}

/// Judges the bytes of an XML file.
pub fn gate(bytes: &[u8]) -> Gate {
    match read(bytes, &Limits::default()) {
        Ok(rechnung) => gate_of(rechnung),
        Err(error) => Gate::Reject { code: error.code, text: error.text },
    }
}

/// Judges a document that was read.
pub fn gate_of(rechnung: Rechnung) -> Gate {
    if rechnung.syntax.is_none() {
        return Gate::NotInvoice;
    }
    if let Some(problem) = rechnung.problems.iter().find(|p| p.blocking) {
        return Gate::Reject { code: problem.code, text: problem.text.clone() };
    }
    match hints(&rechnung).into_iter().find(|f| f.quarantine) {
        Some(finding) => Gate::Quarantine { code: finding.rule, text: finding.text },
        None => Gate::Ok(Box::new(rechnung)),
    }
}

/// All findings to show with a document: advice first, then the rules of the norm.
pub fn findings(rechnung: &Rechnung) -> Vec<crate::Finding> {
    let mut all = hints(rechnung);
    // A document with unreadable values is not judged by business rules: they would only repeat the cause.
    if !rechnung.problems.iter().any(|p| p.blocking) {
        all.extend(check(rechnung));
    }
    all
}
