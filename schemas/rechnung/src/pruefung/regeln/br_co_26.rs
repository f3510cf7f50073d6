// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-26: the seller can be identified.
//!
//! Path: `BT-29`, `BT-30`, `BT-31`. Source: EN 16931-1, rules of integrity.
//! Passes: a seller with a VAT identifier. Fails: a seller without any of the three. Not applicable: no seller (BR-06).

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-26",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-29", "BT-30", "BT-31"],
    ustg14: false,
    text: "Der Verkäufer hat weder Kennung noch Registernummer noch Umsatzsteuer-Identifikationsnummer.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let Some(seller) = &rechnung.seller else {
        return;
    };
    if seller.identifiers.is_empty() && seller.legal_id.is_none() && seller.vat_id.is_none() {
        out.report(seller.node, &[]);
    }
}
