// SPDX-License-Identifier: EUPL-1.2
//! What operators do with webhooks: add, list, try, change the secret, send again, leave an event out, remove. Each act
//! stands in the audit trail (`webhook:<id>`), no secret does.

use std::sync::Arc;

use nachrichten::{
    Actor,
    ereignisse::{Ereignis, KATALOG, Probe},
    fehler::Fehler,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ANLEGEN, ENTFERNEN, ERLEDIGT, ERNEUT, ERSTER, LEEREN, LISTE, NACH_NAME, Post, STAND, Webhook, Zeile,
    bote::{Antwort, Bote},
    geheimnis::Geheimnisse,
    passt,
};
use crate::{
    args, audit,
    db::{Db, DbError, Tx},
    ereignis::Absender,
    rechte,
    uhr::{Clock, Ids},
};

/// Webhooks and who may change them.
#[derive(Clone)]
pub struct Webhooks {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub geheimnisse: Geheimnisse,
    pub bote: Bote,
    pub absender: Absender,
}

fn away(error: DbError) -> Fehler {
    Fehler::new("E9001", 503, "Der Dienst antwortet nicht. Versuchen Sie es erneut.", error.to_string())
}

fn refused(text: impl Into<String>) -> Fehler {
    Fehler::new("E9013", 422, text, "webhook refused")
}

impl Webhooks {
    async fn betrieb(&self, actor: &Actor) -> Result<(), Fehler> {
        if rechte::is(&self.db, actor.person, "rolle:Betrieb").await.map_err(away)? {
            return Ok(());
        }
        Err(Fehler::new("E7003", 403, "Diese Handlung ist dem Betrieb vorbehalten.", "role Betrieb is missing"))
    }

    async fn note(&self, tx: &mut Tx, actor: &Actor, hook: Uuid, act: &str, data: Value) -> Result<(), Fehler> {
        let (chain, by) = (format!("webhook:{hook}"), audit::person(actor));
        let entry = audit::Entry { chain: &chain, at: self.clock.now(), actor: &by, act, object: &chain, data };
        audit::append(tx, entry).await.map_err(away)
    }

