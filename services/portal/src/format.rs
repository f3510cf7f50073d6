// SPDX-License-Identifier: EUPL-1.2
//! German forms of dates, times, amounts and sizes.

use nachrichten::{Betrag, Tag, Timestamp, aufgaben::ZAEHLT_BIS};
use rust_decimal::Decimal;

/// `10:42 Uhr`.
pub fn uhrzeit(t: Timestamp) -> String {
    let z = t.zoned();
    format!("{:02}:{:02} Uhr", z.hour(), z.minute())
}

/// `23.11.2026, 10:42 Uhr`.
pub fn zeitpunkt(t: Timestamp) -> String {
    format!("{}, {}", t.tag().deutsch(), uhrzeit(t))
}

/// A span of calendar time in its two largest units: `2 Tage 3 Std.`, `45 Min.`; under a second `sofort`.
pub fn dauer(micros: i64) -> String {
    let s = micros.max(0) / 1_000_000;
    let (days, hours, minutes) = (s / 86_400, s % 86_400 / 3_600, s % 3_600 / 60);
    let day = |d: i64| if d == 1 { "1 Tag".to_owned() } else { format!("{d} Tage") };
    match (days, hours, minutes) {
        (0, 0, 0) if s == 0 => "sofort".to_owned(),
        (0, 0, 0) => format!("{s} s"),
        (0, 0, m) => format!("{m} Min."),
        (0, h, 0) => format!("{h} Std."),
        (0, h, m) => format!("{h} Std. {m} Min."),
        (d, 0, _) => day(d),
        (d, h, _) if d < 10 => format!("{} {h} Std.", day(d)),
        (d, ..) => day(d),
    }
}

/// `1.190,00 €` with a protected space; other currencies by their code.
pub fn betrag(b: Betrag, waehrung: Option<&str>) -> String {
    let zeichen = match waehrung {
        None | Some("EUR" | "") => "€",
        Some(code) => code,
    };
    format!("{}\u{a0}{zeichen}", zahl(b))
}

/// `1.190,00`, at least two places after the comma.
pub fn zahl(b: Betrag) -> String {
    let places = b.normalize().scale().max(2);
    let mut b = b.round_dp(places);
    b.rescale(places);
    let text = b.abs().to_string();
    let (whole, rest) = text.split_once('.').unwrap_or((&text, "00"));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push('.');
        }
        out.push(digit);
    }
    let sign = if b.is_sign_negative() && !b.is_zero() { "-" } else { "" };
    format!("{sign}{out},{rest}")
}

/// Reads an amount as people type it: `1.190,00`, `1190,00`, `1190.00`, with or without `€`.
/// A single point followed by exactly three digits is a thousands mark. None when it is no amount.
pub fn parse_betrag(text: &str) -> Option<Betrag> {
    let t: String = text.chars().filter(|c| !c.is_whitespace() && *c != '€' && *c != '\u{a0}').collect();
    if t.is_empty() || t.len() > 20 || !t.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-')) {
        return None;
    }
    let plain = match (t.rfind(','), t.rfind('.')) {
        (Some(_), _) if t.matches(',').count() > 1 => return None,
        (Some(comma), Some(dot)) if dot > comma => return None,
        (Some(_), _) => t.replace('.', "").replace(',', "."),
        (None, Some(dot)) if t.matches('.').count() > 1 || t.len() - dot == 4 => t.replace('.', ""),
        _ => t,
    };
    let b: Decimal = plain.parse().ok()?;
    (b.scale() <= 2).then_some(b)
}

/// A number as typed in German or as a computer writes it: `1.190,5`, `1190.5`, `-3`.
pub fn zahl_lesen(text: &str) -> Option<serde_json::Number> {
    let t = text.trim();
    let plain = if t.contains(',') { t.replace('.', "").replacen(',', ".", 1) } else { t.to_owned() };
    let fits = plain.len() <= 30 && plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if fits { serde_json::from_str(&plain).ok() } else { None }
}

/// What an operator types as a value: JSON, else text.
pub fn wert(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()))
}

/// A canonical decimal text such as `1190.00` in German form; the text itself when it is none.
pub fn betrag_text(text: &str, waehrung: Option<&str>) -> String {
    text.parse::<Decimal>().map_or_else(|_| text.to_owned(), |b| betrag(b, waehrung))
}

/// `1,4 MB`, `63,2 GB`.
pub fn groesse(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} Byte"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{},{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{},{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

/// Reads `23.11.2026`, `3.1.26` or `2026-11-23`.
pub fn parse_tag(text: &str) -> Option<Tag> {
    let t = text.trim();
    if let Ok(tag) = t.parse() {
        return Some(tag);
    }
    let mut parts = t.split('.');
    let (d, m, y) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year: i16 = y.trim().parse().ok()?;
    let year = if y.trim().len() == 2 { 2000 + year } else { year };
    jiff::civil::Date::new(year, m.trim().parse().ok()?, d.trim().parse().ok()?).ok().map(Tag)
}

