// SPDX-License-Identifier: EUPL-1.2
//! The sheets as a PDF: lines of text in the fonts every reader has, the code as filled rectangles.

use encoding_rs::WINDOWS_1252;
use lopdf::{
    Document, Object, Stream,
    content::{Content, Operation},
    dictionary,
};

use super::{ANLEITUNG, Blatt, Code};

/// A4 in points.
const SEITE: (f32, f32) = (595.0, 842.0);
const RAND: f32 = 57.0;
/// Edge of the code, 90 mm: read at 100 dpi as well.
const CODE: f32 = 255.0;

/// One page per sheet; `uebung`: every page says that nothing is real.
///
/// # Errors
/// English text for the log.
pub fn pdf(sheets: &[Blatt], stadt: &str, uebung: bool) -> Result<Vec<u8>, String> {
    let mut doc = Document::with_version("1.7");
    let pages_id = doc.new_object_id();
    let font = |name: &str| {
        dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => Object::Name(name.as_bytes().to_vec()), "Encoding" => "WinAnsiEncoding" }
    };
    let plain = doc.add_object(font("Helvetica"));
    let bold = doc.add_object(font("Helvetica-Bold"));
    let resources = doc.add_object(dictionary! { "Font" => dictionary! { "F1" => plain, "F2" => bold } });
    let mut kids: Vec<Object> = Vec::new();
    for sheet in sheets {
        let content = page(sheet, stadt, uebung)?.encode().map_err(|e| e.to_string())?;
        let mut stream = Stream::new(dictionary! {}, content);
        stream.compress().map_err(|e| e.to_string())?;
        let content = doc.add_object(stream);
        let page = doc.add_object(dictionary! { "Type" => "Page", "Parent" => pages_id, "Contents" => content });
        kids.push(page.into());
    }
    let pages = dictionary! {
        "Type" => "Pages",
        "Count" => kids.len() as i64,
        "Kids" => kids,
        "Resources" => resources,
        "MediaBox" => vec![0.into(), 0.into(), SEITE.0.into(), SEITE.1.into()],
    };
    doc.objects.insert(pages_id, Object::Dictionary(pages));
    let catalog = doc
        .add_object(dictionary! { "Type" => "Catalog", "Pages" => pages_id, "Lang" => Object::string_literal("de") });
    let info = doc.add_object(dictionary! { "Title" => Object::string_literal("Trennblaetter"), "Producer" => Object::string_literal("E-Akte") });
    doc.trailer.set("Root", catalog);
    doc.trailer.set("Info", info);
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// Text in the encoding of the fonts; a letter they do not have becomes a question mark.
fn encoded(text: &str) -> Object {
    let bytes = text.chars().flat_map(|c| {
        let mut letter = [0u8; 4];
        let (bytes, _, unknown) = WINDOWS_1252.encode(c.encode_utf8(&mut letter));
        if unknown { vec![b'?'] } else { bytes.into_owned() }
    });
    Object::string_literal(bytes.collect::<Vec<u8>>())
}

fn text(ops: &mut Vec<Operation>, font: &str, size: f32, y: f32, line: &str) {
    ops.push(Operation::new("BT", vec![]));
    ops.push(Operation::new("Tf", vec![font.into(), size.into()]));
    ops.push(Operation::new("Td", vec![RAND.into(), y.into()]));
    ops.push(Operation::new("Tj", vec![encoded(line)]));
    ops.push(Operation::new("ET", vec![]));
}

/// Words in lines of at most `most` characters.
fn lines(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn page(sheet: &Blatt, stadt: &str, uebung: bool) -> Result<Content, String> {
    let mut ops = Vec::new();
    let mut y = SEITE.1 - 75.0;
    if uebung {
        text(&mut ops, "F2", 13.0, y, "Übungsmandant \u{2013} nichts hier ist echt");
        y -= 30.0;
    }
    text(&mut ops, "F1", 13.0, y, &format!("{stadt} · Trennblatt"));
    y -= 48.0;
    // Helvetica bold is about 0.6 of its size wide.
    for line in lines(&sheet.amt, 22).iter().take(4) {
        text(&mut ops, "F2", 36.0, y, line);
        y -= 44.0;
    }
    for line in &sheet.zeilen {
        text(&mut ops, "F1", 16.0, y, line);
        y -= 24.0;
    }
    y -= 8.0;
    let code = Code::new(&sheet.inhalt.to_string()).ok_or("the text is too long for a QR code")?;
    let unit = CODE / code.breite as f32;
    for (column, row, n) in code.striche() {
        let (left, top) = (RAND + column as f32 * unit, y - row as f32 * unit);
        // A hair wider than a module, so that no printer leaves white lines between them.
        let area = [left, top - unit - 0.05, n as f32 * unit, unit + 0.1];
        ops.push(Operation::new("re", area.map(Object::from).to_vec()));
    }
    ops.push(Operation::new("f", vec![]));
    y -= CODE + 34.0;
    for (n, line) in ANLEITUNG.iter().enumerate() {
        text(&mut ops, "F1", 13.0, y, &format!("{}. {line}", n + 1));
        y -= 22.0;
    }
    text(&mut ops, "F1", 9.0, 45.0, &sheet.inhalt.to_string());
    Ok(Content { operations: ops })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        Options,
        trennblatt::{Auswahl, blaetter},
    };

    #[test]
    fn a_page_per_office_with_umlauts_and_the_mark_of_the_training() {
        let options = Options::default();
        let sheets = blaetter(&options, &Auswahl::default());
        let bytes = pdf(&sheets, "Stadt Mühlenbach", true).unwrap();
        let doc = Document::load_mem(&bytes).unwrap();
        let pages = doc.get_pages();
        assert_eq!(pages.len(), sheets.len());
        let first = doc.extract_text(&[3]).unwrap();
        for part in
            ["Übungsmandant – nichts hier ist echt", "Stadt Mühlenbach", "20 Stadtkämmerei", "EAKTE:TRENNBLATT;amt=20"]
        {
            assert!(first.contains(part), "{part} in {first}");
        }
        let real = pdf(&sheets[..1], "Stadt", false).unwrap();
        assert!(!Document::load_mem(&real).unwrap().extract_text(&[1]).unwrap().contains("Übung"));
    }

    #[test]
    fn names_break_into_lines() {
        assert_eq!(lines("66 Amt für Straßenbau und Verkehr", 22), ["66 Amt für Straßenbau", "und Verkehr"]);
        assert_eq!(lines("", 22), Vec::<String>::new());
    }
}
