// SPDX-License-Identifier: EUPL-1.2
//! Sessions by cookie, and the CSRF token that every form carries.
//!
//! The layer refuses any unsafe request whose body is not a form with the right token, so a handler cannot forget it.
//! Only the upload ([`MEHRTEILIG`]) reads its body itself and calls [`csrf_passt`].

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use nachrichten::fehler::Fehler;
use service_platform::konten::Angemeldet;

use crate::{App, schutz::Antwort};

/// Routes with a multipart body; their handlers check the token as the first field.
pub const MEHRTEILIG: &[&str] = &["/sendungen", "/betrieb/fassungen"];

fn mehrteilig(path: &str) -> bool {
    let of_document = path.strip_prefix("/dokumente/").and_then(|rest| rest.split_once('/'));
    MEHRTEILIG.contains(&path) || matches!(of_document, Some((_, "fassung")))
}
/// Largest form; longer bodies are files and have their own route.
const FORM_MAX: usize = 1024 * 1024;

/// Fields of the form in their order; names may repeat.
#[derive(Clone, Debug, Default)]
pub struct Felder(pub Vec<(String, String)>);

impl Felder {
    /// First value of this name, trimmed; empty when absent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }
    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.trim())
    }
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
    /// The same with this one value of a name.
    pub fn mit(&self, name: &str, wert: &str) -> Self {
        let mut all: Vec<_> = self.0.iter().filter(|(n, _)| n != name).cloned().collect();
        all.push((name.to_owned(), wert.to_owned()));
        Self(all)
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Felder {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Name of the session cookie.
pub fn cookie_name(app: &App) -> &'static str {
    if app.options.tls { "__Host-eakte_sitzung" } else { "eakte_sitzung" }
}

/// Value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// `Set-Cookie` value; `seconds` None = until the browser closes, 0 = delete.
pub fn set_cookie(app: &App, name: &str, value: &str, seconds: Option<u32>) -> HeaderValue {
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    let secure = if app.options.tls { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static("eakte_leer=; Path=/; Max-Age=0"))
}

/// The session of these headers, if it still holds.
pub async fn angemeldet(app: &App, headers: &HeaderMap) -> Result<Option<Angemeldet>, Fehler> {
    match cookie(headers, cookie_name(app)) {
        Some(token) if !token.is_empty() && token.len() <= 200 => app.konten.session(token).await,
        _ => Ok(None),
    }
}

/// The error for a missing or wrong token.
pub fn csrf_fehler() -> Fehler {
    Fehler::new(
        "E7006",
        403,
        "Das Formular ist abgelaufen. Laden Sie die Seite neu und senden Sie es noch einmal.",
        "csrf token missing or wrong",
    )
}

/// Compares without telling by time how much was right.
pub fn csrf_passt(erwartet: &str, gesendet: &str) -> bool {
    let same_length = erwartet.len() == gesendet.len() && !erwartet.is_empty();
    let diff = erwartet.bytes().zip(gesendet.bytes()).fold(0u8, |acc, (a, b)| acc | (a ^ b));
    same_length && diff == 0
}

/// True when a browser says that another site sent this.
pub fn fremde_seite(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|v| !matches!(v.as_bytes(), b"same-origin" | b"none"))
}

/// Reads a form body into the request's extensions.
async fn read_form(request: Request) -> Result<(Request, Felder), Fehler> {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err(csrf_fehler());
    }
    let (parts, body) = request.into_parts();
    let bytes: Bytes = to_bytes(body, FORM_MAX).await.map_err(|_| {
        Fehler::new("E7006", 413, "Die Eingaben sind zu lang. Kürzen Sie den Text.", "form body too large")
    })?;
    let felder = Felder(decode(&bytes));
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(felder.clone());
    Ok((request, felder))
}

