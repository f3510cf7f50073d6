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
            (Cac, "AccountingSupplierParty") => party_in(p, n, &mut r.seller),
            (Cac, "AccountingCustomerParty") => party_in(p, n, &mut r.buyer),
            (Cac, "PayeeParty") => {
                let payee = other_party(p, n);
                p.once(&mut r.payee, payee, n);
            }
            (Cac, "TaxRepresentativeParty") => {
                let representative = other_party(p, n);
                p.once(&mut r.tax_representative, representative, n);
            }
            (Cac, "Delivery") => {
                let delivery = delivery(p, n);
                p.once(&mut r.delivery, delivery, n);
            }
            (Cac, "PaymentMeans") => {
                let payment = payment(p, n, &mut r.due_date);
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
                let line = line(p, n);
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
    for reference in p.tree.children(n).filter(|c| p.tree.name(*c).1.ends_with("DocumentReference")).collect::<Vec<_>>() {
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
        if let Some(url) = p.tree.find(attachment, Cac, &["ExternalReference"]).and_then(|e| p.tree.child(e, Cbc, "URI")) {
            p.text(&mut document.url, url);
        }
        document.file = p.tree.child(attachment, Cbc, "EmbeddedDocumentBinaryObject").map(|b| p.attachment(b));
    }
    r.documents.push(document);
}

fn party_in(p: &mut Project<'_>, n: NodeId, slot: &mut Option<Party>) {
    let mut read = p.tree.child(n, Cac, "Party").map_or_else(|| Party::new(n), |inner| party(p, inner));
    read.node = n;
    p.key(slot, read, n);
}

fn party(p: &mut Project<'_>, n: NodeId) -> Party {
    let mut out = Party::new(n);
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "EndpointID") => {
                let id = p.identifier(c);
                p.once(&mut out.electronic_address, id, c);
            }
            (Cac, "PartyIdentification") => {
                if let Some(id) = p.tree.child(c, Cbc, "ID") {
                    let id = p.identifier(id);
                    out.identifiers.push(id);
                }
            }
            (Cac, "PartyName") => {
                if let Some(name) = p.tree.child(c, Cbc, "Name") {
                    p.text(&mut out.trading_name, name);
                }
            }
            (Cac, "PostalAddress") => {
                let address = address(p, c);
                p.once(&mut out.address, address, c);
            }
            (Cac, "PartyTaxScheme") => tax_scheme(p, c, &mut out),
            (Cac, "PartyLegalEntity") => legal_entity(p, c, &mut out),
            (Cac, "Contact") => {
                let contact = contact(p, c);
                p.once(&mut out.contact, contact, c);
            }
            _ => {}
        }
    }
    out
}

/// Payee and tax representative: their name is the party name, a legal entity only adds an identifier.
fn other_party(p: &mut Project<'_>, n: NodeId) -> Party {
    let mut out = party(p, n);
    out.name = out.trading_name.take();
    out
}

fn tax_scheme(p: &mut Project<'_>, n: NodeId, out: &mut Party) {
    let scheme = p.tree.child(n, Cac, "TaxScheme").and_then(|s| p.tree.child(s, Cbc, "ID")).map(|s| p.some_text(s));
    if let Some(id) = p.tree.child(n, Cbc, "CompanyID") {
        match scheme.is_some_and(|s| s.value == "VAT") {
            true => p.text(&mut out.vat_id, id),
            false => p.text(&mut out.tax_number, id),
        }
    }
}

fn legal_entity(p: &mut Project<'_>, n: NodeId, out: &mut Party) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "RegistrationName") => p.text(&mut out.name, c),
            (Cbc, "CompanyID") => {
                let id = p.identifier(c);
                p.once(&mut out.legal_id, id, c);
            }
            (Cbc, "CompanyLegalForm") => p.text(&mut out.legal_information, c),
            _ => {}
        }
    }
}

fn contact(p: &mut Project<'_>, n: NodeId) -> Contact {
    let mut out = Contact { node: n, name: None, telephone: None, email: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "Name") => p.text(&mut out.name, c),
            (Cbc, "Telephone") => p.text(&mut out.telephone, c),
            (Cbc, "ElectronicMail") => p.text(&mut out.email, c),
            _ => {}
        }
    }
    out
}

fn address(p: &mut Project<'_>, n: NodeId) -> Address {
    let mut out = Address { node: n, lines: [None, None, None], city: None, post_code: None, region: None, country: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "StreetName") => p.text(&mut out.lines[0], c),
            (Cbc, "AdditionalStreetName") => p.text(&mut out.lines[1], c),
            (Cac, "AddressLine") => {
                if let Some(line) = p.tree.child(c, Cbc, "Line") {
                    p.text(&mut out.lines[2], line);
                }
            }
            (Cbc, "CityName") => p.text(&mut out.city, c),
            (Cbc, "PostalZone") => p.text(&mut out.post_code, c),
            (Cbc, "CountrySubentity") => p.text(&mut out.region, c),
            (Cac, "Country") => {
                if let Some(code) = p.tree.child(c, Cbc, "IdentificationCode") {
                    p.text(&mut out.country, code);
                }
            }
            _ => {}
        }
    }
    out
}

