// SPDX-License-Identifier: EUPL-1.2
//! Agreement, delivery and settlement of a CII invoice.

use super::{allowance_charge, child_amount, child_text, date, period};
use crate::{
    model::*,
    project::Project,
    tree::{NodeId, Ns::*},
    value::Text,
};

pub(super) fn agreement(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "BuyerReference") => p.text(&mut r.buyer_reference, c),
            (Ram, "SellerTradeParty") => {
                let seller = party(p, c);
                p.key(&mut r.seller, seller, c);
            }
            (Ram, "BuyerTradeParty") => {
                let buyer = party(p, c);
                p.key(&mut r.buyer, buyer, c);
            }
            (Ram, "SellerTaxRepresentativeTradeParty") => {
                let representative = party(p, c);
                p.once(&mut r.tax_representative, representative, c);
            }
            (Ram, "SellerOrderReferencedDocument") => reference(p, c, &mut r.sales_order),
            (Ram, "BuyerOrderReferencedDocument") => reference(p, c, &mut r.purchase_order),
            (Ram, "ContractReferencedDocument") => reference(p, c, &mut r.contract),
            (Ram, "AdditionalReferencedDocument") => additional(p, c, r),
            (Ram, "SpecifiedProcuringProject") => child_text(p, c, "ID", &mut r.project),
            _ => {}
        }
    }
}

fn reference(p: &mut Project<'_>, n: NodeId, slot: &mut Option<Text>) {
    child_text(p, n, "IssuerAssignedID", slot);
    if slot.is_none() {
        child_text(p, n, "ID", slot);
    }
}

/// BT-17 (type 50), BT-18 (type 130) or BG-24 (type 916).
fn additional(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let id = p.tree.child(n, Ram, "IssuerAssignedID");
    let code = p.tree.child(n, Ram, "TypeCode").map(|c| p.some_text(c));
    match (code.as_deref(), id) {
        (Some("50"), Some(id)) => return p.text(&mut r.tender, id),
        (Some("130"), Some(id)) => {
            let mut object = p.identifier(id);
            object.scheme = p.tree.child(n, Ram, "ReferenceTypeCode").map(|x| p.some_text(x).value);
            return p.once(&mut r.object, object, n);
        }
        _ => {}
    }
    let mut document = Document { node: n, id: id.map(|i| p.some_text(i)), description: None, url: None, file: None };
    child_text(p, n, "Name", &mut document.description);
    child_text(p, n, "URIID", &mut document.url);
    document.file = p.tree.child(n, Ram, "AttachmentBinaryObject").map(|b| p.attachment(b));
    r.documents.push(document);
}

fn party(p: &mut Project<'_>, n: NodeId) -> Party {
    let mut out = Party::new(n);
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "ID" | "GlobalID") => {
                let id = p.identifier(c);
                out.identifiers.push(id);
            }
            (Ram, "Name") => p.text(&mut out.name, c),
            (Ram, "Description") => p.text(&mut out.legal_information, c),
            (Ram, "SpecifiedLegalOrganization") => {
                if let Some(id) = p.tree.child(c, Ram, "ID") {
                    out.legal_id = Some(p.identifier(id));
                }
                child_text(p, c, "TradingBusinessName", &mut out.trading_name);
            }
            (Ram, "DefinedTradeContact") => {
                let contact = contact(p, c);
                p.once(&mut out.contact, contact, c);
            }
            (Ram, "PostalTradeAddress") => {
                let address = address(p, c);
                p.once(&mut out.address, address, c);
            }
            (Ram, "URIUniversalCommunication") => {
                if let Some(id) = p.tree.child(c, Ram, "URIID") {
                    let id = p.identifier(id);
                    p.once(&mut out.electronic_address, id, c);
                }
            }
            (Ram, "SpecifiedTaxRegistration") => {
                if let Some(id) = p.tree.child(c, Ram, "ID") {
                    match p.tree.attribute(id, "schemeID") {
                        Some("VA") => p.text(&mut out.vat_id, id),
                        _ => p.text(&mut out.tax_number, id),
                    }
                }
            }
            _ => {}
        }
    }
    out
}

