// SPDX-License-Identifier: EUPL-1.2
//! BR-CO-04: every line has a VAT category.
//!
//! Path: `BT-151`. Source: EN 16931-1, rules of integrity.
//! Passes: a line with category S. Fails: a line without category. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-CO-04",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-151"],
    ustg14: false,
    text: "In Position {position} fehlt die Umsatzsteuerkategorie.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    for line in &rechnung.lines {
        // CII is content with an empty element.
        let named = match rechnung.syntax {
            Some(Syntax::Cii) => line.vat_category.is_some(),
            _ => filled(&line.vat_category),
        };
        if !named {
            out.report(line.node, &[("position", line.id.as_deref().unwrap_or("?"))]);
        }
    }
}
