// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-14: total VAT is the sum of the VAT breakdown.
//!
//! Path: `BT-110`. Source: EN 16931-1, rules of integrity.
//! Passes: 19.00 + 7.00 = 26.00. Fails: the same with 26.01. Not applicable: UBL: a total without breakdown; CII: a total in another currency.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-14",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-110", "BT-117"],
    ustg14: true,
    text: "Die Umsatzsteuer ist mit {angabe} angegeben, die Aufschlüsselung ergibt {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let cii = rechnung.syntax == Some(Syntax::Cii);
    for total in &rechnung.tax_totals {
        // UBL sums inside each cac:TaxTotal; CII has one breakdown and may state a second total in BT-6.
        let parts: Vec<_> = match cii {
            true if total.currency.as_deref() != rechnung.currency.as_deref() => continue,
            true => rechnung.vat_breakdown.iter().collect(),
            false => {
                rechnung.vat_breakdown.iter().filter(|b| rechnung.tree.parent(b.node) == Some(total.node)).collect()
            }
        };
        if parts.is_empty() && !cii {
            continue;
        }
        let sum = parts.iter().filter_map(|b| value_of(&b.tax)).sum();
        out.compare(total.node, value_of(&total.amount), cents(sum));
    }
}
