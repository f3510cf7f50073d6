// SPDX-License-Identifier: EUPL-1.2
//! Akten, one Akte, and the Aktenplan.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{
    AkteId,
    dokumente::{AkteSeite, Einheit, Schluss},
    wiedervorlage::Bezug,
};

use super::{id, sichten::stand_wort, wiedervorlagen};
use crate::{
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "akten.html")]
struct AktenListe {
    r: Rahmen,
    akten: Vec<AkteZeile>,
    weiter: String,
    gesamt: u64,
    abgelegt: u64,
}

struct AkteZeile {
    href: String,
    aktenzeichen: String,
    titel: String,
    einheit: String,
    amt: String,
    vorgaenge: u64,
    dokumente: u64,
}

pub async fn liste(ctx: Ctx) -> Seite {
    let nach = ctx.query("nach");
    let (akten, weiter) =
        ctx.app.dokumente.akten(&ctx.ich.actor, 50, Some(nach.as_str()).filter(|n| !n.is_empty())).await?;
    let (gesamt, abgelegt) = ctx.app.dokumente.zaehler(&ctx.ich.actor).await?;
    let page = AktenListe {
        akten: akten
            .iter()
            .map(|a| AkteZeile {
                href: format!("/akten/{}", a.id),
                aktenzeichen: a.aktenzeichen.clone(),
                titel: a.titel.clone(),
                einheit: format!("{} {}", a.einheit, a.einheit_titel),
                amt: ctx.app.options.amt_name(&a.amt),
                vorgaenge: a.vorgaenge,
                dokumente: a.dokumente,
            })
            .collect(),
        weiter: weiter.map(|w| format!("/akten?nach={}", encode(&w))).unwrap_or_default(),
        gesamt,
        abgelegt,
        r: ctx.rahmen("Akten", "/akten", "akten").await?,
    };
    Ok(html(&page))
}

#[derive(Template)]
#[template(path = "akte.html")]
struct AktePage {
    r: Rahmen,
    a: AkteSeite,
    amt: String,
    zda: String,
    fehler: String,
    vorgaenge: Vec<VorgangSicht>,
    wiedervorlagen: Vec<wiedervorlagen::Zeile>,
    wv_neu: String,
}

struct VorgangSicht {
    id: String,
    wv_neu: String,
    titel: String,
    zda: String,
    dokumente: Vec<DokZeile>,
}

/// A document in a list.
pub struct DokZeile {
    pub href: String,
    pub titel: String,
    pub art: String,
    pub zugang: String,
    pub aktenzeichen: String,
    pub stand: &'static str,
    pub stand_art: &'static str,
}

/// A row from the contract.
pub fn dok_zeile(ctx: &Ctx, d: &nachrichten::dokumente::DokumentZeile) -> DokZeile {
    let (stand, stand_art) = stand_wort(&d.stand);
    DokZeile {
        href: format!("/dokumente/{}", d.id),
        titel: d.titel.clone(),
        art: d.dokumentart.as_deref().map_or_else(|| "noch offen".to_owned(), |a| ctx.app.options.dokumentart_name(a)),
        zugang: d.zugang.deutsch(),
        aktenzeichen: d.aktenzeichen.clone().unwrap_or_default(),
        stand,
        stand_art,
    }
}

pub async fn zeigen(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    seite(&ctx, &wert, "", StatusCode::OK).await
}

/// `POST /akten/{id}/schluss`: z. d. A. or open again, for the Akte or one Vorgang of it.
pub async fn schluss(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let akte: AkteId = id(&wert)?;
    let vorgang = match felder.get("vorgang") {
        "" => None,
        v => Some(id(v)?),
    };
    let schluss = match felder.get("art") {
        "zda" => Schluss::Zda,
        _ => Schluss::WiederOeffnen { grund: felder.get("grund").to_owned() },
    };
    match ctx.app.dokumente.schluss(&ctx.ich.actor, akte, vorgang, &schluss).await {
        Ok(()) => {
            let word = if schluss == Schluss::Zda { "zda" } else { "geoeffnet" };
            Ok(Redirect::to(&format!("/akten/{akte}?meldung={word}")).into_response())
        }
        Err(f) if matches!(f.status, 409 | 422) => {
            let status = StatusCode::from_u16(f.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            seite(&ctx, &wert, &f.text.0, status).await
        }
        Err(f) => Err(f.into()),
    }
}

async fn seite(ctx: &Ctx, wert: &str, fehler: &str, status: StatusCode) -> Seite {
    let a = ctx.app.dokumente.akte(&ctx.ich.actor, id(wert)?).await?;
    let vorgaenge = a
        .vorgaenge
        .iter()
        .map(|v| VorgangSicht {
            id: v.id.to_string(),
            wv_neu: wiedervorlagen::neu_href(Bezug::Vorgang(a.id, v.id)),
            titel: v.titel.clone(),
            zda: v.zda_am.map(nachrichten::Tag::deutsch).unwrap_or_default(),
            dokumente: v.dokumente.iter().map(|d| dok_zeile(ctx, d)).collect(),
        })
        .collect();
    let page = AktePage {
        wiedervorlagen: wiedervorlagen::zu(ctx, Bezug::Akte(a.id)).await,
        wv_neu: wiedervorlagen::neu_href(Bezug::Akte(a.id)),
        amt: ctx.app.options.amt_name(&a.amt),
        zda: a.zda_am.map(nachrichten::Tag::deutsch).unwrap_or_default(),
        fehler: fehler.to_owned(),
        vorgaenge,
        r: ctx.rahmen(&format!("{} {} · Akten", a.aktenzeichen, a.titel), "/akten", "akten").await?,
        a,
    };
    Ok((status, html(&page)).into_response())
}

#[derive(Template)]
#[template(path = "aktenplan.html")]
struct PlanSeite {
    r: Rahmen,
    einheiten: Vec<(Einheit, String)>,
}

pub async fn plan(ctx: Ctx) -> Seite {
    let list = ctx.app.dokumente.aktenplan(&ctx.ich.actor).await?;
    let einheiten = list.into_iter().map(|e| (e.clone(), ctx.app.options.amt_name(&e.amt))).collect();
    Ok(html(&PlanSeite { einheiten, r: ctx.rahmen("Aktenplan", "/akten", "akten").await? }))
}
