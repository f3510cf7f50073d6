// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-15: the amount with VAT is the amount without VAT plus total VAT.
//!
//! Path: `BT-112`. Source: EN 16931-1, rules of integrity.
//! Passes: 100.00 + 19.00 = 119.00. Fails: the same with 119.01. Not applicable: no document currency.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-15",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-112", "BT-109", "BT-110"],
    ustg14: false,
    text: "Der Gesamtbetrag mit Umsatzsteuer ist mit {angabe} angegeben, berechnet sind {summe} (Unterschied {unterschied}).",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if rechnung.currency.is_none() {
        return;
    }
    let taxes: Vec<_> =
        rechnung.tax_totals.iter().filter(|t| t.currency.as_deref() == rechnung.currency.as_deref()).collect();
    let tax = match (&taxes[..], rechnung.syntax) {
        ([one], _) => value_of(&one.amount),
        ([], Some(Syntax::Cii)) => Some(Decimal::ZERO),
        _ => None,
    };
    let totals = rechnung.totals.as_ref();
    let (net, gross) = (totals.and_then(|t| value_of(&t.net)), totals.and_then(|t| value_of(&t.gross)));
    // The CII artefact is content when both totals are equal, whatever the VAT.
    if rechnung.syntax == Some(Syntax::Cii) && net.is_some() && net == gross {
        return;
    }
    let sum = net.zip(tax).map(|(net, tax)| cents(net + tax));
    out.compare_or_missing(rechnung.tree.root(), gross, sum);
}
