// SPDX-License-Identifier: EUPL-1.2
//! Questions to the audit trail. Who asks leaves an entry with a reason first: the trail says who did what, and so who
//! looked at that. Operators see what an entry carries with its texts covered, the Revision sees it whole.

use std::collections::HashMap;

use nachrichten::{
    Actor, PersonId,
    betrieb::{PROTOKOLL_AUSZUG, PROTOKOLL_TAGE, ProtokollEintrag, ProtokollFrage},
    fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{args, audit, rechte};

use super::{bedeckt, sql};
use crate::{Inner, aufgaben::away};

/// Characters of a reason that are kept.
const GRUND_MAX: usize = 500;

impl Inner {
    pub(super) async fn protokoll(
        &self,
        actor: &Actor,
        frage: &ProtokollFrage,
        grund: &str,
    ) -> Result<Vec<ProtokollEintrag>, Fehler> {
        let role = async |name| rechte::is(&self.db, actor.person, name).await.map_err(away);
        let alles = role("rolle:Revision").await?;
        if !alles && !role("rolle:Betrieb").await? {
            let text = "Das Protokoll ist dem Betrieb und der Revision vorbehalten.";
            return Err(Fehler::new("E7003", 403, text, "role Betrieb or Revision is missing"));
        }
        if grund.trim().chars().count() < 3 {
            let text = "Nennen Sie einen Grund. Er steht im Protokoll.";
            return Err(Fehler::new("E3007", 422, text, "reason missing"));
        }
        spanne(frage)?;
        let person = match frage.person.trim() {
            "" => String::new(),
            kennung => {
                let row: Option<(PersonId,)> = self.db.optional(&sql::PERSON, args![kennung]).await.map_err(away)?;
                let (id,) = row.ok_or_else(|| {
                    let text = format!("Die Kennung „{kennung}“ gibt es nicht.");
                    Fehler::new("E3028", 422, text, "no person has this kennung")
                })?;
                format!("person:{id}")
            }
        };
        self.note_question(actor, frage, grund).await?;
        // Whoever asks also sees the entry of the own question.
        let (bis, kette, nummer) = frage.nach.clone().unwrap_or((frage.bis.plus_tage(1).beginn(), String::new(), 0));
        let tat = frage.tat.trim().to_lowercase();
        let limit = (frage.hoechstens as usize).clamp(1, PROTOKOLL_AUSZUG) as u64;
        let mut values = args![frage.von.beginn(), bis, kette, nummer, person, tat, limit];
        let rows: Vec<audit::Stored> = match frage.objekt.trim() {
            "" => self.db.all(&sql::PROTOKOLL, values).await,
            objekt => {
                values.extend(args![objekt]);
                self.db.all(&sql::PROTOKOLL_OBJEKT, values).await
            }
        }
        .map_err(away)?;
        let names = self.names(&rows).await?;
        Ok(rows.into_iter().map(|row| eintrag(row, &names, alles)).collect())
    }

    async fn note_question(&self, actor: &Actor, frage: &ProtokollFrage, grund: &str) -> Result<(), Fehler> {
        let (object, by) = ("protokoll", audit::person(actor));
        let grund: String = grund.trim().chars().take(GRUND_MAX).collect();
        let data = json!({
            "von": frage.von, "bis": frage.bis, "objekt": frage.objekt, "person": frage.person, "tat": frage.tat,
            "weiter": frage.nach.is_some(), "hoechstens": frage.hoechstens, "grund": grund,
        });
        let mut tx = self.db.begin().await.map_err(away)?;
        let act = "Protokoll eingesehen";
        let entry = audit::Entry { chain: "betrieb:protokoll", at: self.now(), actor: &by, act, object, data };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)
    }

    /// Names of the persons who acted, by how they stand in the trail.
    async fn names(&self, rows: &[audit::Stored]) -> Result<HashMap<String, String>, Fehler> {
        let mut names = HashMap::new();
        for actor in rows.iter().map(|row| &row.actor) {
            let id = actor.strip_prefix("person:").and_then(|id| id.parse::<PersonId>().ok());
            if let Some(id) = id
                && !names.contains_key(actor)
            {
                let row: Option<(String,)> = self.db.optional(&sql::NAME, args![id]).await.map_err(away)?;
                names.insert(actor.clone(), row.map_or_else(|| actor.clone(), |(name,)| name));
            }
        }
        Ok(names)
    }
}

fn spanne(frage: &ProtokollFrage) -> Result<(), Fehler> {
    let text = if frage.bis < frage.von {
        "Der letzte Tag liegt vor dem ersten.".to_owned()
    } else if frage.objekt.trim().is_empty() && frage.von.plus_tage(PROTOKOLL_TAGE) <= frage.bis {
        format!("Ohne ein bestimmtes Objekt geht die Suche über höchstens {PROTOKOLL_TAGE} Tage.")
    } else {
        return Ok(());
    };
    Err(Fehler::new("E3027", 422, text, "span of the question"))
}

fn eintrag(row: audit::Stored, names: &HashMap<String, String>, alles: bool) -> ProtokollEintrag {
    let audit::Stored { chain, seq, at, actor, act, object, data, hash } = row;
    let angaben = match alles {
        true => data,
        false => serde_json::from_str::<Value>(&data).map_or_else(|_| String::new(), |v| bedeckt(&v).to_string()),
    };
    let wer = names.get(&actor).cloned().unwrap_or(actor);
    ProtokollEintrag { kette: chain, nummer: seq, zeit: at, wer, tat: act, objekt: object, angaben, pruefsumme: hash }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use nachrichten::Tag;

    use super::*;

    #[test]
    fn without_an_object_a_question_spans_a_month() {
        let tag = |text: &str| text.parse::<Tag>().unwrap();
        let frage = |von: &str, bis: &str, objekt: &str| {
            let (person, tat) = (String::new(), String::new());
            spanne(&ProtokollFrage {
                von: tag(von),
                bis: tag(bis),
                objekt: objekt.into(),
                person,
                tat,
                nach: None,
                hoechstens: 1,
            })
        };
        assert!(frage("2026-10-01", "2026-10-31", "").is_ok());
        assert!(frage("2026-10-01", "2026-11-01", "").unwrap_err().text.0.contains("31 Tage"));
        assert!(frage("2016-01-01", "2026-11-01", "akte:1").is_ok());
        assert!(frage("2026-11-02", "2026-11-01", "akte:1").is_err());
        assert!(frage("2026-11-01", "2026-11-01", "").is_ok());
    }
}
