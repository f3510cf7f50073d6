// SPDX-License-Identifier: EUPL-1.2
//! Sends what stands in the queues of the webhooks.
//!
//! Whoever sends for a webhook takes it first, by moving its next time ahead by a little more than one POST may take, and
//! again with each event that was delivered: nobody else sends for it meanwhile, and after a death somebody does when that
//! time is over. A delivered event goes in a commit of its own, so a death between the answer and the commit repeats one
//! event, under the same id.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nachrichten::Timestamp;
use serde_json::json;
use tokio::{sync::Notify, task::JoinSet};
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

/// How much longer than one POST a webhook is taken, in seconds.
const BELEGT: i64 = 10;

/// Who stands in the audit trail for what the sender decides.
const DIENST: &str = "dienst:webhook";

struct Faellig {
    id: Uuid,
    url: String,
    versuche: u32,
    naechster: Timestamp,
}
from_row!(Faellig { id, url, versuche, naechster });

/// A try that failed.
struct Fehlschlag {
    hook: Uuid,
    /// Until when the webhook is taken.
    bis: Timestamp,
    /// Tries of this event before.
    versuche: u32,
    event: Uuid,
    text: String,
    /// Seconds the receiver asks to wait.
    warten: Option<i64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let busy: Arc<Mutex<HashSet<Uuid>>> = Arc::default();
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            match versand.faellig().await {
                Ok(hooks) => {
                    for hook in hooks {
                        let id = hook.id;
                        if !lock(&busy).insert(id) {
                            continue;
                        }
                        let (versand, busy) = (versand.clone(), busy.clone());
                        tasks.spawn(async move {
                            if let Err(error) = versand.bedienen(hook).await {
                                tracing::warn!(%error, webhook.id = %id, "cannot send for a webhook, will try again");
                            }
                            lock(&busy).remove(&id);
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

    /// Until when a webhook is taken from now.
    fn bis(&self) -> Timestamp {
        self.clock.now().plus_micros(self.bote.frist().as_micros() as i64).plus_seconds(BELEGT)
    }

    async fn bedienen(&self, hook: Faellig) -> Result<usize, DbError> {
        let (mut bis, mut sent, mut versuche) = (self.bis(), 0, hook.versuche);
        if self.db.execute(&BELEGEN, args![hook.id, hook.naechster, bis]).await? == 0 {
            return Ok(0);
        }
        while let Some(post) = self.db.optional::<Post>(&ERSTER, args![hook.id]).await? {
            let seconds = self.clock.now().0.div_euclid(1_000_000);
            let answer = match self.geheimnisse.lesen(hook.id) {
                Ok(keys) => self.bote.senden(&hook.url, &post, &keys, seconds).await,
                Err(text) => Antwort::Fehler(text, None),
            };
            failpoint("webhook::senden::after");
            match answer {
                Antwort::Genommen => {
                    let until = self.bis();
                    let mut tx = self.db.begin().await?;
                    tx.execute(&ERLEDIGT, args![hook.id, post.seq]).await?;
                    let still = tx.execute(&ERFOLG, args![hook.id, self.clock.now(), bis, until]).await? == 1;
                    tx.commit().await?;
                    (sent, versuche) = (sent + 1, 0);
                    // An operator or, after a long sleep, another process has it now.
                    if !still {
                        return Ok(sent);
                    }
                    bis = until;
                }
                Antwort::Weg => {
                    let text = "Die Gegenstelle möchte keine Ereignisse mehr (Status 410).";
                    self.abschalten(hook.id, text).await?;
                    return Ok(sent);
                }
                Antwort::Fehler(text, warten) => {
                    let fehlschlag = Fehlschlag { hook: hook.id, bis, versuche, event: post.id, text, warten };
                    self.gescheitert(&fehlschlag).await?;
                    return Ok(sent);
                }
            }
        }
        self.db.execute(&FREI, args![hook.id, bis, self.clock.now()]).await?;
        Ok(sent)
    }

    async fn gescheitert(&self, f: &Fehlschlag) -> Result<(), DbError> {
        let (waiting,): (u64,) = self.db.one(&RUECKSTAU, args![f.hook]).await?;
        if waiting > self.rueckstau {
            let why = format!("{} Mehr als {} Ereignisse haben sich angestaut.", f.text, self.rueckstau);
            return self.abschalten(f.hook, &why).await;
        }
        let (now, tries) = (self.clock.now(), f.versuche + 1);
        let (stand, pause) = match PAUSEN.get(f.versuche as usize) {
            Some(pause) => (Stand::Aktiv, (*pause).max(f.warten.unwrap_or(0))),
            None => (Stand::Gestoert, 0),
        };
        let jitter = pause * 100_000 * i64::from(f.event.as_bytes()[15]) / 255;
        let next = now.plus_seconds(pause).plus_micros(jitter);
        let values = args![f.hook, tries, next, f.text.as_str(), now, stand.wort(), f.bis];
        self.db.execute(&FEHLER, values).await?;
        if stand == Stand::Gestoert {
            tracing::error!(alarm = "webhook-gestoert", webhook.id = %f.hook, "gave a webhook up, its queue waits for an operator");
        } else {
            tracing::warn!(webhook.id = %f.hook, tries, pause_s = pause, "webhook failed, will try again");
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
