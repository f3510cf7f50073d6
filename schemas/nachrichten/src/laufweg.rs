// SPDX-License-Identifier: EUPL-1.2
//! The route of an Umlauf or a Mitzeichnung: who signs in which order, what was reached, and how its future part is
//! changed. Served by `geschaeftsgang`; the fields follow xdomea's Geschäftsgang and Beteiligungsschritt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobHash, InstanceId, PersonId, TaskId, Timestamp};

/// State of a position; xdomea's Beteiligungsstatus 001 to 004.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beteiligung {
    /// 001: may still be moved or taken out.
    Zukuenftig,
    /// 002: the task is open.
    Aktuell,
    /// 003.
    Erledigt,
    /// 004: not asked any more, still shown.
    Uebersprungen,
}

/// One signature at a position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zeichnung {
    pub person: String,
    /// In whose place.
    pub fuer: Option<String>,
    pub zeit: Timestamp,
    pub entscheidung: String,
    pub bemerkung: Option<String>,
    /// SHA-256 of the content that was signed.
    pub fassung: Option<BlobHash>,
    /// Since when the content is another one and the signature counts no more.
    pub ungueltig: Option<Timestamp>,
}

/// One position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// Never used again in this process.
    pub nr: u32,
    /// Positions of one stage sign side by side.
    pub stufe: u32,
    /// As people call it: an office, a group, a person.
    pub name: String,
    pub gruppe: Option<String>,
    pub person: Option<PersonId>,
    pub verfuegung: String,
    pub stand: Beteiligung,
    /// Prescribed: cannot be taken out.
    pub pflicht: bool,
    /// The open task.
    pub aufgabe: Option<TaskId>,
    pub zeichnung: Option<Zeichnung>,
    /// Who put it in, moved it or took it out later, when and why; oldest first.
    pub aenderungen: Vec<LaufwegEintrag>,
}

/// A change of the route at one position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LaufwegEintrag {
    /// `eingefuegt`, `verschoben`, `entfernt`.
    pub art: String,
    pub von: String,
    pub zeit: Timestamp,
    pub grund: String,
}

/// A whole route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Laufweg {
    pub ablauf: InstanceId,
    pub process: String,
    pub titel: String,
    /// Changes with every change and whenever a position is reached.
    pub version: String,
    /// By stage, then number.
    pub positionen: Vec<Position>,
    /// May this actor change the future part and withdraw the whole?
    pub aenderbar: bool,
    /// It runs.
    pub laeuft: bool,
}

/// Where a position goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ort {
    /// In the stage of this future position.
    Neben(u32),
    /// In a stage of its own right after the stage of this position.
    Nach(u32),
    /// In a stage of its own at the end.
    Ende,
}

/// A change of the part that was not reached yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaufwegAenderung {
    Einfuegen {
        ort: Ort,
        name: String,
        /// One of both.
        gruppe: Option<String>,
        person: Option<PersonId>,
        verfuegung: String,
    },
    Verschieben {
        nr: u32,
        ort: Ort,
    },
    Entfernen {
        nr: u32,
    },
}
