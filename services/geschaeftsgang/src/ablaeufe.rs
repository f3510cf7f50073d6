// SPDX-License-Identifier: EUPL-1.2
//! Running processes as people and operators see them.

use async_trait::async_trait;
use engine::Command;
use nachrichten::{
    Actor, DokumentId, InstanceId, JobId, SendungId, Tag, TaskId, Timestamp, Werte,
    ablaeufe::{
        Ablaeufe, Ablauf, Eingriff, Kennzahlen, Marke, SendungAblauf, SendungAufgabe, Stoerung, Umzug, UmzugBericht,
        Version,
    },
    erkennung,
    fehler::Fehler,
    laufweg::{Laufweg, LaufwegAenderung},
    sendungen::Grund,
};
use serde_json::{Value, json};
use service_platform::{args, audit, from_row, outbox, rechte};

use crate::{
    Geschaeftsgang, Inner,
    aufgaben::away,
    fahrt::{Fahrt, FahrtFehler, InstanzRow},
    jobs::AuftragRow,
    sammel::{Abgelehnt, Bitte},
    sql,
};

/// An open task of a Sendung.
struct Offen {
    task: TaskId,
    element: String,
    gruppe: String,
    dokument: Option<DokumentId>,
    instanz: InstanceId,
    daten: Value,
}
from_row!(Offen { task, element, gruppe, dokument, instanz, daten });

/// A person starts a process.
pub(crate) struct Anstoss {
    pub actor: Actor,
    pub process: String,
    pub werte: Werte,
    pub schluessel: String,
}

impl Anstoss {
    /// Starts it and lets the person see it.
    pub async fn carry_out(&self, fahrt: &mut Fahrt<'_>) -> Result<InstanceId, FahrtFehler> {
        let id = fahrt.start_new(&self.process, self.werte.clone(), Some(&self.schluessel)).await?;
        let (subjekt, objekt) = (format!("person:{}", self.actor.person), format!("ablauf:{id}"));
        let data = json!({ "process": self.process });
        fahrt.audit_by(&audit::person(&self.actor), id, "angestoßen", &objekt, data).await?;
        rechte::grant(fahrt.tx(), &subjekt, &objekt, rechte::Recht::Sehen, Timestamp(0), "gestartet").await?;
        Ok(id)
    }
}

/// Does a job work on the post itself? Notices, e-mails and bookings leave the house beside it: while they are under
/// way, the post waits for its person or lies in its file all the same.
fn am_stueck(typ: &str) -> bool {
    !typ.starts_with("hinweis.") && !typ.starts_with("uebergabe.")
}

const TAG_MICROS: i64 = 86_400_000_000;

impl Inner {
    async fn betrieb(&self, actor: &Actor) -> Result<bool, Fehler> {
        rechte::is(&self.db, actor.person, "rolle:Betrieb").await.map_err(away)
    }

    /// Full view: a grant on the process, or the right to see its document.
    pub(crate) async fn darf_sehen(&self, actor: &Actor, row: &InstanzRow) -> Result<bool, Fehler> {
        Ok(self.sichtbare(actor, std::slice::from_ref(row)).await? == [true])
    }

