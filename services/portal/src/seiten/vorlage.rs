// SPDX-License-Identifier: EUPL-1.2
//! A new Beschlussvorlage: the form that starts its process.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::Werte;
use serde_json::json;

use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "vorlage_neu.html")]
struct NeuSeite {
    r: Rahmen,
    titel: String,
    text: String,
    nichtoeffentlich: bool,
    finanziell: String,
    aemter: Vec<(String, String, bool)>,
    fehler: Vec<(String, String)>,
    schluessel: String,
}

impl NeuSeite {
    fn zu(&self, feld: &str) -> String {
        self.fehler.iter().find(|(f, _)| f == feld).map(|(_, t)| t.clone()).unwrap_or_default()
    }
}

async fn seite(ctx: &Ctx, felder: &Felder, fehler: Vec<(String, String)>, status: StatusCode) -> Seite {
    let chosen: Vec<&str> = felder.all("aemter").collect();
    let key = felder.get("schluessel");
    let page = NeuSeite {
        titel: felder.get("titel").to_owned(),
        text: felder.get("text").to_owned(),
        nichtoeffentlich: felder.get("sichtbarkeit") == "nichtoeffentlich",
        finanziell: felder.get("finanziell").to_owned(),
        aemter: ctx
            .app
            .options
            .aemter
            .iter()
            .filter(|a| a.mitzeichnung)
            .map(|a| {
                (
                    a.kennzeichen.clone(),
                    format!("{} {}", a.kennzeichen, a.name),
                    chosen.contains(&a.kennzeichen.as_str()),
                )
            })
            .collect(),
        fehler,
        schluessel: if key.is_empty() { ctx.app.ids.uuid().to_string() } else { key.to_owned() },
        r: ctx.rahmen("Neue Vorlage · Vorlagen", "/aufgaben/vorlagen", "vorlagen").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn neu(ctx: Ctx) -> Seite {
    seite(&ctx, &Felder::default(), Vec::new(), StatusCode::OK).await
}

/// Variables of the new process, or the errors of the form.
fn pruefen(ctx: &Ctx, felder: &Felder) -> Result<Werte, Vec<(String, String)>> {
    let mut fehler = Vec::new();
    let mut say = |feld: &str, text: &str| fehler.push((feld.to_owned(), text.to_owned()));
    let (titel, text) = (felder.get("titel"), felder.get("text"));
    if titel.is_empty() {
        say("titel", "Geben Sie der Vorlage einen Titel.");
    }
    if text.is_empty() {
        say("text", "Schreiben Sie den Beschlussvorschlag.");
    }
    let known = |a: &&str| ctx.app.options.aemter.iter().any(|x| x.mitzeichnung && x.kennzeichen == **a);
    let aemter: Vec<&str> = felder.all("aemter").filter(known).collect();
    if aemter.is_empty() {
        say("aemter", "Wählen Sie mindestens ein Amt zur Mitzeichnung.");
    }
    let money = felder.get("finanziell");
    let finanziell = format::parse_betrag(money);
    if !money.is_empty() && finanziell.is_none() {
        say("finanziell", "Schreiben Sie den Betrag so: 250.000,00. Leer heißt: keine Auswirkung.");
    }
    if !fehler.is_empty() {
        return Err(fehler);
    }
    let sichtbarkeit =
        if felder.get("sichtbarkeit") == "nichtoeffentlich" { "nichtoeffentlich" } else { "oeffentlich" };
    let vorlage = json!({
        "titel": titel,
        "text": text,
        "sichtbarkeit": sichtbarkeit,
        "aemter": aemter,
        "finanziell": finanziell.map(|b| b.to_string()),
        "von": ctx.ich.actor.name,
        "amt": ctx.ich.amt,
    });
    Ok(Werte::from_iter([("vorlage".to_owned(), vorlage)]))
}

pub async fn anlegen(ctx: Ctx, felder: Felder) -> Seite {
    let werte = match pruefen(&ctx, &felder) {
        Ok(werte) => werte,
        Err(fehler) => return seite(&ctx, &felder, fehler, StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let key = format!("vorlage/{}", felder.get("schluessel").chars().take(64).collect::<String>());
    let instance = ctx.app.ablaeufe.start(&ctx.ich.actor, "beschlussvorlage", werte, &key).await?;
    Ok(Redirect::to(&format!("/ablaeufe/{instance}?meldung=vorlage")).into_response())
}
