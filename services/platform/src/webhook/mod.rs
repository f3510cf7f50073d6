// SPDX-License-Identifier: EUPL-1.2
//! Webhooks by Standard Webhooks 1.0.0: who gets events by HTTP, and what each still has to get.
//!
//! Each webhook has a queue of its own in the database ([`Post`]) and gets it strictly in order, one event after the
//! other; a repeat has the same `webhook-id`. A receiver that does not answer 2xx holds up its own queue and nobody
//! else's: the event at its head is tried again after [`PAUSEN`]; after the last of them the webhook is `gestoert`, its
//! queue stays, and the operators' page shows it with a button to try again and one to leave the event out. So one event
//! that a receiver cannot bear stops those behind it; the price of order, and visible from the first failure.
//!
//! A receiver that answers 410, or whose queue grew longer than `[webhook] rueckstau`, is switched off and its queue
//! thrown away: it asks the API for what it missed.
//!
//! | file | what |
//! |---|---|
//! | `ziel` | where webhooks may go: HTTPS, an allow list, no address of this machine |
//! | `geheimnis` | secrets as files, signatures |
//! | `bote` | one POST, with limits |
//! | `versand` | the queues |
//! | `verwaltung` | what operators do |

pub mod bote;
pub mod geheimnis;
pub mod versand;
mod verwaltung;
pub mod ziel;

use std::path::PathBuf;

use nachrichten::Timestamp;
use uuid::Uuid;

use crate::{
    args,
    config::WebhookSettings,
    db::{Db, DbError, Tx},
    from_row, statements, viele,
};

pub(crate) use bote::authorities;
pub use verwaltung::Webhooks;

/// Seconds from a failed try to the next (Standard Webhooks 1.0.0, "Deliverability and reliability"): 75 hours in all.
/// Up to a tenth more, so that webhooks that failed together do not come back together.
pub const PAUSEN: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

statements! {
    GEWOLLT = "SELECT count(*) FROM platform_webhook WHERE stand <> 'abgeschaltet'";
    HOERER = "SELECT id, typen FROM platform_webhook WHERE stand <> 'abgeschaltet' ORDER BY id";
    LISTE = "SELECT w.id, w.name, w.url, w.typen, w.stand, w.versuche, w.naechster, w.fehler, w.fehler_seit, w.zugestellt, w.letzter_erfolg, w.angelegt, (SELECT count(*) FROM platform_webhook_post p WHERE p.hook = w.id) FROM platform_webhook w ORDER BY w.name";
    NACH_NAME = "SELECT id, url FROM platform_webhook WHERE name = $1";
    STAND = "SELECT stand FROM platform_webhook WHERE id = $1";
    ANLEGEN = "INSERT INTO platform_webhook (id, name, url, typen, stand, angelegt, angelegt_von) VALUES ($1, $2, $3, $4, 'aktiv', $5, $6)";
    ENTFERNEN = "DELETE FROM platform_webhook WHERE id = $1";
    LEEREN = "DELETE FROM platform_webhook_post WHERE hook = $1";
    ERNEUT = "UPDATE platform_webhook SET stand = 'aktiv', versuche = 0, naechster = $2 WHERE id = $1";
    FAELLIG = "SELECT w.id, w.url, w.versuche, w.naechster FROM platform_webhook w WHERE w.stand = 'aktiv' AND w.naechster <= $1 AND EXISTS (SELECT 1 FROM platform_webhook_post p WHERE p.hook = w.id) ORDER BY w.naechster LIMIT 50";
    BELEGEN = "UPDATE platform_webhook SET naechster = $3 WHERE id = $1 AND naechster = $2 AND stand = 'aktiv'";
    FREI = "UPDATE platform_webhook SET naechster = $3 WHERE id = $1 AND naechster = $2";
    ERSTER = "SELECT seq, id, typ, koerper FROM platform_webhook_post WHERE hook = $1 ORDER BY seq LIMIT 1";
    ERLEDIGT = "DELETE FROM platform_webhook_post WHERE hook = $1 AND seq = $2";
    ERFOLG = "UPDATE platform_webhook SET versuche = 0, fehler = NULL, fehler_seit = NULL, letzter_erfolg = $2, zugestellt = zugestellt + 1, naechster = $4 WHERE id = $1 AND naechster = $3";
    FEHLER = "UPDATE platform_webhook SET versuche = $2, naechster = $3, fehler = $4, fehler_seit = coalesce(fehler_seit, $5), stand = $6 WHERE id = $1 AND naechster = $7 AND stand = 'aktiv'";
    ABSCHALTEN = "UPDATE platform_webhook SET stand = 'abgeschaltet', fehler = $2, fehler_seit = coalesce(fehler_seit, $3) WHERE id = $1";
    RUECKSTAU = "SELECT count(*) FROM platform_webhook_post WHERE hook = $1";
    ZAHLEN = "SELECT (SELECT count(*) FROM platform_webhook_post), (SELECT count(*) FROM platform_webhook WHERE stand = 'gestoert')";
}

viele! {
    POST: platform_webhook_post (hook uuid, seq int, id uuid, typ text, koerper text) = "";
}

/// How a webhook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Aktiv,
    /// Tried in vain until [`PAUSEN`] were used up: an operator decides. Its queue waits.
    Gestoert,
    /// Gets nothing any more.
    Abgeschaltet,
}

