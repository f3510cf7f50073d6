// SPDX-License-Identifier: EUPL-1.2
//! BR-DE-15: the buyer reference is given.
//!
//! Path: `BT-10`. Source: XRechnung 3.0.2, chapter 11.
//! Passes: 04011000-1234512345-06. Fails: a blank reference. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-DE-15",
    flag: Flag::Fatal,
    scope: Scope::Xrechnung,
    terms: &["BT-10"],
    ustg14: false,
    text: "Die Leitweg-ID (Käuferreferenz) fehlt.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    if !filled(&rechnung.buyer_reference) {
        out.document(&[]);
    }
}
