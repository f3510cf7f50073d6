// SPDX-License-Identifier: EUPL-1.2
//! The letter as lines: from recognised words with boxes, or from plain text.
//!
//! A line keeps its columns: where words stand far apart (an address left, an information block right), the columns
//! are joined by three blanks, so that a pattern never reads across them. All lines joined by `\n` are the running
//! text; a find is a byte range in it, which [`Brief::place`] turns into page and box.

use std::{ops::Range, sync::LazyLock};

use nachrichten::erkennung::SeitenText;
use regex::Regex;

use crate::{
    absaetze::rejoin,
    reihen::{median_height, rows, width},
};

/// Pages looked at: what a letter says about itself stands at its front.
const MAX_SEITEN: usize = 40;
/// Bytes of running text looked at.
const MAX_BYTES: usize = 400_000;
/// Blanks before a line of a text layer that put it into the right half.
const EINZUG: usize = 30;
/// Between columns of one line.
pub const SPALTE: &str = "   ";

/// One printed line.
#[derive(Clone, Debug, PartialEq)]
pub struct Zeile {
    /// 1-based.
    pub seite: u32,
    /// Columns joined by [`SPALTE`], trimmed.
    pub text: String,
    /// White space stands above this line.
    pub absatz: bool,
    /// The line stands in the right half of the page: part of an information block.
    pub rechts: bool,
    /// Byte offset of the line in the running text.
    pub start: usize,
    woerter: Woerter,
}

impl Zeile {
    /// Columns from left to right.
    pub fn spalten(&self) -> impl Iterator<Item = &str> {
        self.text.split(SPALTE)
    }

    /// The leftmost column: where the address field of a letter stands.
    pub fn links(&self) -> &str {
        self.text.split(SPALTE).next().unwrap_or("")
    }

    /// The line's range in the running text.
    pub fn ort(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The left column's range in the running text.
    pub fn ort_links(&self) -> Range<usize> {
        self.start..self.start + self.links().len()
    }
}

/// Page, box and mean word confidence of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// 1-based.
    pub seite: u32,
    /// `[x0, y0, x1, y1]` in pixels of the page image; none without word boxes.
    pub kasten: Option<[i32; 4]>,
    /// 0..=1; 1 without word boxes.
    pub deutlichkeit: f32,
}

/// A letter ready for the field readers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// All lines with content, in reading order.
    pub zeilen: Vec<Zeile>,
    /// The running text: lines joined by `\n`.
    pub fluss: String,
}

impl Brief {
    /// Takes the words when there are any, else the text.
    pub fn new(text: &str, woerter: Option<&[SeitenText]>) -> Self {
        let mut brief = Self::default();
        match woerter.filter(|seiten| seiten.iter().any(|s| !s.woerter.is_empty())) {
            Some(seiten) => seiten.iter().take(MAX_SEITEN).enumerate().for_each(|(n, s)| brief.add_words(n, s)),
            None => text.split('\u{c}').take(MAX_SEITEN).enumerate().for_each(|(n, s)| brief.add_text(n, s)),
        }
        brief
    }

    fn add_text(&mut self, n: usize, seite: &str) {
        let mut absatz = true;
        for zeile in rejoin(cut(seite)).lines() {
            let spalten: Vec<String> = zeile
                .replace('\t', SPALTE)
                .split(SPALTE)
                .map(|s| s.split_whitespace().collect::<Vec<_>>().join(" "))
                .filter(|s| !s.is_empty())
                .collect();
            if spalten.is_empty() {
                absatz = true;
            } else {
                let rechts = zeile.len() - zeile.trim_start().len() >= EINZUG;
                self.push(n, spalten.join(SPALTE), (absatz, rechts), Vec::new());
                absatz = false;
            }
        }
    }

    /// Pages without word boxes (a text layer between scans) fall back to their text.
    fn add_words(&mut self, n: usize, seite: &SeitenText) {
        if seite.woerter.is_empty() {
            return self.add_text(n, &seite.text);
        }
        let mut last_bottom: Option<f32> = None;
        for reihe in rows(seite) {
            let (mut text, mut boxes) = (String::new(), Vec::with_capacity(reihe.len()));
            let height = median_height(&reihe);
            let mut right: Option<f32> = None;
            for wort in &reihe {
                if let Some(right) = right {
                    text.push_str(if wort.gerade[0] - right > height * 2.5 { SPALTE } else { " " });
                }
                let start = text.len();
                text.extend(wort.wort.text.split_whitespace());
                boxes.push((start..text.len(), wort.wort.kasten, wort.wort.sicherheit));
                right = Some(wort.gerade[2]);
            }
            let top = reihe.iter().map(|w| w.gerade[1]).fold(f32::MAX, f32::min);
            // Far up again: the next column of a newspaper page.
            let absatz = last_bottom.is_none_or(|b| top - b > height || top - b < -8.0 * height);
            last_bottom = Some(reihe.iter().map(|w| w.gerade[3]).fold(f32::MIN, f32::max));
            let rechts = seite.breite > 0 && reihe[0].gerade[0] > 0.45 * width(seite);
            self.push(n, text, (absatz, rechts), boxes);
        }
    }

    fn push(&mut self, n: usize, text: String, (absatz, rechts): (bool, bool), woerter: Woerter) {
        let (text, woerter) = split_at_labels(text, woerter);
        let empty = !text.contains(char::is_alphanumeric);
        if empty || self.fluss.len() + text.len() > MAX_BYTES {
            return;
        }
        let start = self.fluss.len();
        self.fluss.push_str(&text);
        self.fluss.push('\n');
        self.zeilen.push(Zeile { seite: n as u32 + 1, text, absatz, rechts, start, woerter });
    }

