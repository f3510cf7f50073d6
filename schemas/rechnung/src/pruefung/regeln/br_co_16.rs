// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-16: the amount due is the amount with VAT minus paid plus rounding.
//!
//! Path: `BT-115`. Source: EN 16931-1, rules of integrity.
//! Passes: 119.00 - 19.00 + 0.01 = 100.01. Fails: the same with 100.00. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-16",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-115", "BT-112", "BT-113", "BT-114"],
    ustg14: false,
    text: "Der Zahlbetrag ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(totals) = &rechnung.totals else {
        return;
    };
    // Only what is subtracted is rounded; without paid and rounding amounts the two must be the same.
    let gross = value_of(&totals.gross).map(|gross| value_of(&totals.paid).map_or(gross, |paid| cents(gross - paid)));
    let rounding = value_of(&totals.rounding);
    let due = value_of(&totals.due).map(|due| rounding.map_or(due, |rounding| cents(due - rounding)));
    if due.is_none() || due != gross {
        out.compare_or_missing(totals.node, value_of(&totals.due), gross.map(|g| g + rounding.unwrap_or_default()));
    }
}
