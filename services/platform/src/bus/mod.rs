// SPDX-License-Identifier: EUPL-1.2
//! The `Bus` port: carries jobs out and results back. It may lose everything: the database is the truth and sends
//! again. What it must do: report an unroutable message, hand each message to one consumer at a time, hand it out
//! again when the consumer dies before the acknowledgement, park what was handed out too often, and let urgent
//! messages overtake those that wait.
//!
//! Two backends: [`InProcessBus`] in this process, [`RabbitBus`] on a broker. One suite of the test kit runs on both.

mod gate;
mod inprocess;
pub mod rabbit;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

pub use inprocess::InProcessBus;
pub use rabbit::RabbitBus;

/// A message that came back without an acknowledgement is handed out again at most this often; then it is parked as a
/// dead letter. Counts crashing workers, not failures of the work: those stand in the database.
pub const DELIVERY_LIMIT: u32 = 5;

/// Ids and hashes, never documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: Uuid,
    pub body: Value,
}

/// A domain event for others, as it is told to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The same at each repeat.
    pub id: Uuid,
    /// By which listeners choose: a path of words with dots, e.g. `de.eakte.rechnung.bezahlt.v1`.
    pub typ: String,
    /// A CloudEvent in JSON.
    pub body: String,
}

/// Which of a queue's two lanes a message takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    #[default]
    Normal,
    /// Overtakes every message of the normal lane that no consumer holds yet.
    Urgent,
}

/// A parked message.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// The queue it was in.
    pub queue: String,
    /// Why it was parked, in the bus's own word: `delivery_limit` (handed out too often), `rejected` (nobody can read
    /// it), `expired`, `maxlen`.
    pub reason: String,
    pub message: Message,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BusError {
    /// No queue takes the message. The sender keeps it and says so.
    #[error("no queue {0}")]
    Unroutable(String),
    /// Not done, or nobody knows: publish again with the same id.
    #[error("bus is away: {0}")]
    Away(String),
    /// The queue is there, but not as it must be: nothing is given to it before an operator has looked.
    #[error("queue {queue} is not as it must be: {detail}")]
    Unfit { queue: String, detail: String },
}

/// How the bus is; for readiness, operators and alerts, never a ground for a decision about a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub state: State,
    /// What an operator must do, in German, one sentence or two each; empty when all is well.
    pub alarms: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Connected,
    /// No connection, or not a whole one. The bus goes on trying; nobody has to restart anything.
    Degraded {
        since: Instant,
        cause: String,
    },
    /// The broker takes no messages for now: its memory or disk is short.
    Blocked {
        since: Instant,
        reason: String,
    },
}

#[async_trait]
pub trait Bus: Send + Sync {
    /// Makes a queue, or waits for its owner to make it; again is harmless.
    async fn declare(&self, queue: &str) -> Result<(), BusError>;
    /// Returns when the bus has the message in a queue. Never waits for ever.
    async fn publish(&self, queue: &str, message: Message) -> Result<(), BusError> {
        self.publish_in(queue, Lane::Normal, message).await
    }
    /// The same, in a lane.
    async fn publish_in(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError>;
    /// Tells an event to whoever listens, from outside this software; nobody listening is no fault. Returns when the bus
    /// has taken it over. A repeat with the same id is harmless to listeners that keep to the catalogue.
    async fn emit(&self, event: Event) -> Result<(), BusError>;
    /// Both lanes of a queue, urgent first. At most `prefetch` deliveries are out and unacknowledged.
    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError>;
    /// Parked messages, oldest first, at most [`DEAD_LETTERS`].
    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, BusError>;
    /// Forgets a parked message, when an operator has dealt with it; false when it is not there.
    async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, BusError>;
    fn health(&self) -> Health;
    /// Rises each time the bus had to make anew what should have been there: whatever was in it is lost, and the
    /// database should send everything open again.
    fn losses(&self) -> u64 {
        0
    }
    /// Rises with each new connection. What was in hand before it may be lost or come twice, and an outage may be over
    /// before anybody looked at [`Self::health`].
    fn connects(&self) -> u64 {
        0
    }
    /// For a stop: no further deliveries; returns true when all that were in hand are settled, false after `limit`.
    /// Publishing still works, so that what is in hand can answer. The bus is of no other use afterwards.
    async fn drain(&self, limit: Duration) -> bool;
}

/// How many dead letters are read at once.
pub const DEAD_LETTERS: usize = 1000;

#[async_trait]
pub trait Consumer: Send {
    /// The next delivery; `None` means the bus is gone and the caller must declare and consume again. While the bus
    /// drains it waits for ever.
    async fn next(&mut self) -> Option<Delivery>;
    /// Further deliveries that are there already, at most `limit`, for work in one commit.
    async fn more(&mut self, limit: usize) -> Vec<Delivery>;
}

/// A message in hand; dropped without [`Delivery::ack`] it goes back to its queue.
pub struct Delivery {
    pub message: Message,
    pub redelivered: bool,
    settle: Option<Box<dyn FnOnce(bool) + Send + Sync>>,
}

impl Delivery {
    /// `settle(true)` acknowledges, `settle(false)` gives back.
    pub fn new(message: Message, redelivered: bool, settle: Box<dyn FnOnce(bool) + Send + Sync>) -> Self {
        Self { message, redelivered, settle: Some(settle) }
    }

    /// The work is safe; the bus may forget the message.
    pub fn ack(mut self) {
        if let Some(settle) = self.settle.take() {
            settle(true);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle(false);
        }
    }
}
