// SPDX-License-Identifier: EUPL-1.2
//! The glyphless font: one empty glyph, half an em wide, stands for every character; ToUnicode says which.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use lopdf::{Document, Object, ObjectId, Stream, StringFormat, dictionary};
use nachrichten::erkennung::SeitenText;

use super::packed;

/// Advance of every glyph, in thousandths of the font size.
pub const ADVANCE: u16 = 500;
const NAME: &str = "EAKTEA+Glyphless";

/// Character codes (= CIDs) of a document: 1, 2, 3 … in the order of Unicode.
pub struct Codes(BTreeMap<char, u16>);

impl Codes {
    /// Codes for every character of these pages, and the blank.
    pub fn of(pages: &[SeitenText]) -> Self {
        let used: BTreeSet<char> =
            pages.iter().flat_map(|p| &p.woerter).flat_map(|w| w.text.chars()).chain([' ']).collect();
        Self(used.into_iter().take(60_000).zip(1u16..).collect())
    }

    /// Two bytes per character; characters without a code are left out.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        text.chars().filter_map(|c| self.0.get(&c)).flat_map(|code| code.to_be_bytes()).collect()
    }

    /// Writes the font's objects.
    pub fn add_to(&self, doc: &mut Document) -> ObjectId {
        let program = true_type();
        let length = program.len() as i64;
        let program = doc.add_object(packed(Stream::new(dictionary! { "Length1" => length }, program)));
        // CID 0 is glyph 0 and never used; all others are the one empty glyph.
        let map: Vec<u8> = (0..=self.0.len()).flat_map(|cid| u16::from(cid > 0).to_be_bytes()).collect();
        let map = doc.add_object(packed(Stream::new(dictionary! {}, map)));
        let unicode = doc.add_object(packed(Stream::new(dictionary! {}, self.to_unicode().into_bytes())));
        let descriptor = doc.add_object(dictionary! {
            "Type" => "FontDescriptor",
            "FontName" => NAME,
            // Symbolic, fixed pitch.
            "Flags" => 5,
            "FontBBox" => vec![0.into(), 0.into(), i64::from(ADVANCE).into(), 1000.into()],
            "ItalicAngle" => 0,
            "Ascent" => 1000,
            "Descent" => 0,
            "CapHeight" => 1000,
            "StemV" => 80,
            "FontFile2" => program,
        });
        let cid_font = doc.add_object(dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "BaseFont" => NAME,
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::String(b"Adobe".to_vec(), StringFormat::Literal),
                "Ordering" => Object::String(b"Identity".to_vec(), StringFormat::Literal),
                "Supplement" => 0,
            },
            "FontDescriptor" => descriptor,
            "DW" => i64::from(ADVANCE),
            "CIDToGIDMap" => map,
        });
        doc.add_object(dictionary! {
            "Type" => "Font",
            "Subtype" => "Type0",
            "BaseFont" => NAME,
            "Encoding" => "Identity-H",
            "DescendantFonts" => vec![cid_font.into()],
            "ToUnicode" => unicode,
        })
    }

    fn to_unicode(&self) -> String {
        let mut out = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let entries: Vec<_> = self.0.iter().collect();
        for block in entries.chunks(100) {
            let _ = writeln!(out, "{} beginbfchar", block.len());
            for (c, code) in block {
                let _ = write!(out, "<{code:04X}> <");
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "{unit:04X}");
                }
                out.push_str(">\n");
            }
            out.push_str("endbfchar\n");
        }
        out.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        out
    }
}

/// A TrueType program with two empty glyphs, built table by table (OpenType 1.9, chapters of each table).
fn true_type() -> Vec<u8> {
    let advance = ADVANCE.to_be_bytes();
    let words = |values: &[u16]| values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<u8>>();
    // Zero contours, zero bounding box, no instructions; padded to a long.
    let glyph = [0u8; 12];
    let mut head = Vec::new();
    head.extend([0, 1, 0, 0, 0, 1, 0, 0]); // version, revision
    head.extend([0; 4]); // whole-file checksum, filled in below
    head.extend(0x5F0F_3CF5u32.to_be_bytes());
    head.extend(words(&[0, 1000])); // flags, units per em
    // Created and modified: seconds from 1904 to 2024; a constant keeps the bytes reproducible.
    head.extend([3_786_912_000u64.to_be_bytes(); 2].concat());
    head.extend(words(&[0, 0, 0, 0, 0, 8, 2, 0, 0])); // box, style, smallest size, direction, short loca, format
    let mut hhea = vec![0, 1, 0, 0];
    hhea.extend(words(&[1000, 0, 0, ADVANCE, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]));
    let mut maxp = vec![0, 1, 0, 0];
    maxp.extend(words(&[2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]));
    let hmtx = [advance[0], advance[1], 0, 0, advance[0], advance[1], 0, 0];
    let mut post = vec![0, 3, 0, 0];
    post.extend([0; 8]);
    post.extend([0, 0, 0, 1]); // fixed pitch
    post.extend([0; 16]);
    let tables: [(&[u8; 4], Vec<u8>); 7] = [
        (b"glyf", [glyph, glyph].concat()),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", hmtx.to_vec()),
        (b"loca", words(&[0, 6, 12])),
        (b"maxp", maxp),
        (b"post", post),
    ];
    let mut file = vec![0, 1, 0, 0];
    file.extend(words(&[7, 64, 2, 48])); // number of tables and the search hints that follow from it
    let mut at = 12 + 16 * tables.len();
    for (name, bytes) in &tables {
        file.extend(*name);
        file.extend(checksum(bytes).to_be_bytes());
        file.extend((at as u32).to_be_bytes());
        file.extend((bytes.len() as u32).to_be_bytes());
        at += bytes.len().next_multiple_of(4);
    }
    let mut head_at = 0;
    for (name, bytes) in &tables {
        if *name == b"head" {
            head_at = file.len();
        }
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    let adjustment = 0xB1B0_AFBAu32.wrapping_sub(checksum(&file));
    file[head_at + 8..head_at + 12].copy_from_slice(&adjustment.to_be_bytes());
    file
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0u32, |sum, chunk| {
        let mut word = [0u8; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_font_sums_to_the_magic_number() {
        assert_eq!(checksum(&true_type()), 0xB1B0_AFBA);
    }

    #[test]
    fn table_lengths_are_those_of_the_norm() {
        let file = true_type();
        let length = |name: &[u8]| {
            file[12..12 + 7 * 16]
                .chunks(16)
                .find(|e| &e[..4] == name)
                .map(|e| u32::from_be_bytes([e[12], e[13], e[14], e[15]]))
        };
        assert_eq!(length(b"head"), Some(54));
        assert_eq!(length(b"hhea"), Some(36));
        assert_eq!(length(b"maxp"), Some(32));
        assert_eq!(length(b"post"), Some(32));
    }

    #[test]
    fn every_character_has_its_own_code_and_unicode() {
        let word =
            |text: &str| nachrichten::erkennung::Wort { text: text.into(), kasten: [0; 4], sicherheit: 1.0, zeile: 0 };
        let page = SeitenText { woerter: vec![word("Äb€"), word("𝔛")], ..SeitenText::default() };
        let codes = Codes::of(&[page]);
        assert_eq!(codes.encode(" b"), vec![0, 1, 0, 2]);
        assert!(codes.to_unicode().contains("<20AC>") && codes.to_unicode().contains("<D835DD1B>"));
        assert_eq!(codes.encode("?"), Vec::<u8>::new());
    }
}
