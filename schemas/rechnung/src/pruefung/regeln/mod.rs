// SPDX-License-Identifier: EUPL-1.2
//! The table of rules, and what their checks share.

use rust_decimal::Decimal;

use super::{Flag, Report, Rule, Scope};
use crate::{
    Rechnung,
    detect::Syntax,
    format::{amount, visible},
    iban,
    tree::{NodeId, Ns},
    value::{Amount, Text, cents},
};

mod br_01;
mod br_02;
mod br_03;
mod br_04;
mod br_05;
mod br_06;
mod br_07;
mod br_08;
mod br_09;
mod br_10;
mod br_11;
mod br_12;
mod br_13;
mod br_14;
mod br_15;
mod br_16;
mod br_co_03;
mod br_co_04;
mod br_co_10;
mod br_co_11;
mod br_co_12;
mod br_co_13;
mod br_co_14;
mod br_co_15;
mod br_co_16;
mod br_co_17;
mod br_co_18;
mod br_co_25;
mod br_co_26;
mod br_de_15;
mod br_de_17;
mod br_de_19;

/// Every rule, in the order of its id.
pub static ALL: &[&Rule] = &[
    &br_01::RULE,
    &br_02::RULE,
    &br_03::RULE,
    &br_04::RULE,
    &br_05::RULE,
    &br_06::RULE,
    &br_07::RULE,
    &br_08::RULE,
    &br_10::RULE,
    &br_09::RULE,
    &br_11::RULE,
    &br_12::RULE,
    &br_13::RULE,
    &br_14::RULE,
    &br_15::RULE,
    &br_16::RULE,
    &br_co_03::RULE,
    &br_co_04::RULE,
    &br_co_10::RULE,
    &br_co_11::RULE,
    &br_co_12::RULE,
    &br_co_13::RULE,
    &br_co_14::RULE,
    &br_co_15::RULE,
    &br_co_16::RULE,
    &br_co_17::RULE,
    &br_co_18::RULE,
    &br_co_25::RULE,
    &br_co_26::RULE,
    &br_de_15::RULE,
    &br_de_17::RULE,
    &br_de_19::RULE,
];

/// A text that says something.
fn filled(text: &Option<Text>) -> bool {
    text.as_ref().is_some_and(|t| !t.value.trim().is_empty())
}

/// The issue date stands there, whatever it says: an impossible one is a matter of the format.
fn has_issue_date(rechnung: &Rechnung) -> bool {
    let tree = &rechnung.tree;
    let date = match rechnung.syntax {
        Some(Syntax::Cii) => ["ExchangedDocument", "HeaderExchangedDocument"]
            .iter()
            .find_map(|name| tree.child(tree.root(), Ns::Rsm, name))
            .and_then(|header| tree.child(header, Ns::Ram, "IssueDateTime"))
            .and_then(|date| tree.child(date, Ns::Udt, "DateTimeString"))
            .filter(|date| tree.attribute(*date, "format") == Some("102")),
        _ => tree.child(tree.root(), Ns::Cbc, "IssueDate"),
    };
    date.is_some_and(|date| !tree.text(date).trim().is_empty())
}

fn value_of(amount: &Option<Amount>) -> Option<Decimal> {
    amount.as_ref().map(|a| a.value)
}

impl Report<'_> {
    /// Reports unless the stated amount equals the computed one; an amount not stated differs from any.
    fn compare(&mut self, node: NodeId, stated: Option<Decimal>, computed: Decimal) {
        self.compare_or_missing(node, stated, Some(computed));
    }

    /// The same when a part of the computation may be missing: then nothing can be equal.
    fn compare_or_missing(&mut self, node: NodeId, stated: Option<Decimal>, computed: Option<Decimal>) {
        if stated.is_some() && stated == computed {
            return;
        }
        let shown = |v: Option<Decimal>| v.map_or_else(|| "nichts".to_owned(), amount);
        let difference = stated.zip(computed).map(|(s, c)| s - c);
        let unknown = || "unbekannt".to_owned();
        self.report(
            node,
            &[
                ("angabe", &shown(stated)),
                ("summe", &computed.map_or_else(unknown, amount)),
                ("unterschied", &difference.map_or_else(unknown, amount)),
            ],
        );
    }
}
