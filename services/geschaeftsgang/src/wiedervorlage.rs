// SPDX-License-Identifier: EUPL-1.2
//! Wiedervorlagen: set at a document, Vorgang, Akte or task, for a day and a person or group.
//!
//! Each is an instance of the process `wiedervorlage`, which waits for the day; beside it stands a row for the lists,
//! because what is not due yet is no task. Row, process and audit entry change in one transaction. The entries have the
//! thing as their object, so its trail tells of every Wiedervorlage, and a chain of their own, so that they wait for
//! nobody.
//!
//! Setting one gives nobody a right: who may not see the thing reads title and reason, no more.

use async_trait::async_trait;
use nachrichten::{
    Actor, InstanceId, MessageId, PersonId, Tag, TaskId, Timestamp, Werte,
    fehler::Fehler,
    job::{Job, JobError},
    wiedervorlage::{Angaben, Bezug, EINTRAGEN, Eintragen, Vermerk, Wiedervorlage, Wiedervorlagen},
};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    from_row, outbox, rechte,
    worker::JobHandler,
};
use uuid::Uuid;

use crate::{
    Geschaeftsgang, Inner,
    aufgaben::away,
    fahrt::{Fahrt, FahrtFehler},
    grund,
    hinweise::again,
    sql,
};

const PROZESS: &str = "wiedervorlage";
const CONSUMER: &str = "geschaeftsgang.wiedervorlage";
/// Messages the waiting process takes, by the Wiedervorlage's id.
const GEAENDERT: &str = "wiedervorlage.geaendert";
const ABGESAGT: &str = "wiedervorlage.abgesagt";
/// Further away is a mistyped year.
const HORIZONT_TAGE: i32 = 10 * 366;

pub(crate) struct Zeile {
    id: Uuid,
    bezug: String,
    titel: String,
    datum: Tag,
    grund: String,
    an: String,
    an_name: Option<String>,
    amt: Option<String>,
    von: PersonId,
    von_name: Option<String>,
    angelegt: Timestamp,
    stand: String,
    geaendert: Timestamp,
    instanz: InstanceId,
    aufgabe: Option<TaskId>,
}
from_row!(Zeile {
    id,
    bezug,
    titel,
    datum,
    grund,
    an,
    an_name,
    amt,
    von,
    von_name,
    angelegt,
    stand,
    geaendert,
    instanz,
    aufgabe
});

impl Zeile {
    fn wiedervorlage(self) -> Option<Wiedervorlage> {
        Some(Wiedervorlage {
            id: self.id,
            bezug: self.bezug.parse().ok()?,
            titel: self.titel,
            datum: self.datum,
            grund: self.grund,
            an: self.an,
            an_name: self.an_name,
            von: self.von,
            von_name: self.von_name.unwrap_or_default(),
            angelegt: self.angelegt,
            stand: self.stand,
            geaendert: self.geaendert,
            ablauf: self.instanz,
            aufgabe: self.aufgabe,
        })
    }

    fn vermerk(&self, weiter: &str) -> Vermerk {
        Vermerk {
            id: self.id,
            datum: self.datum,
            grund: self.grund.clone(),
            person: self.an.strip_prefix("person:").and_then(|p| p.parse().ok()),
            gruppe: self.an.strip_prefix("gruppe:").map(str::to_owned),
            amt: self.amt.clone(),
            titel: self.titel.clone(),
            href: self.bezug.parse::<Bezug>().map(|b| b.href()).unwrap_or_default(),
            weiter: weiter.to_owned(),
        }
    }
}

fn refused(text: impl Into<String>) -> Fehler {
    Fehler::new("E3026", 422, text.into(), "Wiedervorlage refused")
}

/// Where a Wiedervorlage stands after a decision.
fn variables(vermerk: &Vermerk) -> Result<Werte, FahrtFehler> {
    let mut werte = Werte::new();
    werte.insert(PROZESS.to_owned(), serde_json::to_value(vermerk)?);
    Ok(werte)
}

impl Inner {
    /// What it is about, as the actor may see it: its title.
    async fn bezug_titel(&self, actor: &Actor, bezug: Bezug) -> Result<String, Fehler> {
        let dokumente = || self.dokumente.get().ok_or_else(Fehler::not_found);
        Ok(match bezug {
            Bezug::Dokument(id) => dokumente()?.get(actor, id).await?.titel,
            Bezug::Aufgabe(id) => self.read_task(actor, id).await?.titel,
            Bezug::Akte(id) => {
                let akte = dokumente()?.akte(actor, id).await?;
                format!("{} {}", akte.aktenzeichen, akte.titel)
            }
            Bezug::Vorgang(akte, id) => {
                let akte = dokumente()?.akte(actor, akte).await?;
                let vorgang = akte.vorgaenge.into_iter().find(|v| v.id == id).ok_or_else(Fehler::not_found)?;
                format!("{} {}", akte.aktenzeichen, vorgang.titel)
            }
        })
    }

