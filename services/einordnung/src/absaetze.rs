// SPDX-License-Identifier: EUPL-1.2
//! Text layers that give a page block by block: all labels of an information block, then all their values.
//!
//! Labels are lines at the end of a paragraph that end with a colon; their values are the lines of one of the next
//! paragraphs, equal in number. Words of a table are followed by a paragraph of as many amounts.

use std::sync::LazyLock;

use regex::Regex;

use crate::zeilen::SPALTE;

/// Paragraphs looked ahead for the values.
const VORAUS: usize = 3;

static BETRAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^-?[\d.]{1,12},\d{2}\s?(?:€|EUR)?$").expect("pattern"));
static ANSCHRIFT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\d{5}\s+\p{Lu}").expect("pattern"));

/// The page with labels and values in one line, as columns; paragraphs stay apart by an empty line.
pub fn rejoin(seite: &str) -> String {
    let lines: Vec<&str> = seite.lines().collect();
    let mut paragraphs: Vec<Vec<String>> = lines
        .split(|l| l.trim().is_empty())
        .filter(|p| !p.is_empty())
        .map(|p| p.iter().map(|l| (*l).to_owned()).collect())
        .collect();
    for n in 0..paragraphs.len() {
        let labels = paragraphs[n].iter().rev().take_while(|l| l.trim_end().ends_with(':')).count();
        let fits = |p: &Vec<String>| {
            p.len() == labels && !p.iter().any(|l| l.trim_end().ends_with(':') || ANSCHRIFT.is_match(l.trim()))
        };
        let ahead = n + 1..paragraphs.len().min(n + 1 + VORAUS);
        let values = if labels > 0 { ahead.clone().find(|m| fits(&paragraphs[*m])) } else { amounts(&paragraphs, n) };
        if let Some(m) = values {
            let values = std::mem::take(&mut paragraphs[m]);
            let first = paragraphs[n].len() - values.len();
            for (line, value) in paragraphs[n][first..].iter_mut().zip(values) {
                line.push_str(SPALTE);
                line.push_str(value.trim());
            }
        }
    }
    let full: Vec<String> = paragraphs.into_iter().filter(|p| !p.is_empty()).map(|p| p.join("\n")).collect();
    full.join("\n\n")
}

/// The next paragraph when it holds one amount for each of at least two lines here.
fn amounts(paragraphs: &[Vec<String>], n: usize) -> Option<usize> {
    let (here, next) = (&paragraphs[n], paragraphs.get(n + 1)?);
    let fits = here.len() > 1 && here.len() == next.len() && next.iter().all(|l| BETRAG.is_match(l.trim()));
    (fits && !here.iter().any(|l| BETRAG.is_match(l.trim()))).then_some(n + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_find_their_values() {
        assert_eq!(
            rejoin("Amt\n\nIhr Zeichen:\nDatum:\n\nStadt X\n78900 X\n\n66.10-1/26\n18.11.2026\n\nBetreff"),
            "Amt\n\nIhr Zeichen:   66.10-1/26\nDatum:   18.11.2026\n\nStadt X\n78900 X\n\nBetreff"
        );
        assert_eq!(rejoin("Nr.: 12\nDatum:\n\n18.11.2026"), "Nr.: 12\nDatum:   18.11.2026");
        assert_eq!(rejoin("Netto\nUSt.\n\n1.000,00\n190,00 €"), "Netto   1.000,00\nUSt.   190,00 €");
        assert_eq!(rejoin("Anlagen:\n\nEin Plan\nEin Foto"), "Anlagen:\n\nEin Plan\nEin Foto");
    }
}
