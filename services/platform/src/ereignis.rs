// SPDX-License-Identifier: EUPL-1.2
//! Domain events for others, from the effect to those who listen. The catalogue is [`nachrichten::ereignisse`].
//!
//! [`melden`] writes one row in the transaction of the effect, gathered with its other writes: a batch of a hundred
//! steps costs one statement more, however many events it makes. So there is no event without its effect and no effect
//! without its event. [`Weitergabe`] hands the rows on in their order: to the broker's exchange, where the settings ask
//! for it (`[ereignisse] an`), and into the queue of each webhook; in the same transaction the row goes.
//!
//! **Nobody listens, nothing is written:** events are on exactly while `[ereignisse] an` is true or a webhook exists
//! that is not switched off. [`schalten`] looks, at the start and every two seconds ([`folgen`]), so a new webhook hears
//! what happens from two seconds after it was added.
//!
//! A table of its own and not the outbox: commands must not wait behind events that a broken exchange holds up, and an
//! outbox that is not empty means something else to operators than events nobody has fetched.
//!
//! Order: rows of one subject are written under the lock of what they are about (the instance, the Akte), so their `seq`
//! grows in the order of the commits, on PostgreSQL too. Between subjects there is no promise.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use nachrichten::{
    Timestamp,
    ereignisse::{CloudEvent, Ereignis, api},
};
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    args,
    bus::{Bus, Event},
    db::{Args, Db, DbError, Tx},
    from_row, statements,
    uhr::Ids,
    viele, webhook,
};

statements! {
    FAELLIG = "SELECT seq, id, typ, subjekt, daten, zeit FROM platform_ereignis ORDER BY seq LIMIT 200";
    WARTEN = "SELECT count(*), min(zeit) FROM platform_ereignis";
}

viele! {
    MELDEN: platform_ereignis (id uuid, typ text, subjekt text, daten text, zeit int) = "";
    // Whoever deletes a row hands it on.
    NEHMEN: platform_ereignis (seq int) = "DELETE FROM platform_ereignis WHERE seq IN (SELECT r.seq FROM " + rows + ") RETURNING seq";
}

/// Does anybody listen? For what costs something to find out.
pub fn gehoert(tx: &Tx) -> bool {
    tx.ereignisse
}

/// Writes an event; it leaves with this transaction's commit. Nothing, when nobody listens.
pub async fn melden(
    tx: &mut Tx,
    ids: &dyn Ids,
    ereignis: impl FnOnce() -> Ereignis,
    now: Timestamp,
) -> Result<(), DbError> {
    if !gehoert(tx) {
        return Ok(());
    }
    let ereignis = ereignis();
    let daten = ereignis.daten().map_err(|e| DbError::Decode(e.to_string()))?;
    tx.later(&MELDEN, args![ids.uuid(), ereignis.typ(), ereignis.subjekt(), daten, now]).await
}

/// Events are on while `immer` or while a webhook wants them; returns whether they are.
pub async fn schalten(db: &Db, immer: bool) -> Result<bool, DbError> {
    let an = immer || webhook::gewollt(db).await?;
    if db.schalter().swap(an, Ordering::Relaxed) != an {
        tracing::info!(an, "events for others");
    }
    Ok(an)
}

/// Keeps [`schalten`] up to date until the process stops; every core process does.
pub async fn folgen(db: Db, immer: bool) {
    loop {
        if let Err(error) = schalten(&db, immer).await {
            tracing::warn!(%error, "cannot see whether somebody listens to events");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Events that wait and the oldest one's time.
pub async fn warten(db: &Db) -> Result<(u64, Option<Timestamp>), DbError> {
    db.one(&WARTEN, args![]).await
}

struct Zeile {
    seq: i64,
    id: Uuid,
    typ: String,
    subjekt: String,
    daten: String,
    zeit: Timestamp,
}
from_row!(Zeile { seq, id, typ, subjekt, daten, zeit });

/// Whose events these are.
#[derive(Clone, Debug)]
pub struct Absender {
    /// The Mandant.
    pub mandant: String,
    /// Address of the portal, without a slash at the end; empty: events have no link.
    pub adresse: String,
}

impl Absender {
    /// The CloudEvent as it is sent, the same bytes each time.
    ///
    /// # Errors
    /// `daten` is no JSON.
    pub fn umschlag(
        &self,
        (id, seq): (Uuid, i64),
        typ: &str,
        subjekt: &str,
        daten: &str,
        zeit: Timestamp,
    ) -> Result<String, serde_json::Error> {
        let link = api(subjekt).filter(|_| !self.adresse.is_empty()).map(|path| format!("{}{path}", self.adresse));
        serde_json::to_string(&CloudEvent {
            specversion: "1.0".to_owned(),
            id,
            source: format!("urn:eakte:{}", self.mandant),
            typ: typ.to_owned(),
            subject: subjekt.to_owned(),
            time: zeit,
            datacontenttype: "application/json".to_owned(),
            sequence: format!("{seq:020}"),
            link,
            data: serde_json::from_str::<Value>(daten)?,
        })
    }
}

/// Hands events on.
pub struct Weitergabe {
    pub db: Db,
    /// Where the exchange is, if events go there.
    pub bus: Option<Arc<dyn Bus>>,
    pub absender: Absender,
    /// Woken when a webhook has something to send.
    pub post: Arc<Notify>,
}

impl Weitergabe {
    /// Until the process stops.
    pub async fn run(self) {
        loop {
            match self.runde().await {
                Ok(n) if n > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "cannot hand events on, will try again"),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// One round: hands on what waits, in order; returns how many.
    pub async fn runde(&self) -> Result<usize, DbError> {
        let waiting: Vec<Zeile> = self.db.all(&FAELLIG, args![]).await?;
        let mut gone: Vec<(Zeile, String)> = Vec::new();
        for row in waiting {
            let body = self
                .absender
                .umschlag((row.id, row.seq), &row.typ, &row.subjekt, &row.daten, row.zeit)
                .map_err(|e| DbError::Decode(e.to_string()))?;
            if let Some(bus) = &self.bus {
                let event = Event { id: row.id, typ: row.typ.clone(), body: body.clone() };
                // Those behind it must not overtake it: the oldest goes first in the next round.
                if let Err(error) = bus.emit(event).await {
                    tracing::warn!(%error, "events wait for their exchange");
                    break;
                }
            }
            gone.push((row, body));
        }
        if gone.is_empty() {
            return Ok(0);
        }
        crate::failpoint("ereignis::weitergabe::before");
        let mut tx = self.db.begin().await?;
        let rows: Vec<Args> = gone.iter().map(|(row, _)| args![row.seq]).collect();
        let taken: Vec<(i64,)> = tx.all_of(&NEHMEN, rows).await?;
        // Another process may have been faster.
        gone.retain(|(row, _)| taken.contains(&(row.seq,)));
        let posts = gone.into_iter().map(|(row, body)| webhook::Post { seq: row.seq, id: row.id, typ: row.typ, body });
        let added = webhook::verteilen(&mut tx, posts.collect()).await?;
        tx.commit().await?;
        if added > 0 {
            self.post.notify_one();
        }
        Ok(taken.len())
    }
}
