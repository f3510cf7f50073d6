// SPDX-License-Identifier: EUPL-1.2
//! Jobs of the page pipeline. Queue names: [`ZERLEGEN`], [`SEITEN`], [`ZUSAMMENSETZEN`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobHash, SendungId, Tag, sendungen::Kanal};

pub const ZERLEGEN: &str = "erkennung.zerlegen.v1";
pub const SEITEN: &str = "erkennung.seiten.v1";
pub const ZUSAMMENSETZEN: &str = "erkennung.zusammensetzen.v1";

/// BPMN error codes a [`ZERLEGEN`] job may answer with.
pub mod grund {
    /// Not the format it claims to be: clearing; by upload it is refused before it gets this far.
    pub const FORMAT: &str = "format-rejected";
    /// Kept, not rendered, no automatic step; a person decides.
    pub const QUARANTAENE: &str = "quarantine";
    /// Kept and renderable, but a person must look (unknown type, password needed).
    pub const KLAERUNG: &str = "clearing";
}

/// Takes a Sendung apart: what is it, how many pages, where are the cuts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zerlegen {
    pub sendung: SendungId,
    pub blob: BlobHash,
    /// Display name of the file; never a path.
    pub name: String,
    pub kanal: Kanal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zerlegt {
    pub teile: Vec<Teil>,
    /// Page ledger: `gesamt` = sum over all parts of content and blank pages + `trennblaetter`.
    pub gesamt: u32,
    pub trennblaetter: u32,
    /// Images of the separator sheets and their backs: cut away, never destroyed.
    #[serde(default)]
    pub trennblatt_seiten: Vec<Seite>,
    pub leer: u32,
    /// Zugang read from a batch sheet or from the e-mail's own date.
    pub zugang: Option<Tag>,
    /// For an e-mail: the full sender address.
    pub absender: Option<String>,
    pub befunde: Vec<Befund>,
}

/// One document of a Sendung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Teil {
    /// 0-based place in the Sendung; the document's id is derived from it.
    pub index: u32,
    pub art: TeilArt,
    pub name: String,
    /// The bytes of this part: the Sendung itself, an attachment, or the cut out pages as a PDF.
    pub blob: BlobHash,
    pub media_type: String,
    pub seiten: Vec<Seite>,
    /// Page indexes (into `seiten`) that need recognition, in ranges for one job each.
    pub bereiche: Vec<Bereich>,
    /// Text layer of a born-digital PDF, the text of a mail or of a text file, pages separated by form feed.
    pub text: Option<BlobHash>,
    /// The structured invoice inside (the XML itself or the embedded file).
    pub rechnung_xml: Option<BlobHash>,
    /// What the separator sheet in front of this part says.
    pub blatt: Option<Trennblatt>,
    pub befunde: Vec<Befund>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeilArt {
    /// Page images: recognised, gets a searchable PDF/A.
    Scan,
    /// A PDF with a plausible text layer: never rewritten, text reused.
    Digital,
    /// XRechnung as XML.
    RechnungXml,
    /// A PDF that carries an invoice XML.
    RechnungPdf,
    /// The body of an e-mail.
    Nachricht,
    /// A plain text file.
    Text,
    /// Kept as bytes only (office file, unknown attachment).
    Datei,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seite {
    /// 1-based page number in the Sendung's own file.
    pub n: u32,
    pub breite: u32,
    pub hoehe: u32,
    /// Dots per inch, horizontal and vertical.
    pub dpi: [u32; 2],
    pub leer: bool,
    /// Image for recognition and screen (JPEG or PNG), in the scan's own orientation.
    pub bild: Option<BlobHash>,
}

/// A range of pages that one job recognises. `von..bis` are 0-based indexes into [`Teil::seiten`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bereich {
    pub von: u32,
    pub bis: u32,
}

/// Content of a separator sheet. QR text: `EAKTE:TRENNBLATT;amt=66;art=rechnung;az=...;zugang=2026-11-20;vertraulich=ja`;
/// every field optional; a bare Code128 with `EAKTE-TRENNBLATT`, `TRENNBLATT` or `PATCHT` is a cut without content.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trennblatt {
    pub amt: Option<String>,
    pub dokumentart: Option<String>,
    pub aktenzeichen: Option<String>,
    pub zugang: Option<Tag>,
    /// `vertraulich=ja`: only the confidential circle may see what follows.
    #[serde(default)]
    pub vertraulich: bool,
}

