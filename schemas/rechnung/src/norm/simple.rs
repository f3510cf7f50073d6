// SPDX-License-Identifier: EUPL-1.2
//! Values of the built-in types of XML Schema (Part 2, 1.0), as far as the invoice schemas use them.

use super::schema::Base;

/// Only white space, or nothing.
pub fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// Whether the text is a value of the type; white space around it does not count where the type says so.
pub fn is_valid(base: Base, text: &str) -> bool {
    match base {
        Base::String | Base::AnyUri | Base::Token(None) => true,
        Base::Token(Some((min, max))) => {
            let words: Vec<&str> = text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty()).collect();
            let length: usize = words.iter().map(|w| w.chars().count()).sum::<usize>() + words.len().saturating_sub(1);
            (usize::from(min)..=usize::from(max)).contains(&length)
        }
        Base::Decimal => is_decimal(trim(text)),
        Base::Boolean => matches!(trim(text), "true" | "false" | "1" | "0"),
        Base::Date => is_date(trim(text)),
        Base::Time => is_time(trim(text)),
        Base::DateTime => {
            let text = trim(text);
            let at = text.get(1..).and_then(|rest| rest.find('T')).map(|at| at + 1);
            at.is_some_and(|at| date(&text[..at]).is_some_and(str::is_empty) && is_time(&text[at + 1..]))
        }
        Base::Base64 => is_base64(text),
        Base::Language => is_language(trim(text)),
    }
}

/// `[+-]? digits [. digits]`, at least one digit.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty())
}

/// Reads so many digits from the front; the number and what follows.
fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let head = text.get(..digits)?;
    head.bytes().all(|b| b.is_ascii_digit()).then(|| (head.parse().unwrap_or(0), &text[digits..]))
}

/// A date at the front; what follows.
fn date(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    // More than four digits have no leading zero; the year 0000 does not exist.
    if !(4..=9).contains(&digits) || (digits > 4 && unsigned.starts_with('0')) {
        return None;
    }
    let (year, rest) = number(unsigned, digits)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (year > 0 && (1..=days).contains(&day)).then_some(rest)
}

/// Nothing, `Z`, or `+hh:mm` up to 14 hours.
fn is_zone(text: &str) -> bool {
    if text.is_empty() || text == "Z" {
        return true;
    }
    let parts = text.strip_prefix(['+', '-']).and_then(|rest| number(rest, 2));
    let parts = parts.and_then(|(h, rest)| number(rest.strip_prefix(':')?, 2).map(|(m, rest)| (h, m, rest)));
    matches!(parts, Some((0..=13, 0..=59, "") | (14, 0, "")))
}

fn is_date(text: &str) -> bool {
    date(text).is_some_and(is_zone)
}

fn is_time(text: &str) -> bool {
    let parts = || {
        let (hour, rest) = number(text, 2)?;
        let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
        let fraction = rest.strip_prefix('.').map(|f| f.bytes().take_while(u8::is_ascii_digit).count());
        let rest = match fraction {
            Some(0) => return None,
            Some(n) => &rest[n + 1..],
            None => rest,
        };
        let zero = fraction.is_none_or(|n| text[9..9 + n].bytes().all(|b| b == b'0'));
        let fits = (hour < 24 && minute < 60 && second < 60) || (hour == 24 && minute == 0 && second == 0 && zero);
        (fits && is_zone(rest)).then_some(())
    };
    parts().is_some()
}

/// Groups of four, white space anywhere, padding at the end only and with nothing behind its bits.
fn is_base64(text: &str) -> bool {
    let (mut count, mut padding, mut last) = (0_usize, 0_usize, 0_u8);
    for byte in text.bytes() {
        let value = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'=' => {
                padding += 1;
                count += 1;
                continue;
            }
            _ if padding > 0 => return false,
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        last = value;
        count += 1;
    }
    count.is_multiple_of(4)
        && match padding {
            0 => true,
            1 => last.trailing_zeros() >= 2,
            2 => last.trailing_zeros() >= 4,
            _ => false,
        }
}

/// `[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*`
fn is_language(text: &str) -> bool {
    text.split('-').enumerate().all(|(i, part)| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(base: Base, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is_valid(base, text), "{base:?}: {text:?}");
        }
        for text in bad {
            assert!(!is_valid(base, text), "{base:?}: {text:?}");
        }
    }

    #[test]
    fn values_are_those_of_xml_schema() {
        all(Base::Decimal, &["0", "-1.5", " +.5\n", "1.", "007"], &["", ".", "1e3", "1,5", "+-1", "NaN", "1 2"]);
        all(Base::Boolean, &["true", " 0 ", "1"], &["", "TRUE", "yes", "01"]);
        all(
            Base::Date,
            &["2026-02-28", "2024-02-29", "2026-01-01Z", "2026-01-01+14:00", "-0001-01-01", "12026-01-01"],
            &[
                "",
                "2026-02-29",
                "1900-02-29",
                "2026-13-01",
                "2026-1-1",
                "0000-01-01",
                "02026-01-01",
                "2026-01-01+14:01",
                "20260101",
                "2026-01-01T",
            ],
        );
        all(
            Base::Time,
            &["00:00:00", "24:00:00.0", "23:59:59.999+01:00"],
            &["24:00:01", "1:00:00", "12:00", "12:00:60", "12:00:00."],
        );
        all(
            Base::DateTime,
            &["2026-01-01T00:00:00", "2026-01-01T00:00:00Z"],
            &["2026-01-01", "2026-01-01Z T00:00:00", "T00:00:00", ""],
        );
        all(Base::Base64, &["", "QQ==", "QU I=", "QUJD\n"], &["Q", "QQ=", "QR==", "Q===", "QQ==QQ==", "QUJ_"]);
        all(Base::Language, &["de", "en-US", "x-klingon1"], &["", "deutsch-land-", "d1", "de_DE", "abcdefghi"]);
        all(Base::Token(Some((1, 3))), &["EUR", " E "], &["", " ", "EURO"]);
    }
}
