// SPDX-License-Identifier: EUPL-1.2
//! From the model to the facts that lists, routing and the duplicate check need.

use nachrichten::{
    Tag,
    rechnung::{RechnungsFakten, Skonto},
};
use rechnung::{
    Rechnung, iban,
    value::{Amount, Text},
    zahlung::Terms,
};

pub(crate) fn of(rechnung: &Rechnung, terms: &Terms) -> RechnungsFakten {
    let totals = rechnung.totals.as_ref();
    let seller = rechnung.seller.as_ref();
    let account = rechnung.payment.iter().find_map(|p| p.account.as_ref()?.id.as_ref());
    RechnungsFakten {
        nummer: text(&rechnung.number),
        datum: rechnung.issue_date.as_ref().map(|d| Tag(d.value)),
        art_code: text(&rechnung.type_code),
        gutschrift: rechnung.is_credit_note(),
        lieferant: seller.and_then(|s| text(&s.name)),
        lieferant_email: seller.and_then(|s| text(&s.contact.as_ref()?.email)),
        lieferant_steuer: seller.and_then(|s| text(&s.vat_id).or_else(|| text(&s.tax_number))),
        leitweg_id: text(&rechnung.buyer_reference),
        bestellnummer: text(&rechnung.purchase_order),
        empfaenger: rechnung.buyer.as_ref().and_then(|b| text(&b.name)),
        brutto: totals.and_then(|t| amount(&t.gross)),
        netto: totals.and_then(|t| amount(&t.net)),
        steuer: rechnung.vat_total().and_then(|t| amount(&t.amount)),
        zahlbetrag: totals.and_then(|t| amount(&t.due)),
        waehrung: text(&rechnung.currency),
        iban: account.map(|a| iban::normal(a)).filter(|i| !i.is_empty()),
        ..payment(terms)
    }
}

/// Due date and Skonto, with what was assumed.
pub(crate) fn payment(terms: &Terms) -> RechnungsFakten {
    let skonto = terms.skonto.iter().map(|step| Skonto {
        tage: step.days,
        prozent: step.percent.to_string(),
        bis: Tag(step.until),
        ersparnis: step.saving.to_string(),
    });
    // One sentence for the screen: what was assumed about the due date, and where the Skonto counts from.
    let start = terms.start_assumed.as_ref().filter(|_| !terms.skonto.is_empty());
    let assumed: Vec<&str> = terms.due_assumed.iter().chain(start).map(String::as_str).collect();
    RechnungsFakten {
        faellig: Some(Tag(terms.due)),
        faellig_annahme: (!assumed.is_empty()).then(|| assumed.join(" ")),
        skonto: skonto.collect(),
        ..RechnungsFakten::default()
    }
}

fn text(text: &Option<Text>) -> Option<String> {
    text.as_ref().map(|t| t.value.clone()).filter(|t| !t.is_empty())
}

fn amount(amount: &Option<Amount>) -> Option<String> {
    amount.as_ref().map(|a| {
        let mut value = a.value.normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        value.to_string()
    })
}
