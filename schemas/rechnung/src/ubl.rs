// SPDX-License-Identifier: EUPL-1.2
//! UBL 2.1 Invoice and CreditNote onto the model.
//!
//! Each function takes one aggregate and walks its children once. Recursion (sub lines of the XRechnung
//! extension) is bounded by the depth of the tree.

use crate::{
    detect::Syntax,
    model::*,
    project::Project,
    tree::{NodeId, Ns::*, Tree},
    value::iso_date,
};

mod partei;
mod position;
mod zahlung;

pub(crate) fn read(tree: Tree, syntax: Option<Syntax>) -> Rechnung {
    let mut r = Rechnung::new(Tree::default(), syntax);
    let mut p = Project { tree: &tree, problems: Vec::new() };
    document(&mut p, &mut r);
    r.problems = p.problems;
    r.tree = tree;
    r
}

fn document(p: &mut Project<'_>, r: &mut Rechnung) {
    for n in p.tree.children(p.tree.root()) {
        match p.tree.name(n) {
            (Cbc, "CustomizationID") => p.key_text(&mut r.specification, n),
            (Cbc, "ProfileID") => p.text(&mut r.business_process, n),
            (Cbc, "ID") => p.key_text(&mut r.number, n),
            (Cbc, "IssueDate") => p.date(&mut r.issue_date, n, iso_date),
            (Cbc, "DueDate") => p.date(&mut r.due_date, n, iso_date),
            (Cbc, "TaxPointDate") => p.date(&mut r.tax_point_date, n, iso_date),
            (Cbc, "InvoiceTypeCode" | "CreditNoteTypeCode") => p.key_text(&mut r.type_code, n),
            (Cbc, "DocumentCurrencyCode") => p.key_text(&mut r.currency, n),
            (Cbc, "TaxCurrencyCode") => p.text(&mut r.vat_currency, n),
            (Cbc, "AccountingCost") => p.text(&mut r.accounting_reference, n),
            (Cbc, "BuyerReference") => p.text(&mut r.buyer_reference, n),
            (Cbc, "Note") => r.notes.push(note(p, n)),
            (Cac, "InvoicePeriod") => {
                let (period, code) = period(p, n);
                p.once(&mut r.period, period, n);
                r.tax_point_code = r.tax_point_code.take().or(code);
            }
            (Cac, "OrderReference") => order(p, n, r),
            (Cac, "BillingReference") => billing(p, n, r),
            (Cac, "DespatchDocumentReference") => id_of(p, n, &mut r.despatch_advice),
            (Cac, "ReceiptDocumentReference") => id_of(p, n, &mut r.receiving_advice),
            (Cac, "OriginatorDocumentReference") => id_of(p, n, &mut r.tender),
            (Cac, "ContractDocumentReference") => id_of(p, n, &mut r.contract),
            (Cac, "ProjectReference") => id_of(p, n, &mut r.project),
            (Cac, "AdditionalDocumentReference") => additional(p, n, r),
            (Cac, "AccountingSupplierParty") => partei::party_in(p, n, &mut r.seller),
            (Cac, "AccountingCustomerParty") => partei::party_in(p, n, &mut r.buyer),
            (Cac, "PayeeParty") => {
                let payee = partei::other_party(p, n);
                p.once(&mut r.payee, payee, n);
            }
            (Cac, "TaxRepresentativeParty") => {
                let representative = partei::other_party(p, n);
                p.once(&mut r.tax_representative, representative, n);
            }
            (Cac, "Delivery") => {
                let delivery = partei::delivery(p, n);
                p.once(&mut r.delivery, delivery, n);
            }
            (Cac, "PaymentMeans") => {
                let payment = zahlung::payment(p, n, &mut r.due_date);
                r.payment.push(payment);
            }
            (Cac, "PaymentTerms") => {
                if let Some(text) = p.tree.child(n, Cbc, "Note") {
                    p.text(&mut r.payment_terms, text);
                }
            }
            (Cac, "AllowanceCharge") => allowance_charge(p, n, &mut r.allowances, &mut r.charges),
            (Cac, "TaxTotal") => tax_total(p, n, r),
            (Cac, "LegalMonetaryTotal") => {
                let totals = totals(p, n);
                p.key(&mut r.totals, totals, n);
            }
            (Cac, "InvoiceLine" | "CreditNoteLine") => {
                let line = position::line(p, n);
                r.lines.push(line);
            }
            _ => {}
        }
    }
    // BT-90 of a direct debit stands at seller or payee with scheme SEPA.
    let creditor = [&r.payee, &r.seller].into_iter().flatten().flat_map(|x| &x.identifiers);
    let creditor = creditor.clone().find(|i| i.scheme.as_deref() == Some("SEPA")).map(|i| p.some_text(i.node));
    for payment in r.payment.iter_mut().filter(|x| x.mandate.is_some() || x.debited_account.is_some()) {
        payment.creditor.clone_from(&creditor);
    }
}

