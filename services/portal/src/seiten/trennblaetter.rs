// SPDX-License-Identifier: EUPL-1.2
//! Separator sheets per office: choose, look, print. For Poststelle and Betrieb, who set up the scan station.

use askama::Template;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use nachrichten::fehler::Fehler;

use crate::{
    rahmen::{Ctx, Rahmen, encode, html},
    schutz::Seite,
    trennblatt::{ANLEITUNG, Auswahl, Code, blaetter, pdf},
};

#[derive(Template)]
#[template(path = "trennblaetter.html")]
struct TrennblaetterSeite {
    r: Rahmen,
    aemter: Vec<(String, String)>,
    arten: Vec<(String, String)>,
    auswahl: Auswahl,
    /// Address of the same choice as a PDF.
    pdf: String,
    blaetter: Vec<BlattSicht>,
    anleitung: [&'static str; 4],
}

struct BlattSicht {
    nr: usize,
    amt: String,
    zeilen: Vec<String>,
    pfad: String,
    seite: usize,
    text: String,
}

fn auswahl(ctx: &Ctx) -> Auswahl {
    Auswahl {
        amt: ctx.query("amt"),
        dokumentart: ctx.query("art"),
        aktenzeichen: ctx.query("az"),
        vertraulich: ctx.query("vertraulich") == "ja",
    }
}

/// The sheets say nothing that a colleague may not know; but who prints them decides how the post is cut.
pub fn may(ctx: &Ctx) -> bool {
    ["Betrieb", "Poststelle"].iter().any(|r| ctx.ich.hat_rolle(r))
}

fn allowed(ctx: &Ctx) -> Result<(), Fehler> {
    if may(ctx) { Ok(()) } else { Err(Fehler::not_found()) }
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    allowed(&ctx)?;
    let auswahl = auswahl(&ctx);
    let options = &ctx.app.options;
    let sheets = blaetter(options, &auswahl).into_iter().enumerate().filter_map(|(i, b)| {
        let text = b.inhalt.to_string();
        let code = Code::new(&text)?;
        Some(BlattSicht { nr: i + 1, amt: b.amt, zeilen: b.zeilen, pfad: code.pfad(), seite: code.breite + 8, text })
    });
    let sheets: Vec<BlattSicht> = sheets.collect();
    let closed = if auswahl.vertraulich { "ja" } else { "" };
    let query = [("amt", &auswahl.amt), ("art", &auswahl.dokumentart), ("az", &auswahl.aktenzeichen)]
        .map(|(name, value)| format!("{name}={}&", encode(value)))
        .concat();
    Ok(html(&TrennblaetterSeite {
        r: ctx.rahmen("Trennblätter", "/betrieb", "einrichtung").await?,
        aemter: options.aemter.iter().map(|a| (a.kennzeichen.clone(), a.name.clone())).collect(),
        arten: options.dokumentarten.clone(),
        pdf: format!("/organisation/trennblaetter.pdf?{query}vertraulich={closed}"),
        blaetter: sheets,
        auswahl,
        anleitung: ANLEITUNG,
    }))
}

pub async fn als_pdf(ctx: Ctx) -> Seite {
    allowed(&ctx)?;
    let options = &ctx.app.options;
    let sheets = blaetter(options, &auswahl(&ctx));
    if sheets.is_empty() {
        return Err(Fehler::not_found().into());
    }
    let bytes = pdf(&sheets, &options.stadt, options.uebung)
        .map_err(|e| Fehler::new("E9002", 500, "Die Trennblätter ließen sich nicht erzeugen.", e))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"trennblaetter.pdf\""),
    ];
    let response: Response = (headers, bytes).into_response();
    Ok(response)
}
