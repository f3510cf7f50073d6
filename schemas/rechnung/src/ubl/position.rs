// SPDX-License-Identifier: EUPL-1.2
//! BG-25: a line of a UBL document.

use super::{allowance_charge, category, period};
use crate::{
    model::Line,
    project::Project,
    tree::{NodeId, Ns::*},
};

pub(super) fn line(p: &mut Project<'_>, n: NodeId) -> Line {
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
