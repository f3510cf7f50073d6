// SPDX-License-Identifier: EUPL-1.2
//! BR-11: the buyer's address names a country.
//!
//! Path: `BT-55`. Source: EN 16931-1, rules of integrity.
//! Passes: an address with a country code. Fails: an address without one. Not applicable: UBL: no address (BR-08, BR-10).

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-11",
    flag: Flag::Fatal,
    scope: Scope::En16931,
    terms: &["BT-55"],
    ustg14: false,
    text: "In der Anschrift des Käufers fehlt das Land.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let address = rechnung.buyer.as_ref().and_then(|p| p.address.as_ref());
    match address {
        Some(address) if !filled(&address.country) => out.report(address.node, &[]),
        // CII asks for the country even where there is no address.
        None if rechnung.syntax == Some(Syntax::Cii) => out.document(&[]),
        _ => {}
    }
}
