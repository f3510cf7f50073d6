// SPDX-License-Identifier: EUPL-1.2
//! UN/CEFACT Cross Industry Invoice (D16B, D22B) onto the model; ZUGFeRD 1 as far as the names are alike.

use crate::{
    detect::Syntax,
    model::*,
    project::Project,
    tree::{NodeId, Ns::*, Tree},
    value::{Amount, Date, Text, date_102, iso_date},
};

mod handel;
mod position;

pub(crate) fn read(tree: Tree) -> Rechnung {
    let mut r = Rechnung::new(Tree::default(), Some(Syntax::Cii));
    let mut p = Project { tree: &tree, problems: Vec::new() };
    for n in p.tree.children(p.tree.root()) {
        match p.tree.name(n) {
            (Rsm, "ExchangedDocumentContext" | "SpecifiedExchangedDocumentContext") => context(&mut p, n, &mut r),
            (Rsm, "ExchangedDocument" | "HeaderExchangedDocument") => header(&mut p, n, &mut r),
            (Rsm, "SupplyChainTradeTransaction" | "SpecifiedSupplyChainTradeTransaction") => {
                transaction(&mut p, n, &mut r)
            }
            _ => {}
        }
    }
    r.problems = p.problems;
    r.tree = tree;
    r
}

fn context(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    for c in p.tree.children(n) {
        let id = p.tree.child(c, Ram, "ID");
        match (p.tree.name(c), id) {
            ((Ram, "GuidelineSpecifiedDocumentContextParameter"), Some(id)) => p.key_text(&mut r.specification, id),
            ((Ram, "BusinessProcessSpecifiedDocumentContextParameter"), Some(id)) => {
                p.text(&mut r.business_process, id)
            }
            _ => {}
        }
    }
}

fn header(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "ID") => p.key_text(&mut r.number, c),
            (Ram, "TypeCode") => p.key_text(&mut r.type_code, c),
            (Ram, "IssueDateTime") => date(p, c, &mut r.issue_date),
            (Ram, "IncludedNote") => {
                let part = |name| p.tree.child(c, Ram, name).map(|x| p.some_text(x));
                r.notes.push(Note { subject: part("SubjectCode"), text: part("Content") });
            }
            _ => {}
        }
    }
}

fn transaction(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "IncludedSupplyChainTradeLineItem") => {
                let line = position::line(p, c);
                r.lines.push(line);
            }
            (Ram, "ApplicableHeaderTradeAgreement" | "ApplicableSupplyChainTradeAgreement") => {
                handel::agreement(p, c, r)
            }
            (Ram, "ApplicableHeaderTradeDelivery" | "ApplicableSupplyChainTradeDelivery") => handel::delivery(p, c, r),
            (Ram, "ApplicableHeaderTradeSettlement" | "ApplicableSupplyChainTradeSettlement") => {
                handel::settlement(p, c, r)
            }
            _ => {}
        }
    }
}

/// A date inside `udt:DateTimeString` (format 102), `udt:Date` or `qdt:DateTimeString`.
fn date(p: &mut Project<'_>, n: NodeId, slot: &mut Option<Date>) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Udt | Qdt, "DateTimeString" | "DateString") => p.date(slot, c, date_102),
            (Udt, "Date") => p.date(slot, c, iso_date),
            (Udt, "DateTime") => p.date(slot, c, |text| iso_date(text.split('T').next().unwrap_or_default())),
            _ => {}
        }
    }
}

fn period(p: &mut Project<'_>, n: NodeId) -> Period {
    let mut out = Period { node: n, start: None, end: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "StartDateTime") => date(p, c, &mut out.start),
            (Ram, "EndDateTime") => date(p, c, &mut out.end),
            _ => {}
        }
    }
    out
}

/// The text of one child.
fn child_text(p: &mut Project<'_>, n: NodeId, name: &str, slot: &mut Option<Text>) {
    if let Some(c) = p.tree.child(n, Ram, name) {
        p.text(slot, c);
    }
}

/// An amount that may come once.
fn child_amount(p: &mut Project<'_>, n: NodeId, name: &str, slot: &mut Option<Amount>) {
    for c in p.tree.children(n).filter(|c| p.tree.name(*c) == (Ram, name)).collect::<Vec<_>>() {
        p.amount(slot, c);
    }
}

fn allowance_charge(
    p: &mut Project<'_>,
    n: NodeId,
    allowances: &mut Vec<AllowanceCharge>,
    charges: &mut Vec<AllowanceCharge>,
) {
    let mut out = AllowanceCharge {
        node: n,
        indicated: true,
        amount: None,
        base: None,
        percentage: None,
        vat_category: None,
        vat_rate: None,
        reason: None,
        reason_code: None,
    };
    child_amount(p, n, "ActualAmount", &mut out.amount);
    child_amount(p, n, "BasisAmount", &mut out.base);
    child_amount(p, n, "CalculationPercent", &mut out.percentage);
    child_text(p, n, "Reason", &mut out.reason);
    child_text(p, n, "ReasonCode", &mut out.reason_code);
    if let Some(tax) = p.tree.child(n, Ram, "CategoryTradeTax") {
        child_text(p, tax, "CategoryCode", &mut out.vat_category);
        child_amount(p, tax, "RateApplicablePercent", &mut out.vat_rate);
    }
    let indicator = p.tree.child(n, Ram, "ChargeIndicator").and_then(|i| p.tree.child(i, Udt, "Indicator"));
    let indicator = indicator.map(|i| p.tree.text(i).trim());
    out.indicated = matches!(indicator, Some("true" | "1" | "false" | "0"));
    match indicator {
        Some("true" | "1") => charges.push(out),
        _ => allowances.push(out),
    }
}
