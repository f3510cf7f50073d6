// SPDX-License-Identifier: EUPL-1.2
//! The booking as the finance system gets it: the posting set of a municipality, and the key that makes one invoice
//! one booking.

use nachrichten::{
    Betrag, BlobHash, Tag, Timestamp,
    rechnung::{RechnungsFakten, Skonto},
    uebergabe::{Buchen, Konto, Kuerzung, Zeichnung},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Schritt;

/// Longest text of one field in the file, in characters.
const TEXT_MAX: usize = 500;

/// A German sentence: why this cannot be booked.
#[derive(Debug, PartialEq, Eq)]
pub struct Ablehnung(pub String);

/// What a city sets.
#[derive(Clone, Debug)]
pub struct Einstellungen {
    pub buchungskreis: String,
    /// Sender of e-mails, e.g. `E-Akte <eakte@musterstadt.example>`.
    pub absender: String,
    /// Address of a document in the portal; `{dokument}` is replaced.
    pub beleg_link: String,
}

/// A file beside the booking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Anlage {
    pub datei: String,
    pub sha256: BlobHash,
}

impl Anlage {
    pub fn new(buchung: &str, endung: &str, sha256: BlobHash) -> Self {
        Self { datei: format!("{buchung}.{endung}"), sha256 }
    }
}

/// Creditor as invoiced; the finance system finds its own number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kreditor {
    pub name: String,
    pub steuernummer: Option<String>,
    pub iban: Option<String>,
}

/// One Skonto step; what it saves depends on what is paid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stufe {
    pub tage: u32,
    pub prozent: String,
    pub bis: Tag,
}

/// The posting set. Amounts are canonical decimal text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Buchungssatz {
    pub format: &'static str,
    /// Name of this booking and of its file.
    pub buchung: String,
    pub schluessel: String,
    /// The step of the process that hands over.
    pub schritt: String,
    pub instanz: String,
    pub buchungskreis: String,
    /// Year of the hand-over; the finance system may know better.
    pub haushaltsjahr: i16,
    /// `KR` invoice, `KG` credit note, as SAP names them.
    pub belegart: &'static str,
    pub amt: String,
    pub kreditor: Kreditor,
    /// Number of the invoice (BT-1).
    pub referenz: String,
    pub rechnungsdatum: Option<Tag>,
    /// What is to be booked.
    pub betrag: String,
    pub waehrung: String,
    pub brutto: Option<String>,
    pub netto: Option<String>,
    pub steuer: Option<String>,
    pub kuerzung: Option<Kuerzung>,
    pub kontierung: Vec<Konto>,
    pub skonto: Vec<Stufe>,
    pub faellig: Option<Tag>,
    pub bestellnummer: Option<String>,
    pub feststeller: Vec<Zeichnung>,
    pub anordner: Vec<Zeichnung>,
    pub aktenzeichen: Option<String>,
    pub beleg_link: String,
    pub anlagen: Vec<Anlage>,
    pub uebergeben: Timestamp,
}

/// SHA-256 over supplier, number, date and gross amount, as hexadecimal text.
///
/// # Errors
/// Supplier, number or amount is not known: two such invoices could not be told apart.
pub fn schluessel(f: &RechnungsFakten) -> Result<String, Ablehnung> {
    let missing = |what: &str| Ablehnung(format!("{what} ist nicht bekannt. Ohne diese Angabe wird nicht gebucht."));
    let flat = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let supplier = f.lieferant_steuer.as_deref().or(f.lieferant.as_deref()).map(flat).filter(|t| !t.is_empty());
    let supplier = supplier.ok_or_else(|| missing("Der Lieferant"))?;
    let number =
        f.nummer.as_deref().map(flat).filter(|t| !t.is_empty()).ok_or_else(|| missing("Die Rechnungsnummer"))?;
    let gross = f.brutto.as_deref().or(f.zahlbetrag.as_deref()).ok_or_else(|| missing("Der Rechnungsbetrag"))?;
    let gross = betrag(gross)?.normalize();
    let date = f.datum.map(|d| d.to_string()).unwrap_or_default();
    let sign = if f.gutschrift { "gutschrift" } else { "rechnung" };
    let digest = Sha256::digest(format!("{supplier}\n{number}\n{date}\n{gross}\n{sign}"));
    Ok(digest.iter().map(|b| format!("{b:02x}")).collect())
}

/// Name of a booking: the first half of the key, then the step. Files and receipts carry it.
pub(crate) fn name(schluessel: &str, schritt: &Schritt) -> String {
    format!("{}-{}", kurz(schluessel), schritt.name)
}

