// SPDX-License-Identifier: EUPL-1.2
//! What a person typed: words, "exact phrases", -without, begin*, Az:66.10*. Rendered for each full-text engine.

use super::worte::{Worte, fold, words};

/// Longer queries are cut; more conditions than this are ignored.
const ZEICHEN: usize = 500;
const BEDINGUNGEN: usize = 24;
/// Above every file number.
const ENDE: &str = "\u{10ffff}";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bedingung {
    /// Any word with this stem, also as part of a compound.
    Stamm(String),
    /// These words one after another, exactly.
    Folge(Vec<String>),
    /// Any word that begins so.
    Anfang(String),
}

/// The parsed text of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ausdruck {
    pub mit: Vec<Bedingung>,
    pub ohne: Vec<Bedingung>,
    /// File numbers from the first (inclusive) to the second (exclusive).
    pub az: Option<(String, String)>,
    /// The plain words as typed, for suggestions.
    pub getippt: Vec<String>,
}

impl Ausdruck {
    pub fn parse(text: &str, worte: &Worte) -> Self {
        let text: String = text.chars().take(ZEICHEN).collect();
        let mut out = Self::default();
        for piece in pieces(&text) {
            if out.mit.len() + out.ohne.len() >= BEDINGUNGEN {
                break;
            }
            out.add(piece, worte);
        }
        out
    }

    fn add(&mut self, piece: Piece<'_>, worte: &Worte) {
        if let Some(az) = piece.text.get(..3).filter(|p| p.eq_ignore_ascii_case("az:") && !piece.exact) {
            self.az = Some(az_range(&piece.text[az.len()..]));
            return;
        }
        let begin = !piece.exact && piece.text.ends_with('*');
        let found: Vec<&str> = words(piece.text).map(|w| w.text).collect();
        let Some(last) = found.last() else { return };
        let mut conditions = Vec::new();
        if begin && found.len() == 1 {
            conditions.push(Bedingung::Anfang(fold(last)));
        } else if piece.exact || (found.len() > 1 && piece.text.bytes().any(|b| b.is_ascii_digit())) {
            conditions.push(Bedingung::Folge(found.iter().map(|w| fold(w)).collect()));
        } else {
            conditions.extend(found.iter().map(|w| Bedingung::Stamm(worte.key(w).stamm.clone())));
            if !piece.without {
                self.getippt.extend(found.iter().map(|w| (*w).to_owned()));
            }
        }
        if piece.without { self.ohne.extend(conditions) } else { self.mit.extend(conditions) }
    }

    /// No words: only filters decide.
    pub fn is_empty(&self) -> bool {
        self.mit.is_empty() && self.ohne.is_empty()
    }

    /// For `MATCH` of SQLite FTS5.
    pub fn fts5(&self) -> String {
        let term = |b: &Bedingung| match b {
            Bedingung::Stamm(s) => format!("\"s{s}\""),
            Bedingung::Folge(words) => format!("\"{}\"", prefixed(words).join(" ")),
            Bedingung::Anfang(a) => format!("\"w{a}\" *"),
        };
        let mut text = joined(&self.mit, " AND ", &term).unwrap_or_else(|| format!("\"{}\"", super::index::ALLE));
        for without in &self.ohne {
            text = format!("({text}) NOT {}", term(without));
        }
        text
    }

    /// For `::tsquery` of PostgreSQL.
    pub fn tsquery(&self) -> String {
        let term = |b: &Bedingung| match b {
            Bedingung::Stamm(s) => format!("'s{s}'"),
            Bedingung::Folge(words) => {
                let quoted: Vec<String> = prefixed(words).iter().map(|w| format!("'{w}'")).collect();
                format!("({})", quoted.join(" <-> "))
            }
            Bedingung::Anfang(a) => format!("'w{a}':*"),
        };
        let mut text = joined(&self.mit, " & ", &term).unwrap_or_else(|| format!("'{}'", super::index::ALLE));
        for without in &self.ohne {
            text.push_str(&format!(" & !{}", term(without)));
        }
        text
    }
}

fn prefixed(words: &[String]) -> Vec<String> {
    words.iter().map(|w| format!("w{w}")).collect()
}

fn joined(conditions: &[Bedingung], with: &str, term: &dyn Fn(&Bedingung) -> String) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.iter().map(term).collect::<Vec<_>>().join(with))
}

/// `66.10*` is every number that begins so; `66.10` that unit or number and what stands under it, not `66.101`.
fn az_range(text: &str) -> (String, String) {
    match text.strip_suffix('*') {
        Some(begin) => (begin.to_owned(), format!("{begin}{ENDE}")),
        None => (text.to_owned(), format!("{text}0")),
    }
}

struct Piece<'a> {
    text: &'a str,
    without: bool,
    exact: bool,
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '„' | '“' | '”' | '«' | '»')
}

/// Cuts at blanks outside of quotes; a missing closing quote ends with the text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let without = rest.starts_with('-');
        let body = if without { &rest[1..] } else { rest };
        let (piece, after, exact) = match body.chars().next().filter(|c| is_quote(*c)) {
            Some(quote) => {
                let inner = &body[quote.len_utf8()..];
                let end = inner.find(is_quote).unwrap_or(inner.len());
                let after = inner[end..].chars().next().map_or(inner.len(), |c| end + c.len_utf8());
                (&inner[..end], &inner[after..], true)
            }
            None => {
                let end = body.find(char::is_whitespace).unwrap_or(body.len());
                (&body[..end], &body[end..], false)
            }
        };
        out.push(Piece { text: piece, without, exact });
        rest = after.trim_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Ausdruck {
        Ausdruck::parse(text, &Worte::new([]))
    }

    #[test]
    fn every_form_is_understood() {
        let a = parse("Straßen -Kanal „der Gemeinderat“ Fried* Az:66.10* 2026-0815");
        assert_eq!(
            a.fts5(),
            "(\"sstrass\" AND \"wder wgemeinderat\" AND \"wfried\" * AND \"w2026 w0815\") NOT \"skanal\""
        );
        assert_eq!(
            a.tsquery(),
            "'sstrass' & ('wder' <-> 'wgemeinderat') & 'wfried':* & ('w2026' <-> 'w0815') & !'skanal'"
        );
        assert_eq!(a.az, Some(("66.10".into(), "66.10\u{10ffff}".into())));
    }

    #[test]
    fn az_without_star_stops_at_the_number() {
        let (from, to) = parse("Az:66.10").az.unwrap_or_default();
        let fits = |az: &str| from.as_str() <= az && az < to.as_str();
        assert!(fits("66.10") && fits("66.10-2026/0001") && fits("66.10/3"));
        assert!(!fits("66.101") && !fits("66.1") && !fits("66.11-2026/0001"));
    }

    #[test]
    fn odd_input_is_harmless() {
        for text in ["", "-", "\"", "\"\"", "*", "-*", "' OR 1=1 --", "az:", "NEAR(a b)", "a\" OR \"b", "((((", "\u{0}"]
        {
            let a = parse(text);
            assert!(!a.fts5().is_empty() && !a.tsquery().is_empty());
        }
        assert_eq!(parse("-Kanal").fts5(), format!("(\"{}\") NOT \"skanal\"", super::super::index::ALLE));
        assert!(parse(&"wort ".repeat(10_000)).mit.len() <= BEDINGUNGEN);
    }
}
