// SPDX-License-Identifier: EUPL-1.2
//! Giving a task to another person, with a reason.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{PersonId, TaskId, fehler::Fehler};

use super::id;
use crate::{
    arten::Art,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "weitergeben.html")]
struct WeitergebenSeite {
    r: Rahmen,
    id: String,
    titel: String,
    schritt: String,
    version: i64,
    personen: Vec<(String, String)>,
    fehler: String,
    an: String,
    grund: String,
}

async fn seite(ctx: &Ctx, task: TaskId, fehler: &str, felder: &Felder, status: StatusCode) -> Seite {
    let g = ctx.app.aufgaben.get(&ctx.ich.actor, task).await?;
    if let Some(text) = g.sperre {
        return Err(Fehler::new("E3004", 409, text, "cannot be delegated").into());
    }
    let me = ctx.ich.actor.person;
    let personen = ctx.app.vertretungen.persons().await?.into_iter().filter(|(id, ..)| *id != me);
    let art = Art::von(&g.aufgabe.process, &g.aufgabe.element);
    let page = WeitergebenSeite {
        id: task.to_string(),
        titel: g.aufgabe.titel,
        schritt: g.aufgabe.name,
        version: g.aufgabe.version,
        personen: personen
            .map(|(id, name, amt)| (id.to_string(), format!("{name}, {}", ctx.app.options.amt_name(&amt))))
            .collect(),
        fehler: fehler.to_owned(),
        an: felder.get("an").to_owned(),
        grund: felder.get("grund").to_owned(),
        r: ctx.rahmen("Aufgabe weitergeben", art.pfad(), "vertretung").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, "", &Felder::default(), StatusCode::OK).await
}

pub async fn weitergeben(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let task: TaskId = id(&wert)?;
    let Ok(an) = felder.get("an").parse::<PersonId>() else {
        let text = "Wählen Sie aus, wer die Aufgabe bekommt.";
        return seite(&ctx, task, text, &felder, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let version = felder.get("version").parse().unwrap_or(-1);
    let a = ctx.app.aufgaben.get(&ctx.ich.actor, task).await?.aufgabe;
    match ctx.app.aufgaben.delegate(&ctx.ich.actor, task, version, an, felder.get("grund")).await {
        Ok(_) => {
            let list = Art::von(&a.process, &a.element).pfad();
            Ok(Redirect::to(&format!("{list}?meldung=weitergegeben")).into_response())
        }
        Err(f) if f.status == 422 => seite(&ctx, task, &f.text.0, &felder, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(f) => Err(f.into()),
    }
}
