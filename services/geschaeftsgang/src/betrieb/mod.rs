// SPDX-License-Identifier: EUPL-1.2
//! What operators see and do: incidents, acts on many of them with their true progress, queues, dead letters.
//!
//! An act handles one incident after the other, each with its audit entry in a transaction of its own, and notes which
//! ones it took. How far it is, nobody writes down: a case whose job is gone is done, one whose job waits is under way,
//! one whose job failed again is an incident again.

mod behandeln;
mod protokoll;
pub(crate) mod sql;
mod totbriefe;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use nachrichten::{
    Actor, InstanceId, JobId, PersonId, Timestamp,
    betrieb::{
        Auftrag, Behandlung, Betrieb, Eingereiht, Einreihung, Fall, FallStand, Nachweise, ProtokollEintrag,
        ProtokollFrage, STOERUNGEN, Schlange, Stoerung, Totbrief, TotbriefAkt,
    },
    fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{args, audit, bus::BusError, from_row, mandant, rechte, worker};
use uuid::Uuid;

use crate::{Geschaeftsgang, Inner, aufgaben::away, sql as kern};

/// Acts are shown this long and kept four times as long.
const WOCHE: i64 = 7 * 86_400;

struct AuftragZeile {
    id: JobId,
    instanz: InstanceId,
    element_instanz: u64,
    process: String,
    element: String,
    name: String,
    ursache: Option<String>,
    angelegt: Timestamp,
    letzter_versuch: Option<Timestamp>,
    failures: u32,
}
from_row!(AuftragZeile {
    id,
    instanz,
    element_instanz,
    process,
    element,
    name,
    ursache,
    angelegt,
    letzter_versuch,
    failures
});

/// The interpreter stopped here: an expression that cannot be evaluated, a table without a row.
struct StoppZeile {
    instanz: InstanceId,
    element_instanz: i64,
    process: String,
    element: String,
    text: String,
    seit: Timestamp,
}
from_row!(StoppZeile { instanz, element_instanz, process, element, text, seit });

impl StoppZeile {
    /// Its handle on the operators' page: derived, so that it is the same on every call.
    fn id(&self) -> JobId {
        JobId(Uuid::new_v5(&self.instanz.0, &self.element_instanz.to_be_bytes()))
    }
}

/// An incident and where it stands.
struct Vorfall {
    stoerung: Stoerung,
    element_instanz: u64,
}

struct EinreihungZeile {
    id: Uuid,
    zeit: Timestamp,
    person: String,
    art: String,
    ursache: String,
    grund: String,
    anzahl: u64,
    wartet: u64,
    gestoert: u64,
    abgelehnt: u64,
}
from_row!(EinreihungZeile { id, zeit, person, art, ursache, grund, anzahl, wartet, gestoert, abgelehnt });

impl From<EinreihungZeile> for Einreihung {
    fn from(z: EinreihungZeile) -> Self {
        let EinreihungZeile { id, zeit, person, art, ursache, grund, anzahl, wartet, gestoert, abgelehnt } = z;
        let art = if art == "erneut" { Behandlung::Erneut } else { Behandlung::Ueberspringen };
        Self { id, zeit, person, art, ursache, grund, anzahl, wartet, gestoert, abgelehnt }
    }
}

struct FallZeile {
    job: JobId,
    instanz: InstanceId,
    name: String,
    fehler: Option<String>,
    stand: Option<String>,
    ursache: Option<String>,
}
from_row!(FallZeile { job, instanz, name, fehler, stand, ursache });

impl From<FallZeile> for Fall {
    fn from(z: FallZeile) -> Self {
        let (stand, text) = match (z.fehler, z.stand.as_deref()) {
            (Some(text), _) => (FallStand::Abgelehnt, Some(text)),
            (None, None) => (FallStand::Erledigt, None),
            (None, Some("stoerung")) => (FallStand::Gestoert, z.ursache),
            (None, Some(_)) => (FallStand::Wartet, None),
        };
        Self { job: z.job, ablauf: z.instanz, name: z.name, stand, text }
    }
}

struct ZeigeZeile {
    id: JobId,
    instanz: InstanceId,
    typ: String,
    name: String,
    stand: String,
    failures: u32,
    ursache: Option<String>,
    eingabe: Value,
}
from_row!(ZeigeZeile { id, instanz, typ, name, stand, failures, ursache, eingabe });

impl Inner {
    /// Reading: the role suffices.
    pub(crate) async fn nur_betrieb(&self, actor: &Actor) -> Result<(), Fehler> {
        match rechte::is(&self.db, actor.person, "rolle:Betrieb").await.map_err(away)? {
            true => Ok(()),
            false => {
                let text = "Diese Seite ist dem Betrieb vorbehalten.";
                Err(Fehler::new("E7003", 403, text, "role Betrieb is missing"))
            }
        }
    }

