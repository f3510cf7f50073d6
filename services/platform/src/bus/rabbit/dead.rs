// SPDX-License-Identifier: EUPL-1.2
//! Dead letters: read by taking them in hand and giving them back.

use lapin::{
    Channel,
    message::Delivery as Raw,
    options::{BasicAckOptions, BasicGetOptions},
    types::AMQPValue,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Inner, URGENT, consume,
    topology::{DEAD, on_a_channel},
};
use crate::bus::{BusError, DEAD_LETTERS, DeadLetter, Message};

impl Inner {
    pub(super) async fn dead_letters(&self) -> Result<Vec<DeadLetter>, BusError> {
        let _one = self.dead.lock().await;
        let link = self.consuming.now().await?;
        // Closing the channel gives them back, in their order.
        let read = |channel: Channel| async move {
            let mut letters = Vec::new();
            while letters.len() < DEAD_LETTERS
                && let Some(got) = channel.basic_get(DEAD.into(), BasicGetOptions::default()).await?
            {
                letters.push(letter(&got.delivery));
            }
            Ok(letters)
        };
        Ok(on_a_channel(&link, "basic.get", read).await?)
    }

    pub(super) async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, BusError> {
        let _one = self.dead.lock().await;
        let link = self.consuming.now().await?;
        let search = |channel: Channel| async move {
            while let Some(got) = channel.basic_get(DEAD.into(), BasicGetOptions::default()).await? {
                if letter(&got.delivery).message.id == id {
                    return got.delivery.acker.ack(BasicAckOptions::default()).await;
                }
            }
            Ok(false)
        };
        Ok(on_a_channel(&link, "basic.get", search).await?)
    }
}

/// A dead letter with what the broker wrote into its header `x-death`. One that is none of our messages keeps its
/// bytes as text and gets an id made from them.
fn letter(raw: &Raw) -> DeadLetter {
    let message = consume::read(raw).unwrap_or_else(|_| Message {
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, &raw.data),
        body: Value::String(String::from_utf8_lossy(&raw.data).into_owned()),
    });
    let death = raw.properties.headers().as_ref().and_then(|headers| {
        let AMQPValue::FieldArray(deaths) = headers.inner().get("x-death")? else { return None };
        let AMQPValue::FieldTable(last) = deaths.as_slice().first()? else { return None };
        Some(last.clone())
    });
    let field = |name: &str| {
        let table = death.as_ref()?;
        match table.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.to_string()),
            _ => None,
        }
    };
    let queue = field("queue").unwrap_or_else(|| raw.routing_key.to_string());
    let queue = queue.strip_suffix(URGENT).unwrap_or(&queue).to_owned();
    DeadLetter { queue, reason: field("reason").unwrap_or_else(|| "unknown".to_owned()), message }
}