    /// [`Self::darf_sehen`] of each row; the record keeper is asked once.
    async fn sichtbare(&self, actor: &Actor, rows: &[InstanzRow]) -> Result<Vec<bool>, Fehler> {
        let (mut seen, mut asked) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let objekt = format!("ablauf:{}", row.id);
            let granted = rechte::has(&self.db, actor.person, &objekt, rechte::Recht::Sehen, self.now()).await;
            seen.push(granted.map_err(away)?);
            asked.extend(row.dokument.filter(|_| seen.last() == Some(&false)));
        }
        let Some(dokumente) = self.dokumente.get() else { return Ok(seen) };
        let visible = if asked.is_empty() { Vec::new() } else { dokumente.sichtbar(actor, &asked).await? };
        for (row, seen) in rows.iter().zip(&mut seen).filter(|(_, seen)| !**seen) {
            *seen = match (row.dokument, row.sendung) {
                (Some(dokument), _) => visible.contains(&dokument),
                // The whole Sendung, to those who sort the post, when no part of it is closed to them.
                (None, Some(sendung)) => {
                    let korb = "korb:poststelle";
                    let sorts = rechte::has(&self.db, actor.person, korb, rechte::Recht::Sehen, self.now()).await;
                    sorts.map_err(away)? && dokumente.of_sendung(actor, sendung).await?.offen == Some(true)
                }
                (None, None) => false,
            };
        }
        Ok(seen)
    }

    /// `offen` = with variables; operators see states and reasons, not content.
    async fn ablauf(&self, row: InstanzRow, offen: bool, ganz: bool) -> Result<Ablauf, Fehler> {
        let fassung = self.definitionen.read().await.get(row.definition).ok_or_else(Fehler::not_found)?;
        let state: engine::State = serde_json::from_str(&row.state).map_err(away)?;
        // Jobs that gave up stand in their own table, not in the interpreter's state.
        let stopped: Vec<(u64, Option<String>)> =
            self.db.all(&sql::AUFTRAG_STOERUNG_OF, args![row.id]).await.map_err(away)?;
        let cause = |schritt: u64| stopped.iter().find(|(s, _)| *s == schritt).and_then(|(_, cause)| cause.clone());
        let marken = state.waiting(&fassung.definition).into_iter().filter(|w| !w.container || w.incident.is_some());
        let marken = marken.map(|w| {
            let incident = w.incident.or_else(|| cause(w.instance.0));
            Marke {
                element: w.element.to_string(),
                schritt: w.instance.0,
                name: w.name.to_string(),
                stoerung: incident.is_some(),
                warum: incident.unwrap_or(w.warum),
                seit: w.since,
            }
        });
        let tasks: Vec<(TaskId,)> = match ganz {
            true => self.db.all(&sql::OFFENE_OF_INSTANZ, args![row.id]).await.map_err(away)?,
            false => Vec::new(),
        };
        Ok(Ablauf {
            id: row.id,
            process: row.process,
            name: fassung.definition.name().to_owned(),
            version: fassung.version,
            stand: if row.stand == "aktiv" && !stopped.is_empty() { "stoerung".to_owned() } else { row.stand },
            titel: if offen { row.titel } else { fassung.definition.name().to_owned() },
            gestartet: row.gestartet,
            beendet: row.beendet,
            parent: row.parent,
            sendung: row.sendung,
            dokument: row.dokument,
            variablen: if offen { state.variables() } else { Werte::new() },
            verlauf: if ganz { self.verlauf(row.id).await? } else { Vec::new() },
            marken: marken.collect(),
            bpmn: if ganz { fassung.definition.source().to_owned() } else { String::new() },
            aufgaben: tasks.into_iter().map(|(id,)| id).collect(),
            meldungen: Vec::new(),
        })
    }
}

fn no_operator() -> Fehler {
    Fehler::new("E7003", 403, "Diese Seite ist dem Betrieb vorbehalten.", "role Betrieb is missing")
}

#[async_trait]
impl Ablaeufe for Geschaeftsgang {
    async fn of_sendung(&self, sendung: SendungId) -> Result<SendungAblauf, Fehler> {
        let inner = &self.inner;
        let rows: Vec<InstanzRow> = inner.db.all(&sql::INSTANZEN_OF_SENDUNG, args![sendung]).await.map_err(away)?;
        let jobs: Vec<(String, String, Option<String>)> =
            inner.db.all(&sql::AUFTRAG_OF_SENDUNG, args![sendung]).await.map_err(away)?;
        let open: Vec<Offen> = inner.db.all(&sql::OFFENE_OF_SENDUNG, args![sendung]).await.map_err(away)?;
        let texts: Vec<(String,)> = inner.db.all(&sql::STOERUNG_TEXTE, args![sendung]).await.map_err(away)?;
        let mut ablauf = SendungAblauf {
            // Started by an outbox row that was not taken yet: it runs.
            beendet: !rows.is_empty() && rows.iter().all(|r| r.beendet.is_some()),
            laeuft: rows.is_empty() || jobs.iter().any(|(typ, stand, _)| stand != "stoerung" && am_stueck(typ)),
            stoerungen: texts.into_iter().map(|(t,)| t).collect(),
            ..SendungAblauf::default()
        };
        ablauf.stoerungen.extend(jobs.into_iter().filter(|(_, stand, _)| stand == "stoerung").filter_map(|(.., u)| u));
        let post = rows.iter().find(|r| r.process == "posteingang");
        ablauf.fehler = post.and_then(error_of);
        ablauf.verschlossen = post.is_none_or(closed);
        for Offen { task, element, gruppe, dokument, instanz, daten } in open {
            let grund = rows.iter().find(|r| r.id == instanz).and_then(error_of).or_else(|| shown(&daten));
            ablauf.aufgaben.push(SendungAufgabe { task, element, gruppe: Some(gruppe), dokument, grund });
        }
        ablauf.seiten = if ablauf.laeuft { pages(&rows) } else { None };
        Ok(ablauf)
    }

