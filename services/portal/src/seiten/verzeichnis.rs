// SPDX-License-Identifier: EUPL-1.2
//! Login and logout by the city's directory: to the provider, back from it, and what the provider itself sends.

use askama::Template;
use axum::{
    Extension, Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use nachrichten::fehler::Fehler;

use super::anmelden::{self, Anzeige};
use crate::{
    App,
    rahmen::{Rahmen, eigene, html},
    schutz::{Anfrage, Antwort, Seite},
    sitzung::{self, Felder, cookie, cookie_name, set_cookie},
    verzeichnis::{VERSUCH_SEKUNDEN, Verzeichnis},
};

/// Largest body of a logout message.
const ABMELDUNG_MAX: usize = 32 * 1024;

fn directory(app: &App) -> Result<&Verzeichnis, Antwort> {
    app.anmeldung.verzeichnis.as_deref().ok_or_else(|| Antwort(Fehler::not_found()))
}

/// The cookie of a login under way.
fn versuch_name(app: &App) -> &'static str {
    if app.options.tls { "__Host-eakte_verzeichnis" } else { "eakte_verzeichnis" }
}

/// The login page once more, with what went wrong.
async fn failed(app: &App, headers: &HeaderMap, anfrage: &Anfrage, weiter: &str, f: &Fehler) -> Seite {
    tracing::warn!(request = %anfrage.0, code = %f.code, "login by the directory failed: {}", f.detail);
    let mut page =
        anmelden::seite(app, headers, &anfrage.0, Anzeige { weiter, fehler: Some(f), ..Anzeige::default() }).await?;
    page.headers_mut().append(header::SET_COOKIE, set_cookie(app, versuch_name(app), "", Some(0)));
    Ok(page)
}

/// `GET /anmelden/verzeichnis?weiter=`
pub async fn beginnen(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    Extension(anfrage): Extension<Anfrage>,
) -> Seite {
    let directory = directory(&app)?;
    let query = Felder(sitzung::decode(uri.query().unwrap_or_default().as_bytes()));
    let weiter = eigene(query.get("weiter"));
    match directory.begin(&weiter).await {
        Ok((versuch, url)) => {
            let cookie = set_cookie(&app, versuch_name(&app), &versuch, Some(VERSUCH_SEKUNDEN));
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response())
        }
        Err(f) => failed(&app, &headers, &anfrage, &weiter, &f).await,
    }
}

/// `GET /anmelden/rueckkehr?code=&state=`: the redirect address of the provider.
pub async fn rueckkehr(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    Extension(anfrage): Extension<Anfrage>,
) -> Seite {
    let directory = directory(&app)?;
    let felder = Felder(sitzung::decode(uri.query().unwrap_or_default().as_bytes()));
    let back = match directory.finish(cookie(&headers, versuch_name(&app)), &felder).await {
        Ok(back) => back,
        Err(f) => return failed(&app, &headers, &anfrage, "/", &f).await,
    };
    let token = match app.konten.login_verzeichnis(&back.ausweis, directory.neue_personen).await {
        Ok(token) => token,
        Err(f) => return failed(&app, &headers, &anfrage, &back.weiter, &f).await,
    };
    // Whoever used this browser before is not this person.
    if let Some(old) = cookie(&headers, cookie_name(&app)) {
        app.konten.logout(old).await?;
    }
    let mut response = anmelden::enter(&app, &token, &back.weiter);
    response.headers_mut().append(header::SET_COOKIE, set_cookie(&app, versuch_name(&app), "", Some(0)));
    Ok(response)
}

#[derive(Template)]
#[template(path = "abgemeldet.html")]
struct Abgemeldet {
    r: Rahmen,
    ziel: String,
}

/// `GET /abmelden/verzeichnis`: on to the provider's own logout page. A page that goes on by itself, because a form's
/// redirect to another site would break the policy `form-action 'self'`.
pub async fn weiter(State(app): State<App>, headers: HeaderMap, Extension(anfrage): Extension<Anfrage>) -> Seite {
    let Some(ziel) = directory(&app)?.logout_url() else {
        return Ok(Redirect::to("/anmelden?grund=ab").into_response());
    };
    Ok(html(&Abgemeldet { r: Rahmen::offen(&app, &headers, "Abmelden", &anfrage.0, ""), ziel: ziel.into() }))
}

/// `POST /anmelden/abmeldung` from the provider: 200 when done, 400 with a reason when refused (Back-Channel Logout § 2.8).
pub async fn abmeldung(
    State(app): State<App>,
    Extension(anfrage): Extension<Anfrage>,
    body: Body,
) -> Result<Response, Antwort> {
    let directory = directory(&app)?;
    let done = async {
        let bytes = to_bytes(body, ABMELDUNG_MAX)
            .await
            .map_err(|_| Fehler::new("E9028", 400, "Diese Abmeldung ist nicht gültig.", "logout message too large"))?;
        let felder = Felder(sitzung::decode(&bytes));
        let abmeldung = directory.logout_token(felder.get("logout_token")).await?;
        app.konten.logout_verzeichnis(&abmeldung).await
    };
    match done.await {
        Ok(ended) => {
            tracing::info!(request = %anfrage.0, sessions = ended, "the provider ended sessions");
            Ok(StatusCode::OK.into_response())
        }
        // Ours to answer for: the provider may try again.
        Err(f) if f.status >= 500 => Err(f.into()),
        Err(f) => {
            tracing::warn!(request = %anfrage.0, code = %f.code, "logout by the provider refused: {}", f.detail);
            let error = serde_json::json!({ "error": "invalid_request", "error_description": f.detail });
            Ok((StatusCode::BAD_REQUEST, Json(error)).into_response())
        }
    }
}
