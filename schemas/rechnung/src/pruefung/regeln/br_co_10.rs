// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-10: the sum of the lines is what the totals say.
//!
//! Path: `BT-106`. Source: EN 16931-1, rules of integrity.
//! Passes: lines 60.00 and 40.00 with 100.00. Fails: the same with 100.01. Not applicable: no group of totals.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-10",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-106", "BT-131"],
    ustg14: false,
    text: "Die Summe der Positionen ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(totals) = &rechnung.totals else {
        return;
    };
    let lines = rechnung.lines.iter().filter_map(|l| l.net.as_ref()).map(|a| a.value).sum();
    out.compare(totals.node, value_of(&totals.lines), cents(lines));
}