    /// What belongs to a thing the actor may see: with an Akte its Vorgänge and their documents, so that nothing is
    /// overlooked when it is closed or handed over.
    async fn bezuege(&self, actor: &Actor, bezug: Bezug) -> Result<Vec<String>, Fehler> {
        let Bezug::Akte(id) = bezug else {
            self.bezug_titel(actor, bezug).await?;
            return Ok(vec![bezug.to_string()]);
        };
        let akte = self.dokumente.get().ok_or_else(Fehler::not_found)?.akte(actor, id).await?;
        let mut all = vec![bezug.to_string()];
        for vorgang in akte.vorgaenge {
            all.push(Bezug::Vorgang(id, vorgang.id).to_string());
            all.extend(vorgang.dokumente.into_iter().map(|d| Bezug::Dokument(d.id).to_string()));
        }
        Ok(all)
    }

    /// Checks day, reason and addressee; answers the office whose head steps in.
    async fn pruefen(&self, a: &Angaben, heute: Tag) -> Result<Option<String>, Fehler> {
        grund::pruefen(&a.grund, "Schreiben Sie auf, warum die Sache wieder vorgelegt wird.", refused)?;
        if a.datum < heute {
            return Err(refused("Dieser Tag ist schon vorbei. Wählen Sie heute oder einen späteren Tag."));
        }
        if a.datum > heute.plus_tage(HORIZONT_TAGE) {
            return Err(refused("Dieser Tag liegt mehr als zehn Jahre entfernt. Ändern Sie das Jahr."));
        }
        let works = self.options.deploy.kalender.nach(a.datum, 0);
        if works != a.datum {
            let (day, next) = (a.datum.deutsch(), works.deutsch());
            return Err(refused(format!("Der {day} ist kein Arbeitstag. Der nächste ist der {next}.")));
        }
        if let Some(person) = a.an.strip_prefix("person:").and_then(|p| p.parse::<PersonId>().ok()) {
            let row: Option<(String, String)> =
                self.db.optional(&sql::PERSON_AMT, args![person]).await.map_err(away)?;
            let (_, amt) = row.ok_or_else(|| refused("Diese Person gibt es nicht mehr. Wählen Sie eine andere."))?;
            return Ok(Some(amt).filter(|a| !a.is_empty()));
        }
        let gruppe = a.an.strip_prefix("gruppe:").unwrap_or_default();
        if gruppe.is_empty() || !(self.options.gruppen.is_empty() || self.options.gruppen.contains_key(gruppe)) {
            return Err(refused("Wählen Sie aus, wem die Sache vorgelegt wird."));
        }
        Ok(gruppe.rsplit_once('-').map(|(_, amt)| amt.to_owned()))
    }

    async fn zeile(&self, id: Uuid) -> Result<Zeile, Fehler> {
        let row: Option<Zeile> = self.db.optional(&sql::WIEDERVORLAGE, args![id]).await.map_err(away)?;
        row.ok_or_else(Fehler::not_found)
    }

    /// One's own, one's group's, or set by oneself.
    async fn meine_zeile(&self, actor: &Actor, id: Uuid) -> Result<Zeile, Fehler> {
        let values = args![id, actor.person, self.now()];
        let (mine,): (bool,) = self.db.one(&sql::WIEDERVORLAGE_MEINE, values).await.map_err(away)?;
        if mine { self.zeile(id).await } else { Err(Fehler::not_found()) }
    }

