// SPDX-License-Identifier: EUPL-1.2
//! Wiedervorlagen: the list of what comes and what is due, and the forms to set, change and cancel one.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    fehler::Fehler,
    wiedervorlage::{Angaben, Bezug, Wiedervorlage},
};

use super::id;
use crate::{
    format::{self, Frist},
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
    sitzung::Felder,
};

/// A line of a list.
pub struct Zeile {
    pub id: String,
    pub titel: String,
    pub href: String,
    pub frist: Frist,
    pub grund: String,
    pub an: String,
    pub von: String,
    /// `/aufgaben/<id>` once it is due.
    pub aufgabe: String,
    /// German word of a closed one, else empty.
    pub ende: String,
    /// May still be changed here.
    pub wartet: bool,
}

fn zeile(ctx: &Ctx, w: Wiedervorlage) -> Zeile {
    let an = match (w.an_name, w.an.strip_prefix("gruppe:")) {
        (Some(name), _) => name,
        (None, Some(gruppe)) => ctx.app.options.gruppe_name(gruppe),
        (None, None) => "eine Person".to_owned(),
    };
    let closed = |word: &str| format!("{word} am {}", w.geaendert.tag().deutsch());
    Zeile {
        id: w.id.to_string(),
        href: w.bezug.href(),
        titel: w.titel,
        frist: match w.stand.as_str() {
            "offen" => format::frist(w.datum, ctx.heute()),
            _ => Frist { tag: w.datum.deutsch(), wort: String::new(), art: "" },
        },
        grund: w.grund,
        an,
        von: w.von_name,
        ende: match w.stand.as_str() {
            "erledigt" => closed("erledigt"),
            "abgesagt" => closed("abgesagt"),
            _ => String::new(),
        },
        wartet: w.stand == "offen" && w.aufgabe.is_none() && w.datum > ctx.heute(),
        aufgabe: w.aufgabe.map(|t| format!("/aufgaben/{t}")).unwrap_or_default(),
    }
}

/// All of one thing, for its page; nothing when it cannot be read.
pub async fn zu(ctx: &Ctx, bezug: Bezug) -> Vec<Zeile> {
    let list = ctx.app.wiedervorlagen.zu(&ctx.ich.actor, bezug).await.unwrap_or_default();
    list.into_iter().map(|w| zeile(ctx, w)).collect()
}

/// Where the button of a thing leads.
pub fn neu_href(bezug: Bezug) -> String {
    format!("/wiedervorlagen/neu?zu={}", encode(&bezug.to_string()))
}

#[derive(Template)]
#[template(path = "wiedervorlagen.html")]
struct ListenSeite {
    r: Rahmen,
    faellig: Vec<Zeile>,
    spaeter: Vec<Zeile>,
}

pub async fn liste(ctx: Ctx) -> Seite {
    let all = ctx.app.wiedervorlagen.meine(&ctx.ich.actor).await?;
    let heute = ctx.heute();
    let (faellig, spaeter): (Vec<_>, Vec<_>) = all.into_iter().partition(|w| w.datum <= heute);
    let page = ListenSeite {
        faellig: faellig.into_iter().map(|w| zeile(&ctx, w)).collect(),
        spaeter: spaeter.into_iter().map(|w| zeile(&ctx, w)).collect(),
        r: ctx.rahmen("Wiedervorlagen", "/wiedervorlagen", "wiedervorlagen").await?,
    };
    Ok(html(&page))
}

#[derive(Template)]
#[template(path = "wiedervorlage.html")]
struct FormSeite {
    r: Rahmen,
    /// Address the form is sent to.
    ziel: String,
    /// Id when one is changed.
    id: String,
    zu: String,
    titel: String,
    zurueck: String,
    schluessel: String,
    personen: Vec<(String, String)>,
    gruppen: Vec<(String, String)>,
    fehler: String,
    datum: String,
    grund: String,
    an: String,
    warum: String,
}

/// What the form is about.
struct Anlass {
    id: String,
    bezug: Bezug,
    titel: String,
}

async fn form(ctx: &Ctx, anlass: Anlass, felder: &Felder, fehler: &str, status: StatusCode) -> Seite {
    let me = format!("person:{}", ctx.ich.actor.person);
    let personen = ctx.app.vertretungen.persons().await?.into_iter();
    let key = felder.get("schluessel");
    let new = anlass.id.is_empty();
    let page = FormSeite {
        ziel: if new { "/wiedervorlagen/neu".to_owned() } else { format!("/wiedervorlagen/{}", anlass.id) },
        zurueck: if new { anlass.bezug.href() } else { "/wiedervorlagen".to_owned() },
        zu: anlass.bezug.to_string(),
        titel: anlass.titel,
        schluessel: if key.is_empty() { ctx.app.ids.uuid().to_string() } else { key.to_owned() },
        personen: personen
            .map(|(id, name, amt)| (format!("person:{id}"), format!("{name}, {}", ctx.app.options.amt_name(&amt))))
            .collect(),
        gruppen: ctx.app.options.gruppen.iter().map(|(n, t)| (format!("gruppe:{n}"), t.clone())).collect(),
        fehler: fehler.to_owned(),
        datum: felder.get("datum").to_owned(),
        grund: felder.get("grund").to_owned(),
        an: Some(felder.get("an")).filter(|a| !a.is_empty()).unwrap_or(&me).to_owned(),
        warum: felder.get("warum").to_owned(),
        id: anlass.id,
        r: ctx
            .rahmen(if new { "Wiedervorlage" } else { "Wiedervorlage ändern" }, "/wiedervorlagen", "wiedervorlagen")
            .await?,
    };
    Ok((status, html(&page)).into_response())
}

