// SPDX-License-Identifier: EUPL-1.2
//! Betrieb: what is disturbed and what an operator does about it, how acts on many of them go on, messages that the bus
//! set aside, webhooks, new versions, and who works on what.

use askama::Template;
use axum::{http::StatusCode, response::IntoResponse};

use super::{
    einreihung::{Behandelt, behandelt},
    fassungen::{VorschlagZeile, vorschlag_zeile},
    nachweise::{Nachweis, zeilen},
    schlangen::{Zeile, zeile},
    stoerungen::{Ursache, gruppieren},
    totbriefe::{BriefZeile, brief_zeile},
    webhooks::{HookZeile, hook_zeile},
};
use crate::{
    format,
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
    state::Dienst,
};

#[derive(Template)]
#[template(path = "betrieb.html")]
struct BetriebSeite {
    r: Rahmen,
    ursachen: Vec<Ursache>,
    ablaeufe: String,
    betreuer: Vec<(String, String)>,
    behandelt: Vec<Behandelt>,
    wartet: bool,
    briefe: Vec<BriefZeile>,
    /// Why the messages cannot be shown.
    bus_weg: bool,
    dienste: Vec<Dienst>,
    nachweise: Vec<Nachweis>,
    schlangen: Vec<Zeile>,
    /// Those with nothing to do.
    ruhend: Vec<Zeile>,
    aktiv: String,
    beendet: String,
    outbox: String,
    unbesetzt: Vec<(String, String)>,
    vorschlaege: Vec<VorschlagZeile>,
    hooks: Vec<HookZeile>,
    fehler: String,
    grund: String,
}

/// What to say when an operator gives no reason.
pub(super) const GRUND: &str = "Nennen Sie einen Grund. Er steht im Protokoll.";

/// Is this a reason?
pub(super) fn begruendet(felder: &Felder) -> bool {
    felder.get("grund").trim().chars().count() >= 3
}

/// The page again, with what is wrong.
pub(super) async fn zurueck(ctx: &Ctx, felder: &Felder, fehler: &str) -> Seite {
    seite(ctx, felder, fehler, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn seite(ctx: &Ctx, felder: &Felder, fehler: &str, status: StatusCode) -> Seite {
    let (app, ich) = (&ctx.app, &ctx.ich.actor);
    let stoerungen = app.betrieb.stoerungen(ich).await?;
    let kz = app.ablaeufe.kennzahlen(ich).await?;
    let vorschlaege = app.fassungen.vorschlaege(ich).await?;
    // Without the bus everything else is still worth seeing.
    let briefe = app.betrieb.totbriefe(ich).await;
    let acts = app.betrieb.einreihungen(ich).await?;
    let schlangen = app.betrieb.schlangen(ich).await?.into_iter().map(|s| zeile(s, app.uhr.now()));
    let (ruhend, schlangen) = schlangen.partition(|s| s.ruht);
    let page = BetriebSeite {
        vorschlaege: vorschlaege.into_iter().map(|v| vorschlag_zeile(ctx, v)).collect(),
        hooks: app.webhooks.liste(ich).await?.iter().map(hook_zeile).collect(),
        ursachen: gruppieren(&stoerungen),
        ablaeufe: format::anzahl_von(stoerungen.len() as u64, "Vorgang", "Vorgänge"),
        betreuer: app.betrieb.betreuer(ich).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        wartet: acts.iter().any(|a| a.wartet > 0),
        behandelt: acts.iter().map(behandelt).collect(),
        bus_weg: briefe.is_err(),
        briefe: briefe.unwrap_or_default().into_iter().map(brief_zeile).collect(),
        dienste: app.dienste.stand().await,
        nachweise: zeilen(&app.betrieb.nachweise(ich).await?, app.uhr.now()),
        schlangen,
        ruhend,
        aktiv: format::ganz(kz.aktiv),
        beendet: format::ganz(kz.beendet),
        outbox: format::ganz(kz.outbox),
        unbesetzt: kz.unbesetzt.iter().map(|(g, n)| (app.options.gruppe_name(g), format::anzahl(*n))).collect(),
        fehler: fehler.to_owned(),
        grund: felder.get("grund").to_owned(),
        r: ctx.rahmen("Betrieb", "/betrieb", "betrieb").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    seite(&ctx, &Felder::default(), "", StatusCode::OK).await
}
