// SPDX-License-Identifier: EUPL-1.2
//! Invoices on paper: facts from the proposal of the recogniser, and whether they hold together.
//!
//! | code | looks at |
//! |---|---|
//! | `EA-SUMME` | net plus VAT is gross |
//! | `EA-IBAN` | check number of the account |
//! | `EA-USTG14` | what § 14 Abs. 4 UStG demands and neither proposal nor text show; up to 250 € § 33 UStDV |

use nachrichten::{
    Tag,
    einordnung::Vorschlag,
    erkennung::{Befund, Stufe},
    rechnung::RechnungsFakten,
};
use rechnung::{format, iban, value::decimal, zahlung};
use rust_decimal::Decimal;

use crate::fakten;

/// Facts and findings of one paper invoice; `text` is the recognised text.
pub(crate) fn check(
    vorschlag: &Vorschlag,
    text: &str,
    zugang: Tag,
    counting: zahlung::Counting,
) -> (RechnungsFakten, Vec<Befund>) {
    let field = |name: &str| vorschlag.felder.get(name).map(|f| f.wert.trim().to_owned()).filter(|w| !w.is_empty());
    let money = |name: &str| field(name).filter(|w| decimal(w).is_some());
    let day = |name: &str| field(name).and_then(|w| w.parse::<Tag>().ok());
    let number = |text: &Option<String>| text.as_deref().and_then(decimal);

    let (gross, issued) = (money("amount"), day("date"));
    let terms =
        zahlung::plan(text, number(&gross), issued.map(|t| t.0), day("due_date").map(|t| t.0), zugang.0, counting);
    let fakten = RechnungsFakten {
        nummer: field("invoice_number"),
        datum: issued,
        lieferant: field("sender"),
        lieferant_steuer: tax_id(text),
        leitweg_id: leitweg(text),
        empfaenger: field("recipient"),
        zahlbetrag: gross.clone(),
        brutto: gross,
        netto: money("net"),
        steuer: money("vat"),
        waehrung: Some("EUR".to_owned()),
        iban: field("iban").map(|i| iban::normal(&i)),
        ..fakten::payment(&terms)
    };
    let mut befunde = Vec::new();
    sums(&fakten, &mut befunde);
    if let Some(account) = fakten.iban.as_deref().filter(|i| iban::judge(i) == iban::Iban::Wrong) {
        let text = format!("Die Prüfziffer der IBAN {account} ist falsch. Zahlen Sie nicht ohne Rückfrage.");
        befunde.push(Befund { code: "EA-IBAN".into(), stufe: Stufe::Fehler, text });
    }
    ustg14(&fakten, text, &mut befunde);
    (fakten, befunde)
}

fn sums(fakten: &RechnungsFakten, befunde: &mut Vec<Befund>) {
    let read = |text: &Option<String>| text.as_deref().and_then(decimal);
    let (Some(net), Some(vat), Some(gross)) = (read(&fakten.netto), read(&fakten.steuer), read(&fakten.brutto)) else {
        return;
    };
    if net + vat != gross {
        let text = format!(
            "Netto {} und Umsatzsteuer {} ergeben {}, die Rechnung nennt {}.",
            format::amount(net),
            format::amount(vat),
            format::amount(net + vat),
            format::amount(gross)
        );
        befunde.push(Befund { code: "EA-SUMME".into(), stufe: Stufe::Fehler, text });
    }
}

/// What must stand on an invoice. Nothing here is an act: a person sees what was not found and looks at the picture.
fn ustg14(fakten: &RechnungsFakten, text: &str, befunde: &mut Vec<Befund>) {
    let text = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| text.contains(w));
    let gross = fakten.brutto.as_deref().and_then(decimal);
    let small = gross.is_some_and(|g| g <= Decimal::from(250));
    let tax_shown = fakten.steuer.is_some() || any(&["mwst", "ust", "umsatzsteuer", "mehrwertsteuer"]);
    let exempt =
        any(&["§ 19", "§19", "kleinunternehmer", "steuerfrei", "umsatzsteuerbefreit", "§ 13b", "§13b", "§ 4 nr"]);
    let service = any(&[
        "leistungsdatum",
        "lieferdatum",
        "leistungszeit",
        "lieferzeit",
        "liefertermin",
        "ausführungszeit",
        "geliefert am",
        "leistung vom",
        "lieferung vom",
        "leistungsmonat",
        "abrechnungszeitraum",
        "zeitraum",
    ]);
    let missing = [
        (fakten.lieferant.is_none(), "Name des Lieferanten", true),
        (fakten.datum.is_none(), "Rechnungsdatum", true),
        (gross.is_none(), "Gesamtbetrag", true),
        (!tax_shown && !exempt, "Umsatzsteuer oder Hinweis auf Befreiung", true),
        (fakten.nummer.is_none(), "Rechnungsnummer", false),
        (fakten.empfaenger.is_none(), "Name des Empfängers", false),
        (fakten.lieferant_steuer.is_none() && !names_tax_number(&text), "Steuernummer oder USt-IdNr.", false),
        (!service, "Zeitpunkt der Leistung", false),
    ];
    let missing: Vec<&str> =
        missing.iter().filter(|(gone, _, always)| *gone && (*always || !small)).map(|(_, name, _)| *name).collect();
    if !missing.is_empty() {
        let law = if small { "§ 33 UStDV" } else { "§ 14 UStG" };
        let text = format!("Diese Pflichtangaben nach {law} wurden nicht gefunden: {}.", missing.join(", "));
        befunde.push(Befund { code: "EA-USTG14".into(), stufe: Stufe::Warnung, text });
    }
}