/// First half of a key: what one open booking is filed under.
pub(crate) fn kurz(schluessel: &str) -> &str {
    schluessel.get(..32).unwrap_or(schluessel)
}

fn betrag(text: &str) -> Result<Betrag, Ablehnung> {
    text.parse().map_err(|_| Ablehnung(format!("„{}“ ist kein Betrag.", clean(text))))
}

/// Money that can be paid: two decimal places, also when they are zero.
fn geld(text: &str) -> Result<Betrag, Ablehnung> {
    let mut value = betrag(text)?.normalize();
    if value.scale() > 2 {
        return Err(Ablehnung(format!("„{}“ hat mehr als zwei Nachkommastellen.", clean(text))));
    }
    value.rescale(2);
    Ok(value)
}

fn stufe(s: &Skonto) -> Stufe {
    Stufe { tage: s.tage, prozent: clean(&s.prozent), bis: s.bis }
}

/// Text of strangers: no control characters, not endless.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_MAX).collect()
}

impl Buchungssatz {
    /// Checks what must never be wrong in a booking, and puts it together. The attachments are added by the caller.
    pub fn new(m: &Buchen, schritt: &Schritt, e: &Einstellungen, jetzt: Timestamp) -> Result<Self, Ablehnung> {
        let f = &m.fakten;
        let schluessel = schluessel(f)?;
        let summe = geld(&m.betrag)?;
        if summe.is_zero() {
            return Err(Ablehnung("Der Betrag ist null. Es gibt nichts zu buchen.".into()));
        }
        let basis = f.zahlbetrag.as_deref().or(f.brutto.as_deref()).map(betrag).transpose()?;
        // A credit note brings money back; an invoice below zero does so too.
        if basis.is_some_and(|b| !b.is_zero() && (b.is_sign_negative() != f.gutschrift) != summe.is_sign_negative()) {
            return Err(Ablehnung("Das Vorzeichen des Betrags passt nicht zur Art der Rechnung.".into()));
        }
        if m.kontierung.is_empty() {
            return Err(Ablehnung("Die Kontierung fehlt.".into()));
        }
        let mut konten = Betrag::ZERO;
        let mut kontierung = m.kontierung.clone();
        for k in &mut kontierung {
            let teil = geld(&k.betrag)?;
            konten += teil;
            k.betrag = teil.to_string();
        }
        if konten != summe {
            return Err(Ablehnung(format!(
                "Die Kontierung ergibt {konten}, angeordnet sind {summe}. Beide müssen gleich sein."
            )));
        }
        if m.feststeller.is_empty() || m.anordner.is_empty() {
            return Err(Ablehnung("Feststellung oder Anordnung fehlt. Ohne beide wird nicht gebucht.".into()));
        }
        if m.anordner.iter().any(|a| m.feststeller.iter().any(|f| f.person_id == a.person_id)) {
            return Err(Ablehnung("Dieselbe Person hat festgestellt und angeordnet. Das ist nicht erlaubt.".into()));
        }
        let text = |t: &Option<String>| t.as_deref().map(clean);
        Ok(Self {
            format: "eakte-buchung-1",
            buchung: name(&schluessel, schritt),
            schluessel,
            schritt: schritt.name.clone(),
            instanz: schritt.instanz.clone(),
            buchungskreis: e.buchungskreis.clone(),
            haushaltsjahr: jetzt.zoned().year(),
            belegart: if summe.is_sign_negative() { "KG" } else { "KR" },
            amt: clean(&m.amt),
            kreditor: Kreditor {
                name: clean(f.lieferant.as_deref().unwrap_or_default()),
                steuernummer: text(&f.lieferant_steuer),
                iban: text(&f.iban),
            },
            referenz: clean(f.nummer.as_deref().unwrap_or_default()),
            rechnungsdatum: f.datum,
            betrag: summe.to_string(),
            waehrung: clean(f.waehrung.as_deref().unwrap_or("EUR")),
            brutto: f.brutto.clone(),
            netto: f.netto.clone(),
            steuer: f.steuer.clone(),
            kuerzung: m.kuerzung.clone(),
            kontierung,
            skonto: f.skonto.iter().filter(|_| !f.gutschrift).map(stufe).collect(),
            faellig: f.faellig,
            bestellnummer: text(&f.bestellnummer),
            feststeller: m.feststeller.clone(),
            anordner: m.anordner.clone(),
            aktenzeichen: text(&m.aktenzeichen),
            beleg_link: e.beleg_link.replace("{dokument}", &m.dokument.to_string()),
            anlagen: Vec::new(),
            uebergeben: jetzt,
        })
    }
}
