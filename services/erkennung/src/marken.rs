// SPDX-License-Identifier: EUPL-1.2
//! Marks on a page: QR and Code128 (rxing), patch codes (own detector).

use std::collections::HashSet;

use nachrichten::erkennung::Trennblatt;
use rxing::common::HybridBinarizer;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, MultiFormatReader, Reader};
use serde::{Deserialize, Serialize};
use service_ocr_engine::grey::Grey;

/// A mark found on a page; the box is in pixels of the image it was looked for in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marke {
    /// `QR_CODE`, `CODE_128` or `PATCH_T`.
    pub format: String,
    /// Content.
    pub text: String,
    /// `[x0, y0, x1, y1]`.
    #[serde(rename = "box")]
    pub kasten: [i32; 4],
}

/// Longest content that is looked at, in characters.
const MAX_TEXT: usize = 400;

impl Marke {
    /// The mark in an image that is `factor` times as large.
    pub fn scaled(mut self, factor: u32) -> Self {
        self.kasten = self.kasten.map(|v| v.saturating_mul(factor as i32));
        self
    }
}

/// The QR code of a page, if it has one.
///
/// * `grey` - at 100 to 200 dpi; finer images only cost time.
pub fn qr(grey: &Grey) -> Option<Marke> {
    // rxing called a small QR code "micro"; for us both are QR.
    let formats = [BarcodeFormat::QR_CODE, BarcodeFormat::MICRO_QR_CODE];
    read(grey.data.clone(), grey.width, grey.height, &formats, "QR_CODE")
}

/// The Code128 of a page, upright or lying, if it has one.
///
/// * `grey` - at full resolution: narrow bars are two or three pixels wide.
///
/// Only bands that look like bars are handed to the decoder, at most `CANDIDATES` of them.
pub fn code128(grey: &Grey) -> Option<Marke> {
    bar_band(grey, false).or_else(|| bar_band(grey, true))
}

/// Height of the band that must show the same bars, in pixels.
const BAND: usize = 48;
/// Edges that run straight through a band; a Code128 of one character has 25, writing hardly ever.
const EDGES: usize = 25;
/// Bands tried by the decoder before a page counts as one without a code.
const CANDIDATES: usize = 4;

fn bar_band(grey: &Grey, lying: bool) -> Option<Marke> {
    let width = grey.width as usize;
    let (along, across) = if lying { (grey.height as usize, width) } else { (width, grey.height as usize) };
    let at = |a: usize, c: usize| {
        if lying { grey.data[a * width + c] } else { grey.data[c * width + a] }
    };
    // Edges from paper to ink on one line.
    let edges = |c: usize| (1..along).filter(|a| at(a - 1, c) >= 128 && at(*a, c) < 128).collect::<Vec<_>>();
    let mut tried = 0;
    for c in (0..across.saturating_sub(BAND + 1)).step_by(BAND / 2) {
        let first = edges(c);
        if first.len() < EDGES / 2 {
            continue;
        }
        let others = [edges(c + BAND / 3), edges(c + 2 * BAND / 3), edges(c + BAND)];
        let straight = first.iter().filter(|a| others.iter().all(|line| near(line, **a))).count();
        if straight < EDGES / 2 || straight * 2 < first.len() {
            continue;
        }
        tried += 1;
        let band = c.saturating_sub(BAND / 2)..(c + 2 * BAND).min(across);
        let data: Vec<u8> = band.clone().flat_map(|c| (0..along).map(move |a| (a, c))).map(|(a, c)| at(a, c)).collect();
        let found = read(data, along as u32, band.len() as u32, &[BarcodeFormat::CODE_128], "CODE_128");
        if let Some(mut mark) = found {
            let [a0, c0, a1, c1] = mark.kasten;
            let (c0, c1) = (c0 + band.start as i32, c1 + band.start as i32);
            mark.kasten = if lying { [c0, a0, c1, a1] } else { [a0, c0, a1, c1] };
            return Some(mark);
        }
        if tried >= CANDIDATES {
            return None;
        }
    }
    None
}

