// SPDX-License-Identifier: EUPL-1.2
//! Whose hands a task is in: taking it, putting it back, giving it to one person.
//!
//! A deputy also takes what the absent person has taken already; the trail and the Verlauf name both, and what the
//! deputy then does counts as done in that person's place (four eyes see both). Who is given a task becomes a candidate,
//! sees what belongs to it, and has taken it; she may put it back like everybody else.

use nachrichten::{Actor, PersonId, TaskId, Timestamp, fehler::Fehler};
use serde_json::{Value, json};
use service_platform::{args, audit, db::Tx, rechte};

use crate::{
    Inner,
    aufgaben::{Zeile, away, quelle},
    fahrt::Fahrt,
    grund, mahnung, sql,
};

fn refused(text: &str) -> Fehler {
    Fehler::new("E3011", 422, text.to_owned(), "delegation refused")
}

/// Takes a task: for oneself, or in the place of who is away.
pub(crate) async fn claim(inner: &Inner, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
    let z = inner.read_task(actor, id).await?;
    let als = inner.darf(actor, &z).await.map_err(away)??;
    let mut tx = inner.db.begin().await.map_err(away)?;
    let set: Option<(i64,)> =
        tx.optional(&sql::AUFGABE_CLAIM, args![id, version, actor.person, als]).await.map_err(away)?;
    let Some((version,)) = set else {
        drop(tx);
        return Err(inner.changed(id).await);
    };
    let now = inner.now();
    if als.is_some() && als == z.bearbeiter {
        let text = format!("i. V. für {}", z.bearbeiter_name.as_deref().unwrap_or_default());
        verlauf(inner, &mut tx, &z, "übernommen", text, actor.person, now).await?;
    }
    protokoll(&mut tx, &z, actor, "übernommen", json!({ "element": z.element, "in_vertretung_fuer": als }), now)
        .await?;
    tx.commit().await.map_err(away)?;
    Ok(version)
}

/// Puts a task back: it waits for all its candidates again.
pub(crate) async fn release(inner: &Inner, actor: &Actor, id: TaskId, version: i64) -> Result<i64, Fehler> {
    let z = inner.read_task(actor, id).await?;
    let mut tx = inner.db.begin().await.map_err(away)?;
    let set: Option<(i64,)> =
        tx.optional(&sql::AUFGABE_RELEASE, args![id, version, actor.person]).await.map_err(away)?;
    let Some((version,)) = set else {
        drop(tx);
        return Err(inner.changed(id).await);
    };
    protokoll(&mut tx, &z, actor, "zurückgegeben", json!({ "element": z.element }), inner.now()).await?;
    tx.commit().await.map_err(away)?;
    Ok(version)
}

/// A line of the Verlauf at the task's element.
async fn verlauf(
    inner: &Inner,
    tx: &mut Tx,
    z: &Zeile,
    word: &str,
    text: String,
    person: PersonId,
    now: Timestamp,
) -> Result<(), Fehler> {
    let mut fahrt = Fahrt::new(inner, tx, now);
    fahrt.load(z.instanz).await.map_err(away)?;
    fahrt.note(z.instanz, z.stelle(), word, Some(text), Some(person)).await.map_err(away)?;
    fahrt.finish().await.map_err(away)?;
    Ok(())
}

async fn protokoll(tx: &mut Tx, z: &Zeile, by: &Actor, act: &str, data: Value, now: Timestamp) -> Result<(), Fehler> {
    let (chain, object) = (format!("ablauf:{}", z.instanz), format!("aufgabe:{}", z.id));
    let entry = audit::Entry { chain: &chain, at: now, actor: &audit::person(by), act, object: &object, data };
    audit::append(tx, entry).await.map_err(away)
}

pub(crate) async fn delegate(
    inner: &Inner,
    actor: &Actor,
    id: TaskId,
    version: i64,
    an: PersonId,
    grund: &str,
) -> Result<i64, Fehler> {
    let z = inner.read_task(actor, id).await?;
    let als = inner.darf(actor, &z).await.map_err(away)??;
    let grund = grund::pruefen(grund, "Schreiben Sie einen Grund dazu.", |t| refused(&t))?;
    if an == actor.person {
        return Err(refused("Die Aufgabe ist schon bei Ihnen. Wählen Sie eine andere Person."));
    }
    let name: Option<(String,)> = inner.db.optional(&sql::PERSON_AKTIV, args![an]).await.map_err(away)?;
    let Some((name,)) = name else {
        return Err(refused("Diese Person gibt es nicht mehr. Wählen Sie eine andere Person."));
    };
    let signed: Option<(String,)> =
        inner.db.optional(&sql::AUSGESCHLOSSEN, args![id, z.instanz, an, an]).await.map_err(away)?;
    if signed.is_some() {
        return Err(refused(&format!("{name} hat hier schon gezeichnet. „{}“ macht eine zweite Person.", z.name)));
    }

    let now = inner.now();
    let mut tx = inner.db.begin().await.map_err(away)?;
    let set: Option<(i64,)> =
        tx.optional(&sql::AUFGABE_DELEGATE, args![id, version, actor.person, an, als]).await.map_err(away)?;
    let Some((version,)) = set else {
        drop(tx);
        return Err(inner.changed(id).await);
    };
    let (subjekt, source) = (format!("person:{an}"), quelle(&z.process, id));
    tx.execute(&sql::KANDIDAT_DAZU, args![id, &subjekt]).await.map_err(away)?;
    let ablauf = format!("ablauf:{}", z.instanz);
    rechte::grant(&mut tx, &subjekt, &ablauf, rechte::Recht::Sehen, Timestamp(0), &source).await.map_err(away)?;
    if let Some(dokument) = z.dokument {
        let objekt = format!("dokument:{dokument}");
        let recht = rechte::Recht::Bearbeiten;
        rechte::grant(&mut tx, &subjekt, &objekt, recht, Timestamp(0), &source).await.map_err(away)?;
    }
    mahnung::neu_planen(inner, &mut tx, &z, z.faellig, now).await.map_err(away)?;
    verlauf(inner, &mut tx, &z, "weitergegeben", format!("an {name}: {grund}"), actor.person, now).await?;
    let data = json!({ "element": z.element, "an": an, "grund": grund, "in_vertretung_fuer": als });
    protokoll(&mut tx, &z, actor, "weitergegeben", data, now).await?;
    tx.commit().await.map_err(away)?;
    Ok(version)
}
