// SPDX-License-Identifier: EUPL-1.2
//! einordnung: reads what a letter says about itself and proposes its index fields.
//!
//! Worker: takes `einordnung.vorschlagen.v1`, returns a [`Vorschlag`]. Owns nothing, calls no other service.
//! The work is one pure function, [`vorschlagen`]: same text, same proposal. Every field carries its confidence and
//! the words that decided; a field below [`GRENZE`] is left out, because a wrong value costs a clerk more than none.
//!
//! ```
//! use service_einordnung::vorschlagen;
//!
//! let text = "Gärtnerei Grünspan\nRechnungsnummer: 4711\nRechnung\nSehr geehrte Damen und Herren,\n\
//!             Nettobetrag 100,00\nzzgl. 19 % USt. 19,00\nRechnungsbetrag 119,00\n";
//! let vorschlag = vorschlagen(text, None, None, None, "2026-11-20".parse().unwrap());
//! assert_eq!(vorschlag.felder["doc_type"].wert, "rechnung");
//! assert_eq!(vorschlag.felder["amount"].wert, "119.00");
//! ```
//!
//! Order of work: lines and boxes ([`zeilen`]), subject, document type, then the fields, one file per group.
//! Layout knowledge is DIN 5008 (sender line, address field, information block, reference line, subject); spelling of
//! dates and amounts is the usual German one. The evidence for document types is a table ([`arten`]).

mod absaetze;
mod art;
pub mod arten;
mod betraege;
mod betreff;
mod datum;
mod frist;
mod fund;
mod iban;
mod muster;
mod parteien;
mod reihen;
mod vermerk;
mod zeichen;
pub mod zeilen;

use std::sync::Arc;

use nachrichten::{
    Tag,
    einordnung::{Feld, VORSCHLAGEN, Vorschlag, Vorschlagen},
    erkennung::{SeitenText, Trennblatt},
    job::JobError,
};
use service_platform::worker::{JobContext, JobHandler, Worker, WorkerError, job};

use fund::Felder;
pub use fund::GRENZE;
use zeilen::Brief;

/// The worker; it has no settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Einordnung;

impl Worker for Einordnung {
    const NAME: &'static str = "einordnung";

    fn jobs(self: Arc<Self>) -> Vec<JobHandler> {
        vec![job(VORSCHLAGEN, handle)]
    }
}

async fn handle(context: Arc<JobContext>, message: Vorschlagen) -> Result<Vorschlag, JobError> {
    let text = context.blobs.get(message.text).await.map_err(WorkerError::from)?;
    let woerter = match message.woerter {
        Some(hash) => Some(context.blobs.get(hash).await.map_err(WorkerError::from)?),
        None => None,
    };
    let read = move || -> Result<Vorschlag, JobError> {
        let woerter: Option<Vec<SeitenText>> = woerter
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()
            .map_err(|e| JobError::Bug { detail: format!("word boxes are not a list of pages: {e}") })?;
        let text = String::from_utf8_lossy(&text);
        let absender = message.mail_absender.as_deref();
        Ok(vorschlagen(&text, woerter.as_deref(), message.blatt.as_ref(), absender, message.zugang))
    };
    let found = tokio::task::spawn_blocking(read).await;
    found.map_err(|e| JobError::Bug { detail: format!("proposal failed: {e}") })?
}

/// Proposes the index fields of one document.
///
/// * `text` - UTF-8, pages separated by form feed; the first 40 pages and 400,000 bytes are looked at.
/// * `woerter` - recognised words per page; when given they replace `text` and every field gets its box.
/// * `blatt` - what the separator sheet says; it wins over the text, with confidence 1.
/// * `mail_absender` - address of the mail; used as sender when the text names none.
/// * `zugang` - the day of receipt; later document dates lose confidence.
/// * Result - only fields with at least [`GRENZE`] confidence; values are normal (ISO dates, `6228.80`, IBAN without
///   blanks). Never fails: an empty text gives an empty proposal.
pub fn vorschlagen(
    text: &str,
    woerter: Option<&[SeitenText]>,
    blatt: Option<&Trennblatt>,
    mail_absender: Option<&str>,
    zugang: Tag,
) -> Vorschlag {
    let brief = Brief::new(text, woerter);
    let betreff = betreff::find(&brief);
    let art = art::find(&brief, betreff.as_ref());
    let ist_rechnung = art.as_ref().is_some_and(|a| a.wert == "rechnung");

    let mut felder = Felder::new(&brief);
    let nummer = if ist_rechnung { zeichen::invoice_number(&brief) } else { None };
    let datum = datum::find(&brief, zugang);
    let frist = frist::find(&brief, datum.as_ref(), ist_rechnung);
    let (absender, empfaenger) = parteien::find(&brief, mail_absender);
    let betraege = if ist_rechnung { betraege::rechnung(&brief) } else { betraege::schreiben(&brief) };

    felder.set("subject", betreff::mit_nummer(betreff, ist_rechnung, nummer.as_ref()));
    felder.set("doc_type", art);
    felder.set("sender", absender);
    felder.set("recipient", empfaenger);
    felder.set("vermerk", vermerk::find(&brief));
    felder.set("date", datum);
    felder.set("aktenzeichen", zeichen::aktenzeichen(&brief));
    felder.set("kassenzeichen", zeichen::kassenzeichen(&brief));
    felder.set("iban", iban::find(&brief));
    felder.set("amount", betraege.brutto);
    felder.set("net", betraege.netto);
    felder.set("vat", betraege.steuer);
    felder.set("invoice_number", nummer);
    felder.set("due_date", frist);
    let mut vorschlag = Vorschlag { felder: felder.finish() };
    if let Some(blatt) = blatt {
        sheet_wins(&mut vorschlag, blatt);
    }
    vorschlag
}

/// The separator sheet was put there by a person who had the paper in hand.
fn sheet_wins(vorschlag: &mut Vorschlag, blatt: &Trennblatt) {
    let said = [("doc_type", &blatt.dokumentart), ("aktenzeichen", &blatt.aktenzeichen)];
    for (name, wert) in said {
        if let Some(wert) = wert.as_ref().map(|w| w.trim()).filter(|w| !w.is_empty()) {
            let wert = if name == "doc_type" { wert.to_lowercase() } else { wert.to_owned() };
            let grund = "steht auf dem Trennblatt".to_owned();
            vorschlag.felder.insert(name.to_owned(), Feld { wert, sicherheit: 1.0, grund, seite: None, kasten: None });
        }
    }
}
