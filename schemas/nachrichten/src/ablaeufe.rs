// SPDX-License-Identifier: EUPL-1.2
//! Running processes and their incidents, served by `geschaeftsgang`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Actor, DokumentId, InstanceId, SendungId, TaskId, Timestamp, Werte,
    aufgaben::Schritt,
    fehler::Fehler,
    laufweg::{Laufweg, LaufwegAenderung},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ablauf {
    pub id: InstanceId,
    pub process: String,
    pub name: String,
    pub version: u32,
    /// `aktiv`, `beendet`, `stoerung`, `abgebrochen`.
    pub stand: String,
    pub titel: String,
    pub gestartet: Timestamp,
    pub beendet: Option<Timestamp>,
    pub parent: Option<InstanceId>,
    pub sendung: Option<SendungId>,
    pub dokument: Option<DokumentId>,
    pub variablen: Werte,
    pub verlauf: Vec<Schritt>,
    /// Where it stands.
    pub marken: Vec<Marke>,
    /// The BPMN file, for the picture.
    pub bpmn: String,
    pub aufgaben: Vec<TaskId>,
    /// Messages this person may send to it now, see [`Ablaeufe::melden`].
    #[serde(default)]
    pub meldungen: Vec<String>,
}

/// A token at an element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Marke {
    pub element: String,
    /// Which running of it; for operators.
    pub schritt: u64,
    pub name: String,
    /// Why it waits, a German sentence.
    pub warum: String,
    pub seit: Timestamp,
    pub stoerung: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Kennzahlen {
    pub aktiv: u64,
    pub beendet: u64,
    pub stoerungen: u64,
    /// Jobs waiting per type.
    pub jobs: Vec<(String, u64)>,
    /// Age classes of open tasks in days: 0-1, 2-5, 6-10, over 10.
    pub alter: [u64; 4],
    /// Per day of the last 30: day, started, ended.
    pub durchsatz: Vec<(crate::Tag, u64, u64)>,
    pub outbox: u64,
    /// Groups with open tasks that nobody active can do, and how many; see the ladder's rule for empty roles.
    #[serde(default)]
    pub unbesetzt: Vec<(String, u64)>,
}

/// Where the processes of one Sendung stand; the intake makes the Sendung's state of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendungAblauf {
    /// Some token is not waiting for a person.
    pub laeuft: bool,
    /// Every process of this Sendung has ended; what is not filed then was turned away by a person.
    pub beendet: bool,
    /// Why the Sendung could not be taken apart, if it could not.
    pub fehler: Option<crate::sendungen::Grund>,
    /// Open tasks; `dokument` is None while the Sendung was not taken apart.
    pub aufgaben: Vec<SendungAufgabe>,
    /// Failed jobs that need an operator.
    pub stoerungen: Vec<String>,
    /// Recognised and all pages, for the progress line.
    pub seiten: Option<(u32, u32)>,
    /// Its envelope says confidential, or nobody looked at it yet.
    #[serde(default)]
    pub verschlossen: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendungAufgabe {
    pub task: TaskId,
    pub element: String,
    pub gruppe: Option<String>,
    pub dokument: Option<DokumentId>,
    /// Variable `fehler` of the process, if an error led here.
    pub grund: Option<crate::sendungen::Grund>,
}

/// What an operator does to a running process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Eingriff {
    /// No job goes out, no timer fires, no task can be completed until it goes on.
    Anhalten,
    Fortsetzen,
    /// Takes the token of one running step away.
    SchrittAbbrechen {
        schritt: u64,
    },
    /// Takes the work of a job as done, with this result: for work that was done elsewhere or is not needed.
    SchrittErledigen {
        schritt: u64,
        werte: Werte,
    },
    /// Puts a token on a step.
    SchrittStarten {
        element: String,
    },
    VariableSetzen {
        name: String,
        wert: serde_json::Value,
    },
    /// Ends the whole process.
    Abbrechen,
}

