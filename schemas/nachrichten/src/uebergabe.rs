// SPDX-License-Identifier: EUPL-1.2
//! The money leaves the house: bookings for the finance system, what it answers, and e-mails.
//!
//! Three jobs of the worker `uebergabe` ([`BUCHEN`], [`STORNIEREN`], [`MAIL`]) and the way back: what the finance
//! system tells ([`Rueckmeldung`]) enters through the trait [`Rueckmeldungen`] of the engine and becomes a message of
//! the process that waits for it. The worker has no database; the receiver's commit is its only answer.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobHash, DokumentId, InstanceId, PersonId, Tag, Timestamp, fehler::Fehler, rechnung::RechnungsFakten};

pub const BUCHEN: &str = "uebergabe.buchen.v1";
pub const STORNIEREN: &str = "uebergabe.stornieren.v1";
pub const MAIL: &str = "uebergabe.mail.v1";

/// BPMN error: the finance system, or the check before it, does not take this booking. The text says why.
pub const SAP_REJECT: &str = "SAP_REJECT";
/// BPMN error of [`MAIL`]: an address or a header cannot be used. The text names it.
pub const ADRESSE: &str = "adresse";

/// Hands one ordered invoice over. Repeating the job of the same step hands over nothing twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Buchen {
    pub dokument: DokumentId,
    pub fakten: RechnungsFakten,
    /// What was ordered: canonical decimal, negative for a credit note; less than the invoice when it was cut.
    pub betrag: String,
    #[serde(default)]
    pub kuerzung: Option<Kuerzung>,
    /// Office that pays, e.g. `66`.
    pub amt: String,
    #[serde(default)]
    pub aktenzeichen: Option<String>,
    #[serde(default, deserialize_with = "crate::akten::null_is_empty")]
    pub kontierung: Vec<Konto>,
    #[serde(default, deserialize_with = "crate::akten::null_is_empty")]
    pub feststeller: Vec<Zeichnung>,
    #[serde(default, deserialize_with = "crate::akten::null_is_empty")]
    pub anordner: Vec<Zeichnung>,
    /// The readable picture of the invoice, if it has one.
    #[serde(default)]
    pub pdf: Option<BlobHash>,
    /// The structured invoice, if there is one.
    #[serde(default)]
    pub xml: Option<BlobHash>,
    /// The readable German invoice made from `xml`; stands in where there is no picture.
    #[serde(default)]
    pub html: Option<BlobHash>,
}

/// Less was ordered than invoiced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Kuerzung {
    /// Canonical decimal.
    pub rechnungsbetrag: String,
    pub grund: Option<String>,
}

/// One line of the Kontierung; amounts are canonical decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Konto {
    pub sachkonto: String,
    pub kostenstelle: String,
    pub betrag: String,
}

/// Who certified or ordered, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zeichnung {
    /// `sachlich und rechnerisch richtig`, `sachlich richtig`, `rechnerisch richtig`, `Anordnung`, `zweite Anordnung`.
    pub rolle: String,
    /// Name as signed.
    pub person: String,
    pub person_id: PersonId,
    #[serde(default)]
    pub in_vertretung_fuer: Option<String>,
    pub zeit: Timestamp,
}

/// Handed over; the receipt comes later as a [`Rueckmeldung`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Uebergeben {
    /// Name of this booking: the key and the step. Receipts refer to it.
    pub buchung: String,
    /// SHA-256 over supplier, number, date and gross amount: the same for a second try of the same invoice.
    pub schluessel: String,
    pub am: Timestamp,
}

/// Takes back what this process handed over and what was neither refused nor taken back before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stornieren {
    /// Which invoice: the same facts give the same key as [`Buchen`].
    pub fakten: RechnungsFakten,
    pub grund: String,
    /// Document number of the finance system, if it gave one.
    #[serde(default)]
    pub beleg: Option<String>,
    /// Number of its own reversal, when the finance system reversed first.
    #[serde(default)]
    pub storno_beleg: Option<String>,
    /// The process hands over nothing any more, not even a booking that is on its way to the folder right now.
    #[serde(default)]
    pub endgueltig: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Storniert {
    /// The bookings taken back; empty when none had left.
    pub buchungen: Vec<String>,
    pub am: Timestamp,
}

/// One e-mail. The step's key makes a repeat harmless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mail {
    /// At least one address, plain or with a name.
    pub an: Vec<String>,
    pub betreff: String,
    /// Plain text.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gesendet {
    /// Derived from the step's key.
    pub message_id: String,
    pub am: Timestamp,
}

/// What the finance system tells. Its file holds exactly one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "art", rename_all = "snake_case")]
pub enum Rueckmeldung {
    /// The booking has a document number.
    Quittung { buchung: String, beleg: String, datum: Tag },
    /// The booking is not taken.
    Ablehnung { buchung: String, grund: String, datum: Tag },
    /// Money went out (or came in, for a credit note). `betrag` is a canonical decimal.
    Zahlung { beleg: String, betrag: String, datum: Tag },
    /// The document was reversed.
    Storno { beleg: String, storno_beleg: String, grund: String, datum: Tag },
}

impl Rueckmeldung {
    /// Message of the process and its correlation key.
    pub fn nachricht(&self) -> (&'static str, &str) {
        match self {
            Self::Quittung { buchung, .. } => ("Buchung quittiert", buchung),
            Self::Ablehnung { buchung, .. } => ("Buchung abgelehnt", buchung),
            Self::Zahlung { beleg, .. } => ("Zahlung ausgeführt", beleg),
            Self::Storno { beleg, .. } => ("Beleg storniert", beleg),
        }
    }

    /// Variable of the process that takes it; the value is this message without `art`.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::Quittung { .. } => "quittung",
            Self::Ablehnung { .. } => "ablehnung",
            Self::Zahlung { .. } => "zahlung",
            Self::Storno { .. } => "storno",
        }
    }
}

/// What became of a [`Rueckmeldung`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aufnahme {
    Genommen,
    /// The same bytes were taken before.
    Schon,
    /// No process waits for this number now; a later try may find one.
    Niemand,
    /// More than one process waits for this number.
    Mehrdeutig,
}

/// Where answers of the finance system enter the core; served by `geschaeftsgang`. Every call returns after its commit.
#[async_trait]
pub trait Rueckmeldungen: Send + Sync {
    /// `kennung`: SHA-256 of the file; each is taken once.
    async fn nimm(&self, kennung: BlobHash, meldung: &Rueckmeldung) -> Result<Aufnahme, Fehler>;

    /// A file nobody can take becomes a task for a person, once per `kennung`.
    ///
    /// * `grund` - German sentence; * `inhalt` - the readable beginning of the file.
    async fn klaeren(&self, kennung: BlobHash, datei: &str, grund: &str, inhalt: &str) -> Result<InstanceId, Fehler>;
}
