// SPDX-License-Identifier: EUPL-1.2
//! "Umlauf starten": a document of the record goes round for signatures.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{DokumentId, Tag, Werte, dokumente::Dokument, fehler::Fehler};
use serde_json::{Value, json};

use super::{
    formularseite::{self, Gesendet, Rand},
    id,
};
use crate::{formular::Meldungen, rahmen::Ctx, schutz::Seite, sitzung::Felder};

async fn laden(ctx: &Ctx, wert: &str) -> Result<Dokument, crate::schutz::Antwort> {
    let d = ctx.app.dokumente.get(&ctx.ich.actor, id::<DokumentId>(wert)?).await?;
    if d.stand == "quarantaene" {
        let text = "Dieses Dokument ist in Quarantäne. Es kann nicht umlaufen.";
        return Err(Fehler::new("E3022", 422, text, "quarantined").into());
    }
    Ok(d)
}

async fn seite(ctx: &Ctx, d: &Dokument, entwurf: Werte, fehler: Meldungen, key: &str, status: StatusCode) -> Seite {
    let rand = Rand {
        form: formularseite::form("umlauf-neu")?,
        weg: vec![(format!("/dokumente/{}", d.id), d.titel.clone())],
        unterzeile: d.titel.clone(),
        ziel: format!("/dokumente/{}/umlauf", d.id),
        nav: "/aufgaben/umlaeufe",
        hilfe: "umlauf",
        variablen: Werte::new(),
    };
    formularseite::zeigen(ctx, rand, &entwurf, fehler, key, status).await
}

pub async fn neu(ctx: Ctx, Path(wert): Path<String>) -> Seite {
    let d = laden(&ctx, &wert).await?;
    seite(&ctx, &d, Werte::new(), Vec::new(), "", StatusCode::OK).await
}

/// The route of the form's rows: one stage each, one for all, or as numbered.
fn laufweg(art: &str, rows: &[Value], names: &[(String, String)]) -> Result<Vec<Value>, Meldungen> {
    let mut wrong = Meldungen::new();
    let mut route: Vec<Value> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let wer = row.get("wer").and_then(Value::as_str).unwrap_or_default();
        let Some((_, name)) = names.iter().find(|(w, _)| w == wer) else {
            wrong.push((
                format!("f-stellen-{i}-wer"),
                format!("Zeile {}: Wählen Sie eine Stelle aus der Liste.", i + 1),
            ));
            continue;
        };
        let (gruppe, person) = (wer.strip_prefix("gruppe:"), wer.strip_prefix("person:"));
        if route.iter().any(|p| p["gruppe"].as_str() == gruppe && p["person"].as_str() == person) {
            wrong.push((format!("f-stellen-{i}-wer"), format!("Zeile {}: „{name}“ steht schon in der Liste.", i + 1)));
        }
        let stufe = match (art, row.get("stufe").and_then(Value::as_u64)) {
            ("nebeneinander", _) => 1,
            ("stufen", Some(n)) if n > 0 => n,
            ("stufen", _) => {
                wrong.push((
                    format!("f-stellen-{i}-stufe"),
                    format!("Zeile {}: Tragen Sie die Stufe ein, von 1 an.", i + 1),
                ));
                1
            }
            _ => i as u64 + 1,
        };
        let verfuegung = row.get("verfuegung").and_then(Value::as_str).unwrap_or("mitzeichnung");
        route.push(json!({ "nr": i + 1, "stufe": stufe, "gruppe": gruppe, "person": person, "name": name, "verfuegung": verfuegung, "stand": "zukuenftig" }));
    }
    if wrong.is_empty() { Ok(route) } else { Err(wrong) }
}

pub async fn starten(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let d = laden(&ctx, &wert).await?;
    let form = formularseite::form("umlauf-neu")?;
    let key = felder.get("schluessel").chars().take(64).collect::<String>();
    let werte = match formularseite::lesen(&form, &felder) {
        Gesendet::Werte(werte) => werte,
        Gesendet::Weiter(entwurf, fehler, status) => return seite(&ctx, &d, entwurf, fehler, &key, status).await,
    };
    let text = |name: &str| werte.get(name).and_then(Value::as_str).unwrap_or_default();
    let frist = text("frist").parse::<Tag>().ok();
    let mut fehler = Meldungen::new();
    if frist.is_none_or(|f| f <= ctx.heute()) {
        fehler.push(("f-frist".to_owned(), "Die Frist muss nach dem heutigen Tag liegen.".to_owned()));
    }
    let rows = werte.get("stellen").and_then(Value::as_array).cloned().unwrap_or_default();
    let names = formularseite::stellen(&ctx).await?;
    let route = laufweg(text("art"), &rows, &names).unwrap_or_else(|mut wrong| {
        fehler.append(&mut wrong);
        Vec::new()
    });
    if !fehler.is_empty() {
        let entwurf = crate::formular::lesen(&form, &felder);
        return seite(&ctx, &d, entwurf, fehler, &key, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let umlauf = json!({ "dokument": d.id, "fassung": d.sha256, "titel": d.titel, "text": text("text"), "frist": frist,
        "regel": text("regel"), "von": ctx.ich.actor.name, "person": ctx.ich.actor.person, "amt": ctx.ich.amt });
    let start = Werte::from_iter([("umlauf".to_owned(), umlauf), ("laufweg".to_owned(), Value::from(route))]);
    let instance = ctx.app.ablaeufe.start(&ctx.ich.actor, "umlauf", start, &format!("umlauf/{key}")).await?;
    Ok(Redirect::to(&format!("/ablaeufe/{instance}/laufweg?meldung=umlauf")).into_response())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_order_of_the_form_becomes_stages() {
        let names: Vec<_> = ["gruppe:A", "gruppe:B", "person:c"].map(|n| (n.to_owned(), n.to_uppercase())).into();
        let rows = [
            json!({"wer":"gruppe:A","stufe":2}),
            json!({"wer":"person:c","stufe":2,"verfuegung":"kenntnis"}),
            json!({"wer":"gruppe:B","stufe":1}),
        ];
        let stages = |art: &str| {
            laufweg(art, &rows, &names).unwrap().iter().map(|p| p["stufe"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            (stages("nacheinander"), stages("nebeneinander"), stages("stufen")),
            (vec![1, 2, 3], vec![1, 1, 1], vec![2, 2, 1])
        );
        let second = &laufweg("nacheinander", &rows, &names).unwrap()[1];
        assert_eq!(
            (&second["person"], &second["gruppe"], &second["verfuegung"]),
            (&json!("c"), &Value::Null, &json!("kenntnis"))
        );
        let wrong = laufweg(
            "stufen",
            &[json!({"wer":"gruppe:A"}), json!({"wer":"gruppe:A","stufe":1}), json!({"wer":"gruppe:X","stufe":1})],
            &names,
        )
        .unwrap_err();
        let ids: Vec<_> = wrong.iter().map(|w| w.0.as_str()).collect();
        assert_eq!(ids, ["f-stellen-0-stufe", "f-stellen-1-wer", "f-stellen-2-wer"]);
    }
}
