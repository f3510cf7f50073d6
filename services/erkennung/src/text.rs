// SPDX-License-Identifier: EUPL-1.2
//! Text of pages out of words.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use nachrichten::erkennung::Wort;

/// Pages of a document are divided by this.
pub const SEITENENDE: char = '\u{c}';

/// Words of one line divided by a blank, lines by a line feed.
pub fn lines(words: &[Wort]) -> String {
    let mut text = String::new();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            text.push(if words[i - 1].zeile == word.zeile { ' ' } else { '\n' });
        }
        text.push_str(&word.text);
    }
    text
}

/// A file name fit for the screen: no path, no control or direction characters, at most 200 bytes.
/// Characters that would change what a person reads are shown as `�`.
pub fn display_name(raw: &str, fallback: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().map(|c| if is_treacherous(c) { '\u{FFFD}' } else { c }).collect();
    let mut name = shown.trim().trim_matches('.').to_owned();
    while name.len() > crate::grenzen::NAME {
        name.pop();
    }
    if name.is_empty() { fallback.to_owned() } else { name }
}

/// The text of a plain text file with line feeds; `None` when it is something else, empty or too large.
///
/// Unicode with a byte order mark or as UTF-8, else Windows-1252, which German desktops still write. Characters that
/// would change what a person reads become `�`; other control characters than white space mean that it is no text.
pub fn plain(bytes: &[u8]) -> Option<String> {
    if bytes.len() > crate::grenzen::TEXT {
        return None;
    }
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    let (text, _, broken) = encoding.decode(bytes);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let white = |c: char| matches!(c, '\n' | '\t' | SEITENENDE);
    if broken || text.chars().any(|c| c.is_control() && !white(c)) || text.trim().is_empty() {
        return None;
    }
    Some(text.chars().map(|c| if is_treacherous(c) && !white(c) { '\u{FFFD}' } else { c }).collect())
}

/// Control, direction and invisible characters.
pub fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_never_paths() {
        assert_eq!(display_name("../../etc/passwd", "Anlage"), "passwd");
        assert_eq!(display_name("C:\\Users\\x\\Brief.pdf", "Anlage"), "Brief.pdf");
        assert_eq!(display_name("a\0b\r\nc.pdf", "Anlage"), "a\u{FFFD}b\u{FFFD}\u{FFFD}c.pdf");
        assert_eq!(display_name("Rechnung\u{202E}fdp.exe", "Anlage"), "Rechnung\u{FFFD}fdp.exe");
        assert_eq!(display_name("..", "Anlage 2"), "Anlage 2");
        assert!(display_name(&"ä".repeat(300), "x").len() <= 200);
    }

    #[test]
    fn plain_text_is_read_in_the_encodings_of_german_desktops() {
        let text = Some("Straße\nMüller €".to_owned());
        assert_eq!(plain("Straße\r\nMüller €".as_bytes()), text);
        assert_eq!(plain("\u{FEFF}Straße\nMüller €".as_bytes()), text);
        assert_eq!(plain(b"Stra\xDFe\rM\xFCller \x80"), text);
        let utf16: Vec<u8> = "\u{FEFF}Straße\nMüller €".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(plain(&utf16), text);
        assert_eq!(plain("a\u{202E}b".as_bytes()).as_deref(), Some("a\u{FFFD}b"));
        for none in [&b""[..], b" \n", b"a\0b", b"\xFF\xFE\0\xD8", &[b'a'; crate::grenzen::TEXT + 1]] {
            assert_eq!(plain(none), None);
        }
    }

    #[test]
    fn words_become_lines() {
        let word = |text: &str, zeile| Wort { text: text.into(), kasten: [0; 4], sicherheit: 1.0, zeile };
        assert_eq!(lines(&[word("Sehr", 0), word("geehrte", 0), word("Frau", 1)]), "Sehr geehrte\nFrau");
    }
}
