// SPDX-License-Identifier: EUPL-1.2
//! A proposed version: what it changes, and the second person's decision.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    fassungen::{BeispielOrt, Pruefung},
    fehler::Fehler,
};
use uuid::Uuid;

use super::{
    beispiele::{self, Anlass, TabelleSicht},
    id,
    vergleich::{self, VergleichSicht},
};
use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

/// What `teil_pruefung.html` shows.
pub struct PruefungSicht {
    pub angenommen: bool,
    pub unveraendert: bool,
    pub befunde: Vec<(bool, String, String)>,
    pub vergleiche: Vec<VergleichSicht>,
    pub durchgefallen: usize,
    pub gegen: String,
}

/// The check for the eye, with the difference drawn.
pub async fn sicht(p: Pruefung) -> PruefungSicht {
    let durchgefallen = p.durchgefallen();
    let mut vergleiche = Vec::new();
    for (i, v) in p.vergleiche.into_iter().enumerate() {
        vergleiche.push(vergleich::sicht(i + 1, v, p.inhalt).await);
    }
    let befunde = p.befunde.into_iter().map(|b| (b.fehler, b.schritt.unwrap_or_default(), b.text)).collect();
    let (angenommen, unveraendert, gegen) = (p.angenommen, p.unveraendert, p.gegen);
    PruefungSicht { angenommen, unveraendert, befunde, vergleiche, durchgefallen, gegen }
}

#[derive(Template)]
#[template(path = "vorschlag.html")]
struct VorschlagSeite {
    r: Rahmen,
    id: String,
    datei: String,
    von: String,
    seit: String,
    grund: String,
    wartet: bool,
    entschieden: String,
    darf: bool,
    fehler: String,
    eingabe: String,
    stand: String,
    p: PruefungSicht,
    tabelle: Option<TabelleSicht>,
}

async fn seite(ctx: &Ctx, id: Uuid, felder: Option<&Felder>, fehler: &str, status: StatusCode) -> Seite {
    let s = ctx.app.fassungen.vorschlag(&ctx.ich.actor, id).await?;
    let (mut fehler, mut status) = (fehler.to_owned(), status);
    let v = s.vorschlag;
    let wartet = v.stand == "wartet";
    let mut tabelle = None;
    if let Some(bild) = &s.pruefung.tabelle {
        let gefragt = beispiele::gefragt(bild, |n| ctx.query(n)).unwrap_or_else(|text| {
            (fehler, status) = (text, StatusCode::UNPROCESSABLE_ENTITY);
            None
        });
        let probe = match &gefragt {
            Some(input) => {
                Some((input, ctx.app.fassungen.probieren(&ctx.ich.actor, &BeispielOrt::Vorschlag(id), input).await?))
            }
            None => None,
        };
        let rows = felder.filter(|f| f.has("nr"));
        let zeile = rows.map_or_else(|| ctx.query("zeile"), |f| f.get("nr").to_owned());
        let anlass = Anlass {
            pfad: format!("/betrieb/vorschlaege/{id}"),
            aendern: wartet && s.eigener,
            nr: zeile.parse().unwrap_or(0),
            felder: rows,
        };
        tabelle = Some(beispiele::sicht(bild, &s.pruefung.beispiele, anlass, probe));
    }
    let entschieden = v.entschieden.map_or_else(String::new, |(wer, at, grund)| {
        let what = if v.stand == "veroeffentlicht" { "Veröffentlicht" } else { "Zurückgezogen" };
        format!("{what} von {wer} am {}. Grund: {grund}", format::zeitpunkt(at))
    });
    let page = VorschlagSeite {
        r: ctx.rahmen(&format!("Vorschlag: {}", v.name), "/betrieb", "betrieb").await?,
        id: id.to_string(),
        datei: v.name,
        von: v.person_name,
        seit: format::zeitpunkt(v.seit),
        grund: v.grund,
        wartet,
        entschieden,
        darf: s.darf,
        fehler,
        eingabe: felder.map(|f| f.get("grund").to_owned()).unwrap_or_default(),
        stand: beispiele::stand(&s.pruefung.beispiele),
        p: sicht(s.pruefung).await,
        tabelle,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, id(&wert)?, None, "", StatusCode::OK).await
}

/// A refusal stands on the page, with what was typed.
async fn verweigert(ctx: &Ctx, id: Uuid, felder: &Felder, f: Fehler) -> Seite {
    match StatusCode::from_u16(f.status) {
        Ok(status) if matches!(f.status, 409 | 422) || f.code.0 == "E3041" => {
            seite(ctx, id, Some(felder), &f.text.0, status).await
        }
        _ => Err(f.into()),
    }
}

pub async fn veroeffentlichen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let id: Uuid = id(&wert)?;
    let (grund, gegen, trotz) = (felder.get("grund"), felder.get("gegen"), felder.get("trotz") == "ja");
    match ctx.app.fassungen.veroeffentlichen(&ctx.ich.actor, id, grund, gegen, trotz).await {
        Ok(_) => Ok(Redirect::to("/betrieb/fassungen?meldung=veroeffentlicht").into_response()),
        Err(f) => verweigert(&ctx, id, &felder, f).await,
    }
}

pub async fn zurueckziehen(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let id: Uuid = id(&wert)?;
    match ctx.app.fassungen.zurueckziehen(&ctx.ich.actor, id, felder.get("grund")).await {
        Ok(()) => Ok(Redirect::to("/betrieb/fassungen?meldung=vorschlag-zurueckgezogen").into_response()),
        Err(f) => verweigert(&ctx, id, &felder, f).await,
    }
}

pub async fn beispiel(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let id: Uuid = id(&wert)?;
    let s = ctx.app.fassungen.vorschlag(&ctx.ich.actor, id).await?;
    let bild = s.pruefung.tabelle.ok_or_else(Fehler::not_found)?;
    let saved = match beispiele::neue_zeilen(&bild, &s.pruefung.beispiele, &felder) {
        Ok(rows) => {
            let ort = BeispielOrt::Vorschlag(id);
            ctx.app.fassungen.beispiele(&ctx.ich.actor, &ort, rows, felder.get("grund")).await
        }
        Err(f) => Err(f),
    };
    match saved {
        Ok(()) => Ok(Redirect::to(&format!("/betrieb/vorschlaege/{id}?meldung=beispiel")).into_response()),
        Err(f) => verweigert(&ctx, id, &felder, f).await,
    }
}
