// SPDX-License-Identifier: EUPL-1.2
//! Errors of the API: RFC 9457 `application/problem+json` in words a user understands.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use nachrichten::fehler::Fehler;
use serde::Serialize;

/// Problem details (RFC 9457) with our stable code and the request's number.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable name of the kind of error.
    #[schema(example = "urn:eakte:fehler:E7004")]
    pub r#type: String,
    /// Short German name of the status.
    pub title: String,
    pub status: u16,
    /// German sentence: what happened, what is safe, what to do.
    pub detail: String,
    /// Stable error code.
    #[schema(example = "E7004")]
    pub code: String,
    /// Number of this request, for support.
    #[schema(example = "7F3A-22C1")]
    pub request_id: String,
}

fn title(status: u16) -> &'static str {
    match status {
        401 => "Anmeldung nötig",
        403 => "Nicht erlaubt",
        404 => "Nicht gefunden",
        405 => "Nicht vorgesehen",
        409 => "Widerspruch",
        412 => "Inzwischen geändert",
        413 => "Zu groß",
        415 => "Format nicht angenommen",
        422 => "Eingaben unvollständig",
        428 => "Fassung fehlt",
        429 => "Zu viele Versuche",
        400..500 => "Anfrage nicht verstanden",
        _ => "Dienst gestört",
    }
}

pub fn antwort(f: &Fehler, anfrage: &str) -> Response {
    let problem = Problem {
        r#type: format!("urn:eakte:fehler:{}", f.code),
        title: title(f.status).to_owned(),
        status: f.status,
        detail: f.text.0.clone(),
        code: f.code.to_string(),
        request_id: anfrage.to_owned(),
    };
    let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    if f.status == 401 {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
    }
    response
}
