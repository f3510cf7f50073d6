// SPDX-License-Identifier: EUPL-1.2
//! Substitution: who stands in for whom, from when to when, for which processes.
//!
//! A deputy gets the group work and the personal tasks of the absent person, never their roles, and never what that
//! person holds as somebody's deputy. What holds at a moment stands in `platform_wirksam`, made anew with every change
//! of a person's groups or substitutions; rights and task lists ask only that table.

use std::sync::Arc;

use nachrichten::{Actor, PersonId, Tag, Timestamp, fehler::Fehler};
use uuid::Uuid;

use crate::{
    args, audit,
    db::{Db, DbError, Tx},
    from_row, rechte, statements,
    uhr::{Clock, Ids},
};

statements! {
    BASIS = "SELECT DISTINCT subjekt FROM platform_subjekt WHERE person = $1 ORDER BY subjekt";
    ALLE_VON = "SELECT vertreter, von, bis, process, behaelt FROM platform_vertretung WHERE person = $1 ORDER BY von";
    LEEREN = "DELETE FROM platform_wirksam WHERE fuer = $1";
    SETZEN = "INSERT INTO platform_wirksam (person, subjekt, fuer, von, bis, process) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, subjekt, fuer, process, von) DO UPDATE SET bis = max(platform_wirksam.bis, excluded.bis)"
        => "INSERT INTO platform_wirksam (person, subjekt, fuer, von, bis, process) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, subjekt, fuer, process, von) DO UPDATE SET bis = greatest(platform_wirksam.bis, excluded.bis)";
    INSERT = "INSERT INTO platform_vertretung (id, person, vertreter, von, bis, process, behaelt, grund, angelegt, angelegt_von) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BEENDEN = "UPDATE platform_vertretung SET bis = $2 WHERE id = $1 AND bis > $2 RETURNING person";
    EINE = "SELECT person, vertreter FROM platform_vertretung WHERE id = $1";
    LISTE = "SELECT v.id, v.person, a.name, v.vertreter, b.name, v.von, v.bis, v.process, v.behaelt, v.grund FROM platform_vertretung v \
        JOIN platform_person a ON a.id = v.person JOIN platform_person b ON b.id = v.vertreter \
        WHERE (v.person = $1 OR v.vertreter = $1) AND v.bis > $2 ORDER BY v.von, a.name LIMIT 200";
    AKTIV = "SELECT name FROM platform_person WHERE id = $1 AND aktiv = 1";
    PERSONEN = "SELECT id, name, amt FROM platform_person WHERE aktiv = 1 AND kennung <> 'cli' ORDER BY name LIMIT 10000";
}

/// Days a substitution may lie ahead; further is a mistyped year.
const HORIZONT_TAGE: i32 = 3 * 366;
/// Characters of a reason.
pub const GRUND_MAX: usize = 200;

/// Every process.
pub const ALLE: &str = "*";

/// A substitution as people see it; `bis` is its last day.
#[derive(Clone, Debug, PartialEq)]
pub struct Vertretung {
    pub id: Uuid,
    pub person: PersonId,
    pub person_name: String,
    pub vertreter: PersonId,
    pub vertreter_name: String,
    pub von: Tag,
    pub bis: Tag,
    /// [`ALLE`] or a process id.
    pub process: String,
    pub behaelt: bool,
    pub grund: String,
}

/// A substitution to enter.
#[derive(Clone, Debug)]
pub struct NeueVertretung {
    pub person: PersonId,
    pub vertreter: PersonId,
    pub von: Tag,
    pub bis: Tag,
    pub process: String,
    pub behaelt: bool,
    pub grund: String,
}

struct Zeile {
    id: Uuid,
    person: PersonId,
    person_name: String,
    vertreter: PersonId,
    vertreter_name: String,
    von: Timestamp,
    bis: Timestamp,
    process: String,
    behaelt: bool,
    grund: String,
}
from_row!(Zeile { id, person, person_name, vertreter, vertreter_name, von, bis, process, behaelt, grund });

impl From<Zeile> for Vertretung {
    fn from(z: Zeile) -> Self {
        let (von, bis) = (z.von.tag(), z.bis.plus_micros(-1).tag());
        let Zeile { id, person, person_name, vertreter, vertreter_name, process, behaelt, grund, .. } = z;
        Self { id, person, person_name, vertreter, vertreter_name, von, bis, process, behaelt, grund }
    }
}

