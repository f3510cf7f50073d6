// SPDX-License-Identifier: EUPL-1.2
//! People's work: lists, claim as compare-and-set, hand-over; completion is in [`crate::abschluss`].

use async_trait::async_trait;
use engine::ElementInstanceId;
use nachrichten::{
    Actor, DokumentId, InstanceId, PersonId, Tag, TaskId, Timestamp, Werte,
    aufgaben::{
        Aufgabe, AufgabeSeite, Aufgaben, AufgabenFilter, AufgabenListe, Erledigung, Schritt, ZAEHLT_BIS, Zaehler,
    },
    fehler::Fehler,
};
use serde_json::Value;
use service_platform::{args, db::DbError, from_row, rechte};

use crate::{Geschaeftsgang, Inner, mahnung, sql, weitergabe};

pub(crate) struct Zeile {
    pub id: TaskId,
    pub version: i64,
    pub instanz: InstanceId,
    pub element_instanz: u64,
    pub process: String,
    pub element: String,
    pub name: String,
    pub formular: String,
    pub titel: String,
    pub gruppe: String,
    pub bearbeiter: Option<PersonId>,
    pub bearbeiter_name: Option<String>,
    pub faellig: Option<Tag>,
    pub seit: Timestamp,
    pub dokument: Option<DokumentId>,
    pub daten: Value,
    pub entwurf: Value,
    pub erledigt: Option<Timestamp>,
    pub erledigt_name: Option<String>,
    pub mahnung: Option<String>,
}
from_row!(Zeile {
    id,
    version,
    instanz,
    element_instanz,
    process,
    element,
    name,
    formular,
    titel,
    gruppe,
    bearbeiter,
    bearbeiter_name,
    faellig,
    seit,
    dokument,
    daten,
    entwurf,
    erledigt,
    erledigt_name,
    mahnung
});

impl Zeile {
    /// Where it stands in its process.
    pub fn stelle(&self) -> (&str, ElementInstanceId) {
        (&self.element, ElementInstanceId(self.element_instanz))
    }

    fn aufgabe(self) -> Aufgabe {
        Aufgabe {
            id: self.id,
            version: self.version,
            ablauf: self.instanz,
            process: self.process,
            element: self.element,
            name: self.name,
            formular: self.formular,
            titel: self.titel,
            gruppe: self.gruppe,
            bearbeiter: self.bearbeiter,
            bearbeiter_name: self.bearbeiter_name,
            vertretung: None,
            faellig: self.faellig,
            seit: self.seit,
            dokument: self.dokument,
            daten: object(self.daten),
            erledigt: self.erledigt,
            mahnung: self.mahnung.and_then(|m| serde_json::from_str(&m).ok()),
        }
    }
}

fn object(value: Value) -> Werte {
    match value {
        Value::Object(map) => map,
        _ => Werte::new(),
    }
}

pub(crate) fn away(error: impl std::fmt::Display) -> Fehler {
    let text = "Der Speicher ist gerade nicht erreichbar. Ihre Eingaben bleiben erhalten.";
    Fehler::new("E9001", 503, text, error.to_string())
}

pub(crate) fn uhrzeit(at: Timestamp) -> String {
    let z = at.zoned();
    format!("{:02}.{:02}.{:04} um {:02}:{:02} Uhr", z.day(), z.month(), z.year(), z.hour(), z.minute())
}

impl Inner {
    /// May this person complete this task now?
    ///
    /// Result - in whose place, see [`Self::als`], or why not.
    pub(crate) async fn darf(&self, actor: &Actor, z: &Zeile) -> Result<Result<Option<PersonId>, Fehler>, DbError> {
        if let (Some(at), None) = (z.erledigt, &z.erledigt_name) {
            return Ok(Err(self.zurueckgenommen(z, at).await?));
        }
        if let Some(at) = z.erledigt {
            let who = z.erledigt_name.as_deref().unwrap_or("Das System");
            let text = format!("{who} hat diese Aufgabe am {} erledigt.", uhrzeit(at));
            return Ok(Err(Fehler::new("E3001", 409, text, "task is done")));
        }
        let Some(als) = self.als(actor, z.id).await? else {
            let text = format!("Diese Aufgabe gehört der Gruppe „{}“.", z.gruppe);
            return Ok(Err(Fehler::new("E3002", 403, text, "not a candidate")));
        };
        // What the absent person has taken, the deputy takes over.
        if let Some(other) = z.bearbeiter.filter(|p| *p != actor.person && als != Some(*p)) {
            let who = z.bearbeiter_name.clone().unwrap_or_else(|| other.to_string());
            let text = format!("Diese Aufgabe bearbeitet gerade {who}.");
            return Ok(Err(Fehler::new("E3004", 409, text, "claimed by another person")));
        }
        let signed: Option<(String,)> =
            self.db.optional(&sql::AUSGESCHLOSSEN, args![z.id, z.instanz, actor.person, als]).await?;
        Ok(match signed {
            Some((element,)) => Err(self.vier_augen(z, &element).await),
            None => Ok(als),
        })
    }

