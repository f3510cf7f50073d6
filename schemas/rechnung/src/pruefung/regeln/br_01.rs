// SPDX-License-Identifier: EUPL-1.2
//! BR-01: an invoice names its specification.
//!
//! Path: `BT-24`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-01",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-24"],
    ustg14: false,
    text: "Die Kennung der Rechnungsvorgabe fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !filled(&rechnung.specification) {
        out.document(&[]);
    }
}
