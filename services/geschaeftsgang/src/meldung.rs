// SPDX-License-Identifier: EUPL-1.2
//! Messages from outside to one running process: what a person who takes part reports, and what the finance system
//! tells. A message is taken by who waits for it now, or not at all: nothing is kept that nobody will read.

use async_trait::async_trait;
use engine::{Command, ElementInstanceId};
use nachrichten::{
    Actor, BlobHash, InstanceId, MessageId, PersonId, Werte,
    fehler::Fehler,
    rechnung::MELDUNGEN,
    uebergabe::{Aufnahme, Rueckmeldung, Rueckmeldungen},
};
use serde_json::json;
use service_platform::{args, audit, db::DbError, outbox};
use uuid::Uuid;

use crate::{
    Geschaeftsgang, Inner,
    aufgaben::away,
    fahrt::{Fahrt, FahrtFehler},
    sql,
};

/// Inbox of files of the finance system.
const CONSUMER: &str = "geschaeftsgang.rueckmeldung";
/// Actor of what came from there.
const DIENST: &str = "dienst:uebergabe";
/// Longest text of a report, in characters.
const TEXT_MAX: usize = 2_000;
/// Process in which a person looks at a file nobody could take.
const KLAERUNG: &str = "rueckmeldung";

/// A message for one subscription, with the line it leaves in the Verlauf.
struct Zustellung<'a> {
    instanz: InstanceId,
    abo: i64,
    element: String,
    werte: Werte,
    person: Option<PersonId>,
    text: &'a str,
}

fn refused(status: u16, text: &str, detail: &str) -> Fehler {
    Fehler::new("E3024", status, text.to_owned(), detail.to_owned())
}

impl Inner {
    /// Does this person belong to a group that had or has a task here, or did one?
    async fn wirkt_mit(&self, person: PersonId, id: InstanceId) -> Result<bool, DbError> {
        let (n,): (i64,) = self.db.one(&sql::WIRKT_MIT, args![id, person, self.now()]).await?;
        Ok(n > 0)
    }

    /// What this person may report to this process now.
    pub(crate) async fn meldungen(&self, actor: &Actor, id: InstanceId) -> Result<Vec<String>, DbError> {
        let waiting: Vec<(String, i64, String)> = self.db.all(&sql::ABOS_OF_INSTANZ, args![id]).await?;
        let possible = MELDUNGEN.iter().filter(|m| waiting.iter().any(|(name, ..)| name == m.nachricht));
        let possible: Vec<String> = possible.map(|m| m.nachricht.to_owned()).collect();
        if possible.is_empty() || !self.wirkt_mit(actor.person, id).await? {
            return Ok(Vec::new());
        }
        Ok(possible)
    }

