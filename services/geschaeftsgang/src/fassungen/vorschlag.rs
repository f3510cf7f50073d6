// SPDX-License-Identifier: EUPL-1.2
//! A new version needs two persons: one proposes it, another one publishes it. The table's triggers are the wall:
//! no way into it gets around them. The role is one's own: a deputy never has the role of whom they stand in for, so
//! a substitution opens no way to publish one's own proposal either.

use nachrichten::{
    Actor, PersonId, Timestamp,
    fassungen::{Beispiel, Inhalt, Neue, Vorschlag, VorschlagSeite},
    fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{args, audit, db::Tx, from_row};
use uuid::Uuid;

use super::{refused, sql};
use crate::{DeployFehler, Herkunft, Inner, aufgaben::away, definitionen::Urheber};

/// Characters of a reason.
const GRUND_MAX: usize = 500;

pub(super) struct Zeile {
    id: Uuid,
    pub name: String,
    grund: String,
    pub person: PersonId,
    person_name: Option<String>,
    at: Timestamp,
    pub stand: String,
    pub zweite_person: bool,
    von: Option<String>,
    entschieden: Option<Timestamp>,
    entschieden_grund: Option<String>,
}
from_row!(Zeile {
    id,
    name,
    grund,
    person,
    person_name,
    at,
    stand,
    zweite_person,
    von,
    entschieden,
    entschieden_grund
});

impl From<Zeile> for Vorschlag {
    fn from(z: Zeile) -> Self {
        let entschieden =
            z.entschieden.map(|at| (z.von.unwrap_or_default(), at, z.entschieden_grund.unwrap_or_default()));
        Self {
            id: z.id,
            inhalt: Inhalt::of(&z.name),
            name: z.name,
            grund: z.grund,
            person: z.person,
            person_name: z.person_name.unwrap_or_default(),
            seit: z.at,
            stand: z.stand,
            zweite_person: z.zweite_person,
            entschieden,
        }
    }
}

fn decided() -> Fehler {
    let text = "Über diesen Vorschlag ist schon entschieden. Laden Sie die Seite neu.";
    Fehler::new("E3042", 409, text, "proposal is decided")
}

fn own() -> Fehler {
    let text = "Sie haben diese Fassung vorgeschlagen. Eine zweite Person veröffentlicht sie.";
    Fehler::new("E3041", 403, text, "four eyes: the author publishes")
}

fn reason(grund: &str) -> Result<&str, Fehler> {
    let grund = grund.trim();
    match grund.chars().count() {
        n if n < 3 => {
            Err(Fehler::new("E3007", 422, "Nennen Sie einen Grund. Er steht im Protokoll.", "reason missing"))
        }
        n if n > GRUND_MAX => Err(refused("Der Grund ist zu lang. Kürzen Sie ihn auf 500 Zeichen.")),
        _ => Ok(grund),
    }
}

/// What the triggers say, in words.
fn walled(error: service_platform::db::DbError) -> Fehler {
    match error.message() {
        Some(m) if m.contains("four-eyes") => own(),
        Some(m) if m.contains("a proposal is not changed") => decided(),
        _ => away(error),
    }
}

impl Inner {
    pub(super) async fn vorschlag_zeile(&self, id: Uuid) -> Result<Zeile, Fehler> {
        let row: Option<Zeile> = self.db.optional(&sql::VORSCHLAG, args![id]).await.map_err(away)?;
        row.ok_or_else(Fehler::not_found)
    }

    pub(super) async fn vorschlag_text(&self, id: Uuid) -> Result<(String, Vec<Beispiel>), Fehler> {
        let (xml, rows): (String, Value) = self.db.one(&sql::VORSCHLAG_TEXT, args![id]).await.map_err(away)?;
        Ok((xml, serde_json::from_value(rows).map_err(away)?))
    }

    async fn note_vorschlag(&self, tx: &mut Tx, actor: &Actor, id: Uuid, act: &str, data: Value) -> Result<(), Fehler> {
        let entry = audit::Entry {
            chain: "geschaeftsgang",
            at: self.now(),
            actor: &audit::person(actor),
            act,
            object: &format!("vorschlag:{id}"),
            data,
        };
        audit::append(tx, entry).await.map_err(away)
    }

    pub(super) async fn vorschlagen(&self, actor: &Actor, name: &str, text: &str, grund: &str) -> Result<Uuid, Fehler> {
        self.operator(actor, grund).await?;
        let grund = reason(grund)?;
        let p = self.pruefung(name, text, None).await?;
        if !p.angenommen {
            return Err(refused("Die Datei hat Fehler. Sie wurde nicht vorgeschlagen."));
        }
        if p.unveraendert {
            return Err(refused("Genau diese Fassung läuft schon. Es gibt nichts zu veröffentlichen."));
        }
        let rows: Vec<&Beispiel> = p.beispiele.iter().map(|g| &g.beispiel).collect();
        let (id, now) = (self.ids.uuid(), self.now());
        let hash = nachrichten::BlobHash::of(text.as_bytes());
        let mut tx = self.db.begin().await.map_err(away)?;
        let two = self.options.zweite_person;
        let values = args![id, name, text, json!(rows), grund, actor.person, now, two];
        tx.execute(&sql::VORSCHLAG_INSERT, values).await.map_err(away)?;
        let data = json!({ "datei": name, "sha256": hash, "grund": grund, "zweite_person": two });
        self.note_vorschlag(&mut tx, actor, id, "vorgeschlagen", data).await?;
        tx.commit().await.map_err(away)?;
        Ok(id)
    }

    pub(super) async fn vorschlaege(&self) -> Result<Vec<Vorschlag>, Fehler> {
        let rows: Vec<Zeile> = self.db.all(&sql::VORSCHLAEGE, args![]).await.map_err(away)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Two persons are needed when it was so at the proposal, or is so now.
    fn braucht_zwei(&self, z: &Zeile) -> bool {
        z.zweite_person || self.options.zweite_person
    }

    pub(super) async fn vorschlag_seite(&self, actor: &Actor, id: Uuid) -> Result<VorschlagSeite, Fehler> {
        let z = self.vorschlag_zeile(id).await?;
        let (xml, rows) = self.vorschlag_text(id).await?;
        let pruefung = self.pruefung(&z.name, &xml, Some(rows)).await?;
        let eigener = z.person == actor.person;
        let darf = z.stand == "wartet" && pruefung.angenommen && !(eigener && self.braucht_zwei(&z));
        Ok(VorschlagSeite { pruefung, eigener, darf, vorschlag: z.into() })
    }

    pub(super) async fn veroeffentlichen(
        &self,
        actor: &Actor,
        id: Uuid,
        grund: &str,
        gegen: &str,
        trotz: bool,
    ) -> Result<Neue, Fehler> {
        self.operator(actor, grund).await?;
        let grund = reason(grund)?;
        let z = self.vorschlag_zeile(id).await?;
        if z.stand != "wartet" {
            return Err(decided());
        }
        if z.person == actor.person && self.braucht_zwei(&z) {
            return Err(own());
        }
        let (xml, rows) = self.vorschlag_text(id).await?;
        let p = self.pruefung(&z.name, &xml, Some(rows.clone())).await?;
        if !p.angenommen {
            return Err(refused("Die Datei hat inzwischen Fehler. Sehen Sie den Prüfbericht an."));
        }
        if p.gegen != gegen {
            let text = "Inzwischen läuft eine andere Fassung. Sehen Sie den Unterschied noch einmal an.";
            return Err(Fehler::new("E3042", 409, text, "running version changed since the page was read"));
        }
        if p.durchgefallen() > 0 && !trotz {
            let text = "Nicht alle Beispiele stimmen. Bestätigen Sie, dass Sie trotzdem veröffentlichen.";
            return Err(Fehler::new("E3043", 422, text, "example rows fail, not confirmed"));
        }
        let by = Urheber { actor: &audit::person(actor), grund };
        let refuse = |e: DeployFehler| match e {
            DeployFehler::Refused(text) => refused(&text),
            DeployFehler::Db(error) => walled(error),
        };
        // Prepared before the transaction: nobody waits for a parser.
        let deployment = match Inhalt::of(&z.name) {
            Inhalt::Ablauf => Some(self.read(&xml).map_err(refuse)?),
            Inhalt::Tabelle => None,
        };
        let mut tx = self.db.begin().await.map_err(away)?;
        let values = args![id, "veroeffentlicht", actor.person, self.now(), grund];
        if tx.execute(&sql::VORSCHLAG_ENTSCHEIDEN, values).await.map_err(walled)? == 0 {
            return Err(decided());
        }
        let done = match deployment {
            Some(d) => self.deploy_in(&mut tx, d, &xml, Herkunft::Stadt, by).await.map_err(refuse)?.deployed,
            None => vec![self.deploy_table_in(&mut tx, &z.name, &xml, Herkunft::Stadt, by).await.map_err(refuse)?],
        };
        let new: Neue = done.iter().filter(|d| d.neu).map(|d| (d.process.clone(), d.version)).collect();
        if new.is_empty() {
            return Err(refused("Genau diese Fassung läuft schon. Es gibt nichts zu veröffentlichen."));
        }
        if let (Inhalt::Tabelle, Some((name, version))) = (Inhalt::of(&z.name), new.first()) {
            let values = args![name, *version, json!(rows)];
            tx.execute(&super::sql::BEISPIELE_SETZEN, values).await.map_err(away)?;
        }
        let data = json!({
            "fassungen": new, "vorgeschlagen_von": z.person, "grund": grund,
            "beispiele_falsch": p.durchgefallen(), "zweite_person": z.person != actor.person,
        });
        self.note_vorschlag(&mut tx, actor, id, "veröffentlicht", data).await?;
        tx.commit().await.map_err(away)?;
        self.deployed().await.map_err(away)?;
        Ok(new)
    }

    pub(super) async fn vorschlag_zurueckziehen(&self, actor: &Actor, id: Uuid, grund: &str) -> Result<(), Fehler> {
        self.operator(actor, grund).await?;
        let grund = reason(grund)?;
        self.vorschlag_zeile(id).await?;
        let mut tx = self.db.begin().await.map_err(away)?;
        let values = args![id, "zurueckgezogen", actor.person, self.now(), grund];
        if tx.execute(&sql::VORSCHLAG_ENTSCHEIDEN, values).await.map_err(walled)? == 0 {
            return Err(decided());
        }
        self.note_vorschlag(&mut tx, actor, id, "zurückgezogen", json!({ "grund": grund })).await?;
        tx.commit().await.map_err(away)
    }
}
