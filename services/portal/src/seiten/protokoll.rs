// SPDX-License-Identifier: EUPL-1.2
//! Search in the audit trail, and its result as a table for a spreadsheet. For operators and the Revision; each question
//! needs a reason and is an entry itself, so it is asked by POST and has no address.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use nachrichten::{
    Timestamp,
    betrieb::{PROTOKOLL_AUSZUG, PROTOKOLL_SEITE, ProtokollEintrag, ProtokollFrage},
    dokumente::Inhalt,
    fehler::Fehler,
};

use super::dokument::ausliefern;
use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

/// What the form asks, as it was typed.
const FELDER: [&str; 6] = ["von", "bis", "objekt", "person", "tat", "grund"];

#[derive(Template)]
#[template(path = "protokoll.html")]
struct ProtokollSeite {
    r: Rahmen,
    felder: Felder,
    fehler: String,
    gesucht: bool,
    zeilen: Vec<Zeile>,
    worte: String,
    /// Where older entries begin, when there are any.
    weiter: String,
    revision: bool,
}

impl ProtokollSeite {
    fn wert(&self, name: &str) -> &str {
        self.felder.get(name)
    }
    fn namen(&self) -> [&'static str; 6] {
        FELDER
    }
}

struct Zeile {
    zeit: String,
    wer: String,
    tat: String,
    objekt: String,
    angaben: String,
    stelle: String,
    pruefsumme: String,
}

fn zeile(e: ProtokollEintrag) -> Zeile {
    let ProtokollEintrag { kette, nummer, zeit, wer, tat, objekt, angaben, pruefsumme } = e;
    let angaben = serde_json::from_str::<serde_json::Value>(&angaben)
        .and_then(|wert| serde_json::to_string_pretty(&wert))
        .unwrap_or(angaben);
    Zeile { zeit: sekunde(zeit), wer, tat, objekt, angaben, stelle: format!("{kette}, Nummer {nummer}"), pruefsumme }
}

/// `28.11.2026, 10:42:07 Uhr`: entries of one act stand close together.
fn sekunde(t: Timestamp) -> String {
    let z = t.zoned();
    format!("{}, {:02}:{:02}:{:02} Uhr", t.tag().deutsch(), z.hour(), z.minute(), z.second())
}

/// Who may look.
pub fn darf(ctx: &Ctx) -> bool {
    ["Betrieb", "Revision"].iter().any(|rolle| ctx.ich.hat_rolle(rolle))
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    if !darf(&ctx) {
        return Err(Fehler::not_found().into());
    }
    let heute = ctx.heute().deutsch();
    let felder = Felder::default().mit("von", &heute).mit("bis", &heute).mit("objekt", &ctx.query("objekt"));
    seite(&ctx, felder, Err(String::new())).await
}

pub async fn suchen(ctx: Ctx, felder: Felder) -> Seite {
    if !darf(&ctx) {
        return Err(Fehler::not_found().into());
    }
    let auszug = felder.get("was") == "auszug";
    let frage = match frage(&felder, auszug) {
        Ok(frage) => frage,
        Err(text) => return seite(&ctx, felder, Err(text.to_owned())).await,
    };
    match ctx.app.betrieb.protokoll(&ctx.ich.actor, &frage, felder.get("grund")).await {
        Ok(all) if auszug => Ok(als_tabelle(&frage, all)),
        Ok(all) => seite(&ctx, felder, Ok(all)).await,
        Err(fehler) if fehler.status == 422 => seite(&ctx, felder, Err(fehler.text.0.to_string())).await,
        Err(fehler) => Err(fehler.into()),
    }
}

/// The question, or what is wrong with how it was typed.
fn frage(felder: &Felder, auszug: bool) -> Result<ProtokollFrage, &'static str> {
    let tag = |name| format::parse_tag(felder.get(name));
    let (Some(von), Some(bis)) = (tag("von"), tag("bis")) else {
        return Err("Schreiben Sie beide Tage so: 23.11.2026.");
    };
    let text = |name: &str| felder.get(name).chars().take(200).collect::<String>();
    let hoechstens = if auszug { PROTOKOLL_AUSZUG } else { PROTOKOLL_SEITE } as u32;
    // An extract always begins at the newest entry.
    let nach = stelle(felder.get("weiter")).filter(|_| !auszug);
    Ok(ProtokollFrage { von, bis, objekt: text("objekt"), person: text("person"), tat: text("tat"), nach, hoechstens })
}

