// SPDX-License-Identifier: EUPL-1.2
//! What a file is, by its content. The name only decides what a disagreement is called.

use nachrichten::erkennung::grund;
use service_sandbox::Refusal;

use crate::pdf::{contains, quarantine};

/// Content type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typ {
    /// Portable Document Format.
    Pdf,
    /// One JPEG image.
    Jpeg,
    /// One PNG image.
    Png,
    /// TIFF, one or many pages.
    Tiff,
    /// Looks like XML.
    Xml,
    /// An e-mail message.
    Mail,
    /// A ZIP archive, office files included.
    Zip,
    /// Old office container.
    Ole,
    /// Plain text.
    Text,
    /// Something a person has to look at.
    Unbekannt,
}

impl Typ {
    /// Media type for the record.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Tiff => "image/tiff",
            Self::Xml => "application/xml",
            Self::Mail => "message/rfc822",
            Self::Zip => "application/zip",
            Self::Ole => "application/x-ole-storage",
            Self::Text => "text/plain",
            Self::Unbekannt => "application/octet-stream",
        }
    }
}

/// The harmless test string every virus scanner reports.
const EICAR: &[u8] = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
/// Name endings of programs and scripts on the usual desktops.
const PROGRAMS: &[&str] = &[
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "jar", "msi", "lnk",
    "dll", "cpl", "reg", "sh", "app", "iso", "img",
];
/// Name endings that claim one of the types read here.
const CLAIMS: &[&str] = &["pdf", "jpg", "jpeg", "png", "tif", "tiff", "xml", "eml", "zip", "gif", "bmp", "webp"];

/// Name endings of files that are text when they read as text; attachments often have none.
const TEXTS: &[&str] = &["", "txt", "text", "md", "csv", "log", "asc"];

/// Tells the type of a file.
///
/// # Errors
/// `format-rejected` for an empty file or one whose content contradicts its name's claim; `quarantine` for
/// programs, virus test strings and files that hide a second type.
pub fn detect(bytes: &[u8], name: &str) -> Result<Typ, Refusal> {
    if bytes.is_empty() {
        return Err(rejected("Die Datei ist leer."));
    }
    if contains(&bytes[..bytes.len().min(4096)], EICAR) {
        return Err(quarantine("Die Datei enthält eine Virus-Testsignatur."));
    }
    if is_program(bytes, name) {
        return Err(quarantine("Die Datei ist ein ausführbares Programm."));
    }
    if pdf_start(bytes).is_some() {
        return Ok(Typ::Pdf);
    }
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return alone(bytes, Typ::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return alone(bytes, Typ::Png);
    }
    if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        return alone(bytes, Typ::Tiff);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Typ::Zip);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return Ok(Typ::Ole);
    }
    if contains(&bytes[..bytes.len().min(4096)], b"%PDF-1") {
        return Err(quarantine("Vor dem Anfang der PDF-Datei stehen fremde Daten."));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = text.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(text.len());
    let text = &text[start..];
    if is_utf16(bytes) || text.starts_with(b"<?xml") || (extension(name) == "xml" && text.starts_with(b"<")) {
        return Ok(Typ::Xml);
    }
    if looks_like_mail(text) {
        return Ok(Typ::Mail);
    }
    if CLAIMS.contains(&extension(name).as_str()) {
        return Err(rejected("Der Inhalt der Datei passt nicht zu ihrem Namen oder wird nicht angenommen."));
    }
    if TEXTS.contains(&extension(name).as_str()) && crate::text::plain(bytes).is_some() {
        return Ok(Typ::Text);
    }
    Ok(Typ::Unbekannt)
}

/// Where a PDF begins: at once, or after a byte order mark and white space that some tools put in front.
pub fn pdf_start(bytes: &[u8]) -> Option<usize> {
    let head = &bytes[..bytes.len().min(64)];
    let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let start = mark + head[mark..].iter().position(|b| !b.is_ascii_whitespace())?;
    head[start..].starts_with(b"%PDF-").then_some(start)
}

pub(crate) fn rejected(text: &str) -> Refusal {
    Refusal::new(grund::FORMAT, text)
}

/// An image with an archive behind it is two files in one.
fn alone(bytes: &[u8], typ: Typ) -> Result<Typ, Refusal> {
    let tail = &bytes[bytes.len().saturating_sub(66_000)..];
    if contains(tail, b"PK\x05\x06") && contains(bytes, b"PK\x03\x04") {
        return Err(quarantine("Die Datei ist zugleich Bild und ZIP-Archiv. Das deutet auf eine Täuschung hin."));
    }
    Ok(typ)
}

/// Lower-case name ending without the dot; direction tricks do not move it.
pub fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, e)| e.trim().to_ascii_lowercase()).unwrap_or_default()
}

