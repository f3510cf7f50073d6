// SPDX-License-Identifier: EUPL-1.2
//! Subject: the line above the salutation (DIN 5008), a `Betreff:` line, or a title at the top of a form.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    arten::{BELEGE, Ort},
    fund::Fund,
    zeilen::{Brief, Zeile},
};

static ANREDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?i:Sehr\s+g[eo]ehrte|Guten Tag|Guten Morgen|Liebe[rs]? \p{L}|Hallo\b|Werte[rs]? \p{L}|Hochverehrte)")
        .expect("pattern")
});
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?i)Betr(?:eff|\.|ifft)?\s*:\s*").expect("pattern"));
/// Lines between subject and salutation, or above the subject, that are never a subject.
static NEBEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)^(?:
        (?:Ihre?|Unsere?|Meine?)\s(?:Zeichen|Nachricht|Az|Schreiben\svom|Ref)
        |Aktenzeichen|Az\.?[\s:]|Gesch(?:ä|a)ftszeichen|Kassenzeichen|Kunden|Vertrags?nummer|Bestell|Lieferschein
        |Datum|Rechnungs-?(?:nummer|nr|datum)|Telefon|Tel\.|Fax|Telefax|E-?Mail|Mobil|Internet|www\.|Auskunft\serteilt|Ansprechpartner
        |Sachbearbeiter|Bearbeiter|Zimmer|Durchwahl|Anlagen?\b|Seite\s\d|Kopie|per\s(?:E-?Mail|Fax|Post)|Vorab\sper|USt-?Id|Steuernummer|St\.-?Nr
        |\d{5}\s\p{Lu}
        |(?:[\p{L}\x20.()/-]{2,40},\s?)?(?:den\s)?\d{1,2}\.\s?(?:\d{1,2}\.|\p{L}+\.?)\s?\d{4}$
        )",
    )
    .expect("pattern")
});
/// A title cannot end with one of these: it goes on in the next line.
static WEITER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:mit|und|oder|der|die|das|des|dem|den|für|über|zum|zur|von|vom|im|in|an|am|auf|gegen|nach|wegen|bei|sowie|als|Nr\.)|[,:–-])$")
        .expect("pattern")
});
const MAX_ZEILEN: usize = 45;

/// Finds the subject on the first page.
pub fn find(brief: &Brief) -> Option<Fund> {
    let seite: Vec<&Zeile> = brief.zeilen.iter().take_while(|z| z.seite == 1).take(MAX_ZEILEN).collect();
    labelled(&seite).or_else(|| above_salutation(&seite)).or_else(|| title(&seite))
}

/// An invoice whose subject is only the word gets its number, so that lists can tell them apart.
pub fn mit_nummer(betreff: Option<Fund>, ist_rechnung: bool, nummer: Option<&Fund>) -> Option<Fund> {
    let mut betreff = betreff?;
    if let (true, Some(nummer)) = (ist_rechnung, nummer)
        && !betreff.wert.contains(char::is_whitespace)
        && betreff.wert.to_lowercase().contains("rechnung")
    {
        betreff.wert = format!("{} {}", betreff.wert, nummer.wert);
        betreff.grund.push_str(", Nummer aus der Rechnung ergänzt");
    }
    Some(betreff)
}

fn labelled(seite: &[&Zeile]) -> Option<Fund> {
    seite.iter().enumerate().find_map(|(n, zeile)| {
        let label = LABEL.find(zeile.links())?;
        let rest = zeile.links()[label.end()..].trim();
        if rest.is_empty() {
            let next = seite.get(n + 1)?;
            return Some(Fund::new(next.links(), 0.9, "steht unter „Betreff“", next.ort_links()));
        }
        let (more, end) = continued(seite, n, rest);
        Some(Fund::new(format!("{rest}{more}"), 0.97, "steht hinter „Betreff“", zeile.start + label.end()..end))
    })
}

