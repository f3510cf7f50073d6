// SPDX-License-Identifier: EUPL-1.2
//! Incidents, grouped by what is the same about them, and the acts on a group.

use axum::response::{IntoResponse, Redirect};
use nachrichten::{
    JobId, PersonId,
    betrieb::{Behandlung, JE_AKT, Stoerung, ursache_von},
};

use super::betrieb;
use crate::{format, rahmen::Ctx, schutz::Seite, sitzung::Felder};

/// Incidents with one cause.
pub struct Ursache {
    pub nr: usize,
    /// By which the act finds them again.
    pub schluessel: String,
    /// The text of the oldest one.
    pub text: String,
    pub anzahl: String,
    pub seit: String,
    pub letzter: String,
    pub versuche: u32,
    pub bei: String,
    pub faelle: Vec<Fall>,
    pub weitere: Option<String>,
    /// Some of them have a job that may be left out.
    pub auslassen: bool,
    /// More than one act takes.
    pub viele: bool,
}

pub struct Fall {
    pub href: String,
    pub name: String,
    pub process: String,
    pub seit: String,
    pub versuche: String,
    pub bei: Option<String>,
    /// Address of what the job carries.
    pub auftrag: Option<String>,
}

/// Cases shown of a group.
const GEZEIGT: usize = 50;

fn fall(s: &Stoerung) -> Fall {
    Fall {
        href: format!("/ablaeufe/{}", s.ablauf),
        name: if s.name.is_empty() { s.element.clone() } else { s.name.clone() },
        process: s.process.clone(),
        seit: format::zeitpunkt(s.seit),
        versuche: format::anzahl_von(s.versuche.into(), "Versuch", "Versuche"),
        bei: s.bei.clone(),
        auftrag: s.auftrag.then(|| format!("/betrieb/auftraege/{}", s.job)),
    }
}

/// The largest group first.
pub fn gruppieren(list: &[Stoerung]) -> Vec<Ursache> {
    let mut groups: Vec<(String, Vec<&Stoerung>)> = Vec::new();
    for s in list {
        let key = ursache_von(&s.ursache);
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, members)) => members.push(s),
            None => groups.push((key, vec![s])),
        }
    }
    groups.sort_by_key(|(_, m)| std::cmp::Reverse(m.len()));
    let one = |(i, (schluessel, m)): (usize, (String, Vec<&Stoerung>))| {
        let mut bei: Vec<&str> = m.iter().filter_map(|s| s.bei.as_deref()).collect();
        bei.sort_unstable();
        bei.dedup();
        let weitere = m.len().saturating_sub(GEZEIGT) as u64;
        Ursache {
            nr: i + 1,
            schluessel,
            text: m.first().map(|s| s.ursache.clone()).unwrap_or_default(),
            anzahl: format::anzahl_von(m.len() as u64, "Vorgang", "Vorgänge"),
            seit: m.iter().map(|s| s.seit).min().map(format::zeitpunkt).unwrap_or_default(),
            letzter: m.iter().filter_map(|s| s.letzter_versuch).max().map_or_else(|| "–".to_owned(), format::zeitpunkt),
            versuche: m.iter().map(|s| s.versuche).max().unwrap_or(0),
            bei: if bei.is_empty() { "niemand".to_owned() } else { bei.join(", ") },
            faelle: m.iter().take(GEZEIGT).map(|s| fall(s)).collect(),
            weitere: (weitere > 0).then(|| format!("und {}", format::anzahl_von(weitere, "weiterer", "weitere"))),
            auslassen: m.iter().any(|s| s.auftrag),
            viele: m.len() > JE_AKT,
        }
    };
    groups.into_iter().enumerate().map(one).collect()
}

/// Every incident with this cause, as they are now: again, left out, or given to somebody.
pub async fn handeln(ctx: Ctx, felder: Felder) -> Seite {
    let (app, ich, grund) = (&ctx.app, &ctx.ich.actor, felder.get("grund").trim());
    if !betrieb::begruendet(&felder) {
        return betrieb::zurueck(&ctx, &felder, betrieb::GRUND).await;
    }
    let all = app.betrieb.stoerungen(ich).await?;
    let same = all.iter().filter(|s| ursache_von(&s.ursache) == felder.get("ursache"));
    let jobs: Vec<JobId> = same.take(JE_AKT).map(|s| s.job).collect();
    if jobs.is_empty() {
        return betrieb::zurueck(&ctx, &felder, "Diese Störung gibt es nicht mehr.").await;
    }
    let art = match felder.get("was") {
        "erneut" => Behandlung::Erneut,
        "ueberspringen" => Behandlung::Ueberspringen,
        "zuweisen" => {
            let an = match felder.get("an") {
                "" => None,
                an => match an.parse::<PersonId>() {
                    Ok(an) => Some(an),
                    Err(_) => return betrieb::zurueck(&ctx, &felder, "Wählen Sie eine Person des Betriebs.").await,
                },
            };
            let n = app.betrieb.zuweisen(ich, &jobs, an, grund).await?;
            return Ok(Redirect::to(&format!("/betrieb?meldung=zugewiesen&anzahl={n}")).into_response());
        }
        _ => return betrieb::zurueck(&ctx, &felder, "Wählen Sie aus, was geschehen soll.").await,
    };
    let act = app.betrieb.behandeln(ich, art, &jobs, grund).await?;
    if act.anzahl == 0 && art == Behandlung::Erneut {
        return betrieb::zurueck(&ctx, &felder, "Diese Störung gibt es nicht mehr.").await;
    }
    Ok(Redirect::to(&format!("/betrieb/einreihungen/{}", act.id)).into_response())
}
