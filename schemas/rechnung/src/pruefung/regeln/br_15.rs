// SPDX-License-Identifier: EUPL-1.2
//! BR-15: the totals state the amount due.
//!
//! Path: `BT-115`. Source: EN 16931-1, rules of integrity.
//! Passes: totals with the amount. Fails: totals without it. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-15",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-115"],
    ustg14: false,
    text: "Der Zahlbetrag fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if let Some(totals) = &rechnung.totals
        && totals.due.is_none()
    {
        out.report(totals.node, &[]);
    }
}
