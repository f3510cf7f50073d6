// SPDX-License-Identifier: EUPL-1.2
//! BR-12: the totals state the sum of the lines.
//!
//! Path: `BT-106`. Source: EN 16931-1, rules of integrity.
//! Passes: totals with the amount. Fails: totals without it. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-12",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-106"],
    ustg14: false,
    text: "Die Summe der Positionen fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if let Some(totals) = &rechnung.totals
        && totals.lines.is_none()
    {
        out.report(totals.node, &[]);
    }
}
