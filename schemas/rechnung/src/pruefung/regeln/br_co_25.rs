// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-25: an amount due above zero needs a due date or payment terms.
//!
//! Path: `BT-9`, `BT-20`. Source: EN 16931-1, rules of integrity.
//! Passes: 119.00 due on 2026-12-01. Fails: 119.00 without either. Not applicable: no amount due, or not above zero; UBL credit notes.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-25",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-115", "BT-9", "BT-20"],
    ustg14: false,
    text: "Es ist ein Betrag zu zahlen, aber weder Zahlungstermin noch Zahlungsbedingungen sind genannt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(due) = rechnung.totals.as_ref().and_then(|t| t.due.as_ref()) else {
        return;
    };
    let credit_note = rechnung.syntax == Some(Syntax::UblCreditNote);
    if !credit_note && due.value > Decimal::ZERO && !names_due_date(rechnung) && rechnung.payment_terms.is_none() {
        out.report(due.node, &[]);
    }
}

/// CII is content with the element, whatever it holds.
fn names_due_date(rechnung: &Rechnung) -> bool {
    let tree = &rechnung.tree;
    let path = ["ApplicableHeaderTradeSettlement", "SpecifiedTradePaymentTerms", "DueDateDateTime"];
    let transaction = tree.child(tree.root(), Ns::Rsm, "SupplyChainTradeTransaction");
    rechnung.due_date.is_some() || transaction.is_some_and(|t| tree.find(t, Ns::Ram, &path).is_some())
}
