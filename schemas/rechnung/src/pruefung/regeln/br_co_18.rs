// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-18: an invoice has at least one VAT breakdown entry.
//!
//! Path: `BG-23`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-18",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BG-23"],
    ustg14: true,
    text: "Die Aufschlüsselung der Umsatzsteuer fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if rechnung.vat_breakdown.is_empty() {
        out.document(&[]);
    }
}
