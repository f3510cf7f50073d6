// SPDX-License-Identifier: EUPL-1.2
//! Completion of a task: signature, step and the task's own rows in one transaction, four eyes checked by the database.

use engine::{Command, ElementInstanceId};
use nachrichten::{
    Actor, BlobHash, InstanceId, PersonId, TaskId, Timestamp, Werte, aufgaben::Erledigung, fehler::Fehler,
};
use serde_json::{Value, json};
use service_platform::{
    args,
    db::{DbError, FromRow, Row, Tx},
    rechte,
};

use crate::{
    Geschaeftsgang,
    aufgaben::{Zeile, away, quelle},
    fahrt::{Akt, Fahrt, FahrtFehler},
    fassung,
    sammel::{Abgelehnt, Bitte},
    signed_hash, sql,
};

impl Geschaeftsgang {
    /// [`nachrichten::aufgaben::Aufgaben::complete`], and the tasks it opened in the same instance; none on a repeat.
    pub async fn complete_with_tasks(&self, actor: &Actor, id: TaskId, e: Erledigung) -> Result<Vec<TaskId>, Fehler> {
        let inner = &self.inner;
        let schluessel = format!("aufgabe:{id}:{}:{}", actor.person, e.idempotency_key);
        if e.fassung.is_some() {
            let z = inner.read_task(actor, id).await?;
            inner.noch_aktuell(actor, &z, e.fassung).await?;
        }
        let Erledigung { version, werte, fassung, .. } = e;
        let abschluss = Abschluss { actor: actor.clone(), aufgabe: id, schluessel, version, werte, fassung };
        match self.bitte(Bitte::Abschluss(Box::new(abschluss))).await {
            Ok((_, opened)) => Ok(opened),
            Err(Abgelehnt::Fehler(error)) => Err(error),
            Err(Abgelehnt::Fassung) => Err(fassung::veraltet(fassung.is_some())),
            Err(Abgelehnt::Aufgabe) => {
                let z = inner.read_task(actor, id).await?;
                inner.darf(actor, &z).await.map_err(away)??;
                Err(inner.changed(id).await)
            }
        }
    }
}

/// A task as it stands when somebody wants to complete it.
pub(crate) struct Lage {
    pub zeile: Zeile,
    pub person: PersonId,
    /// In whose place; the person itself as itself, nobody when it may not.
    fuer: Option<PersonId>,
    fuer_name: Option<String>,
    /// This answer was given before.
    bekannt: bool,
    /// An earlier task whose signature excludes the person.
    gezeichnet: Option<String>,
}

impl FromRow for Lage {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            zeile: Zeile::from_row(row)?,
            fuer: row.get(20)?,
            fuer_name: row.get(21)?,
            bekannt: row.get(22)?,
            gezeichnet: row.get(23)?,
            person: row.get(24)?,
        })
    }
}

/// A person's completion of a task.
pub(crate) struct Abschluss {
    pub actor: Actor,
    pub aufgabe: TaskId,
    pub schluessel: String,
    pub version: i64,
    pub werte: Werte,
    /// The content the person saw, when this task is a signature.
    pub fassung: Option<BlobHash>,
}