impl Stand {
    pub fn wort(self) -> &'static str {
        match self {
            Self::Aktiv => "aktiv",
            Self::Gestoert => "gestoert",
            Self::Abgeschaltet => "abgeschaltet",
        }
    }

    fn of(wort: &str) -> Self {
        match wort {
            "aktiv" => Self::Aktiv,
            "gestoert" => Self::Gestoert,
            _ => Self::Abgeschaltet,
        }
    }
}

/// A webhook as operators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    pub id: Uuid,
    pub name: String,
    pub url: String,
    /// Types wanted.
    pub typen: Vec<String>,
    pub stand: Stand,
    /// Failed tries of the event that is next.
    pub versuche: u32,
    /// The next try, when there was a failure.
    pub naechster: Option<Timestamp>,
    /// German sentence.
    pub fehler: Option<String>,
    pub fehler_seit: Option<Timestamp>,
    pub zugestellt: u64,
    pub letzter_erfolg: Option<Timestamp>,
    pub angelegt: Timestamp,
    /// Events in its queue.
    pub wartend: u64,
}

struct Zeile {
    id: Uuid,
    name: String,
    url: String,
    typen: String,
    stand: String,
    versuche: u32,
    naechster: Timestamp,
    fehler: Option<String>,
    fehler_seit: Option<Timestamp>,
    zugestellt: u64,
    letzter_erfolg: Option<Timestamp>,
    angelegt: Timestamp,
    wartend: u64,
}
from_row!(Zeile {
    id,
    name,
    url,
    typen,
    stand,
    versuche,
    naechster,
    fehler,
    fehler_seit,
    zugestellt,
    letzter_erfolg,
    angelegt,
    wartend
});

impl From<Zeile> for Webhook {
    fn from(z: Zeile) -> Self {
        let stand = Stand::of(&z.stand);
        Self {
            id: z.id,
            name: z.name,
            url: z.url,
            typen: z.typen.split(' ').map(str::to_owned).collect(),
            naechster: Some(z.naechster).filter(|_| z.versuche > 0 && stand == Stand::Aktiv),
            stand,
            versuche: z.versuche,
            fehler: z.fehler,
            fehler_seit: z.fehler_seit,
            zugestellt: z.zugestellt,
            letzter_erfolg: z.letzter_erfolg,
            angelegt: z.angelegt,
            wartend: z.wartend,
        }
    }
}

/// An event in the queue of a webhook.
#[derive(Clone, Debug)]
pub struct Post {
    pub seq: i64,
    pub id: Uuid,
    pub typ: String,
    /// The CloudEvent, the same bytes at each try.
    pub body: String,
}
from_row!(Post { seq, id, typ, body });

/// Does one of these patterns stand for the type?
pub(crate) fn passt<'a>(mut typen: impl Iterator<Item = &'a str>, typ: &str) -> bool {
    typen.any(|t| t.strip_suffix('*').map_or(t == typ, |begin| typ.starts_with(begin)))
}

/// Does any webhook want events?
pub async fn gewollt(db: &Db) -> Result<bool, DbError> {
    let (n,): (i64,) = db.one(&GEWOLLT, args![]).await?;
    Ok(n > 0)
}

/// Puts events into the queue of everybody who wants them; returns how many rows that are.
pub(crate) async fn verteilen(tx: &mut Tx, posts: Vec<Post>) -> Result<usize, DbError> {
    let hooks: Vec<(Uuid, String)> = tx.all(&HOERER, args![]).await?;
    let mut added = 0;
    for post in &posts {
        for (hook, _) in hooks.iter().filter(|(_, typen)| passt(typen.split(' '), &post.typ)) {
            tx.later(&POST, args![*hook, post.seq, post.id, post.typ.as_str(), post.body.as_str()]).await?;
            added += 1;
        }
    }
    Ok(added)
}

/// Events in the queues, and webhooks that gave up; for metrics.
pub async fn zahlen(db: &Db) -> Result<(u64, u64), DbError> {
    db.one(&ZAHLEN, args![]).await
}

/// Secrets and messenger of these settings; a relative folder lies in the data directory.
///
/// # Errors
/// German sentence: a file of authorities that cannot be read.
pub fn aus(settings: &WebhookSettings, data: &std::path::Path) -> Result<(geheimnis::Geheimnisse, bote::Bote), String> {
    let folder: PathBuf = data.join(&settings.geheimnisse);
    Ok((geheimnis::Geheimnisse::in_folder(folder), bote::Bote::new(settings)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_with_a_star_stands_for_what_begins_so() {
        let fits = |typen: &str, typ: &str| passt(typen.split(' '), typ);
        assert!(fits("*", "de.eakte.akte.angelegt.v1"));
        assert!(fits("de.eakte.akte.angelegt.v1", "de.eakte.akte.angelegt.v1"));
        assert!(!fits("de.eakte.akte.angelegt.v1", "de.eakte.akte.angelegt.v10"));
        assert!(fits("de.x de.eakte.rechnung.*", "de.eakte.rechnung.bezahlt.v1"));
        assert!(!fits("de.eakte.rechnung.*", "de.eakte.rechnungen.v1"));
    }

    #[test]
    fn the_pauses_are_those_of_the_standard() {
        assert_eq!(PAUSEN.iter().sum::<i64>(), 75 * 3600 + 35 * 60 + 5);
    }
}
