// SPDX-License-Identifier: EUPL-1.2
//! Leitweg-ID: coarse address, optional fine address, check digits (format specification 2.0.2 of the KoSIT).
//! A wrong one is a hint for routing, never a reason to refuse.

/// Parts of a well-formed Leitweg-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leitweg<'t> {
    /// Digits: country of the federation, region, municipality.
    pub coarse: &'t str,
    /// The receiver's own part.
    pub fine: Option<&'t str>,
    /// Whether the check digits fit (ISO 7064 modulo 97-10).
    pub check_fits: bool,
}

/// Takes `04011000-1234512345-06` apart; `None` when it is not built like a Leitweg-ID.
pub fn parse(text: &str) -> Option<Leitweg<'_>> {
    let mut parts = text.split('-');
    let coarse = parts.next()?;
    let (fine, check) = match (parts.next()?, parts.next(), parts.next()) {
        (check, None, _) => (None, check),
        (fine, Some(check), None) => (Some(fine), check),
        _ => return None,
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let fits = (2..=12).contains(&coarse.len())
        && digits(coarse)
        && fine.is_none_or(|f| (1..=30).contains(&f.len()) && f.bytes().all(|b| b.is_ascii_alphanumeric()))
        && check.len() == 2
        && digits(check);
    let all = [coarse, fine.unwrap_or_default(), check];
    let rest = all.iter().flat_map(|s| s.bytes()).fold(0, crate::iban::mod97);
    fits.then_some(Leitweg { coarse, fine, check_fits: rest == 1 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_and_check_digits() {
        let known = parse("04011000-1234512345-06").unwrap();
        assert_eq!((known.coarse, known.fine, known.check_fits), ("04011000", Some("1234512345"), true));
        assert!(parse("991-33333TEST-33").unwrap().check_fits);
        assert!(!parse("991-33333TEST-34").unwrap().check_fits);
        for text in ["", "Leitweg-ID", "04011000", "1-2-3-4", "0401100A-12-34", "991--33", "991-ä-33"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
