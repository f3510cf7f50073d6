// SPDX-License-Identifier: EUPL-1.2
//! A page that is one form: what starts a process. The form is a file like those of the tasks.

use std::borrow::Cow;

use askama::Template;
use axum::{http::StatusCode, response::IntoResponse};
use nachrichten::{Werte, fehler::Fehler};
use serde_json::Value;

use crate::{
    formular::{self, FeldSicht, Formular, Meldungen, Quellen, Typ},
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "formular_seite.html")]
struct FormularSeite {
    r: Rahmen,
    weg: Vec<(String, String)>,
    titel: String,
    unterzeile: String,
    einleitung: String,
    ziel: String,
    felder: Vec<FeldSicht>,
    fehler: Meldungen,
    schluessel: String,
    knopf: String,
}

/// Where the form stands and what it proposes.
pub struct Rand {
    pub form: Cow<'static, Formular>,
    pub weg: Vec<(String, String)>,
    pub unterzeile: String,
    /// Address it is sent to.
    pub ziel: String,
    pub nav: &'static str,
    pub hilfe: &'static str,
    /// Paths of the fields' proposals lead into these.
    pub variablen: Werte,
}

/// The form of this name, which starts something.
pub fn form(name: &str) -> Result<Cow<'static, Formular>, Fehler> {
    formular::alle()
        .get(name)
        .map(Cow::Borrowed)
        .ok_or_else(|| Fehler::new("E9003", 500, "Das Formular fehlt.", format!("no form {name}")))
}

/// Groups and persons that may sign.
pub async fn stellen(ctx: &Ctx) -> Result<Vec<(String, String)>, Fehler> {
    let mut all = ctx.app.options.zeichnende();
    let persons = ctx.app.vertretungen.persons().await?.into_iter();
    all.extend(
        persons.map(|(id, name, amt)| (format!("person:{id}"), format!("{name}, {}", ctx.app.options.amt_name(&amt)))),
    );
    Ok(all)
}

pub async fn zeigen(ctx: &Ctx, rand: Rand, entwurf: &Werte, fehler: Meldungen, key: &str, status: StatusCode) -> Seite {
    let wanted = |q: &str| {
        rand.form.felder.iter().flat_map(|f| f.spalten.iter().chain([f])).any(|f| f.quelle.as_deref() == Some(q))
    };
    let stellen = if wanted("stellen") { stellen(ctx).await? } else { Vec::new() };
    let quellen = Quellen { options: &ctx.app.options, aktenplan: &[], stellen: &stellen };
    let page = FormularSeite {
        felder: formular::sicht(&rand.form, &rand.variablen, entwurf, &fehler, &quellen, None),
        titel: rand.form.titel.clone(),
        einleitung: rand.form.einleitung.clone(),
        knopf: rand.form.knoepfe.first().map(|k| k.label.clone()).unwrap_or_default(),
        weg: rand.weg,
        unterzeile: rand.unterzeile,
        ziel: rand.ziel,
        fehler,
        schluessel: if key.is_empty() { ctx.app.ids.uuid().to_string() } else { key.chars().take(64).collect() },
        r: ctx.rahmen(&rand.form.titel, rand.nav, rand.hilfe).await?,
    };
    Ok((status, html(&page)).into_response())
}

/// What was sent: one more row of a table, or checked values.
pub enum Gesendet {
    /// Show the form again with this draft.
    Weiter(Werte, Meldungen, StatusCode),
    Werte(Werte),
}

pub fn lesen(form: &Formular, felder: &Felder) -> Gesendet {
    let mut entwurf = formular::lesen(form, felder);
    if zeile_dazu(form, felder.get("aktion"), &mut entwurf) {
        return Gesendet::Weiter(entwurf, Vec::new(), StatusCode::OK);
    }
    let Some(knopf) = form.knoepfe.first() else {
        return Gesendet::Weiter(entwurf, Vec::new(), StatusCode::UNPROCESSABLE_ENTITY);
    };
    match formular::pruefen(form, knopf, &entwurf, None) {
        Ok(werte) => Gesendet::Werte(werte),
        Err(fehler) => Gesendet::Weiter(entwurf, fehler, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

/// The button under a table: one more empty row. False when another button was pressed.
pub fn zeile_dazu(form: &Formular, aktion: &str, entwurf: &mut Werte) -> bool {
    let Some(name) = aktion.strip_prefix("zeile-f-") else { return false };
    let known = form.felder.iter().any(|f| f.typ == Typ::Tabelle && f.name == name);
    if let (true, Some(Value::Array(rows))) = (known, entwurf.get_mut(name)) {
        rows.push(Value::Object(Werte::new()));
    }
    true
}
