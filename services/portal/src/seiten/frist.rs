// SPDX-License-Identifier: EUPL-1.2
//! Moving the due date of a task, with a reason.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{TaskId, fehler::Fehler};

use super::id;
use crate::{
    arten::Art,
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "frist.html")]
struct FristSeite {
    r: Rahmen,
    id: String,
    titel: String,
    schritt: String,
    bisher: String,
    version: i64,
    fehler: String,
    auf: String,
    grund: String,
}

async fn seite(ctx: &Ctx, task: TaskId, fehler: &str, felder: &Felder, status: StatusCode) -> Seite {
    let g = ctx.app.aufgaben.get(&ctx.ich.actor, task).await?;
    if let Some(text) = g.sperre {
        return Err(Fehler::new("E3004", 409, text, "its due date cannot be moved").into());
    }
    let art = Art::von(&g.aufgabe.process, &g.aufgabe.element);
    let page = FristSeite {
        id: task.to_string(),
        titel: g.aufgabe.titel,
        schritt: g.aufgabe.name,
        bisher: g.aufgabe.faellig.map_or_else(|| "ohne Frist".to_owned(), |t| t.deutsch()),
        version: g.aufgabe.version,
        fehler: fehler.to_owned(),
        auf: felder.get("auf").to_owned(),
        grund: felder.get("grund").to_owned(),
        r: ctx.rahmen("Frist verlegen", art.pfad(), art.hilfe()).await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, "", &Felder::default(), StatusCode::OK).await
}

pub async fn verlegen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let task: TaskId = id(&wert)?;
    let Some(auf) = format::parse_tag(felder.get("auf")) else {
        let text = "Schreiben Sie den Tag so: 23.11.2026.";
        return seite(&ctx, task, text, &felder, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let version = felder.get("version").parse().unwrap_or(-1);
    match ctx.app.aufgaben.verlegen(&ctx.ich.actor, task, version, auf, felder.get("grund")).await {
        Ok(_) => Ok(Redirect::to(&format!("/aufgaben/{task}?meldung=verlegt")).into_response()),
        Err(f) if f.status == 422 => seite(&ctx, task, &f.text.0, &felder, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(f) => Err(f.into()),
    }
}
