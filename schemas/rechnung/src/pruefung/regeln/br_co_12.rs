// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-12: the sum of the document charges is what the totals say.
//!
//! Path: `BT-108`. Source: EN 16931-1, rules of integrity.
//! Passes: both absent, or charges of 5.00 with 5.00. Fails: charges of 5.00 with 6.00, or with no total. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-12",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-108", "BT-99"],
    ustg14: false,
    text: "Die Summe der Zuschläge ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(totals) = &rechnung.totals else {
        return;
    };
    if totals.charges.is_none() && !rechnung.charges.iter().any(|a| a.indicated) {
        return;
    }
    let sum = rechnung.charges.iter().filter(|a| a.indicated).filter_map(|a| value_of(&a.amount)).sum();
    out.compare(totals.node, value_of(&totals.charges), cents(sum));
}
