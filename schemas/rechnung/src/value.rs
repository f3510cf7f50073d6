// SPDX-License-Identifier: EUPL-1.2
//! Values of the model: what was read, and the element it came from.

use std::ops::Deref;

use jiff::civil;
use rust_decimal::Decimal;

use crate::{tree::NodeId, xml::WHITE};

/// A value with its element.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<T> {
    /// What was read.
    pub value: T,
    /// Where: [`crate::tree::Tree::location`] writes it out.
    pub node: NodeId,
}

/// A text, trimmed; [`crate::tree::Tree::text`] has it as written.
pub type Text = Value<String>;

/// A calendar date.
pub type Date = Value<civil::Date>;

impl Deref for Value<String> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.value
    }
}

/// An amount, quantity or rate together with its source text.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// Exact decimal.
    pub value: Decimal,
    /// As written, e.g. `119.00`.
    pub text: String,
    /// Where.
    pub node: NodeId,
}

/// An identifier with its scheme (ISO 6523, EAS, UNTDID 1153, ...).
#[derive(Clone, Debug, PartialEq)]
pub struct Identifier {
    /// Trimmed.
    pub value: String,
    /// Attribute `schemeID`, if any.
    pub scheme: Option<String>,
    /// Where.
    pub node: NodeId,
}

/// Reads a decimal as XML Schema writes it: sign, ASCII digits, one point; no exponent, no NaN.
/// At most 13 digits before and 10 after the point, so that sums and products of two stay exact.
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim_matches(WHITE);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    // Zeros beyond the cents carry nothing: 1.000000000000 is read, 1.000000000001 is not.
    let kept = fraction.trim_end_matches('0').len().max(fraction.len().min(2));
    if whole.len() > 13 || kept > 10 {
        return None;
    }
    let digits = whole.bytes().chain(fraction[..kept].bytes());
    let number = digits.fold(0i128, |n, digit| n * 10 + i128::from(digit - b'0'));
    Decimal::try_from_i128_with_scale(if text.starts_with('-') { -number } else { number }, kept as u32).ok()
}

/// Reads `2026-11-23`, with or without a time zone; years 1900 to 2199.
pub fn iso_date(text: &str) -> Option<civil::Date> {
    let text = text.trim_matches(WHITE);
    let (day, zone) = text.split_at_checked(10)?;
    let zone_fits = match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|x| x.is_ascii_digit()),
        _ => false,
    };
    let b = day.as_bytes();
    (zone_fits && b[4] == b'-' && b[7] == b'-').then_some(())?;
    date(day.get(0..4)?, day.get(5..7)?, day.get(8..10)?)
}

/// Reads `20261123` (UN/CEFACT format 102); years 1900 to 2199.
pub fn date_102(text: &str) -> Option<civil::Date> {
    let text = text.trim_matches(WHITE);
    (text.len() == 8).then_some(())?;
    date(text.get(0..4)?, text.get(4..6)?, text.get(6..8)?)
}

fn date(year: &str, month: &str, day: &str) -> Option<civil::Date> {
    let number = |s: &str| s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse::<i16>().ok()).flatten();
    let year = number(year).filter(|y| (1900..=2199).contains(y))?;
    civil::Date::new(year, number(month)? as i8, number(day)? as i8).ok()
}

/// Rounds to cents, halves upwards as XPath does: 0.125 becomes 0.13, -0.125 becomes -0.12.
pub fn cents(value: Decimal) -> Decimal {
    use rust_decimal::RoundingStrategy::{MidpointAwayFromZero, MidpointTowardZero};
    value.round_dp_with_strategy(2, if value.is_sign_negative() { MidpointTowardZero } else { MidpointAwayFromZero })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_follow_the_pattern() {
        for (text, expected) in
            [("119.00", "119.00"), (" +1 ", "1"), ("-0.5", "-0.5"), (".5", "0.5"), ("7.", "7"), ("007", "7")]
        {
            assert_eq!(decimal(text).unwrap(), expected.parse().unwrap(), "{text}");
        }
        assert_eq!(decimal("119.00").unwrap().to_string(), "119.00");
        assert_eq!(decimal("1.000000000000000000000").unwrap().to_string(), "1.00");
        for text in [
            "",
            ".",
            "-",
            "1e3",
            "NaN",
            "INF",
            "١١٩",
            "1,5",
            "1 000",
            "--1",
            "1.2.3",
            "12345678901234",
            "0.12345678901",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn dates_must_exist() {
        let day = civil::date(2026, 11, 23);
        for text in ["2026-11-23", "2026-11-23Z", "2026-11-23+01:00", "\n2026-11-23 "] {
            assert_eq!(iso_date(text), Some(day), "{text}");
        }
        assert_eq!(date_102("20261123"), Some(day));
        for text in [
            "2026-02-30",
            "9999-12-31",
            "0000-00-00",
            "2026-1-1",
            "20261123",
            "2026-11-23T10:00",
            "٢٠٢٦-11-23",
            "2026/11/23",
            "",
        ] {
            assert_eq!(iso_date(text), None, "{text}");
        }
        assert_eq!(date_102("20260230"), None);
    }

    #[test]
    fn halves_round_upwards() {
        for (text, expected) in [("0.125", "0.13"), ("-0.125", "-0.12"), ("-0.126", "-0.13"), ("1", "1")] {
            assert_eq!(cents(text.parse().unwrap()), expected.parse::<Decimal>().unwrap(), "{text}");
        }
    }
}