/// BT-21 stands inside the note as `#ADU#text`.
fn note(p: &Project<'_>, n: NodeId) -> Note {
    let mut text = p.some_text(n);
    let parts = text.value.strip_prefix('#').and_then(|t| t.split_once('#'));
    let split = parts.filter(|(code, _)| code.len() == 3).map(|(code, rest)| (code.to_owned(), rest.to_owned()));
    let subject = split.map(|(code, rest)| {
        text.value = rest;
        crate::value::Text { value: code, node: n }
    });
    Note { subject, text: Some(text) }
}

fn id_of(p: &mut Project<'_>, n: NodeId, slot: &mut Option<crate::value::Text>) {
    if let Some(id) = p.tree.child(n, Cbc, "ID") {
        p.text(slot, id);
    }
}

fn order(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    id_of(p, n, &mut r.purchase_order);
    if let Some(sales) = p.tree.child(n, Cbc, "SalesOrderID") {
        p.text(&mut r.sales_order, sales);
    }
}

fn billing(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    for reference in p.tree.children(n).filter(|c| p.tree.name(*c).1.ends_with("DocumentReference")).collect::<Vec<_>>()
    {
        let mut entry = Reference { number: None, date: None, node: n };
        id_of(p, reference, &mut entry.number);
        if let Some(date) = p.tree.child(reference, Cbc, "IssueDate") {
            p.date(&mut entry.date, date, iso_date);
        }
        r.preceding.push(entry);
    }
}

fn additional(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let code = p.tree.child(n, Cbc, "DocumentTypeCode").map(|c| p.some_text(c));
    let id = p.tree.child(n, Cbc, "ID");
    if code.as_deref() == Some("130") {
        if let Some(id) = id {
            let object = p.identifier(id);
            p.once(&mut r.object, object, id);
        }
        return;
    }
    if code.as_deref() == Some("50") && r.project.is_none() {
        r.project = id.map(|id| p.some_text(id));
        return;
    }
    let mut document = Document { node: n, id: None, description: None, url: None, file: None };
    id_of(p, n, &mut document.id);
    if let Some(text) = p.tree.child(n, Cbc, "DocumentDescription") {
        p.text(&mut document.description, text);
    }
    if let Some(attachment) = p.tree.child(n, Cac, "Attachment") {
        if let Some(url) =
            p.tree.find(attachment, Cac, &["ExternalReference"]).and_then(|e| p.tree.child(e, Cbc, "URI"))
        {
            p.text(&mut document.url, url);
        }
        document.file = p.tree.child(attachment, Cbc, "EmbeddedDocumentBinaryObject").map(|b| p.attachment(b));
    }
    r.documents.push(document);
}

