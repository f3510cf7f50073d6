// SPDX-License-Identifier: EUPL-1.2
//! Wiedervorlagen: something is looked at again on a day, served by `geschaeftsgang` (process `wiedervorlage`).

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Actor, AkteId, DokumentId, InstanceId, PersonId, Tag, TaskId, Timestamp, VorgangId, fehler::Fehler};

/// Job type: a decision about a due Wiedervorlage becomes its new state.
pub const EINTRAGEN: &str = "wiedervorlage.eintragen.v1";

/// What a Wiedervorlage is about. As text `dokument:<id>`, `akte:<id>`, `vorgang:<akte>:<id>`, `aufgabe:<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bezug {
    Dokument(DokumentId),
    Akte(AkteId),
    Vorgang(AkteId, VorgangId),
    Aufgabe(TaskId),
}

impl std::fmt::Display for Bezug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dokument(id) => write!(f, "dokument:{id}"),
            Self::Akte(id) => write!(f, "akte:{id}"),
            Self::Vorgang(akte, id) => write!(f, "vorgang:{akte}:{id}"),
            Self::Aufgabe(id) => write!(f, "aufgabe:{id}"),
        }
    }
}

impl std::str::FromStr for Bezug {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (art, rest) = text.split_once(':').ok_or(())?;
        Ok(match art {
            "dokument" => Self::Dokument(rest.parse().map_err(|_| ())?),
            "akte" => Self::Akte(rest.parse().map_err(|_| ())?),
            "aufgabe" => Self::Aufgabe(rest.parse().map_err(|_| ())?),
            "vorgang" => {
                let (akte, id) = rest.split_once(':').ok_or(())?;
                Self::Vorgang(akte.parse().map_err(|_| ())?, id.parse().map_err(|_| ())?)
            }
            _ => return Err(()),
        })
    }
}

/// Its text, on the wire too.
impl Serialize for Bezug {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bezug {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(|()| serde::de::Error::custom("not what a Wiedervorlage is about"))
    }
}

impl Bezug {
    /// Where a person looks at it.
    pub fn href(&self) -> String {
        match self {
            Self::Dokument(id) => format!("/dokumente/{id}"),
            Self::Akte(id) => format!("/akten/{id}"),
            Self::Vorgang(akte, id) => format!("/akten/{akte}#vorgang-{id}"),
            Self::Aufgabe(id) => format!("/aufgaben/{id}"),
        }
    }
}

/// A Wiedervorlage to set, or what is changed about one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Angaben {
    pub datum: Tag,
    /// At most 200 characters.
    pub grund: String,
    /// `person:<id>` or `gruppe:<name>`.
    pub an: String,
}

/// A Wiedervorlage as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wiedervorlage {
    pub id: Uuid,
    pub bezug: Bezug,
    /// Title of what it is about, as it was when set.
    pub titel: String,
    pub datum: Tag,
    pub grund: String,
    /// `person:<id>` or `gruppe:<name>`, and the person's name.
    pub an: String,
    pub an_name: Option<String>,
    pub von: PersonId,
    pub von_name: String,
    pub angelegt: Timestamp,
    /// `offen`, `erledigt`, `abgesagt`.
    pub stand: String,
    pub geaendert: Timestamp,
    pub ablauf: InstanceId,
    /// The open task, once the day has come.
    pub aufgabe: Option<TaskId>,
}

/// Input of [`EINTRAGEN`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Eintragen {
    #[schemars(with = "String")]
    pub id: Uuid,
    /// `erledigt`, `verschieben`, `weiterleiten`, `absagen`.
    pub entscheidung: String,
    #[serde(default)]
    pub datum: Option<Tag>,
    #[serde(default)]
    pub gruppe: Option<String>,
    #[serde(default)]
    pub bemerkung: Option<String>,
    pub person: PersonId,
}

/// Answer to [`EINTRAGEN`] and variable `wiedervorlage` of the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Vermerk {
    #[schemars(with = "String")]
    pub id: Uuid,
    pub datum: Tag,
    pub grund: String,
    /// One of both is set.
    pub person: Option<PersonId>,
    pub gruppe: Option<String>,
    /// Office whose head gets it when nobody is there.
    pub amt: Option<String>,
    pub titel: String,
    pub href: String,
    /// Where the process goes: `offen` (wait, or the task again), `faellig` (the task again at once), `erledigt`,
    /// `abgesagt`.
    pub weiter: String,
}

#[async_trait]
pub trait Wiedervorlagen: Send + Sync {
    /// The day itself when the city works on it, else the next day it does.
    async fn arbeitstag(&self, tag: Tag) -> Result<Tag, Fehler>;
    /// Sets one; a repeat with the same key gives the first. 422 (E3026) when something does not fit, 404 when the
    /// actor may not see what it is about.
    async fn setzen(&self, actor: &Actor, bezug: Bezug, a: &Angaben, key: &str) -> Result<Uuid, Fehler>;
    /// Open ones of this person, of their groups, of whom they stand in for, and those they set; by day.
    async fn meine(&self, actor: &Actor) -> Result<Vec<Wiedervorlage>, Fehler>;
    /// All of one thing, with an Akte those of its Vorgänge and documents too, open ones first by day; 404 when the actor may not see it.
    async fn zu(&self, actor: &Actor, bezug: Bezug) -> Result<Vec<Wiedervorlage>, Fehler>;
    async fn eine(&self, actor: &Actor, id: Uuid) -> Result<Wiedervorlage, Fehler>;
    /// Changes one that is not due yet; 409 (E3026) when it is.
    async fn aendern(&self, actor: &Actor, id: Uuid, a: &Angaben, warum: &str) -> Result<(), Fehler>;
    /// Cancels one that is not due yet.
    async fn absagen(&self, actor: &Actor, id: Uuid, warum: &str) -> Result<(), Fehler>;
}
