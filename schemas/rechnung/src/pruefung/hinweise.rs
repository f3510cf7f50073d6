// SPDX-License-Identifier: EUPL-1.2
//! Advice beyond the norm (ids `EA-…`): what a municipality wants to know before it pays.
//!
//! | id | looks at |
//! |---|---|
//! | `EA-LESEN` | values that cannot be read, doubled fields |
//! | `EA-IBAN` | BT-84 built like an IBAN with a wrong length or check number |
//! | `EA-BETRAG` | an invoice with a negative amount due that is no credit note |
//! | `EA-ANHANG` | attachments whose name, type or content are dangerous |
//! | `EA-LEITWEG` | BT-10 is no Leitweg-ID or its check digits are wrong (routing only) |
//! | `EA-SKONTO` | a Skonto line of BT-20 that cannot be read |
//! | `EA-PROFIL` | a profile without lines (no invoice in the sense of § 14 UStG), or ZUGFeRD 1 |
//! | `EA-ZEICHEN` | hidden characters in number, names or account |

use rust_decimal::Decimal;

use super::{Class, Finding, Flag, Level};
use crate::{Profile, Rechnung, anhang, format, iban, leitweg, tree::NodeId, value::Text, zahlung};

/// All advice for this document, heaviest first.
pub fn hints(rechnung: &Rechnung) -> Vec<Finding> {
    let mut out = Vec::new();
    if rechnung.syntax.is_none() {
        return out;
    }
    for problem in &rechnung.problems {
        let level = if problem.blocking { Level::Error } else { Level::Warning };
        let mut finding = hint(rechnung, "EA-LESEN", level, problem.node, &[], problem.text.clone());
        finding.class = Class::Format;
        out.push(finding);
    }
    accounts(rechnung, &mut out);
    amount(rechnung, &mut out);
    for document in &rechnung.documents {
        if let Some(text) = anhang::danger(rechnung, document) {
            out.push(quarantine(hint(rechnung, "EA-ANHANG", Level::Error, document.node, &["BT-125"], text)));
        }
    }
    routing(rechnung, &mut out);
    skonto(rechnung, &mut out);
    profile(rechnung, &mut out);
    hidden(rechnung, &mut out);
    out.sort_by_key(|f| std::cmp::Reverse(f.level));
    out
}

fn hint(rechnung: &Rechnung, id: &str, level: Level, node: NodeId, terms: &[&'static str], text: String) -> Finding {
    let flag = match level {
        Level::Error => Flag::Fatal,
        Level::Warning => Flag::Warning,
        Level::Information => Flag::Information,
    };
    Finding {
        rule: id.to_owned(),
        flag,
        level,
        location: rechnung.location(node),
        text,
        class: Class::Inhalt,
        terms: terms.to_vec(),
        ustg14: false,
        quarantine: false,
        node: Some(node),
    }
}

fn quarantine(finding: Finding) -> Finding {
    Finding { quarantine: true, ..finding }
}

fn accounts(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    for id in rechnung.payment.iter().filter_map(|p| p.account.as_ref()).filter_map(|a| a.id.as_ref()) {
        if iban::judge(id) == iban::Iban::Wrong {
            let text = format!(
                "Die Prüfziffer der IBAN {} ist falsch. Zahlen Sie nicht ohne Rückfrage.",
                format::visible(id, 40)
            );
            out.push(quarantine(hint(rechnung, "EA-IBAN", Level::Error, id.node, &["BT-84"], text)));
        }
    }
}

fn amount(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    let Some(gross) = rechnung.totals.as_ref().and_then(|t| t.gross.as_ref()) else {
        return;
    };
    if gross.value < Decimal::ZERO && rechnung.type_code.as_deref() == Some("380") && !rechnung.is_credit_note() {
        let text = format!(
            "Die Rechnung hat einen negativen Betrag ({}), nennt sich aber nicht Gutschrift.",
            format::amount(gross.value)
        );
        out.push(quarantine(hint(rechnung, "EA-BETRAG", Level::Error, gross.node, &["BT-112"], text)));
    }
}

fn routing(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    let Some(reference) = rechnung.buyer_reference.as_ref().filter(|r| !r.is_empty()) else {
        return;
    };
    let shown = format::visible(reference, 50);
    let text = match leitweg::parse(reference) {
        Some(id) if id.check_fits => return,
        Some(_) => format!("Die Prüfziffern der Leitweg-ID {shown} stimmen nicht."),
        None => format!("Die Käuferreferenz „{shown}“ ist keine Leitweg-ID."),
    };
    out.push(hint(rechnung, "EA-LEITWEG", Level::Information, reference.node, &["BT-10"], text));
}

fn skonto(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    let Some(terms) = &rechnung.payment_terms else {
        return;
    };
    for line in zahlung::lines(rechnung.tree.text(terms.node)).filter_map(Result::err) {
        let text = format!("Die Skonto-Angabe „{}“ ist nicht lesbar.", format::visible(line, 60));
        out.push(hint(rechnung, "EA-SKONTO", Level::Warning, terms.node, &["BT-20"], text));
    }
}

fn profile(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    if crate::detect::is_zugferd_1(&rechnung.tree) {
        let text =
            "Die Rechnung hat das alte Format ZUGFeRD 1. Es wird gelesen, aber nicht nach EN 16931 geprüft.".to_owned();
        out.push(hint(rechnung, "EA-PROFIL", Level::Warning, rechnung.tree.root(), &["BT-24"], text));
    }
    let Some(specification) = &rechnung.specification else {
        return;
    };
    if let Some(profile @ (Profile::Minimum | Profile::BasicWl)) = Profile::of(specification) {
        let text = format!(
            "Das Profil {} enthält keine Positionen. Es gilt allein nicht als Rechnung nach § 14 UStG.",
            profile.name()
        );
        let mut finding = hint(rechnung, "EA-PROFIL", Level::Warning, specification.node, &["BT-24"], text);
        finding.ustg14 = true;
        out.push(finding);
    }
}

fn hidden(rechnung: &Rechnung, out: &mut Vec<Finding>) {
    let party = |p: &'_ Option<crate::model::Party>| p.as_ref().and_then(|p| p.name.clone());
    let account = rechnung.payment.iter().find_map(|p| p.account.as_ref()?.id.clone());
    let fields: [(&'static str, Option<Text>); 4] = [
        ("BT-1", rechnung.number.clone()),
        ("BT-27", party(&rechnung.seller)),
        ("BT-44", party(&rechnung.buyer)),
        ("BT-84", account),
    ];
    for (term, field) in fields {
        if let Some(field) = field.filter(|f| f.chars().any(format::is_hidden)) {
            let text = format!("Der Text „{}“ enthält unsichtbare Zeichen.", format::visible(&field, 60));
            out.push(hint(rechnung, "EA-ZEICHEN", Level::Warning, field.node, &[term], text));
        }
    }
}
