// SPDX-License-Identifier: EUPL-1.2
//! Start commands of other core services: through their outbox, taken once by the inbox.

use std::{sync::Arc, time::Duration};

use nachrichten::{MessageId, Werte};
use serde::{Deserialize, Serialize};
use service_platform::{bus::Delivery, outbox};

use crate::{
    Inner,
    fahrt::{Fahrt, FahrtFehler},
};

/// Queue of start commands.
pub const START: &str = "geschaeftsgang.start.v1";
const CONSUMER: &str = "geschaeftsgang";

/// Starts the newest version of a process once per key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartBefehl {
    pub process: String,
    pub schluessel: String,
    pub werte: Werte,
}

pub(crate) async fn consume(inner: Arc<Inner>) {
    loop {
        let consumer = match inner.bus.declare(START).await {
            Ok(()) => inner.bus.consume(START, inner.options.batch * 2).await,
            Err(error) => Err(error),
        };
        match consumer {
            Ok(mut consumer) => {
                while let Some(first) = consumer.next().await {
                    let mut deliveries = vec![first];
                    deliveries.extend(consumer.more(inner.options.batch - 1).await);
                    match take(&inner, &deliveries).await {
                        Ok(()) => deliveries.into_iter().for_each(Delivery::ack),
                        Err(error) => {
                            // The outbox rows stay: the relay sends them again.
                            tracing::error!(%error, "cannot take start commands, they will come again");
                            deliveries.into_iter().for_each(Delivery::ack);
                            tokio::time::sleep(Duration::from_millis(200)).await;
                        }
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "cannot consume start commands"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn take(inner: &Inner, deliveries: &[Delivery]) -> Result<(), FahrtFehler> {
    let now = inner.now();
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    for delivery in deliveries {
        let Ok(befehl) = serde_json::from_value::<StartBefehl>(delivery.message.body.clone()) else {
            tracing::error!(message.id = %delivery.message.id, "not a start command");
            continue;
        };
        if outbox::take(fahrt.tx(), CONSUMER, MessageId(delivery.message.id), now).await? {
            fahrt.start(&befehl.process, befehl.werte, Some(&befehl.schluessel)).await?;
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