/// Longest value of a field on a sheet, in characters.
const FELD_MAX: usize = 80;

impl Trennblatt {
    /// How the QR text of a sheet begins.
    pub const KENNUNG: &'static str = "EAKTE:TRENNBLATT";

    /// Takes the QR text of a sheet apart; none when it is another text. Unknown fields say nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut sheet = Self::default();
        for field in text.trim().strip_prefix(Self::KENNUNG)?.split(';').take(10) {
            let Some((key, value)) = field.split_once('=') else {
                continue;
            };
            let value: String = value.trim().chars().take(FELD_MAX).collect();
            match key.trim() {
                _ if value.is_empty() => {}
                "amt" => sheet.amt = Some(value),
                "art" => sheet.dokumentart = Some(value),
                "az" => sheet.aktenzeichen = Some(value),
                "vertraulich" => sheet.vertraulich = value.eq_ignore_ascii_case("ja"),
                "zugang" => sheet.zugang = value.parse::<Tag>().ok(),
                _ => {}
            }
        }
        Some(sheet)
    }
}

/// The QR text of a sheet, as [`Trennblatt::parse`] reads it.
///
/// ```
/// use nachrichten::erkennung::Trennblatt;
///
/// let sheet = Trennblatt { amt: Some("66".into()), dokumentart: Some("rechnung".into()), ..Trennblatt::default() };
/// assert_eq!(sheet.to_string(), "EAKTE:TRENNBLATT;amt=66;art=rechnung");
/// assert_eq!(Trennblatt::parse(&sheet.to_string()), Some(sheet));
/// ```
impl std::fmt::Display for Trennblatt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::KENNUNG)?;
        for (key, value) in [("amt", &self.amt), ("art", &self.dokumentart), ("az", &self.aktenzeichen)] {
            // A semicolon would begin the next field.
            let value = value.as_deref().unwrap_or_default().replace(|c: char| c == ';' || c.is_control(), " ");
            if !value.trim().is_empty() {
                write!(f, ";{key}={}", value.trim())?;
            }
        }
        if let Some(day) = self.zugang {
            write!(f, ";zugang={day}")?;
        }
        if self.vertraulich {
            f.write_str(";vertraulich=ja")?;
        }
        Ok(())
    }
}

/// Something found that a person should know; never an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Befund {
    /// Stable code, e.g. `active-content`, `visible-vs-data`, `multiple-revisions`.
    pub code: String,
    pub stufe: Stufe,
    /// German sentence.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stufe {
    Hinweis,
    Warnung,
    Fehler,
}

/// Recognises the pages of one range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeitenErkennen {
    pub seiten: Vec<Seite>,
    pub bereich: Bereich,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeitenErkannt {
    pub ergebnisse: Vec<SeitenErgebnis>,
}

/// `woerter` is a JSON blob: [`SeitenText`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeitenErgebnis {
    /// 0-based index into [`Teil::seiten`].
    pub index: u32,
    pub woerter: BlobHash,
    /// The page could not be read (its text is empty then).
    #[serde(default)]
    pub befund: Option<Befund>,
}

/// Recognised text of one page; boxes in pixels of the original image from its top left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeitenText {
    pub breite: u32,
    pub hoehe: u32,
    /// Degrees clockwise the page was turned for recognition: 0, 90, 180, 270.
    pub drehung: u16,
    /// Degrees, clockwise positive.
    pub schiefe: f32,
    pub text: String,
    pub woerter: Vec<Wort>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wort {
    pub text: String,
    /// `[x0, y0, x1, y1]`.
    pub kasten: [i32; 4],
    /// 0..=1.
    pub sicherheit: f32,
    /// Line number on the page, counted from 0: words of one line share it.
    pub zeile: u32,
}

/// Builds the searchable PDF/A and the text of one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zusammensetzen {
    pub blob: BlobHash,
    pub media_type: String,
    pub titel: String,
    pub seiten: Vec<Seite>,
    pub ergebnisse: Vec<SeitenErgebnis>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zusammengesetzt {
    pub pdfa: BlobHash,
    /// UTF-8, pages separated by form feed.
    pub text: BlobHash,
    /// One JSON blob: `Vec<SeitenText>`, an entry per page of the part.
    pub woerter: BlobHash,
}
