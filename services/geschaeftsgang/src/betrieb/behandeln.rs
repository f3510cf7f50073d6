// SPDX-License-Identifier: EUPL-1.2
//! Acts on many incidents.

use engine::{Command, ElementInstanceId};
use nachrichten::{
    Actor, InstanceId, JobId, PersonId, Werte,
    ablaeufe::Eingriff,
    betrieb::{Behandlung, Eingereiht, JE_AKT},
    fehler::Fehler,
};
use serde_json::json;
use service_platform::{args, db::Tx};
use uuid::Uuid;

use super::{Vorfall, WOCHE, sql};
use crate::{
    Inner,
    aufgaben::away,
    fahrt::{Fahrt, FahrtFehler},
    sql as kern,
};

impl Inner {
    pub(super) async fn behandeln(
        &self,
        actor: &Actor,
        art: Behandlung,
        jobs: &[JobId],
        grund: &str,
    ) -> Result<Eingereiht, Fehler> {
        self.operator(actor, grund).await?;
        let mut chosen = self.vorfaelle().await?;
        chosen.retain(|v| jobs.contains(&v.stoerung.job));
        chosen.truncate(JE_AKT);
        let id = self.ids.uuid();
        if let Some(first) = chosen.first() {
            let word = if art == Behandlung::Erneut { "erneut" } else { "ueberspringen" };
            let old = self.now().plus_seconds(-4 * WOCHE);
            let mut tx = self.db.begin().await.map_err(away)?;
            tx.execute(&sql::ALTE_BETREUUNG, args![old]).await.map_err(away)?;
            tx.execute(&sql::ALTE_FAELLE, args![old]).await.map_err(away)?;
            tx.execute(&sql::ALTE_EINREIHUNGEN, args![old]).await.map_err(away)?;
            let cause = first.stoerung.ursache.as_str();
            let values = args![id, self.now(), actor.person, word, cause, grund];
            tx.execute(&sql::EINREIHUNG, values).await.map_err(away)?;
            tx.commit().await.map_err(away)?;
        }
        let mut anzahl = 0;
        for vorfall in &chosen {
            let taken = match art {
                Behandlung::Erneut => self.erneut(actor, id, vorfall, grund).await?,
                Behandlung::Ueberspringen => self.ueberspringen(actor, id, vorfall, grund).await?,
            };
            anzahl += u32::from(taken);
        }
        self.auftraege.notify_one();
        Ok(Eingereiht { id, anzahl })
    }

    /// False: it is no incident any more.
    async fn erneut(&self, actor: &Actor, act: Uuid, v: &Vorfall, grund: &str) -> Result<bool, Fehler> {
        let (s, now) = (&v.stoerung, self.now());
        let mut tx = self.db.begin().await.map_err(away)?;
        if s.auftrag {
            let queued: Option<(InstanceId, u64)> =
                tx.optional(&kern::AUFTRAG_RETRY, args![s.job, now]).await.map_err(away)?;
            let Some(place) = queued else { return Ok(false) };
            self.meldet_behoben(&mut tx, place, now).await.map_err(away)?;
        } else {
            let mut fahrt = Fahrt::new(self, &mut tx, now);
            let instance = ElementInstanceId(v.element_instanz);
            match fahrt.command(s.ablauf, Command::ResolveIncident { instance }).await {
                Ok(()) => fahrt.finish().await.map_err(away)?,
                Err(FahrtFehler::Rejected(_)) => return Ok(false),
                Err(error) => return Err(away(error)),
            };
        }
        let data = json!({ "auftrag": s.job, "grund": grund });
        self.note(&mut tx, actor, s.ablauf, "erneut versucht", data).await.map_err(away)?;
        self.fall(&mut tx, act, v, None).await?;
        tx.commit().await.map_err(away)?;
        Ok(true)
    }

    /// False: refused; the reason stands at the case.
    async fn ueberspringen(&self, actor: &Actor, act: Uuid, v: &Vorfall, grund: &str) -> Result<bool, Fehler> {
        let refused = if v.stoerung.auftrag {
            let eingriff = Eingriff::SchrittErledigen { schritt: v.element_instanz, werte: Werte::new() };
            match self.eingreifen(actor, v.stoerung.ablauf, eingriff, grund).await {
                Ok(()) => None,
                Err(error) if error.status == 409 || error.status == 404 => Some(error.text.0),
                Err(error) => return Err(error),
            }
        } else {
            Some("Hier steht der Ablauf selbst still; es gibt keinen Auftrag, den man überspringen kann.".to_owned())
        };
        let mut tx = self.db.begin().await.map_err(away)?;
        self.fall(&mut tx, act, v, refused.as_deref()).await?;
        tx.commit().await.map_err(away)?;
        Ok(refused.is_none())
    }

    /// Notes that the act took this one, and that nobody has to look after it any more.
    async fn fall(&self, tx: &mut Tx, act: Uuid, v: &Vorfall, refused: Option<&str>) -> Result<(), Fehler> {
        let s = &v.stoerung;
        let name = if s.name.is_empty() { &s.element } else { &s.name };
        let values = args![act, s.job, s.ablauf, v.element_instanz, name.as_str(), refused];
        tx.execute(&sql::FALL, values).await.map_err(away)?;
        if refused.is_none() {
            tx.execute(&sql::BETREUUNG_ENDE, args![s.job]).await.map_err(away)?;
        }
        Ok(())
    }

    pub(super) async fn zuweisen(
        &self,
        actor: &Actor,
        jobs: &[JobId],
        an: Option<PersonId>,
        grund: &str,
    ) -> Result<u32, Fehler> {
        self.operator(actor, grund).await?;
        let known: Vec<(PersonId, String)> = self.db.all(&sql::BETREUER, args![]).await.map_err(away)?;
        if an.is_some_and(|an| !known.iter().any(|(id, _)| *id == an)) {
            let text = "Wählen Sie eine Person des Betriebs.";
            return Err(Fehler::new("E3004", 422, text, "no such operator"));
        }
        let mut chosen = self.vorfaelle().await?;
        chosen.retain(|v| jobs.contains(&v.stoerung.job));
        chosen.truncate(JE_AKT);
        for vorfall in &chosen {
            let s = &vorfall.stoerung;
            let mut tx = self.db.begin().await.map_err(away)?;
            match an {
                Some(an) => tx.execute(&sql::BETREUEN, args![s.job, an, self.now()]).await.map_err(away)?,
                None => tx.execute(&sql::BETREUUNG_ENDE, args![s.job]).await.map_err(away)?,
            };
            let data = json!({ "auftrag": s.job, "an": an, "grund": grund });
            self.note(&mut tx, actor, s.ablauf, "Störung zugewiesen", data).await.map_err(away)?;
            tx.commit().await.map_err(away)?;
        }
        Ok(chosen.len() as u32)
    }
}
