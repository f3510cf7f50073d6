// SPDX-License-Identifier: EUPL-1.2
//! The child's side of this worker: what is done inside the sandbox, one function per job kind.

use nachrichten::erkennung::{Befund, SeitenText, Stufe};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_ocr_engine::grey::{self, Grey, ImageError};
use service_sandbox::{Refusal, Reply};

use crate::archiv::{self, Archiv};
use crate::bild::{Seitenbild, is_blank};
use crate::mail::Mail;
use crate::marken::{self, Marke};
use crate::pdf::{self, PdfBefund, Seitenart, quarantine};
use crate::stapel::Rolle;
use crate::typ::{self, Typ};
use crate::{grenzen, pdfa, tiff_seiten, xml};

/// Job kinds of this crate inside the sandbox.
pub const ANALYSE: &str = "erkennung.analyse";
/// Page images with roles.
pub const BILDER: &str = "erkennung.bilder";
/// Cuts pages out of a PDF.
pub const SCHNITT: &str = "erkennung.schnitt";
/// Writes the searchable PDF/A.
pub const PDFA: &str = "erkennung.pdfa";
/// Quick verdict at the door.
pub const EINGANGSPRUEFUNG: &str = "erkennung.eingangspruefung";

/// Message of [`ANALYSE`] and [`EINGANGSPRUEFUNG`]; blob 0 is the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Datei {
    /// Display name.
    pub name: String,
    /// Came with an e-mail: what is harmless stays with it, even when nobody would take it alone.
    #[serde(default)]
    pub anlage: bool,
}

/// Answer of [`ANALYSE`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Analyse {
    /// A PDF. `text` says that blob 0 is the JSON of its text layer (one [`SeitenText`] per page),
    /// `rechnung` that the last blob is the embedded invoice.
    Pdf {
        /// Structure.
        befund: PdfBefund,
        /// Text layer present in the blobs.
        text: bool,
        /// Invoice present in the blobs.
        rechnung: bool,
    },
    /// Images: number of pages.
    Bilder {
        /// Media type.
        media_type: String,
        /// Pages.
        seiten: usize,
    },
    /// An invoice as XML.
    RechnungXml,
    /// An e-mail; blob 0 is its text, the others are its attachments.
    Mail(Mail),
    /// A plain text file, or XML of another kind with an e-mail; blob 0 is its text in UTF-8.
    Text,
    /// Kept as bytes.
    Datei {
        /// Media type.
        media_type: String,
        /// What a person should know.
        befund: Befund,
    },
}

/// Message of [`BILDER`]; blob 0 is the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct BilderJob {
    /// First page, 0-based.
    pub von: usize,
    /// End of the range.
    pub bis: usize,
    /// What the images are for.
    pub zweck: Zweck,
}

/// What page images are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zweck {
    /// Recognition: the scan itself, with roles.
    Erkennung,
    /// The screen: a picture at [`grenzen::BILDSCHIRM_DPI`].
    Bildschirm,
}

/// One page in the answer of [`BILDER`]; its image is the blob with the same index.
#[derive(Debug, Serialize, Deserialize)]
pub struct BildSeite {
    /// Pixels per row.
    pub breite: u32,
    /// Rows.
    pub hoehe: u32,
    /// Dots per inch.
    pub dpi: [u32; 2],
    /// Role in the batch.
    pub rolle: Rolle,
    /// Marks found, in pixels of the image.
    pub marken: Vec<Marke>,
}

/// Runs one job of this crate; `None` when the kind is not one of its own.
pub fn child(kind: &str, header: Value, blobs: Vec<Vec<u8>>) -> Option<Result<Reply, Refusal>> {
    Some(match kind {
        ANALYSE => message(header).and_then(|job| analyse(&job, first(&blobs)?)),
        BILDER => message(header).and_then(|job| bilder(&job, first(&blobs)?)),
        SCHNITT => message(header).and_then(|pages| schnitt(pages, first(&blobs)?)),
        PDFA => message(header).and_then(|job| pdfa::write(&job, &blobs).map(|pdf| Reply::new(Value::Null, vec![pdf]))),
        EINGANGSPRUEFUNG => {
            message(header).and_then(|job| eingangspruefung(&job, blobs.first().map_or(&[], Vec::as_slice)))
        }
        _ => return None,
    })
}

fn message<T: DeserializeOwned>(header: Value) -> Result<T, Refusal> {
    serde_json::from_value(header).map_err(|_| Refusal::new("bad-message", "Die Aufgabe ist fehlerhaft."))
}

fn answer(value: &impl Serialize, blobs: Vec<Vec<u8>>) -> Result<Reply, Refusal> {
    let header = serde_json::to_value(value).map_err(|_| Refusal::new("bad-answer", "Das Ergebnis ist fehlerhaft."))?;
    Ok(Reply::new(header, blobs))
}

/// The file of the job; a PDF without what stands before its header.
fn first(blobs: &[Vec<u8>]) -> Result<&[u8], Refusal> {
    let file = blobs.first().ok_or_else(|| Refusal::new("bad-message", "Die Aufgabe ist fehlerhaft."))?;
    Ok(&file[typ::pdf_start(file).unwrap_or(0)..])
}