/// Where an answer ended, as the form carries it: time, number, chain.
fn stelle(text: &str) -> Option<(Timestamp, String, i64)> {
    let mut parts = text.splitn(3, ' ');
    let (zeit, nummer, kette) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    Some((Timestamp(zeit), kette.to_owned(), nummer))
}

async fn seite(ctx: &Ctx, felder: Felder, antwort: Result<Vec<ProtokollEintrag>, String>) -> Seite {
    let gesucht = antwort.is_ok();
    let (all, fehler) = antwort.map_or_else(|text| (Vec::new(), text), |all| (all, String::new()));
    let voll = all.len() == PROTOKOLL_SEITE;
    let weiter = all.last().filter(|_| voll).map(|e| format!("{} {} {}", e.zeit.0, e.nummer, e.kette));
    let status = if fehler.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let nav = if ctx.ich.hat_rolle("Revision") { "/betrieb/protokoll" } else { "/betrieb" };
    let page = ProtokollSeite {
        worte: match (all.len(), voll) {
            (0, _) => String::new(),
            (1, _) => "1 Eintrag".to_owned(),
            (n, false) => format!("{n} Einträge"),
            (n, true) => format!("Die {n} neuesten Einträge"),
        },
        zeilen: all.into_iter().map(zeile).collect(),
        weiter: weiter.unwrap_or_default(),
        revision: ctx.ich.hat_rolle("Revision"),
        felder,
        fehler,
        gesucht,
        r: ctx.rahmen("Protokoll", nav, "protokoll").await?,
    };
    Ok((status, html(&page)).into_response())
}

/// Semicolons, and a mark of the encoding in front: German spreadsheets open it by a double click.
fn als_tabelle(frage: &ProtokollFrage, all: Vec<ProtokollEintrag>) -> Response {
    let voll = all.len() == PROTOKOLL_AUSZUG;
    let mut text = "\u{feff}".to_owned();
    let mut line = |cells: &[&str]| {
        let cells: Vec<String> = cells.iter().map(|cell| zelle(cell)).collect();
        text.push_str(&cells.join(";"));
        text.push_str("\r\n");
    };
    line(&["Zeit", "Wer", "Tat", "Objekt", "Angaben", "Kette", "Nummer", "Prüfsumme"]);
    for e in &all {
        let (zeit, nummer) = (sekunde(e.zeit).replace(", ", " ").replace(" Uhr", ""), e.nummer.to_string());
        line(&[&zeit, &e.wer, &e.tat, &e.objekt, &e.angaben, &e.kette, &nummer, &e.pruefsumme]);
    }
    if voll {
        line(&[
            "Hier endet der Auszug, weitere ältere Einträge gibt es wahrscheinlich. Wählen Sie einen kürzeren Zeitraum.",
        ]);
    }
    ausliefern(Inhalt {
        name: format!("Protokoll {} bis {}.csv", frage.von, frage.bis),
        media_type: "text/csv; charset=utf-8".to_owned(),
        bytes: text.into_bytes(),
    })
}

/// A cell that no spreadsheet takes for a formula.
fn zelle(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(zelle("=1+1"), "\"'=1+1\"");
        assert_eq!(zelle("a;\"b\"\n"), "\"a;\"\"b\"\"\n\"");
        assert_eq!(zelle("@SUM(A1)"), "\"'@SUM(A1)\"");
    }

    #[test]
    fn where_an_answer_ended_survives_the_form() {
        assert_eq!(stelle("17 4 ablauf:a b"), Some((Timestamp(17), "ablauf:a b".to_owned(), 4)));
        assert_eq!(stelle(""), None);
        assert_eq!(stelle("17 x y"), None);
    }
}
