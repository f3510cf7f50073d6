// SPDX-License-Identifier: EUPL-1.2
//! BR-08: the seller has a postal address.
//!
//! Path: `BG-5`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-08",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BG-5"],
    ustg14: true,
    text: "Die Anschrift des Verkäufers fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if rechnung.seller.as_ref().is_none_or(|s| s.address.is_none()) {
        out.document(&[]);
    }
}
