// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-13: the amount without VAT is lines minus allowances plus charges.
//!
//! Path: `BT-109`. Source: EN 16931-1, rules of integrity.
//! Passes: 100.00 - 5.00 + 2.00 = 97.00. Fails: the same with 98.00. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-13",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-109", "BT-106", "BT-107", "BT-108"],
    ustg14: false,
    text: "Der Gesamtbetrag ohne Umsatzsteuer ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(totals) = &rechnung.totals else {
        return;
    };
    let sum = value_of(&totals.lines).map(|lines| {
        cents(lines - value_of(&totals.allowances).unwrap_or_default() + value_of(&totals.charges).unwrap_or_default())
    });
    out.compare_or_missing(totals.node, value_of(&totals.net), sum);
}
