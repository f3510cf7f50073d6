// SPDX-License-Identifier: EUPL-1.2
//! Messages of `akten.zugang.v1`: a person corrected the day a Sendung reached the city.

use std::{sync::Arc, time::Duration};

use nachrichten::{DokumentId, MessageId, SendungId, Tag};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service_platform::{args, bus::Bus, outbox, statements};

use crate::{
    Akten, AktenError, CONSUMER,
    schreiben::{audit, objekt, sendung_kette},
    suche::index,
};

/// Queue of these messages.
pub const ZUGANG: &str = "akten.zugang.v1";

statements! {
    BETROFFEN = "UPDATE akten_dokument SET zugang = $2, version = version + 1 WHERE sendung = $1 AND zugang <> $2 RETURNING id";
}

/// From the outbox of `eingang`; `id` is the message's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZugangGeaendert {
    /// Key of the inbox.
    pub id: MessageId,
    /// Whose documents change.
    pub sendung: SendungId,
    /// The day that counts from now on.
    pub zugang: Tag,
}

impl Akten {
    /// Takes one message; a repeat changes nothing. Returns how many documents changed.
    pub async fn zugang_geaendert(&self, m: &ZugangGeaendert) -> Result<usize, AktenError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let mut changed: Vec<(DokumentId,)> = Vec::new();
        if outbox::take(&mut tx, CONSUMER, m.id, now).await? {
            changed = tx.all(&BETROFFEN, args![m.sendung, m.zugang]).await?;
            changed.sort();
            for (id,) in &changed {
                index::zeile(&mut tx, *id).await?;
                let data = json!({ "zugang": m.zugang });
                audit(&mut tx, &sendung_kette(m.sendung), "ZugangBerichtigt", &objekt(*id), data, now).await?;
                // A running process counts its terms again; nobody waiting is no fault.
                let nachricht = MessageId(uuid::Uuid::new_v5(&m.id.0, id.0.as_bytes()));
                let body = json!({
                    "name": "Zugang geändert", "schluessel": id, "werte": { "zugang": m.zugang }, "ttl": 0,
                });
                outbox::push(&mut tx, nachricht, "geschaeftsgang.nachricht.v1", &body, now).await?;
            }
        }
        tx.commit().await?;
        Ok(changed.len())
    }

    /// Consumes the messages of this service until the process stops.
    pub async fn consume(self: Arc<Self>, bus: Arc<dyn Bus>) {
        loop {
            let consumer = match bus.declare(ZUGANG).await {
                Ok(()) => bus.consume(ZUGANG, 4).await,
                Err(error) => Err(error),
            };
            match consumer {
                Ok(mut consumer) => {
                    while let Some(delivery) = consumer.next().await {
                        match serde_json::from_value::<ZugangGeaendert>(delivery.message.body.clone()) {
                            Ok(m) => {
                                // In hand until it is taken: given back, it would end as a dead letter.
                                while let Err(error) = self.zugang_geaendert(&m).await {
                                    tracing::warn!(%error, "cannot take a message now, will try again");
                                    tokio::time::sleep(Duration::from_millis(500)).await;
                                }
                                delivery.ack();
                            }
                            Err(error) => {
                                tracing::error!(%error, queue = ZUGANG, "message not understood")
                            }
                        }
                    }
                    tracing::warn!(queue = ZUGANG, "consumer ended, consuming again");
                }
                Err(error) => tracing::warn!(%error, queue = ZUGANG, "cannot consume"),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