fn contact(p: &mut Project<'_>, n: NodeId) -> Contact {
    let mut out = Contact { node: n, name: None, telephone: None, email: None };
    child_text(p, n, "PersonName", &mut out.name);
    if out.name.is_none() {
        child_text(p, n, "DepartmentName", &mut out.name);
    }
    if let Some(phone) = p.tree.child(n, Ram, "TelephoneUniversalCommunication") {
        child_text(p, phone, "CompleteNumber", &mut out.telephone);
    }
    if let Some(mail) = p.tree.child(n, Ram, "EmailURIUniversalCommunication") {
        child_text(p, mail, "URIID", &mut out.email);
    }
    out
}

fn address(p: &mut Project<'_>, n: NodeId) -> Address {
    let mut out =
        Address { node: n, lines: [None, None, None], city: None, post_code: None, region: None, country: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "PostcodeCode") => p.text(&mut out.post_code, c),
            (Ram, "LineOne") => p.text(&mut out.lines[0], c),
            (Ram, "LineTwo") => p.text(&mut out.lines[1], c),
            (Ram, "LineThree") => p.text(&mut out.lines[2], c),
            (Ram, "CityName") => p.text(&mut out.city, c),
            (Ram, "CountryID") => p.text(&mut out.country, c),
            (Ram, "CountrySubDivisionName") => p.text(&mut out.region, c),
            _ => {}
        }
    }
    out
}

pub(super) fn delivery(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let mut out = Delivery { name: None, location: None, date: None, address: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "ShipToTradeParty") => {
                let to = party(p, c);
                out.name = to.name;
                out.location = to.identifiers.into_iter().next();
                out.address = to.address;
            }
            (Ram, "ActualDeliverySupplyChainEvent") => {
                if let Some(at) = p.tree.child(c, Ram, "OccurrenceDateTime") {
                    date(p, at, &mut out.date);
                }
            }
            (Ram, "DespatchAdviceReferencedDocument") => reference(p, c, &mut r.despatch_advice),
            (Ram, "ReceivingAdviceReferencedDocument") => reference(p, c, &mut r.receiving_advice),
            _ => {}
        }
    }
    if out.name.is_some() || out.location.is_some() || out.date.is_some() || out.address.is_some() {
        p.once(&mut r.delivery, out, n);
    }
}

pub(super) fn settlement(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let (mut remittance, mut creditor, mut mandate) = (None, None, None);
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "CreditorReferenceID") => p.text(&mut creditor, c),
            (Ram, "PaymentReference") => p.text(&mut remittance, c),
            (Ram, "TaxCurrencyCode") => p.text(&mut r.vat_currency, c),
            (Ram, "InvoiceCurrencyCode") => p.key_text(&mut r.currency, c),
            (Ram, "PayeeTradeParty") => {
                let payee = party(p, c);
                p.once(&mut r.payee, payee, c);
            }
            (Ram, "SpecifiedTradeSettlementPaymentMeans") => {
                let payment = payment(p, c);
                r.payment.push(payment);
            }
            (Ram, "ApplicableTradeTax") => tax(p, c, r),
            (Ram, "BillingSpecifiedPeriod") => {
                let period = period(p, c);
                p.once(&mut r.period, period, c);
            }
            (Ram, "SpecifiedTradeAllowanceCharge") => allowance_charge(p, c, &mut r.allowances, &mut r.charges),
            (Ram, "SpecifiedTradePaymentTerms") => terms(p, c, r, &mut mandate),
            (Ram, "SpecifiedTradeSettlementHeaderMonetarySummation" | "SpecifiedTradeSettlementMonetarySummation") => {
                totals(p, c, r)
            }
            (Ram, "InvoiceReferencedDocument") => {
                let mut entry = Reference { number: None, date: None, node: c };
                reference(p, c, &mut entry.number);
                if let Some(at) = p.tree.child(c, Ram, "FormattedIssueDateTime") {
                    date(p, at, &mut entry.date);
                }
                r.preceding.push(entry);
            }
            (Ram, "ReceivableSpecifiedTradeAccountingAccount") => child_text(p, c, "ID", &mut r.accounting_reference),
            _ => {}
        }
    }
    for payment in &mut r.payment {
        payment.remittance.clone_from(&remittance);
        if payment.means.as_deref() == Some("59") || payment.debited_account.is_some() {
            payment.creditor.clone_from(&creditor);
            payment.mandate.clone_from(&mandate);
        }
    }
}

