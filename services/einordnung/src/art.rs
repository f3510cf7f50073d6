// SPDX-License-Identifier: EUPL-1.2
//! Document type: points from the evidence table, the margin decides the confidence.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    arten::{BELEGE, Beleg, Ort},
    fund::Fund,
    zeilen::Brief,
};

/// Fewer points name no type.
const MINDESTENS: i32 = 5;
/// A letter with less text says too little even for "sonstiges".
const WENIG_TEXT: usize = 60;

/// Finds the document type; "sonstiges" when the text is long enough and no type has enough evidence.
pub fn find(brief: &Brief, betreff: Option<&Fund>) -> Option<Fund> {
    let text = squeeze(&brief.fluss);
    let kopf = squeeze(&brief.zeilen.iter().take(10).map(|z| z.text.as_str()).collect::<Vec<_>>().join(" "));
    let titel = betreff.map(|b| squeeze(&b.wert)).unwrap_or_default();

    let mut points: BTreeMap<&str, (i32, Vec<&Beleg>)> = BTreeMap::new();
    for beleg in BELEGE {
        let hit = match beleg.ort {
            Ort::Titel => titel.starts_with(beleg.wort),
            Ort::Betreff => at_word(&titel, beleg.wort),
            Ort::Kopf => at_word(&kopf, beleg.wort),
            Ort::Text => at_word(&text, beleg.wort),
        };
        if hit {
            let entry = points.entry(beleg.art).or_default();
            entry.0 += beleg.gewicht;
            entry.1.push(beleg);
        }
    }
    let mut ranked: Vec<_> = points.into_iter().collect();
    ranked.sort_by_key(|(_, (sum, _))| -sum);
    let second = ranked.get(1).map_or(0, |(_, (sum, _))| *sum);
    match ranked.into_iter().next() {
        Some((art, (sum, mut belege))) if sum >= MINDESTENS => {
            belege.sort_by_key(|b| -b.gewicht);
            let sure = 0.55 + 0.02 * sum.min(12) as f32 + 0.025 * (sum - second).min(8) as f32;
            let grund = belege.iter().take(3).map(|b| reason(b)).collect::<Vec<_>>().join(", ");
            Some(Fund {
                wert: art.to_owned(),
                sicherheit: sure.min(0.99),
                grund,
                ort: place(brief, betreff, belege[0]),
                geprueft: false,
            })
        }
        _ if text.len() > WENIG_TEXT => Some(Fund {
            wert: "sonstiges".to_owned(),
            sicherheit: 0.5,
            grund: "Text zeigt keine Merkmale einer bekannten Dokumentart".to_owned(),
            ort: None,
            geprueft: false,
        }),
        _ => None,
    }
}

fn reason(beleg: &Beleg) -> String {
    let wo = match beleg.ort {
        Ort::Titel => "Betreff beginnt mit",
        Ort::Betreff => "Betreff enthält",
        Ort::Kopf => "Briefkopf enthält",
        Ort::Text => "Text enthält",
    };
    format!("{wo} „{}“", capital(beleg.wort))
}

fn capital(wort: &str) -> String {
    let mut chars = wort.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn place(brief: &Brief, betreff: Option<&Fund>, beleg: &Beleg) -> Option<Range<usize>> {
    match beleg.ort {
        Ort::Titel | Ort::Betreff => betreff.and_then(|b| b.ort.clone()),
        Ort::Kopf | Ort::Text => brief.zeilen.iter().find(|z| at_word(&squeeze(&z.text), beleg.wort)).map(|z| z.ort()),
    }
}

/// Lower case, single blanks, line-end hyphenation undone.
fn squeeze(text: &str) -> String {
    text.replace("-\n", "").to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The phrase stands at the start of a word.
fn at_word(text: &str, wort: &str) -> bool {
    text.match_indices(wort).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-'))
}
