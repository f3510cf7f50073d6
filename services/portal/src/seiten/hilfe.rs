// SPDX-License-Identifier: EUPL-1.2
//! The handbook (`handbuch/*.md`, one page per screen) and the accessibility statement.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
};
use nachrichten::fehler::Fehler;
use rust_embed::RustEmbed;

use crate::{
    App, markdown,
    rahmen::{Rahmen, html},
    schutz::{Anfrage, Seite},
    sitzung,
};

#[derive(RustEmbed)]
#[folder = "handbuch"]
struct Handbuch;

/// Pages in their order.
pub const SEITEN: &[&str] = &[
    "anmelden",
    "uebersicht",
    "scanpruefung",
    "rechnungen",
    "vorlagen",
    "umlauf",
    "klaerung",
    "post",
    "wiedervorlagen",
    "weitere",
    "dokument",
    "akten",
    "suche",
    "sendungen",
    "ablauf",
    "vertretung",
    "einstellungen",
    "betrieb",
    "protokoll",
    "einrichtung",
    "verzeichnis",
    "rundgang",
];

/// Source text of a page.
pub fn quelle(name: &str) -> Option<String> {
    let file = Handbuch::get(&format!("{name}.md"))?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// Title of a page: its first heading.
pub fn titel(text: &str) -> String {
    text.lines().find_map(|l| l.strip_prefix("# ")).unwrap_or("Hilfe").to_owned()
}

#[derive(Template)]
#[template(path = "hilfe.html")]
struct HilfeSeite {
    r: Rahmen,
    titel: String,
    text: String,
    seiten: Vec<(String, String, bool)>,
    angemeldet: bool,
}

async fn seite(app: &App, headers: &HeaderMap, anfrage: &str, name: &str) -> Seite {
    let known = SEITEN.contains(&name) || name == "barrierefreiheit";
    let text = quelle(name).filter(|_| known).ok_or_else(Fehler::not_found)?;
    let angemeldet = sitzung::angemeldet(app, headers).await?;
    let csrf = angemeldet.as_ref().map_or("", |a| a.csrf.as_str());
    let titel = titel(&text);
    let mut r = Rahmen::offen(app, headers, &format!("{titel} · Hilfe"), anfrage, csrf);
    r.name = angemeldet.as_ref().map(|a| a.actor.name.clone()).unwrap_or_default();
    let page = HilfeSeite {
        text: markdown::html(&text),
        seiten: SEITEN
            .iter()
            .filter_map(|s| Some((format!("/hilfe/{s}"), self::titel(&quelle(s)?), *s == name)))
            .collect(),
        angemeldet: angemeldet.is_some(),
        titel,
        r,
    };
    Ok(html(&page))
}

pub async fn inhalt(State(app): State<App>, headers: HeaderMap, Extension(anfrage): Extension<Anfrage>) -> Seite {
    seite(&app, &headers, &anfrage.0, "uebersicht").await
}

pub async fn zeigen(
    State(app): State<App>,
    headers: HeaderMap,
    Extension(anfrage): Extension<Anfrage>,
    Path(name): Path<String>,
) -> Seite {
    seite(&app, &headers, &anfrage.0, &name).await
}

pub async fn barrierefreiheit(
    State(app): State<App>,
    headers: HeaderMap,
    Extension(anfrage): Extension<Anfrage>,
) -> Seite {
    seite(&app, &headers, &anfrage.0, "barrierefreiheit").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handbook_page_is_there_with_a_title() {
        for name in SEITEN.iter().chain(&["barrierefreiheit"]) {
            let text = quelle(name).unwrap_or_default();
            assert!(text.starts_with("<!-- SPDX") && titel(&text) != "Hilfe", "{name}");
            assert!(
                !text.contains('!') || text.matches('!').count() == text.matches("<!--").count(),
                "{name}: exclamation mark"
            );
        }
        assert_eq!(Handbuch::iter().count(), SEITEN.len() + 1, "a page that nobody links");
    }
}