/// BG-14 or BG-26, and BT-8 that UBL keeps inside.
fn period(p: &mut Project<'_>, n: NodeId) -> (Period, Option<crate::value::Text>) {
    let mut out = Period { node: n, start: None, end: None };
    let mut code = None;
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "StartDate") => p.date(&mut out.start, c, iso_date),
            (Cbc, "EndDate") => p.date(&mut out.end, c, iso_date),
            (Cbc, "DescriptionCode") => p.text(&mut code, c),
            _ => {}
        }
    }
    (out, code)
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
    let mut charge = None;
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "ChargeIndicator") => p.text(&mut charge, c),
            (Cbc, "Amount") => p.amount(&mut out.amount, c),
            (Cbc, "BaseAmount") => p.amount(&mut out.base, c),
            (Cbc, "MultiplierFactorNumeric") => p.amount(&mut out.percentage, c),
            (Cbc, "AllowanceChargeReason") => p.text(&mut out.reason, c),
            (Cbc, "AllowanceChargeReasonCode") => p.text(&mut out.reason_code, c),
            (Cac, "TaxCategory") => category(p, c, &mut out.vat_category, &mut out.vat_rate),
            _ => {}
        }
    }
    out.indicated = matches!(charge.as_deref(), Some("true" | "1" | "false" | "0"));
    match charge.as_deref() {
        Some("true" | "1") => charges.push(out),
        _ => allowances.push(out),
    }
}

/// Code and rate of a VAT category; categories of other taxes are no business term.
fn category(
    p: &mut Project<'_>,
    n: NodeId,
    code: &mut Option<crate::value::Text>,
    rate: &mut Option<crate::value::Amount>,
) {
    let scheme = p.tree.child(n, Cac, "TaxScheme").and_then(|s| p.tree.child(s, Cbc, "ID")).map(|s| p.some_text(s));
    if !scheme.is_some_and(|s| s.eq_ignore_ascii_case("VAT")) {
        return;
    }
    id_of(p, n, code);
    if let Some(percent) = p.tree.child(n, Cbc, "Percent") {
        p.amount(rate, percent);
    }
}

fn tax_total(p: &mut Project<'_>, n: NodeId, r: &mut Rechnung) {
    let mut total = TaxTotal { node: n, amount: None, currency: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "TaxAmount") => {
                total.currency = p.tree.attribute(c, "currencyID").map(str::to_owned);
                p.amount(&mut total.amount, c);
            }
            (Cac, "TaxSubtotal") => {
                let entry = breakdown(p, c);
                r.vat_breakdown.push(entry);
            }
            _ => {}
        }
    }
    r.tax_totals.push(total);
}

fn breakdown(p: &mut Project<'_>, n: NodeId) -> VatBreakdown {
    let mut out =
        VatBreakdown { node: n, base: None, tax: None, category: None, rate: None, reason: None, reason_code: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "TaxableAmount") => p.amount(&mut out.base, c),
            (Cbc, "TaxAmount") => p.amount(&mut out.tax, c),
            (Cac, "TaxCategory") => {
                category(p, c, &mut out.category, &mut out.rate);
                out.reason = p.tree.child(c, Cbc, "TaxExemptionReason").map(|x| p.some_text(x));
                out.reason_code = p.tree.child(c, Cbc, "TaxExemptionReasonCode").map(|x| p.some_text(x));
            }
            _ => {}
        }
    }
    out
}

fn totals(p: &mut Project<'_>, n: NodeId) -> Totals {
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
    for c in p.tree.children(n) {
        let (Cbc, name) = p.tree.name(c) else {
            continue;
        };
        let slot = match name {
            "LineExtensionAmount" => &mut out.lines,
            "TaxExclusiveAmount" => &mut out.net,
            "TaxInclusiveAmount" => &mut out.gross,
            "AllowanceTotalAmount" => &mut out.allowances,
            "ChargeTotalAmount" => &mut out.charges,
            "PrepaidAmount" => &mut out.paid,
            "PayableRoundingAmount" => &mut out.rounding,
            "PayableAmount" => &mut out.due,
            _ => continue,
        };
        p.amount(slot, c);
    }
    out
}
