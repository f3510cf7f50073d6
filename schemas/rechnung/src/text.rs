// SPDX-License-Identifier: EUPL-1.2
//! The invoice as plain German text, for search and recognition of its kind.

use std::fmt::Write;

use crate::{Rechnung, format, model::Party, value::Text};

/// Searchable text: one fact per line, then lines, notes and references.
pub fn text(r: &Rechnung) -> String {
    let mut out = String::new();
    let currency = r.currency.as_deref().unwrap_or("EUR");
    let mut line = |name: &str, value: &str| {
        let value = format::visible(value.trim(), 2_000);
        if !value.is_empty() {
            let _ = writeln!(out, "{name}: {value}");
        }
    };
    let get = |t: &Option<Text>| t.as_ref().map(|t| t.value.clone()).unwrap_or_default();
    line(if r.is_credit_note() { "Gutschrift" } else { "Rechnung" }, &get(&r.number));
    line("Datum", &r.issue_date.as_ref().map(|d| format::date(d.value)).unwrap_or_default());
    for (name, party) in [("Verkäufer", &r.seller), ("Käufer", &r.buyer), ("Zahlungsempfänger", &r.payee)] {
        if let Some(party) = party {
            line(name, &whole(party));
        }
    }
    for (name, field) in [
        ("Leitweg-ID", &r.buyer_reference),
        ("Bestellung", &r.purchase_order),
        ("Auftrag", &r.sales_order),
        ("Vertrag", &r.contract),
        ("Projekt", &r.project),
        ("Lieferschein", &r.despatch_advice),
        ("Kontierung", &r.accounting_reference),
        ("Zahlungsbedingungen", &r.payment_terms),
    ] {
        line(name, &get(field));
    }
    line("Fällig", &r.due_date.as_ref().map(|d| format::date(d.value)).unwrap_or_default());
    if let Some(totals) = &r.totals {
        for (name, amount) in [("Netto", &totals.net), ("Brutto", &totals.gross), ("Zahlbetrag", &totals.due)] {
            line(name, &amount.as_ref().map(|a| format::money(a.value, currency)).unwrap_or_default());
        }
    }
    for payment in &r.payment {
        if let Some(account) = &payment.account {
            line("Konto", &crate::iban::grouped(account.id.as_deref().unwrap_or_default()));
        }
        line("Verwendungszweck", &get(&payment.remittance));
    }
    for position in &r.lines {
        line("Position", &format!("{} {}", get(&position.name), get(&position.description)));
    }
    for note in &r.notes {
        line("Bemerkung", &get(&note.text));
    }
    for document in &r.documents {
        line("Anlage", &format!("{} {}", get(&document.id), get(&document.description)));
    }
    out
}

fn whole(p: &Party) -> String {
    let address = p.address.iter().flat_map(|a| {
        a.lines.iter().chain([&a.post_code, &a.city]).flatten().map(|t| t.value.clone()).collect::<Vec<_>>()
    });
    let contact = p.contact.iter().flat_map(|c| {
        [&c.name, &c.telephone, &c.email].into_iter().flatten().map(|t| t.value.clone()).collect::<Vec<_>>()
    });
    let ids = [&p.vat_id, &p.tax_number].into_iter().flatten().map(|t| t.value.clone());
    p.name.iter().map(|t| t.value.clone()).chain(address).chain(ids).chain(contact).collect::<Vec<_>>().join(", ")
}
