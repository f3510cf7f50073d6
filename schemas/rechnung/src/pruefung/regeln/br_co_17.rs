// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-17: the VAT of a breakdown entry is its taxable amount times its rate.
//!
//! Path: `BT-117`. Source: EN 16931-1, rules of integrity.
//! Passes: 100.00 at 19 % with 19.00. Fails: the same with 21.00. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-17",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-117", "BT-116", "BT-119"],
    ustg14: true,
    text: "Die Umsatzsteuer der Kategorie {kategorie} ist mit {angabe} angegeben, {basis} × {satz} % sind {summe}.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let cii = rechnung.syntax == Some(Syntax::Cii);
    for entry in &rechnung.vat_breakdown {
        // CII judges these categories by rules of their own.
        if cii && matches!(entry.category.as_deref(), Some("O" | "L" | "M")) {
            continue;
        }
        let (tax, base, rate) = (value_of(&entry.tax), value_of(&entry.base), value_of(&entry.rate));
        let exact = base.zip(rate).and_then(|(b, r)| b.abs().checked_mul(r)).map(|p| cents(p / Decimal::ONE_HUNDRED));
        let fits = match (tax, rate) {
            (None, _) => false,
            (Some(tax), None) => whole(tax).is_zero(),
            (Some(tax), Some(rate)) if whole(rate).is_zero() => whole(tax).is_zero(),
            // Taxes may be summed line by line: UBL allows a difference below one, CII of one.
            (Some(tax), Some(_)) => {
                exact.map(|e| (tax.abs() - e).abs()).is_some_and(|d| d < Decimal::ONE || cii && d == Decimal::ONE)
            }
        };
        if !fits {
            let shown = |v: Option<Decimal>| v.map_or_else(|| "nichts".to_owned(), amount);
            out.report(
                entry.node,
                &[
                    ("kategorie", entry.category.as_deref().unwrap_or("?")),
                    ("angabe", &shown(tax)),
                    ("basis", &shown(base)),
                    ("satz", &shown(rate)),
                    ("summe", &shown(exact)),
                ],
            );
        }
    }
}

/// Rounded to a whole number, halves upwards.
fn whole(value: Decimal) -> Decimal {
    cents(value / Decimal::ONE_HUNDRED)
}