    async fn of_sendungen(&self, sendungen: &[SendungId]) -> Result<Vec<SendungAblauf>, Fehler> {
        futures_util::future::try_join_all(sendungen.iter().map(|sendung| self.of_sendung(*sendung))).await
    }

    async fn start(&self, actor: &Actor, process: &str, werte: Werte, key: &str) -> Result<InstanceId, Fehler> {
        self.start_with_tasks(actor, process, werte, key).await.map(|(id, _)| id)
    }

    async fn get(&self, actor: &Actor, id: InstanceId) -> Result<Ablauf, Fehler> {
        let row: Option<InstanzRow> = self.inner.db.optional(&sql::INSTANZ_READ, args![id]).await.map_err(away)?;
        let row = row.ok_or_else(Fehler::not_found)?;
        let offen = self.inner.darf_sehen(actor, &row).await?;
        if !offen && !self.inner.betrieb(actor).await? {
            return Err(Fehler::not_found());
        }
        let mut ablauf = self.inner.ablauf(row, offen, true).await?;
        if ablauf.beendet.is_none() {
            ablauf.meldungen = self.inner.meldungen(actor, id).await.map_err(away)?;
        }
        Ok(ablauf)
    }

    async fn list(&self, actor: &Actor, process: &str, limit: u32) -> Result<Vec<Ablauf>, Fehler> {
        let inner = &self.inner;
        let limit = limit.clamp(1, 200);
        let rows: Vec<InstanzRow> = match process {
            "" => inner.db.all(&sql::INSTANZEN, args![limit]).await.map_err(away)?,
            process => inner.db.all(&sql::INSTANZEN_OF_PROCESS, args![process, limit]).await.map_err(away)?,
        };
        let betrieb = inner.betrieb(actor).await?;
        let seen = inner.sichtbare(actor, &rows).await?;
        let mut list = Vec::new();
        for (row, offen) in rows.into_iter().zip(seen) {
            if offen || betrieb {
                let id = row.id;
                let mut ablauf = inner.ablauf(row, offen, false).await?;
                ablauf.verlauf = inner.verlauf(id).await?;
                list.push(ablauf);
            }
        }
        Ok(list)
    }

    async fn of_document(&self, actor: &Actor, dokument: DokumentId) -> Result<Option<InstanceId>, Fehler> {
        let id: Option<(InstanceId,)> =
            self.inner.db.optional(&sql::INSTANZ_OF_DOKUMENT, args![dokument]).await.map_err(away)?;
        match id {
            Some((id,)) => Ok(Fehler::none_if_missing(self.get(actor, id).await)?.map(|a| a.id)),
            None => Ok(None),
        }
    }

    async fn stoerungen(&self, actor: &Actor) -> Result<Vec<Stoerung>, Fehler> {
        let inner = &self.inner;
        if !inner.betrieb(actor).await? {
            return Err(no_operator());
        }
        let jobs: Vec<AuftragRow> = inner.db.all(&sql::AUFTRAG_STOERUNGEN, args![]).await.map_err(away)?;
        let mut list = Vec::new();
        for job in jobs {
            let row: Option<InstanzRow> =
                inner.db.optional(&sql::INSTANZ_READ, args![job.instanz]).await.map_err(away)?;
            list.push(Stoerung {
                job: job.id,
                ablauf: job.instanz,
                process: row.map_or_else(String::new, |r| r.process),
                element: job.element,
                name: job.name,
                ursache: job.ursache.unwrap_or_else(|| "unbekannt".to_owned()),
                seit: job.angelegt,
                letzter_versuch: job.letzter_versuch,
                versuche: job.failures,
            });
        }
        // Stopped by the interpreter (an expression that cannot be evaluated): no job, but a button all the same.
        let stops: Vec<(InstanceId, i64, String, String, Timestamp)> =
            inner.db.all(&sql::STOERUNGEN, args![]).await.map_err(away)?;
        for (ablauf, element_instanz, element, ursache, seit) in stops {
            let row: Option<InstanzRow> = inner.db.optional(&sql::INSTANZ_READ, args![ablauf]).await.map_err(away)?;
            list.push(Stoerung {
                job: stop_id(ablauf, element_instanz),
                ablauf,
                process: row.map_or_else(String::new, |r| r.process),
                name: element.clone(),
                element,
                ursache,
                seit,
                letzter_versuch: None,
                versuche: 1,
            });
        }
        Ok(list)
    }

