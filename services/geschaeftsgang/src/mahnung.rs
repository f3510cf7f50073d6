// SPDX-License-Identifier: EUPL-1.2
//! Reminder and escalation: a ladder of stages per open task, counted in working days from its due date.
//!
//! Which stages there are says the decision `eskalation` (`workflows/tabellen/eskalation.dmn`); a city changes the
//! table, not this file. The ladder is planned when the task is made and again when its date or its owner changes. A
//! stage is one transaction: the further group may do the task (nobody loses it; who held it lets go), the Verlauf and
//! the audit trail say so, and the row points at the next stage. Whoever moves that pointer did the stage: each is done
//! once, after a crash, with two engines and whatever the clock does.
//!
//! Beside the dates, a task whose groups have nobody who is there goes at once to the first stage that has somebody
//! ([`unbesetzte`]), and the operators see the empty group.
//!
//! Locks are taken in the order instance, task, ladder; a task somebody else holds right now is tried in the next round.

use std::{collections::BTreeMap, sync::PoisonError};

use engine::Decisions as _;
use nachrichten::{
    Actor, InstanceId, Tag, TaskId, Timestamp, Werte,
    aufgaben::{MahnArt, Mahnung, ZAEHLT_BIS},
    fehler::Fehler,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    rechte,
};

use crate::{
    Inner,
    aufgaben::{Zeile, away, quelle},
    fahrt::{Fahrt, FahrtFehler},
    grund, hinweise, sql,
};

/// The decision that gives the ladder.
const TABELLE: &str = "eskalation";
/// Seconds after which an empty group that no stage helps is looked at again.
const PAUSE: i64 = 60;

/// A stage as the table gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Zeilenstufe {
    art: MahnArt,
    /// Working days from the due date; before it when negative.
    #[serde(default)]
    tage: i32,
    #[serde(default)]
    gruppe: Option<String>,
    /// A mail goes out at once (Skonto, legal terms); such a date cannot be moved by hand.
    #[serde(default)]
    sofort: bool,
    /// Sentence of that mail.
    #[serde(default)]
    grund: Option<String>,
}

/// A planned stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stufe {
    #[serde(flatten)]
    zeile: Zeilenstufe,
    due: Timestamp,
}

/// What the table is asked with.
pub(crate) struct Angaben(Werte);

impl Angaben {
    /// `frist_art` and `amt` come from the task's facts (`eakte:daten`); without `amt` the group's name ends with it.
    pub fn von(process: &str, element: &str, gruppe: Option<&String>, daten: &Werte) -> Self {
        let text = |name: &str| daten.get(name).and_then(Value::as_str);
        let gruppe = gruppe.map(String::as_str);
        let ending = || gruppe.and_then(|g| g.rsplit_once('-')).map(|(_, amt)| amt);
        let amt = text("amt").or_else(ending).filter(|a| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit()));
        let werte = json!({
            "process": process, "element": element, "frist_art": text("frist_art"), "gruppe": gruppe, "amt": amt,
        });
        match werte {
            Value::Object(map) => Self(map),
            _ => Self(Werte::new()),
        }
    }

    fn der(z: &Zeile) -> Self {
        let empty = Werte::new();
        let gruppe = Some(&z.gruppe).filter(|g| !g.is_empty());
        Self::von(&z.process, &z.element, gruppe, z.daten.as_object().unwrap_or(&empty))
    }
}

/// The rows of the table; a table that cannot be read stops no process, it is reported.
fn zeilen(inner: &Inner, angaben: &Angaben, now: Timestamp) -> Vec<Zeilenstufe> {
    if !inner.tabellen.exists(TABELLE) {
        return Vec::new();
    }
    let found = inner.tabellen.evaluate(TABELLE, &angaben.0, now).map(|value| match value {
        Value::Null => Value::Array(Vec::new()),
        one @ Value::Object(_) => Value::Array(vec![one]),
        other => other,
    });
    let read = found.and_then(|list| serde_json::from_value(list).map_err(|e| e.to_string()));
    read.unwrap_or_else(|error: String| {
        tracing::error!(error, angaben = ?angaben.0, "table eskalation gives no ladder");
        Vec::new()
    })
}

