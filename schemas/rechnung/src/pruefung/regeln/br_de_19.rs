// SPDX-License-Identifier: EUPL-1.2
//! BR-DE-19: a SEPA credit transfer goes to a valid IBAN.
//!
//! Path: `BT-84`. Source: XRechnung 3.0.2, chapter 11.
//! Passes: DE89370400440532013000. Fails: DE89370400440532013001. Not applicable: other means than 58.

use super::*;

pub(super) static RULE: Rule = Rule {
    id: "BR-DE-19",
    flag: Flag::Warning,
    scope: Scope::Xrechnung,
    terms: &["BT-84", "BT-81"],
    ustg14: false,
    text: "Die IBAN „{wert}“ fehlt oder ist ungültig.",
    check,
};

fn check(rechnung: &Rechnung, out: &mut Report<'_>) {
    for payment in &rechnung.payment {
        let account = payment.account.as_ref().and_then(|a| a.id.as_ref());
        let id = account.map_or("", |id| id.value.as_str());
        if payment.means.as_deref() == Some("58") && iban::judge(id) != iban::Iban::Valid {
            out.report(payment.node, &[("wert", &visible(id, 40))]);
        }
    }
}