    /// Every incident, with and without a job.
    async fn vorfaelle(&self) -> Result<Vec<Vorfall>, Fehler> {
        let jobs: Vec<AuftragZeile> = self.db.all(&sql::AUFTRAEGE, args![STOERUNGEN as u64]).await.map_err(away)?;
        let stops: Vec<StoppZeile> = self.db.all(&sql::STOPPS, args![STOERUNGEN as u64]).await.map_err(away)?;
        let bei: Vec<(JobId, String)> = self.db.all(&sql::BEI, args![]).await.map_err(away)?;
        let mut bei: HashMap<JobId, String> = bei.into_iter().collect();
        let of_job = |a: AuftragZeile| Vorfall {
            element_instanz: a.element_instanz,
            stoerung: Stoerung {
                job: a.id,
                ablauf: a.instanz,
                process: a.process,
                element: a.element,
                name: a.name,
                ursache: a.ursache.unwrap_or_else(|| "unbekannt".to_owned()),
                seit: a.angelegt,
                letzter_versuch: a.letzter_versuch,
                versuche: a.failures,
                bei: None,
                auftrag: true,
            },
        };
        let of_stop = |s: StoppZeile| Vorfall {
            element_instanz: s.element_instanz as u64,
            stoerung: Stoerung {
                job: s.id(),
                ablauf: s.instanz,
                process: s.process,
                name: s.element.clone(),
                element: s.element,
                ursache: s.text,
                seit: s.seit,
                letzter_versuch: None,
                versuche: 1,
                bei: None,
                auftrag: false,
            },
        };
        let mut all: Vec<Vorfall> = jobs.into_iter().map(of_job).chain(stops.into_iter().map(of_stop)).collect();
        all.iter_mut().for_each(|v| v.stoerung.bei = bei.remove(&v.stoerung.job));
        all.sort_by_key(|v| v.stoerung.seit);
        all.truncate(STOERUNGEN);
        Ok(all)
    }
}

/// Covers what could be of a person: every text but ids and hashes. Keys and numbers stay.
fn bedeckt(wert: &Value) -> Value {
    let hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let known = |text: &str| hash(text) || Uuid::parse_str(text).is_ok();
    match wert {
        Value::String(text) if !text.is_empty() && !known(text) => Value::String("•••".to_owned()),
        Value::Array(list) => Value::Array(list.iter().map(bedeckt).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), bedeckt(v))).collect()),
        other => other.clone(),
    }
}

fn lesbar(wert: &Value) -> String {
    serde_json::to_string_pretty(wert).unwrap_or_default()
}

#[async_trait]
impl Betrieb for Geschaeftsgang {
    async fn offen(&self, actor: &Actor) -> Result<u64, Fehler> {
        self.inner.nur_betrieb(actor).await?;
        let (n,): (u64,) = self.inner.db.one(&kern::KENNZAHL_STOERUNG, args![]).await.map_err(away)?;
        Ok(n)
    }

    async fn stoerungen(&self, actor: &Actor) -> Result<Vec<Stoerung>, Fehler> {
        self.inner.nur_betrieb(actor).await?;
        Ok(self.inner.vorfaelle().await?.into_iter().map(|v| v.stoerung).collect())
    }

    async fn behandeln(
        &self,
        actor: &Actor,
        art: Behandlung,
        jobs: &[JobId],
        grund: &str,
    ) -> Result<Eingereiht, Fehler> {
        self.inner.behandeln(actor, art, jobs, grund).await
    }

