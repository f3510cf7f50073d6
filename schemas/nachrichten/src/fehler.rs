// SPDX-License-Identifier: EUPL-1.2
//! Errors have two faces: an English `Display` for the log, and a code with a plain German sentence for people.
//! Each code has a page `schemas/fehler/E2001.md` (cause, what the user does, what the operator does).

use serde::{Deserialize, Serialize};

/// Stable error code, `E` and four digits. 1xxx intake, 2xxx Akten, 3xxx Abläufe and Aufgaben,
/// 4xxx Erkennung, 5xxx Rechnung, 7xxx login and rights, 9xxx platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Code(pub &'static str);

/// `E0000E0001…E9999`: a code that comes by wire is a piece of this text, so that it stays `'static`.
static ALL: [u8; 50_000] = {
    let (mut text, mut n) = ([b'E'; 50_000], 0);
    while n < 10_000 {
        let (mut digit, mut rest) = (4, n);
        while digit > 0 {
            text[5 * n + digit] = b'0' + (rest % 10) as u8;
            (digit, rest) = (digit - 1, rest / 10);
        }
        n += 1;
    }
    text
};

impl std::str::FromStr for Code {
    type Err = NotACode;
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let digits = text.strip_prefix('E').filter(|d| d.len() == 4 && d.bytes().all(|b| b.is_ascii_digit()));
        let number: usize = digits.and_then(|d| d.parse().ok()).ok_or(NotACode)?;
        std::str::from_utf8(&ALL[5 * number..5 * number + 5]).map(Self).map_err(|_| NotACode)
    }
}

/// The text is not `E` and four digits.
#[derive(Debug, thiserror::Error)]
#[error("not an error code")]
pub struct NotACode;

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

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

/// The error of every service trait in this crate: already in words, with status and code. It travels between processes
/// as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
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

impl Fehler {
    /// "Not there" as an answer. Every other error stays one: a neighbour that is away must not look like nothing.
    ///
    /// # Errors
    /// All but 404.
    pub fn none_if_missing<T>(answer: Result<T, Self>) -> Result<Option<T>, Self> {
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.status == 404 => Ok(None),
            Err(error) => Err(error),
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_error_travels_as_it_is() {
        let error = Fehler::new("E2006", 412, "Das Dokument „Ä“ wurde geändert.", "stale");
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["code"], "E2006");
        assert_eq!(json["status"], 412);
        assert_eq!(serde_json::from_value::<Fehler>(json).unwrap(), error);
    }

    #[test]
    fn every_code_is_read_and_nothing_else() {
        for n in 0..10_000 {
            let text = format!("E{n:04}");
            assert_eq!(text.parse::<Code>().unwrap().0, text);
        }
        for wrong in ["", "E", "E123", "E12345", "e1234", "E12 4", "E+123", "E12é"] {
            assert!(wrong.parse::<Code>().is_err(), "{wrong}");
        }
    }
}
