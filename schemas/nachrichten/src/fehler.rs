// SPDX-License-Identifier: EUPL-1.2
//! Errors have two faces: an English `Display` for the log, and a code with a plain German sentence for people.
//! Each code has a page `schemas/fehler/E2001.md` (cause, what the user does, what the operator does).

use serde::{Deserialize, Serialize};

/// Stable error code, `E` and four digits. 1xxx intake, 2xxx Akten, 3xxx Abläufe and Aufgaben,
/// 4xxx Erkennung, 5xxx Rechnung, 7xxx login and rights, 9xxx platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Code(pub &'static str);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A German sentence with its values already put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(pub String);

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person gets to see of an error.
pub trait UserError: std::error::Error {
    fn code(&self) -> Code;
    fn text(&self) -> Text;
    /// HTTP status of the answer.
    fn status(&self) -> u16;
}

/// The error of every service trait in this crate: already in words, with status and code.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Fehler {
    pub code: Code,
    pub status: u16,
    /// German, for the person.
    pub text: Text,
    /// English, for the log; no personal data.
    pub detail: String,
}

impl Fehler {
    pub fn new(code: &'static str, status: u16, text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: Code(code), status, text: Text(text.into()), detail: detail.into() }
    }

    /// Not there, or not visible for this actor: one answer for both.
    pub fn not_found() -> Self {
        Self::new(
            "E7004",
            404,
            "Diese Seite gibt es nicht oder Sie dürfen sie nicht sehen.",
            "not found or not visible",
        )
    }
}

impl UserError for Fehler {
    fn code(&self) -> Code {
        self.code
    }
    fn text(&self) -> Text {
        self.text.clone()
    }
    fn status(&self) -> u16 {
        self.status
    }
}
