// SPDX-License-Identifier: EUPL-1.2
//! Text of pages out of words.

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
    fn words_become_lines() {
        let word = |text: &str, zeile| Wort { text: text.into(), kasten: [0; 4], sicherheit: 1.0, zeile };
        assert_eq!(lines(&[word("Sehr", 0), word("geehrte", 0), word("Frau", 1)]), "Sehr geehrte\nFrau");
    }
}