/// Programs by content or, for scripts, by name.
pub fn is_program(bytes: &[u8], name: &str) -> bool {
    bytes.starts_with(b"MZ")
        || bytes.starts_with(b"\x7FELF")
        || bytes.starts_with(b"#!")
        || bytes.starts_with(&[0xCA, 0xFE, 0xBA, 0xBE])
        || bytes.starts_with(&[0xCF, 0xFA, 0xED, 0xFE])
        || PROGRAMS.contains(&extension(name).as_str())
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE, b'<', 0]) || bytes.starts_with(&[0xFE, 0xFF, 0, b'<'])
}

/// Header lines at the start, with at least one that only messages have.
fn looks_like_mail(text: &[u8]) -> bool {
    const KNOWN: &[&str] =
        &["from", "received", "date", "mime-version", "message-id", "return-path", "delivered-to", "subject", "to"];
    let head = String::from_utf8_lossy(&text[..text.len().min(8192)]);
    let mut known = 0;
    for line in head.lines().take(60) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((field, _)) = line.split_once(':') else {
            return false;
        };
        if field.is_empty() || !field.bytes().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        known += usize::from(KNOWN.contains(&field.to_ascii_lowercase().as_str()));
    }
    known >= 2
}

/// Size, components and resolution from a JPEG's headers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JpegFrame {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 grey, 3 colour, 4 print colours.
    pub components: u8,
    /// From the JFIF header; `None` when it gives only a ratio.
    pub dpi: Option<[u32; 2]>,
}

/// Reads the markers up to the frame header; `None` if there is none.
pub fn jpeg_frame(bytes: &[u8]) -> Option<JpegFrame> {
    let mut at = 2;
    let mut dpi = None;
    let word = |at: usize| Some(u32::from(*bytes.get(at)?) << 8 | u32::from(*bytes.get(at + 1)?));
    while *bytes.get(at)? == 0xFF {
        let marker = *bytes.get(at + 1)?;
        if marker == 0xFF {
            at += 1;
            continue;
        }
        let length = word(at + 2)? as usize;
        match marker {
            0xE0 if bytes.get(at + 4..at + 9) == Some(b"JFIF\0") => {
                let (x, y) = (word(at + 12)?, word(at + 14)?);
                dpi = match *bytes.get(at + 11)? {
                    1 => Some([x, y]),
                    2 => Some([x * 254 / 100, y * 254 / 100]),
                    _ => None,
                };
            }
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                return Some(JpegFrame {
                    height: word(at + 5)?,
                    width: word(at + 7)?,
                    components: *bytes.get(at + 9)?,
                    dpi: dpi.filter(|d| d.iter().all(|v| (20..=2400).contains(v))),
                });
            }
            0xD9 | 0xDA => return None,
            _ => {}
        }
        at += 2 + length.max(2);
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn content_decides_not_the_name() {
        assert_eq!(detect(b"%PDF-1.7\n", "brief.jpg").unwrap(), Typ::Pdf);
        assert_eq!(detect(b"<?xml version=\"1.0\"?><a/>", "x").unwrap(), Typ::Xml);
        assert_eq!(detect(b"From: a@b\r\nDate: x\r\n\r\nHallo", "x").unwrap(), Typ::Mail);
        assert_eq!(detect(b"Guten Tag: nur Text", "notiz.txt").unwrap(), Typ::Text);
        assert_eq!(detect(b"Stra\xDFe, M\xFCller", "passwd").unwrap(), Typ::Text);
        assert_eq!(detect(b"Guten Tag", "notiz.doc").unwrap(), Typ::Unbekannt);
        assert_eq!(detect(b"\x01\x02\x03\x04", "notiz.txt").unwrap(), Typ::Unbekannt);
    }

    #[test]
    fn lies_and_programs_are_told() {
        let code = |bytes: &[u8], name: &str| detect(bytes, name).unwrap_err().code;
        assert_eq!(code(b"", "leer.pdf"), grund::FORMAT);
        assert_eq!(code(b"push graphic-context", "bild.png"), grund::FORMAT);
        assert_eq!(code(b"MZ\x90\0", "rechnung.pdf"), grund::QUARANTAENE);
        assert_eq!(code(b"harmlos", "rechnung\u{202E}fdp.exe"), grund::QUARANTAENE);
        assert_eq!(code(b"junk junk %PDF-1.4", "a.pdf"), grund::QUARANTAENE);
    }

    #[test]
    fn jpeg_headers_give_size_and_resolution() {
        let head = [
            0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 1, 1, 44, 1, 44, 0, 0, 0xFF, 0xC0, 0, 11,
            8, 0x0D, 0xB4, 0x09, 0xB1, 1, 1, 0x11, 0,
        ];
        let frame = jpeg_frame(&head).unwrap();
        assert_eq!(frame, JpegFrame { width: 2481, height: 3508, components: 1, dpi: Some([300, 300]) });
        assert_eq!(jpeg_frame(&head[..20]), None);
    }
}