fn above_salutation(seite: &[&Zeile]) -> Option<Fund> {
    let anrede = seite.iter().position(|z| ANREDE.is_match(z.links()))?;
    let mut n = anrede.checked_sub(1)?;
    while NEBEN.is_match(seite[n].links()) {
        n = n.checked_sub(1)?;
    }
    // A stamp may stand between the two: a heading close above goes first.
    let heading =
        (n.saturating_sub(3)..=n).rev().find(|i| names_a_type(seite[*i].links()) && !NEBEN.is_match(seite[*i].links()));
    let gaps = seite.iter().skip(1).any(|z| z.absatz);
    let whole = |h: &usize| !seite[*h].links().contains(' ') || !gaps || seite[h + 1..=n].iter().any(|z| z.absatz);
    if let Some(heading) = heading.filter(whole) {
        n = heading;
    }
    // An address right above the salutation is no subject.
    if is_address(seite, n) {
        return None;
    }
    let mut first = n;
    for _ in 0..2 {
        let Some(above) = first.checked_sub(1) else {
            break;
        };
        let goes_on = WEITER.is_match(seite[above].links())
            || seite[first].links().starts_with(|c: char| c.is_lowercase() || matches!(c, '„' | '"' | '(' | '–'));
        // Where white space is known, a subject is the paragraph above the salutation.
        let goes_on = goes_on || gaps && !seite[first].absatz;
        if !goes_on || NEBEN.is_match(seite[above].links()) {
            break;
        }
        first = above;
    }
    let text = seite[first..=n].iter().map(|z| z.links()).collect::<Vec<_>>().join(" ");
    let (more, end) = continued(seite, n, &text);
    let text = text + &more;
    // Specks left of a heading are read as dots and dashes.
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '„' | '"' | '(' | '§'));
    let text = text.trim_end_matches([' ', '.', '_', '-']);
    if !plausible(text) {
        return None;
    }
    Some(Fund::new(quotes(text), 0.9, "steht als Betreff über der Anrede", seite[first].start..end))
}

/// Without salutation: the first line at the top that starts with a word that names a document type, or else a
/// typical heading.
fn title(seite: &[&Zeile]) -> Option<Fund> {
    let end = seite.iter().position(|z| ANREDE.is_match(z.links())).unwrap_or(seite.len());
    let n = seite.iter().take(end.min(30)).position(|z| {
        let klein = z.links().to_lowercase();
        names_a_type(z.links())
            || [
                "antrag ",
                "satzung ",
                "mahnung",
                "zahlungserinnerung",
                "angebot",
                "auftrag",
                "einladung",
                "lieferschein",
                "vollmacht",
                "kündigung",
            ]
            .iter()
            .any(|w| klein.starts_with(w))
    })?;
    // "Rechnungsnummer: 12" starts with a title word but is a label.
    let zeile = seite[n];
    if NEBEN.is_match(zeile.links()) {
        return title(&seite[n + 1..]);
    }
    let (more, end) = continued(seite, n, zeile.links());
    Some(Fund::new(
        quotes(&format!("{}{more}", zeile.links())),
        0.85,
        "steht als Überschrift im Kopf",
        zeile.start..end,
    ))
}

/// A straight closing quote behind an opening German one becomes a German one.
fn quotes(text: &str) -> String {
    match text.split_once('„') {
        Some((before, rest)) if !rest.contains('“') => {
            format!("{before}„{}", rest.replacen('"', "“", 1))
        }
        _ => text.to_owned(),
    }
}

fn names_a_type(zeile: &str) -> bool {
    let klein = zeile.to_lowercase();
    BELEGE.iter().any(|b| b.ort == Ort::Titel && klein.starts_with(b.wort))
}

/// Up to two more lines of a wrapped subject, and where it ends.
fn continued(seite: &[&Zeile], n: usize, text: &str) -> (String, usize) {
    let (mut more, mut end, mut last) = (String::new(), seite[n].ort_links().end, text.to_owned());
    for zeile in seite.iter().skip(n + 1).take(2) {
        let goes_on = WEITER.is_match(&last)
            || zeile.links().starts_with(|c: char| c.is_lowercase() || matches!(c, '„' | '"' | '–'));
        if !goes_on || NEBEN.is_match(zeile.links()) || ANREDE.is_match(zeile.links()) {
            break;
        }
        last = zeile.links().to_owned();
        more.push(' ');
        more.push_str(&last);
        end = zeile.ort_links().end;
    }
    (more, end)
}

fn is_address(seite: &[&Zeile], n: usize) -> bool {
    n + 1 < seite.len() && seite[n + 1].links().get(..5).is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
}

/// At least four letters, not longer than a subject can be.
fn plausible(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 4 && text.len() <= 300
}