/// Whether a sorted line has an edge within two pixels of `a`: a skewed scan moves it a little.
fn near(line: &[usize], a: usize) -> bool {
    let at = line.partition_point(|v| *v + 2 < a);
    line.get(at).is_some_and(|v| *v <= a + 2)
}

fn read(data: Vec<u8>, width: u32, height: u32, formats: &[BarcodeFormat], name: &str) -> Option<Marke> {
    let hints = DecodeHints {
        PossibleFormats: Some(formats.iter().copied().collect::<HashSet<_>>()),
        TryHarder: Some(true),
        ..DecodeHints::default()
    };
    let source = Luma8LuminanceSource::new(data, width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let found = MultiFormatReader::default().decode_with_hints(&mut bitmap, &hints).ok()?;
    let limit = |v: f32, max: u32| (v.round() as i32).clamp(0, max as i32);
    let x = found.getPoints().iter().map(|p| limit(p.x, width));
    let y = found.getPoints().iter().map(|p| limit(p.y, height));
    let kasten =
        [x.clone().min().unwrap_or(0), y.clone().min().unwrap_or(0), x.max().unwrap_or(0), y.max().unwrap_or(0)];
    let text: String = found.getText().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    Some(Marke { format: name.into(), text, kasten })
}

/// The separator sheet a mark stands for, if it is one. Other marks are content of the page.
pub fn separator(mark: &Marke) -> Option<Trennblatt> {
    let text = mark.text.trim();
    if let Some(sheet) = Trennblatt::parse(text) {
        return Some(sheet);
    }
    let bare = ["EAKTE-TRENNBLATT", "TRENNBLATT", "PATCHT", "PATCH T"].contains(&text);
    // Sheets of the form SEP|CLASS|NUMBER cut; what their class means is the scan profile's business.
    (bare || text.starts_with("SEP|") || mark.format.starts_with("PATCH_")).then(Trennblatt::default)
}

/// Bar widths of the six patch codes, wide = true.
const PATCHES: &[(&str, [bool; 4])] = &[
    ("1", [true, true, false, false]),
    ("2", [true, false, false, true]),
    ("3", [true, false, true, false]),
    ("4", [false, true, true, false]),
    ("6", [false, false, true, true]),
    ("T", [false, true, false, true]),
];

/// A patch code: four parallel bars across at least an inch, wide 0.2", narrow and gaps 0.08".
///
/// * `grey` - at 100 to 200 dpi.
/// * Result - the code's name. T read upside down is 3 and the other way round, so both count as T.
pub fn patch(grey: &Grey, dpi: u32) -> Option<Marke> {
    bars(grey, dpi, false).or_else(|| bars(grey, dpi, true)).map(|(name, kasten)| {
        let name = if name == "3" { "T" } else { name };
        Marke { format: format!("PATCH_{name}"), text: format!("PATCH {name}"), kasten }
    })
}

fn bars(grey: &Grey, dpi: u32, columns: bool) -> Option<(&'static str, [i32; 4])> {
    let (along, across) = if columns { (grey.height, grey.width) } else { (grey.width, grey.height) };
    let pixel = |a: usize, c: usize| {
        let (x, y) = if columns { (c, a) } else { (a, c) };
        grey.data[y * grey.width as usize + x]
    };
    const STEP: usize = 3;
    let needed = (dpi as usize * 6 / 10 / STEP).max(8);
    // Consecutive scan lines with the same code near the same place.
    let (mut run, mut last): (usize, Option<(&'static str, usize)>) = (0, None);
    let mut line = Vec::with_capacity(along as usize);
    for c in (0..across as usize).step_by(STEP) {
        line.clear();
        line.extend((0..along as usize).map(|a| pixel(a, c) < 128));
        let found = code_in(&line, dpi);
        match (found, last) {
            (Some((name, at)), Some((before, place))) if name == before && at.abs_diff(place) < dpi as usize / 12 => {
                run += 1;
                last = Some((name, at));
                if run >= needed {
                    let (c, a) = (c as i32, at as i32);
                    let (first, width) = (c - (run * STEP) as i32, dpi as i32);
                    return Some((name, if columns { [first, a, c, a + width] } else { [a, first, a + width, c] }));
                }
            }
            (Some(found), _) => (run, last) = (1, Some(found)),
            (None, _) => (run, last) = (0, None),
        }
    }
    None
}

/// The first patch code on one scan line: its name and where it begins.
fn code_in(line: &[bool], dpi: u32) -> Option<(&'static str, usize)> {
    let unit = dpi as f32 * 0.08;
    let width = |n: usize| match n as f32 / unit {
        w if (0.6..=1.5).contains(&w) => Some(false),
        w if (1.9..=3.2).contains(&w) => Some(true),
        _ => None,
    };
    let mut runs: Vec<(bool, usize, usize)> = Vec::new();
    for (i, black) in line.iter().enumerate() {
        match runs.last_mut() {
            Some((color, _, n)) if color == black => *n += 1,
            _ => runs.push((*black, i, 1)),
        }
    }
    for window in runs.windows(7) {
        if !window[0].0 {
            continue;
        }
        let gaps = window.iter().skip(1).step_by(2).all(|(_, _, n)| width(*n) == Some(false));
        let bars: Vec<_> = window.iter().step_by(2).map(|(_, _, n)| width(*n)).collect();
        if let (true, [Some(a), Some(b), Some(c), Some(d)]) = (gaps, bars.as_slice())
            && let Some((name, _)) = PATCHES.iter().find(|(_, code)| *code == [*a, *b, *c, *d])
        {
            return Some((name, window[0].1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sheet(code: [bool; 4], lying: bool) -> Grey {
        let (width, height) = (1240usize, 1754usize);
        let mut page = Grey { width: width as u32, height: height as u32, data: vec![250; width * height] };
        let mut at = 300;
        for wide in code {
            let bar = if wide { 30 } else { 12 };
            for a in at..at + bar {
                for c in 400..700 {
                    let (x, y) = if lying { (c, a) } else { (a, c) };
                    page.data[y * width + x] = 10;
                }
            }
            at += bar + 12;
        }
        page
    }

    #[test]
    fn all_six_patch_codes_are_read_upright_and_lying() {
        for (name, code) in PATCHES {
            let expected = if *name == "3" { "T" } else { name };
            for lying in [false, true] {
                let mark = patch(&sheet(*code, lying), 150).unwrap_or_else(|| panic!("{name} {lying}"));
                assert_eq!(mark.text, format!("PATCH {expected}"));
                assert!(separator(&mark).is_some());
            }
        }
    }

    #[test]
    fn four_even_bars_or_a_short_bar_are_no_patch() {
        assert_eq!(patch(&sheet([false; 4], false), 150), None);
        let mut short = sheet(PATCHES[5].1, false);
        short.data[450 * 1240..].fill(250);
        assert_eq!(patch(&short, 150), None);
    }

    #[test]
    fn sheets_carry_their_fields_and_other_marks_are_content() {
        let mark = |text: &str| Marke { format: "QR_CODE".into(), text: text.into(), kasten: [0; 4] };
        let sheet = separator(&mark("EAKTE:TRENNBLATT;amt=66;art=rechnung;az=66.1-12/26;zugang=2026-11-20")).unwrap();
        assert_eq!(sheet.amt.as_deref(), Some("66"));
        assert_eq!(sheet.dokumentart.as_deref(), Some("rechnung"));
        assert_eq!(sheet.aktenzeichen.as_deref(), Some("66.1-12/26"));
        assert_eq!(sheet.zugang, "2026-11-20".parse().ok());
        assert_eq!(separator(&mark("EAKTE:TRENNBLATT")), Some(Trennblatt::default()));
        assert_eq!(separator(&mark("SEP|RECHNUNG|60041")), Some(Trennblatt::default()));
        assert_eq!(separator(&mark("PATCHT")), Some(Trennblatt::default()));
        assert_eq!(separator(&mark("https://example.org/SEP|")), None);
        assert_eq!(separator(&mark("BCD\n002\n1\nSCT")), None);
    }
}