/// Title of what it is about, as this person may see it.
async fn anlass(ctx: &Ctx, zu: &str) -> Result<Anlass, Fehler> {
    let bezug: Bezug = zu.parse().map_err(|()| Fehler::not_found())?;
    let actor = &ctx.ich.actor;
    let titel = match bezug {
        Bezug::Dokument(id) => ctx.app.dokumente.get(actor, id).await?.titel,
        Bezug::Aufgabe(id) => ctx.app.aufgaben.get(actor, id).await?.aufgabe.titel,
        Bezug::Akte(id) => ctx.app.dokumente.akte(actor, id).await?.titel,
        Bezug::Vorgang(akte, id) => {
            let akte = ctx.app.dokumente.akte(actor, akte).await?;
            akte.vorgaenge.into_iter().find(|v| v.id == id).ok_or_else(Fehler::not_found)?.titel
        }
    };
    Ok(Anlass { id: String::new(), bezug, titel })
}

pub async fn neu(ctx: Ctx) -> Seite {
    let anlass = anlass(&ctx, &ctx.query("zu")).await?;
    form(&ctx, anlass, &Felder::default(), "", StatusCode::OK).await
}

fn lesen(felder: &Felder) -> Result<Angaben, &'static str> {
    Ok(Angaben {
        datum: format::parse_tag(felder.get("datum")).ok_or("Schreiben Sie den Tag so: 23.11.2026.")?,
        grund: felder.get("grund").to_owned(),
        an: felder.get("an").to_owned(),
    })
}

/// The form again with the sentence; a day off is replaced by the next working day, so that one more press is enough.
async fn nochmal(ctx: &Ctx, anlass: Anlass, felder: Felder, text: &str, tag: Option<nachrichten::Tag>) -> Seite {
    let next = match tag {
        Some(day) => Some((day, ctx.app.wiedervorlagen.arbeitstag(day).await?)),
        None => None,
    };
    match next {
        Some((day, next)) if day != next && day >= ctx.heute() => {
            let text = format!(
                "{text} Er ist unten eingetragen. Speichern Sie noch einmal oder wählen Sie einen anderen Tag."
            );
            let felder = felder.mit("datum", &next.deutsch());
            form(ctx, anlass, &felder, &text, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        _ => form(ctx, anlass, &felder, text, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}

pub async fn setzen(ctx: Ctx, felder: Felder) -> Seite {
    let anlass = anlass(&ctx, felder.get("zu")).await?;
    let angaben = match lesen(&felder) {
        Ok(a) => a,
        Err(text) => return nochmal(&ctx, anlass, felder, text, None).await,
    };
    let key: String = felder.get("schluessel").chars().take(64).collect();
    match ctx.app.wiedervorlagen.setzen(&ctx.ich.actor, anlass.bezug, &angaben, &key).await {
        Ok(_) => {
            let href = anlass.bezug.href();
            let (path, part) = href.split_once('#').map_or((href.as_str(), ""), |(p, f)| (p, f));
            let part = if part.is_empty() { String::new() } else { format!("#{part}") };
            Ok(Redirect::to(&format!("{path}?meldung=wiedervorlage{part}")).into_response())
        }
        Err(f) if f.status == 422 => nochmal(&ctx, anlass, felder, &f.text.0, Some(angaben.datum)).await,
        Err(f) => Err(f.into()),
    }
}

async fn bestehende(ctx: &Ctx, wert: &str) -> Result<(Anlass, Wiedervorlage), Fehler> {
    let id: uuid::Uuid = wert.parse().map_err(|_| Fehler::not_found())?;
    let w = ctx.app.wiedervorlagen.eine(&ctx.ich.actor, id).await?;
    Ok((Anlass { id: id.to_string(), bezug: w.bezug, titel: w.titel.clone() }, w))
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let (anlass, w) = bestehende(&ctx, &wert).await?;
    let felder = Felder::default().mit("datum", &w.datum.deutsch()).mit("grund", &w.grund).mit("an", &w.an);
    form(&ctx, anlass, &felder, "", StatusCode::OK).await
}

pub async fn aendern(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let (anlass, w) = bestehende(&ctx, &wert).await?;
    let angaben = match lesen(&felder) {
        Ok(a) => a,
        Err(text) => return nochmal(&ctx, anlass, felder, text, None).await,
    };
    match ctx.app.wiedervorlagen.aendern(&ctx.ich.actor, w.id, &angaben, felder.get("warum")).await {
        Ok(()) => Ok(Redirect::to("/wiedervorlagen?meldung=wiedervorlage-neu").into_response()),
        Err(f) if f.status == 422 => nochmal(&ctx, anlass, felder, &f.text.0, Some(angaben.datum)).await,
        Err(f) => Err(f.into()),
    }
}

pub async fn absagen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let (anlass, w) = bestehende(&ctx, &wert).await?;
    match ctx.app.wiedervorlagen.absagen(&ctx.ich.actor, id(&wert)?, felder.get("warum")).await {
        Ok(()) => Ok(Redirect::to("/wiedervorlagen?meldung=wiedervorlage-ab").into_response()),
        Err(f) if f.status == 422 => {
            let shown = Felder::default().mit("datum", &w.datum.deutsch()).mit("grund", &w.grund).mit("an", &w.an);
            form(&ctx, anlass, &shown, &f.text.0, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(f) => Err(f.into()),
    }
}