fn payment(p: &mut Project<'_>, n: NodeId) -> Payment {
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
    let mut bic = None;
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "TypeCode") => p.text(&mut out.means, c),
            (Ram, "Information") => p.text(&mut out.means_text, c),
            (Ram, "ApplicableTradeSettlementFinancialCard") => {
                let part = |name| p.tree.child(c, Ram, name).map(|x| p.some_text(x));
                out.card = Some((part("ID"), part("CardholderName")));
            }
            (Ram, "PayerPartyDebtorFinancialAccount") => child_text(p, c, "IBANID", &mut out.debited_account),
            (Ram, "PayeePartyCreditorFinancialAccount") => {
                let account = account(p, c);
                p.key(&mut out.account, account, c);
            }
            (Ram, "PayeeSpecifiedCreditorFinancialInstitution") => child_text(p, c, "BICID", &mut bic),
            _ => {}
        }
    }
    if let Some(account) = &mut out.account {
        account.bic = bic;
    }
    out
}

fn account(p: &mut Project<'_>, n: NodeId) -> Account {
    let mut out = Account { id: None, name: None, bic: None, says_iban: false };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "IBANID") => {
                out.says_iban = true;
                p.key_text(&mut out.id, c);
            }
            (Ram, "ProprietaryID") if out.id.is_none() => p.key_text(&mut out.id, c),
            (Ram, "AccountName") => p.text(&mut out.name, c),
            _ => {}
        }
    }
    out
}

fn tax(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let mut out =
        VatBreakdown { node: n, base: None, tax: None, category: None, rate: None, reason: None, reason_code: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "CalculatedAmount") => p.amount(&mut out.tax, c),
            (Ram, "BasisAmount") => p.amount(&mut out.base, c),
            (Ram, "CategoryCode") => p.text(&mut out.category, c),
            (Ram, "RateApplicablePercent" | "ApplicablePercent") => p.amount(&mut out.rate, c),
            (Ram, "ExemptionReason") => p.text(&mut out.reason, c),
            (Ram, "ExemptionReasonCode") => p.text(&mut out.reason_code, c),
            (Ram, "TaxPointDate") if r.tax_point_date.is_none() => date(p, c, &mut r.tax_point_date),
            (Ram, "DueDateTypeCode") if r.tax_point_code.is_none() => p.text(&mut r.tax_point_code, c),
            _ => {}
        }
    }
    r.vat_breakdown.push(out);
}

/// BT-9, BT-20, BT-89; extensions may have several terms, the first due date counts.
fn terms(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung, mandate: &mut Option<Text>) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "Description") => p.text(&mut r.payment_terms, c),
            (Ram, "DueDateDateTime") if r.due_date.is_none() => date(p, c, &mut r.due_date),
            (Ram, "DirectDebitMandateID") => p.text(mandate, c),
            _ => {}
        }
    }
}

fn totals(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let mut out = Totals {
        node: n,
        lines: None,
        allowances: None,
        charges: None,
        net: None,
        gross: None,
        paid: None,
        rounding: None,
        due: None,
    };
    child_amount(p, n, "LineTotalAmount", &mut out.lines);
    child_amount(p, n, "ChargeTotalAmount", &mut out.charges);
    child_amount(p, n, "AllowanceTotalAmount", &mut out.allowances);
    child_amount(p, n, "TaxBasisTotalAmount", &mut out.net);
    child_amount(p, n, "GrandTotalAmount", &mut out.gross);
    child_amount(p, n, "TotalPrepaidAmount", &mut out.paid);
    child_amount(p, n, "RoundingAmount", &mut out.rounding);
    child_amount(p, n, "DuePayableAmount", &mut out.due);
    for c in p.tree.children(n).filter(|c| p.tree.name(*c) == (Ram, "TaxTotalAmount")).collect::<Vec<_>>() {
        let mut amount = None;
        p.amount(&mut amount, c);
        let currency = p.tree.attribute(c, "currencyID").map(str::to_owned);
        r.tax_totals.push(TaxTotal { node: c, amount, currency });
    }
    p.key(&mut r.totals, out, n);
}
