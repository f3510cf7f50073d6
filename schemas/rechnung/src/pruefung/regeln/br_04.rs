// SPDX-License-Identifier: EUPL-1.2
//! BR-04: an invoice has a type code.
//!
//! Path: `BT-3`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-04",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-3"],
    ustg14: false,
    text: "Der Code der Rechnungsart fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !filled(&rechnung.type_code) {
        out.document(&[]);
    }
}
