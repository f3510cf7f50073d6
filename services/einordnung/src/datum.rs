// SPDX-License-Identifier: EUPL-1.2
//! Document date: behind a label, as "Ort, den ...", or alone in a line. Dates inside sentences are not taken.

use std::{ops::Range, sync::LazyLock};

use jiff::civil::Date;
use nachrichten::Tag;
use regex::{Captures, Regex};

use crate::{
    fund::{Fund, better},
    zeilen::Brief,
};

/// The date forms of German letters: 23.11.2026, 23.11.26, 23. November 2026, 23. Nov. 2026, 2026-11-23.
pub const FORM: &str = r"(?x:
    (?P<d1>\d{1,2})\s?[.,]\s?(?P<m1>\d{1,2})\s?[.,]\s?(?P<y1>\d{4}|\d{2})\b
  | (?P<d2>\d{1,2})\s?[.,]?\s*(?P<m2>Jan|Jän|Feb|M[äa]r|Maer|Mrz|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)\p{L}*\.?[\s.'’]+(?P<y2>\d{4})\b
  | (?P<y3>\d{4})-(?P<m3>\d{2})-(?P<d3>\d{2})\b )";

static DATUM: LazyLock<Regex> = LazyLock::new(|| Regex::new(&format!(r"(?i)\b{FORM}")).expect("pattern"));
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[\s(/·|,])(?:Datum(?: des Antrag(?:e?s)| des Schreibens)?|(?:Rechnungs|Beleg|Ausstellungs|Brief|Antrags|Schreibens)-?datum|ausgegeben am|Ausgabetag|Ausfertigungsdatum|Rechnung vom|vom Datum)\s*[:.]?\s*$")
        .expect("pattern")
});
static ALLEIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^(?:(?P<ort>\p{{Lu}}[\p{{L}} ./()-]{{1,40}}?)\s?[,.]\s?(?:den|am|im)?\s?|den\s|(?P<tag>Montag|Dienstag|Mittwoch|Donnerstag|Freitag),?\s(?:den\s)?)?{FORM}$"))
        .expect("pattern")
});
/// Lines below these belong to something that is attached or repeated, not to this letter's head.
const KOPF_ZEILEN: usize = 30;

/// All dates of the running text in order, with their ranges.
pub fn all(text: &str) -> impl Iterator<Item = (Date, Range<usize>)> + '_ {
    DATUM.captures_iter(text).filter_map(|c| Some((date(&c)?, c.get(0)?.range())))
}

/// A match of [`FORM`] as a date; nothing for the 31st of February.
pub fn date(c: &Captures<'_>) -> Option<Date> {
    let number = |name: &str| c.name(name).and_then(|m| m.as_str().parse::<i16>().ok());
    let (y, m, d) = if let Some(y) = number("y1") {
        (if y < 100 { 2000 + y } else { y }, number("m1")?, number("d1")?)
    } else if let Some(y) = number("y2") {
        (y, month(c.name("m2")?.as_str())?, number("d2")?)
    } else {
        (number("y3")?, number("m3")?, number("d3")?)
    };
    if !(1900..=2200).contains(&y) {
        return None;
    }
    Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()
}

fn month(name: &str) -> Option<i16> {
    let key: String = name.to_lowercase().chars().take(3).map(|c| if c == 'ä' { 'a' } else { c }).collect();
    let names = ["jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"];
    let key = if key == "mae" || key == "mrz" { "mar" } else { &key };
    names.iter().position(|n| *n == key).map(|n| n as i16 + 1)
}

/// Finds the document's date. Dates after `zugang` lose confidence: a letter is written before it arrives.
pub fn find(brief: &Brief, zugang: Tag) -> Option<Fund> {
    let mut best = None;
    for (tag, ort) in all(&brief.fluss) {
        let Some(n) = brief.line_at(ort.start) else {
            continue;
        };
        let zeile = &brief.zeilen[n];
        let before = &brief.fluss[zeile.start..ort.start];
        let printed = &brief.fluss[ort.clone()];
        let spalte = zeile.spalten().find(|s| s.contains(printed)).unwrap_or("").trim();
        let head = n < KOPF_ZEILEN && zeile.seite == 1;
        let alone = ALLEIN.captures(spalte.trim_end_matches('.'));
        let (mut sure, grund) = if LABEL.is_match(before) {
            let label = before.trim_end_matches([' ', ':']).rsplit("  ").next().unwrap_or("").trim();
            (if head { 0.96 } else { 0.85 }, format!("steht hinter „{}“", short(label)))
        } else if label_above(brief, n, ort.start) {
            (0.9, "steht unter „Datum“".to_owned())
        } else if let Some(c) = alone {
            let with_place = c.name("ort").is_some();
            (
                if with_place { 0.9 } else { 0.78 } - if head { 0.0 } else { 0.1 },
                format!("steht als „{}“ allein in der Zeile", spalte),
            )
        } else {
            continue;
        };
        if tag > zugang.0 {
            sure *= 0.6;
        }
        best = better(best, Fund::new(Tag(tag).to_string(), sure, grund, ort));
    }
    best
}

/// DIN 5008 reference line: "Datum" is the last column of the line above.
fn label_above(brief: &Brief, n: usize, offset: usize) -> bool {
    let Some(above) = n.checked_sub(1).map(|n| &brief.zeilen[n]) else {
        return false;
    };
    let column = brief.fluss[brief.zeilen[n].start..offset].matches(crate::zeilen::SPALTE).count();
    above.text.contains(crate::zeilen::SPALTE)
        && above.spalten().nth(column).is_some_and(|s| s.trim_end_matches(':').trim().eq_ignore_ascii_case("datum"))
}

fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words[words.len().saturating_sub(3)..].join(" ")
}