fn names_tax_number(lower: &str) -> bool {
    [
        "steuernummer",
        "steuer-nr",
        "steuernr",
        "st.-nr",
        "st-nr",
        "st.nr",
        "ust-id",
        "ust.-id",
        "ustid",
        "ust.id",
        "umsatzsteuer-id",
    ]
    .iter()
    .any(|w| lower.contains(w))
}

/// The first German VAT identifier in the text: `DE` and nine digits, blanks between them allowed.
fn tax_id(text: &str) -> Option<String> {
    text.match_indices("DE").find_map(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let mut rest = text[at + 2..].chars().filter(|c| *c != ' ').peekable();
        let digits: String = std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).take(10).collect();
        (!before && digits.len() == 9).then(|| format!("DE{digits}"))
    })
}

/// The first word that is a Leitweg-ID with fitting check digits.
fn leitweg(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | ';'));
    words
        .map(|w| w.trim_end_matches('.'))
        .find(|w| rechnung::leitweg::parse(w).is_some_and(|l| l.check_fits))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use nachrichten::einordnung::Feld;

    use super::*;

    fn paper(fields: &[(&str, &str)], text: &str) -> (RechnungsFakten, Vec<String>) {
        let feld =
            |wert: &str| Feld { wert: wert.into(), sicherheit: 0.9, grund: "Test".into(), seite: None, kasten: None };
        let vorschlag = Vorschlag { felder: fields.iter().map(|(n, w)| ((*n).to_owned(), feld(w))).collect() };
        let (fakten, befunde) = check(&vorschlag, text, "2026-11-20".parse().unwrap(), zahlung::Counting::default());
        (fakten, befunde.into_iter().map(|b| format!("{}: {}", b.code, b.text)).collect())
    }

    const FULL: &[(&str, &str)] = &[
        ("invoice_number", "4711"),
        ("date", "2026-11-16"),
        ("amount", "1190.00"),
        ("net", "1000.00"),
        ("vat", "190.00"),
        ("iban", "DE39 9995 0010 0000 0815 00"),
        ("sender", "Musterbau GmbH"),
        ("recipient", "Stadt Beispielstadt"),
    ];
    const TEXT: &str = "USt-IdNr. DE 999 999 999\nLeitweg-ID: 08999000-66TIEFBAU-73\nLeistungszeitraum 1.-14.11.2026\n";

    #[test]
    fn complete_paper_invoice_has_no_findings() {
        let (fakten, befunde) = paper(FULL, TEXT);
        assert_eq!(befunde, Vec::<String>::new());
        assert_eq!(fakten.lieferant_steuer.as_deref(), Some("DE999999999"));
        assert_eq!(fakten.leitweg_id.as_deref(), Some("08999000-66TIEFBAU-73"));
        assert_eq!(fakten.iban.as_deref(), Some("DE39999500100000081500"));
        assert_eq!(fakten.faellig.unwrap().to_string(), "2026-12-16");
        assert!(fakten.faellig_annahme.unwrap().starts_with("Die Rechnung nennt keinen Zahlungstermin."));
    }

    #[test]
    fn wrong_sum_and_account_are_told() {
        let mut fields = FULL.to_vec();
        fields[2].1 = "1191.00";
        fields[5].1 = "DE38999500100000081500";
        let (_, befunde) = paper(&fields, TEXT);
        assert_eq!(
            befunde,
            [
                "EA-SUMME: Netto 1.000,00 und Umsatzsteuer 190,00 ergeben 1.190,00, die Rechnung nennt 1.191,00.",
                "EA-IBAN: Die Prüfziffer der IBAN DE38999500100000081500 ist falsch. Zahlen Sie nicht ohne Rückfrage.",
            ]
        );
    }

    #[test]
    fn missing_duties_depend_on_the_amount() {
        let (_, large) =
            paper(&[("amount", "300.00"), ("sender", "Musterbau GmbH"), ("date", "2026-11-16")], "inkl. MwSt.");
        let all = "Rechnungsnummer, Name des Empfängers, Steuernummer oder USt-IdNr., Zeitpunkt der Leistung";
        assert_eq!(large, [format!("EA-USTG14: Diese Pflichtangaben nach § 14 UStG wurden nicht gefunden: {all}.")]);
        let (_, small) =
            paper(&[("amount", "80.00"), ("sender", "Musterbau GmbH"), ("date", "2026-11-16")], "inkl. MwSt.");
        assert_eq!(small, Vec::<String>::new());
    }
}
