// SPDX-License-Identifier: EUPL-1.2
//! A job with what it carries. Texts are covered, for they may be of a person; uncovering needs a reason.

use askama::Template;
use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use nachrichten::JobId;

use super::{betrieb, id, schlangen::auftrag_name};
use crate::{
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "auftrag.html")]
struct AuftragSeite {
    r: Rahmen,
    job: String,
    ablauf: String,
    name: String,
    art: String,
    typ: String,
    stand: &'static str,
    versuche: u32,
    ursache: String,
    eingabe: String,
    offen: bool,
    fehler: String,
}

async fn seite(ctx: &Ctx, job: JobId, grund: &str, fehler: &str, status: StatusCode) -> Seite {
    let a = ctx.app.betrieb.auftrag(&ctx.ich.actor, job, grund).await?;
    let page = AuftragSeite {
        job: a.job.to_string(),
        ablauf: a.ablauf.to_string(),
        name: a.name,
        art: auftrag_name(&a.typ),
        typ: a.typ,
        stand: match a.stand.as_str() {
            "bereit" => "wartet auf einen Arbeiter",
            "unterwegs" => "in Arbeit",
            "stoerung" => "gestört",
            _ => "angehalten",
        },
        versuche: a.versuche,
        ursache: a.ursache.unwrap_or_default(),
        eingabe: a.eingabe,
        offen: a.offen,
        fehler: fehler.to_owned(),
        r: ctx.rahmen("Auftrag", "/betrieb", "betrieb").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, "", "", StatusCode::OK).await
}

pub async fn aufdecken(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let job: JobId = id(&wert)?;
    if !betrieb::begruendet(&felder) {
        return seite(&ctx, job, "", betrieb::GRUND, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    seite(&ctx, job, felder.get("grund"), "", StatusCode::OK).await
}
