// SPDX-License-Identifier: EUPL-1.2
//! Bytes to text: UTF-8; UTF-16 with byte order mark and Latin-1 when the declaration says so.

use std::borrow::Cow;

use super::{ReadError, error, refuse};

const UNKNOWN: &str = "Die Zeichenkodierung der Datei ist falsch angegeben oder wird nicht gelesen.";

pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, &["UTF-8"])?,
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => match declared(bytes).map(str::to_ascii_uppercase).as_deref() {
            Some("ISO-8859-1") => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
            _ => utf8(bytes, &["UTF-8", "US-ASCII"])?,
        },
    };
    // Bytes below 0x20 are single characters in UTF-8; U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    let bytes = text.as_bytes();
    let low = bytes.iter().any(|b| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'));
    if low || text.contains(['\u{FFFE}', '\u{FFFF}']) {
        return refuse("xml-control", "Die Datei enthält unerlaubte Steuerzeichen.");
    }
    Ok(text)
}

/// A character that XML 1.0 allows in a document.
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn utf8<'b>(bytes: &'b [u8], names: &[&str]) -> Result<Cow<'b, str>, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| error("xml-encoding", UNKNOWN))?;
    match declared(bytes) {
        Some(name) if !names.iter().any(|n| n.eq_ignore_ascii_case(name)) => refuse("xml-encoding", UNKNOWN),
        _ => Ok(Cow::Borrowed(text)),
    }
}

fn utf16<'b>(bytes: &'b [u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'b, str>, ReadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    let (Ok(text), true) = (text, rest.is_empty()) else {
        return refuse("xml-encoding", UNKNOWN);
    };
    match declared(text.as_bytes()) {
        Some(name) if name.eq_ignore_ascii_case("UTF-16") => Ok(Cow::Owned(text)),
        _ => refuse("xml-encoding", UNKNOWN),
    }
}

/// The encoding named in the XML declaration, if there is one.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let end = head.iter().take(200).position(|b| *b == b'>')?;
    let head = std::str::from_utf8(&head[..end]).ok()?;
    let (_, value) = head.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name)
}