fn delivery(p: &mut Project<'_>, n: NodeId) -> Delivery {
    let mut out = Delivery { name: None, location: None, date: None, address: None };
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "ActualDeliveryDate") => p.date(&mut out.date, c, iso_date),
            (Cac, "DeliveryLocation") => {
                out.location = p.tree.child(c, Cbc, "ID").map(|id| p.identifier(id));
                out.address = p.tree.child(c, Cac, "Address").map(|a| address(p, a));
            }
            (Cac, "DeliveryParty") => {
                let name = p.tree.child(c, Cac, "PartyName").and_then(|x| p.tree.child(x, Cbc, "Name"));
                out.name = name.map(|x| p.some_text(x));
            }
            _ => {}
        }
    }
    out
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

fn payment(p: &mut Project<'_>, n: NodeId, due: &mut Option<crate::value::Date>) -> Payment {
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
                out.means_text = p.tree.attribute(c, "name").map(|t| crate::value::Text { value: t.to_owned(), node: c });
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

fn allowance_charge(p: &mut Project<'_>, n: NodeId, allowances: &mut Vec<AllowanceCharge>, charges: &mut Vec<AllowanceCharge>) {
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
fn category(p: &mut Project<'_>, n: NodeId, code: &mut Option<crate::value::Text>, rate: &mut Option<crate::value::Amount>) {
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
    let mut out = VatBreakdown { node: n, base: None, tax: None, category: None, rate: None, reason: None, reason_code: None };
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
        let (Cbc, name) = p.tree.name(c) else { continue };
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

fn line(p: &mut Project<'_>, n: NodeId) -> Line {
    let mut out = Line::new(n);
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "ID") => p.text(&mut out.id, c),
            (Cbc, "Note") => p.text(&mut out.note, c),
            (Cbc, "InvoicedQuantity" | "CreditedQuantity") => {
                out.unit = p.tree.attribute(c, "unitCode").map(str::to_owned);
                p.amount(&mut out.quantity, c);
            }
            (Cbc, "LineExtensionAmount") => p.amount(&mut out.net, c),
            (Cbc, "AccountingCost") => p.text(&mut out.accounting_reference, c),
            (Cac, "InvoicePeriod") => {
                let (period, _) = period(p, c);
                p.once(&mut out.period, period, c);
            }
            (Cac, "OrderLineReference") => out.order_line = p.tree.child(c, Cbc, "LineID").map(|x| p.some_text(x)),
            (Cac, "DocumentReference") => out.object = p.tree.child(c, Cbc, "ID").map(|x| p.identifier(x)),
            (Cac, "AllowanceCharge") => allowance_charge(p, c, &mut out.allowances, &mut out.charges),
            (Cac, "Item") => item(p, c, &mut out),
            (Cac, "Price") => price(p, c, &mut out),
            (Cac, "SubInvoiceLine" | "SubCreditNoteLine") => {
                let sub = line(p, c);
                out.sub_lines.push(sub);
            }
            _ => {}
        }
    }
    out
}

fn item(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    for c in p.tree.children(n) {
        let id = p.tree.child(c, Cbc, "ID");
        match p.tree.name(c) {
            (Cbc, "Name") => p.text(&mut out.name, c),
            (Cbc, "Description") => p.text(&mut out.description, c),
            (Cac, "BuyersItemIdentification") => out.buyer_item = id.map(|x| p.some_text(x)),
            (Cac, "SellersItemIdentification") => out.seller_item = id.map(|x| p.some_text(x)),
            (Cac, "StandardItemIdentification") => out.standard_item = id.map(|x| p.identifier(x)),
            (Cac, "OriginCountry") => out.origin = p.tree.child(c, Cbc, "IdentificationCode").map(|x| p.some_text(x)),
            (Cac, "CommodityClassification") => {
                if let Some(code) = p.tree.child(c, Cbc, "ItemClassificationCode") {
                    let mut id = p.identifier(code);
                    id.scheme = p.tree.attribute(code, "listID").map(str::to_owned);
                    out.classifications.push(id);
                }
            }
            (Cac, "ClassifiedTaxCategory") => category(p, c, &mut out.vat_category, &mut out.vat_rate),
            (Cac, "AdditionalItemProperty") => {
                let part = |name| p.tree.child(c, Cbc, name).map(|x| p.some_text(x));
                out.attributes.push((part("Name"), part("Value")));
            }
            _ => {}
        }
    }
}

fn price(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Cbc, "PriceAmount") => p.amount(&mut out.price, c),
            (Cbc, "BaseQuantity") => {
                out.price_base_unit = p.tree.attribute(c, "unitCode").map(str::to_owned);
                p.amount(&mut out.price_base, c);
            }
            (Cac, "AllowanceCharge") => {
                for x in p.tree.children(c) {
                    match p.tree.name(x) {
                        (Cbc, "Amount") => p.amount(&mut out.price_discount, x),
                        (Cbc, "BaseAmount") => p.amount(&mut out.gross_price, x),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}
