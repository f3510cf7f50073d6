// SPDX-License-Identifier: EUPL-1.2
//! An operator starts a process that the city drew itself, with the form of its start event.

use std::borrow::Cow;

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{Werte, fassungen::Anfang, fehler::Fehler};
use serde_json::Value;

use super::formularseite::{self, Gesendet, Rand};
use crate::{
    formular::{self, Meldungen},
    rahmen::{Ctx, encode},
    schutz::Seite,
    sitzung::Felder,
};

async fn anfang(ctx: &Ctx, process: &str) -> Result<Anfang, Fehler> {
    ctx.app.fassungen.anfang(&ctx.ich.actor, process).await?.ok_or_else(|| {
        let text = "Dieser Ablauf lässt sich hier nicht starten. Er beginnt von selbst, wenn etwas eintrifft.";
        Fehler::new("E3006", 409, text, "no start for persons")
    })
}

async fn seite(ctx: &Ctx, a: Anfang, entwurf: Werte, fehler: Meldungen, key: &str, status: StatusCode) -> Seite {
    let pfad = format!("/betrieb/fassungen/{}", encode(&a.process));
    let name = if a.name.is_empty() { &a.process } else { &a.name };
    let rand = Rand {
        form: Cow::Owned(formular::anfang(name, &a.felder)),
        weg: vec![
            ("/betrieb".to_owned(), "Betrieb".to_owned()),
            ("/betrieb/fassungen".to_owned(), "Abläufe und Tabellen".to_owned()),
            (format!("{pfad}/{}", a.version), name.clone()),
        ],
        unterzeile: format!("Fassung {}", a.version),
        ziel: format!("{pfad}/starten"),
        nav: "/betrieb",
        hilfe: "betrieb",
        variablen: Werte::new(),
    };
    formularseite::zeigen(ctx, rand, &entwurf, fehler, key, status).await
}

pub async fn zeigen(ctx: Ctx, Path(process): Path<String>) -> Seite {
    let a = anfang(&ctx, &process).await?;
    seite(&ctx, a, Werte::new(), Vec::new(), "", StatusCode::OK).await
}

pub async fn starten(ctx: Ctx, Path(process): Path<String>, felder: Felder) -> Seite {
    let a = anfang(&ctx, &process).await?;
    let key = felder.get("schluessel").chars().take(64).collect::<String>();
    let form = formular::anfang(&a.name, &a.felder);
    let mut werte = match formularseite::lesen(&form, &felder) {
        Gesendet::Werte(werte) => werte,
        Gesendet::Weiter(entwurf, fehler, status) => return seite(&ctx, a, entwurf, fehler, &key, status).await,
    };
    werte.remove("entscheidung");
    let more = match werte.remove("werte") {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    };
    for row in more {
        let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        if !text("name").is_empty() {
            werte.insert(text("name"), crate::format::wert(&text("wert")));
        }
    }
    let instance = ctx.app.ablaeufe.start(&ctx.ich.actor, &process, werte, &format!("betrieb/{key}")).await?;
    Ok(Redirect::to(&format!("/ablaeufe/{instance}?meldung=gestartet")).into_response())
}
