// SPDX-License-Identifier: EUPL-1.2
//! Intake.

use axum::{
    Json,
    body::to_bytes,
    extract::{FromRequest, Multipart, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use nachrichten::{
    Tag,
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal},
};

use super::{
    Wer,
    modelle::{Intake, Receipt},
    problem::Problem,
};
use crate::{App, schutz::Antwort, seiten::id, sitzung};

fn bad(text: &str, detail: &str) -> Fehler {
    Fehler::new("E7006", 400, text, detail)
}

fn too_large(e: impl std::fmt::Display) -> Fehler {
    Fehler::new("E1002", 413, "Die Datei ist zu groß. Sie wurde nicht angenommen.", e.to_string())
}

/// File name and bytes of the request: the body itself, or the first file of a multipart form.
async fn read(app: &App, request: Request, named: &str) -> Result<(String, Vec<u8>), Fehler> {
    let multipart =
        request.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"multipart/form-data"));
    if !multipart {
        let bytes = to_bytes(request.into_body(), app.options.upload_max).await.map_err(too_large)?;
        return Ok((named.to_owned(), bytes.to_vec()));
    }
    let broken = |e: axum::extract::multipart::MultipartError| {
        bad("Die Übertragung ist unvollständig. Es wurde nichts gespeichert.", &e.to_string())
    };
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|e| bad("Das Formular ist nicht lesbar.", &e.to_string()))?;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > app.options.upload_max {
                return Err(too_large("file over the limit"));
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok((name, bytes));
    }
    Err(bad("Das Formular enthält keine Datei.", "no file in form"))
}

/// Hands in one file.
///
/// The body is the file itself or a multipart form with one file. The same `Idempotency-Key` gives the same receipt.
#[utoipa::path(
    post, path = "/intake", tag = "intake",
    params(
        ("Idempotency-Key" = String, Header, description = "Names this hand-in; a repeat is answered with the first receipt"),
        ("channel" = Option<String>, Query, description = "`scan`, `mail` or `upload` (default)"),
        ("name" = Option<String>, Query, description = "File name when the body is the file itself"),
        ("vertraulich" = Option<bool>, Query, description = "`true`: only the confidential circle sees it"),
        ("zugang" = Option<String>, Query, description = "Day it reached the city, ISO date; default today"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "Accepted; nothing is lost from here on", body = Receipt, headers(("Location" = String, description = "State of the item"))),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Refused: the bytes are not what they claim to be", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn accept(State(app): State<App>, wer: Wer, request: Request) -> Result<Response, Antwort> {
    let key = request
        .headers()
        .get("idempotency-key")
        .and_then(|v| v.to_str().ok())
        .map(str::trim)
        .unwrap_or_default()
        .to_owned();
    if key.is_empty() || key.len() > 200 {
        let text = "Senden Sie die Kopfzeile Idempotency-Key mit höchstens 200 Zeichen.";
        return Err(Fehler::new("E1003", 400, text, "Idempotency-Key missing or too long").into());
    }
    let query = sitzung::Felder(sitzung::decode(request.uri().query().unwrap_or_default().as_bytes()));
    let kanal = match query.get("channel") {
        "" | "upload" => Kanal::Upload,
        "scan" => Kanal::Scan,
        "mail" => Kanal::Mail,
        _ => return Err(bad("Der Weg ist unbekannt. Erlaubt sind scan, mail und upload.", "unknown channel").into()),
    };
    let vertraulich = match query.get("vertraulich") {
        "" | "false" => false,
        "true" => true,
        _ => return Err(bad("vertraulich ist true oder false.", "vertraulich is no truth value").into()),
    };
    let zugang: Option<Tag> =
        match query.get("zugang") {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                bad("Der Zugang ist kein Datum. Schreiben Sie ihn so: 2026-11-23.", "zugang is no date")
            })?),
        };
    let named = if query.get("name").is_empty() { "datei" } else { query.get("name") }.to_owned();
    let (name, bytes) = read(&app, request, &named).await?;
    let name = name.chars().filter(|c| !c.is_control()).take(200).collect();
    let e = Einlieferung { kanal, name, bytes, idempotency_key: key, zugang, vertraulich };
    let q = app.sendungen.accept(&wer.actor, e).await?;
    let mut headers = HeaderMap::new();
    if let Ok(value) = format!("/api/v1/intake/{}", q.receipt).parse() {
        headers.insert(header::LOCATION, value);
    }
    Ok((StatusCode::ACCEPTED, headers, Json(Receipt::from(q))).into_response())
}

/// State of an accepted item.
#[utoipa::path(
    get, path = "/intake/{id}", tag = "intake",
    params(("id" = String, Path, description = "Receipt")),
    responses((status = 200, body = Intake), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn status(State(app): State<App>, wer: Wer, Path(receipt): Path<String>) -> Result<Json<Intake>, Antwort> {
    Ok(Json(app.sendungen.stand(&wer.actor, id(&receipt)?).await?.into()))
}
