// SPDX-License-Identifier: EUPL-1.2
//! BR-10: the buyer has a postal address.
//!
//! Path: `BG-8`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-10",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BG-8"],
    ustg14: true,
    text: "Die Anschrift des Käufers fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if rechnung.buyer.as_ref().is_none_or(|b| b.address.is_none()) {
        out.document(&[]);
    }
}
