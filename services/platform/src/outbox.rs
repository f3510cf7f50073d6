// SPDX-License-Identifier: EUPL-1.2
//! Outbox and inbox: how core services speak where waiting is allowed.
//!
//! The sender writes a row in its own transaction. The relay publishes rows on the bus and again after a while,
//! because the bus may lose everything. The receiver calls [`take`] in the transaction of the effect: the inbox row
//! makes a repeat harmless, and the outbox row goes in the same commit. So a message counts exactly once.

use std::{sync::Arc, time::Duration};

use nachrichten::{MessageId, Timestamp};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    args,
    bus::{Bus, BusError, Message},
    db::{Db, DbError, Tx},
    statements,
    uhr::Clock,
};

statements! {
    PUSH = "INSERT INTO platform_outbox (id, queue, body, created) VALUES ($1, $2, $3, $4)";
    DUE = "SELECT seq, id, queue, body FROM platform_outbox WHERE sent IS NULL OR sent < $1 ORDER BY seq LIMIT 200";
    MARK = "UPDATE platform_outbox SET sent = $1 WHERE seq = $2";
    REMOVE = "DELETE FROM platform_outbox WHERE id = $1";
    INBOX = "INSERT INTO platform_inbox (id, consumer, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    ANSWER = "UPDATE platform_inbox SET answer = $1 WHERE consumer = $2 AND id = $3";
    ANSWERED = "SELECT answer FROM platform_inbox WHERE consumer = $1 AND id = $2";
    COUNT = "SELECT count(*), min(created) FROM platform_outbox";
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
pub async fn relay(
    db: Db,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    poke: Arc<Notify>,
    again_after: Duration,
    look: Duration,
) {
    loop {
        match drive(&db, bus.as_ref(), clock.now(), again_after).await {
            Ok(n) if n > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "outbox relay failed, will try again"),
        }
        let _ = tokio::time::timeout(look, poke.notified()).await;
    }
}

/// One round: publishes what is due; returns how many rows went out.
pub async fn drive(db: &Db, bus: &dyn Bus, now: Timestamp, again_after: Duration) -> Result<usize, DbError> {
    let before = now.plus_micros(-(again_after.as_micros() as i64));
    let due: Vec<(i64, MessageId, String, Value)> = db.all(&DUE, args![before]).await?;
    let mut sent = Vec::new();
    for (seq, id, queue, body) in due {
        match bus.publish(&queue, Message { id: id.0, body }).await {
            Ok(()) => sent.push(seq),
            // The others would fail too; the oldest goes first in the next round.
            Err(BusError::Away(cause)) => {
                tracing::warn!(cause, "bus is away, the outbox waits");
                break;
            }
            Err(error) => tracing::warn!(%error, queue, "cannot publish, the row stays in the outbox"),
        }
    }
    if !sent.is_empty() {
        let mut tx = db.begin().await?;
        for seq in &sent {
            tx.execute(&MARK, args![now, *seq]).await?;
        }
        tx.commit().await?;
    }
    Ok(sent.len())
}
