// SPDX-License-Identifier: EUPL-1.2
//! Due date: "bis zum ...", "fällig am ...", or a number of days counted from the document's date.

use std::sync::LazyLock;

use jiff::civil::Date;
use nachrichten::Tag;
use regex::Regex;

use crate::{datum, fund::Fund, zeilen::Brief};

static DAVOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:bis(?:\s+(?:spätestens|einschließlich))?(?:\s+zum)?|spätestens(?:\s+(?:am|zum|bis zum))?|fällig(?:\s+(?:am|zum|bis(?:\s+zum)?))?|Fälligkeit(?:sdatum|stermin)?|Zahlungsziel|Zahlungstermin|zahlbar\s+(?:bis|zum)(?:\s+zum)?|zu zahlen bis|Zahlbar bis)\s*:?\s*$")
        .expect("pattern")
});
static ZAHLUNG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)überweis|zahl(?:en|bar|ung|ungsziel)|fällig|begleichen|einzahl|Betrag").expect("pattern")
});
static SKONTO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)skonto").expect("pattern"));
static TAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:zahlbar|Zahlung|Zahlungsziel|überweisen|Zahlungsbedingungen?)[^.\n]{0,60}?\b(\d{1,3})\s*(?:Kalendert|T)agen?\b([^.\n]{0,40})")
        .expect("pattern")
});

/// Finds the day until which money is due.
pub fn find(brief: &Brief, datum: Option<&Fund>, ist_rechnung: bool) -> Option<Fund> {
    printed(brief, ist_rechnung).or_else(|| if ist_rechnung { counted(brief, datum?) } else { None })
}

fn printed(brief: &Brief, ist_rechnung: bool) -> Option<Fund> {
    let mut fallback = None;
    for (tag, ort) in datum::all(&brief.fluss) {
        let (before, after) = brief.around(&ort, 160, 100);
        let Some(words) = DAVOR.find(before) else {
            continue;
        };
        let sentence = before[..words.start()].rsplit(['.', '!']).next().unwrap_or("");
        // "vom 1.1. bis 31.1." is a period, not a term.
        if datum::all(sentence).last().is_some_and(|(_, r)| sentence[r.end..].trim().is_empty()) {
            continue;
        }
        let label = words.as_str().to_lowercase();
        let pays = label.contains("fällig")
            || label.contains("zahl")
            || ZAHLUNG.is_match(sentence)
            || ZAHLUNG.is_match(clause(after));
        if !pays {
            continue;
        }
        let skonto = SKONTO.is_match(sentence) || SKONTO.is_match(clause(after));
        let sure = if skonto {
            0.4
        } else if ist_rechnung {
            0.93
        } else {
            0.8
        };
        let fund = Fund::new(
            Tag(tag).to_string(),
            sure,
            format!("steht hinter „{}“", words.as_str().trim().trim_end_matches(':')),
            ort,
        );
        if !skonto {
            return Some(fund);
        }
        fallback.get_or_insert(fund);
    }
    fallback
}

/// "zahlbar innerhalb von 30 Tagen": counted from the document's date; the longest term without Skonto counts.
fn counted(brief: &Brief, datum: &Fund) -> Option<Fund> {
    let start: Date = datum.wert.parse().ok()?;
    let (days, ort) = TAGE
        .captures_iter(&brief.fluss)
        .filter(|c| !SKONTO.is_match(&c[2]))
        .filter_map(|c| Some((c[1].parse::<i32>().ok()?, c.get(0)?.range())))
        .filter(|(days, _)| (1..=180).contains(days))
        .max_by_key(|(days, _)| *days)?;
    let due = Tag(start).plus_tage(days);
    Some(Fund::new(due.to_string(), 0.7 * datum.sicherheit, format!("{days} Tage nach dem Datum des Schreibens"), ort))
}

fn clause(after: &str) -> &str {
    after.split(['.', '\n']).next().unwrap_or("")
}