impl Abschluss {
    /// Everything of one completion: signature, state, history, grants, audit, idempotency key.
    ///
    /// # Errors
    /// Outside, when the whole transaction must be taken back; inside, when only this completion has no effect.
    pub async fn carry_out(
        &self,
        fahrt: &mut Fahrt<'_>,
        lage: &Lage,
    ) -> Result<Result<InstanceId, Abgelehnt>, FahrtFehler> {
        let (z, now, person) = (&lage.zeile, fahrt.now(), self.actor.person);
        if lage.bekannt {
            return Ok(Ok(z.instanz));
        }
        let taken = z.bearbeiter.is_some_and(|p| p != person && lage.fuer != Some(p));
        let Some(fuer) = lage
            .fuer
            .filter(|_| z.erledigt.is_none() && z.version == self.version && !taken && lage.gezeichnet.is_none())
        else {
            return Ok(Err(Abgelehnt::Aufgabe));
        };
        if fahrt.load(z.instanz).await?.angehalten {
            let text = "Der Betrieb hat diesen Ablauf angehalten. Ihre Eingaben sind gesichert. Versuchen Sie es später erneut.";
            return Ok(Err(Abgelehnt::Fehler(Fehler::new("E3008", 409, text, "process is suspended"))));
        }
        let als = Some(fuer).filter(|f| *f != person);
        let mut werte = self.werte.clone();
        werte.insert("person".to_owned(), json!({ "id": person, "name": self.actor.name }));
        werte.insert("zeit".to_owned(), json!(now));
        let mut said = in_words(&self.werte);
        if let Some(fuer) = als {
            let name = lage.fuer_name.as_deref().unwrap_or_default();
            said = Some(format!("i. V. für {name}{}", said.map(|s| format!(" · {s}")).unwrap_or_default()));
            werte.insert("in_vertretung_fuer".to_owned(), json!({ "id": fuer, "name": name }));
        }
        if self.fassung.is_some() {
            fassung::vor_zeichnung(fahrt, z.instanz, z.id).await?;
        }
        // What is signed is what the instance holds before this step changes it.
        let hash = signed_hash(&z.daten, &self.werte);
        let signature = args![z.id, z.instanz, &z.element, person, now, hash, als, self.fassung];
        fahrt.tx().later(&sql::ZEICHNUNG_INSERT, signature).await?;
        let instance = ElementInstanceId(z.element_instanz);
        fahrt.meldet_erledigt(z).await?;
        fahrt.akt = Some(Akt { instance: z.instanz, element: instance, person, text: said });
        fahrt.command(z.instanz, Command::CompleteTask { instance, variables: werte.clone() }).await?;
        let data = json!({ "element": z.element, "entscheidung": self.werte.get("entscheidung"), "hash": hash, "fassung": self.fassung, "dokument": z.dokument, "in_vertretung_fuer": als });
        fahrt.audit(z.instanz, "aufgabe erledigt", &format!("aufgabe:{}", z.id), data).await?;
        fahrt.akt = None;
        self.close(fahrt.tx(), z, now, werte).await?;
        Ok(Ok(z.instanz))
    }

    /// The task's own rows: done, no candidates, their grants gone; who signed may look at it later.
    async fn close(&self, tx: &mut Tx, z: &Zeile, now: Timestamp, werte: Werte) -> Result<(), DbError> {
        let person = self.actor.person;
        tx.later(&sql::AUFGABE_DONE, args![z.id, now, person, Value::Object(werte)]).await?;
        tx.later(&sql::KANDIDAT_DELETE, args![z.id]).await?;
        rechte::revoke(tx, &quelle(&z.process, z.id)).await?;
        let (subjekt, source) = (format!("person:{person}"), format!("gezeichnet:{}", z.instanz));
        let objekte = [Some(format!("ablauf:{}", z.instanz)), z.dokument.map(|d| format!("dokument:{d}"))];
        for objekt in objekte.into_iter().flatten() {
            rechte::grant(tx, &subjekt, &objekt, rechte::Recht::Sehen, Timestamp(0), &source).await?;
        }
        tx.later(&sql::BEFEHL_INSERT, args![&self.schluessel, now, "{}"]).await
    }
}

/// The decision and its remark, for the Verlauf.
fn in_words(werte: &Werte) -> Option<String> {
    let word = |name: &str| werte.get(name).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    match (word("entscheidung"), word("grund").or_else(|| word("bemerkung"))) {
        (Some(decision), Some(reason)) => Some(format!("{}: {reason}", decision.replace('_', " "))),
        (Some(decision), None) => Some(decision.replace('_', " ")),
        (None, reason) => reason.map(str::to_owned),
    }
}