/// How urgent a date is, in words; colour is never alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Frist {
    pub tag: String,
    /// "überfällig", "heute", "morgen", "in 2 Tagen" or empty.
    pub wort: String,
    /// KERN badge: `danger`, `warning` or empty.
    pub art: &'static str,
}

/// The due date seen from `heute`.
pub fn frist(tag: Tag, heute: Tag) -> Frist {
    let days = (tag.0 - heute.0).get_days();
    let (wort, art) = match days {
        ..0 => ("überfällig".to_owned(), "danger"),
        0 => ("heute".to_owned(), "warning"),
        1 => ("morgen".to_owned(), "warning"),
        2..=4 => (format!("in {days} Tagen"), "warning"),
        _ => (String::new(), ""),
    };
    Frist { tag: tag.deutsch(), wort, art }
}

/// The last day of a discount: past, it is lost.
pub fn skonto(tag: Tag, heute: Tag) -> Frist {
    let f = frist(tag, heute);
    if tag < heute { Frist { wort: "verfallen".to_owned(), ..f } } else { f }
}

/// A number of tasks in words that are true: what was not counted to the end is "über 999".
pub fn anzahl(n: u64) -> String {
    if n < ZAEHLT_BIS { n.to_string() } else { format!("über {}", ZAEHLT_BIS - 1) }
}

/// A whole number as people write it: `1.204.003`.
pub fn ganz(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

/// `1 Vorgang`, `57 Vorgänge`.
pub fn anzahl_von(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", ganz(n)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whole_numbers_are_grouped() {
        for (n, said) in [(0, "0"), (999, "999"), (1_000, "1.000"), (12_345, "12.345"), (1_204_003, "1.204.003")] {
            assert_eq!(ganz(n), said);
        }
    }

    #[test]
    fn spans_are_told_in_their_two_largest_units() {
        let s = 1_000_000i64;
        for (span, said) in [
            (s - 1, "sofort"),
            (59 * s, "59 s"),
            (45 * 60 * s, "45 Min."),
            (3 * 3_600 * s + 120 * s, "3 Std. 2 Min."),
            (25 * 3_600 * s, "1 Tag 1 Std."),
            (48 * 3_600 * s, "2 Tage"),
            (30 * 86_400 * s + 3_600 * s, "30 Tage"),
        ] {
            assert_eq!(dauer(span), said);
        }
    }

    #[test]
    fn amounts_are_written_the_german_way() {
        for (plain, german) in [
            ("1190", "1.190,00"),
            ("0.5", "0,50"),
            ("-1234567.89", "-1.234.567,89"),
            ("100", "100,00"),
            ("0.125", "0,125"),
        ] {
            assert_eq!(zahl(plain.parse().unwrap()), german);
        }
        assert_eq!(betrag("1190".parse().unwrap(), None), "1.190,00\u{a0}€");
        assert_eq!(betrag("5".parse().unwrap(), Some("CHF")), "5,00\u{a0}CHF");
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (typed, plain) in [
            ("1.190,00", "1190.00"),
            ("1190,5", "1190.5"),
            ("1190.50", "1190.50"),
            ("1.190", "1190"),
            ("90 €", "90"),
            ("-5,00", "-5.00"),
        ] {
            assert_eq!(parse_betrag(typed), Some(plain.parse().unwrap()), "{typed}");
        }
        for wrong in ["", "zehn", "1,2,3", "1,190.00", "1,123", "999999999999999999999"] {
            assert_eq!(parse_betrag(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_are_read_in_both_forms() {
        assert_eq!(parse_tag("23.11.2026"), parse_tag("2026-11-23"));
        assert_eq!(parse_tag("3.1.26").unwrap().to_string(), "2026-01-03");
        assert_eq!(parse_tag("31.2.2026"), None);
        assert_eq!(parse_tag("1.2.3.4"), None);
    }

    #[test]
    fn a_due_date_says_its_urgency_in_words() {
        let day = |s: &str| s.parse::<Tag>().unwrap();
        let heute = day("2026-11-23");
        assert_eq!(frist(day("2026-11-22"), heute).wort, "überfällig");
        assert_eq!(frist(day("2026-11-23"), heute).wort, "heute");
        assert_eq!(frist(day("2026-11-25"), heute).wort, "in 2 Tagen");
        assert_eq!(frist(day("2026-12-25"), heute).wort, "");
    }

    #[test]
    fn what_was_not_counted_to_the_end_says_so() {
        assert_eq!((anzahl(0), anzahl(999), anzahl(1_000)), ("0".into(), "999".into(), "über 999".into()));
        assert_eq!(anzahl(2_345), "über 999");
    }

    #[test]
    fn sizes_and_times() {
        assert_eq!(
            (groesse(999), groesse(14_300), groesse(1_480_000)),
            ("999 Byte".into(), "14 kB".into(), "1,4 MB".into())
        );
        let t: Timestamp = "2026-11-23T09:42:00Z".parse().unwrap();
        assert_eq!(zeitpunkt(t), "23.11.2026, 10:42 Uhr");
    }
}
