// SPDX-License-Identifier: EUPL-1.2
//! Login, logout, and the two display settings that need no login.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use nachrichten::fehler::Fehler;

use super::demo::{Rolle, rollen};
use crate::{
    App,
    rahmen::{Ctx, Rahmen, eigene, encode, html},
    schutz::{Anfrage, Antwort, Seite},
    sitzung::{self, Felder, cookie, cookie_name, set_cookie},
};

#[derive(Template)]
#[template(path = "anmelden.html")]
struct AnmeldeSeite {
    r: Rahmen,
    weiter: String,
    kennung: String,
    fehler: String,
    /// Request number and code for a call to the Betrieb; empty for what a person can put right alone.
    nummer: String,
    hinweis: &'static str,
    rollen: Vec<Rolle>,
    /// Where a login by the directory begins.
    verzeichnis: Option<String>,
    /// It does not answer at the moment.
    gestoert: bool,
    passwort: bool,
    /// Address of the form for the emergency account.
    notfall: Option<String>,
}

impl AnmeldeSeite {
    fn weitere(&self) -> bool {
        self.rollen.iter().any(|r| !r.haupt)
    }
}

/// What the page shows beside its forms.
#[derive(Default)]
pub struct Anzeige<'a> {
    pub kennung: &'a str,
    pub weiter: &'a str,
    pub grund: &'a str,
    pub notfall: bool,
    pub fehler: Option<&'a Fehler>,
}

pub async fn seite(app: &App, headers: &HeaderMap, anfrage: &str, a: Anzeige<'_>) -> Seite {
    let csrf = match cookie(headers, "eakte_formular") {
        Some(v) if v.len() == 32 && v.bytes().all(|b| b.is_ascii_hexdigit()) => v.to_owned(),
        _ => app.ids.uuid().simple().to_string(),
    };
    let logins = if app.demo.is_some() { app.konten.demo_logins().await? } else { Vec::new() };
    let weiter = eigene(a.weiter);
    let wege = &app.anmeldung;
    let passwort = wege.passwort || (a.notfall && !wege.notfall.is_empty());
    let zu = encode(&weiter);
    let page = AnmeldeSeite {
        r: Rahmen::offen(app, headers, "Anmelden", anfrage, &csrf),
        kennung: a.kennung.to_owned(),
        fehler: a.fehler.map(|f| f.text.0.clone()).unwrap_or_default(),
        nummer: match a.fehler {
            Some(f) if f.code.0.starts_with("E9") => format!("{anfrage} ({})", f.code),
            _ => String::new(),
        },
        hinweis: match a.grund {
            "ruhe" => "Sie waren 30 Minuten nicht aktiv. Melden Sie sich neu an. Ihr Entwurf ist gespeichert.",
            "ab" => "Sie sind abgemeldet.",
            "neu" => "Alles steht wieder am Anfang. Wählen Sie eine Rolle.",
            _ => "",
        },
        rollen: rollen(app, logins, ""),
        verzeichnis: wege.verzeichnis.as_ref().map(|_| format!("/anmelden/verzeichnis?weiter={zu}")),
        gestoert: wege.verzeichnis.as_ref().is_some_and(|v| v.gestoert_seit().is_some()),
        passwort,
        notfall: (!passwort && !wege.notfall.is_empty()).then(|| format!("/anmelden?notfall=ja&weiter={zu}")),
        weiter,
    };
    let status =
        a.fehler.map_or(StatusCode::OK, |f| StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNAUTHORIZED));
    Ok((status, [(header::SET_COOKIE, set_cookie(app, "eakte_formular", &csrf, None))], html(&page)).into_response())
}

pub async fn zeigen(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    Extension(anfrage): Extension<Anfrage>,
) -> Seite {
    if let Some(_ich) = sitzung::angemeldet(&app, &headers).await? {
        return Ok(Redirect::to("/").into_response());
    }
    let query = Felder(sitzung::decode(uri.query().unwrap_or_default().as_bytes()));
    let (weiter, grund, notfall) = (query.get("weiter"), query.get("grund"), query.get("notfall") == "ja");
    seite(&app, &headers, &anfrage.0, Anzeige { weiter, grund, notfall, ..Anzeige::default() }).await
}

pub async fn anmelden(
    State(app): State<App>,
    headers: HeaderMap,
    Extension(anfrage): Extension<Anfrage>,
    felder: Felder,
) -> Seite {
    // The password keeps its blanks.
    let passwort = felder.0.iter().find(|(n, _)| n == "passwort").map_or("", |(_, v)| v.as_str());
    let kennung: String = felder.get("kennung").chars().take(200).collect();
    // Where only the emergency account may, everybody else gets the answer for an unknown name, in the same time.
    let as_whom = if app.anmeldung.erlaubt_passwort(&kennung) { kennung.as_str() } else { "" };
    match app.konten.login(as_whom, &passwort.chars().take(1_000).collect::<String>()).await {
        Ok(token) => {
            if !app.anmeldung.passwort {
                tracing::warn!(alarm = "anmeldung-notfall", request = %anfrage.0, "the emergency account logged in");
            }
            Ok(enter(&app, &token, felder.get("weiter")))
        }
        Err(f) if f.status < 500 => {
            let a =
                Anzeige { kennung: &kennung, weiter: felder.get("weiter"), notfall: true, fehler: Some(&f), grund: "" };
            seite(&app, &headers, &anfrage.0, a).await
        }
        Err(f) => Err(f.into()),
    }
}

/// Role buttons of the demo.
pub async fn demo(State(app): State<App>, felder: Felder) -> Seite {
    if app.demo.is_none() {
        return Err(Fehler::not_found().into());
    }
    let token = app.konten.login_demo(felder.get("kennung")).await?;
    Ok(enter(&app, &token, felder.get("weiter")))
}

/// The answer that carries a new session.
pub fn enter(app: &App, token: &str, weiter: &str) -> Response {
    ([(header::SET_COOKIE, set_cookie(app, cookie_name(app), token, None))], Redirect::to(&eigene(weiter)))
        .into_response()
}

pub async fn abmelden(ctx: Ctx) -> Seite {
    if let Some(token) = cookie(&ctx.headers, cookie_name(&ctx.app)) {
        ctx.app.konten.logout(token).await?;
    }
    let gone = set_cookie(&ctx.app, cookie_name(&ctx.app), "", Some(0));
    let to = if ctx.ich.verzeichnis { "/abmelden/verzeichnis" } else { "/anmelden?grund=ab" };
    Ok(([(header::SET_COOKIE, gone)], Redirect::to(to)).into_response())
}

/// Light, dark or as the system; single keys on or off. No secret, so it is kept in cookies.
pub async fn anzeige(State(app): State<App>, felder: Felder) -> Result<Response, Antwort> {
    const YEAR: u32 = 31_536_000;
    let mut response = Redirect::to(&eigene(felder.get("weiter"))).into_response();
    let mut put = |name: &str, value: &str| {
        let seconds = if value.is_empty() { 0 } else { YEAR };
        response.headers_mut().append(header::SET_COOKIE, set_cookie(&app, name, value, Some(seconds)));
    };
    match felder.get("anzeige") {
        a @ ("light" | "dark") => put("eakte_anzeige", a),
        "system" => put("eakte_anzeige", ""),
        _ => {}
    }
    match felder.get("tasten") {
        "aus" => put("eakte_tasten", "aus"),
        "an" => put("eakte_tasten", ""),
        _ => {}
    }
    Ok(response)
}