    /// Index of the line that holds a byte offset of the running text.
    pub fn line_at(&self, offset: usize) -> Option<usize> {
        self.zeilen.partition_point(|z| z.start <= offset).checked_sub(1)
    }

    /// Where a range is printed. The box covers the words of the range's first page.
    pub fn place(&self, ort: &Range<usize>) -> Option<Place> {
        let first = self.line_at(ort.start)?;
        let seite = self.zeilen[first].seite;
        let (mut kasten, mut sum, mut count): (Option<[i32; 4]>, f32, f32) = (None, 0.0, 0.0);
        for zeile in self.zeilen[first..].iter().take_while(|z| z.start < ort.end && z.seite == seite) {
            for (range, k, sicher) in &zeile.woerter {
                let (a, b) = (zeile.start + range.start, zeile.start + range.end);
                if a < ort.end && b > ort.start {
                    kasten =
                        Some(kasten.map_or(*k, |o| [o[0].min(k[0]), o[1].min(k[1]), o[2].max(k[2]), o[3].max(k[3])]));
                    sum += sicher;
                    count += 1.0;
                }
            }
        }
        Some(Place { seite, kasten, deutlichkeit: if count > 0.0 { sum / count } else { 1.0 } })
    }

    /// Values that stand behind a label, in their column; or, in a DIN 5008 reference line, below the label.
    ///
    /// `wert` is matched at the start of what follows. Each hit: the label as printed and the value's range.
    pub fn labelled(&self, label: &Regex, wert: &Regex) -> Vec<(String, Range<usize>)> {
        let mut hits = Vec::new();
        for (n, zeile) in self.zeilen.iter().enumerate() {
            for (spalte, start) in columns(zeile) {
                for hit in label.find_iter(spalte) {
                    let rest = &spalte[hit.end()..];
                    let skip = rest.len() - rest.trim_start_matches([' ', ':', '.', '=', '#']).len();
                    let at = start + hit.end() + skip;
                    let here = wert.find(&rest[skip..]).filter(|m| m.start() == 0).map(|m| at..at + m.end());
                    let found =
                        here.or_else(|| if rest[skip..].is_empty() { self.beside(n, start, wert) } else { None });
                    let found = found.or_else(|| self.below(n, start, label, wert));
                    if let Some(range) = found {
                        hits.push((hit.as_str().trim().trim_end_matches([':', ' ']).to_owned(), range));
                    }
                }
            }
        }
        hits
    }

    /// The value in the next column of the same line.
    fn beside(&self, n: usize, start: usize, wert: &Regex) -> Option<Range<usize>> {
        let (next, at) = columns(&self.zeilen[n]).find(|(_, s)| *s > start)?;
        wert.find(next).filter(|m| m.start() == 0).map(|m| at..at + m.end())
    }

    /// The value in the same column of the next line, when that line holds nothing but values.
    fn below(&self, n: usize, start: usize, label: &Regex, wert: &Regex) -> Option<Range<usize>> {
        let (zeile, next) = (&self.zeilen[n], self.zeilen.get(n + 1)?);
        if zeile.text.split(SPALTE).count() != next.text.split(SPALTE).count() || label.is_match(&next.text) {
            return None;
        }
        let column = columns(zeile).position(|(_, s)| s == start)?;
        let (text, at) = columns(next).nth(column)?;
        wert.find(text).filter(|m| m.start() == 0 && text.len() - m.end() <= 2).map(|m| at..at + m.end())
    }

    /// The words around a range on up to `before` and `after` bytes, ends at char borders.
    pub fn around(&self, ort: &Range<usize>, before: usize, after: usize) -> (&str, &str) {
        let mut a = ort.start.saturating_sub(before);
        while !self.fluss.is_char_boundary(a) {
            a += 1;
        }
        let mut b = (ort.end + after).min(self.fluss.len());
        while !self.fluss.is_char_boundary(b) {
            b -= 1;
        }
        (&self.fluss[a..ort.start], &self.fluss[ort.end..b])
    }
}

/// Columns with their byte offset in the running text.
pub(crate) fn columns(zeile: &Zeile) -> impl Iterator<Item = (&str, usize)> {
    let base = zeile.text.as_ptr() as usize;
    zeile.spalten().map(move |s| (s, zeile.start + (s.as_ptr() as usize - base)))
}

/// The start of a page, at most [`MAX_BYTES`].
fn cut(seite: &str) -> &str {
    let mut end = seite.len().min(MAX_BYTES);
    while !seite.is_char_boundary(end) {
        end -= 1;
    }
    &seite[..end]
}

/// Labels of an information block; in the middle of a line they start a column even where the blanks were lost.
static MARKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"[^\s:,] ((?:Datum|Aktenzeichen|Kassenzeichen|Auskunft erteilt|Telefon|Telefax|Ihr Zeichen|Unser Zeichen|Mein Zeichen|Rechnungs(?:nummer|datum|-Nr\.)|Kunden(?:nummer|-Nr\.)|Ansprechpartner(?:in)?|Sachbearbeiter(?:in)?|Bearbeiter(?:in)?|E-Mail) ?:)",
    )
    .expect("pattern")
});

type Woerter = Vec<(Range<usize>, [i32; 4], f32)>;

fn split_at_labels(text: String, mut woerter: Woerter) -> (String, Woerter) {
    let starts: Vec<usize> = MARKE.captures_iter(&text).filter_map(|c| c.get(1)).map(|m| m.start()).collect();
    let mut text = text;
    for at in starts.into_iter().rev() {
        text.insert_str(at - 1, &SPALTE[1..]);
        for (range, ..) in woerter.iter_mut().filter(|(r, ..)| r.start >= at) {
            *range = range.start + SPALTE.len() - 1..range.end + SPALTE.len() - 1;
        }
    }
    (text, woerter)
}
