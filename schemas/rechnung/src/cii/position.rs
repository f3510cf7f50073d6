// SPDX-License-Identifier: EUPL-1.2
//! BG-25: a line of a CII invoice.

use super::{allowance_charge, child_amount, child_text, period};
use crate::{
    model::Line,
    project::Project,
    tree::{NodeId, Ns::*},
};

pub(super) fn line(p: &mut Project<'_>, n: NodeId) -> Line {
    let mut out = Line::new(n);
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "AssociatedDocumentLineDocument") => {
                child_text(p, c, "LineID", &mut out.id);
                if let Some(note) = p.tree.child(c, Ram, "IncludedNote") {
                    child_text(p, note, "Content", &mut out.note);
                }
            }
            (Ram, "SpecifiedTradeProduct") => product(p, c, &mut out),
            (Ram, "SpecifiedLineTradeAgreement" | "SpecifiedSupplyChainTradeAgreement") => agreement(p, c, &mut out),
            (Ram, "SpecifiedLineTradeDelivery" | "SpecifiedSupplyChainTradeDelivery") => {
                if let Some(quantity) = p.tree.child(c, Ram, "BilledQuantity") {
                    out.unit = p.tree.attribute(quantity, "unitCode").map(str::to_owned);
                    p.amount(&mut out.quantity, quantity);
                }
            }
            (Ram, "SpecifiedLineTradeSettlement" | "SpecifiedSupplyChainTradeSettlement") => settlement(p, c, &mut out),
            _ => {}
        }
    }
    out
}

fn product(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "GlobalID") => {
                let id = p.identifier(c);
                p.once(&mut out.standard_item, id, c);
            }
            (Ram, "SellerAssignedID") => p.text(&mut out.seller_item, c),
            (Ram, "BuyerAssignedID") => p.text(&mut out.buyer_item, c),
            (Ram, "Name") => p.text(&mut out.name, c),
            (Ram, "Description") => p.text(&mut out.description, c),
            (Ram, "ApplicableProductCharacteristic") => {
                let part = |name| p.tree.child(c, Ram, name).map(|x| p.some_text(x));
                out.attributes.push((part("Description"), part("Value")));
            }
            (Ram, "DesignatedProductClassification") => {
                if let Some(code) = p.tree.child(c, Ram, "ClassCode") {
                    let mut id = p.identifier(code);
                    id.scheme = p.tree.attribute(code, "listID").map(str::to_owned);
                    out.classifications.push(id);
                }
            }
            (Ram, "OriginTradeCountry") => child_text(p, c, "ID", &mut out.origin),
            _ => {}
        }
    }
}

fn agreement(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "BuyerOrderReferencedDocument") => child_text(p, c, "LineID", &mut out.order_line),
            (Ram, "GrossPriceProductTradePrice") => {
                child_amount(p, c, "ChargeAmount", &mut out.gross_price);
                if let Some(discount) = p.tree.child(c, Ram, "AppliedTradeAllowanceCharge") {
                    child_amount(p, discount, "ActualAmount", &mut out.price_discount);
                }
                base_quantity(p, c, out);
            }
            (Ram, "NetPriceProductTradePrice") => {
                child_amount(p, c, "ChargeAmount", &mut out.price);
                base_quantity(p, c, out);
            }
            _ => {}
        }
    }
}

/// BT-149 may stand at both prices; the net price's word counts.
fn base_quantity(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    if let Some(base) = p.tree.child(n, Ram, "BasisQuantity") {
        out.price_base = None;
        out.price_base_unit = p.tree.attribute(base, "unitCode").map(str::to_owned);
        p.amount(&mut out.price_base, base);
    }
}

fn settlement(p: &mut Project<'_>, n: NodeId, out: &mut Line) {
    for c in p.tree.children(n) {
        match p.tree.name(c) {
            (Ram, "ApplicableTradeTax")
                if p.tree.child(c, Ram, "TypeCode").is_some_and(|t| p.tree.text(t).trim() == "VAT") =>
            {
                child_text(p, c, "CategoryCode", &mut out.vat_category);
                child_amount(p, c, "RateApplicablePercent", &mut out.vat_rate);
                child_amount(p, c, "ApplicablePercent", &mut out.vat_rate);
            }
            (Ram, "BillingSpecifiedPeriod") => {
                let period = period(p, c);
                p.once(&mut out.period, period, c);
            }
            (Ram, "SpecifiedTradeAllowanceCharge") => allowance_charge(p, c, &mut out.allowances, &mut out.charges),
            (Ram, "SpecifiedTradeSettlementLineMonetarySummation" | "SpecifiedTradeSettlementMonetarySummation") => {
                child_amount(p, c, "LineTotalAmount", &mut out.net);
            }
            (Ram, "AdditionalReferencedDocument") => {
                if let Some(id) = p.tree.child(c, Ram, "IssuerAssignedID") {
                    let mut object = p.identifier(id);
                    object.scheme = p.tree.child(c, Ram, "ReferenceTypeCode").map(|x| p.some_text(x).value);
                    p.once(&mut out.object, object, c);
                }
            }
            (Ram, "ReceivableSpecifiedTradeAccountingAccount") => child_text(p, c, "ID", &mut out.accounting_reference),
            _ => {}
        }
    }
}
