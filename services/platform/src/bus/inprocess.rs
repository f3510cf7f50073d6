// SPDX-License-Identifier: EUPL-1.2
//! The embedded bus: queues in this process. A restart loses everything, as the port allows.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{
    Bus, BusError, Consumer, DEAD_LETTERS, DELIVERY_LIMIT, DeadLetter, Delivery, Event, Health, Lane, Message, State,
    gate::Gate,
};

#[derive(Clone, Default)]
pub struct InProcessBus {
    queues: Arc<Mutex<HashMap<String, Arc<Queue>>>>,
    dead: Arc<Mutex<Vec<DeadLetter>>>,
    gate: Gate,
}

/// A message and how often it came back.
type Waiting = (Message, u32);

#[derive(Default)]
struct Queue {
    lanes: Mutex<Lanes>,
    arrived: Notify,
}

#[derive(Default)]
struct Lanes {
    urgent: VecDeque<Waiting>,
    normal: VecDeque<Waiting>,
}

impl Lanes {
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Waiting> {
        match lane {
            Lane::Urgent => &mut self.urgent,
            Lane::Normal => &mut self.normal,
        }
    }

    fn pop(&mut self) -> Option<(Lane, Waiting)> {
        let urgent = self.urgent.pop_front().map(|w| (Lane::Urgent, w));
        urgent.or_else(|| self.normal.pop_front().map(|w| (Lane::Normal, w)))
    }

    fn len(&self) -> usize {
        self.urgent.len() + self.normal.len()
    }
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
            *lock(&queue.lanes) = Lanes::default();
        }
    }

    /// Messages waiting in a queue; a picture for the operators, never a ground for a decision.
    pub fn depth(&self, name: &str) -> usize {
        self.queue(name).map_or(0, |q| lock(&q.lanes).len())
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn declare(&self, queue: &str) -> Result<(), BusError> {
        lock(&self.queues).entry(queue.to_owned()).or_default();
        Ok(())
    }

    async fn publish_in(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError> {
        let queue = self.queue(queue).ok_or_else(|| BusError::Unroutable(queue.to_owned()))?;
        lock(&queue.lanes).lane(lane).push_back((message, 0));
        queue.arrived.notify_one();
        Ok(())
    }

    /// Nobody from outside can listen in this process: they have webhooks.
    async fn emit(&self, _: Event) -> Result<(), BusError> {
        Ok(())
    }

    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError> {
        let found = self.queue(queue).ok_or_else(|| BusError::Unroutable(queue.to_owned()))?;
        Ok(Box::new(InProcessConsumer {
            name: queue.to_owned(),
            queue: found,
            dead: self.dead.clone(),
            gate: self.gate.clone(),
            free: Arc::new(Semaphore::new(prefetch.max(1))),
        }))
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, BusError> {
        Ok(lock(&self.dead).iter().take(DEAD_LETTERS).cloned().collect())
    }

    async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, BusError> {
        let mut dead = lock(&self.dead);
        let found = dead.iter().position(|letter| letter.message.id == id);
        Ok(found.map(|at| dead.remove(at)).is_some())
    }

    fn health(&self) -> Health {
        Health { state: State::Connected, alarms: Vec::new() }
    }

    async fn drain(&self, limit: Duration) -> bool {
        self.gate.drain(limit).await
    }
}

struct InProcessConsumer {
    name: String,
    queue: Arc<Queue>,
    dead: Arc<Mutex<Vec<DeadLetter>>>,
    gate: Gate,
    free: Arc<Semaphore>,
}

impl InProcessConsumer {
    fn try_next(&self, permit: OwnedSemaphorePermit) -> Result<Delivery, OwnedSemaphorePermit> {
        let Some((lane, (message, returned))) = lock(&self.queue.lanes).pop() else { return Err(permit) };
        let (queue, dead, name, copy) = (self.queue.clone(), self.dead.clone(), self.name.clone(), message.clone());
        let in_hand = self.gate.hand_out();
        let settle = Box::new(move |ack: bool| {
            drop(permit);
            if !ack && returned >= DELIVERY_LIMIT {
                lock(&dead).push(DeadLetter { queue: name, reason: "delivery_limit".to_owned(), message: copy });
            } else if !ack {
                lock(&queue.lanes).lane(lane).push_front((copy, returned + 1));
                queue.arrived.notify_one();
            }
            drop(in_hand);
        });
        Ok(Delivery::new(message, returned > 0, settle))
    }

    async fn wait_for_next(&mut self) -> Option<Delivery> {
        let mut permit = self.free.clone().acquire_owned().await.ok()?;
        loop {
            let queue = self.queue.clone();
            let arrived = queue.arrived.notified();
            match self.try_next(permit) {
                Ok(delivery) => {
                    // One wake-up may stand for several messages: pass it on to the next consumer.
                    if lock(&self.queue.lanes).len() > 0 {
                        self.queue.arrived.notify_one();
                    }
                    return Some(delivery);
                }
                Err(back) => permit = back,
            }
            arrived.await;
        }
    }
}

#[async_trait]
impl Consumer for InProcessConsumer {
    async fn next(&mut self) -> Option<Delivery> {
        let gate = self.gate.clone();
        tokio::select! {
            biased;
            () = gate.closed() => std::future::pending().await,
            delivery = self.wait_for_next() => delivery,
        }
    }

    async fn more(&mut self, limit: usize) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while deliveries.len() < limit
            && !self.gate.is_closed()
            && let Ok(permit) = self.free.clone().try_acquire_owned()
            && let Ok(delivery) = self.try_next(permit)
        {
            deliveries.push(delivery);
        }
        deliveries
    }
}
