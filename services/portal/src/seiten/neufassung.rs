// SPDX-License-Identifier: EUPL-1.2
//! A new version of a document that was written in the house.

use askama::Template;
use axum::{
    extract::{Multipart, Path, State, multipart::MultipartRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    DokumentId,
    dokumente::{Dokument, NeueFassung},
    fehler::Fehler,
};

use super::id;
use crate::{
    App, format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::{csrf_fehler, csrf_passt},
};

#[derive(Template)]
#[template(path = "neufassung.html")]
struct FassungSeite {
    r: Rahmen,
    id: String,
    titel: String,
    bisher: String,
    fehler: String,
    grund: String,
}

async fn seite(ctx: &Ctx, d: &Dokument, fehler: &str, grund: &str, status: StatusCode) -> Seite {
    let page = FassungSeite {
        id: d.id.to_string(),
        titel: d.titel.clone(),
        bisher: d.sha256.to_string(),
        fehler: fehler.to_owned(),
        grund: grund.to_owned(),
        r: ctx.rahmen(&format!("{} · Neue Fassung", d.titel), "/akten", "umlauf").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id::<DokumentId>(&wert)?).await?;
    seite(&ctx, &d, "", "", StatusCode::OK).await
}

pub async fn ersetzen(
    State(app): State<App>,
    ctx: Ctx,
    Path(wert): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Seite {
    let mut form = form.map_err(|_| csrf_fehler())?;
    let broken = || {
        let text =
            "Die Übertragung ist abgebrochen. Die bisherige Fassung bleibt. Laden Sie die Datei noch einmal hoch.";
        Fehler::new("E7006", 400, text, "multipart broken")
    };
    let (mut trusted, mut grund, mut bisher, mut file) = (false, String::new(), String::new(), None);
    while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "datei" { app.options.upload_max } else { 4_096 };
        let file_name = field.file_name().map(|n| n.chars().filter(|c| !c.is_control()).take(200).collect::<String>());
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|_| broken())? {
            // The token comes first; until it fits, nothing is kept.
            if name != "csrf" && !trusted {
                return Err(csrf_fehler().into());
            }
            if bytes.len() + chunk.len() > limit {
                let text = format!(
                    "Die Datei ist größer als {}. Die bisherige Fassung bleibt.",
                    format::groesse(limit as u64)
                );
                let d = ctx.app.dokumente.get(&ctx.ich.actor, id::<DokumentId>(&wert)?).await?;
                return seite(&ctx, &d, &text, &grund, StatusCode::PAYLOAD_TOO_LARGE).await;
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "csrf" => trusted = csrf_passt(&ctx.ich.csrf, &text()),
            "grund" => grund = text(),
            "bisher" => bisher = text(),
            "datei" => file = file_name.filter(|n| !n.is_empty()).map(|n| (n, bytes)),
            _ => {}
        }
    }
    if !trusted {
        return Err(csrf_fehler().into());
    }
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id::<DokumentId>(&wert)?).await?;
    let (Some((name, bytes)), Ok(bisher)) = (file, bisher.parse()) else {
        return seite(&ctx, &d, "Wählen Sie eine Datei aus.", &grund, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let neu = NeueFassung { bisher, name, bytes, grund: grund.clone() };
    match ctx.app.dokumente.neue_fassung(&ctx.ich.actor, d.id, neu).await {
        Ok(_) => Ok(Redirect::to(&format!("/dokumente/{}?meldung=fassung", d.id)).into_response()),
        Err(f) if matches!(f.status, 412 | 422) => {
            let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            seite(&ctx, &d, &f.text.0, &grund, status).await
        }
        Err(f) => Err(f.into()),
    }
}
