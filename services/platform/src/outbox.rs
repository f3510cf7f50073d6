// SPDX-License-Identifier: EUPL-1.2
//! Outbox and inbox: how core services speak where waiting is allowed.
//!
//! The sender writes a row in its own transaction. The relay publishes rows on the bus and again after a while,
//! because the bus may lose everything. The receiver calls [`take`] in the transaction of the effect: the inbox row
//! makes a repeat harmless, and the outbox row goes in the same commit. So a message counts exactly once.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use nachrichten::{MessageId, Timestamp};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    args,
    bus::{Bus, BusError, Message},
    db::{Db, DbError, Tx},
    statements,
    uhr::Clock,
    viele,
};

statements! {
    PUSH = "INSERT INTO platform_outbox (id, queue, body, created) VALUES ($1, $2, $3, $4)";
    DUE = "SELECT seq, id, queue, body FROM platform_outbox WHERE sent IS NULL OR sent < $1 ORDER BY seq LIMIT 200";
    REMOVE = "DELETE FROM platform_outbox WHERE id = $1";
    INBOX = "INSERT INTO platform_inbox (id, consumer, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    ANSWER = "UPDATE platform_inbox SET answer = $1 WHERE consumer = $2 AND id = $3";
    ANSWERED = "SELECT answer FROM platform_inbox WHERE consumer = $1 AND id = $2";
    COUNT = "SELECT count(*), min(created) FROM platform_outbox";
}

viele! {
    MARK: platform_outbox (seq int, sent int) = "UPDATE platform_outbox SET sent = r.sent FROM " + rows + " WHERE platform_outbox.seq = r.seq";
}

/// Puts a message into the outbox; it leaves with this transaction's commit.
pub async fn push(tx: &mut Tx, id: MessageId, queue: &str, body: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.execute(&PUSH, args![id, queue, body, now]).await?;
    Ok(())
}

/// Takes a message once: true when this transaction is the first that does.
pub async fn take(tx: &mut Tx, consumer: &str, id: MessageId, now: Timestamp) -> Result<bool, DbError> {
    let fresh = tx.execute(&INBOX, args![id, consumer, now]).await? == 1;
    tx.execute(&REMOVE, args![id]).await?;
    Ok(fresh)
}

/// Keeps the answer given to a message, for a repeat.
pub async fn answer(tx: &mut Tx, consumer: &str, id: MessageId, answer: &Value) -> Result<(), DbError> {
    tx.execute(&ANSWER, args![answer, consumer, id]).await?;
    Ok(())
}

/// The kept answer, if the message was taken before.
pub async fn answered(tx: &mut Tx, consumer: &str, id: MessageId) -> Result<Option<Value>, DbError> {
    let row: Option<(Option<Value>,)> = tx.optional(&ANSWERED, args![consumer, id]).await?;
    Ok(row.and_then(|(answer,)| answer))
}

/// Open rows and the oldest one's age.
pub async fn waiting(db: &Db) -> Result<(u64, Option<Timestamp>), DbError> {
    db.one(&COUNT, args![]).await
}

/// The relay: drives the outbox until the process stops. `poke` wakes it after a commit; without a poke it looks
/// every `look`. Rows published more than `again_after` ago go out again.
pub fn relay(
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    poke: Arc<Notify>,
    again_after: Duration,
    look: Duration,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            match drive(&db, bus.as_ref(), clock.now(), again_after).await {
                Ok(n) if n > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "outbox relay failed, will try again"),
            }
            let _ = tokio::time::timeout(look, poke.notified()).await;
        }
    })
}

/// One round: publishes what is due; returns how many rows went out.
pub async fn drive(db: &Db, bus: &dyn Bus, now: Timestamp, again_after: Duration) -> Result<usize, DbError> {
    let before = now.plus_micros(-(again_after.as_micros() as i64));
    let due: Vec<(i64, MessageId, String, Value)> = db.all(&DUE, args![before]).await?;
    // Side by side, begun in their order: each waits for its confirm, and the broker syncs many at once.
    let published = due.into_iter().map(|(seq, id, queue, body)| async move {
        let done = bus.publish(&queue, Message { id: id.0, body }).await;
        (seq, queue, done)
    });
    let (mut sent, mut away) = (Vec::new(), None);
    for (seq, queue, done) in join_all(published).await {
        match done {
            Ok(()) => sent.push(args![seq, now]),
            Err(BusError::Away(cause)) => away = Some(cause),
            Err(error) => tracing::warn!(%error, queue, "cannot publish, the row stays in the outbox"),
        }
    }
    if let Some(cause) = away {
        tracing::warn!(cause, "bus is away, the outbox waits");
    }
    let count = sent.len();
    if count > 0 {
        let mut tx = db.begin().await?;
        for row in sent {
            tx.later(&MARK, row).await?;
        }
        tx.commit().await?;
    }
    Ok(count)
}
