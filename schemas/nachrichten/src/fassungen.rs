// SPDX-License-Identifier: EUPL-1.2
//! Versions of processes and decision tables as operators work with them, served by `geschaeftsgang`: a file is
//! checked and compared, proposed by one person and published by another, watched in figures, tested with rows.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Actor, PersonId, Timestamp, Werte,
    ablaeufe::{Pruefbefund, Version},
    aufgaben::FormFeld,
    fehler::Fehler,
};

/// What a file holds; the ending of its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inhalt {
    /// BPMN.
    Ablauf,
    /// DMN, `.dmn`.
    Tabelle,
}

impl Inhalt {
    pub fn of(name: &str) -> Self {
        if name.ends_with(".dmn") { Self::Tabelle } else { Self::Ablauf }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AenderungArt {
    Neu,
    Entfallen,
    Geaendert,
    /// Only its place in the picture is another one.
    NurBild,
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aenderung {
    pub art: AenderungArt,
    /// Id in the file; finds it in the picture.
    pub element: String,
    /// Name as drawn; may be empty.
    pub name: String,
    /// What it is, in German: "Aufgabe für Personen", "Verbindung", "Zeile 3".
    pub was: String,
    /// What is different; empty for new and removed ones without facts.
    pub angaben: Vec<Angabe>,
}

/// One fact with its old and new value; None = it is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Angabe {
    pub was: String,
    pub alt: Option<String>,
    pub neu: Option<String>,
}

/// Two texts of one process or table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vergleich {
    /// Process id or file name of the table.
    pub id: String,
    pub name: String,
    pub von: u32,
    /// None = a file that is no version yet.
    pub nach: Option<u32>,
    /// The files, for the pictures.
    pub alt: String,
    pub neu: String,
    pub aenderungen: Vec<Aenderung>,
    /// Instances that run on the old version.
    pub laufend: u64,
}

/// An example row of a decision table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beispiel {
    /// An input that is not there is null.
    pub eingabe: Werte,
    /// What is asked of the result: of a context only the entries named here.
    pub erwartet: Value,
    /// Entered by the city: it stays when an update brings other rows.
    #[serde(default)]
    pub stadt: bool,
}

/// What a table says to one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub ergebnis: Value,
    /// German sentence when it cannot be computed.
    pub fehler: Option<String>,
    /// Numbers of the rows that fit, from 1, in the table's order.
    pub zeilen: Vec<u32>,
}

/// An example row and what the table makes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geprobt {
    pub beispiel: Beispiel,
    pub probe: Probe,
    /// What differs: name, expected, got. Empty and no error = passed.
    pub abweichungen: Vec<(String, Value, Value)>,
}

impl Geprobt {
    pub fn stimmt(&self) -> bool {
        self.abweichungen.is_empty() && self.probe.fehler.is_none()
    }
}

/// A decision table for the eye.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tabellenbild {
    /// Id of the decision that example rows ask.
    pub entscheidung: String,
    pub name: String,
    /// `FIRST`, `UNIQUE`, ...
    pub trefferregel: String,
    /// Inputs of the decision: name and declared type.
    pub eingaben: Vec<(String, String)>,
    /// Outputs: name and declared type.
    pub ausgaben: Vec<(String, String)>,
    /// Heads: inputs, then outputs, then notes.
    pub spalten: Vec<String>,
    /// Cells as written.
    pub zeilen: Vec<Vec<String>>,
}

/// What the check of a file found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pruefung {
    pub name: String,
    pub inhalt: Inhalt,
    /// No error was found.
    pub angenommen: bool,
    pub befunde: Vec<Pruefbefund>,
    /// Against the running version, one per process of the file; empty when it is the first one.
    pub vergleiche: Vec<Vergleich>,
    /// The running versions it was compared with, e.g. `rechnung 3`; publishing repeats it, so that nobody publishes
    /// against another version than was looked at.
    pub gegen: String,
    /// The file equals the running version.
    pub unveraendert: bool,
    pub tabelle: Option<Tabellenbild>,
    pub beispiele: Vec<Geprobt>,
}

impl Pruefung {
    /// Example rows that do not give what they should.
    pub fn durchgefallen(&self) -> usize {
        self.beispiele.iter().filter(|b| !b.stimmt()).count()
    }
}

/// A version that waits for its second person, or what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vorschlag {
    pub id: Uuid,
    pub name: String,
    pub inhalt: Inhalt,
    pub grund: String,
    pub person: PersonId,
    pub person_name: String,
    pub seit: Timestamp,
    /// `wartet`, `veroeffentlicht`, `zurueckgezogen`.
    pub stand: String,
    /// Another person must publish it.
    pub zweite_person: bool,
    /// Who decided, when and why.
    pub entschieden: Option<(String, Timestamp, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VorschlagSeite {
    pub vorschlag: Vorschlag,
    pub pruefung: Pruefung,
    /// The reader proposed it.
    pub eigener: bool,
    /// The reader may publish it.
    pub darf: bool,
}

/// A deployed version of a decision table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TabellenVersion {
    pub name: String,
    pub version: u32,
    pub seit: Timestamp,
    /// Comes with the program, else from the city.
    pub geliefert: bool,
}

