// SPDX-License-Identifier: EUPL-1.2
//! Sends what stands in the queues of the webhooks.
//!
//! Whoever sends for a webhook takes it first, by moving its next time a minute ahead: nobody else sends for it
//! meanwhile, and after a death somebody does when the minute is over. A delivered event goes in a commit of its own, so
//! a death between the answer and the commit repeats one event, under the same id.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nachrichten::Timestamp;
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    ABSCHALTEN, BELEGEN, ERFOLG, ERLEDIGT, ERSTER, FAELLIG, FEHLER, FREI, LEEREN, PAUSEN, Post, RUECKSTAU, Stand,
    bote::{Antwort, Bote},
    geheimnis::Geheimnisse,
};
use crate::{
    args, audit,
    db::{Db, DbError},
    failpoint, from_row,
    uhr::Clock,
};

/// For how long a webhook is taken, in seconds; one POST takes less than what is left after [`AM_STUECK`].
const BELEGT: i64 = 60;
/// One taker sends for so long, and at most so many.
const AM_STUECK: Duration = Duration::from_secs(25);
const STAPEL: usize = 200;

/// Who stands in the audit trail for what the sender decides.
const DIENST: &str = "dienst:webhook";

struct Faellig {
    id: Uuid,
    url: String,
    versuche: u32,
    naechster: Timestamp,
}
from_row!(Faellig { id, url, versuche, naechster });

/// The sender.
pub struct Versand {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub geheimnisse: Geheimnisse,
    pub bote: Bote,
    /// Longest queue of a webhook that fails.
    pub rueckstau: u64,
}

impl Versand {
    /// Sends until the process stops; `post` wakes it. A slow receiver has a task of its own.
    pub async fn run(self, post: Arc<Notify>) {
        let versand = Arc::new(self);
        let busy = Arc::new(Mutex::new(HashSet::new()));
        let lock = |set: &Mutex<HashSet<Uuid>>, f: &mut dyn FnMut(&mut HashSet<Uuid>) -> bool| {
            f(&mut set.lock().unwrap_or_else(PoisonError::into_inner))
        };
        loop {
            match versand.faellig().await {
                Ok(hooks) => {
                    for hook in hooks {
                        let id = hook.id;
                        if !lock(&busy, &mut |set| set.insert(id)) {
                            continue;
                        }
                        let (versand, busy) = (versand.clone(), busy.clone());
                        tokio::spawn(async move {
                            if let Err(error) = versand.bedienen(hook).await {
                                tracing::warn!(%error, webhook.id = %id, "cannot send for a webhook, will try again");
                            }
                            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                        });
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot look for webhooks"),
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), post.notified()).await;
        }
    }

    /// One round over all that are due, one after the other; returns how many events were delivered.
    pub async fn runde(&self) -> Result<usize, DbError> {
        let mut sent = 0;
        for hook in self.faellig().await? {
            sent += self.bedienen(hook).await?;
        }
        Ok(sent)
    }

    async fn faellig(&self) -> Result<Vec<Faellig>, DbError> {
        self.db.all(&FAELLIG, args![self.clock.now()]).await
    }

    async fn bedienen(&self, hook: Faellig) -> Result<usize, DbError> {
        let until = self.clock.now().plus_seconds(BELEGT);
        if self.db.execute(&BELEGEN, args![hook.id, hook.naechster, until]).await? == 0 {
            return Ok(0);
        }
        let (from, mut sent, mut versuche) = (Instant::now(), 0, hook.versuche);
        while sent < STAPEL && from.elapsed() < AM_STUECK {
            let Some(post) = self.db.optional::<Post>(&ERSTER, args![hook.id]).await? else { break };
            let now = self.clock.now();
            let answer = match self.geheimnisse.lesen(hook.id) {
                Ok(keys) => self.bote.senden(&hook.url, &post, &keys, now.0.div_euclid(1_000_000)).await,
                Err(text) => Antwort::Fehler(text, None),
            };
            failpoint("webhook::senden::after");
            match answer {
                Antwort::Genommen => {
                    let mut tx = self.db.begin().await?;
                    tx.execute(&ERLEDIGT, args![hook.id, post.seq]).await?;
                    tx.execute(&ERFOLG, args![hook.id, self.clock.now()]).await?;
                    tx.commit().await?;
                    (sent, versuche) = (sent + 1, 0);
                }
                Antwort::Weg => {
                    let text = "Die Gegenstelle möchte keine Ereignisse mehr (Status 410).";
                    self.abschalten(hook.id, text).await?;
                    return Ok(sent);
                }
                Antwort::Fehler(text, warten) => {
                    self.gescheitert(hook.id, versuche, &post, &text, warten).await?;
                    return Ok(sent);
                }
            }
        }
        self.db.execute(&FREI, args![hook.id, until, self.clock.now()]).await?;
        Ok(sent)
    }

    async fn gescheitert(
        &self,
        hook: Uuid,
        versuche: u32,
        post: &Post,
        text: &str,
        warten: Option<i64>,
    ) -> Result<(), DbError> {
        let (waiting,): (u64,) = self.db.one(&RUECKSTAU, args![hook]).await?;
        if waiting > self.rueckstau {
            let why = format!("{text} Mehr als {} Ereignisse haben sich angestaut.", self.rueckstau);
            return self.abschalten(hook, &why).await;
        }
        let now = self.clock.now();
        let (stand, pause) = match PAUSEN.get(versuche as usize) {
            Some(pause) => (Stand::Aktiv, (*pause).max(warten.unwrap_or(0))),
            None => (Stand::Gestoert, 0),
        };
        let jitter = pause * 1_000 * i64::from(post.id.as_bytes()[15]) * 100 / 255;
        let next = now.plus_seconds(pause).plus_micros(jitter);
        let values = args![hook, versuche + 1, next, text, now, stand.wort()];
        self.db.execute(&FEHLER, values).await?;
        if stand == Stand::Gestoert {
            tracing::error!(alarm = "webhook-gestoert", webhook.id = %hook, "gave a webhook up, its queue waits for an operator");
        } else {
            tracing::warn!(webhook.id = %hook, versuche = versuche + 1, pause_s = pause, "webhook failed, will try again");
        }
        Ok(())
    }

    async fn abschalten(&self, hook: Uuid, text: &str) -> Result<(), DbError> {
        let now = self.clock.now();
        let chain = format!("webhook:{hook}");
        let mut tx = self.db.begin().await?;
        tx.execute(&ABSCHALTEN, args![hook, text, now]).await?;
        let dropped = tx.execute(&LEEREN, args![hook]).await?;
        let data = json!({ "grund": text, "verworfen": dropped });
        let entry =
            audit::Entry { chain: &chain, at: now, actor: DIENST, act: "Webhook abgeschaltet", object: &chain, data };
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        tracing::error!(alarm = "webhook-abgeschaltet", webhook.id = %hook, dropped, "switched a webhook off");
        Ok(())
    }
}
