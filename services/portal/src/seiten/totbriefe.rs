// SPDX-License-Identifier: EUPL-1.2
//! Messages that the bus set aside, on the operators' page.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use nachrichten::betrieb::{Totbrief, TotbriefAkt};
use uuid::Uuid;

use super::{betrieb, id, schlangen::auftrag_name};
use crate::{rahmen::Ctx, schutz::Seite, sitzung::Felder};

pub struct BriefZeile {
    pub id: Uuid,
    pub titel: String,
    pub queue: String,
    pub warum: String,
    pub folge: &'static str,
    pub ablauf: Option<String>,
    pub inhalt: String,
}

pub fn brief_zeile(b: Totbrief) -> BriefZeile {
    let warum = match b.grund.as_str() {
        "delivery_limit" => "Arbeiter sind daran mehrmals gestorben, ohne zu antworten.".to_owned(),
        "rejected" => {
            "Kein Dienst kann diese Nachricht lesen; sie ist von einer anderen Fassung oder nicht von uns.".to_owned()
        }
        "expired" => "Sie lag zu lange.".to_owned(),
        "maxlen" => "Die Warteschlange war voll.".to_owned(),
        other => format!("Grund des Nachrichtenbusses: {other}."),
    };
    let folge = match (&b.ablauf, b.offen) {
        (Some(_), true) => {
            "Der Auftrag wartet noch auf ein Ergebnis; nach seiner Frist geht er von selbst wieder hinaus."
        }
        (Some(_), false) => "Der Auftrag hängt nicht mehr an dieser Nachricht.",
        (None, _) => "Sie gehört zu keinem Auftrag.",
    };
    BriefZeile {
        id: b.id,
        titel: auftrag_name(b.queue.strip_prefix("job.").unwrap_or(&b.queue)),
        queue: b.queue,
        warum,
        folge,
        ablauf: b.ablauf.map(|a| format!("/ablaeufe/{a}")),
        inhalt: b.inhalt,
    }
}

/// Back into the queue, or away; both need a reason.
pub async fn handeln(ctx: Ctx, Path(wert): Path<String>, felder: Felder) -> Seite {
    let brief: Uuid = id(&wert)?;
    if !betrieb::begruendet(&felder) {
        return betrieb::zurueck(&ctx, &felder, betrieb::GRUND).await;
    }
    let akt = match felder.get("was") {
        "einreihen" => TotbriefAkt::Einreihen,
        "verwerfen" => TotbriefAkt::Verwerfen,
        _ => return betrieb::zurueck(&ctx, &felder, "Wählen Sie aus, was geschehen soll.").await,
    };
    ctx.app.betrieb.totbrief(&ctx.ich.actor, brief, akt, felder.get("grund").trim()).await?;
    Ok(Redirect::to(&format!("/betrieb?meldung=nachricht-{}", felder.get("was"))).into_response())
}
