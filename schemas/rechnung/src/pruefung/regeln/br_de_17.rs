// SPDX-License-Identifier: EUPL-1.2
//! BR-DE-17: only the listed document type codes are expected.
//!
//! Path: `BT-3`. Source: XRechnung 3.0.2, chapter 11.
//! Passes: 380. Fails: 393. Not applicable: none.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-DE-17",
    flag: Flag::Warning,
    scope: Scope::Xrechnung,
    terms: &["BT-3"],
    ustg14: false,
    text: "Der Rechnungsart-Code {wert} ist in der XRechnung nicht vorgesehen.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    let code = rechnung.type_code.as_deref().unwrap_or_default();
    if !ALLOWED.contains(&code) {
        out.document(&[("wert", &visible(code, 20))]);
    }
}

const ALLOWED: &[&str] = &["326", "380", "381", "384", "389", "875", "876", "877"];
