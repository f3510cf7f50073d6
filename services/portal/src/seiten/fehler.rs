// SPDX-License-Identifier: EUPL-1.2
//! The error page: what happened, what is safe, what to do, a number for support.

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use nachrichten::fehler::Fehler;

use crate::{
    App,
    rahmen::{Rahmen, html},
};

#[derive(Template)]
#[template(path = "fehler.html")]
struct FehlerSeite {
    r: Rahmen,
    titel: &'static str,
    text: String,
    code: String,
    sicher: &'static str,
}

/// Page for an error; `anfrage` is printed as its number.
pub fn seite(app: &App, f: &Fehler, anfrage: &str, headers: &HeaderMap) -> Response {
    let (titel, sicher) = match f.status {
        401 => ("Anmeldung nötig", ""),
        403 => ("Nicht erlaubt", "Es wurde nichts geändert."),
        404 => ("Nicht gefunden", ""),
        409 | 412 => ("Inzwischen geändert", "Ihre Eingaben wurden nicht übernommen."),
        413 => ("Zu groß", "Es wurde nichts gespeichert."),
        400..500 => ("Das hat nicht geklappt", "Es wurde nichts geändert."),
        _ => ("Der Dienst ist gestört", "Was schon gespeichert war, bleibt gespeichert."),
    };
    let page = FehlerSeite {
        r: Rahmen::offen(app, headers, titel, anfrage, ""),
        titel,
        text: f.text.0.clone(),
        code: f.code.to_string(),
        sicher,
    };
    let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, html(&page)).into_response()
}
