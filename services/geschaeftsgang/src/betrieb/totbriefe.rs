// SPDX-License-Identifier: EUPL-1.2
//! Messages that the bus set aside. None of them holds up a job: the database sends a job again when its deadline
//! passes. They are evidence of a worker that died of its work, or of a program that speaks another version.

use nachrichten::{
    Actor,
    betrieb::{Totbrief, TotbriefAkt},
    fehler::Fehler,
    job::Job,
};
use serde_json::json;
use service_platform::{
    args, audit,
    bus::{BusError, DeadLetter},
};
use uuid::Uuid;

use super::{bedeckt, lesbar, sql};
use crate::{Inner, aufgaben::away};

fn bus_away(error: BusError) -> Fehler {
    let text = "Der Nachrichtenbus antwortet gerade nicht. Versuchen Sie es erneut.";
    Fehler::new("E9001", 503, text, error.to_string())
}

impl Inner {
    pub(super) async fn totbriefe(&self) -> Result<Vec<Totbrief>, Fehler> {
        let mut letters = Vec::new();
        for letter in self.bus.dead_letters().await.map_err(bus_away)? {
            letters.push(self.als_totbrief(letter).await?);
        }
        Ok(letters)
    }

    async fn als_totbrief(&self, letter: DeadLetter) -> Result<Totbrief, Fehler> {
        let DeadLetter { queue, reason, message } = letter;
        let job: Option<Job> = serde_json::from_value(message.body.clone()).ok();
        let mut offen = false;
        if let Some(job) = &job {
            let row: Option<(String, u32)> =
                self.db.optional(&sql::AUFTRAG_VERSUCH, args![job.id]).await.map_err(away)?;
            offen = row.is_some_and(|(stand, attempt)| stand == "unterwegs" && attempt == job.attempt);
        }
        Ok(Totbrief {
            id: message.id,
            queue,
            grund: reason,
            ablauf: job.map(|j| j.instance),
            offen,
            inhalt: lesbar(&bedeckt(&message.body)),
        })
    }

    pub(super) async fn totbrief(&self, actor: &Actor, id: Uuid, akt: TotbriefAkt, grund: &str) -> Result<(), Fehler> {
        self.operator(actor, grund).await?;
        let letters = self.bus.dead_letters().await.map_err(bus_away)?;
        let letter = letters.into_iter().find(|l| l.message.id == id).ok_or_else(Fehler::not_found)?;
        // First the entry: a death behind it leaves the message where it is, and the entry says what was wanted.
        let act = match akt {
            TotbriefAkt::Einreihen => "Nachricht wieder eingereiht",
            TotbriefAkt::Verwerfen => "Nachricht verworfen",
        };
        let data =
            json!({ "queue": letter.queue, "ursache": letter.reason, "inhalt": letter.message.body, "grund": grund });
        let (chain, object, by) = ("betrieb:nachrichten", format!("nachricht:{id}"), audit::person(actor));
        let mut tx = self.db.begin().await.map_err(away)?;
        let entry = audit::Entry { chain, at: self.now(), actor: &by, act, object: &object, data };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        if akt == TotbriefAkt::Einreihen {
            self.bus.publish(&letter.queue, letter.message).await.map_err(bus_away)?;
        }
        match self.bus.drop_dead_letter(id).await.map_err(bus_away)? {
            true => Ok(()),
            false => Err(Fehler::not_found()),
        }
    }
}
