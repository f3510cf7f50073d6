// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-11: the sum of the document allowances is what the totals say.
//!
//! Path: `BT-107`. Source: EN 16931-1, rules of integrity.
//! Passes: both absent, or allowances of 5.00 with 5.00. Fails: allowances of 5.00 with 6.00, or with no total. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-11",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-107", "BT-92"],
    ustg14: false,
    text: "Die Summe der Nachlässe ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(totals) = &rechnung.totals else {
        return;
    };
    if totals.allowances.is_none() && !rechnung.allowances.iter().any(|a| a.indicated) {
        return;
    }
    let sum = rechnung.allowances.iter().filter(|a| a.indicated).filter_map(|a| value_of(&a.amount)).sum();
    out.compare(totals.node, value_of(&totals.allowances), cents(sum));
}
