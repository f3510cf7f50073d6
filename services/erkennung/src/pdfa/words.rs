// SPDX-License-Identifier: EUPL-1.2
//! The content of a page: the image, then the words in text mode 3 (invisible) on their boxes.

use std::fmt::Write;

use nachrichten::erkennung::{SeitenText, Wort};

use super::Size;
use super::font::{ADVANCE, Codes};

/// Share of a line's height that lies below the base line.
const DESCENT: f32 = 0.2;

/// Skews below this stay, in degrees: over a line they move the text by less than its height.
const MIN_SKEW: f32 = 0.35;

/// Where the image and the words of one page lie. A skewed scan is shown straight: its bytes stay as they
/// are, only the matrix it is drawn with turns it, and the page grows so that no corner is cut off.
pub struct Sheet {
    /// Page size in points.
    pub width: f32,
    pub height: f32,
    image: Size,
    /// Counterclockwise turn of image and words, in radians.
    angle: f32,
    turn: u16,
}

impl Sheet {
    pub fn of(image: Size, text: Option<&SeitenText>) -> Self {
        let skew = text.map_or(0.0, |t| t.schiefe);
        let angle = if (MIN_SKEW..=15.0).contains(&skew.abs()) { skew.to_radians() } else { 0.0 };
        let (sin, cos) = (angle.sin().abs(), angle.cos());
        let round = |v: f32| (v * 100.0).round() / 100.0;
        let width = round(image.width * cos + image.height * sin);
        let height = round(image.width * sin + image.height * cos);
        Self { width, height, image, angle, turn: text.map_or(0, |t| t.drehung) }
    }

    /// The matrix that puts the unit square of the image on the page.
    fn image_matrix(&self) -> String {
        let (sin, cos) = self.angle.sin_cos();
        let (w, h) = (self.image.width, self.image.height);
        let (a, b, c, d) = (w * cos, w * sin, -h * sin, h * cos);
        let (e, f) = (self.width / 2.0 - (a + c) / 2.0, self.height / 2.0 - (b + d) / 2.0);
        [a, b, c, d, e, f].map(number).join(" ")
    }

    /// A word's box on the page in points, y pointing down, straightened.
    fn word(&self, kasten: [i32; 4]) -> [f32; 4] {
        let [x0, y0, x1, y1] = kasten.map(|v| v as f32);
        let (x0, x1) = (x0 * self.image.scale.0, x1 * self.image.scale.0);
        let (y0, y1) = (y0 * self.image.scale.1, y1 * self.image.scale.1);
        let (sin, cos) = self.angle.sin_cos();
        let (dx, dy) = ((x0 + x1 - self.image.width) / 2.0, (self.image.height - y0 - y1) / 2.0);
        let (cx, cy) = (self.width / 2.0 + dx * cos - dy * sin, self.height / 2.0 - dx * sin - dy * cos);
        // The box encloses a slanted word; this is the word's own width and height.
        let (w, h) = (x1 - x0, y1 - y0);
        let (slant, double) = (sin.abs(), cos * cos - sin * sin);
        let (w, h) = (((w * cos - h * slant) / double).max(0.3 * w), ((h * cos - w * slant) / double).max(0.3 * h));
        [cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0]
    }
}

/// Drawing instructions of one page.
pub fn content(text: Option<&SeitenText>, sheet: &Sheet, codes: &Codes) -> Vec<u8> {
    let mut out = format!("q {} cm /B Do Q\n", sheet.image_matrix());
    let words = text.map(|t| t.woerter.as_slice()).unwrap_or_default();
    if !words.is_empty() {
        out.push_str("BT 3 Tr\n");
        for line in words.chunk_by(|a, b| a.zeile == b.zeile) {
            write_line(line, sheet, codes, &mut out);
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

fn write_line(line: &[Wort], sheet: &Sheet, codes: &Codes, out: &mut String) {
    let strips: Vec<Strip> = line.iter().map(|word| strip(word, sheet)).collect();
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
        let [a, b, c, d] = direction(sheet.turn);
        let (x, y) = place(strip.start, base, sheet);
        let _ = write!(out, "{} Tz {a} {b} {c} {d} {} {} Tm <", number(stretch), number(x), number(y));
        for byte in encoded.iter().chain(&codes.encode(" ")) {
            let _ = write!(out, "{byte:02X}");
        }
        out.push_str("> Tj\n");
    }
}

/// The word's box as the reader of the turned page sees it.
fn strip(word: &Wort, sheet: &Sheet) -> Strip {
    let [x0, y0, x1, y1] = sheet.word(word.kasten);
    let (w, h) = ((x1 - x0).max(0.1), (y1 - y0).max(0.1));
    match sheet.turn {
        90 => Strip { start: sheet.height - y1, length: h, bottom: x1, height: w },
        180 => Strip { start: sheet.width - x1, length: w, bottom: sheet.height - y0, height: h },
        270 => Strip { start: y0, length: h, bottom: sheet.width - x0, height: w },
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
fn place(along: f32, down: f32, sheet: &Sheet) -> (f32, f32) {
    match sheet.turn {
        90 => (down, along),
        180 => (sheet.width - along, down),
        270 => (sheet.width - down, sheet.height - along),
        _ => (along, sheet.height - down),
    }
}

/// At most two decimals, no exponent.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(schiefe: f32) -> Sheet {
        let text = SeitenText { schiefe, ..SeitenText::default() };
        Sheet::of(Size { width: 600.0, height: 800.0, scale: (0.24, 0.24) }, Some(&text))
    }

    #[test]
    fn a_straight_page_keeps_size_and_boxes() {
        let sheet = sheet(0.2);
        assert_eq!((sheet.width, sheet.height), (600.0, 800.0));
        assert_eq!(sheet.image_matrix(), "600 0 0 800 0 0");
        let [x0, y0, x1, y1] = sheet.word([100, 200, 300, 240]);
        assert!(
            (x0 - 24.0).abs() < 0.01
                && (y0 - 48.0).abs() < 0.01
                && (x1 - 72.0).abs() < 0.01
                && (y1 - 57.6).abs() < 0.01
        );
    }

    #[test]
    fn a_line_that_falls_to_the_right_becomes_level() {
        // 2 degrees clockwise: 1000 pixels further right the same line lies 35 pixels lower.
        let sheet = sheet(2.0);
        assert!(sheet.width > 600.0 && sheet.height > 800.0);
        let ([_, _, _, left], [_, _, _, right]) =
            (sheet.word([200, 500, 300, 544]), sheet.word([1200, 535, 1300, 579]));
        assert!((left - right).abs() < 0.3, "{left} {right}");
    }
}
