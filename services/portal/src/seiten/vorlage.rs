// SPDX-License-Identifier: EUPL-1.2
//! A new Beschlussvorlage: the form that starts its process, empty or as a copy of an earlier one.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{InstanceId, Werte};
use serde_json::{Value, json};

use super::formularseite::{self, Gesendet, Rand};
use crate::{formular::Meldungen, rahmen::Ctx, schutz::Seite, sitzung::Felder};

async fn seite(ctx: &Ctx, variablen: Werte, entwurf: Werte, fehler: Meldungen, key: &str, status: StatusCode) -> Seite {
    let copied = variablen.get("vorlage").and_then(|v| v.get("titel")).and_then(Value::as_str);
    let rand = Rand {
        form: formularseite::form("vorlage-neu")?,
        weg: vec![("/aufgaben/vorlagen".to_owned(), "Vorlagen".to_owned())],
        unterzeile: copied.map(|t| format!("Übernommen aus „{t}“")).unwrap_or_default(),
        ziel: "/vorlagen/neu".to_owned(),
        nav: "/aufgaben/vorlagen",
        hilfe: "vorlagen",
        variablen,
    };
    formularseite::zeigen(ctx, rand, &entwurf, fehler, key, status).await
}

pub async fn neu(ctx: Ctx) -> Seite {
    // Only what this person may see of the earlier one is copied.
    let mut variablen = Werte::new();
    if let Ok(id) = ctx.query("von").parse::<InstanceId>() {
        let earlier = ctx.app.ablaeufe.get(&ctx.ich.actor, id).await?;
        if let Some(vorlage) = earlier.variablen.get("vorlage").filter(|_| earlier.process == "beschlussvorlage") {
            let mut vorlage = vorlage.clone();
            // The dates of the earlier sessions are over.
            for station in vorlage.get_mut("beratungsfolge").and_then(Value::as_array_mut).into_iter().flatten() {
                station["termin"] = Value::Null;
            }
            vorlage["eilig"] = Value::Null;
            variablen.insert("vorlage".to_owned(), vorlage);
        }
    }
    seite(&ctx, variablen, Werte::new(), Vec::new(), "", StatusCode::OK).await
}

pub async fn anlegen(ctx: Ctx, felder: Felder) -> Seite {
    let key = felder.get("schluessel").chars().take(64).collect::<String>();
    let form = formularseite::form("vorlage-neu")?;
    let mut vorlage = match formularseite::lesen(&form, &felder) {
        Gesendet::Werte(werte) => werte,
        Gesendet::Weiter(entwurf, fehler, status) => {
            return seite(&ctx, Werte::new(), entwurf, fehler, &key, status).await;
        }
    };
    let signs =
        |a: &Value| ctx.app.options.aemter.iter().any(|x| x.mitzeichnung && Some(x.kennzeichen.as_str()) == a.as_str());
    if let Some(Value::Array(aemter)) = vorlage.get_mut("aemter") {
        aemter.retain(signs);
    }
    vorlage.remove("entscheidung");
    let eilig = vorlage.remove("eilig").is_some();
    for name in ["finanziell", "klima", "personal", "beratungsfolge", "vorab"] {
        vorlage.entry(name).or_insert(Value::Null);
    }
    vorlage.extend([
        ("eilig".to_owned(), json!(eilig)),
        ("von".to_owned(), json!(ctx.ich.actor.name)),
        ("amt".to_owned(), json!(ctx.ich.amt)),
    ]);
    let werte = Werte::from_iter([("vorlage".to_owned(), Value::Object(vorlage))]);
    let instance = ctx.app.ablaeufe.start(&ctx.ich.actor, "beschlussvorlage", werte, &format!("vorlage/{key}")).await?;
    Ok(Redirect::to(&format!("/ablaeufe/{instance}?meldung=vorlage")).into_response())
}
