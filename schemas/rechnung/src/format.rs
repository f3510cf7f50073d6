// SPDX-License-Identifier: EUPL-1.2
//! German forms of amounts and dates, and texts of strangers made safe to look at.

use jiff::civil;
use rust_decimal::Decimal;

/// `1.190,00`: at least two decimals, none lost.
pub fn amount(value: Decimal) -> String {
    let mut value = value.normalize();
    if value.scale() < 2 {
        value.rescale(2);
    }
    grouped(value)
}

/// `7`, `19`, `0,5`: no more decimals than needed.
pub fn number(value: Decimal) -> String {
    grouped(value.normalize())
}

fn grouped(value: Decimal) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + whole.len() / 3 + 1);
    if value.is_sign_negative() && !value.is_zero() {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push('.');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(',');
        out.push_str(fraction);
    }
    out
}

/// `1.190,00 €` for EUR, else `1.190,00 USD`; the blank does not break.
pub fn money(value: Decimal, currency: &str) -> String {
    let sign = if currency == "EUR" { "€" } else { currency };
    format!("{}\u{A0}{sign}", amount(value))
}

/// `23.11.2026`.
pub fn date(day: civil::Date) -> String {
    format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year())
}

/// Characters that change what a reader sees without being seen: directions, joiners, fillers, tags, controls.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{B}'..='\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{61C}'
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A stranger's text for a German sentence: hidden characters named, cut after `max` characters.
pub fn visible(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == max {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hidden(c) => out.push_str(&format!("[U+{:04X}]", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn german_forms() {
        let d = |s: &str| s.parse::<Decimal>().unwrap();
        assert_eq!(money(d("1190"), "EUR"), "1.190,00\u{A0}€");
        assert_eq!(amount(d("-1234567.5")), "−1.234.567,50");
        assert_eq!(amount(d("0.12345")), "0,12345");
        assert_eq!(amount(d("-0.00")), "0,00");
        assert_eq!(number(d("19.0")), "19");
        assert_eq!((number(d("40.000")), number(d("999"))), ("40".to_owned(), "999".to_owned()));
        assert_eq!(date(civil::date(2026, 3, 1)), "01.03.2026");
        assert_eq!(visible("a\u{202E}b\nc", 3), "a[U+202E]b…");
    }
}
