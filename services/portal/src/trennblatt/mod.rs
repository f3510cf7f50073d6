// SPDX-License-Identifier: EUPL-1.2
//! Separator sheets: an A4 page per office with its QR code, as a PDF for the printer and as a page of the portal. What
//! the code says is [`nachrichten::erkennung::Trennblatt`], which the split step reads back.

mod pdf;

use nachrichten::erkennung::Trennblatt;
use qrcode::{Color, EcLevel, QrCode};

use crate::Options;

pub use pdf::pdf;

/// What is printed on every sheet.
pub const ANLEITUNG: [&str; 4] = [
    "Legen Sie dieses Blatt vor das erste Blatt einer Sendung, mit dem Code nach oben.",
    "Alles dahinter bis zum nächsten Trennblatt ist eine Sendung.",
    "Das Blatt selbst kommt nicht in die Akte. Verwenden Sie es wieder.",
    "Knicken und beschreiben Sie den Code nicht.",
];

/// One sheet: what people read, and what the scanner reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Blatt {
    /// `66 Tiefbauamt`.
    pub amt: String,
    /// Further lines: type of document, Aktenzeichen, confidential.
    pub zeilen: Vec<String>,
    pub inhalt: Trennblatt,
}

/// What a person asked for; empty texts mean: any.
#[derive(Clone, Debug, Default)]
pub struct Auswahl {
    /// Number of one office; empty: a sheet for each.
    pub amt: String,
    pub dokumentart: String,
    pub aktenzeichen: String,
    pub vertraulich: bool,
}

/// The sheets of a choice, in the order of the offices; none for an office that is not there.
pub fn blaetter(options: &Options, auswahl: &Auswahl) -> Vec<Blatt> {
    let some = |text: &str| Some(text.trim().chars().take(80).collect::<String>()).filter(|t| !t.is_empty());
    let offices = options.aemter.iter().filter(|a| auswahl.amt.is_empty() || a.kennzeichen == auswahl.amt);
    offices
        .map(|amt| {
            let inhalt = Trennblatt {
                amt: Some(amt.kennzeichen.clone()),
                dokumentart: some(&auswahl.dokumentart),
                aktenzeichen: some(&auswahl.aktenzeichen),
                zugang: None,
                vertraulich: auswahl.vertraulich,
            };
            let art = inhalt.dokumentart.as_ref().map(|a| format!("Art: {}", options.dokumentart_name(a)));
            let az = inhalt.aktenzeichen.as_ref().map(|a| format!("Aktenzeichen: {a}"));
            let closed =
                inhalt.vertraulich.then(|| "Vertraulich: nur der geschlossene Kreis sieht die Sendung".to_owned());
            Blatt {
                amt: options.amt_name(&amt.kennzeichen),
                zeilen: [art, az, closed].into_iter().flatten().collect(),
                inhalt,
            }
        })
        .collect()
}

/// A QR code: rows of modules, true is ink, without the quiet zone.
pub struct Code {
    pub breite: usize,
    module: Vec<bool>,
}

impl Code {
    /// The code of a text of at most 400 characters, with a quarter of it to spare for dirt and folds.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
        Some(Self { breite: code.width(), module: code.to_colors().into_iter().map(|c| c == Color::Dark).collect() })
    }

    /// Runs of ink: column, row, length. Few of them, so that page and PDF stay small.
    pub fn striche(&self) -> Vec<(usize, usize, usize)> {
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for (i, _) in self.module.iter().enumerate().filter(|(_, ink)| **ink) {
            let (x, y) = (i % self.breite, i / self.breite);
            match found.last_mut() {
                Some((from, row, n)) if *row == y && *from + *n == x => *n += 1,
                _ => found.push((x, y, 1)),
            }
        }
        found
    }

    /// As the path of an SVG whose unit is a module, with a quiet zone of four modules around.
    pub fn pfad(&self) -> String {
        self.striche().iter().map(|(x, y, n)| format!("M{} {}h{n}v1h-{n}z", x + 4, y + 4)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rxing::{BinaryBitmap, Luma8LuminanceSource, Reader as _, common::HybridBinarizer, qrcode::QRCodeReader};

    use super::*;

    /// The page as a scanner at 100 dpi sees the code, read by the decoder of the split step.
    fn read(code: &Code) -> String {
        let (unit, edge) = (6, 4);
        let side = (code.breite + 2 * edge) * unit;
        let mut grey = vec![250u8; side * side];
        for (x, y, n) in code.striche() {
            for row in (y + edge) * unit..(y + edge + 1) * unit {
                grey[row * side + (x + edge) * unit..row * side + (x + edge + n) * unit].fill(10);
            }
        }
        let source = Luma8LuminanceSource::new(grey, side as u32, side as u32).unwrap();
        let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
        QRCodeReader.decode(&mut bitmap).unwrap().getText().to_owned()
    }

    #[test]
    fn every_office_gets_a_sheet_that_an_independent_decoder_reads_back() {
        let options = Options::default();
        let auswahl = Auswahl {
            dokumentart: "rechnung".into(),
            aktenzeichen: "66.10-23/26".into(),
            vertraulich: true,
            ..Auswahl::default()
        };
        let sheets = blaetter(&options, &auswahl);
        assert_eq!(sheets.len(), options.aemter.len());
        for sheet in &sheets {
            let text = read(&Code::new(&sheet.inhalt.to_string()).unwrap());
            assert_eq!(Trennblatt::parse(&text).as_ref(), Some(&sheet.inhalt), "{text}");
        }
        assert_eq!(sheets[0].amt, "10 Hauptamt");
        assert_eq!(sheets[0].zeilen[0], "Art: Rechnung");
        assert!(blaetter(&options, &Auswahl { amt: "99".into(), ..Auswahl::default() }).is_empty());
    }

    #[test]
    fn a_text_cannot_begin_another_field() {
        let options = Options::default();
        let auswahl = Auswahl { amt: "66".into(), aktenzeichen: "1;vertraulich=ja".into(), ..Auswahl::default() };
        let sheet = blaetter(&options, &auswahl).remove(0);
        let back = Trennblatt::parse(&sheet.inhalt.to_string()).unwrap();
        assert!(!back.vertraulich);
        assert_eq!(back.aktenzeichen.as_deref(), Some("1 vertraulich=ja"));
    }
}
