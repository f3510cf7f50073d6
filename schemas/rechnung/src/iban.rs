// SPDX-License-Identifier: EUPL-1.2
//! IBAN check (ISO 13616): country, length, check number modulo 97.

/// What an account text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iban {
    /// A valid IBAN.
    Valid,
    /// Built like an IBAN, but country length or check number are wrong.
    Wrong,
    /// Something else, e.g. a national account number.
    None,
}

/// Judges `text`; blanks inside do not count.
pub fn judge(text: &str) -> Iban {
    let iban = normal(text);
    let bytes = iban.as_bytes();
    let shaped = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric);
    if !shaped {
        return Iban::None;
    }
    let length = LENGTHS.iter().find(|(country, _)| country.as_bytes() == &bytes[..2]).map(|(_, n)| *n);
    let rest = bytes[4..].iter().chain(&bytes[..4]).fold(0, |rest, b| mod97(rest, *b));
    match rest == 1 && length.is_none_or(|n| n == bytes.len()) {
        true => Iban::Valid,
        false => Iban::Wrong,
    }
}

/// Without blanks, upper case.
pub fn normal(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// In groups of four, as people read it.
pub fn grouped(text: &str) -> String {
    let iban = normal(text);
    let mut out = String::with_capacity(iban.len() * 5 / 4 + 1);
    for (i, c) in iban.chars().enumerate() {
        if i > 0 && i % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// One more character (digit or letter, A = 10) of a number modulo 97.
pub(crate) fn mod97(rest: u32, byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A')) + 10) % 97,
    }
}

/// Lengths in the SEPA area (IBAN registry of SWIFT).
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AL", 28),
    ("AT", 20),
    ("BE", 16),
    ("BG", 22),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GI", 23),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IS", 26),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("RS", 22),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("VA", 22),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_accounts() {
        for (text, expected) in [
            ("DE89 3704 0044 0532 0130 00", Iban::Valid),
            ("DE02120300000000202051", Iban::Valid),
            ("GB82 WEST 1234 5698 7654 32", Iban::Valid),
            ("DE89370400440532013001", Iban::Wrong),
            ("DE8937040044053201300", Iban::Wrong),
            ("0532013000", Iban::None),
            ("DE89", Iban::None),
            ("DE89\u{202E}370400440532013000", Iban::None),
            ("", Iban::None),
        ] {
            assert_eq!(judge(text), expected, "{text}");
        }
        assert_eq!(grouped("DE89370400440532013000"), "DE89 3704 0044 0532 0130 00");
    }
}
