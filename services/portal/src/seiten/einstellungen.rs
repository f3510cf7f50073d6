// SPDX-License-Identifier: EUPL-1.2
//! What a person sets for themselves: the mail in the morning.

use askama::Template;
use axum::response::{IntoResponse, Redirect};

use crate::{
    rahmen::{Ctx, Rahmen, html},
    schutz::Seite,
    sitzung::Felder,
};

#[derive(Template)]
#[template(path = "einstellungen.html")]
struct EinstellungenSeite {
    r: Rahmen,
    kennung: String,
    amt: String,
    mail: String,
    tageshinweise: bool,
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    let e = ctx.app.konten.einstellungen(ctx.ich.actor.person).await?;
    let page = EinstellungenSeite {
        kennung: ctx.ich.kennung.clone(),
        amt: ctx.app.options.amt_name(&ctx.ich.amt),
        mail: e.mail.unwrap_or_default(),
        tageshinweise: e.tageshinweise,
        r: ctx.rahmen("Einstellungen", "", "einstellungen").await?,
    };
    Ok(html(&page))
}

pub async fn speichern(ctx: Ctx, felder: Felder) -> Seite {
    ctx.app.konten.tageshinweise(&ctx.ich.actor, felder.get("tageshinweise") == "ja").await?;
    Ok(Redirect::to("/einstellungen?meldung=einstellungen").into_response())
}
