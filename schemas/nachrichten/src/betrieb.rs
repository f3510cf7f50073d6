// SPDX-License-Identifier: EUPL-1.2
//! What operators see and do, served by `geschaeftsgang` to persons with the role Betrieb and to nobody else (E7003);
//! the audit trail also to the role Revision.
//! Every act needs a reason (E3007 without one), which stands in the audit trail.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Actor, InstanceId, JobId, PersonId, Tag, Timestamp, fehler::Fehler};

/// Incidents read at once.
pub const STOERUNGEN: usize = 5_000;
/// Incidents handled by one act: each is a transaction of its own, and somebody waits for the answer.
pub const JE_AKT: usize = 1_000;

/// A job or a step that needs an operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stoerung {
    pub job: JobId,
    pub ablauf: InstanceId,
    pub process: String,
    pub element: String,
    pub name: String,
    pub ursache: String,
    pub seit: Timestamp,
    pub letzter_versuch: Option<Timestamp>,
    pub versuche: u32,
    /// Who looks after it.
    #[serde(default)]
    pub bei: Option<String>,
    /// False: the process stopped between two jobs; there is nothing to look at and nothing to skip.
    #[serde(default)]
    pub auftrag: bool,
}

/// Characters of a cause that count.
const URSACHE_MAX: usize = 300;

/// Numbers and quoted names differ from case to case; the cause is what stays. On one line and short, so that a form can
/// carry it: browsers change line ends on the way.
pub fn ursache_von(text: &str) -> String {
    let mut cause = String::new();
    let mut quoted = false;
    for c in text.trim().chars().take(URSACHE_MAX) {
        match c {
            c if c.is_whitespace() || c.is_control() => {
                if !quoted && !cause.ends_with(' ') {
                    cause.push(' ');
                }
            }
            '„' => {
                quoted = true;
                cause.push_str("„…");
            }
            '“' | '”' => {
                quoted = false;
                cause.push('“');
            }
            _ if quoted => {}
            c if c.is_ascii_digit() => {
                if !cause.ends_with('#') {
                    cause.push('#');
                }
            }
            c => cause.push(c),
        }
    }
    cause
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behandlung {
    /// The job goes out again, with its tries counted anew.
    Erneut,
    /// The step counts as done without its result, as after [`crate::ablaeufe::Eingriff::SchrittErledigen`].
    Ueberspringen,
}

/// What an act began: look at [`Betrieb::einreihung`] for how it went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eingereiht {
    pub id: Uuid,
    /// How many of the named ones; the others were handled by somebody else meanwhile, or refused.
    pub anzahl: u32,
}

/// An act on incidents, and how far it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Einreihung {
    pub id: Uuid,
    pub zeit: Timestamp,
    pub person: String,
    pub art: Behandlung,
    /// Of the first incident.
    pub ursache: String,
    pub grund: String,
    pub anzahl: u64,
    pub wartet: u64,
    pub gestoert: u64,
    /// Refused, with the reason at the case.
    pub abgelehnt: u64,
}

impl Einreihung {
    pub fn erledigt(&self) -> u64 {
        self.anzahl.saturating_sub(self.wartet + self.gestoert + self.abgelehnt)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallStand {
    Erledigt,
    Wartet,
    /// Failed again.
    Gestoert,
    Abgelehnt,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fall {
    pub job: JobId,
    pub ablauf: InstanceId,
    pub name: String,
    pub stand: FallStand,
    /// Why it failed again or was refused, German.
    pub text: Option<String>,
}

/// Jobs of one type, and the workers that take them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schlange {
    pub typ: String,
    /// Worker processes that take from the queue; None while the bus does not answer.
    pub arbeiter: Option<u64>,
    pub bereit: u64,
    pub unterwegs: u64,
    pub gestoert: u64,
    pub angehalten: u64,
    /// Since when the oldest one waits.
    pub seit: Option<Timestamp>,
}

/// What shows that a city could prove and restore what it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nachweise {
    /// The last `eakte backup create`, and how many documents it holds.
    pub sicherung: Option<(Timestamp, u64)>,
    /// The last `eakte reconcile`, and how many findings it had.
    pub abgleich: Option<(Timestamp, u64)>,
    /// Since when the oldest entry of the audit trail waits for its seal; None: all are sealed.
    pub unversiegelt: Option<Timestamp>,
    /// Bytes of the database.
    pub datenbank: u64,
}

/// A message that the bus set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totbrief {
    pub id: Uuid,
    pub queue: String,
    /// `delivery_limit`, `rejected`, `expired`, `maxlen`.
    pub grund: String,
    /// Of a job: its process.
    pub ablauf: Option<InstanceId>,
    /// Of a job: it is still waiting for a result of this message's attempt.
    pub offen: bool,
    /// Ids and hashes; what looks like more is covered.
    pub inhalt: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotbriefAkt {
    /// Back into its queue.
    Einreihen,
    Verwerfen,
}

/// What a job carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Auftrag {
    pub job: JobId,
    pub ablauf: InstanceId,
    pub typ: String,
    pub name: String,
    pub stand: String,
    pub versuche: u32,
    pub ursache: Option<String>,
    /// JSON, with everything covered that could be of a person unless it was uncovered.
    pub eingabe: String,
    pub offen: bool,
}

