// SPDX-License-Identifier: EUPL-1.2
//! BR-02: an invoice has a number.
//!
//! Path: `BT-1`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-02",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-1"],
    ustg14: true,
    text: "Die Rechnungsnummer fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !filled(&rechnung.number) {
        out.document(&[]);
    }
}
