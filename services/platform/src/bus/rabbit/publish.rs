// SPDX-License-Identifier: EUPL-1.2
//! Publishing: `mandatory`, confirmed, one message under way per channel. Events for others are not `mandatory`: it is
//! their business whether anybody listens.
//!
//! One at a time, because lapin gives a returned message to whichever confirm comes next: with two under way on a
//! channel an unroutable message could be taken for a routed one, and be lost. Channels are kept for the next message
//! as long as they are whole.

use std::sync::{Mutex, PoisonError};

use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use nachrichten::ereignisse::MEDIENTYP;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    Inner, lane_queue,
    link::{Link, NOT_FOUND, Refused, code},
    topology::{EVENTS, EXCHANGE},
};
use crate::bus::{BusError, Event, Lane, Message};

/// Messages under way at once, each on a channel of its own.
pub(super) const AT_ONCE: usize = 32;

const JSON: &str = "application/json";
const PERSISTENT: u8 = 2;

/// Channels in confirm mode on which nothing is under way.
pub(super) struct Channels {
    idle: Mutex<Vec<Channel>>,
    free: Semaphore,
}

impl Channels {
    pub fn new(free: Semaphore) -> Self {
        Self { idle: Mutex::default(), free }
    }

    fn take(&self) -> Option<Channel> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(channel) = idle.pop() {
            if channel.status().connected() {
                return Some(channel);
            }
        }
        None
    }

    fn keep(&self, channel: Channel) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }
}

impl Inner {
    pub(super) async fn publish(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError> {
        if let Some(detail) = self.topology.fault(queue) {
            return Err(BusError::Unfit { queue: queue.to_owned(), detail });
        }
        let letter = Letter {
            exchange: EXCHANGE,
            key: lane_queue(queue, lane),
            id: message.id,
            typ: JSON,
            body: message.body.to_string(),
            mandatory: true,
        };
        let confirmation = match self.hand_over(letter).await? {
            Ok(confirmation) => confirmation,
            Err(NoExchange) => return Err(BusError::Unroutable(queue.to_owned())),
        };
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                self.topology.look();
                Err(BusError::Unroutable(queue.to_owned()))
            }
            Confirmation::Nack(None) => Err(BusError::Away("the broker refused the message".to_owned())),
            Confirmation::NotRequested => Err(BusError::Away("the broker does not confirm".to_owned())),
        }
    }

    pub(super) async fn emit(&self, event: Event) -> Result<(), BusError> {
        if let Some(detail) = self.topology.event_fault() {
            return Err(BusError::Unfit { queue: EVENTS.to_owned(), detail });
        }
        let letter = Letter {
            exchange: EVENTS,
            key: event.typ,
            id: event.id,
            typ: MEDIENTYP,
            body: event.body,
            mandatory: false,
        };
        for _ in 0..REFUSALS {
            match self.hand_over(letter.clone()).await? {
                Ok(Confirmation::Ack(_)) => return Ok(()),
                Ok(_) => tokio::time::sleep(super::WAIT).await,
                Err(NoExchange) => return Err(BusError::Unroutable(EVENTS.to_owned())),
            }
        }
        // One listener's queue is full and refuses: that must not stop the others, who have it.
        tracing::error!(id = %letter.id, key = letter.key, "a queue bound to {EVENTS} refuses an event, it is lost there");
        Ok(())
    }

    /// Publishes and waits for the broker's word on it.
    async fn hand_over(&self, letter: Letter) -> Result<Result<Confirmation, NoExchange>, BusError> {
        let limit = self.options.limits.call;
        let late = || BusError::Away(format!("no connection within {} s", limit.as_secs()));
        let link = tokio::time::timeout(limit, self.publishing.now()).await.map_err(|_| late())??;
        let sent = tokio::select! {
            biased;
            // Outcome unknown: the broker may read the message when it has memory again.
            reason = link.until_blocked() => return Err(BusError::Away(format!("blocked: {reason}"))),
            sent = link.call("publish", send(&link, letter)) => sent,
        };
        match sent {
            Ok(confirmation) => Ok(Ok(confirmation)),
            Err(Refused::Error(error)) if code(&error) == Some(NOT_FOUND) => {
                self.topology.look();
                Ok(Err(NoExchange))
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// How often an event is offered to a queue that refuses it.
const REFUSALS: usize = 3;

/// What is published.
#[derive(Clone)]
struct Letter {
    exchange: &'static str,
    key: String,
    id: Uuid,
    typ: &'static str,
    body: String,
    mandatory: bool,
}

/// The exchange is gone.
struct NoExchange;

/// Publishes on a free channel and waits for the confirm. A channel with an error is not kept.
async fn send(link: &Link, letter: Letter) -> lapin::Result<Confirmation> {
    let channels = &link.channels;
    let _place = channels.free.acquire().await.map_err(std::io::Error::other)?;
    let channel = match channels.take() {
        Some(channel) => channel,
        None => {
            let channel = link.connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            channel
        }
    };
    let properties = BasicProperties::default()
        .with_message_id(letter.id.to_string().into())
        .with_content_type(letter.typ.into())
        .with_delivery_mode(PERSISTENT)
        .with_app_id("eakte".into());
    let options = BasicPublishOptions { mandatory: letter.mandatory, ..BasicPublishOptions::default() };
    let (exchange, key) = (letter.exchange.into(), letter.key.into());
    let confirm = channel.basic_publish(exchange, key, options, letter.body.as_bytes(), properties).await?;
    let confirmation = confirm.await?;
    channels.keep(channel);
    Ok(confirmation)
}
