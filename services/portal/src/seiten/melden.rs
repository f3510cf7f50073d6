// SPDX-License-Identifier: EUPL-1.2
//! What somebody who takes part reports about an invoice beyond the tasks: an answer, a dispute, a recall, a withdrawal.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    InstanceId,
    fehler::Fehler,
    rechnung::{MELDUNGEN, Meldung},
};

use super::id;
use crate::{
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "melden.html")]
struct MeldenSeite {
    r: Rahmen,
    id: String,
    titel: String,
    zurueck: (String, &'static str),
    wahl: Vec<(usize, &'static Meldung)>,
    gewaehlt: String,
    text: String,
    fehler: String,
}

async fn seite(ctx: &Ctx, ablauf: InstanceId, fehler: &str, felder: &Felder, status: StatusCode) -> Seite {
    let a = ctx.app.ablaeufe.get(&ctx.ich.actor, ablauf).await?;
    let wahl: Vec<_> =
        MELDUNGEN.iter().enumerate().filter(|(_, m)| a.meldungen.iter().any(|n| n == m.nachricht)).collect();
    if wahl.is_empty() {
        let text = "Zu dieser Rechnung gibt es gerade nichts zu melden, oder Sie wirken an ihr nicht mit.";
        return Err(Fehler::new("E3024", 409, text, "no report is possible").into());
    }
    let dokument = match a.dokument {
        Some(d) => ctx.app.dokumente.get(&ctx.ich.actor, d).await.ok(),
        None => None,
    };
    let titel = dokument.map_or_else(|| a.titel.clone(), |d| d.titel);
    let page = MeldenSeite {
        id: a.id.to_string(),
        zurueck: match a.dokument {
            Some(d) => (format!("/dokumente/{d}"), "Dokument"),
            None => (format!("/ablaeufe/{ablauf}"), "Ablauf"),
        },
        // One choice needs no choosing.
        gewaehlt: if wahl.len() == 1 { wahl[0].1.nachricht.to_owned() } else { felder.get("nachricht").to_owned() },
        wahl,
        text: felder.get("text").to_owned(),
        fehler: fehler.to_owned(),
        r: ctx.rahmen(&format!("{titel} · Melden"), "", "rechnungen").await?,
        titel,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, "", &Felder::default(), StatusCode::OK).await
}

pub async fn melden(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let ablauf: InstanceId = id(&wert)?;
    let actor = &ctx.ich.actor;
    match ctx.app.ablaeufe.melden(actor, ablauf, felder.get("nachricht"), felder.get("text")).await {
        Ok(()) => {
            let dokument = ctx.app.ablaeufe.get(actor, ablauf).await.ok().and_then(|a| a.dokument);
            let target = dokument.map_or_else(|| format!("/ablaeufe/{ablauf}"), |d| format!("/dokumente/{d}"));
            Ok(Redirect::to(&format!("{target}?meldung=gemeldet")).into_response())
        }
        Err(f) if f.status == 422 => seite(&ctx, ablauf, &f.text.0, &felder, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(f) => Err(f.into()),
    }
}
