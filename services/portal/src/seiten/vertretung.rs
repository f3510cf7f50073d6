// SPDX-License-Identifier: EUPL-1.2
//! Substitution: who stands in for whom, and a form to enter it. The Betrieb enters it for others, say in illness.

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::PersonId;
use service_platform::vertretung::{ALLE, NeueVertretung};

use super::id;
use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

/// Processes a substitution may be limited to.
const UMFANG: &[(&str, &str)] = &[
    (ALLE, "alle Aufgaben"),
    ("rechnung", "nur Rechnungen"),
    ("beschlussvorlage", "nur Vorlagen"),
    ("dokument", "nur Scanprüfung"),
];

#[derive(Template)]
#[template(path = "vertretung.html")]
struct VertretungSeite {
    r: Rahmen,
    zeilen: Vec<Zeile>,
    personen: Vec<(String, String)>,
    umfang: &'static [(&'static str, &'static str)],
    betrieb: bool,
    ich: String,
    fehler: String,
    felder: Felder,
}

impl VertretungSeite {
    fn wert(&self, name: &str) -> &str {
        self.felder.get(name)
    }

    /// Is this value of a list chosen? Before anything is, the absent person is the one who reads the page.
    fn gewaehlt(&self, name: &str, wert: &str) -> bool {
        match self.wert(name) {
            "" => name == "person" && wert == self.ich,
            gewaehlt => gewaehlt == wert,
        }
    }

    /// May this person stand in? Nobody stands in for himself; the Betrieb chooses the absent person too.
    fn waehlbar(&self, person: &str) -> bool {
        self.betrieb || person != self.ich
    }
}

struct Zeile {
    id: String,
    wer: String,
    vertreter: String,
    von: String,
    bis: String,
    umfang: &'static str,
    grund: String,
    laeuft: bool,
    /// May this person end it?
    eigene: bool,
}

async fn seite(ctx: &Ctx, fehler: &str, felder: Felder, status: StatusCode) -> Seite {
    let (me, heute, betrieb) = (ctx.ich.actor.person, ctx.heute(), ctx.ich.hat_rolle("Betrieb"));
    let umfang = |p: &str| UMFANG.iter().find(|(id, _)| *id == p).map_or("ein Ablauf", |(_, word)| word);
    let list = ctx.app.vertretungen.of(me).await?;
    let zeilen = list.into_iter().map(|v| Zeile {
        id: v.id.to_string(),
        eigene: v.person == me || betrieb,
        laeuft: v.von <= heute,
        wer: v.person_name,
        vertreter: v.vertreter_name,
        von: v.von.deutsch(),
        bis: v.bis.deutsch(),
        umfang: umfang(&v.process),
        grund: v.grund,
    });
    let personen = ctx.app.vertretungen.persons().await?.into_iter();
    let page = VertretungSeite {
        zeilen: zeilen.collect(),
        personen: personen
            .map(|(id, name, amt)| (id.to_string(), format!("{name}, {}", ctx.app.options.amt_name(&amt))))
            .collect(),
        umfang: UMFANG,
        betrieb,
        ich: me.to_string(),
        fehler: fehler.to_owned(),
        felder,
        r: ctx.rahmen("Vertretung", "", "vertretung").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    seite(&ctx, "", Felder::default(), StatusCode::OK).await
}

fn lesen(ctx: &Ctx, felder: &Felder) -> Result<NeueVertretung, &'static str> {
    let person = |name: &str| felder.get(name).parse::<PersonId>().ok();
    let process = UMFANG.iter().find(|(id, _)| *id == felder.get("umfang")).map_or(ALLE, |(id, _)| id);
    Ok(NeueVertretung {
        person: person("person").filter(|_| ctx.ich.hat_rolle("Betrieb")).unwrap_or(ctx.ich.actor.person),
        vertreter: person("vertreter").ok_or("Wählen Sie aus, wer vertritt.")?,
        von: format::parse_tag(felder.get("von")).ok_or("Tragen Sie den ersten Tag ein, zum Beispiel 23.11.2026.")?,
        bis: format::parse_tag(felder.get("bis")).ok_or("Tragen Sie den letzten Tag ein, zum Beispiel 27.11.2026.")?,
        process: process.to_owned(),
        behaelt: felder.get("behaelt") == "ja",
        grund: felder.get("grund").to_owned(),
    })
}

pub async fn eintragen(ctx: Ctx, felder: Felder) -> Seite {
    let neu = match lesen(&ctx, &felder) {
        Ok(neu) => neu,
        Err(text) => return seite(&ctx, text, felder, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match ctx.app.vertretungen.enter(&ctx.ich.actor, &neu).await {
        Ok(_) => Ok(Redirect::to("/vertretung?meldung=vertretung").into_response()),
        Err(f) if f.status == 422 => seite(&ctx, &f.text.0, felder, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(f) => Err(f.into()),
    }
}

pub async fn beenden(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    ctx.app.vertretungen.end(&ctx.ich.actor, id(&wert)?).await?;
    Ok(Redirect::to("/vertretung?meldung=vertretung-ende").into_response())
}
