// SPDX-License-Identifier: EUPL-1.2
//! Output: results on stdout, words for people on stderr; a closed pipe ends the program quietly.

use std::io::{IsTerminal as _, Write as _};

/// One line on stdout.
pub fn line(text: &str) {
    if writeln!(std::io::stdout().lock(), "{text}").is_err() {
        std::process::exit(i32::from(crate::exit::FAILED));
    }
}

/// One JSON value as a line on stdout.
pub fn json<T: serde::Serialize>(value: &T) {
    line(&serde_json::to_string(value).unwrap_or_default());
}

/// Bytes on stdout.
pub fn bytes(bytes: &[u8]) {
    let _ = std::io::stdout().lock().write_all(bytes);
}

/// A sentence for the person at the terminal.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Why a file could not be read, as a sentence.
pub fn unlesbar(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "Die Datei gibt es nicht.".to_owned(),
        ErrorKind::IsADirectory => "Das ist ein Ordner, keine Datei.".to_owned(),
        ErrorKind::NotADirectory => "Das ist eine Datei, kein Ordner.".to_owned(),
        ErrorKind::PermissionDenied => "Ihre Rechte reichen nicht, um die Datei zu lesen.".to_owned(),
        _ => format!("Die Datei ist nicht lesbar: {error}"),
    }
}

/// Progress is shown only to a person.
pub fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}
