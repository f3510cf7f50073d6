// SPDX-License-Identifier: EUPL-1.2
//! What is printed against what is said in data, and when two invoices are the same.

use crate::{Rechnung, format};

/// Fields of the XML that the printed text does not show; a German sentence each. Empty text: nothing to compare.
///
/// * `text` - text layer or recognised text of the picture.
pub fn differences(rechnung: &Rechnung, text: &str) -> Vec<String> {
    let seen = squeeze(text);
    if seen.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    if let Some(number) = rechnung.number.as_ref().filter(|n| !n.is_empty())
        && !seen.contains(&squeeze(number))
    {
        out.push(format!(
            "Die Rechnungsnummer {} aus den Daten steht nicht im sichtbaren Text.",
            format::visible(number, 40)
        ));
    }
    if let Some(date) = &rechnung.issue_date
        && !dates(date.value).iter().any(|d| seen.contains(d.as_str()))
    {
        out.push(format!(
            "Das Rechnungsdatum {} aus den Daten steht nicht im sichtbaren Text.",
            format::date(date.value)
        ));
    }
    if let Some(gross) = rechnung.totals.as_ref().and_then(|t| t.gross.as_ref()) {
        let german = format::amount(gross.value.abs());
        let forms = [german.clone(), german.replace('.', ""), german.replace('.', "").replace(',', "."), swap(&german)];
        if !forms.iter().any(|f| has_number(&seen, f)) {
            out.push(format!("Der Gesamtbetrag {german} aus den Daten steht nicht im sichtbaren Text."));
        }
    }
    out
}

/// Lower case without white space, hyphenation and thin spaces.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !format::is_hidden(*c)).flat_map(char::to_lowercase).collect()
}

/// `1.190,00` as `1,190.00`.
fn swap(german: &str) -> String {
    german
        .chars()
        .map(|c| match c {
            '.' => ',',
            ',' => '.',
            c => c,
        })
        .collect()
}

/// Whether the number stands there by itself, not as a part of a longer one.
fn has_number(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let before = text[..at].chars().next_back();
        !digit(before) && !matches!(before, Some('.' | ',')) && !digit(text[at + number.len()..].chars().next())
    })
}

fn dates(day: jiff::civil::Date) -> Vec<String> {
    const MONTHS: [&str; 12] = [
        "januar",
        "februar",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    ];
    let (d, m, y) = (day.day(), day.month(), day.year());
    let name = MONTHS[(m - 1) as usize];
    vec![
        format!("{d:02}.{m:02}.{y}"),
        format!("{d}.{m}.{y}"),
        format!("{d:02}.{m:02}.{:02}", y % 100),
        format!("{y}-{m:02}-{d:02}"),
        format!("{d:02}/{m:02}/{y}"),
        format!("{d}.{name}{y}"),
        format!("{d:02}.{name}{y}"),
    ]
}

/// What makes two invoices the same: the seller's tax identity (else the name), number and amount, in one normal form.
/// `None` when one of the three is missing.
pub fn duplicate_key(rechnung: &Rechnung) -> Option<String> {
    let seller = rechnung.seller.as_ref()?;
    let identity = [&seller.vat_id, &seller.tax_number, &seller.name].into_iter().flatten().find(|t| !t.is_empty())?;
    let gross = rechnung.totals.as_ref()?.gross.as_ref()?;
    let number = rechnung.number.as_ref().filter(|n| !n.is_empty())?;
    Some(key(identity, number, gross.value))
}

/// The key from single facts, for paper invoices.
pub fn key(seller: &str, number: &str, gross: rust_decimal::Decimal) -> String {
    let plain = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>();
    format!("{}|{}|{}", plain(seller), plain(number), gross.normalize())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Limits, read};

    fn sample() -> Rechnung {
        read(include_bytes!("../tests/beispiele/ubl-gut.xml"), &Limits::default()).unwrap()
    }

    #[test]
    fn printed_forms_of_number_date_and_total_are_known() {
        for text in [
            "Rechnung 2026-0815 vom 16.11.2026 über 1.190,00 €",
            "Nr.: 2026 - 0815\n16. November 2026\nEUR 1190,00",
            "2026-0815 | 2026-11-16 | 1,190.00",
        ] {
            assert_eq!(differences(&sample(), text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(differences(&sample(), " \n"), Vec::<String>::new());
        assert_eq!(differences(&sample(), "Rechnung 2026-0816 vom 17.11.2026 über 11.190,00 €").len(), 3);
    }

    #[test]
    fn same_invoice_has_the_same_key() {
        let key_of_data = duplicate_key(&sample()).unwrap();
        assert_eq!(key_of_data, key("DE 999 999 999", "2026/0815", "1190.0".parse().unwrap()));
        assert_ne!(key_of_data, key("DE999999999", "2026-0815", "1190.01".parse().unwrap()));
    }
}