/// At the door: only what is certainly not what it claims to be is turned away.
fn eingangspruefung(job: &Datei, bytes: &[u8]) -> Result<Reply, Refusal> {
    let refused = |r: Refusal| {
        if r.code == nachrichten::erkennung::grund::FORMAT { Err(r) } else { Ok(()) }
    };
    match typ::detect(bytes, &job.name) {
        Err(refusal) => refused(refusal)?,
        Ok(Typ::Xml) => match xml::gate(bytes) {
            Ok(true) => {}
            Ok(false) => return Err(no_invoice()),
            Err(refusal) => refused(refusal)?,
        },
        Ok(_) => {}
    }
    Ok(Reply::default())
}

fn no_invoice() -> Refusal {
    typ::rejected("Die XML-Datei ist keine elektronische Rechnung.")
}

fn analyse(job: &Datei, bytes: &[u8]) -> Result<Reply, Refusal> {
    if bytes.len() > grenzen::DATEI {
        return Err(quarantine("Die Datei ist größer als 100 MB."));
    }
    let kept = |media_type: &str, text: &str| {
        let befund = Befund { code: "kept-only".into(), stufe: Stufe::Hinweis, text: text.into() };
        answer(&Analyse::Datei { media_type: media_type.into(), befund }, Vec::new())
    };
    match typ::detect(bytes, &job.name)? {
        Typ::Pdf => analyse_pdf(bytes),
        typ @ (Typ::Jpeg | Typ::Png) => {
            answer(&Analyse::Bilder { media_type: typ.media_type().into(), seiten: 1 }, Vec::new())
        }
        Typ::Tiff => {
            let seiten = tiff_seiten::count(bytes)?;
            answer(&Analyse::Bilder { media_type: Typ::Tiff.media_type().into(), seiten }, Vec::new())
        }
        Typ::Xml => match xml::gate(bytes)? {
            true => answer(&Analyse::RechnungXml, Vec::new()),
            false => match crate::text::plain(bytes).filter(|_| job.anlage) {
                Some(text) => answer(&Analyse::Text, vec![text.into_bytes()]),
                None => Err(no_invoice()),
            },
        },
        Typ::Mail => {
            let parts = crate::mail::analyse(bytes)?;
            let blobs = std::iter::once(parts.text.into_bytes()).chain(parts.bytes).collect();
            answer(&Analyse::Mail(parts.mail), blobs)
        }
        Typ::Zip => match archiv::check(bytes)? {
            Archiv::Office(media_type) => kept(media_type, "Office-Dateien werden aufbewahrt, aber nicht gelesen."),
            Archiv::Zip(n) => Err(pdf::clearing(&format!(
                "Das Archiv enthält {n} Dateien. Packen Sie es aus und geben Sie sie einzeln auf."
            ))),
        },
        Typ::Ole => {
            archiv::check_ole(bytes)?;
            kept(Typ::Ole.media_type(), "Office-Dateien werden aufbewahrt, aber nicht gelesen.")
        }
        Typ::Text => {
            let text = crate::text::plain(bytes).ok_or_else(|| typ::rejected("Die Textdatei ist nicht lesbar."))?;
            answer(&Analyse::Text, vec![text.into_bytes()])
        }
        Typ::Unbekannt => {
            Err(pdf::clearing("Der Dateityp ist unbekannt. Die Datei wird aufbewahrt, aber nicht gelesen."))
        }
    }
}

fn analyse_pdf(bytes: &[u8]) -> Result<Reply, Refusal> {
    let (mut befund, doc) = pdf::analyse(bytes)?;
    let mut blobs = Vec::new();
    let text = befund.digital();
    if text {
        let pages: Vec<SeitenText> = pdf::pages(bytes.to_vec())?
            .pages()
            .iter()
            .map(|page| pdf::umfrage::survey(page).map(|s| s.text(grenzen::BILDSCHIRM_DPI)))
            .collect::<Result<_, _>>()?;
        blobs.push(serde_json::to_vec(&pages).map_err(|_| quarantine("Der Text der PDF-Datei ist nicht lesbar."))?);
    }
    let (invoice, notes) = pdf::eingebettet::invoice(&doc)?;
    befund.befunde.extend(notes);
    let mut rechnung = false;
    if let Some(xml_bytes) = invoice {
        match xml::gate(&xml_bytes) {
            Ok(true) => {
                rechnung = true;
                blobs.push(xml_bytes);
            }
            // A draft of ZUGFeRD 1, say: the pages are the invoice, as on paper.
            Ok(false) => befund.befunde.push(Befund {
                code: "embedded-unknown".into(),
                stufe: Stufe::Warnung,
                text: "Die eingebetteten Rechnungsdaten haben ein veraltetes Format. Gelesen wird die Seite.".into(),
            }),
            Err(_) => return Err(quarantine("Die eingebettete Rechnungsdatei ist fehlerhaft.")),
        }
    }
    answer(&Analyse::Pdf { befund, text, rechnung }, blobs)
}

