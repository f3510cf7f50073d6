// SPDX-License-Identifier: EUPL-1.2
//! BR-06: the seller has a name.
//!
//! Path: `BT-27`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-06",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-27"],
    ustg14: true,
    text: "Der Name des Verkäufers fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !rechnung.seller.as_ref().is_some_and(|s| filled(&s.name)) {
        out.document(&[]);
    }
}
