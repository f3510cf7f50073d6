// SPDX-License-Identifier: EUPL-1.2
//! BR-07: the buyer has a name.
//!
//! Path: `BT-44`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-07",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-44"],
    ustg14: true,
    text: "Der Name des Käufers fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !rechnung.buyer.as_ref().is_some_and(|b| filled(&b.name)) {
        out.document(&[]);
    }
}
