// SPDX-License-Identifier: EUPL-1.2
//! BR-14: the totals state the amount with VAT.
//!
//! Path: `BT-112`. Source: EN 16931-1, rules of integrity.
//! Passes: totals with the amount. Fails: totals without it. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-14",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-112"],
    ustg14: false,
    text: "Der Gesamtbetrag mit Umsatzsteuer fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if let Some(totals) = &rechnung.totals
        && totals.gross.is_none()
    {
        out.report(totals.node, &[]);
    }
}
