// SPDX-License-Identifier: EUPL-1.2
//! A version of a decision table: its rows, its example rows with their results, and a try with own inputs.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::fassungen::BeispielOrt;

use super::beispiele::{self, Anlass, TabelleSicht};
use crate::{
    format,
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "tabelle.html")]
struct TabellenSeite {
    r: Rahmen,
    datei: String,
    version: u32,
    seit: String,
    geliefert: bool,
    /// Other versions to compare with.
    andere: Vec<u32>,
    fehler: String,
    stand: String,
    t: TabelleSicht,
}

async fn seite(
    ctx: &Ctx,
    name: &str,
    version: u32,
    felder: Option<&Felder>,
    fehler: &str,
    status: StatusCode,
) -> Seite {
    let s = ctx.app.fassungen.tabelle(&ctx.ich.actor, name, version).await?;
    let (mut fehler, mut status) = (fehler.to_owned(), status);
    let gefragt = beispiele::gefragt(&s.bild, |n| ctx.query(n)).unwrap_or_else(|text| {
        (fehler, status) = (text, StatusCode::UNPROCESSABLE_ENTITY);
        None
    });
    let probe = match &gefragt {
        Some(input) => {
            let ort = BeispielOrt::Version(name.to_owned(), version);
            Some((input, ctx.app.fassungen.probieren(&ctx.ich.actor, &ort, input).await?))
        }
        None => None,
    };
    let zeile = felder.map_or_else(|| ctx.query("zeile"), |f| f.get("nr").to_owned());
    let anlass = Anlass { pfad: beispiele::pfad(name, version), aendern: true, nr: zeile.parse().unwrap_or(0), felder };
    let stand = beispiele::stand(&s.beispiele);
    let t = beispiele::sicht(&s.bild, &s.beispiele, anlass, probe);
    let page = TabellenSeite {
        r: ctx.rahmen(&format!("{name}, Fassung {version}"), "/betrieb", "betrieb").await?,
        datei: name.to_owned(),
        version,
        seit: format::zeitpunkt(s.version.seit),
        geliefert: s.version.geliefert,
        andere: s.alle.into_iter().filter(|n| *n != version).collect(),
        fehler,
        stand,
        t,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path((name, version)): Path<(String, u32)>) -> Seite {
    seite(&ctx, &name, version, None, "", StatusCode::OK).await
}

pub async fn speichern(ctx: Ctx, Path((name, version)): Path<(String, u32)>, felder: Felder) -> Seite {
    let s = ctx.app.fassungen.tabelle(&ctx.ich.actor, &name, version).await?;
    let saved = match beispiele::neue_zeilen(&s.bild, &s.beispiele, &felder) {
        Ok(rows) => {
            let ort = BeispielOrt::Version(name.clone(), version);
            ctx.app.fassungen.beispiele(&ctx.ich.actor, &ort, rows, felder.get("grund")).await
        }
        Err(f) => Err(f),
    };
    match saved {
        Ok(()) => {
            let to = format!("/betrieb/tabellen/{}/{version}?meldung=beispiel", encode(&name));
            Ok(Redirect::to(&to).into_response())
        }
        Err(f) if matches!(f.status, 409 | 422) => {
            let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            seite(&ctx, &name, version, Some(&felder), &f.text.0, status).await
        }
        Err(f) => Err(f.into()),
    }
}