    /// Changes or cancels one that still waits: the row, the process and the trail together.
    async fn umsetzen(&self, actor: &Actor, id: Uuid, neu: Option<&Angaben>, warum: &str) -> Result<(), Fehler> {
        let z = self.meine_zeile(actor, id).await?;
        let now = self.now();
        let warum = grund::pruefen(warum, "Schreiben Sie einen Grund dazu.", refused)?;
        if let Some(a) = neu {
            self.pruefen(a, now.tag()).await?;
        }
        let mut tx = self.db.begin().await.map_err(away)?;
        let mut fahrt = Fahrt::new(self, &mut tx, now);
        fahrt.load(z.instanz).await.map_err(away)?;
        let (waits,): (bool,) = fahrt.tx().one(&sql::ABO_EXISTIERT, args![z.instanz]).await.map_err(away)?;
        if !waits || z.stand != "offen" {
            let text = "Diese Wiedervorlage ist schon fällig. Bearbeiten Sie sie in Ihren Aufgaben.";
            return Err(Fehler::new("E3026", 409, text, "no longer waiting"));
        }
        let (name, stand, act) = match neu {
            Some(_) => (GEAENDERT, "offen", "wiedervorlage geändert"),
            None => (ABGESAGT, "abgesagt", "wiedervorlage abgesagt"),
        };
        let (datum, grund, an) = match neu {
            Some(a) => (a.datum, a.grund.trim(), a.an.as_str()),
            None => (z.datum, z.grund.as_str(), z.an.as_str()),
        };
        let values = args![id, datum, grund, an, stand, now];
        fahrt.tx().execute(&sql::WIEDERVORLAGE_SETZEN, values).await.map_err(away)?;
        let data = json!({ "wiedervorlage": id, "datum": datum, "an": an, "warum": warum, "vorher": { "datum": z.datum, "an": z.an } });
        let changed = Zeile { datum, grund: grund.to_owned(), an: an.to_owned(), ..z };
        let werte = variables(&changed.vermerk(stand)).map_err(away)?;
        fahrt.send(name, Some(&id.to_string()), &werte, Some(0)).await.map_err(away)?;
        vermerken(fahrt.tx(), &changed, &audit::person(actor), act, data, now).await.map_err(away)?;
        fahrt.finish().await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        self.fristen.notify_one();
        Ok(())
    }

    /// The decision of a person at the due task becomes the row's new state.
    async fn eintragen(&self, job: &Job, e: &Eintragen) -> Result<Vermerk, FahrtFehler> {
        let now = self.now();
        let mut tx = self.db.begin().await?;
        let message = MessageId(job.id.0);
        if !outbox::take(&mut tx, CONSUMER, message, now).await? {
            let answer = outbox::answered(&mut tx, CONSUMER, message).await?;
            return Ok(serde_json::from_value(answer.unwrap_or_default())?);
        }
        let mut z: Zeile = tx.one(&sql::WIEDERVORLAGE, args![e.id]).await?;
        let data = json!({ "wiedervorlage": e.id, "entscheidung": e.entscheidung, "datum": e.datum, "gruppe": e.gruppe, "warum": e.bemerkung, "vorher": { "datum": z.datum, "an": z.an } });
        let reason = e.bemerkung.as_deref().map(str::trim).filter(|b| !b.is_empty());
        // What cannot be carried out leaves the task where it is: nothing is lost by a button without its field.
        let (stand, weiter) = match (e.entscheidung.as_str(), e.datum, &e.gruppe) {
            ("erledigt", ..) => ("erledigt", "erledigt"),
            ("absagen", ..) => ("abgesagt", "abgesagt"),
            ("verschieben", Some(datum), _) => {
                z.datum = datum;
                z.grund = reason.unwrap_or(&z.grund).chars().take(grund::GRUND_MAX).collect();
                ("offen", "offen")
            }
            ("weiterleiten", _, Some(gruppe)) => {
                z.an = format!("gruppe:{gruppe}");
                z.amt = gruppe.rsplit_once('-').map(|(_, amt)| amt.to_owned());
                ("offen", "faellig")
            }
            _ => ("offen", "faellig"),
        };
        tx.execute(&sql::WIEDERVORLAGE_SETZEN, args![e.id, z.datum, &z.grund, &z.an, stand, now]).await?;
        let act = format!("wiedervorlage {}", if stand == "offen" { &e.entscheidung } else { stand });
        vermerken(&mut tx, &z, &format!("person:{}", e.person), &act, data, now).await?;
        let vermerk = z.vermerk(weiter);
        outbox::answer(&mut tx, CONSUMER, message, &serde_json::to_value(&vermerk)?).await?;
        tx.commit().await?;
        Ok(vermerk)
    }
}

/// Into the trail of what it is about.
async fn vermerken(tx: &mut Tx, z: &Zeile, actor: &str, act: &str, data: Value, now: Timestamp) -> Result<(), DbError> {
    let chain = format!("wiedervorlage:{}", z.id);
    audit::append(tx, audit::Entry { chain: &chain, at: now, actor, act, object: &z.bezug, data }).await
}

