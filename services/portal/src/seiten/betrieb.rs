// SPDX-License-Identifier: EUPL-1.2
//! Betrieb: incidents grouped by cause, try again with a reason, webhooks, services and queues.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use nachrichten::{JobId, ablaeufe::Stoerung};

use super::{
    fassungen::{VorschlagZeile, vorschlag_zeile},
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
    ablaeufe: usize,
    dienste: Vec<Dienst>,
    schlangen: Vec<(String, u64)>,
    aktiv: u64,
    beendet: u64,
    outbox: u64,
    unbesetzt: Vec<(String, String)>,
    vorschlaege: Vec<VorschlagZeile>,
    hooks: Vec<HookZeile>,
    fehler: String,
    grund: String,
}

struct Ursache {
    nr: usize,
    text: String,
    anzahl: String,
    seit: String,
    letzter: String,
    versuche: u32,
    jobs: String,
    faelle: Vec<Fall>,
}

struct Fall {
    href: String,
    name: String,
    process: String,
    seit: String,
    versuche: u32,
}

/// Numbers and quoted parts differ from case to case; the cause is what stays.
fn ursache_von(text: &str) -> String {
    let mut out = String::new();
    let mut digits = false;
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !digits {
                out.push('#');
            }
            digits = true;
        } else {
            digits = false;
            out.push(c);
        }
    }
    out
}

fn gruppieren(list: &[Stoerung]) -> Vec<Ursache> {
    let mut groups: Vec<(String, Vec<&Stoerung>)> = Vec::new();
    for s in list {
        let key = ursache_von(&s.ursache);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push(s),
            None => groups.push((key, vec![s])),
        }
    }
    groups.sort_by_key(|(_, m)| std::cmp::Reverse(m.len()));
    groups
        .into_iter()
        .enumerate()
        .map(|(i, (_, m))| Ursache {
            nr: i + 1,
            text: m.first().map(|s| s.ursache.clone()).unwrap_or_default(),
            anzahl: if m.len() == 1 { "1 Vorgang".to_owned() } else { format!("{} Vorgänge", m.len()) },
            seit: m.iter().map(|s| s.seit).min().map(format::zeitpunkt).unwrap_or_default(),
            letzter: m.iter().filter_map(|s| s.letzter_versuch).max().map_or_else(|| "–".to_owned(), format::zeitpunkt),
            versuche: m.iter().map(|s| s.versuche).max().unwrap_or(0),
            jobs: m.iter().take(500).map(|s| s.job.to_string()).collect::<Vec<_>>().join(","),
            faelle: m
                .iter()
                .take(50)
                .map(|s| Fall {
                    href: format!("/ablaeufe/{}", s.ablauf),
                    name: if s.name.is_empty() { s.element.clone() } else { s.name.clone() },
                    process: s.process.clone(),
                    seit: format::zeitpunkt(s.seit),
                    versuche: s.versuche,
                })
                .collect(),
        })
        .collect()
}

pub(super) async fn seite(ctx: &Ctx, felder: &Felder, fehler: &str, status: StatusCode) -> Seite {
    let stoerungen = ctx.app.ablaeufe.stoerungen(&ctx.ich.actor).await?;
    let kz = ctx.app.ablaeufe.kennzahlen(&ctx.ich.actor).await?;
    let vorschlaege = ctx.app.fassungen.vorschlaege(&ctx.ich.actor).await?;
    let page = BetriebSeite {
        vorschlaege: vorschlaege.into_iter().map(|v| vorschlag_zeile(ctx, v)).collect(),
        hooks: ctx.app.webhooks.liste(&ctx.ich.actor).await?.iter().map(hook_zeile).collect(),
        ursachen: gruppieren(&stoerungen),
        ablaeufe: stoerungen.len(),
        dienste: ctx.app.dienste.stand().await,
        schlangen: kz.jobs.clone(),
        aktiv: kz.aktiv,
        beendet: kz.beendet,
        outbox: kz.outbox,
        unbesetzt: kz.unbesetzt.iter().map(|(g, n)| (ctx.app.options.gruppe_name(g), format::anzahl(*n))).collect(),
        fehler: fehler.to_owned(),
        grund: felder.get("grund").to_owned(),
        r: ctx.rahmen("Betrieb", "/betrieb", "betrieb").await?,
    };
    Ok((status, html(&page)).into_response())
}

pub async fn zeigen(ctx: Ctx) -> Seite {
    seite(&ctx, &Felder::default(), "", StatusCode::OK).await
}

/// What to say when an operator gives no reason.
pub(super) const GRUND: &str = "Nennen Sie einen Grund. Er steht im Protokoll.";

pub async fn erneut(ctx: Ctx, felder: Felder) -> Seite {
    let jobs: Vec<JobId> = felder.get("jobs").split(',').take(500).filter_map(|j| j.parse().ok()).collect();
    if felder.get("grund").chars().count() < 3 {
        return seite(&ctx, &felder, GRUND, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if jobs.is_empty() {
        return seite(&ctx, &felder, "Diese Störung gibt es nicht mehr.", StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let n = ctx.app.ablaeufe.retry(&ctx.ich.actor, &jobs, felder.get("grund")).await?;
    Ok(Redirect::to(&format!("/betrieb?meldung=erneut&anzahl={n}")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_that_differ_only_in_numbers_are_one() {
        assert_eq!(ursache_von("XML nicht lesbar: Zeile 3"), ursache_von("XML nicht lesbar: Zeile 4711"));
        assert_ne!(ursache_von("DMS antwortet nicht"), ursache_von("Datenbank antwortet nicht"));
    }
}