struct Zeitraum {
    vertreter: PersonId,
    von: Timestamp,
    bis: Timestamp,
    process: String,
    behaelt: bool,
}
from_row!(Zeitraum { vertreter, von, bis, process, behaelt });

/// Makes the effective subjects of one person anew: own ones, and those of the deputies.
pub async fn rebuild(tx: &mut Tx, person: PersonId) -> Result<(), DbError> {
    tx.execute(&LEEREN, args![person]).await?;
    let base: Vec<(String,)> = tx.all(&BASIS, args![person]).await?;
    let times: Vec<Zeitraum> = tx.all(&ALLE_VON, args![person]).await?;
    let own = own_times(&times);
    for (subjekt,) in base {
        let group = subjekt.starts_with("gruppe:");
        let whole = [(Timestamp(0), rechte::OHNE_ENDE)];
        for (von, bis) in if group { own.as_slice() } else { &whole } {
            tx.execute(&SETZEN, args![person, &subjekt, person, *von, *bis, ALLE]).await?;
        }
        if !group && subjekt != format!("person:{person}") {
            continue;
        }
        for t in &times {
            tx.execute(&SETZEN, args![t.vertreter, &subjekt, person, t.von, t.bis, &t.process]).await?;
        }
    }
    Ok(())
}

/// When the person works in their groups: always, but for the times they gave away.
fn own_times(times: &[Zeitraum]) -> Vec<(Timestamp, Timestamp)> {
    let mut away: Vec<(Timestamp, Timestamp)> =
        times.iter().filter(|t| !t.behaelt && t.process == ALLE).map(|t| (t.von, t.bis)).collect();
    away.sort();
    let (mut from, mut own) = (Timestamp(0), Vec::new());
    for (von, bis) in away {
        if von > from {
            own.push((from, von));
        }
        from = from.max(bis);
    }
    own.push((from, rechte::OHNE_ENDE));
    own
}

/// Enters and lists substitutions.
#[derive(Clone)]
pub struct Vertretungen {
    db: Db,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

fn defect(e: impl std::fmt::Display) -> Fehler {
    let text = "Der Speicher ist gerade nicht erreichbar. Ihre Eingaben bleiben erhalten.";
    Fehler::new("E9001", 503, text, e.to_string())
}

fn refused(text: &str) -> Fehler {
    Fehler::new("E3010", 422, text.to_owned(), "substitution refused")
}

impl Vertretungen {
    pub fn new(db: Db, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { db, clock, ids }
    }

    async fn may(&self, actor: &Actor, person: PersonId) -> Result<(), Fehler> {
        if actor.person == person || rechte::is(&self.db, actor.person, "rolle:Betrieb").await.map_err(defect)? {
            return Ok(());
        }
        Err(Fehler::new("E7003", 403, "Eine Vertretung trägt die Person selbst oder der Betrieb ein.", "not own"))
    }