/// The job that the process draws after each decision.
pub(crate) fn job(service: Geschaeftsgang) -> JobHandler {
    service_platform::worker::job(EINTRAGEN, move |context, message: Eintragen| {
        let service = service.clone();
        async move { service.inner.eintragen(&context.job, &message).await.map_err(again) as Result<Vermerk, JobError> }
    })
}

#[async_trait]
impl Wiedervorlagen for Geschaeftsgang {
    async fn arbeitstag(&self, tag: Tag) -> Result<Tag, Fehler> {
        Ok(self.inner.options.deploy.kalender.nach(tag, 0))
    }

    async fn setzen(&self, actor: &Actor, bezug: Bezug, a: &Angaben, key: &str) -> Result<Uuid, Fehler> {
        let (inner, now) = (&self.inner, self.inner.now());
        let titel = inner.bezug_titel(actor, bezug).await?;
        let amt = inner.pruefen(a, now.tag()).await?;
        let z = Zeile {
            id: inner.ids.uuid(),
            bezug: bezug.to_string(),
            titel,
            datum: a.datum,
            grund: a.grund.trim().to_owned(),
            an: a.an.clone(),
            an_name: None,
            amt,
            von: actor.person,
            von_name: None,
            angelegt: now,
            stand: "offen".to_owned(),
            geaendert: now,
            instanz: InstanceId(Uuid::nil()),
            aufgabe: None,
        };
        let mut tx = inner.db.begin().await.map_err(away)?;
        let mut fahrt = Fahrt::new(inner, &mut tx, now);
        let key = format!("person:{}:{PROZESS}:{key}", actor.person);
        let werte = variables(&z.vermerk("offen")).map_err(away)?;
        let instanz = fahrt.start(PROZESS, werte, &key).await.map_err(away)?;
        let known: Option<(Uuid,)> =
            fahrt.tx().optional(&sql::WIEDERVORLAGE_OF_INSTANZ, args![instanz]).await.map_err(away)?;
        if let Some((id,)) = known {
            return Ok(id);
        }
        let values = args![z.id, instanz, &z.bezug, &z.titel, z.datum, &z.grund, &z.an, z.amt.clone(), z.von, now];
        fahrt.tx().execute(&sql::WIEDERVORLAGE_INSERT, values).await.map_err(away)?;
        let (subjekt, ablauf) = (format!("person:{}", actor.person), format!("ablauf:{instanz}"));
        let recht = rechte::Recht::Sehen;
        rechte::grant(fahrt.tx(), &subjekt, &ablauf, recht, Timestamp(0), "gestartet").await.map_err(away)?;
        let data = json!({ "wiedervorlage": z.id, "datum": z.datum, "an": z.an });
        let by = audit::person(actor);
        vermerken(fahrt.tx(), &z, &by, "wiedervorlage gesetzt", data, now).await.map_err(away)?;
        fahrt.finish().await.map_err(away)?;
        tx.commit().await.map_err(away)?;
        inner.fristen.notify_one();
        Ok(z.id)
    }

    async fn meine(&self, actor: &Actor) -> Result<Vec<Wiedervorlage>, Fehler> {
        let values = args![actor.person, self.inner.now()];
        let rows: Vec<Zeile> = self.inner.db.all(&sql::WIEDERVORLAGEN_MEINE, values).await.map_err(away)?;
        Ok(rows.into_iter().filter_map(Zeile::wiedervorlage).collect())
    }

    async fn zu(&self, actor: &Actor, bezug: Bezug) -> Result<Vec<Wiedervorlage>, Fehler> {
        let all = self.inner.bezuege(actor, bezug).await?;
        let values = args![serde_json::to_string(&all).map_err(away)?];
        let rows: Vec<Zeile> = self.inner.db.all(&sql::WIEDERVORLAGEN_ZU, values).await.map_err(away)?;
        Ok(rows.into_iter().filter_map(Zeile::wiedervorlage).collect())
    }

    async fn eine(&self, actor: &Actor, id: Uuid) -> Result<Wiedervorlage, Fehler> {
        self.inner.meine_zeile(actor, id).await?.wiedervorlage().ok_or_else(Fehler::not_found)
    }

    async fn aendern(&self, actor: &Actor, id: Uuid, a: &Angaben, warum: &str) -> Result<(), Fehler> {
        self.inner.umsetzen(actor, id, Some(a), warum).await
    }

    async fn absagen(&self, actor: &Actor, id: Uuid, warum: &str) -> Result<(), Fehler> {
        self.inner.umsetzen(actor, id, None, warum).await
    }
}