/// A table's version with its example rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TabellenSeite {
    pub version: TabellenVersion,
    /// Numbers of all versions, ascending.
    pub alle: Vec<u32>,
    pub bild: Tabellenbild,
    pub beispiele: Vec<Geprobt>,
}

/// Whose example rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeispielOrt {
    Version(String, u32),
    Vorschlag(Uuid),
}

/// Figures of one element over a period; never of a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ElementZahlen {
    pub element: String,
    pub name: String,
    /// German kind, as in [`Aenderung::was`].
    pub was: String,
    /// Tokens there now.
    pub jetzt: u64,
    /// Of them, stopped by an incident.
    pub gestoert: u64,
    /// Done within the period.
    pub erledigt: u64,
    /// Half of them, and nine of ten, took at most so long from reached to done; microseconds of calendar time.
    pub median: Option<i64>,
    pub neunzig: Option<i64>,
    /// The same in working days of the city's calendar, as terms count: how many lie after the day it was reached, up to
    /// the day it was done.
    #[serde(default)]
    pub median_at: Option<u32>,
    #[serde(default)]
    pub neunzig_at: Option<u32>,
}

/// Figures of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionZahlen {
    pub version: Version,
    /// Numbers of all versions, ascending.
    pub alle: Vec<u32>,
    pub bpmn: String,
    pub tage: u32,
    pub zahlen: Vec<ElementZahlen>,
    /// Running and ended instances that were read; less than there are when a bound was reached.
    pub gelesen_laufend: u64,
    pub gelesen_beendet: u64,
    /// A bound was reached: the newest ones count.
    pub gekuerzt: bool,
}

/// How a person starts a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anfang {
    pub process: String,
    pub name: String,
    /// The newest version; it is the one that starts.
    pub version: u32,
    /// Form of its start event, if the file holds one.
    pub felder: Vec<FormFeld>,
}

/// What was published: process or table with its version.
pub type Neue = Vec<(String, u32)>;

/// The operators' side of versions; everything needs the role Betrieb.
#[async_trait]
pub trait Fassungen: Send + Sync {
    /// Checks a file; changes nothing.
    async fn pruefen(&self, actor: &Actor, name: &str, text: &str) -> Result<Pruefung, Fehler>;
    /// Lays a checked file before the second person. Refused when the file has errors.
    async fn vorschlagen(&self, actor: &Actor, name: &str, text: &str, grund: &str) -> Result<Uuid, Fehler>;
    /// Waiting proposals, oldest first.
    async fn vorschlaege(&self, actor: &Actor) -> Result<Vec<Vorschlag>, Fehler>;
    async fn vorschlag(&self, actor: &Actor, id: Uuid) -> Result<VorschlagSeite, Fehler>;
    /// Makes it the running version: name and number of each. `trotz` confirms that example rows of a table fail.
    async fn veroeffentlichen(
        &self,
        actor: &Actor,
        id: Uuid,
        grund: &str,
        gegen: &str,
        trotz: bool,
    ) -> Result<Neue, Fehler>;
    async fn zurueckziehen(&self, actor: &Actor, id: Uuid, grund: &str) -> Result<(), Fehler>;
    /// Difference of two versions of a process.
    async fn unterschied(&self, actor: &Actor, process: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler>;
    /// Figures of the last `tage` days.
    async fn zahlen(&self, actor: &Actor, process: &str, version: u32, tage: u32) -> Result<VersionZahlen, Fehler>;
    /// How an operator starts a process of the city. None when it has no start for persons, and for the processes that
    /// come with the program: the house starts those by itself.
    async fn anfang(&self, actor: &Actor, process: &str) -> Result<Option<Anfang>, Fehler>;
    async fn tabellen(&self, actor: &Actor) -> Result<Vec<TabellenVersion>, Fehler>;
    async fn tabelle(&self, actor: &Actor, name: &str, version: u32) -> Result<TabellenSeite, Fehler>;
    /// Difference of two versions of a table.
    async fn tabellen_unterschied(&self, actor: &Actor, name: &str, von: u32, nach: u32) -> Result<Vergleich, Fehler>;
    /// What a version, or a proposal, says to this input.
    async fn probieren(&self, actor: &Actor, ort: &BeispielOrt, eingabe: &Werte) -> Result<Probe, Fehler>;
    /// Replaces the example rows; those of a proposal only its author.
    async fn beispiele(
        &self,
        actor: &Actor,
        ort: &BeispielOrt,
        zeilen: Vec<Beispiel>,
        grund: &str,
    ) -> Result<(), Fehler>;
}