fn bilder(job: &BilderJob, bytes: &[u8]) -> Result<Reply, Refusal> {
    if job.von >= job.bis || job.bis > grenzen::SEITEN {
        return Err(Refusal::new("bad-message", "Die Aufgabe ist fehlerhaft."));
    }
    let (mut pages, mut images) = (Vec::new(), Vec::new());
    let mut take = |mut bild: Seitenbild, empty: bool| -> Result<(), Refusal> {
        let (rolle, marken) = match job.zweck {
            Zweck::Bildschirm => (Rolle::Inhalt, Vec::new()),
            Zweck::Erkennung if empty => (Rolle::Leer, Vec::new()),
            Zweck::Erkennung => look(&mut bild)?,
        };
        pages.push(BildSeite { breite: bild.breite, hoehe: bild.hoehe, dpi: bild.dpi, rolle, marken });
        images.push(bild.bytes);
        Ok(())
    };
    if bytes.starts_with(b"%PDF-") {
        let pdf = pdf::pages(bytes.to_vec())?;
        for page in pdf.pages().iter().take(job.bis).skip(job.von) {
            let survey = pdf::umfrage::survey(page)?;
            let bild = match job.zweck {
                Zweck::Erkennung => pdf::bild::scan(page, &survey)?,
                Zweck::Bildschirm => pdf::bild::raster(page, grenzen::BILDSCHIRM_DPI)?,
            };
            take(bild, survey.art() == Seitenart::Leer)?;
        }
    } else if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
        for bild in tiff_seiten::pages(bytes, job.von..job.bis)? {
            take(bild, false)?;
        }
    } else {
        take(single(bytes)?, false)?;
    }
    answer(&pages, images)
}

/// A JPEG or PNG file as it is; its pixels are checked when they are looked at.
fn single(bytes: &[u8]) -> Result<Seitenbild, Refusal> {
    let damaged = || quarantine("Das Bild ist beschädigt.");
    let (breite, hoehe, dpi) = if bytes.starts_with(b"\x89PNG") {
        let limits = png::Limits { bytes: 64 << 20 };
        let reader =
            png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits).read_info().map_err(|_| damaged())?;
        let info = reader.info();
        let dpi = match info.pixel_dims {
            Some(d) if d.unit == png::Unit::Meter => [d.xppu, d.yppu].map(|v| (f64::from(v) * 0.0254).round() as u32),
            _ => [0, 0],
        };
        (info.width, info.height, dpi)
    } else {
        let frame = typ::jpeg_frame(bytes).ok_or_else(damaged)?;
        (frame.width, frame.height, frame.dpi.unwrap_or([0, 0]))
    };
    let dpi = dpi.map(|d| if (20..=2400).contains(&d) { d } else { 0 });
    Ok(Seitenbild { bytes: bytes.to_vec(), grau: None, breite, hoehe, dpi })
}

/// Decodes once at full size, then looks at a reduced copy: ink first, then marks.
fn look(bild: &mut Seitenbild) -> Result<(Rolle, Vec<Marke>), Refusal> {
    let full = match bild.grau.take() {
        Some(grey) => grey,
        None => grey::decode(&bild.bytes, grenzen::PIXEL).map_err(|e| match e {
            ImageError::TooLarge { .. } => quarantine("Ein Seitenbild ist größer als 100 Megapixel."),
            _ => quarantine("Ein Seitenbild ist beschädigt."),
        })?,
    };
    let (reduced, factor) = reduce(&full, bild.dpi);
    if is_blank(&reduced) {
        return Ok((Rolle::Leer, Vec::new()));
    }
    let dpi = if bild.dpi[0] == 0 { 150 } else { bild.dpi[0] / factor };
    let marks = match marken::patch(&reduced, dpi) {
        Some(mark) => vec![mark.scaled(factor)],
        None => {
            let mut marks: Vec<Marke> = marken::qr(&reduced).map(|m| m.scaled(factor)).into_iter().collect();
            marks.extend(marken::code128(&full));
            marks
        }
    };
    let rolle = marks.iter().find_map(marken::separator).map_or(Rolle::Inhalt, Rolle::Trennblatt);
    Ok((rolle, marks))
}

/// Halved until it is at most 200 dpi (or, without a resolution, at most 2,000 pixels wide).
fn reduce(full: &Grey, dpi: [u32; 2]) -> (Grey, u32) {
    let fine = |grey: &Grey, factor: u32| match dpi[0] {
        0 => grey.width.min(grey.height) > 2000,
        dpi => dpi / factor > 200,
    };
    if !fine(full, 1) {
        return (full.clone(), 1);
    }
    let (mut grey, mut factor) = (full.halved(), 2);
    while fine(&grey, factor) {
        grey = grey.halved();
        factor *= 2;
    }
    (grey, factor)
}

fn schnitt(parts: Vec<Vec<u32>>, bytes: &[u8]) -> Result<Reply, Refusal> {
    let cut = parts.iter().map(|pages| pdf::schnitt::cut(bytes, pages)).collect::<Result<_, _>>()?;
    Ok(Reply::new(Value::Null, cut))
}
