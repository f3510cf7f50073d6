// SPDX-License-Identifier: EUPL-1.2
//! Übersicht: what is open, how old it is, which dates come next.

use askama::Template;
use axum::response::Response;
use nachrichten::aufgaben::AufgabenFilter;

use crate::{
    arten::Art,
    format::{self, Frist},
    rahmen::{Ctx, NavPunkt, Rahmen, html},
    schutz::Seite,
};

#[derive(Template)]
#[template(path = "uebersicht.html")]
struct UebersichtSeite {
    r: Rahmen,
    zahlen: Vec<Kennzahl>,
    alter: Vec<Balken>,
    fristen: Vec<FristZeile>,
    durchsatz: Vec<TagZeile>,
    dokumente: u64,
    abgelegt: u64,
}

struct Kennzahl {
    zahl: String,
    label: &'static str,
    href: &'static str,
    hinweis: &'static str,
    warnt: bool,
}

/// A bar of the age chart; lengths in the SVG's own units (0..=400).
struct Balken {
    label: &'static str,
    zahl: u64,
    laenge: u64,
    y: usize,
    nr: usize,
}

struct FristZeile {
    frist: Frist,
    titel: String,
    href: String,
    wer: String,
}

struct TagZeile {
    tag: String,
    ein: u64,
    aus: u64,
    x: usize,
    ein_hoehe: u64,
    aus_hoehe: u64,
    ein_y: u64,
    aus_y: u64,
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    let ich = &ctx.ich.actor;
    let zaehler = ctx.zaehler().await?;
    let kz = ctx.app.ablaeufe.kennzahlen(ich).await?;
    let (dokumente, abgelegt) = ctx.app.dokumente.zaehler(ich).await?;
    let due = AufgabenFilter { faellig_bis: Some(ctx.heute().plus_tage(7)), limit: 12, ..Default::default() };
    let mut faellige = ctx.app.aufgaben.list(ich, &due).await?.aufgaben;
    faellige.sort_by_key(|a| a.faellig);
    let sum = |f: fn(&nachrichten::aufgaben::Zaehler) -> u64| zaehler.iter().map(f).sum::<u64>();
    let erste = Art::ALLE
        .into_iter()
        .max_by_key(|a| zaehler.iter().filter(|z| a.meint(&z.process, &z.element)).map(|z| z.offen).sum::<u64>());
    let liste = erste.map_or("/aufgaben/scanpruefung", Art::pfad);
    let mut zahlen = vec![
        Kennzahl {
            zahl: format::anzahl(sum(|z| z.offen)),
            label: "offen",
            href: liste,
            hinweis: "Aufgaben, die Sie erledigen können",
            warnt: false,
        },
        Kennzahl {
            zahl: format::anzahl(sum(|z| z.heute_faellig)),
            label: "heute fällig",
            href: "#fristen",
            hinweis: "Frist endet heute",
            warnt: false,
        },
        Kennzahl {
            zahl: format::anzahl(sum(|z| z.ueberfaellig)),
            label: "überfällig",
            href: "#fristen",
            hinweis: "Frist ist vorbei",
            warnt: sum(|z| z.ueberfaellig) > 0,
        },
    ];
    if ctx.ich.hat_rolle("Betrieb") {
        zahlen.push(Kennzahl {
            zahl: kz.stoerungen.to_string(),
            label: "Störungen",
            href: "/betrieb",
            hinweis: "Schritte, die Hilfe brauchen",
            warnt: kz.stoerungen > 0,
        });
    }
    let most = kz.alter.iter().copied().max().unwrap_or(0).max(1);
    let labels = ["0 bis 1 Tag", "2 bis 5 Tage", "6 bis 10 Tage", "über 10 Tage"];
    let alter = labels
        .into_iter()
        .zip(kz.alter)
        .enumerate()
        .map(|(i, (label, zahl))| Balken {
            label,
            zahl,
            laenge: (zahl * 400).div_ceil(most).min(400),
            y: i * 40,
            nr: i + 1,
        })
        .collect();
    let heute = ctx.heute();
    let fristen = faellige
        .iter()
        .filter_map(|a| {
            Some(FristZeile {
                frist: format::frist(a.faellig?, heute),
                titel: a.titel.clone(),
                href: format!("/aufgaben/{}", a.id),
                wer: a.bearbeiter_name.clone().unwrap_or_else(|| ctx.app.options.gruppe_name(&a.gruppe)),
            })
        })
        .collect();
    let page = UebersichtSeite {
        zahlen,
        alter,
        fristen,
        durchsatz: durchsatz(&kz.durchsatz),
        dokumente,
        abgelegt,
        r: ctx.rahmen_mit("Übersicht", "/", "uebersicht", &zaehler).await,
    };
    Ok(html(&page))
}

/// Bars of the last 30 days in a picture of 600 x 120 units.
fn durchsatz(days: &[(nachrichten::Tag, u64, u64)]) -> Vec<TagZeile> {
    let most = days.iter().map(|(_, a, b)| *a.max(b)).max().unwrap_or(0).max(1);
    let height = |n: u64| (n * 110).div_ceil(most).min(110);
    days.iter()
        .take(31)
        .enumerate()
        .map(|(i, (tag, ein, aus))| TagZeile {
            tag: tag.deutsch(),
            ein: *ein,
            aus: *aus,
            x: i * 20,
            ein_hoehe: height(*ein),
            aus_hoehe: height(*aus),
            ein_y: 120 - height(*ein),
            aus_y: 120 - height(*aus),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "teil_nav.html")]
struct NavTeil {
    nav: Vec<NavPunkt>,
}

/// The navigation's entries alone, for the polite update of the counters.
pub async fn nav(ctx: Ctx) -> Result<Response, crate::schutz::Antwort> {
    let zaehler = ctx.zaehler().await?;
    let nav = ctx.nav(&ctx.query("auf"), &zaehler).await;
    Ok(html(&NavTeil { nav }))
}
