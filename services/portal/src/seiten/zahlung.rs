// SPDX-License-Identifier: EUPL-1.2
//! How far the money of an invoice is: handed over, received, refused, paid, reversed, with day and number. Read from
//! the variables of its process.

use nachrichten::{Tag, Timestamp, Werte};
use serde_json::Value;

use crate::{format, formular::als_text};

/// One step: word and colour together.
#[derive(Debug, PartialEq, Eq)]
pub struct ZahlungSicht {
    pub art: &'static str,
    pub wort: &'static str,
    pub wann: String,
    pub text: String,
}

/// All bookings of the invoice, earlier ones first; empty before the first.
pub fn zeilen(variablen: &Werte) -> Vec<ZahlungSicht> {
    let mut out = Vec::new();
    for earlier in variablen.get("buchungen").and_then(Value::as_array).into_iter().flatten() {
        buchung(|name| earlier.get(name), &mut out);
    }
    buchung(|name| variablen.get(name), &mut out);
    out
}

fn buchung<'a>(get: impl Fn(&str) -> Option<&'a Value>, out: &mut Vec<ZahlungSicht>) {
    let field = |name: &str, key: &str| get(name).and_then(|v| v.get(key)).map(als_text).filter(|t| !t.is_empty());
    let day =
        |name: &str| field(name, "datum").and_then(|t| t.parse::<Tag>().ok()).map(Tag::deutsch).unwrap_or_default();
    let number = |name: &str, key: &str| field(name, key).map(|n| format!("Beleg {n}")).unwrap_or_default();
    let mut push = |art, wort, wann: String, text: String| out.push(ZahlungSicht { art, wort, wann, text });
    if let Some(at) = field("uebergeben", "am").and_then(|t| t.parse::<Timestamp>().ok()) {
        push("info", "übergeben", format::zeitpunkt(at), String::new());
    }
    if let Some(grund) = field("ablehnung", "grund") {
        push("danger", "abgelehnt", day("ablehnung"), grund);
    }
    if field("quittung", "beleg").is_some() {
        push("success", "quittiert", day("quittung"), number("quittung", "beleg"));
    }
    if let Some(betrag) = field("zahlung", "betrag") {
        let text = format!("{}, {}", format::betrag_text(&betrag, None), number("zahlung", "beleg"));
        push("success", "bezahlt", day("zahlung"), text);
    }
    if let Some(grund) = field("storno", "grund") {
        push("warning", "storniert", day("storno"), format!("{}: {grund}", number("storno", "storno_beleg")));
    } else if let Some(at) = field("storniert", "am").and_then(|t| t.parse::<Timestamp>().ok()) {
        push("warning", "storniert", format::zeitpunkt(at), number("quittung", "beleg"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn words(json: &str) -> Vec<String> {
        let variables: Werte = serde_json::from_str(json).unwrap();
        zeilen(&variables).into_iter().map(|z| format!("{} {} {}", z.wort, z.wann, z.text).trim().to_owned()).collect()
    }

    #[test]
    fn every_state_has_its_day_and_number() {
        assert_eq!(words(r#"{"buchungen":null,"uebergeben":null}"#), [""; 0]);
        let paid = r#"{"uebergeben":{"buchung":"a-1","am":"2026-11-24T08:15:00Z"},
            "quittung":{"beleg":"1900004711","datum":"2026-11-24"},
            "zahlung":{"beleg":"1900004711","betrag":"1190.00","datum":"2026-12-01"},"storno":null,"ablehnung":null}"#;
        assert_eq!(
            words(paid),
            [
                "übergeben 24.11.2026, 09:15 Uhr",
                "quittiert 24.11.2026 Beleg 1900004711",
                "bezahlt 01.12.2026 1.190,00\u{a0}€, Beleg 1900004711"
            ]
        );
    }

    #[test]
    fn earlier_bookings_stay_to_be_seen() {
        let second = r#"{"buchungen":[
            {"uebergeben":{"am":"2026-11-24T08:15:00Z"},"ablehnung":{"grund":"Kreditor gesperrt","datum":"2026-11-25"}},
            {"uebergeben":{"am":"2026-11-26T08:15:00Z"},"quittung":{"beleg":"19","datum":"2026-11-26"},
             "storno":{"storno_beleg":"20","grund":"Falscher Kreditor","datum":"2026-11-27"}}],
            "uebergeben":{"am":"2026-11-28T08:15:00Z"}}"#;
        assert_eq!(
            words(second),
            [
                "übergeben 24.11.2026, 09:15 Uhr",
                "abgelehnt 25.11.2026 Kreditor gesperrt",
                "übergeben 26.11.2026, 09:15 Uhr",
                "quittiert 26.11.2026 Beleg 19",
                "storniert 27.11.2026 Beleg 20: Falscher Kreditor",
                "übergeben 28.11.2026, 09:15 Uhr"
            ]
        );
    }
}