/// Entries of the audit trail on one page.
pub const PROTOKOLL_SEITE: usize = 100;
/// Entries of the audit trail in one answer, at most: an extract for a spreadsheet.
pub const PROTOKOLL_AUSZUG: usize = 5_000;
/// Days that a question may span when it does not name one object: nothing else is indexed.
pub const PROTOKOLL_TAGE: i32 = 31;

/// A question to the audit trail; what is empty does not narrow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtokollFrage {
    pub von: Tag,
    /// The last day, whole.
    pub bis: Tag,
    /// `dokument:<id>`, `ablauf:<id>`, `sendung:<id>`, `akte:<id>` and others, whole.
    pub objekt: String,
    /// Kennung of who acted.
    pub person: String,
    /// A part of the act's name, whatever its case.
    pub tat: String,
    /// Older than this entry: the last one of the answer before.
    pub nach: Option<(Timestamp, String, i64)>,
    /// How many at most, up to [`PROTOKOLL_AUSZUG`].
    pub hoechstens: u32,
}

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtokollEintrag {
    pub kette: String,
    pub nummer: i64,
    pub zeit: Timestamp,
    /// A person's name, or the part of the software that acted.
    pub wer: String,
    pub tat: String,
    pub objekt: String,
    /// JSON on one line; for the role Betrieb with everything covered that could be of a person.
    pub angaben: String,
    /// SHA-256 over the entry and the one before it in its chain.
    pub pruefsumme: String,
}

#[async_trait]
pub trait Betrieb: Send + Sync {
    /// How many incidents there are.
    async fn offen(&self, actor: &Actor) -> Result<u64, Fehler>;
    /// Oldest first, at most [`STOERUNGEN`].
    async fn stoerungen(&self, actor: &Actor) -> Result<Vec<Stoerung>, Fehler>;
    /// Handles incidents, at most [`JE_AKT`]; those that are none any more are passed over.
    async fn behandeln(
        &self,
        actor: &Actor,
        art: Behandlung,
        jobs: &[JobId],
        grund: &str,
    ) -> Result<Eingereiht, Fehler>;
    /// [`Behandlung::Erneut`]; returns how many.
    async fn erneut(&self, actor: &Actor, jobs: &[JobId], grund: &str) -> Result<u32, Fehler> {
        Ok(self.behandeln(actor, Behandlung::Erneut, jobs, grund).await?.anzahl)
    }
    /// The last ten acts of the last week.
    async fn einreihungen(&self, actor: &Actor) -> Result<Vec<Einreihung>, Fehler>;
    async fn einreihung(&self, actor: &Actor, id: Uuid) -> Result<(Einreihung, Vec<Fall>), Fehler>;
    /// Who may look after an incident: everybody with the role Betrieb.
    async fn betreuer(&self, actor: &Actor) -> Result<Vec<(PersonId, String)>, Fehler>;
    /// Gives incidents to a person, or to nobody; returns how many.
    async fn zuweisen(&self, actor: &Actor, jobs: &[JobId], an: Option<PersonId>, grund: &str) -> Result<u32, Fehler>;
    /// A job with what it carries; with a reason uncovered, which stands in the audit trail.
    async fn auftrag(&self, actor: &Actor, job: JobId, grund: &str) -> Result<Auftrag, Fehler>;
    /// Every job type that has a worker or a job.
    async fn schlangen(&self, actor: &Actor) -> Result<Vec<Schlange>, Fehler>;
    /// Backup, comparison, seals, room.
    async fn nachweise(&self, actor: &Actor) -> Result<Nachweise, Fehler>;
    /// The audit trail, newest first; also for the role Revision. The question itself, with
    /// its reason, stands in the trail before it is answered. E3027: the span is too long or backwards; E3028: nobody
    /// has this Kennung.
    async fn protokoll(
        &self,
        actor: &Actor,
        frage: &ProtokollFrage,
        grund: &str,
    ) -> Result<Vec<ProtokollEintrag>, Fehler>;
    /// What the bus set aside, at most a thousand.
    async fn totbriefe(&self, actor: &Actor) -> Result<Vec<Totbrief>, Fehler>;
    /// Puts a dead letter back into its queue or throws it away.
    async fn totbrief(&self, actor: &Actor, id: Uuid, akt: TotbriefAkt, grund: &str) -> Result<(), Fehler>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_that_differ_only_in_numbers_and_names_are_one() {
        assert_eq!(ursache_von("XML nicht lesbar: Zeile 3"), ursache_von("XML nicht lesbar: Zeile 4711"));
        assert_eq!(ursache_von("„a.pdf“ fehlt"), ursache_von("„b 2.pdf“ fehlt"));
        assert_eq!(ursache_von("Zeile 1:\n  kein Wert"), ursache_von("Zeile 20:\r\n kein\tWert\n"));
        assert_eq!(ursache_von("„offen"), "„…");
        assert_eq!(ursache_von(&"ä".repeat(100_000)).chars().count(), URSACHE_MAX);
        assert_eq!(ursache_von(&ursache_von("„a b“ 7\n8")), ursache_von("„c“ 1\n2"), "a cause is its own cause");
        assert_ne!(ursache_von("DMS antwortet nicht"), ursache_von("Datenbank antwortet nicht"));
    }
}