    async fn einreihungen(&self, actor: &Actor) -> Result<Vec<Einreihung>, Fehler> {
        let inner = &self.inner;
        inner.nur_betrieb(actor).await?;
        let since = inner.now().plus_seconds(-WOCHE);
        let rows: Vec<EinreihungZeile> = inner.db.all(&sql::EINREIHUNGEN, args![since]).await.map_err(away)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    async fn einreihung(&self, actor: &Actor, id: Uuid) -> Result<(Einreihung, Vec<Fall>), Fehler> {
        let inner = &self.inner;
        inner.nur_betrieb(actor).await?;
        let act: Option<EinreihungZeile> = inner.db.optional(&sql::EINREIHUNG_LESEN, args![id]).await.map_err(away)?;
        let act = act.ok_or_else(Fehler::not_found)?;
        let cases: Vec<FallZeile> = inner.db.all(&sql::FAELLE, args![id]).await.map_err(away)?;
        Ok((act.into(), cases.into_iter().map(Into::into).collect()))
    }

    async fn betreuer(&self, actor: &Actor) -> Result<Vec<(PersonId, String)>, Fehler> {
        self.inner.nur_betrieb(actor).await?;
        self.inner.db.all(&sql::BETREUER, args![]).await.map_err(away)
    }

    async fn zuweisen(&self, actor: &Actor, jobs: &[JobId], an: Option<PersonId>, grund: &str) -> Result<u32, Fehler> {
        self.inner.zuweisen(actor, jobs, an, grund).await
    }

    async fn auftrag(&self, actor: &Actor, job: JobId, grund: &str) -> Result<Auftrag, Fehler> {
        let inner = &self.inner;
        inner.nur_betrieb(actor).await?;
        let row: Option<ZeigeZeile> = inner.db.optional(&sql::AUFTRAG_ZEIGEN, args![job]).await.map_err(away)?;
        let z = row.ok_or_else(Fehler::not_found)?;
        let offen = !grund.trim().is_empty();
        if offen {
            let data = json!({ "auftrag": job, "grund": grund });
            let mut tx = inner.db.begin().await.map_err(away)?;
            inner.note(&mut tx, actor, z.instanz, "Angaben eines Auftrags aufgedeckt", data).await.map_err(away)?;
            tx.commit().await.map_err(away)?;
        }
        let eingabe = if offen { z.eingabe } else { bedeckt(&z.eingabe) };
        Ok(Auftrag {
            job: z.id,
            ablauf: z.instanz,
            typ: z.typ,
            name: z.name,
            stand: z.stand,
            versuche: z.failures,
            ursache: z.ursache,
            eingabe: lesbar(&eingabe),
            offen,
        })
    }

    async fn schlangen(&self, actor: &Actor) -> Result<Vec<Schlange>, Fehler> {
        let inner = &self.inner;
        inner.nur_betrieb(actor).await?;
        let rows: Vec<(String, String, u64, Timestamp)> =
            inner.db.all(&kern::MESS_AUFTRAG, args![]).await.map_err(away)?;
        let known = inner.dienste.get().into_iter().flatten().cloned();
        let types: BTreeSet<String> = known.chain(rows.iter().map(|(typ, ..)| typ.clone())).collect();
        let mut all: BTreeMap<String, Schlange> = BTreeMap::new();
        for typ in types {
            // A broker that is away costs one attempt, not one for each queue.
            let away = all.values().next().is_some_and(|s| s.arbeiter.is_none());
            let arbeiter = match away {
                true => None,
                false => match inner.bus.queue_state(&worker::queue(&typ)).await {
                    Ok(state) => Some(state.consumers),
                    Err(BusError::Unroutable(_)) => Some(0),
                    Err(_) => None,
                },
            };
            let (bereit, unterwegs, gestoert, angehalten) = (0, 0, 0, 0);
            let empty = Schlange { typ: typ.clone(), arbeiter, bereit, unterwegs, gestoert, angehalten, seit: None };
            all.insert(typ, empty);
        }
        for (typ, stand, n, seit) in rows {
            let Some(schlange) = all.get_mut(&typ) else { continue };
            match stand.as_str() {
                "bereit" => (schlange.bereit, schlange.seit) = (n, Some(seit)),
                "unterwegs" => schlange.unterwegs = n,
                "stoerung" => schlange.gestoert = n,
                _ => schlange.angehalten += n,
            }
        }
        Ok(all.into_values().collect())
    }

    async fn nachweise(&self, actor: &Actor) -> Result<Nachweise, Fehler> {
        let db = &self.inner.db;
        self.inner.nur_betrieb(actor).await?;
        let noted = async |name| mandant::vermerk(db, name).await.map_err(away);
        let number = |wert: &Value, name: &str| wert[name].as_u64().unwrap_or_default();
        const FINDINGS: [&str; 5] = ["missing", "duplicate", "altered", "orphan", "unaudited"];
        let (datenbank,) = db.one(&sql::GROESSE, args![]).await.map_err(away)?;
        Ok(Nachweise {
            sicherung: noted(mandant::SICHERUNG).await?.map(|(at, wert)| (at, number(&wert, "blobs"))),
            abgleich: noted(mandant::ABGLEICH)
                .await?
                .map(|(at, wert)| (at, FINDINGS.iter().map(|name| number(&wert, name)).sum())),
            unversiegelt: audit::unsealed_since(db).await.map_err(away)?,
            datenbank,
        })
    }

    async fn protokoll(
        &self,
        actor: &Actor,
        frage: &ProtokollFrage,
        grund: &str,
    ) -> Result<Vec<ProtokollEintrag>, Fehler> {
        self.inner.protokoll(actor, frage, grund).await
    }

    async fn totbriefe(&self, actor: &Actor) -> Result<Vec<Totbrief>, Fehler> {
        self.inner.nur_betrieb(actor).await?;
        self.inner.totbriefe().await
    }

    async fn totbrief(&self, actor: &Actor, id: Uuid, akt: TotbriefAkt, grund: &str) -> Result<(), Fehler> {
        self.inner.totbrief(actor, id, akt, grund).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_of_a_person_is_covered() {
        let (hash, id) = ("ab".repeat(32), "00000000-0000-0000-0000-000000000001");
        let seen = bedeckt(&json!({
            "dokument": id, "blob": hash, "login": "erika.muster", "n": 3, "absender": "Erika Muster",
            "tags": ["a b", ""], "tief": { "iban": "DE02120300000000202051" },
        }));
        let covered = json!({
            "dokument": id, "blob": hash, "login": "•••", "n": 3, "absender": "•••", "tags": ["•••", ""],
            "tief": { "iban": "•••" },
        });
        assert_eq!(seen, covered);
    }
}