fn stufen(inner: &Inner, angaben: &Angaben, faellig: Tag, now: Timestamp) -> Vec<Stufe> {
    let kalender = &inner.options.deploy.kalender;
    let day = |tage: i32| match tage {
        0 => faellig,
        n if n < 0 => kalender.vor(faellig, n.unsigned_abs()),
        n => kalender.nach(faellig, n.unsigned_abs()),
    };
    let all = zeilen(inner, angaben, now).into_iter();
    let mut stufen: Vec<Stufe> = all.map(|zeile| Stufe { due: day(zeile.tage).beginn(), zeile }).collect();
    stufen.sort_by_key(|s| s.due);
    stufen
}

/// Plans the ladder of a new task. Nobody is reminded of what has just come; an escalation that is due already happens.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn planen(
    inner: &Inner,
    tx: &mut Tx,
    task: TaskId,
    instanz: InstanceId,
    angaben: &Angaben,
    faellig: Tag,
    now: Timestamp,
    ruht: bool,
) -> Result<(), FahrtFehler> {
    let mut plan = stufen(inner, angaben, faellig, now);
    plan.retain(|s| s.due > now || s.zeile.art == MahnArt::Eskalation);
    setzen(tx, task, instanz, &plan, ruht).await
}

async fn setzen(tx: &mut Tx, task: TaskId, instanz: InstanceId, plan: &[Stufe], ruht: bool) -> Result<(), FahrtFehler> {
    match plan.first() {
        Some(first) => {
            let values = args![task, instanz, first.due, 0i64, serde_json::to_string(plan)?, ruht];
            tx.execute(&sql::MAHNUNG_SETZEN, values).await?
        }
        None => tx.execute(&sql::MAHNUNG_ENDE, args![task]).await?,
    };
    Ok(())
}

/// Plans again after the date or the owner changed: what is due later counts anew, what happened is not repeated.
pub(crate) async fn neu_planen(
    inner: &Inner,
    tx: &mut Tx,
    z: &Zeile,
    faellig: Option<Tag>,
    now: Timestamp,
) -> Result<(), FahrtFehler> {
    let Some(faellig) = faellig else { return Ok(()) };
    let mut plan = stufen(inner, &Angaben::der(z), faellig, now);
    plan.retain(|s| s.due > now);
    let (ruht,): (bool,) = tx.one(&sql::ANGEHALTEN, args![z.instanz]).await?;
    setzen(tx, z.id, z.instanz, &plan, ruht).await
}

/// Does every stage that is due; returns how many.
pub(crate) async fn fire_due(inner: &Inner, now: Timestamp) -> Result<usize, FahrtFehler> {
    let due: Vec<(TaskId, InstanceId)> = inner.db.all(&sql::MAHNUNG_DUE, args![now]).await?;
    let mut fired = 0;
    for (task, instanz) in due {
        match stufe(inner, task, instanz, now).await {
            Ok(done) => fired += usize::from(done),
            // The others go on; this one is tried again in the next round.
            Err(error) => tracing::error!(aufgabe.id = %task, %error, "cannot remind or escalate"),
        }
    }
    Ok(fired)
}

/// What one stage turned out to be.
enum Tat {
    Erinnern,
    /// To this group; the ones before it have nobody.
    Eskalieren(String, Vec<String>),
    /// Who should get it has it already.
    Nichts,
}

