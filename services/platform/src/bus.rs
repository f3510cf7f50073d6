// SPDX-License-Identifier: EUPL-1.2
//! The `Bus` port: carries jobs out and results back. It may lose everything: the database is the truth and sends
//! again. What it must do: report an unroutable message, hand each message to one consumer at a time, hand it out
//! again when the consumer dies before the acknowledgement, and park what was handed out too often.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

/// After this many deliveries without an acknowledgement a message is parked as a dead letter.
pub const DELIVERY_LIMIT: u32 = 5;

/// Ids and hashes, never documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: Uuid,
    pub body: Value,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BusError {
    #[error("no queue {0}")]
    Unroutable(String),
    #[error("bus is away: {0}")]
    Away(String),
}

#[async_trait]
pub trait Bus: Send + Sync {
    /// Makes a queue; again is harmless.
    async fn declare(&self, queue: &str) -> Result<(), BusError>;
    /// Returns when the bus has the message in a queue.
    async fn publish(&self, queue: &str, message: Message) -> Result<(), BusError>;
    /// At most `prefetch` deliveries are out and unacknowledged.
    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError>;
    /// Parked messages with their queue.
    async fn dead_letters(&self) -> Result<Vec<(String, Message)>, BusError>;
}

#[async_trait]
pub trait Consumer: Send {
    /// The next delivery; `None` means the bus is gone and the caller must consume again.
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

/// The embedded bus: queues in this process.
#[derive(Clone, Default)]
pub struct InProcessBus {
    queues: Arc<Mutex<HashMap<String, Arc<Queue>>>>,
    dead: Arc<Mutex<Vec<(String, Message)>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<(Message, u32)>>,
    arrived: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InProcessBus {
    fn queue(&self, name: &str) -> Option<Arc<Queue>> {
        lock(&self.queues).get(name).cloned()
    }

    /// Forgets every message, as a broker may; for tests.
    pub fn lose_everything(&self) {
        for queue in lock(&self.queues).values() {
            lock(&queue.waiting).clear();
        }
    }

    /// Messages waiting in a queue; a picture for the operators, never a ground for a decision.
    pub fn depth(&self, name: &str) -> usize {
        self.queue(name).map_or(0, |q| lock(&q.waiting).len())
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn declare(&self, queue: &str) -> Result<(), BusError> {
        lock(&self.queues).entry(queue.to_owned()).or_default();
        Ok(())
    }

    async fn publish(&self, queue: &str, message: Message) -> Result<(), BusError> {
        let queue = self.queue(queue).ok_or_else(|| BusError::Unroutable(queue.to_owned()))?;
        lock(&queue.waiting).push_back((message, 0));
        queue.arrived.notify_one();
        Ok(())
    }

    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError> {
        let found = self.queue(queue).ok_or_else(|| BusError::Unroutable(queue.to_owned()))?;
        Ok(Box::new(InProcessConsumer {
            name: queue.to_owned(),
            queue: found,
            dead: self.dead.clone(),
            free: Arc::new(tokio::sync::Semaphore::new(prefetch.max(1))),
        }))
    }

    async fn dead_letters(&self) -> Result<Vec<(String, Message)>, BusError> {
        Ok(lock(&self.dead).clone())
    }
}

struct InProcessConsumer {
    name: String,
    queue: Arc<Queue>,
    dead: Arc<Mutex<Vec<(String, Message)>>>,
    free: Arc<tokio::sync::Semaphore>,
}

impl InProcessConsumer {
    fn try_next(
        &self,
        permit: tokio::sync::OwnedSemaphorePermit,
    ) -> Result<Delivery, tokio::sync::OwnedSemaphorePermit> {
        let Some((message, seen)) = lock(&self.queue.waiting).pop_front() else { return Err(permit) };
        let (queue, dead, name, copy) = (self.queue.clone(), self.dead.clone(), self.name.clone(), message.clone());
        let settle = Box::new(move |ack: bool| {
            drop(permit);
            if ack {
                return;
            }
            if seen + 1 >= DELIVERY_LIMIT {
                lock(&dead).push((name, copy));
            } else {
                lock(&queue.waiting).push_front((copy, seen + 1));
                queue.arrived.notify_one();
            }
        });
        Ok(Delivery::new(message, seen > 0, settle))
    }
}

#[async_trait]
impl Consumer for InProcessConsumer {
    async fn next(&mut self) -> Option<Delivery> {
        let mut permit = self.free.clone().acquire_owned().await.ok()?;
        loop {
            let queue = self.queue.clone();
            let arrived = queue.arrived.notified();
            match self.try_next(permit) {
                Ok(delivery) => {
                    // One wake-up may stand for several messages: pass it on to the next consumer.
                    if !lock(&self.queue.waiting).is_empty() {
                        self.queue.arrived.notify_one();
                    }
                    return Some(delivery);
                }
                Err(back) => permit = back,
            }
            arrived.await;
        }
    }

    async fn more(&mut self, limit: usize) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while deliveries.len() < limit
            && let Ok(permit) = self.free.clone().try_acquire_owned()
            && let Ok(delivery) = self.try_next(permit)
        {
            deliveries.push(delivery);
        }
        deliveries
    }
}
