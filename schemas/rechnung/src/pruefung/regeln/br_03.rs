// SPDX-License-Identifier: EUPL-1.2
//! BR-03: an invoice has an issue date.
//!
//! Path: `BT-2`. Source: EN 16931-1, rules of integrity.
//! Passes: a filled element. Fails: the element missing or blank. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-03",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-2"],
    ustg14: true,
    text: "Das Rechnungsdatum fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !has_issue_date(rechnung) {
        out.document(&[]);
    }
}
