// SPDX-License-Identifier: EUPL-1.2
//! The outermost layer: request id, security headers on every answer, and errors turned into a page or problem+json.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use nachrichten::fehler::Fehler;

use crate::{App, api::problem, seiten::fehler};

/// CSP of every page (ui.md §1).
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                       connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// CSP of bytes that came from outside.
pub const CSP_FREMD: &str = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Number of this request, shown in each error.
#[derive(Clone, Debug)]
pub struct Anfrage(pub String);

/// An error on its way to the outermost layer, which knows how to show it.
#[derive(Clone, Debug)]
pub struct Antwort(pub Fehler);

impl From<Fehler> for Antwort {
    fn from(f: Fehler) -> Self {
        Self(f)
    }
}

impl IntoResponse for Antwort {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Result of a handler.
pub type Seite = Result<Response, Antwort>;

/// Short request number a person can read out: `7F3A-22C1`.
fn number(app: &App) -> String {
    let bits = app.ids.uuid().as_u128();
    // The low bits of a UUIDv7 are random, the high ones are time.
    format!("{:04X}-{:04X}", (bits >> 16) & 0xffff, bits & 0xffff)
}

/// Middleware around everything.
pub async fn rand(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let anfrage = Anfrage(number(&app));
    let path = request.uri().path().to_owned();
    let api = path.starts_with("/api/");
    let headers = request.headers().clone();
    request.extensions_mut().insert(anfrage.clone());
    let mut response = next.run(request).await;
    let mut error = response.extensions_mut().remove::<Antwort>().map(|a| a.0);
    if error.is_none()
        && response.headers().get(header::CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"))
    {
        error = plain(response.status());
    }
    if let Some(f) = error {
        if f.status >= 500 {
            tracing::error!(request = %anfrage.0, code = %f.code, status = f.status, "request failed: {}", f.detail);
        } else {
            tracing::debug!(request = %anfrage.0, code = %f.code, status = f.status, "request refused: {}", f.detail);
        }
        let extra = response.headers().clone();
        response = if api { problem::antwort(&f, &anfrage.0) } else { fehler::seite(&app, &f, &anfrage.0, &headers) };
        for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = extra.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        // Every 503 is over by itself: who is told "not now" is told when to come again.
        if f.status == 503 {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
        }
    }
    protect(&app, response, &anfrage.0)
}

/// Errors the framework itself answers with (no such route, wrong method, body too large) in our words.
fn plain(status: StatusCode) -> Option<Fehler> {
    let f = |code, text| Some(Fehler::new(code, status.as_u16(), text, "answered by the framework"));
    match status {
        StatusCode::NOT_FOUND => Some(Fehler::not_found()),
        StatusCode::METHOD_NOT_ALLOWED => f("E7005", "Diese Adresse nimmt diese Anfrage nicht an."),
        StatusCode::PAYLOAD_TOO_LARGE => f("E1002", "Die Datei ist zu groß. Sie wurde nicht angenommen."),
        s if s.is_client_error() => {
            f("E7006", "Die Anfrage ist unvollständig. Laden Sie die Seite neu und versuchen Sie es erneut.")
        }
        s if s.is_server_error() => {
            f("E9001", "Der Dienst antwortet nicht. Ihre gespeicherten Eingaben bleiben erhalten.")
        }
        _ => None,
    }
}

fn protect(app: &App, mut response: Response, anfrage: &str) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if app.options.tls {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(value) = HeaderValue::from_str(anfrage) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}
