// SPDX-License-Identifier: EUPL-1.2
//! What the engine tells other systems ([`nachrichten::ereignisse`]): each event in the transaction of its effect,
//! gathered with the other writes of a ride. Nothing of it costs a statement while nobody listens.

use nachrichten::{
    InstanceId, TaskId, Timestamp,
    ereignisse::{Ablauf, Aufgabe, Ereignis, Schritt, Stoerung},
};
use service_platform::{
    args,
    db::{DbError, Tx},
    ereignis,
};

use crate::{
    Inner,
    aufgaben::Zeile,
    fahrt::{Fahrt, FahrtFehler, InstanzRow},
    sql,
};

impl Inner {
    /// A step of an instance stopped as an incident.
    pub(crate) async fn meldet_stoerung(
        &self,
        tx: &mut Tx,
        (ablauf, stelle): (InstanceId, u64),
        schritt: &str,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let schritt = Some(schritt.to_owned());
        let event = || Ereignis::StoerungAufgetreten(Stoerung { ablauf, stelle, schritt });
        ereignis::melden(tx, &*self.ids, event, now).await
    }

    /// It is tried again, or nobody needs it any more.
    pub(crate) async fn meldet_behoben(
        &self,
        tx: &mut Tx,
        (ablauf, stelle): (InstanceId, u64),
        now: Timestamp,
    ) -> Result<(), DbError> {
        let event = || Ereignis::StoerungBehoben(Stoerung { ablauf, stelle, schritt: None });
        ereignis::melden(tx, &*self.ids, event, now).await
    }

    /// A job goes away with its step: was it an incident?
    pub(crate) async fn meldet_wegfall(
        &self,
        tx: &mut Tx,
        (ablauf, stelle): (InstanceId, u64),
        now: Timestamp,
    ) -> Result<(), DbError> {
        if ereignis::gehoert(tx) {
            let stopped: Option<(i64,)> = tx.optional(&sql::AUFTRAG_GESTOERT, args![ablauf, stelle]).await?;
            if stopped.is_some() {
                self.meldet_behoben(tx, (ablauf, stelle), now).await?;
            }
        }
        Ok(())
    }
}

impl Fahrt<'_> {
    async fn melden(&mut self, event: impl FnOnce() -> Ereignis) -> Result<(), FahrtFehler> {
        let (inner, now) = (self.inner(), self.now());
        Ok(ereignis::melden(self.tx(), &*inner.ids, event, now).await?)
    }

    /// Something happened to an instance as a whole.
    pub(crate) async fn meldet_ablauf(
        &mut self,
        id: InstanceId,
        was: fn(Ablauf) -> Ereignis,
    ) -> Result<(), FahrtFehler> {
        let Some(row) = self.zeile(id).filter(|_| self.gehoert()) else { return Ok(()) };
        let ablauf = Ablauf {
            ablauf: id,
            prozess: row.process.clone(),
            gerufen_von: row.parent,
            sendung: row.sendung,
            dokument: row.dokument,
        };
        self.melden(|| was(ablauf)).await
    }

    /// A step is done that its process calls an event.
    pub(crate) async fn meldet_schritt(&mut self, id: InstanceId, element: &str) -> Result<(), FahrtFehler> {
        if !self.gehoert() {
            return Ok(());
        }
        let Some(typ) = self.ereignis_von(id, element) else { return Ok(()) };
        let Some(InstanzRow { process, sendung, dokument, .. }) = self.zeile(id) else { return Ok(()) };
        let schritt = Schritt {
            ablauf: id,
            prozess: process.clone(),
            schritt: element.to_owned(),
            sendung: *sendung,
            dokument: *dokument,
        };
        self.melden(|| Ereignis::Schritt(typ, schritt)).await
    }

    /// A task waits, or waits no more.
    pub(crate) async fn meldet_aufgabe(
        &mut self,
        aufgabe: impl FnOnce() -> Aufgabe,
        was: fn(Aufgabe) -> Ereignis,
    ) -> Result<(), FahrtFehler> {
        self.melden(|| was(aufgabe())).await
    }

    /// Somebody completes a task.
    pub(crate) async fn meldet_erledigt(&mut self, z: &Zeile) -> Result<(), FahrtFehler> {
        let aufgabe = || Aufgabe {
            aufgabe: z.id,
            ablauf: z.instanz,
            prozess: z.process.clone(),
            schritt: z.element.clone(),
            faellig: z.faellig,
            dokument: z.dokument,
        };
        self.meldet_aufgabe(aufgabe, Ereignis::AufgabeErledigt).await
    }

    /// A task is withdrawn.
    pub(crate) async fn meldet_zurueckgezogen(
        &mut self,
        id: InstanceId,
        aufgabe: TaskId,
        schritt: &str,
    ) -> Result<(), FahrtFehler> {
        let Some(InstanzRow { process, dokument, .. }) = self.zeile(id) else { return Ok(()) };
        let (prozess, dokument) = (process.clone(), *dokument);
        let schritt = schritt.to_owned();
        let aufgabe = || Aufgabe { aufgabe, ablauf: id, prozess, schritt, faellig: None, dokument };
        self.meldet_aufgabe(aufgabe, Ereignis::AufgabeZurueckgezogen).await
    }
}
