// SPDX-License-Identifier: EUPL-1.2
//! IBAN: 22 places in Germany, check digits modulo 97 (ISO 13616). Misread places are corrected only when the check
//! digits then fit; without a fitting check there is no field.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::{
    fund::{Fund, better},
    zeilen::Brief,
};

/// Countries whose accounts a city meets, with the length of their IBAN.
const LAENGEN: &[(&str, usize)] = &[
    ("DE", 22),
    ("AT", 20),
    ("BE", 16),
    ("CH", 21),
    ("CZ", 24),
    ("DK", 18),
    ("ES", 24),
    ("FR", 27),
    ("GB", 22),
    ("IE", 22),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("NL", 18),
    ("PL", 28),
    ("PT", 25),
    ("SE", 24),
];

/// Starts of an IBAN as printed, the letters D and E misread now and then. Blanks stand between groups.
static ANFANG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\b|IBAN:?)([A-Z0]{2})\s?[\dOQoIl|BS]{2}").expect("pattern"));
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)IBAN\s*[:.]?\s*$").expect("pattern"));

/// Finds the IBAN of the letter; the first good one when there are several.
pub fn find(brief: &Brief) -> Option<Fund> {
    let mut best = None;
    for start in ANFANG.captures_iter(&brief.fluss).filter_map(|c| c.get(1)) {
        let Some((iban, ort, corrected)) = read(&brief.fluss, start.start()) else {
            continue;
        };
        let labelled = LABEL.is_match(&brief.fluss[..start.start()][floor(&brief.fluss, start.start(), 12)..]);
        let (sure, grund) = match (corrected, labelled) {
            (false, true) => (0.99, "steht hinter „IBAN“, Prüfziffer stimmt"),
            (false, false) => (0.96, "Prüfziffer der IBAN stimmt"),
            (true, _) => (0.85, "Prüfziffer der IBAN stimmt nach Korrektur verwechselter Zeichen"),
        };
        // The account on a later sheet belongs more often to something that is attached.
        let seite = brief.place(&ort).map_or(1, |p| p.seite);
        let sure = if seite > 1 { sure - 0.05 } else { sure };
        best = better(best, Fund { geprueft: true, ..Fund::new(iban, sure, grund, ort) });
    }
    best
}

fn floor(text: &str, end: usize, back: usize) -> usize {
    let mut at = end.saturating_sub(back);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Reads the places from `start`: blanks are skipped, anything else ends it. The flag tells of corrections.
fn read(text: &str, start: usize) -> Option<(String, Range<usize>, bool)> {
    let mut places = Vec::with_capacity(34);
    let mut ends = Vec::with_capacity(34);
    for (at, c) in text[start..].char_indices().take(60) {
        match c {
            ' ' | '\u{a0}' => {}
            c if c.is_ascii_alphanumeric() || c == '|' => {
                places.push(c);
                ends.push(start + at + c.len_utf8());
            }
            _ => break,
        }
    }
    let country = country(places.first()?, places.get(1)?)?;
    let (_, len) = LAENGEN.iter().find(|(c, _)| *c == country)?;
    if places.len() < *len {
        return None;
    }
    let printed: String = places[..*len].iter().collect();
    let range = start..ends[*len - 1];
    if valid(&printed) {
        return Some((printed, range, false));
    }
    let fixed = correct(country, &places[2..*len]);
    (country == "DE" && valid(&fixed)).then_some((fixed, range, true))
}

/// `OE` and `0E` are misread `DE`.
fn country(a: &char, b: &char) -> Option<&'static str> {
    let pair = match (a, b) {
        ('O' | '0' | 'D', 'E') => "DE".to_owned(),
        (a, b) => format!("{a}{b}"),
    };
    LAENGEN.iter().map(|(c, _)| *c).find(|c| *c == pair)
}

/// A German IBAN has only digits behind the country.
fn correct(country: &str, rest: &[char]) -> String {
    let digit = |c: &char| match c {
        'O' | 'o' | 'Q' | 'D' => '0',
        'I' | 'l' | '|' | 'i' => '1',
        'B' => '8',
        c => *c,
    };
    country.chars().chain(rest.iter().map(digit)).collect()
}

/// Check digits fit (ISO 7064, modulo 97).
pub fn valid(iban: &str) -> bool {
    if iban.len() < 5 || !iban.is_ascii() {
        return false;
    }
    let (head, tail) = iban.split_at(4);
    let rest = tail.chars().chain(head.chars()).try_fold(0u32, |rest, c| {
        let value = c.to_digit(36)?;
        Some(if value > 9 { rest * 100 + value } else { rest * 10 + value } % 97)
    });
    rest == Some(1) && !iban.chars().any(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        assert!(valid("DE89370400440532013000")); // the example of the German banking committee
        assert!(valid("GB29NWBK60161331926819")); // the example of the registry
        assert!(!valid("DE89370400440532013001"));
        assert!(!valid("DE"));
    }

    fn iban(text: &str) -> Option<(String, f32)> {
        find(&Brief::new(text, None)).map(|f| (f.wert, f.sicherheit))
    }

    #[test]
    fn misread_places_are_corrected_only_when_the_check_fits() {
        let good = "DE89370400440532013000".to_owned();
        assert_eq!(iban("IBAN DE89 3704 0044 0532 0130 00"), Some((good.clone(), 0.99)));
        assert_eq!(iban("IBAN: DE89 37O4 0044 0532 OI30 00 BIC X"), Some((good.clone(), 0.85)));
        assert_eq!(iban("IBAN: DEB9 3704 0044 0532 0130 00"), Some((good, 0.85)));
        assert_eq!(iban("IBAN DE89 3704 0044 0532 0130 01"), None);
        assert_eq!(iban("IBAN DE89 3704 0044 0532"), None);
    }
}
