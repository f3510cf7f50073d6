// SPDX-License-Identifier: EUPL-1.2
//! Webhooks on the operators' page: how each one is, what waits for it, and what an operator does when one does not take
//! its events. They are set up with `eakte webhook`, where the administrator also says where they may go.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use service_platform::webhook::{Stand, Webhook};
use uuid::Uuid;

use super::{betrieb, id};
use crate::{format, rahmen::Ctx, schutz::Seite, sitzung::Felder};

/// A webhook as the page shows it.
pub struct HookZeile {
    pub id: Uuid,
    pub name: String,
    pub ziel: String,
    pub typen: String,
    /// Badge: `success`, `warning`, `danger`, `info`; with its word.
    pub farbe: &'static str,
    pub wort: &'static str,
    pub wartend: String,
    pub zugestellt: String,
    pub letzter: String,
    pub fehler: Option<Fehlschlag>,
    /// Something waits that may be left out.
    pub auslassen: bool,
    pub knopf: &'static str,
}

/// What is wrong, since when, and how it goes on.
pub struct Fehlschlag {
    pub text: String,
    pub seit: String,
    pub weiter: String,
}

pub fn hook_zeile(h: &Webhook) -> HookZeile {
    let (farbe, wort) = match h.stand {
        Stand::Aktiv if h.versuche > 0 => ("warning", "antwortet nicht"),
        Stand::Aktiv => ("success", "läuft"),
        Stand::Gestoert => ("danger", "gestört"),
        Stand::Abgeschaltet => ("info", "abgeschaltet"),
    };
    let versuche = if h.versuche == 1 { "1 Versuch".to_owned() } else { format!("{} Versuche", h.versuche) };
    let weiter = match (h.stand, h.naechster) {
        (Stand::Aktiv, Some(at)) => format!("{versuche}, der nächste am {}", format::zeitpunkt(at)),
        (Stand::Aktiv, None) => versuche,
        (Stand::Gestoert, _) => format!("{versuche}, es geht erst weiter, wenn Sie handeln"),
        (Stand::Abgeschaltet, _) => "Es wird nichts mehr gesendet; was wartete, ist verworfen".to_owned(),
    };
    HookZeile {
        id: h.id,
        name: h.name.clone(),
        ziel: h.url.clone(),
        typen: if h.typen == ["*"] { "alle".to_owned() } else { h.typen.join(", ") },
        farbe,
        wort,
        wartend: h.wartend.to_string(),
        zugestellt: h.zugestellt.to_string(),
        letzter: h.letzter_erfolg.map_or_else(|| "noch nie".to_owned(), format::zeitpunkt),
        fehler: h.fehler.as_ref().map(|text| Fehlschlag {
            text: text.clone(),
            seit: h.fehler_seit.map(format::zeitpunkt).unwrap_or_default(),
            weiter,
        }),
        auslassen: h.wartend > 0,
        knopf: if h.stand == Stand::Abgeschaltet { "Wieder einschalten" } else { "Jetzt versuchen" },
    }
}

/// Try again, or leave the next event out; both need a reason.
pub async fn handeln(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let hook: Uuid = id(&wert)?;
    let grund = felder.get("grund").trim();
    let refused = |text| betrieb::seite(&ctx, &felder, text, StatusCode::UNPROCESSABLE_ENTITY);
    if grund.chars().count() < 3 {
        return refused(betrieb::GRUND).await;
    }
    match felder.get("was") {
        "erneut" => ctx.app.webhooks.erneut(&ctx.ich.actor, hook, grund).await?,
        "auslassen" => ctx.app.webhooks.ueberspringen(&ctx.ich.actor, hook, grund).await?,
        _ => return refused("Wählen Sie aus, was geschehen soll.").await,
    }
    Ok(Redirect::to(&format!("/betrieb?meldung=webhook-{}", felder.get("was"))).into_response())
}