    async fn retry(&self, actor: &Actor, jobs: &[JobId], grund: &str) -> Result<u32, Fehler> {
        let (inner, now) = (&self.inner, self.inner.now());
        if !inner.betrieb(actor).await? {
            return Err(no_operator());
        }
        if grund.trim().is_empty() {
            return Err(Fehler::new("E3007", 422, "Tragen Sie einen Grund ein.", "reason missing"));
        }
        let stops: Vec<(InstanceId, i64, String, String, Timestamp)> =
            inner.db.all(&sql::STOERUNGEN, args![]).await.map_err(away)?;
        let mut queued = 0;
        for job in jobs {
            let mut tx = inner.db.begin().await.map_err(away)?;
            let instanz: Option<(InstanceId, u64)> =
                tx.optional(&sql::AUFTRAG_RETRY, args![*job, now]).await.map_err(away)?;
            let instanz = match instanz {
                Some((instanz, stelle)) => {
                    inner.meldet_behoben(&mut tx, (instanz, stelle), now).await.map_err(away)?;
                    instanz
                }
                None => {
                    let Some(stop) = stops.iter().find(|s| stop_id(s.0, s.1) == *job) else { continue };
                    let mut fahrt = Fahrt::new(inner, &mut tx, now);
                    let instance = engine::ElementInstanceId(stop.1 as u64);
                    match fahrt.command(stop.0, Command::ResolveIncident { instance }).await {
                        Ok(()) => fahrt.finish().await.map_err(away)?,
                        Err(FahrtFehler::Rejected(_)) => continue,
                        Err(error) => return Err(away(error)),
                    };
                    stop.0
                }
            };
            let chain = format!("ablauf:{instanz}");
            let entry = audit::Entry {
                chain: &chain,
                at: now,
                actor: &audit::person(actor),
                act: "erneut versucht",
                object: &chain,
                data: json!({ "auftrag": job, "grund": grund }),
            };
            audit::append(&mut tx, entry).await.map_err(away)?;
            tx.commit().await.map_err(away)?;
            queued += 1;
        }
        inner.auftraege.notify_one();
        Ok(queued)
    }

    async fn laufweg(&self, actor: &Actor, id: InstanceId) -> Result<Laufweg, Fehler> {
        self.inner.laufweg(actor, id).await
    }

    async fn laufweg_aendern(
        &self,
        actor: &Actor,
        id: InstanceId,
        version: &str,
        aenderung: LaufwegAenderung,
        grund: &str,
    ) -> Result<String, Fehler> {
        self.inner.laufweg_aendern(actor, id, version, &aenderung, grund).await
    }

    async fn zurueckziehen(&self, actor: &Actor, id: InstanceId, grund: &str) -> Result<(), Fehler> {
        self.inner.zurueckziehen(actor, id, grund).await
    }

    async fn eingreifen(&self, actor: &Actor, id: InstanceId, eingriff: Eingriff, grund: &str) -> Result<(), Fehler> {
        self.inner.eingreifen(actor, id, eingriff, grund).await
    }

    async fn melden(&self, actor: &Actor, id: InstanceId, nachricht: &str, text: &str) -> Result<(), Fehler> {
        self.inner.melden(actor, id, nachricht, text).await
    }

    async fn umziehen(&self, actor: &Actor, umzug: &Umzug) -> Result<UmzugBericht, Fehler> {
        self.inner.umziehen(actor, umzug).await
    }

    async fn versionen(&self, actor: &Actor) -> Result<Vec<Version>, Fehler> {
        if !self.inner.betrieb(actor).await? {
            return Err(no_operator());
        }
        self.alle_versionen().await.map_err(away)
    }

