// SPDX-License-Identifier: EUPL-1.2
//! Amounts: of an invoice net, tax and gross, which must add up; of another letter the one amount it is about.

use std::{ops::Range, str::FromStr, sync::LazyLock};

use nachrichten::Betrag;
use regex::Regex;
use rust_decimal::Decimal;

use crate::{fund::Fund, zeilen::Brief};

/// `6.228,80`, `6 228,80`, `6228,80`; a blank after a sign is a misprint of the recogniser.
static BETRAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"-?\d{1,3}(?:[.' ]\s?\d{3})+\s?,\s?\d{2}\b|-?\d{1,9},\s?\d{2}\b").expect("pattern"));
static NETTO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bnetto(?:betrag|summe|gesamt|preis)?\b|Summe netto|Zwischensumme|Warenwert|Summe ohne (?:USt|MwSt)|Gesamt(?:betrag)?,? netto|Entgelt").expect("pattern")
});
static STEUER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:USt|MwSt|Mehrwertsteuer|Umsatzsteuer|Steuerbetrag)\b").expect("pattern"));
static BRUTTO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)Rechnungs(?:end)?(?:betrag|summe)|\bbrutto(?:betrag|summe|gesamt)?\b|Gesamt(?:betrag|summe|preis)|\bEndbetrag|Endsumme|Zahlbetrag|zu zahlen(?:der Betrag)?|Summe brutto|Forderungsbetrag|\bTotal\b")
        .expect("pattern")
});
/// Words that make an amount the one the letter is about: before it, with points.
static DAVOR: LazyLock<Vec<(Regex, f32)>> = LazyLock::new(|| {
    table(&[
        (r"(?i)(?:Herstellungskosten|Baukosten)\b", 0.85),
        (r"(?i)(?:Verwarnungs|Buß|Zwangs|Ordnungs)geld(?:es)?\b", 0.85),
        (r"(?i)(?:zu zahlen|Zahlbetrag|Gesamtbetrag|Gesamtsumme|Forderung|Rechnungsbetrag)\b", 0.7),
        (r"(?i)in Höhe von\b", 0.75),
        (r"(?i)(?:Gebühr|Steuer|Beitrag|Kosten|Betrag|Zuwendung|Zuschuss|Wohngeld)\p{L}*\b", 0.6),
        (r"(?i)beträgt\b", 0.7),
    ])
});
static DANACH: LazyLock<Vec<(Regex, f32)>> = LazyLock::new(|| {
    table(&[
        (r"(?i)\bfest(?:gesetzt|setze)", 0.88),
        (r"(?i)\b(?:bewilligt|gewährt)", 0.85),
        (r"(?i)\b(?:zu zahlen|einzuzahlen|zu überweisen|zu entrichten)", 0.75),
    ])
});
/// Amounts that are only a step of the calculation.
static NEBENBEI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)Messbetrag|Gesamteinkommen|Miete\b|Einheitswert|Grundlage|Säumnis|Mahngebühr|bereits gezahlt|je |pro ",
    )
    .expect("pattern")
});

fn table(rows: &[(&str, f32)]) -> Vec<(Regex, f32)> {
    rows.iter().map(|(p, w)| (Regex::new(p).expect("pattern"), *w)).collect()
}

/// Up to three amounts; `brutto` is the field `amount`.
#[derive(Debug, Default)]
pub struct Betraege {
    pub brutto: Option<Fund>,
    pub netto: Option<Fund>,
    pub steuer: Option<Fund>,
}

/// `1.234,50` as a decimal with two places.
pub fn parse(text: &str) -> Option<Betrag> {
    let plain: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '-')).collect();
    let value = Decimal::from_str(&plain.replace(',', ".")).ok()?;
    (value.scale() == 2).then_some(value)
}

#[derive(Clone)]
struct Zeilenbetrag {
    wert: Betrag,
    ort: Range<usize>,
    wort: String,
}

/// The last amount of each line whose words fit `label`.
fn lines(brief: &Brief, label: &Regex) -> Vec<Zeilenbetrag> {
    let mut found = Vec::new();
    for (n, zeile) in brief.zeilen.iter().enumerate() {
        let Some(word) = label.find(&zeile.text) else {
            continue;
        };
        let last = |text: &str, base: usize| {
            let m = BETRAG.find_iter(text).last()?;
            Some((parse(m.as_str())?, base + m.start()..base + m.end()))
        };
        let here = last(&zeile.text[word.end()..], zeile.start + word.end());
        // The recogniser may set a far-off amount into a line of its own.
        let next = || {
            let below = brief.zeilen.get(n + 1)?;
            let m = BETRAG.find(&below.text).filter(|m| m.start() == 0 && below.text.len() - m.end() <= 5)?;
            Some((parse(m.as_str())?, below.start..below.start + m.end()))
        };
        if let Some((wert, ort)) = here.or_else(next) {
            found.push(Zeilenbetrag { wert, ort, wort: word.as_str().to_owned() });
        }
    }
    found
}

