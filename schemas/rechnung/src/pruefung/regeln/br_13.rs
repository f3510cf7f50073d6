// SPDX-License-Identifier: EUPL-1.2
//! BR-13: the totals state the amount without VAT.
//!
//! Path: `BT-109`. Source: EN 16931-1, rules of integrity.
//! Passes: totals with the amount. Fails: totals without it. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-13",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-109"],
    ustg14: true,
    text: "Der Gesamtbetrag ohne Umsatzsteuer fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if let Some(totals) = &rechnung.totals
        && totals.net.is_none()
    {
        out.report(totals.node, &[]);
    }
}
