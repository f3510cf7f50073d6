// SPDX-License-Identifier: EUPL-1.2
//! Consuming: both lanes of a queue on one channel, urgent first.
//!
//! The broker sends up to `prefetch` messages of each lane ahead; how many are in hand at once is counted here, over
//! both lanes. The channel lives until the last delivery is settled. Any fault of it ends the consumer: the caller
//! declares and consumes again, and what was in hand comes to somebody again. A consumer with everything in hand that
//! it may have hears of the fault when the first of it is settled: it must not get the same again beside it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel,
    message::Delivery as Raw,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, BasicRejectOptions,
    },
    types::FieldTable,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use uuid::Uuid;

use super::{
    lane_queue,
    link::{Link, NOT_FOUND, Refused, code, until},
};
use crate::bus::{BusError, Consumer, Delivery, Lane, Message, gate::Gate};

pub(super) struct RabbitConsumer {
    queue: String,
    channel: Channel,
    urgent: lapin::Consumer,
    normal: lapin::Consumer,
    free: Arc<Semaphore>,
    gate: Gate,
    /// The connection's end.
    over: watch::Receiver<bool>,
    /// Acknowledgements are sent by tasks of the runtime that consumes, whoever drops the delivery.
    runtime: Handle,
}

/// Starts to consume.
pub(super) async fn open(link: &Link, queue: &str, prefetch: usize, gate: Gate) -> Result<RabbitConsumer, BusError> {
    let prefetch = prefetch.clamp(1, u16::MAX.into());
    let opening = link.call("basic.consume", async {
        let channel = link.connection.create_channel().await?;
        channel.basic_qos(prefetch as u16, BasicQosOptions::default()).await?;
        let from = async |lane: Lane| {
            let (name, options) = (lane_queue(queue, lane), BasicConsumeOptions::default());
            channel.basic_consume(name.into(), "".into(), options, FieldTable::default()).await
        };
        let urgent = from(Lane::Urgent).await?;
        let normal = from(Lane::Normal).await?;
        Ok((channel, urgent, normal))
    });
    let (channel, urgent, normal) = match opening.await {
        Ok(open) => open,
        Err(Refused::Error(error)) if code(&error) == Some(NOT_FOUND) => {
            return Err(BusError::Unroutable(queue.to_owned()));
        }
        Err(refused) => return Err(refused.into()),
    };
    Ok(RabbitConsumer {
        queue: queue.to_owned(),
        channel,
        urgent,
        normal,
        free: Arc::new(Semaphore::new(prefetch)),
        gate,
        over: link.over(),
        runtime: Handle::current(),
    })
}

/// The message of a delivery, or why it is none of ours.
pub(super) fn read(raw: &Raw) -> Result<Message, String> {
    let id = raw.properties.message_id().as_ref().and_then(|id| Uuid::parse_str(id.as_str()).ok());
    let id = id.ok_or("no message id")?;
    let body = serde_json::from_slice(&raw.data).map_err(|e| format!("not JSON: {e}"))?;
    Ok(Message { id, body })
}

impl RabbitConsumer {
    /// A message that nobody can read is parked at once.
    fn delivery(&self, raw: Raw, permit: OwnedSemaphorePermit) -> Option<Delivery> {
        let message = match read(&raw) {
            Ok(message) => message,
            Err(cause) => {
                tracing::error!(queue = self.queue, cause, "message is not one of ours, parked as a dead letter");
                self.runtime.spawn(async move {
                    let _ = raw.acker.reject(BasicRejectOptions { requeue: false }).await;
                });
                return None;
            }
        };
        let (channel, runtime, in_hand) = (self.channel.clone(), self.runtime.clone(), self.gate.hand_out());
        let over = self.over.clone();
        let (queue, id, redelivered) = (self.queue.clone(), message.id, raw.redelivered);
        let settle = Box::new(move |ack: bool| {
            runtime.spawn(async move {
                let settle = async {
                    match ack {
                        true => raw.acker.ack(BasicAckOptions::default()).await,
                        false => raw.acker.nack(BasicNackOptions { multiple: false, requeue: true }).await,
                    }
                };
                // What is under way when the connection ends may never be answered.
                let settled = tokio::select! {
                    biased;
                    settled = settle => matches!(settled, Ok(true)),
                    () = until(over) => false,
                };
                if !settled {
                    tracing::debug!(queue, message.id = %id, "the channel is gone, the message comes again");
                }
                drop((permit, in_hand, channel));
            });
        });
        Some(Delivery::new(message, redelivered, settle))
    }

    async fn wait_for_next(&mut self) -> Option<Delivery> {
        loop {
            let permit = self.free.clone().acquire_owned().await.ok()?;
            let raw = tokio::select! {
                biased;
                raw = self.urgent.next() => raw,
                raw = self.normal.next() => raw,
            };
            match raw {
                Some(Ok(raw)) => {
                    if let Some(delivery) = self.delivery(raw, permit) {
                        return Some(delivery);
                    }
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, queue = self.queue, "consumer ended");
                    return None;
                }
                None => {
                    tracing::warn!(queue = self.queue, "consumer ended: its queue is gone");
                    return None;
                }
            }
        }
    }

    /// What the broker sent already.
    fn there(&mut self) -> Option<Raw> {
        let raw = self.urgent.next().now_or_never().or_else(|| self.normal.next().now_or_never());
        raw.flatten().and_then(Result::ok)
    }
}

#[async_trait]
impl Consumer for RabbitConsumer {
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
            && let Some(raw) = self.there()
        {
            deliveries.extend(self.delivery(raw, permit));
        }
        deliveries
    }
}

/// How long a consumer that leaves may take to give back what was sent ahead.
const LEAVE: Duration = Duration::from_secs(10);

impl Drop for RabbitConsumer {
    /// What was sent ahead goes back at once, even while deliveries in hand keep the channel open.
    fn drop(&mut self) {
        let (channel, lanes) = (self.channel.clone(), [self.urgent.clone(), self.normal.clone()]);
        let leave = async move {
            for mut lane in lanes {
                // After the answer to the cancel the stream ends behind the last delivery.
                channel.basic_cancel(lane.tag(), BasicCancelOptions::default()).await?;
                while let Some(raw) = lane.next().await {
                    raw?.acker.nack(BasicNackOptions { multiple: false, requeue: true }).await?;
                }
            }
            Ok::<_, lapin::Error>(())
        };
        // An error means that the channel is gone, and everything with it.
        self.runtime.spawn(async move { tokio::time::timeout(LEAVE, leave).await });
    }
}
