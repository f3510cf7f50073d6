// SPDX-License-Identifier: EUPL-1.2
//! Start commands of other core services: through their outbox, taken once by the inbox.

use std::{sync::Arc, time::Duration};

use nachrichten::{MessageId, Werte};
use serde::{Deserialize, Serialize};
use service_platform::{bus::Delivery, db::insistently, outbox};

use crate::{
    Inner,
    fahrt::{Fahrt, FahrtFehler},
    fassung,
};

/// Queue of start commands.
pub const START: &str = "geschaeftsgang.start.v1";
/// Queue of messages to running instances.
pub const NACHRICHT: &str = "geschaeftsgang.nachricht.v1";
const CONSUMER: &str = "geschaeftsgang";

/// A message to the instance that waits for it: by name and correlation key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nachricht {
    pub name: String,
    pub schluessel: Option<String>,
    pub werte: Werte,
    /// Seconds it is kept when nobody waits; 0 = only for whoever waits now.
    pub ttl: u64,
}

/// Starts the newest version of a process once per key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartBefehl {
    pub process: String,
    pub schluessel: String,
    pub werte: Werte,
}

/// Takes start commands and messages until the process stops.
pub(crate) async fn consume(inner: Arc<Inner>) {
    tokio::join!(consume_queue(&inner, START), consume_queue(&inner, NACHRICHT));
}

async fn consume_queue(inner: &Inner, queue: &'static str) {
    loop {
        let consumer = match inner.bus.declare(queue).await {
            Ok(()) => inner.bus.consume(queue, inner.options.batch * 2).await,
            Err(error) => Err(error),
        };
        match consumer {
            Ok(mut consumer) => {
                while let Some(first) = consumer.next().await {
                    let mut deliveries = vec![first];
                    deliveries.extend(consumer.more(inner.options.batch - 1).await);
                    if let Err(error) = insistently(FahrtFehler::is_again, || take(inner, queue, &deliveries)).await {
                        tracing::warn!(%error, queue, "batch failed, taking each message on its own");
                        for delivery in &deliveries {
                            if let Err(error) = take(inner, queue, std::slice::from_ref(delivery)).await {
                                // The outbox row stays: the relay sends it again.
                                tracing::error!(%error, message.id = %delivery.message.id, "cannot take a message");
                            }
                        }
                    }
                    deliveries.into_iter().for_each(Delivery::ack);
                }
            }
            Err(error) => tracing::warn!(%error, queue, "cannot consume"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What these queues carry.
enum Botschaft {
    Start(StartBefehl),
    Nachricht(Nachricht),
}

impl Botschaft {
    fn of(queue: &str, body: serde_json::Value) -> Option<Self> {
        match queue {
            START => serde_json::from_value(body).ok().map(Self::Start),
            _ => serde_json::from_value(body).ok().map(Self::Nachricht),
        }
    }
}

async fn take(inner: &Inner, queue: &str, deliveries: &[Delivery]) -> Result<(), FahrtFehler> {
    let now = inner.now();
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    for delivery in deliveries {
        let (id, body) = (MessageId(delivery.message.id), delivery.message.body.clone());
        let Some(message) = Botschaft::of(queue, body) else {
            // Of a newer program, or of nobody we know: not taken, so that its row stays and nothing is lost.
            tracing::error!(alarm = "botschaft-unbekannt", message.id = %id, queue, "message not understood");
            continue;
        };
        if !outbox::take(fahrt.tx(), CONSUMER, id, now).await? {
            continue;
        }
        match message {
            Botschaft::Start(b) => drop(fahrt.start(&b.process, b.werte, &b.schluessel).await?),
            Botschaft::Nachricht(n) if n.name == fassung::DOKUMENT_GEAENDERT => {
                fassung::geaendert(&mut fahrt, n.schluessel.as_deref().unwrap_or_default(), &n.werte).await?
            }
            Botschaft::Nachricht(n) => fahrt.send(&n.name, n.schluessel.as_deref(), &n.werte, Some(n.ttl)).await?,
        }
    }
    let (jobs, timers) = fahrt.finish().await?;
    tx.commit().await?;
    if jobs {
        inner.auftraege.notify_one();
    }
    if timers {
        inner.fristen.notify_one();
    }
    Ok(())
}