    pub(crate) async fn melden(
        &self,
        actor: &Actor,
        id: InstanceId,
        nachricht: &str,
        text: &str,
    ) -> Result<(), Fehler> {
        if !self.wirkt_mit(actor.person, id).await.map_err(away)? {
            return Err(Fehler::not_found());
        }
        let text = text.trim();
        if text.chars().count() < 3 || text.chars().count() > TEXT_MAX {
            return Err(refused(422, "Schreiben Sie dazu, was geschehen ist.", "text missing or too long"));
        }
        let known = MELDUNGEN.iter().find(|m| m.nachricht == nachricht);
        let Some(meldung) = known else {
            return Err(refused(422, "Wählen Sie aus, was geschehen ist.", "no such report"));
        };
        let late = || refused(409, "Das geht in diesem Schritt der Rechnung nicht mehr.", "nobody waits for it");
        let now = self.now();
        let mut tx = self.db.begin().await.map_err(away)?;
        let waiting: Vec<(String, i64, String)> = tx.all(&sql::ABOS_OF_INSTANZ, args![id]).await.map_err(away)?;
        let (_, abo, element) = waiting.into_iter().find(|(name, ..)| name == nachricht).ok_or_else(late)?;
        let mut werte = Werte::new();
        let person = json!({ "id": actor.person, "name": actor.name });
        werte.insert(meldung.variable.to_owned(), json!({ "text": text, "person": person, "zeit": now }));
        let zustellung = Zustellung { instanz: id, abo, element, werte, person: Some(actor.person), text };
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        match zustellen(&mut fahrt, zustellung).await {
            Ok(()) => {}
            Err(FahrtFehler::Rejected(_)) => return Err(late()),
            Err(error) => return Err(away(error)),
        }
        let (jobs, timers) = fahrt.finish().await.map_err(away)?;
        let chain = format!("ablauf:{id}");
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: &audit::person(actor),
            act: "gemeldet",
            object: &chain,
            data: json!({ "nachricht": nachricht, "text": text }),
        };
        audit::append(&mut tx, entry).await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        self.wecken(jobs, timers);
        Ok(())
    }

    fn wecken(&self, jobs: bool, timers: bool) {
        if jobs {
            self.auftraege.notify_one();
        }
        if timers {
            self.fristen.notify_one();
        }
    }

    async fn rueckmeldung(&self, kennung: BlobHash, m: &Rueckmeldung) -> Result<Aufnahme, FahrtFehler> {
        let (now, (name, key)) = (self.now(), m.nachricht());
        let mut tx = self.db.begin().await?;
        let message = MessageId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &kennung.0));
        if !outbox::take(&mut tx, CONSUMER, message, now).await? {
            return Ok(Aufnahme::Schon);
        }
        let waiting: Vec<(InstanceId, i64, String)> = tx.all(&sql::ABO_GENAU, args![name, key]).await?;
        let (instanz, abo, element) = match waiting.as_slice() {
            [] => return Ok(Aufnahme::Niemand),
            [one] => one.clone(),
            _ => return Ok(Aufnahme::Mehrdeutig),
        };
        let mut value = serde_json::to_value(m)?;
        if let Some(fields) = value.as_object_mut() {
            fields.remove("art");
        }
        let text = in_words(m);
        let werte = Werte::from_iter([(m.variable().to_owned(), value)]);
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        let zustellung = Zustellung { instanz, abo, element, werte, person: None, text: &text };
        match zustellen(&mut fahrt, zustellung).await {
            Ok(()) => {}
            // It moved on between the look and the lock.
            Err(FahrtFehler::Rejected(_)) => return Ok(Aufnahme::Niemand),
            Err(error) => return Err(error),
        }
        let (jobs, timers) = fahrt.finish().await?;
        let chain = format!("ablauf:{instanz}");
        let entry = audit::Entry {
            chain: &chain,
            at: now,
            actor: DIENST,
            act: "Rückmeldung übernommen",
            object: &chain,
            data: json!({ "nachricht": name, "nummer": key, "datei": kennung }),
        };
        audit::append(&mut tx, entry).await?;
        tx.commit().await?;
        self.wecken(jobs, timers);
        Ok(Aufnahme::Genommen)
    }

    async fn klaerung(
        &self,
        kennung: BlobHash,
        datei: &str,
        grund: &str,
        inhalt: &str,
    ) -> Result<InstanceId, FahrtFehler> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        let datei = json!({ "name": datei, "grund": grund, "inhalt": inhalt, "kennung": kennung });
        let werte = Werte::from_iter([("datei".to_owned(), datei)]);
        let id = fahrt.start(KLAERUNG, werte, &format!("{KLAERUNG}:{kennung}")).await?;
        let (jobs, timers) = fahrt.finish().await?;
        tx.commit().await?;
        self.wecken(jobs, timers);
        Ok(id)
    }
}

/// Delivers to the subscription and leaves a line in the Verlauf.
async fn zustellen(fahrt: &mut Fahrt<'_>, z: Zustellung<'_>) -> Result<(), FahrtFehler> {
    fahrt.load(z.instanz).await?;
    let element = (z.element.as_str(), ElementInstanceId(0));
    fahrt.note(z.instanz, element, "gemeldet", Some(z.text.to_owned()), z.person).await?;
    fahrt.tx().later(&sql::ABO_DELETE, args![z.instanz, z.abo]).await?;
    let command = Command::Message { subscription: z.abo as u64, variables: z.werte };
    fahrt.command(z.instanz, command).await
}

/// What the Verlauf says.
fn in_words(m: &Rueckmeldung) -> String {
    match m {
        Rueckmeldung::Quittung { beleg, datum, .. } => format!("Beleg {beleg} vom {}", datum.deutsch()),
        Rueckmeldung::Ablehnung { grund, .. } => grund.clone(),
        Rueckmeldung::Zahlung { beleg, betrag, datum } => {
            format!("Beleg {beleg}, {} am {}", betrag.replace('.', ","), datum.deutsch())
        }
        Rueckmeldung::Storno { beleg, storno_beleg, grund, datum } => {
            format!("Beleg {beleg} mit {storno_beleg} am {}: {grund}", datum.deutsch())
        }
    }
}

#[async_trait]
impl Rueckmeldungen for Geschaeftsgang {
    async fn nimm(&self, kennung: BlobHash, meldung: &Rueckmeldung) -> Result<Aufnahme, Fehler> {
        self.inner.rueckmeldung(kennung, meldung).await.map_err(away)
    }

    async fn klaeren(&self, kennung: BlobHash, datei: &str, grund: &str, inhalt: &str) -> Result<InstanceId, Fehler> {
        self.inner.klaerung(kennung, datei, grund, inhalt).await.map_err(away)
    }
}
