// SPDX-License-Identifier: EUPL-1.2
//! Parties, addresses and delivery of a UBL document.

use crate::{
    model::{Address, Contact, Delivery, Party},
    project::Project,
    tree::{NodeId, Ns::*},
    value::iso_date,
};

pub(super) fn party_in(p: &mut Project<'_>, n: NodeId, slot: &mut Option<Party>) {
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
pub(super) fn other_party(p: &mut Project<'_>, n: NodeId) -> Party {
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
    let mut out =
        Address { node: n, lines: [None, None, None], city: None, post_code: None, region: None, country: None };
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

pub(super) fn delivery(p: &mut Project<'_>, n: NodeId) -> Delivery {
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