    /// All of them, by name.
    pub async fn liste(&self, actor: &Actor) -> Result<Vec<Webhook>, Fehler> {
        self.betrieb(actor).await?;
        let rows: Vec<Zeile> = self.db.all(&LISTE, args![]).await.map_err(away)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Id and address of the webhook of this name.
    pub async fn nach_name(&self, actor: &Actor, name: &str) -> Result<(Uuid, String), Fehler> {
        self.betrieb(actor).await?;
        let row: Option<(Uuid, String)> = self.db.optional(&NACH_NAME, args![name]).await.map_err(away)?;
        row.ok_or_else(|| {
            Fehler::new("E9014", 404, format!("Einen Webhook „{name}“ gibt es nicht."), "no such webhook")
        })
    }

    /// Enters one; returns its id and its secret, which is shown this once.
    ///
    /// # Errors
    /// E9013 with the reason: name, types or address.
    pub async fn anlegen(
        &self,
        actor: &Actor,
        name: &str,
        url: &str,
        typen: &[String],
    ) -> Result<(Uuid, String), Fehler> {
        self.betrieb(actor).await?;
        let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || name.len() > 60 || !name.bytes().all(small) {
            return Err(refused(
                "Der Name besteht aus Kleinbuchstaben, Ziffern und Bindestrichen, zum Beispiel „finanz“.",
            ));
        }
        let typen = if typen.is_empty() { vec!["*".to_owned()] } else { typen.to_vec() };
        typen.iter().try_for_each(|t| muster(t))?;
        self.bote.ziele.pruefe(url).map_err(refused)?;
        let id = self.ids.uuid();
        let secret = self.geheimnisse.anlegen(id).map_err(refused)?;
        let entered = self.eintragen(actor, id, name, url, &typen).await;
        if entered.is_err() {
            self.geheimnisse.entfernen(id);
        }
        entered.map(|()| (id, secret))
    }

    async fn eintragen(&self, actor: &Actor, id: Uuid, name: &str, url: &str, typen: &[String]) -> Result<(), Fehler> {
        let mut tx = self.db.begin().await.map_err(away)?;
        let values = args![id, name, url, typen.join(" "), self.clock.now(), actor.person];
        tx.execute(&ANLEGEN, values).await.map_err(|e| match e.is_unique() {
            true => refused(format!("Einen Webhook „{name}“ gibt es schon.")),
            false => away(e),
        })?;
        let data = json!({ "name": name, "url": url, "typen": typen });
        self.note(&mut tx, actor, id, "Webhook angelegt", data).await?;
        tx.commit().await.map_err(away)
    }

    /// Sends one event of its own at once, beside the queue.
    pub async fn probieren(&self, actor: &Actor, hook: Uuid, url: &str) -> Result<Antwort, Fehler> {
        self.betrieb(actor).await?;
        let keys = self.geheimnisse.lesen(hook).map_err(refused)?;
        let (id, now) = (self.ids.uuid(), self.clock.now());
        let event = Ereignis::WebhookGeprueft(Probe { webhook: hook });
        let defect =
            |e: serde_json::Error| Fehler::new("E9001", 500, "Das Ereignis lässt sich nicht schreiben.", e.to_string());
        let daten = event.daten().map_err(defect)?;
        let body = self.absender.umschlag((id, 0), event.typ(), &event.subjekt(), &daten, now).map_err(defect)?;
        let post = Post { seq: 0, id, typ: event.typ().to_owned(), body };
        Ok(self.bote.senden(url, &post, &keys, now.0.div_euclid(1_000_000)).await)
    }

    /// A new secret; the old one signs too until [`Webhooks::abschliessen`].
    pub async fn wechseln(&self, actor: &Actor, hook: Uuid) -> Result<String, Fehler> {
        self.betrieb(actor).await?;
        let secret = self.geheimnisse.wechseln(hook).map_err(refused)?;
        self.act(actor, hook, "Geheimnis gewechselt").await?;
        Ok(secret)
    }

    /// The old secret signs no more.
    pub async fn abschliessen(&self, actor: &Actor, hook: Uuid) -> Result<(), Fehler> {
        self.betrieb(actor).await?;
        self.geheimnisse.abschliessen(hook).map_err(refused)?;
        self.act(actor, hook, "Wechsel des Geheimnisses abgeschlossen").await
    }

    async fn act(&self, actor: &Actor, hook: Uuid, act: &str) -> Result<(), Fehler> {
        let mut tx = self.db.begin().await.map_err(away)?;
        self.note(&mut tx, actor, hook, act, Value::Null).await?;
        tx.commit().await.map_err(away)
    }

    /// Tries at once what is next, and begins to count tries anew; one that was switched off hears again from now on.
    pub async fn erneut(&self, actor: &Actor, hook: Uuid, grund: &str) -> Result<(), Fehler> {
        self.betrieb(actor).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let before: Option<(String,)> = tx.optional(&STAND, args![hook]).await.map_err(away)?;
        let (before,) = before.ok_or_else(Fehler::not_found)?;
        tx.execute(&ERNEUT, args![hook, self.clock.now()]).await.map_err(away)?;
        self.note(&mut tx, actor, hook, "Webhook erneut versucht", json!({ "vorher": before, "grund": grund })).await?;
        tx.commit().await.map_err(away)
    }

    /// Leaves out the event that is next and goes on with the one behind it.
    pub async fn ueberspringen(&self, actor: &Actor, hook: Uuid, grund: &str) -> Result<(), Fehler> {
        self.betrieb(actor).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let first: Option<Post> = tx.optional(&ERSTER, args![hook]).await.map_err(away)?;
        let first = first.ok_or_else(Fehler::not_found)?;
        tx.execute(&ERLEDIGT, args![hook, first.seq]).await.map_err(away)?;
        tx.execute(&ERNEUT, args![hook, self.clock.now()]).await.map_err(away)?;
        let data = json!({ "ereignis": first.id, "typ": first.typ, "sequence": first.seq, "grund": grund });
        self.note(&mut tx, actor, hook, "Ereignis übersprungen", data).await?;
        tx.commit().await.map_err(away)
    }

    /// Takes one away with its queue and its secret.
    pub async fn entfernen(&self, actor: &Actor, hook: Uuid) -> Result<(), Fehler> {
        self.betrieb(actor).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let dropped = tx.execute(&LEEREN, args![hook]).await.map_err(away)?;
        if tx.execute(&ENTFERNEN, args![hook]).await.map_err(away)? == 0 {
            return Err(Fehler::not_found());
        }
        self.note(&mut tx, actor, hook, "Webhook entfernt", json!({ "verworfen": dropped })).await?;
        tx.commit().await.map_err(away)?;
        self.geheimnisse.entfernen(hook);
        Ok(())
    }
}

/// Is this a type or a beginning of types that can come?
fn muster(typ: &str) -> Result<(), Fehler> {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.';
    let begin = typ.strip_suffix('*').unwrap_or(typ);
    if typ.is_empty() || typ.len() > 120 || !begin.bytes().all(word) {
        return Err(refused(format!("„{typ}“ ist keine Art von Ereignissen. Beispiele: „de.eakte.rechnung.*“, „*“.")));
    }
    // Types of a city's own processes are known to its processes only.
    if typ.starts_with("de.eakte.") && !KATALOG.iter().any(|art| passt(std::iter::once(typ), art.typ)) {
        return Err(refused(format!(
            "Ereignisse der Art „{typ}“ gibt es nicht. Die Arten stehen in schemas/asyncapi.yaml."
        )));
    }
    Ok(())
}
