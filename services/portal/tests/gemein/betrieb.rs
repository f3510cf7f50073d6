// SPDX-License-Identifier: EUPL-1.2
//! What operators see and do on top of the data in memory.

use async_trait::async_trait;
use nachrichten::{
    Actor, JobId, PersonId,
    betrieb::{
        Auftrag, Behandlung, Betrieb, Eingereiht, Einreihung, Fall, FallStand, Nachweise, ProtokollEintrag,
        ProtokollFrage, Schlange, Stoerung, Totbrief, TotbriefAkt,
    },
    fehler::Fehler,
};
use uuid::Uuid;

use super::{Fake, PERSONEN, daten, dienste::rollen, jetzt, person};

fn darf(actor: &Actor) -> Result<(), Fehler> {
    match rollen(actor).iter().any(|r| matches!(*r, "Betrieb" | "Revision")) {
        true => Ok(()),
        false => Err(Fehler::not_found()),
    }
}

#[async_trait]
impl Betrieb for Fake {
    async fn offen(&self, actor: &Actor) -> Result<u64, Fehler> {
        Ok(self.stoerungen(actor).await?.len() as u64)
    }
    async fn stoerungen(&self, actor: &Actor) -> Result<Vec<Stoerung>, Fehler> {
        darf(actor)?;
        Ok(self.welt.lock().unwrap().stoerungen.clone())
    }
    /// The first waits, the second fails again, the others are done.
    async fn behandeln(
        &self,
        actor: &Actor,
        art: Behandlung,
        jobs: &[JobId],
        grund: &str,
    ) -> Result<Eingereiht, Fehler> {
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("{art:?} {} {grund} {}", jobs.len(), actor.name));
        let taken: Vec<Stoerung> = w.stoerungen.iter().filter(|s| jobs.contains(&s.job)).cloned().collect();
        w.stoerungen.retain(|s| !jobs.contains(&s.job));
        let anzahl = taken.len() as u64;
        let act = Einreihung {
            id: daten::id(9, 500 + w.behandelt.len() as u64),
            zeit: jetzt(),
            person: actor.name.clone(),
            art,
            ursache: taken.first().map(|s| s.ursache.clone()).unwrap_or_default(),
            grund: grund.to_owned(),
            anzahl,
            wartet: anzahl.min(1),
            gestoert: anzahl.saturating_sub(1).min(1),
            abgelehnt: 0,
        };
        let stand = |i| [FallStand::Wartet, FallStand::Gestoert].get(i).copied().unwrap_or(FallStand::Erledigt);
        let fall = |(i, s): (usize, Stoerung)| Fall {
            job: s.job,
            ablauf: s.ablauf,
            name: s.name,
            stand: stand(i),
            text: (i == 1).then_some(s.ursache),
        };
        let id = act.id;
        w.behandelt.push((act, taken.into_iter().enumerate().map(fall).collect()));
        Ok(Eingereiht { id, anzahl: anzahl as u32 })
    }
    async fn einreihungen(&self, actor: &Actor) -> Result<Vec<Einreihung>, Fehler> {
        darf(actor)?;
        Ok(self.welt.lock().unwrap().behandelt.iter().map(|b| b.0.clone()).collect())
    }
    async fn einreihung(&self, actor: &Actor, id: Uuid) -> Result<(Einreihung, Vec<Fall>), Fehler> {
        darf(actor)?;
        self.welt.lock().unwrap().behandelt.iter().find(|b| b.0.id == id).cloned().ok_or_else(Fehler::not_found)
    }
    async fn betreuer(&self, actor: &Actor) -> Result<Vec<(PersonId, String)>, Fehler> {
        darf(actor)?;
        let all = PERSONEN.iter().filter(|p| p.3.contains(&"Betrieb"));
        Ok(all.map(|p| (person(p.0).person, p.1.to_owned())).collect())
    }
    async fn zuweisen(&self, actor: &Actor, jobs: &[JobId], an: Option<PersonId>, grund: &str) -> Result<u32, Fehler> {
        darf(actor)?;
        let name = PERSONEN.iter().find(|p| Some(person(p.0).person) == an).map(|p| p.1.to_owned());
        let mut w = self.welt.lock().unwrap();
        w.protokoll.push(format!("zuweisen {} {grund} {}", jobs.len(), actor.name));
        w.stoerungen.iter_mut().filter(|s| jobs.contains(&s.job)).for_each(|s| s.bei = name.clone());
        Ok(jobs.len() as u32)
    }
    async fn auftrag(&self, actor: &Actor, job: JobId, grund: &str) -> Result<Auftrag, Fehler> {
        darf(actor)?;
        let mut w = self.welt.lock().unwrap();
        let s = w.stoerungen.iter().find(|s| s.job == job && s.auftrag).cloned().ok_or_else(Fehler::not_found)?;
        let offen = !grund.is_empty();
        if offen {
            w.protokoll.push(format!("aufgedeckt {grund} {}", actor.name));
        }
        let text = if offen { "Erika Muster" } else { "•••" };
        Ok(Auftrag {
            job,
            ablauf: s.ablauf,
            typ: "akten.ablegen.v1".into(),
            name: s.name,
            stand: "stoerung".into(),
            versuche: s.versuche,
            ursache: Some(s.ursache),
            eingabe: format!("{{\n  \"absender\": \"{text}\"\n}}"),
            offen,
        })
    }
    async fn nachweise(&self, actor: &Actor) -> Result<Nachweise, Fehler> {
        darf(actor)?;
        let ago = |hours: i64| jetzt().plus_seconds(-3600 * hours);
        Ok(Nachweise {
            sicherung: Some((ago(30), 1204)),
            abgleich: Some((ago(5), 0)),
            unversiegelt: None,
            datenbank: 3_400_000_000,
        })
    }
    /// One entry each hour; a sentence with a formula in it, as an applicant could have written it.
    async fn protokoll(
        &self,
        actor: &Actor,
        frage: &ProtokollFrage,
        grund: &str,
    ) -> Result<Vec<ProtokollEintrag>, Fehler> {
        darf(actor)?;
        if grund.len() < 3 {
            return Err(Fehler::new("E3007", 422, "Nennen Sie einen Grund. Er steht im Protokoll.", "reason missing"));
        }
        self.welt.lock().unwrap().protokoll.push(format!("protokoll {grund} {}", actor.name));
        let eintrag = |n: i64| ProtokollEintrag {
            kette: "ablauf:1".into(),
            nummer: n,
            zeit: jetzt().plus_seconds(-3600 * n),
            wer: "Petra Post".into(),
            tat: "=HYPERLINK(\"x\")".into(),
            objekt: format!("dokument:{n}"),
            angaben: r#"{"grund":"•••"}"#.into(),
            pruefsumme: "ab".repeat(32),
        };
        let first = frage.nach.as_ref().map_or(1, |(_, _, n)| n + 1);
        Ok((first..=150).take(frage.hoechstens as usize).filter(|_| frage.tat.is_empty()).map(eintrag).collect())
    }
    async fn schlangen(&self, actor: &Actor) -> Result<Vec<Schlange>, Fehler> {
        darf(actor)?;
        let one = |typ: &str, arbeiter, bereit, gestoert| Schlange {
            typ: typ.into(),
            arbeiter,
            bereit,
            unterwegs: 2,
            gestoert,
            angehalten: 0,
            seit: (bereit > 0).then(|| jetzt().plus_seconds(-90)),
        };
        let w = self.welt.lock().unwrap();
        Ok(vec![
            one("akten.ablegen.v1", Some(1), 0, w.stoerungen.len() as u64),
            Schlange { unterwegs: 0, ..one("akten.zda.v1", Some(1), 0, 0) },
            one("erkennung.seiten.v1", Some(2), 312, 0),
            one("stadt.kasse.v1", Some(0), 1, 0),
            one("uebergabe.mail.v1", None, 0, 0),
        ])
    }
    async fn totbriefe(&self, actor: &Actor) -> Result<Vec<Totbrief>, Fehler> {
        darf(actor)?;
        Ok(self.welt.lock().unwrap().totbriefe.clone())
    }
    async fn totbrief(&self, actor: &Actor, id: Uuid, akt: TotbriefAkt, grund: &str) -> Result<(), Fehler> {
        darf(actor)?;
        let mut w = self.welt.lock().unwrap();
        let at = w.totbriefe.iter().position(|b| b.id == id).ok_or_else(Fehler::not_found)?;
        w.totbriefe.remove(at);
        w.protokoll.push(format!("totbrief {akt:?} {grund} {}", actor.name));
        Ok(())
    }
}
