// SPDX-License-Identifier: EUPL-1.2
//! How an act on many incidents goes on: counted from the jobs themselves, case by case.

use askama::Template;
use axum::{extract::Path, response::IntoResponse};
use nachrichten::betrieb::{Behandlung, Einreihung, Fall, FallStand};
use uuid::Uuid;

use super::id;
use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
};

/// An act as the pages show it.
pub struct Behandelt {
    pub href: String,
    /// „54 Vorgänge eingereiht“.
    pub titel: String,
    pub ursache: String,
    pub wer: String,
    pub grund: String,
    pub anzahl: u64,
    pub fertig: u64,
    pub erledigt: u64,
    pub gestoert: u64,
    pub wartet: u64,
    pub abgelehnt: u64,
    pub laeuft: bool,
}

pub fn behandelt(e: &Einreihung) -> Behandelt {
    let taken = e.anzahl.saturating_sub(e.abgelehnt);
    let was = match e.art {
        Behandlung::Erneut => "eingereiht",
        Behandlung::Ueberspringen => "übersprungen",
    };
    Behandelt {
        href: format!("/betrieb/einreihungen/{}", e.id),
        titel: format!("{} {was}", format::anzahl_von(taken, "Vorgang", "Vorgänge")),
        ursache: e.ursache.clone(),
        wer: format!("{}, {}", e.person, format::zeitpunkt(e.zeit)),
        grund: e.grund.clone(),
        anzahl: e.anzahl,
        fertig: e.anzahl.saturating_sub(e.wartet),
        erledigt: e.erledigt(),
        gestoert: e.gestoert,
        wartet: e.wartet,
        abgelehnt: e.abgelehnt,
        laeuft: e.wartet > 0,
    }
}

struct FallZeile {
    href: String,
    name: String,
    farbe: &'static str,
    wort: &'static str,
    text: String,
}

fn fall_zeile(f: Fall) -> FallZeile {
    let (farbe, wort) = match f.stand {
        FallStand::Erledigt => ("success", "erledigt"),
        FallStand::Wartet => ("info", "wartet"),
        FallStand::Gestoert => ("danger", "wieder gestört"),
        FallStand::Abgelehnt => ("warning", "nicht möglich"),
    };
    FallZeile { href: format!("/ablaeufe/{}", f.ablauf), name: f.name, farbe, wort, text: f.text.unwrap_or_default() }
}

#[derive(Template)]
#[template(path = "einreihung.html")]
struct EinreihungSeite {
    r: Rahmen,
    a: Behandelt,
    faelle: Vec<FallZeile>,
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let act: Uuid = id(&wert)?;
    let (act, mut faelle) = ctx.app.betrieb.einreihung(&ctx.ich.actor, act).await?;
    // What needs somebody stands first.
    let rank = |f: &Fall| match f.stand {
        FallStand::Abgelehnt => 0,
        FallStand::Gestoert => 1,
        FallStand::Wartet => 2,
        FallStand::Erledigt => 3,
    };
    faelle.sort_by_key(rank);
    let page = EinreihungSeite {
        a: behandelt(&act),
        faelle: faelle.into_iter().map(fall_zeile).collect(),
        r: ctx.rahmen("Behandelte Störungen", "/betrieb", "betrieb").await?,
    };
    Ok(html(&page).into_response())
}
