// SPDX-License-Identifier: EUPL-1.2
//! People's work, served by `geschaeftsgang`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actor, BlobHash, DokumentId, InstanceId, PersonId, Tag, TaskId, Timestamp, Werte, fehler::Fehler};

/// A row of the task list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aufgabe {
    pub id: TaskId,
    /// Compare-and-set number for claim and completion.
    pub version: i64,
    pub ablauf: InstanceId,
    /// Process id, e.g. `rechnung`.
    pub process: String,
    /// BPMN element id and name.
    pub element: String,
    pub name: String,
    /// Form: a file in `workflows/formulare`.
    pub formular: String,
    /// Made by the process (`eakte:titel`), e.g. "Rechnung 2026-0815 · Musterbau GmbH".
    pub titel: String,
    pub gruppe: String,
    pub bearbeiter: Option<PersonId>,
    pub bearbeiter_name: Option<String>,
    /// Name of the person in whose place this actor has it.
    pub vertretung: Option<String>,
    pub faellig: Option<Tag>,
    pub seit: Timestamp,
    pub dokument: Option<DokumentId>,
    /// Facts for the list (`eakte:daten`): lieferant, betrag, skonto_bis, befunde, ...
    pub daten: Werte,
    pub erledigt: Option<Timestamp>,
    /// The last stage of the ladder that was reached, if any.
    #[serde(default)]
    pub mahnung: Option<Mahnung>,
}

/// A stage of the reminder and escalation ladder that was reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mahnung {
    pub art: MahnArt,
    /// Group that may do the task too since then; with [`MahnArt::Eskalation`] only.
    pub gruppe: Option<String>,
    pub am: Timestamp,
}

/// What a stage of the ladder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MahnArt {
    /// The same people are reminded.
    Erinnerung,
    /// A further group may do the task.
    Eskalation,
}

/// Everything the task page needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AufgabeSeite {
    pub aufgabe: Aufgabe,
    /// Variables visible at the task's scope.
    pub variablen: Werte,
    /// What the person typed so far.
    pub entwurf: Werte,
    pub verlauf: Vec<Schritt>,
    /// May this actor complete it; else the German reason.
    pub sperre: Option<String>,
    /// What completing signs: SHA-256 of the content this page shows. Goes back with the completion.
    #[serde(default)]
    pub fassung: Option<BlobHash>,
    /// Fields that the modeller drew into the process file; for tasks whose form is none of ours.
    #[serde(default)]
    pub felder: Vec<FormFeld>,
}

/// A field of a form in a process file: Camunda 7 `formData`, or an embedded form of Camunda 8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormFeld {
    /// Name of the variable.
    pub name: String,
    pub label: String,
    pub typ: FormTyp,
    pub pflicht: bool,
    /// What it holds at first.
    pub wert: Option<serde_json::Value>,
    /// Value and words of each choice.
    pub optionen: Vec<(String, String)>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormTyp {
    Text,
    Langtext,
    /// Any decimal; becomes a JSON number.
    Zahl,
    /// Becomes `true` or `false`.
    JaNein,
    Datum,
    Auswahl,
    Mehrfach,
}

/// A line of the decision log (Verlauf).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Schritt {
    pub zeit: Timestamp,
    pub element: String,
    pub name: String,
    /// `gestartet`, `erledigt`, `abgebrochen`, `ausgeloest`, ...
    pub ereignis: String,
    pub person: Option<String>,
    /// For a user task: the decision and remark, in words.
    pub text: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AufgabenFilter {
    /// Process ids; empty = all.
    pub process: Vec<String>,
    /// Element ids; empty = all.
    pub element: Vec<String>,
    pub nur_meine: bool,
    pub erledigte: bool,
    pub faellig_bis: Option<Tag>,
    pub limit: u32,
    /// Opaque cursor of the previous page.
    pub nach: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AufgabenListe {
    pub aufgaben: Vec<Aufgabe>,
    pub weiter: Option<String>,
}

/// Tasks of one kind are counted up to here; so many or more are "über 999".
pub const ZAEHLT_BIS: u64 = 1_000;

/// Open tasks of this actor per process and element; numbers of [`ZAEHLT_BIS`] and more say "at least".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Zaehler {
    pub process: String,
    pub element: String,
    pub offen: u64,
    pub heute_faellig: u64,
    pub ueberfaellig: u64,
}

/// Completion of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Erledigung {
    pub version: i64,
    /// A repeat with the same key gives the first answer.
    pub idempotency_key: String,
    /// Form values; `entscheidung` names the button.
    pub werte: Werte,
    /// The content the person saw ([`AufgabeSeite::fassung`]); a signature without it is refused with 422 (E3020), one of
    /// another content with 412.
    #[serde(default)]
    pub fassung: Option<BlobHash>,
}

#[async_trait]
pub trait Aufgaben: Send + Sync {
    async fn list(&self, actor: &Actor, filter: &AufgabenFilter) -> Result<AufgabenListe, Fehler>;
    async fn zaehler(&self, actor: &Actor) -> Result<Vec<Zaehler>, Fehler>;
    async fn get(&self, actor: &Actor, id: TaskId) -> Result<AufgabeSeite, Fehler>;
    /// Takes the task; 409 when someone else was faster. Returns the new version.
    async fn claim(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler>;
    async fn release(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler>;
    /// Gives an open task to one person, who is then a candidate and has taken it. 422 (E3011) without a reason, to
    /// oneself, to nobody active or to whom the four eyes rule forbids it; 409 and 412 as for [`Self::claim`].
    async fn delegate(&self, actor: &Actor, id: TaskId, version: i64, an: PersonId, grund: &str)
    -> Result<i64, Fehler>;
    /// Moves the due date of an open task; the ladder is counted anew. 422 (E3025) without a reason, to a day that is
    /// past, or where law or a discount sets the date; 409 and 412 as for [`Self::claim`].
    async fn verlegen(&self, actor: &Actor, id: TaskId, version: i64, auf: Tag, grund: &str) -> Result<i64, Fehler>;
    async fn draft(&self, actor: &Actor, id: TaskId, werte: Werte) -> Result<(), Fehler>;
    /// Refused with 403 and a sentence when the four eyes rule forbids it, 409 when stale, 422 when the form is not valid.
    async fn complete(&self, actor: &Actor, id: TaskId, e: Erledigung) -> Result<(), Fehler>;
}