    /// In whose place this person may do a task: `Some(None)` as themselves, `Some(Some(_))` for somebody, `None` not.
    /// For the one who has taken it, if this person stands in for them; else rather as themselves.
    async fn als(&self, actor: &Actor, task: TaskId) -> Result<Option<Option<PersonId>>, DbError> {
        let values = args![task, actor.person, self.now()];
        let first: Option<(PersonId,)> = self.db.optional(&sql::KANDIDAT_ALS, values).await?;
        Ok(first.map(|(fuer,)| Some(fuer).filter(|f| *f != actor.person)))
    }

    pub(crate) async fn name_of(&self, person: PersonId) -> Result<String, DbError> {
        let name: Option<(String,)> = self.db.optional(&sql::PERSON_NAME, args![person]).await?;
        Ok(name.map(|(n,)| n).unwrap_or_default())
    }

    async fn vier_augen(&self, z: &Zeile, element: &str) -> Fehler {
        let definition = self.definitionen.read().await.newest(&z.process);
        let info = definition.as_ref().and_then(|f| f.definition.element(element));
        let earlier = info.map_or(element, |i| &*i.name).to_owned();
        let text = format!("Sie haben schon „{earlier}“ gezeichnet. „{}“ macht eine zweite Person.", z.name);
        Fehler::new("E3003", 403, text, "four eyes rule")
    }

    async fn sichtbar(&self, actor: &Actor, z: &Zeile) -> Result<bool, DbError> {
        let objekt = format!("ablauf:{}", z.instanz);
        rechte::has(&self.db, actor.person, &objekt, rechte::Recht::Sehen, self.now()).await
    }

    pub(crate) async fn read_task(&self, actor: &Actor, id: TaskId) -> Result<Zeile, Fehler> {
        let z: Option<Zeile> = self.db.optional(&sql::AUFGABE_READ, args![id]).await.map_err(away)?;
        let z = z.ok_or_else(Fehler::not_found)?;
        if self.sichtbar(actor, &z).await.map_err(away)? { Ok(z) } else { Err(Fehler::not_found()) }
    }

    pub(crate) async fn verlauf(&self, id: InstanceId) -> Result<Vec<Schritt>, Fehler> {
        type Line = (Timestamp, String, String, Option<String>, Option<String>);
        let rows: Vec<Line> = self.db.all(&sql::VERLAUF, args![id]).await.map_err(away)?;
        let row: Option<crate::fahrt::InstanzRow> =
            self.db.optional(&sql::INSTANZ_READ, args![id]).await.map_err(away)?;
        let fassung = match row {
            Some(row) => self.definitionen.read().await.get(row.definition),
            None => None,
        };
        let info = |element: &str| fassung.as_ref().and_then(|f| f.definition.element(element));
        let name = |element: &str| {
            // A fork in the road is no step: it keeps its id for a name, and pages leave it out.
            let named = info(element).filter(|i| !i.name.is_empty() && !i.kind.ends_with("Gateway"));
            named.map_or_else(|| element.to_owned(), |i| i.name.to_string())
        };
        // An event that was only listened for and never came.
        let nie = |(_, element, ereignis, ..): &Line| {
            ereignis == "abgebrochen" && info(element).is_some_and(|i| i.kind.ends_with("Event"))
        };
        let step = |(zeit, element, ereignis, person, text): Line| Schritt {
            zeit,
            name: name(&element),
            element,
            ereignis,
            person,
            text,
        };
        Ok(rows.into_iter().filter(|line| !nie(line)).map(step).collect())
    }