/// Net, tax and gross of an invoice. A combination that adds up wins; else the last labelled amounts, with doubt.
pub fn rechnung(brief: &Brief) -> Betraege {
    let (netto, brutto) = (lines(brief, &NETTO), lines(brief, &BRUTTO));
    let steuer: Vec<_> = lines(brief, &STEUER).into_iter().filter(|s| !brutto.iter().any(|b| b.ort == s.ort)).collect();
    for b in brutto.iter().rev() {
        for n in netto.iter().rev() {
            let adds = |s: &&Zeilenbetrag| n.wert + s.wert == b.wert && s.ort != n.ort;
            if let Some(s) = steuer.iter().rev().find(adds) {
                let field = |z: &Zeilenbetrag| {
                    let grund = format!("steht hinter „{}“, Netto und Steuer ergeben den Gesamtbetrag", z.wort);
                    Some(Fund { geprueft: true, ..Fund::new(z.wert.to_string(), 0.98, grund, z.ort.clone()) })
                };
                return Betraege { brutto: field(b), netto: field(n), steuer: field(s) };
            }
        }
    }
    let doubt = |z: &Zeilenbetrag| {
        Fund::new(z.wert.to_string(), 0.7, format!("steht hinter „{}“, ohne Gegenrechnung", z.wort), z.ort.clone())
    };
    let largest = brutto.iter().max_by_key(|z| z.wert);
    Betraege { brutto: largest.map(doubt), netto: netto.last().map(doubt), steuer: steuer.last().map(doubt) }
}

/// The amount a letter is about: by the words around it; the first of equals.
pub fn schreiben(brief: &Brief) -> Betraege {
    let mut best: Option<Fund> = None;
    for m in BETRAG.find_iter(&brief.fluss) {
        let Some(wert) = parse(m.as_str()) else {
            continue;
        };
        let ort = m.range();
        let (before, after) = brief.around(&ort, 110, 60);
        let before = sentence_start(before);
        let after = after.split_once(". ").map_or(after, |(a, _)| a);
        let euro = after.trim_start().get(..4).is_some_and(|s| s.eq_ignore_ascii_case("euro"))
            || after.trim_start().starts_with('€')
            || after.trim_start().starts_with("EUR")
            || before.trim_end().ends_with(['€'])
            || before.trim_end().ends_with("EUR");
        if !euro {
            continue;
        }
        let near = before.rsplit_once(',').map_or(before, |(_, b)| b);
        let mut choice: Option<(f32, &str)> = None;
        let hits = DAVOR.iter().filter_map(|(r, w)| Some((*w, r.find_iter(before).last()?.as_str())));
        for (weight, word) in hits.chain(DANACH.iter().filter_map(|(r, w)| Some((*w, r.find(after)?.as_str())))) {
            if choice.is_none_or(|(w, _)| weight > w) {
                choice = Some((weight, word));
            }
        }
        let Some((mut sure, word)) = choice else {
            continue;
        };
        if NEBENBEI.is_match(near) {
            sure -= 0.3;
        }
        let fund = Fund::new(wert.to_string(), sure, format!("steht bei „{word}“"), ort);
        best = crate::fund::better(best, fund);
    }
    Betraege { brutto: best, ..Betraege::default() }
}

/// From the last sentence end; an abbreviation's dot ("v. H.") or a date does not end a sentence.
fn sentence_start(before: &str) -> &str {
    static ENDE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Ll}{3,}[.!?]\s").expect("pattern"));
    ENDE.find_iter(before).last().map_or(before, |m| &before[m.end()..])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn german_amounts() {
        assert_eq!(parse("6.228,80").unwrap().to_string(), "6228.80");
        assert_eq!(parse("1 234 567,05").unwrap().to_string(), "1234567.05");
        assert_eq!(parse("-12,00").unwrap().to_string(), "-12.00");
    }

    #[test]
    fn sums_that_do_not_add_up_are_doubted() {
        let good = rechnung(&Brief::new("Nettobetrag 100,00\nzzgl. 19 % USt. 19,00\nRechnungsbetrag 119,00", None));
        assert_eq!(good.brutto.unwrap().sicherheit, 0.98);
        let bad = rechnung(&Brief::new("Nettobetrag 100,00\nzzgl. 19 % USt. 19,00\nRechnungsbetrag 118,00", None));
        assert_eq!(bad.brutto.unwrap().sicherheit, 0.7);
    }
}