/// One stage of one task. False when another engine was faster, or the task is just being worked on.
async fn stufe(inner: &Inner, task: TaskId, instanz: InstanceId, now: Timestamp) -> Result<bool, FahrtFehler> {
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    fahrt.load(instanz).await?;
    let z: Option<Zeile> = fahrt.tx().optional(&sql::AUFGABE_GREIFEN, args![task]).await?;
    let row: Option<(Timestamp, u64, Value, bool)> = fahrt.tx().optional(&sql::MAHNUNG, args![task]).await?;
    let (Some(z), Some((due, at, plan, false))) = (z, row) else { return Ok(false) };
    if due > now {
        return Ok(false);
    }
    let plan: Vec<Stufe> = serde_json::from_value(plan)?;
    let (tat, next) = waehlen(fahrt.tx(), &z, &plan, at as usize, now).await?;
    let moved = match plan.get(next) {
        Some(s) => fahrt.tx().execute(&sql::MAHNUNG_WEITER, args![task, at, s.due, next]).await?,
        None => fahrt.tx().execute(&sql::MAHNUNG_ENDE, args![task]).await?,
    };
    if moved == 0 {
        return Ok(false);
    }
    let told = !matches!(tat, Tat::Nichts);
    match tat {
        Tat::Nichts => {}
        Tat::Erinnern => vermerken(inner, &mut fahrt, &z, MahnArt::Erinnerung, None, None, now).await?,
        Tat::Eskalieren(gruppe, leer) => {
            let text = match leer.as_slice() {
                [] => format!("an {}", inner.gruppe_name(&gruppe)),
                leer => format!("an {}, weil {}", inner.gruppe_name(&gruppe), unbesetzt_text(inner, leer)),
            };
            dazu(inner, &mut fahrt, &z, &gruppe, text, now).await?;
        }
    }
    if let Some(done) = plan.get(next.saturating_sub(1)).filter(|s| s.zeile.sofort && told) {
        let grund = done.zeile.grund.as_deref().unwrap_or("Eine Frist läuft ab.");
        let schluessel = format!("mahnung:{task}:{}", done.due.0);
        hinweise::sofort_fuer(inner, &mut fahrt, &[z.id], grund, &schluessel, now).await?;
    }
    let (jobs, _) = fahrt.finish().await?;
    tx.commit().await?;
    if jobs {
        inner.auftraege.notify_one();
    }
    Ok(true)
}

/// The stage at `at`: when its group has nobody, the next one that has; and where the ladder goes on.
async fn waehlen(
    tx: &mut Tx,
    z: &Zeile,
    plan: &[Stufe],
    at: usize,
    now: Timestamp,
) -> Result<(Tat, usize), FahrtFehler> {
    let mut leer = Vec::new();
    for (n, s) in plan.iter().enumerate().skip(at) {
        let Some(gruppe) = s.zeile.gruppe.as_ref().filter(|_| s.zeile.art == MahnArt::Eskalation) else {
            if leer.is_empty() {
                return Ok((Tat::Erinnern, n + 1));
            }
            continue;
        };
        let subjekt = format!("gruppe:{gruppe}");
        if kandidaten(tx, z.id).await?.contains(&subjekt) {
            return Ok((Tat::Nichts, n + 1));
        }
        if besetzt(tx, &subjekt, &z.process, now).await? {
            return Ok((Tat::Eskalieren(gruppe.clone(), leer), n + 1));
        }
        leer.push(gruppe.clone());
    }
    // Nobody anywhere: the group of this stage gets it all the same and has it as soon as somebody is there.
    let first = leer.drain(..).next();
    Ok((first.map_or(Tat::Nichts, |g| Tat::Eskalieren(g, Vec::new())), at + 1))
}

async fn kandidaten(tx: &mut Tx, task: TaskId) -> Result<Vec<String>, DbError> {
    let rows: Vec<(String,)> = tx.all(&sql::KANDIDATEN, args![task]).await?;
    Ok(rows.into_iter().map(|(s,)| s).collect())
}

/// Is anybody active and there who does work of this subject?
async fn besetzt(tx: &mut Tx, subjekt: &str, process: &str, now: Timestamp) -> Result<bool, DbError> {
    let (found,): (bool,) = tx.one(&sql::BESETZT, args![subjekt, process, now]).await?;
    Ok(found)
}

fn unbesetzt_text(inner: &Inner, gruppen: &[String]) -> String {
    let names: Vec<_> = gruppen.iter().map(|g| format!("„{}“", inner.gruppe_name(g))).collect();
    let word = if names.len() == 1 { "ist" } else { "sind" };
    format!("{} gerade nicht besetzt {word}", names.join(" und "))
}

/// A further group may do the task: candidate, grants, the mark in lists, Verlauf, audit.
async fn dazu(
    inner: &Inner,
    fahrt: &mut Fahrt<'_>,
    z: &Zeile,
    gruppe: &str,
    text: String,
    now: Timestamp,
) -> Result<(), FahrtFehler> {
    let (subjekt, source) = (format!("gruppe:{gruppe}"), quelle(&z.process, z.id));
    let tx = fahrt.tx();
    tx.execute(&sql::KANDIDAT_DAZU, args![z.id, &subjekt]).await?;
    let ablauf = format!("ablauf:{}", z.instanz);
    rechte::grant(tx, &subjekt, &ablauf, rechte::Recht::Sehen, Timestamp(0), &source).await?;
    if let Some(dokument) = z.dokument {
        let objekt = format!("dokument:{dokument}");
        rechte::grant(tx, &subjekt, &objekt, rechte::Recht::Bearbeiten, Timestamp(0), &source).await?;
    }
    // Who took it and did not come to it lets go, else the further group could only look on. The draft stays.
    tx.execute(&sql::AUFGABE_FREI, args![z.id]).await?;
    vermerken(inner, fahrt, z, MahnArt::Eskalation, Some(gruppe), Some(text), now).await
}