    pub(crate) async fn changed(&self, id: TaskId) -> Fehler {
        let now: Option<Zeile> = self.db.optional(&sql::AUFGABE_READ, args![id]).await.unwrap_or_default();
        let text = match now {
            Some(Zeile { erledigt: Some(at), erledigt_name, .. }) => {
                let who = erledigt_name.unwrap_or_else(|| "Das System".to_owned());
                format!("{who} hat diese Aufgabe am {} erledigt. Ihre Eingaben sind gesichert.", uhrzeit(at))
            }
            Some(Zeile { bearbeiter_name: Some(who), .. }) => format!("{who} hat diese Aufgabe inzwischen übernommen."),
            _ => "Die Aufgabe wurde inzwischen geändert. Laden Sie die Seite neu.".to_owned(),
        };
        Fehler::new("E3001", 412, text, "stale version")
    }
}

#[async_trait]
impl Aufgaben for Geschaeftsgang {
    async fn list(&self, actor: &Actor, filter: &AufgabenFilter) -> Result<AufgabenListe, Fehler> {
        let (inner, limit) = (&self.inner, filter.limit.clamp(1, 200) as usize);
        if filter.erledigte || filter.nur_meine {
            let statement = if filter.erledigte { &sql::ERLEDIGTE } else { &sql::MEINE };
            let rows: Vec<Zeile> = inner.db.all(statement, args![actor.person, limit]).await.map_err(away)?;
            let fits = |z: &Zeile| filter.process.is_empty() || filter.process.contains(&z.process);
            let aufgaben = rows.into_iter().filter(fits).map(Zeile::aufgabe).collect();
            return Ok(AufgabenListe { aufgaben, weiter: None });
        }
        let wanted = inner.zaehler_rows(actor, filter).await?;
        let after = filter.nach.clone().unwrap_or_default();
        let mut rows: Vec<(String, Zeile, String)> = Vec::new();
        for (subjekt, process, element, _, fuer) in wanted {
            let values = args![subjekt, process, element, &after, limit + 1];
            let found: Vec<Zeile> = inner.db.all(&sql::LISTE, values).await.map_err(away)?;
            rows.extend(found.into_iter().map(|z| (sort_key(&z), z, fuer.clone())));
        }
        // What one may do anyhow is not marked as somebody else's.
        rows.sort_by(|a, b| (&a.0, a.1.id, &a.2).cmp(&(&b.0, b.1.id, &b.2)));
        rows.dedup_by(|a, b| a.1.id == b.1.id);
        if let Some(until) = filter.faellig_bis {
            rows.retain(|(_, z, _)| z.faellig.is_some_and(|f| f <= until));
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let weiter = match rows.last() {
            Some((_, last, _)) if more => {
                let key: Option<(String,)> = inner.db.optional(&sql::SORTIERUNG, args![last.id]).await.map_err(away)?;
                key.map(|(k,)| k)
            }
            _ => None,
        };
        let marked = |(_, z, fuer): (String, Zeile, String)| Aufgabe {
            vertretung: Some(fuer).filter(|f| !f.is_empty()),
            ..z.aufgabe()
        };
        Ok(AufgabenListe { aufgaben: rows.into_iter().map(marked).collect(), weiter })
    }

    async fn zaehler(&self, actor: &Actor) -> Result<Vec<Zaehler>, Fehler> {
        let inner = &self.inner;
        let today = inner.now().tag();
        let mut counts: Vec<Zaehler> = Vec::new();
        for (subjekt, process, element, offen, _) in inner.zaehler_rows(actor, &AufgabenFilter::default()).await? {
            let due = async |from: String, until: Tag| -> Result<u64, Fehler> {
                let values = args![&subjekt, &process, &element, from, until.to_string(), ZAEHLT_BIS as i64];
                let (n,): (u64,) = inner.db.one(&sql::FAELLIG_ZAEHLER, values).await.map_err(away)?;
                Ok(n)
            };
            let late = due(String::new(), today).await?;
            let due_now = due(today.to_string(), today.plus_tage(1)).await?;
            match counts.iter_mut().find(|z| z.process == process && z.element == element) {
                // Several groups of one person may share a task kind; a task for two of them counts once per group.
                Some(z) => {
                    z.offen += offen;
                    z.heute_faellig += due_now;
                    z.ueberfaellig += late;
                }
                None => counts.push(Zaehler { process, element, offen, heute_faellig: due_now, ueberfaellig: late }),
            }
        }
        Ok(counts)
    }

    async fn get(&self, actor: &Actor, id: TaskId) -> Result<AufgabeSeite, Fehler> {
        let inner = &self.inner;
        let z = inner.read_task(actor, id).await?;
        let row: Option<crate::fahrt::InstanzRow> =
            inner.db.optional(&sql::INSTANZ_READ, args![z.instanz]).await.map_err(away)?;
        let row = row.ok_or_else(Fehler::not_found)?;
        let state: engine::State = serde_json::from_str(&row.state).map_err(away)?;
        let gezeichnet = inner.definitionen.read().await.get(row.definition);
        let felder = gezeichnet.map(|f| f.definition.form(&z.element).to_vec()).unwrap_or_default();
        let variablen = state.variables_at(ElementInstanceId(z.element_instanz));
        let sperre = inner.darf(actor, &z).await.map_err(away)?.err().map(|f| f.text.0);
        let verlauf = inner.verlauf(z.instanz).await?;
        let entwurf = object(z.entwurf.clone());
        let vertretung = match inner.als(actor, id).await.map_err(away)?.flatten() {
            Some(fuer) => Some(inner.name_of(fuer).await.map_err(away)?),
            None => None,
        };
        let fassung = inner.fassung(actor, &z, &state).await?;
        Ok(AufgabeSeite {
            aufgabe: Aufgabe { vertretung, ..z.aufgabe() },
            variablen,
            entwurf,
            verlauf,
            sperre,
            fassung,
            felder,
        })
    }

    async fn claim(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
        weitergabe::claim(&self.inner, actor, id, version).await
    }

    async fn release(&self, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
        weitergabe::release(&self.inner, actor, id, version).await
    }

    async fn delegate(
        &self,
        actor: &Actor,
        id: TaskId,
        version: i64,
        an: PersonId,
        grund: &str,
    ) -> Result<i64, Fehler> {
        weitergabe::delegate(&self.inner, actor, id, version, an, grund).await
    }

    async fn verlegen(&self, actor: &Actor, id: TaskId, version: i64, auf: Tag, grund: &str) -> Result<i64, Fehler> {
        mahnung::verlegen(&self.inner, actor, id, version, auf, grund).await
    }

    async fn draft(&self, actor: &Actor, id: TaskId, werte: Werte) -> Result<(), Fehler> {
        let inner = &self.inner;
        let z = inner.read_task(actor, id).await?;
        inner.darf(actor, &z).await.map_err(away)??;
        inner.db.execute(&sql::AUFGABE_DRAFT, args![id, Value::Object(werte)]).await.map_err(away)?;
        Ok(())
    }

    async fn complete(&self, actor: &Actor, id: TaskId, e: Erledigung) -> Result<(), Fehler> {
        self.complete_with_tasks(actor, id, e).await.map(drop)
    }
}

fn sort_key(z: &Zeile) -> String {
    format!("{}|{:020}", z.faellig.map_or_else(|| "9999-12-31".to_owned(), |d| d.to_string()), z.seit.0)
}

pub(crate) fn step_failed(reason: impl std::fmt::Display) -> Fehler {
    let text = "Der Schritt konnte nicht ausgeführt werden. Ihre Eingaben sind gesichert.";
    Fehler::new("E3005", 500, text, reason.to_string())
}

/// Source of the grants an open task gives its candidates.
pub(crate) fn quelle(process: &str, task: TaskId) -> String {
    format!("aufgabe:{process}:{task}")
}

/// Subject, process, element, open tasks, and in whose place (empty: as oneself).
type ZaehlerRow = (String, String, String, u64, String);

impl Inner {
    async fn zaehler_rows(&self, actor: &Actor, filter: &AufgabenFilter) -> Result<Vec<ZaehlerRow>, Fehler> {
        let mut rows: Vec<ZaehlerRow> =
            self.db.all(&sql::MEINE_ZAEHLER, args![actor.person, self.now(), ZAEHLT_BIS as i64]).await.map_err(away)?;
        rows.retain(|(_, process, element, ..)| {
            (filter.process.is_empty() || filter.process.contains(process))
                && (filter.element.is_empty() || filter.element.contains(element))
        });
        Ok(rows)
    }
}

impl Geschaeftsgang {
    /// The oldest open task of an instance, without looking at rights; for measurements and tests.
    pub async fn open_task(&self, instanz: InstanceId) -> Result<Option<TaskId>, DbError> {
        let task: Option<(TaskId,)> = self.inner.db.optional(&sql::OFFENE_OF_INSTANZ, args![instanz]).await?;
        Ok(task.map(|(id,)| id))
    }
}
