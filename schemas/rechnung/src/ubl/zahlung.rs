// SPDX-License-Identifier: EUPL-1.2
//! BG-16: payment means of a UBL document.

use super::id_of;
use crate::{
    model::{Account, Payment},
    project::Project,
    tree::{NodeId, Ns::*},
    value::{Date, Text, iso_date},
};

pub(super) fn payment(p: &mut Project<'_>, n: NodeId, due: &mut Option<Date>) -> Payment {
    let mut out = Payment {
        node: n,
        means: None,
        means_text: None,
        remittance: None,
        account: None,
        card: None,
        mandate: None,
        creditor: None,
        debited_account: None,
    };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "PaymentMeansCode") => {
                out.means_text = p.tree.attribute(c, "name").map(|t| Text { value: t.to_owned(), node: c });
                p.text(&mut out.means, c);
            }
            (Cbc, "PaymentDueDate") if due.is_none() => p.date(due, c, iso_date),
            (Cbc, "PaymentID") => p.text(&mut out.remittance, c),
            (Cac, "CardAccount") => {
                let part = |name| p.tree.child(c, Cbc, name).map(|x| p.some_text(x));
                out.card = Some((part("PrimaryAccountNumberID"), part("HolderName")));
            }
            (Cac, "PayeeFinancialAccount") => {
                let account = account(p, c);
                p.key(&mut out.account, account, c);
            }
            (Cac, "PaymentMandate") => {
                id_of(p, c, &mut out.mandate);
                if let Some(payer) = p.tree.child(c, Cac, "PayerFinancialAccount") {
                    id_of(p, payer, &mut out.debited_account);
                }
            }
            _ => {}
        }
    }
    out
}

fn account(p: &mut Project<'_>, n: NodeId) -> Account {
    let mut out = Account { id: None, name: None, bic: None, says_iban: false };
    if let Some(id) = p.tree.child(n, Cbc, "ID") {
        p.key_text(&mut out.id, id);
    }
    out.name = p.tree.child(n, Cbc, "Name").map(|x| p.some_text(x));
    if let Some(branch) = p.tree.child(n, Cac, "FinancialInstitutionBranch") {
        id_of(p, branch, &mut out.bic);
    }
    out
}