async fn vermerken(
    _inner: &Inner,
    fahrt: &mut Fahrt<'_>,
    z: &Zeile,
    art: MahnArt,
    gruppe: Option<&str>,
    text: Option<String>,
    now: Timestamp,
) -> Result<(), FahrtFehler> {
    let mark = Mahnung { art, gruppe: gruppe.map(str::to_owned), am: now };
    fahrt.tx().execute(&sql::MAHNUNG_VERMERK, args![z.id, serde_json::to_string(&mark)?]).await?;
    let word = match art {
        MahnArt::Erinnerung => "erinnert",
        MahnArt::Eskalation => "eskaliert",
    };
    let said = text.or_else(|| z.faellig.map(|f| format!("fällig am {}", f.deutsch())));
    fahrt.note(z.instanz, z.stelle(), word, said, None).await?;
    let data = json!({ "element": z.element, "faellig": z.faellig, "gruppe": gruppe, "vorher": z.bearbeiter });
    protokoll(fahrt.tx(), z, "dienst:geschaeftsgang", word, data, now).await?;
    Ok(())
}

async fn protokoll(tx: &mut Tx, z: &Zeile, actor: &str, act: &str, data: Value, now: Timestamp) -> Result<(), DbError> {
    let (chain, object) = (format!("ablauf:{}", z.instanz), format!("aufgabe:{}", z.id));
    audit::append(tx, audit::Entry { chain: &chain, at: now, actor, act, object: &object, data }).await
}

/// Tasks whose candidates are all away or gone go at once to the first stage that has somebody; returns how many.
pub(crate) async fn unbesetzte(inner: &Inner, now: Timestamp) -> Result<usize, FahrtFehler> {
    let empty: Vec<(String, String, u64)> = inner.db.all(&sql::LEERE_GRUPPEN, args![now, ZAEHLT_BIS as i64]).await?;
    let mut moved = 0;
    for (subjekt, process, offen) in empty {
        let key = (subjekt.clone(), process.clone());
        let until = inner.hoffnungslos.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        // A clock that went back must not keep it waiting for longer.
        if until.is_some_and(|until| now < until && until < now.plus_seconds(2 * PAUSE)) {
            continue;
        }
        let tasks: Vec<(TaskId, InstanceId)> = inner.db.all(&sql::VERWAIST, args![&subjekt, &process, now]).await?;
        let before = moved;
        for (task, instanz) in tasks {
            match besetzen(inner, task, instanz, &subjekt, now).await {
                Ok(done) => moved += usize::from(done),
                Err(error) => tracing::error!(aufgabe.id = %task, %error, "cannot give on a task without a person"),
            }
        }
        if moved == before {
            let mut hopeless = inner.hoffnungslos.lock().unwrap_or_else(PoisonError::into_inner);
            hopeless.insert(key, now.plus_seconds(PAUSE));
            drop(hopeless);
        } else {
            tracing::warn!(subjekt, process, offen, "nobody active does this work; its tasks went to the next stage");
        }
    }
    Ok(moved)
}

async fn besetzen(
    inner: &Inner,
    task: TaskId,
    instanz: InstanceId,
    leer: &str,
    now: Timestamp,
) -> Result<bool, FahrtFehler> {
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    if fahrt.load(instanz).await?.angehalten {
        return Ok(false);
    }
    let z: Option<Zeile> = fahrt.tx().optional(&sql::AUFGABE_GREIFEN, args![task]).await?;
    let Some(z) = z else { return Ok(false) };
    // Again under the lock: another engine may have been faster.
    for subjekt in kandidaten(fahrt.tx(), task).await? {
        if besetzt(fahrt.tx(), &subjekt, &z.process, now).await? {
            return Ok(false);
        }
    }
    for gruppe in zeilen(inner, &Angaben::der(&z), now).into_iter().filter_map(|s| s.gruppe) {
        if besetzt(fahrt.tx(), &format!("gruppe:{gruppe}"), &z.process, now).await? {
            let who = match leer.strip_prefix("gruppe:") {
                Some(leer) => unbesetzt_text(inner, &[leer.to_owned()]),
                None => "die Person nicht mehr da ist".to_owned(),
            };
            let text = format!("an {}, weil {who}", inner.gruppe_name(&gruppe));
            dazu(inner, &mut fahrt, &z, &gruppe, text, now).await?;
            let (jobs, _) = fahrt.finish().await?;
            tx.commit().await?;
            if jobs {
                inner.auftraege.notify_one();
            }
            return Ok(true);
        }
    }
    Ok(false)
}