/// `application/x-www-form-urlencoded` to pairs; at most 2,000 of them.
pub fn decode(bytes: &[u8]) -> Vec<(String, String)> {
    let part = |raw: &[u8]| {
        let mut out = Vec::with_capacity(raw.len());
        let mut i = 0;
        while i < raw.len() {
            let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
            match raw[i] {
                b'+' => out.push(b' '),
                b'%' => match (hex(raw.get(i + 1)), hex(raw.get(i + 2))) {
                    (Some(a), Some(b)) => {
                        out.push((a * 16 + b) as u8);
                        i += 2;
                    }
                    _ => out.push(b'%'),
                },
                b => out.push(b),
            }
            i += 1;
        }
        String::from_utf8_lossy(&out).replace("\r\n", "\n").replace('\0', "")
    };
    bytes
        .split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .take(2_000)
        .map(|pair| match pair.iter().position(|b| *b == b'=') {
            Some(at) => (part(&pair[..at]), part(&pair[at + 1..])),
            None => (part(pair), String::new()),
        })
        .collect()
}

/// Layer of all pages that need a login.
pub async fn noetig(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let ich = match angemeldet(&app, request.headers()).await {
        Ok(Some(ich)) => ich,
        Ok(None) => return to_login(&app, &request),
        Err(f) => return Antwort(f).into_response(),
    };
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !safe {
        if fremde_seite(request.headers()) {
            return Antwort(csrf_fehler()).into_response();
        }
        if !mehrteilig(request.uri().path()) {
            request = match read_form(request).await {
                Ok((request, felder)) if csrf_passt(&ich.csrf, felder.get("csrf")) => request,
                Ok(_) => return Antwort(csrf_fehler()).into_response(),
                Err(f) => return Antwort(f).into_response(),
            };
        }
    }
    request.extensions_mut().insert(ich);
    next.run(request).await
}

/// Layer of the few forms that need no session: the token is the session's, or in a cookie of its own.
pub async fn offen(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let eigenes = cookie(request.headers(), "eakte_formular").unwrap_or_default().to_owned();
        let sitzung = match angemeldet(&app, request.headers()).await {
            Ok(ich) => ich.map(|a| a.csrf).unwrap_or_default(),
            Err(f) => return Antwort(f).into_response(),
        };
        if fremde_seite(request.headers()) {
            return Antwort(csrf_fehler()).into_response();
        }
        request = match read_form(request).await {
            Ok((request, felder)) if [eigenes, sitzung].iter().any(|t| csrf_passt(t, felder.get("csrf"))) => request,
            Ok(_) => return Antwort(csrf_fehler()).into_response(),
            Err(f) => return Antwort(f).into_response(),
        };
    }
    next.run(request).await
}

fn to_login(app: &App, request: &Request) -> Response {
    let had = cookie(request.headers(), cookie_name(app)).is_some_and(|v| !v.is_empty());
    let weiter = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |p| p.as_str()),
        _ => "/",
    };
    let grund = if had { "&grund=ruhe" } else { "" };
    if request.headers().contains_key("hx-request") {
        // A partial update must not swap the login page into a corner of the page.
        return ([("hx-redirect", format!("/anmelden?weiter=/{grund}"))], axum::http::StatusCode::UNAUTHORIZED)
            .into_response();
    }
    Redirect::to(&format!("/anmelden?weiter={}{grund}", crate::rahmen::encode(weiter))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_bounded() {
        let got = decode(b"a=1&a=%C3%A4+b&c&%zz=%4");
        let want = [("a", "1"), ("a", "ä b"), ("c", ""), ("%zz", "%4")];
        assert_eq!(got, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(decode("x=1&".repeat(5_000).as_bytes()).len(), 2_000);
        assert_eq!(decode(b"t=eins%0D%0Azwei")[0].1, "eins\nzwei");
    }

    #[test]
    fn tokens_must_be_equal_and_present() {
        assert!(csrf_passt("abc", "abc"));
        assert!(!csrf_passt("abc", "abd") && !csrf_passt("abc", "ab") && !csrf_passt("", ""));
    }
}
