// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-03: tax point date and tax point code exclude each other.
//!
//! Path: `BT-7`, `BT-8`. Source: EN 16931-1, rules of integrity.
//! Passes: one of the two. Fails: both. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-03",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-7", "BT-8"],
    ustg14: false,
    text: "Datum und Code des Steuerzeitpunkts stehen beide in der Rechnung.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if let (Some(date), Some(_)) = (&rechnung.tax_point_date, &rechnung.tax_point_code) {
        let node = match rechnung.syntax {
            Some(Syntax::Cii) => {
                rechnung.tree.parent(date.node).and_then(|n| rechnung.tree.parent(n)).unwrap_or(date.node)
            }
            _ => rechnung.tree.root(),
        };
        out.report(node, &[]);
    }
}