    /// Enters a substitution: for oneself, or by the Betrieb.
    ///
    /// # Errors
    /// E3010 with what does not fit, E7003 when it is somebody else's.
    pub async fn enter(&self, actor: &Actor, v: &NeueVertretung) -> Result<Uuid, Fehler> {
        self.may(actor, v.person).await?;
        let now = self.clock.now();
        if v.person == v.vertreter {
            return Err(refused("Niemand vertritt sich selbst. Wählen Sie eine andere Person."));
        }
        if v.bis < v.von {
            return Err(refused("Die Vertretung endet vor ihrem Beginn. Ändern Sie das Ende."));
        }
        if v.bis < now.tag() {
            return Err(refused("Die Vertretung ist schon vorbei. Ändern Sie das Ende."));
        }
        let today = now.tag();
        if v.von < today.plus_tage(-HORIZONT_TAGE) || v.bis > today.plus_tage(HORIZONT_TAGE) {
            return Err(refused("Die Tage liegen weiter als drei Jahre von heute entfernt. Ändern Sie das Jahr."));
        }
        if v.grund.trim().is_empty() {
            return Err(refused("Tragen Sie einen Grund ein, zum Beispiel Urlaub."));
        }
        if v.grund.chars().count() > GRUND_MAX {
            return Err(refused("Der Grund ist zu lang. Kürzen Sie ihn auf 200 Zeichen."));
        }
        for person in [v.person, v.vertreter] {
            let known: Option<(String,)> = self.db.optional(&AKTIV, args![person]).await.map_err(defect)?;
            if known.is_none() {
                return Err(refused("Diese Person gibt es nicht mehr. Wählen Sie eine andere Person."));
            }
        }
        let (id, until) = (self.ids.uuid(), v.bis.plus_tage(1).beginn());
        let mut tx = self.db.begin().await.map_err(defect)?;
        let values = args![
            id,
            v.person,
            v.vertreter,
            v.von.beginn(),
            until,
            &v.process,
            v.behaelt,
            v.grund.trim(),
            now,
            actor.person
        ];
        tx.execute(&INSERT, values).await.map_err(defect)?;
        rebuild(&mut tx, v.person).await.map_err(defect)?;
        let data = serde_json::json!({
            "vertreter": v.vertreter, "von": v.von, "bis": v.bis, "process": v.process, "behaelt": v.behaelt, "grund": v.grund,
        });
        self.note(&mut tx, actor, v.person, "vertretung eingetragen", data).await.map_err(defect)?;
        tx.commit().await.map_err(defect)?;
        Ok(id)
    }

    /// Ends a substitution now; what was done in it stays.
    pub async fn end(&self, actor: &Actor, id: Uuid) -> Result<(), Fehler> {
        let row: Option<(PersonId, PersonId)> = self.db.optional(&EINE, args![id]).await.map_err(defect)?;
        let (person, _) = row.ok_or_else(Fehler::not_found)?;
        self.may(actor, person).await?;
        let mut tx = self.db.begin().await.map_err(defect)?;
        let ended: Option<(PersonId,)> = tx.optional(&BEENDEN, args![id, self.clock.now()]).await.map_err(defect)?;
        if ended.is_some() {
            rebuild(&mut tx, person).await.map_err(defect)?;
            let data = serde_json::json!({ "vertretung": id });
            self.note(&mut tx, actor, person, "vertretung beendet", data).await.map_err(defect)?;
            tx.commit().await.map_err(defect)?;
        }
        Ok(())
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        person: PersonId,
        act: &str,
        data: serde_json::Value,
    ) -> Result<(), DbError> {
        let chain = format!("person:{person}");
        let by = audit::person(actor);
        let entry = audit::Entry { chain: &chain, at: self.clock.now(), actor: &by, act, object: &chain, data };
        audit::append(tx, entry).await
    }

    /// Running and coming substitutions of and by a person.
    pub async fn of(&self, person: PersonId) -> Result<Vec<Vertretung>, Fehler> {
        let rows: Vec<Zeile> = self.db.all(&LISTE, args![person, self.clock.now()]).await.map_err(defect)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Everybody who may be chosen: id, name, office.
    pub async fn persons(&self) -> Result<Vec<(PersonId, String, String)>, Fehler> {
        self.db.all(&PERSONEN, args![]).await.map_err(defect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_times_leave_out_what_was_given_away() {
        let t = |von: i64, bis: i64, behaelt, process: &str| Zeitraum {
            vertreter: PersonId(Uuid::nil()),
            von: Timestamp(von),
            bis: Timestamp(bis),
            process: process.to_owned(),
            behaelt,
        };
        let own = |times: &[Zeitraum]| {
            own_times(times)
                .into_iter()
                .map(|(a, b)| (a.0, if b == rechte::OHNE_ENDE { -1 } else { b.0 }))
                .collect::<Vec<_>>()
        };
        assert_eq!(own(&[]), [(0, -1)]);
        assert_eq!(own(&[t(10, 20, false, ALLE)]), [(0, 10), (20, -1)]);
        assert_eq!(own(&[t(10, 20, true, ALLE), t(30, 40, false, "rechnung")]), [(0, -1)]);
        assert_eq!(own(&[t(15, 30, false, ALLE), t(10, 20, false, ALLE)]), [(0, 10), (30, -1)]);
    }
}
