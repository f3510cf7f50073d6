// SPDX-License-Identifier: EUPL-1.2
//! BR-05: an invoice has a currency.
//!
//! Path: `BT-5`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-05",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-5"],
    ustg14: false,
    text: "Die Währung der Rechnung fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !filled(&rechnung.currency) {
        out.document(&[]);
    }
}