/// Groups with open tasks and without anybody who is there, with how many, for the operators.
pub(crate) async fn leere_gruppen(inner: &Inner) -> Result<Vec<(String, u64)>, DbError> {
    let rows: Vec<(String, String, u64)> =
        inner.db.all(&sql::LEERE_GRUPPEN, args![inner.now(), ZAEHLT_BIS as i64]).await?;
    let mut groups: BTreeMap<String, u64> = BTreeMap::new();
    for (subjekt, _, offen) in rows {
        let Some(gruppe) = subjekt.strip_prefix("gruppe:") else { continue };
        *groups.entry(gruppe.to_owned()).or_default() += offen;
    }
    Ok(groups.into_iter().collect())
}

fn refused(text: &str) -> Fehler {
    Fehler::new("E3025", 422, text.to_owned(), "due date not moved")
}

/// Moves the due date by hand, with a reason.
pub(crate) async fn verlegen(
    inner: &Inner,
    actor: &Actor,
    id: TaskId,
    version: i64,
    auf: Tag,
    grund: &str,
) -> Result<i64, Fehler> {
    let z = inner.read_task(actor, id).await?;
    let als = inner.darf(actor, &z).await.map_err(away)??;
    let (grund, now) = (grund.trim(), inner.now());
    let grund = grund::pruefen(grund, "Schreiben Sie einen Grund dazu.", |t| refused(&t))?;
    if auf < now.tag() {
        return Err(refused("Dieser Tag ist schon vorbei. Wählen Sie heute oder einen späteren Tag."));
    }
    if auf > now.tag().plus_tage(3 * 366) {
        return Err(refused("Dieser Tag liegt mehr als drei Jahre entfernt. Ändern Sie das Jahr."));
    }
    if zeilen(inner, &Angaben::der(&z), now).iter().any(|s| s.sofort) {
        return Err(refused("Diese Frist kommt vom Gesetz oder vom Skonto. Sie lässt sich hier nicht verlegen."));
    }
    let mut tx = inner.db.begin().await.map_err(away)?;
    let set: Option<(i64,)> = tx.optional(&sql::AUFGABE_VERLEGEN, args![id, version, auf]).await.map_err(away)?;
    let Some((version,)) = set else {
        drop(tx);
        return Err(inner.changed(id).await);
    };
    tx.execute(&sql::KANDIDAT_VERLEGEN, args![id, auf.to_string()]).await.map_err(away)?;
    neu_planen(inner, &mut tx, &z, Some(auf), now).await.map_err(away)?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    fahrt.load(z.instanz).await.map_err(away)?;
    let text = format!("auf den {}: {grund}", auf.deutsch());
    fahrt.note(z.instanz, z.stelle(), "Frist verlegt", Some(text), Some(actor.person)).await.map_err(away)?;
    fahrt.finish().await.map_err(away)?;
    let data = json!({ "element": z.element, "von": z.faellig, "auf": auf, "grund": grund, "in_vertretung_fuer": als });
    protokoll(&mut tx, &z, &audit::person(actor), "frist verlegt", data, now).await.map_err(away)?;
    tx.commit().await.map_err(away)?;
    inner.fristen.notify_one();
    Ok(version)
}

impl Inner {
    /// What a group is called; its name when nobody gave it a title.
    pub(crate) fn gruppe_name(&self, gruppe: &str) -> String {
        let titel = self.options.gruppen.get(gruppe).map_or(gruppe, String::as_str);
        // "Amtsleitung, Tiefbauamt" in a list, "Amtsleitung Tiefbauamt" in a sentence.
        titel.replace(", ", " ")
    }
}
