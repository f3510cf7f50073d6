// SPDX-License-Identifier: EUPL-1.2
//! BR-16: an invoice has at least one line.
//!
//! Path: `BG-25`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-16",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BG-25"],
    ustg14: true,
    text: "Die Rechnung enthält keine Position.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if rechnung.lines.is_empty() {
        out.document(&[]);
    }
}
