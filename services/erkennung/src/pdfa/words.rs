// SPDX-License-Identifier: EUPL-1.2
//! The content of a page: the image, then the words in text mode 3 (invisible) on their boxes.

use std::fmt::Write;

use nachrichten::erkennung::{SeitenText, Wort};

use super::Size;
use super::font::{ADVANCE, Codes};

/// Share of a line's height that lies below the base line.
const DESCENT: f32 = 0.2;

/// Drawing instructions of one page.
pub fn content(text: Option<&SeitenText>, size: &Size, codes: &Codes) -> Vec<u8> {
    let mut out = format!("q {} 0 0 {} 0 0 cm /B Do Q\n", number(size.width), number(size.height));
    let words = text.map(|t| t.woerter.as_slice()).unwrap_or_default();
    if !words.is_empty() {
        out.push_str("BT 3 Tr\n");
        let turn = text.map_or(0, |t| t.drehung);
        for line in words.chunk_by(|a, b| a.zeile == b.zeile) {
            write_line(line, turn, size, codes, &mut out);
        }
        out.push_str("ET\n");
    }
    out.into_bytes()
}

/// A word seen along its reading direction, in points.
struct Strip {
    /// Start along the line and length.
    start: f32,
    length: f32,
    /// Distance of the lower edge from the page's reading top.
    bottom: f32,
    height: f32,
}

fn write_line(line: &[Wort], turn: u16, size: &Size, codes: &Codes, out: &mut String) {
    let strips: Vec<Strip> = line.iter().map(|word| strip(word, turn, size)).collect();
    let height = strips.iter().map(|s| s.height).fold(1.0, f32::max);
    // Words without descenders sit higher; on a level line all share the lowest edge.
    let lowest = strips.iter().map(|s| s.bottom).fold(f32::MIN, f32::max);
    let mut current = 0.0;
    for (word, strip) in line.iter().zip(&strips) {
        let encoded = codes.encode(&word.text);
        let letters = encoded.len() / 2;
        if letters == 0 {
            continue;
        }
        let bottom = if lowest - strip.bottom < 0.45 * height { lowest } else { strip.bottom };
        let base = bottom - DESCENT * height;
        let natural = letters as f32 * height * f32::from(ADVANCE) / 1000.0;
        let stretch = (strip.length / natural * 100.0).clamp(1.0, 1000.0);
        if current != height {
            let _ = writeln!(out, "/F {} Tf", number(height));
            current = height;
        }
        let [a, b, c, d] = direction(turn);
        let (x, y) = place(strip.start, base, turn, size);
        let _ = write!(out, "{} Tz {a} {b} {c} {d} {} {} Tm <", number(stretch), number(x), number(y));
        for byte in encoded.iter().chain(&codes.encode(" ")) {
            let _ = write!(out, "{byte:02X}");
        }
        out.push_str("> Tj\n");
    }
}

/// The word's box as the reader of the turned page sees it.
fn strip(word: &Wort, turn: u16, size: &Size) -> Strip {
    let [x0, y0, x1, y1] = word.kasten.map(|v| v as f32);
    let (x0, x1) = (x0 * size.scale.0, x1 * size.scale.0);
    let (y0, y1) = (y0 * size.scale.1, y1 * size.scale.1);
    let (w, h) = ((x1 - x0).max(0.1), (y1 - y0).max(0.1));
    match turn {
        90 => Strip { start: size.height - y1, length: h, bottom: x1, height: w },
        180 => Strip { start: size.width - x1, length: w, bottom: size.height - y0, height: h },
        270 => Strip { start: y0, length: h, bottom: size.width - x0, height: w },
        _ => Strip { start: x0, length: w, bottom: y1, height: h },
    }
}

/// Text matrix of the reading direction on the unturned page.
fn direction(turn: u16) -> [i8; 4] {
    match turn {
        90 => [0, 1, -1, 0],
        180 => [-1, 0, 0, -1],
        270 => [0, -1, 1, 0],
        _ => [1, 0, 0, 1],
    }
}

/// From the reader's view (right, down) to the page's coordinates (right, up).
fn place(along: f32, down: f32, turn: u16, size: &Size) -> (f32, f32) {
    match turn {
        90 => (down, along),
        180 => (size.width - along, down),
        270 => (size.width - down, size.height - along),
        _ => (along, size.height - down),
    }
}

/// At most two decimals, no exponent.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
