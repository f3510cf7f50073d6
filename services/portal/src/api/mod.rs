// SPDX-License-Identifier: EUPL-1.2
//! The REST API below `/api/v1`, described by OpenAPI 3.1 made from this code.

mod dokumente;
mod eingang;
mod modelle;
pub mod problem;
mod sonst;
mod vorgaenge;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
    routing::get,
};
use nachrichten::{Actor, fehler::Fehler};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    schutz::Antwort,
    sitzung::{self, csrf_fehler, csrf_passt},
};

/// Largest page of a list.
const LIMIT_MAX: u32 = 200;

#[derive(OpenApi)]
#[openapi(
    info(title = "E-Akte", version = "1", description = "Posteingang, Dokumente, Aufgaben, Abläufe und Suche. Fehler folgen RFC 9457.", license(name = "EUPL-1.2", identifier = "EUPL-1.2")),
    modifiers(&Sicherheit),
    security(("bearer" = []), ("session" = [])),
    components(schemas(problem::Problem))
)]
struct Beschreibung;

struct Sicherheit;

impl Modify for Sicherheit {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let components = doc.components.get_or_insert_default();
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
        components
            .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("eakte_sitzung"))));
    }
}

fn described() -> (Router<App>, utoipa::openapi::OpenApi) {
    let v1 = OpenApiRouter::<App>::new()
        .routes(routes!(eingang::accept))
        .routes(routes!(eingang::status))
        .routes(routes!(dokumente::list))
        .routes(routes!(dokumente::get))
        .routes(routes!(dokumente::rendition))
        .routes(routes!(dokumente::page))
        .routes(routes!(vorgaenge::tasks))
        .routes(routes!(vorgaenge::task))
        .routes(routes!(vorgaenge::claim))
        .routes(routes!(vorgaenge::complete))
        .routes(routes!(vorgaenge::instance))
        .routes(routes!(sonst::search))
        .routes(routes!(sonst::health))
        .routes(routes!(sonst::ready));
    OpenApiRouter::with_openapi(Beschreibung::openapi()).nest("/api/v1", v1).split_for_parts()
}

pub fn router(_: &App) -> Router<App> {
    let (routes, _) = described();
    routes
        .route("/api/v1/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], openapi()) }))
        .route("/health", get(sonst::health))
        .route("/ready", get(sonst::ready))
}

/// The OpenAPI document as pretty JSON with a line end; `schemas/openapi.json` is exactly this.
pub fn openapi() -> String {
    let (_, doc) = described();
    doc.to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

/// Who calls: by `Authorization: Bearer` or by the session cookie. With the cookie, writing needs `X-CSRF-Token`.
pub struct Wer {
    pub actor: Actor,
}

impl FromRequestParts<App> for Wer {
    type Rejection = Antwort;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Antwort> {
        let refused = || {
            Fehler::new(
                "E7001",
                401,
                "Melden Sie sich an oder senden Sie ein gültiges Token.",
                "no valid session or token",
            )
        };
        if let Some(token) = bearer(&parts.headers) {
            let ich = app.konten.session(token).await?.ok_or_else(refused)?;
            return Ok(Self { actor: ich.actor });
        }
        let ich = sitzung::angemeldet(app, &parts.headers).await?.ok_or_else(refused)?;
        let safe = matches!(parts.method, Method::GET | Method::HEAD);
        let sent = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !safe && (sitzung::fremde_seite(&parts.headers) || !csrf_passt(&ich.csrf, sent)) {
            return Err(csrf_fehler().into());
        }
        Ok(Self { actor: ich.actor })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 200).then_some(token.trim())
}

/// `Link: <…>; rel="next"`.
fn next_link(address: Option<String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(value) = address.and_then(|a| format!("<{a}>; rel=\"next\"").parse().ok()) {
        headers.insert(header::LINK, value);
    }
    headers
}

/// The version a writer saw: `If-Match: "3"`.
fn if_match(headers: &HeaderMap) -> Result<i64, Fehler> {
    let value = headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok()).ok_or_else(|| {
        Fehler::new("E7006", 428, "Senden Sie mit If-Match, welche Fassung Sie gesehen haben.", "If-Match missing")
    })?;
    value.trim().trim_matches('"').parse().map_err(|_| stale("If-Match is no version"))
}

fn stale(detail: &str) -> Fehler {
    Fehler::new("E3001", 412, "Die Aufgabe wurde inzwischen geändert. Laden Sie sie neu.", detail)
}

/// With `If-Match`, "someone was faster" is 412.
fn precondition(f: Fehler) -> Fehler {
    if f.status == 409 { Fehler { status: 412, ..f } } else { f }
}
