// SPDX-License-Identifier: EUPL-1.2
//! Giving a task to one person: she becomes a candidate, sees what belongs to it, and has taken it. She may put it
//! back like everybody else; then it waits for her and the others again.

use engine::{ElementInstanceId, HistoryEvent, HistoryKind};
use nachrichten::{Actor, PersonId, TaskId, Timestamp, fehler::Fehler};
use serde_json::json;
use service_platform::{args, audit, rechte, vertretung::GRUND_MAX};

use crate::{
    Inner,
    aufgaben::{away, quelle},
    fahrt::Fahrt,
    mahnung, sql,
};

fn refused(text: &str) -> Fehler {
    Fehler::new("E3011", 422, text.to_owned(), "delegation refused")
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
    let grund = grund.trim();
    if grund.is_empty() {
        return Err(refused("Schreiben Sie einen Grund dazu."));
    }
    if grund.chars().count() > GRUND_MAX {
        return Err(refused("Der Grund ist zu lang. Kürzen Sie ihn auf 200 Zeichen."));
    }
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
        tx.optional(&sql::AUFGABE_DELEGATE, args![id, version, actor.person, an]).await.map_err(away)?;
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
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    fahrt.load(z.instanz).await.map_err(away)?;
    let event = HistoryEvent {
        at: now,
        element: z.element.as_str().into(),
        instance: ElementInstanceId(z.element_instanz),
        kind: HistoryKind::Modified,
        inner: false,
        detail: Some(format!("an {name}: {grund}")),
    };
    fahrt.line(z.instanz, event, "weitergegeben", Some(actor.person)).await.map_err(away)?;
    fahrt.finish().await.map_err(away)?;
    let object = format!("aufgabe:{id}");
    let entry = audit::Entry {
        chain: &ablauf,
        at: now,
        actor: &audit::person(actor),
        act: "weitergegeben",
        object: &object,
        data: json!({ "element": z.element, "an": an, "grund": grund, "in_vertretung_fuer": als }),
    };
    audit::append(&mut tx, entry).await.map_err(away)?;
    tx.commit().await.map_err(away)?;
    Ok(version)
}