/// Moves what runs on one version of a process to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Umzug {
    pub process: String,
    pub von: u32,
    pub nach: u32,
    /// Old element id to new one; the others keep their id.
    #[serde(default)]
    pub schritte: std::collections::BTreeMap<String, String>,
    /// Only tell what would happen.
    #[serde(default)]
    pub probe: bool,
    pub grund: String,
}

/// What a move did or would do. With obstacles nothing was moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UmzugBericht {
    /// Instances that run on the old version.
    pub ablaeufe: u64,
    /// German sentences per instance that cannot move.
    pub hindernisse: Vec<(InstanceId, Vec<String>)>,
    pub umgezogen: bool,
}

/// One line of a check report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pruefbefund {
    /// Refused because of it; else a hint.
    pub fehler: bool,
    /// Step as drawn.
    pub schritt: Option<String>,
    pub text: String,
}

/// A deployed version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    pub process: String,
    pub version: u32,
    pub name: String,
    pub seit: Timestamp,
    pub laufend: u64,
    pub beendet: u64,
}

#[async_trait]
pub trait Ablaeufe: Send + Sync {
    /// All instances of a Sendung; the caller has checked that the Sendung may be seen.
    async fn of_sendung(&self, sendung: SendungId) -> Result<SendungAblauf, Fehler>;
    /// The same for a list of them, in its order: one call between processes instead of one each.
    async fn of_sendungen(&self, sendungen: &[SendungId]) -> Result<Vec<SendungAblauf>, Fehler>;
    /// Starts the newest version of `process`; a repeat with the same key gives the first instance.
    async fn start(
        &self,
        actor: &Actor,
        process: &str,
        werte: Werte,
        idempotency_key: &str,
    ) -> Result<InstanceId, Fehler>;
    async fn get(&self, actor: &Actor, id: InstanceId) -> Result<Ablauf, Fehler>;
    /// Newest first; `process` empty = all.
    async fn list(&self, actor: &Actor, process: &str, limit: u32) -> Result<Vec<Ablauf>, Fehler>;
    /// The running or last instance for a document.
    async fn of_document(&self, actor: &Actor, dokument: DokumentId) -> Result<Option<InstanceId>, Fehler>;
    async fn kennzahlen(&self, actor: &Actor) -> Result<Kennzahlen, Fehler>;
    /// An operator's act; the reason stands in the audit trail.
    async fn eingreifen(&self, actor: &Actor, id: InstanceId, eingriff: Eingriff, grund: &str) -> Result<(), Fehler>;
    /// Reports something to a process that waits for it: one of [`crate::rechnung::MELDUNGEN`], with what happened.
    /// Allowed to whoever could do one of its tasks, past or open.
    async fn melden(&self, actor: &Actor, id: InstanceId, nachricht: &str, text: &str) -> Result<(), Fehler>;
    /// The route of an instance that has one; 404 for others.
    async fn laufweg(&self, actor: &Actor, id: InstanceId) -> Result<Laufweg, Fehler>;
    /// Changes the part of a route that was not reached, by the Amtsleitung or who started it, with a reason. 412 (E3021)
    /// when the route moved on since `version`, 422 (E3022) when the change is not possible. Returns the new version.
    async fn laufweg_aendern(
        &self,
        actor: &Actor,
        id: InstanceId,
        version: &str,
        aenderung: LaufwegAenderung,
        grund: &str,
    ) -> Result<String, Fehler>;
    /// Ends an Umlauf or a Vorlage in its own way (`Zurückziehen`), by the Amtsleitung or who started it, with a reason.
    async fn zurueckziehen(&self, actor: &Actor, id: InstanceId, grund: &str) -> Result<(), Fehler>;
    /// All instances of a version, or none.
    async fn umziehen(&self, actor: &Actor, umzug: &Umzug) -> Result<UmzugBericht, Fehler>;
    /// Every deployed version; for operators.
    async fn versionen(&self, actor: &Actor) -> Result<Vec<Version>, Fehler>;
}