    async fn kennzahlen(&self, _actor: &Actor) -> Result<Kennzahlen, Fehler> {
        let (inner, now) = (&self.inner, self.inner.now());
        let stands: Vec<(String, u64)> = inner.db.all(&sql::KENNZAHL_STAND, args![]).await.map_err(away)?;
        let count = |names: &[&str]| stands.iter().filter(|(s, _)| names.contains(&s.as_str())).map(|(_, n)| n).sum();
        let (stoerungen,): (u64,) = inner.db.one(&sql::KENNZAHL_STOERUNG, args![]).await.map_err(away)?;
        let mut alter = [0u64; 4];
        for (class, (from, to)) in [(0, 2), (2, 6), (6, 11), (11, 100_000)].into_iter().enumerate() {
            let values = args![now.0.saturating_sub(to * TAG_MICROS), now.0.saturating_sub(from * TAG_MICROS)];
            (alter[class],) = inner.db.one(&sql::KENNZAHL_ALTER, values).await.map_err(away)?;
        }
        let since = Timestamp(now.0 - 30 * TAG_MICROS);
        let started: Vec<(Timestamp,)> = inner.db.all(&sql::KENNZAHL_GESTARTET, args![since]).await.map_err(away)?;
        let ended: Vec<(Timestamp,)> = inner.db.all(&sql::KENNZAHL_BEENDET, args![since]).await.map_err(away)?;
        let mut days: std::collections::BTreeMap<Tag, (u64, u64)> = std::collections::BTreeMap::new();
        started.into_iter().for_each(|(t,)| days.entry(t.tag()).or_default().0 += 1);
        ended.into_iter().for_each(|(t,)| days.entry(t.tag()).or_default().1 += 1);
        let (outbox, _) = outbox::waiting(&inner.db).await.map_err(away)?;
        Ok(Kennzahlen {
            aktiv: count(&["aktiv", "stoerung"]),
            beendet: count(&["beendet", "fehler", "abgebrochen"]),
            stoerungen,
            jobs: inner.db.all(&sql::AUFTRAG_NACH_TYP, args![]).await.map_err(away)?,
            alter,
            durchsatz: days.into_iter().map(|(d, (a, b))| (d, a, b)).collect(),
            outbox,
            unbesetzt: crate::mahnung::leere_gruppen(inner).await.map_err(away)?,
        })
    }
}

/// The handle of an interpreter stop on the operators' page: derived, so that it is the same on every call.
fn stop_id(ablauf: InstanceId, element: i64) -> JobId {
    JobId(uuid::Uuid::new_v5(&ablauf.0, &element.to_be_bytes()))
}

/// The reason a clearing task shows, when no error led to it.
fn shown(daten: &Value) -> Option<Grund> {
    let text = |name: &str| daten.get(name)?.as_str().map(str::to_owned);
    Some(Grund { code: text("code")?, text: text("grund")? })
}

/// Does its envelope say confidential, or did nobody look at it yet?
fn closed(row: &InstanzRow) -> bool {
    let state: Option<engine::State> = serde_json::from_str(&row.state).ok();
    let umschlag = state.and_then(|s| s.variables().remove("umschlag"));
    umschlag.is_none_or(|u| u["vertraulich"] != Value::Bool(false))
}

/// Variable `fehler` {code, text} of an instance.
fn error_of(row: &InstanzRow) -> Option<Grund> {
    // Lists ask for every Sendung; most states name no error and need not be read.
    if !row.state.contains("\"fehler\"") {
        return None;
    }
    let state: engine::State = serde_json::from_str(&row.state).ok()?;
    serde_json::from_value(state.variables().remove("fehler")?).ok()
}

/// Pages recognised so far and in all, from the document instances' own variables.
fn pages(rows: &[InstanzRow]) -> Option<(u32, u32)> {
    let (mut done, mut all) = (0u32, 0u32);
    for row in rows.iter().filter(|r| r.process == "dokument") {
        let state: engine::State = serde_json::from_str(&row.state).ok()?;
        let variables = state.variables();
        let teil = variables.get("eintrag")?.get("teil")?.clone();
        let teil: erkennung::Teil = serde_json::from_value(teil).ok()?;
        let pages: u32 = teil.bereiche.iter().map(|b| b.bis.saturating_sub(b.von)).sum();
        all += pages;
        let open = state_has_job(row, &state);
        done += if open { 0 } else { pages };
    }
    (all > 0).then_some((done, all))
}

/// Still recognising: neither the recognised pages nor an end is there yet.
fn state_has_job(row: &InstanzRow, state: &engine::State) -> bool {
    row.beendet.is_none() && !state.variables().contains_key("vorschlag")
}

impl Geschaeftsgang {
    /// [`Ablaeufe::start`], and the tasks it opened: whoever goes on at once need not look for them. None on a repeat.
    pub async fn start_with_tasks(
        &self,
        actor: &Actor,
        process: &str,
        werte: Werte,
        key: &str,
    ) -> Result<(InstanceId, Vec<TaskId>), Fehler> {
        let schluessel = format!("person:{}:{process}:{key}", actor.person);
        let anstoss = Anstoss { actor: actor.clone(), process: process.to_owned(), werte, schluessel };
        self.bitte(Bitte::Start(Box::new(anstoss))).await.map_err(|refused| match refused {
            Abgelehnt::Fehler(error) => error,
            Abgelehnt::Aufgabe | Abgelehnt::Fassung => Fehler::not_found(),
        })
    }
}
