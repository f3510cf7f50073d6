// SPDX-License-Identifier: EUPL-1.2
//! BG-24: attached files. Decoded only when somebody wants the bytes; names and types are claims.

use base64::{Engine, engine::general_purpose};

use crate::{
    Rechnung,
    model::{Attachment, Document},
};

/// Largest attachment that is decoded, in bytes (the whole document is bounded by [`crate::Limits`]).
pub const MAX_BYTES: usize = 16 << 20;

/// Bytes that this base64 text decodes to, padding and white space considered; a bound for text that is no base64.
pub fn decoded_size(base64: &str) -> usize {
    let digits = base64.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=').count();
    digits / 4 * 3 + [0, 0, 1, 2][digits % 4]
}

/// The bytes of an attachment; `None` when the text is no base64 or larger than [`MAX_BYTES`].
pub fn bytes(rechnung: &Rechnung, file: &Attachment) -> Option<Vec<u8>> {
    if file.size > MAX_BYTES {
        return None;
    }
    let text: String = rechnung.tree.text(file.node).split_ascii_whitespace().collect();
    general_purpose::STANDARD.decode(text).ok()
}

/// Why an attachment must not go on by itself, as a German sentence.
pub fn danger(rechnung: &Rechnung, document: &Document) -> Option<String> {
    let file = document.file.as_ref()?;
    let name = file.name.as_deref().unwrap_or_default();
    let shown = crate::format::visible(name, 60);
    if name.contains(['/', '\\']) || name.contains("..") || name.chars().any(char::is_control) {
        return Some(format!("Der Anhang „{shown}“ trägt einen Dateinamen mit Pfadangabe."));
    }
    let Some(bytes) = bytes(rechnung, file) else {
        return Some(format!("Der Anhang „{shown}“ ist nicht lesbar verpackt."));
    };
    let program = [&b"MZ"[..], b"\x7fELF", b"#!", b"\xCF\xFA\xED\xFE", b"\xCA\xFE\xBA\xBE"];
    if program.iter().any(|magic| bytes.starts_with(magic)) {
        return Some(format!("Der Anhang „{shown}“ ist ein ausführbares Programm."));
    }
    let fits = match file.mime.as_deref() {
        Some("application/pdf") => bytes[..bytes.len().min(1024)].windows(5).any(|w| w == b"%PDF-"),
        Some("image/png") => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        Some("image/jpeg") => bytes.starts_with(b"\xFF\xD8\xFF"),
        Some(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            | "application/vnd.oasis.opendocument.spreadsheet",
        ) => bytes.starts_with(b"PK"),
        _ => true,
    };
    (!fits && !bytes.is_empty())
        .then(|| format!("Der Inhalt des Anhangs „{shown}“ passt nicht zu seinem angegebenen Dateityp."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_that_of_the_bytes() {
        for (text, size) in [("", 0), ("TQ==", 1), ("TVo=", 2), ("TVqQ", 3), ("TVqQ\n AAM=", 5)] {
            assert_eq!(decoded_size(text), size, "{text}");
        }
    }
}
