// SPDX-License-Identifier: EUPL-1.2
//! Numbers by which a letter is found again: Aktenzeichen, Kassenzeichen, invoice number.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::{
    fund::{Fund, better},
    zeilen::Brief,
};

/// A label with its confidence. `Ihr Zeichen` in a letter to the city is the city's own Aktenzeichen.
static AKTENZEICHEN: LazyLock<Vec<(Regex, f32)>> = LazyLock::new(|| {
    [
        (r"(?i)\bIhr(?:e)? (?:Zeichen|Az\.?|Aktenzeichen|Gesch(?:ä|a)ftszeichen)\b", 0.95),
        (r"(?i)\b(?:Aktenzeichen|Akten-Zeichen|Aktenz\.)", 0.95),
        (r"\b(?:Az|AZ|Akz)\b", 0.9),
        (r"(?i)\b(?:Gesch(?:ä|a)ftszeichen|Gesch\.?-?Z\.?|Vorgangsnummer|Vorgangs-?Nr)\b", 0.85),
        (r"\b(?:Gz|GZ)\b", 0.8),
        (r"(?i)\b(?:Unser|Mein)(?:e)? (?:Zeichen|Az\.?|Aktenzeichen)\b", 0.75),
    ]
    .into_iter()
    .map(|(label, sure)| (Regex::new(label).expect("pattern"), sure))
    .collect()
});
/// Letters, digits and signs; blanks only between a short prefix and its number ("BA 28170/2024", "OWi 12/26").
static AKTE_WERT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\p{L}{1,4}[ -])?[\p{L}\d]*\d[\p{L}\d]*(?:\s?[./_:–-]\s?[\p{L}\d]+)*").expect("pattern")
});

static KASSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:Kassen-?zeichen|Buchungs-?zeichen|Kassen-?konto|Personenkonto|PK-?Nr|Debitoren-?(?:nummer|nr))\b",
    )
    .expect("pattern")
});
static KASSE_WERT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Z]{0,3}\d(?:[\d./ -]|,\s?\d)*\d").expect("pattern"));

static RECHNUNG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:(?:Rechnungs|Rechn\.|Re\.?|Rg\.?|Beleg|Gutschrifts?)[- ]?(?:nummer|Nr\.?|No\.?)|(?:(?:Abschlags|Schluss|Teil|Honorar)?rechnung|Gutschrift)\s+(?:Nr\.?|Nummer|No\.?|#)|Invoice (?:number|no\.?))")
        .expect("pattern")
});
/// "Rechnung 340431" in a subject: the number directly follows.
static RECHNUNG_BLANK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:Abschlags|Schluss|Teil|Honorar)?rechnung|Gutschrift)\b").expect("pattern")
});
static RECHNUNG_WERT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[A-Z]{1,4}[ -])?[A-Za-z\d]*\d[A-Za-z\d]*(?:[./_-][A-Za-z\d]+)*").expect("pattern")
});

static LUECKE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\s*([./_–-])\s*").expect("pattern"));

/// Finds the Aktenzeichen.
pub fn aktenzeichen(brief: &Brief) -> Option<Fund> {
    let mut best = None;
    for (label, sure) in AKTENZEICHEN.iter() {
        for (printed, ort) in brief.labelled(label, &AKTE_WERT) {
            // A date behind the label belongs to "Ihre Nachricht vom".
            let wert = &brief.fluss[ort.clone()];
            if crate::datum::all(wert).any(|(_, r)| r.len() == wert.len()) {
                continue;
            }
            best = better(best, hit(brief, &printed, ort, *sure));
        }
    }
    best
}

/// Finds the Kassenzeichen.
pub fn kassenzeichen(brief: &Brief) -> Option<Fund> {
    let mut fund = first(brief, &KASSE, &KASSE_WERT, 0.96)?;
    if fund.wert.contains(',') {
        fund.wert = fund.wert.replace(", ", ".").replace(',', ".");
        fund.sicherheit = 0.7;
        fund.grund.push_str(", Komma als Punkt gelesen");
    }
    Some(fund)
}

/// Finds the invoice number.
pub fn invoice_number(brief: &Brief) -> Option<Fund> {
    first(brief, &RECHNUNG, &RECHNUNG_WERT, 0.96).or_else(|| first(brief, &RECHNUNG_BLANK, &RECHNUNG_WERT, 0.75))
}

fn first(brief: &Brief, label: &Regex, wert: &Regex, sure: f32) -> Option<Fund> {
    brief.labelled(label, wert).into_iter().next().map(|(printed, ort)| hit(brief, &printed, ort, sure))
}

fn hit(brief: &Brief, label: &str, ort: Range<usize>, sure: f32) -> Fund {
    let wert = brief.fluss[ort.clone()].trim_end_matches(['.', ',', '-', ' ']);
    // The recogniser sees blanks beside strokes and dots.
    let dense = LUECKE.replace_all(wert, "$1");
    Fund::new(dense, sure, format!("steht hinter „{label}“"), ort.start..ort.start + wert.len())
}
