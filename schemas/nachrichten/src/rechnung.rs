// SPDX-License-Identifier: EUPL-1.2
//! The invoice job. Queue: [`PRUEFEN`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobHash, DokumentId, Tag, einordnung::Vorschlag, erkennung::Befund};

pub const PRUEFEN: &str = "rechnung.pruefen.v1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pruefen {
    pub dokument: DokumentId,
    /// The structured invoice; without it the facts come from the proposal (paper invoice).
    pub xml: Option<BlobHash>,
    /// Text of the picture, to compare it with the XML.
    pub text: Option<BlobHash>,
    pub vorschlag: Option<Vorschlag>,
    /// Terms and Skonto count from here.
    pub zugang: Tag,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Geprueft {
    pub fakten: RechnungsFakten,
    pub befunde: Vec<Befund>,
    /// The readable German invoice (HTML document, no script), if there was a structured one.
    pub html: Option<BlobHash>,
    /// Searchable text of the structured invoice.
    pub text: Option<BlobHash>,
}

/// What lists, duplicate check and routing need. Amounts are canonical decimals as text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RechnungsFakten {
    /// BT-1.
    pub nummer: Option<String>,
    /// BT-2.
    pub datum: Option<Tag>,
    /// BT-3, UNTDID 1001.
    pub art_code: Option<String>,
    /// Type code or syntax say credit note: the amounts below have no sign of their own, money comes back.
    #[serde(default)]
    pub gutschrift: bool,
    /// BT-27.
    pub lieferant: Option<String>,
    /// BT-43, for questions.
    #[serde(default)]
    pub lieferant_email: Option<String>,
    /// BT-31 or BT-32: identity of the seller in the duplicate key, else the name.
    pub lieferant_steuer: Option<String>,
    /// BT-10.
    pub leitweg_id: Option<String>,
    /// BT-13.
    pub bestellnummer: Option<String>,
    /// BT-44.
    pub empfaenger: Option<String>,
    /// BT-112.
    pub brutto: Option<String>,
    /// BT-109.
    pub netto: Option<String>,
    /// BT-110.
    pub steuer: Option<String>,
    /// BT-115.
    pub zahlbetrag: Option<String>,
    /// BT-5.
    pub waehrung: Option<String>,
    /// BT-84, without blanks.
    pub iban: Option<String>,
    /// BT-9, else computed from the terms; see `faellig_annahme`.
    pub faellig: Option<Tag>,
    /// German sentence when the due date is our assumption.
    pub faellig_annahme: Option<String>,
    pub skonto: Vec<Skonto>,
}

/// One Skonto step of BT-20.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Skonto {
    pub tage: u32,
    /// Canonical decimal, e.g. `2.00`.
    pub prozent: String,
    /// Last day, counted from the Zugang shown to the person.
    pub bis: Tag,
    /// What paying until then saves.
    pub ersparnis: String,
}

/// What a person who takes part may report about an invoice beyond the tasks: a message that its process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meldung {
    /// Name of the BPMN message.
    pub nachricht: &'static str,
    /// Variable that takes `{text, person, zeit}`.
    pub variable: &'static str,
    /// What the person chooses.
    pub wahl: &'static str,
    /// What happens then.
    pub folge: &'static str,
}

/// All of them. The process decides when each is possible.
pub const MELDUNGEN: [Meldung; 4] = [
    Meldung {
        nachricht: "Antwort des Lieferanten",
        variable: "antwort",
        wahl: "Antwort des Lieferanten eintragen",
        folge: "Die Prüfung geht mit der Antwort weiter.",
    },
    Meldung {
        nachricht: "Rechnung zurückgeholt",
        variable: "rueckruf",
        wahl: "Zurückholen",
        folge: "Die offene Aufgabe endet, die Prüfung beginnt von vorn.",
    },
    Meldung {
        nachricht: "Rechnung angehalten",
        variable: "anhalten",
        wahl: "Anhalten, die Rechnung ist strittig",
        folge: "Niemand kann anordnen oder zahlen, bis der Streit geklärt ist. Eine übergebene Buchung wird storniert. Die Fristen laufen weiter.",
    },
    Meldung {
        nachricht: "Rechnung zurückgezogen",
        variable: "rueckzug",
        wahl: "Vom Lieferanten zurückgezogen",
        folge: "Die Rechnung wird nicht bezahlt. Eine übergebene Buchung wird storniert.",
    },
];
