// SPDX-License-Identifier: EUPL-1.2
//! The mark above address or subject that says for whose eyes a letter is: "Persönlich/Vertraulich" as a line of its
//! own (DIN 5008: Zusatz- und Vermerkzone), or the Personalrat as addressee. What follows from it says table `laufweg`.

use std::sync::LazyLock;

use regex::Regex;

use crate::{fund::Fund, zeilen::Brief};

/// Lines of the first page in which such a mark stands.
const KOPF: usize = 32;

static MARKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^[\s*–-]*(?:
        (?:(?:streng|höchst|absolut)\s+)?(?:persönlich|vertraulich|geheim|verschlossen|personalsache|nur\ durch\ (?:den\ )?empfänger\ (?:zu\ )?öffnen)
          (?:\s*(?:/|\||,|&|\+|-|–|und)\s*(?:streng\s+)?(?:persönlich|vertraulich|personalsache))*[\s.!*–-]*$
        |(?:an\ den\ |z\.\s?hd\.\ (?:des\ )?)?(?:örtlichen?r?\ |gesamt)?personalrat(?:es|s)?(?:\ (?:der|des)\b.*)?$)",
    )
    .expect("pattern")
});

/// Finds the first mark in the head of the first page.
pub fn find(brief: &Brief) -> Option<Fund> {
    brief.zeilen.iter().take_while(|z| z.seite == 1).take(KOPF).find_map(|zeile| {
        let spalte = zeile.spalten().find(|s| MARKE.is_match(s))?;
        let wert = spalte.trim_matches(|c: char| c.is_whitespace() || "*–-.!".contains(c));
        Some(Fund::new(wert, 0.95, "steht als eigene Zeile im Kopf des Schreibens", zeile.ort()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(text: &str) -> Option<String> {
        find(&Brief::new(text, None)).map(|f| f.wert)
    }

    #[test]
    fn a_line_of_its_own_is_a_mark_and_a_word_in_a_sentence_is_none() {
        let letter = |line: &str| {
            format!("Erika Muster\n{line}\nStadt Musterstadt\nRathausplatz 1\n\nSehr geehrte Frau Beispiel,\n")
        };
        for (line, wert) in [
            ("PERSÖNLICH / VERTRAULICH", "PERSÖNLICH / VERTRAULICH"),
            ("- Streng vertraulich! -", "Streng vertraulich"),
            ("Persönlich", "Persönlich"),
            ("An den Personalrat", "An den Personalrat"),
            ("Personalsache", "Personalsache"),
        ] {
            assert_eq!(mark(&letter(line)).as_deref(), Some(wert), "{line}");
        }
        for line in ["Persönlich erreichen Sie mich am Montag", "Personalratswahl 2026", "vertrauliche Hinweise"] {
            assert_eq!(mark(&letter(line)), None, "{line}");
        }
    }
}
