// SPDX-License-Identifier: EUPL-1.2
//! One transaction's ride through the interpreter: instances are loaded once, stepped as often as the commands and
//! their consequences ask (a called process, a message to a neighbour), and written once at the end.

mod umzug;
mod wirkung;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use engine::{Command, Definition, ElementInstanceId, HistoryEvent, HistoryKind, Rejected, State, TimerPlan};
use nachrichten::{
    DefinitionId, DokumentId, InstanceId, PersonId, SendungId, TaskId, Timestamp, Werte, ereignisse::Ereignis,
};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{Args, DbError, Tx, Viele},
    failpoint, from_row,
};

use crate::{Inner, definitionen::Fassung, sql};

/// Words of the Verlauf.
pub(crate) const EREIGNISSE: [(HistoryKind, &str); 6] = [
    (HistoryKind::Activated, "erreicht"),
    (HistoryKind::Completed, "erledigt"),
    (HistoryKind::Cancelled, "abgebrochen"),
    (HistoryKind::Incident, "gestört"),
    (HistoryKind::Resolved, "erneut versucht"),
    (HistoryKind::Modified, "geändert"),
];

/// Why a ride ended without effect; the transaction is rolled back by the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FahrtFehler {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{0}")]
    Rejected(#[from] Rejected),
    #[error("no deployed process {0}")]
    NoProcess(String),
    #[error("no instance {0}")]
    NoInstance(InstanceId),
    #[error("cannot store state: {0}")]
    Encode(#[from] serde_json::Error),
}

impl FahrtFehler {
    /// Another transaction stood in the way of this one.
    pub fn is_again(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_again())
    }

    /// The database does not work at the moment.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_away())
    }
}

/// A human act that this ride carries out; noted at the element's history line.
pub(crate) struct Akt {
    pub instance: InstanceId,
    pub element: ElementInstanceId,
    pub person: PersonId,
    pub text: Option<String>,
}

pub(crate) struct InstanzRow {
    pub id: InstanceId,
    pub definition: DefinitionId,
    pub process: String,
    pub parent: Option<InstanceId>,
    pub parent_element: Option<i64>,
    pub sendung: Option<SendungId>,
    pub dokument: Option<DokumentId>,
    pub titel: String,
    pub stand: String,
    pub state: String,
    pub verlauf_seq: i64,
    pub gestartet: Timestamp,
    pub beendet: Option<Timestamp>,
    pub angehalten: bool,
}
from_row!(InstanzRow {
    id,
    definition,
    process,
    parent,
    parent_element,
    sendung,
    dokument,
    titel,
    stand,
    state,
    verlauf_seq,
    gestartet,
    beendet,
    angehalten
});

struct Geladen {
    row: InstanzRow,
    definition: Arc<Definition>,
    state: State,
    neu: Option<Option<String>>,
}

/// A ride; [`Fahrt::finish`] writes what was changed.
pub(crate) struct Fahrt<'a> {
    inner: &'a Inner,
    tx: &'a mut Tx,
    now: Timestamp,
    loaded: HashMap<InstanceId, Geladen>,
    queue: VecDeque<(InstanceId, Command)>,
    /// Messages in `queue`, by receiver and subscription.
    unterwegs: HashMap<(InstanceId, u64), wirkung::Post>,
    /// Deployed versions were looked at in this ride.
    fresh: bool,
    pub akt: Option<Akt>,
    /// Tasks that were made, until somebody asks.
    opened: HashMap<InstanceId, Vec<TaskId>>,
    /// Something for the dispatcher or the timers to look at after the commit.
    pub jobs: bool,
    pub timers: bool,
}

impl<'a> Fahrt<'a> {
    pub fn new(inner: &'a Inner, tx: &'a mut Tx, now: Timestamp) -> Self {
        Self {
            inner,
            tx,
            now,
            loaded: HashMap::new(),
            queue: VecDeque::new(),
            unterwegs: HashMap::new(),
            fresh: false,
            akt: None,
            opened: HashMap::new(),
            jobs: false,
            timers: false,
        }
    }

    /// Tasks of an instance that were made since the last question.
    pub fn opened(&mut self, id: InstanceId) -> Vec<TaskId> {
        self.opened.remove(&id).unwrap_or_default()
    }

    pub fn tx(&mut self) -> &mut Tx {
        self.tx
    }

    pub fn inner(&self) -> &'a Inner {
        self.inner
    }

    /// Somebody listens to events.
    pub fn gehoert(&self) -> bool {
        service_platform::ereignis::gehoert(self.tx)
    }

    /// What the trace of a loaded instance is called after.
    pub fn wurzel(&self, id: InstanceId) -> Option<uuid::Uuid> {
        self.loaded.get(&id).map(|g| g.row.sendung.map_or(id.0, |s| s.0))
    }

    /// An instance that is loaded.
    pub fn zeile(&self, id: InstanceId) -> Option<&InstanzRow> {
        self.loaded.get(&id).map(|g| &g.row)
    }

    /// The type of the event that the completion of this step is, if its process says so.
    pub fn ereignis_von(&self, id: InstanceId, element: &str) -> Option<Arc<str>> {
        self.loaded.get(&id).and_then(|g| g.definition.event_of(element).cloned())
    }

    /// What this ride takes for now.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Starts the newest version of a process. A known key gives the first instance again, without effect.
    pub async fn start(&mut self, process: &str, werte: Werte, key: &str) -> Result<InstanceId, FahrtFehler> {
        let here = self.loaded.values().find(|g| g.neu.as_ref().is_some_and(|k| k.as_deref() == Some(key)));
        if let Some(g) = here {
            return Ok(g.row.id);
        }
        let known: Option<(InstanceId,)> = self.tx.optional(&sql::INSTANZ_OF_KEY, args![key]).await?;
        match known {
            Some((id,)) => Ok(id),
            None => self.start_new(process, werte, Some(key)).await,
        }
    }

    /// Starts the newest version of a process, without a key or under one that was not used yet.
    pub async fn start_new(
        &mut self,
        process: &str,
        werte: Werte,
        key: Option<&str>,
    ) -> Result<InstanceId, FahrtFehler> {
        self.refresh().await?;
        let fassung = self.newest(process).await?;
        let id = self.create(fassung, None, &werte, key.map(str::to_owned), State::new()).await?;
        self.queue.push_back((id, Command::Start { element: None, variables: werte }));
        self.drive().await?;
        Ok(id)
    }

    /// A timer start event is due: a new instance of the newest version, and the next time, if there is one.
    ///
    /// Result - false when another engine was faster.
    pub async fn start_timer(&mut self, process: &str, element: &str, plan: &TimerPlan) -> Result<bool, FahrtFehler> {
        if self.tx.execute(&sql::STARTTERMIN_TAKE, args![process, element, plan.due]).await? == 0 {
            return Ok(false);
        }
        self.refresh().await?;
        let fassung = self.newest(process).await?;
        match fassung.definition.timer_start(element, Some(plan), self.now) {
            Ok(Some(next)) => {
                self.tx.execute(&sql::STARTTERMIN_INSERT, args![process, element, next.due, next.again]).await?;
            }
            Ok(None) => {}
            Err(text) => tracing::error!(process, element, text, "timer start event gives no next time"),
        }
        let id = self.create(fassung, None, &Werte::new(), None, State::new()).await?;
        let command = Command::Start { element: Some(element.to_owned()), variables: Werte::new() };
        self.queue.push_back((id, command));
        self.drive().await?;
        Ok(true)
    }

    async fn refresh(&mut self) -> Result<(), FahrtFehler> {
        if !std::mem::replace(&mut self.fresh, true) {
            self.inner.refresh(self.tx).await?;
        }
        Ok(())
    }

    async fn newest(&self, process: &str) -> Result<Fassung, FahrtFehler> {
        let fassung = self.inner.definitionen.read().await.newest(process);
        fassung.ok_or_else(|| FahrtFehler::NoProcess(process.to_owned()))
    }

    /// Gives one instance a command and follows every consequence.
    pub async fn command(&mut self, id: InstanceId, command: Command) -> Result<(), FahrtFehler> {
        self.step(id, command).await?;
        self.drive().await
    }

    /// A message from outside and everything that follows from it.
    pub async fn send(
        &mut self,
        name: &str,
        key: Option<&str>,
        werte: &Werte,
        ttl: Option<u64>,
    ) -> Result<(), FahrtFehler> {
        self.message(name, key, werte, ttl).await?;
        self.drive().await
    }

    /// A signal from outside and everything that follows from it.
    pub async fn broadcast(&mut self, name: &str, werte: &Werte) -> Result<(), FahrtFehler> {
        self.signal(None, name, werte).await?;
        self.drive().await
    }

    /// Writes every instance that was touched.
    pub async fn finish(self) -> Result<(bool, bool), FahrtFehler> {
        failpoint("ablauf::schreiben::before");
        for (id, g) in self.loaded {
            let state = serde_json::to_string(&g.state)?;
            let row = g.row;
            if let Some(key) = g.neu {
                let values = args![
                    id,
                    row.definition,
                    row.process,
                    key,
                    row.parent,
                    row.parent_element,
                    row.sendung,
                    row.dokument,
                    row.titel,
                    row.stand,
                    state,
                    row.verlauf_seq,
                    row.gestartet,
                    row.beendet,
                    row.angehalten
                ];
                self.tx.later(&sql::INSTANZ_INSERT, values).await?;
            } else {
                let values = args![id, row.stand, state, row.verlauf_seq, row.beendet];
                self.tx.later(&sql::INSTANZ_UPDATE, values).await?;
            }
        }
        failpoint("ablauf::schreiben::after");
        Ok((self.jobs, self.timers))
    }

    async fn create(
        &mut self,
        fassung: Fassung,
        parent: Option<(InstanceId, ElementInstanceId)>,
        werte: &Werte,
        key: Option<String>,
        state: State,
    ) -> Result<InstanceId, FahrtFehler> {
        let process = fassung.definition.id().to_owned();
        let (id, about) = (self.inner.instance_id(), About::of(werte));
        let above = parent.and_then(|(p, _)| self.loaded.get(&p));
        let row = InstanzRow {
            id,
            definition: fassung.id,
            process: process.clone(),
            parent: parent.map(|(p, _)| p),
            parent_element: parent.map(|(_, e)| e.0 as i64),
            sendung: about.sendung.or_else(|| above.and_then(|g| g.row.sendung)),
            dokument: about.dokument.or_else(|| above.and_then(|g| g.row.dokument)),
            titel: about.titel.unwrap_or_else(|| fassung.definition.name().to_owned()),
            stand: "aktiv".to_owned(),
            state: String::new(),
            verlauf_seq: 0,
            gestartet: self.now,
            beendet: None,
            // What a stopped process calls is stopped too.
            angehalten: above.is_some_and(|g| g.row.angehalten),
        };
        let data = json!({ "process": process, "version": fassung.version, "parent": row.parent });
        let definition = fassung.definition;
        audit::begins(self.tx, &format!("ablauf:{id}"));
        self.loaded.insert(id, Geladen { row, definition, state, neu: Some(key) });
        self.audit(id, "gestartet", &format!("ablauf:{id}"), data).await?;
        self.meldet_ablauf(id, Ereignis::AblaufGestartet).await?;
        Ok(id)
    }

    /// Reads an instance once and locks it for this ride.
    pub async fn load(&mut self, id: InstanceId) -> Result<&InstanzRow, FahrtFehler> {
        if !self.loaded.contains_key(&id) {
            self.preload(&sql::INSTANZEN_LOAD, vec![args![id]]).await?;
        }
        self.loaded.get(&id).map(|g| &g.row).ok_or(FahrtFehler::NoInstance(id))
    }

    /// The audit chains of all loaded instances will be written.
    pub async fn expect(&mut self) -> Result<(), FahrtFehler> {
        let chains: Vec<String> = self.loaded.keys().map(|id| format!("ablauf:{id}")).collect();
        Ok(audit::expect(self.tx, &chains).await?)
    }

    /// Reads and locks what a ride will need, in one statement; what is there already stays as this ride left it.
    pub async fn preload(&mut self, viele: &Viele, keys: Vec<Args>) -> Result<(), FahrtFehler> {
        let rows: Vec<InstanzRow> = self.tx.all_of(viele, keys).await?;
        for row in rows {
            if self.loaded.contains_key(&row.id) {
                continue;
            }
            let mut fassung = self.inner.definitionen.read().await.get(row.definition);
            if fassung.is_none() {
                self.refresh().await?;
                fassung = self.inner.definitionen.read().await.get(row.definition);
            }
            let fassung = fassung.ok_or_else(|| FahrtFehler::NoProcess(row.process.clone()))?;
            let state = serde_json::from_str(&row.state)?;
            let geladen = Geladen { definition: fassung.definition, state, neu: None, row };
            self.loaded.insert(geladen.row.id, geladen);
        }
        Ok(())
    }

    async fn drive(&mut self) -> Result<(), FahrtFehler> {
        while let Some((id, command)) = self.queue.pop_front() {
            let abo = if let Command::Message { subscription, .. } = &command { Some(*subscription) } else { None };
            match (self.step(id, command).await, abo) {
                (Ok(()), Some(abo)) => drop(self.unterwegs.remove(&(id, abo))),
                (Ok(()), None) => {}
                (Err(FahrtFehler::Rejected(_)), Some(abo)) => self.given_back(id, abo).await?,
                // The receiver moved on in the meantime: its answer is no longer wanted.
                (Err(FahrtFehler::Rejected(reason)), None) => {
                    tracing::debug!(ablauf.id = %id, %reason, "consequence not taken")
                }
                (Err(error), _) => return Err(error),
            }
        }
        Ok(())
    }

    async fn step(&mut self, id: InstanceId, command: Command) -> Result<(), FahrtFehler> {
        self.load(id).await?;
        let Some(g) = self.loaded.get_mut(&id) else { return Err(FahrtFehler::NoInstance(id)) };
        let step = engine::step(&g.definition, &g.state, command, self.now)?;
        g.state = step.state;
        if g.row.beendet.is_none() {
            g.row.stand = if g.state.has_incident() { "stoerung" } else { "aktiv" }.to_owned();
        }
        for event in step.history {
            self.history(id, event).await?;
        }
        for output in step.outputs {
            self.output(id, output).await?;
        }
        Ok(())
    }

    async fn history(&mut self, id: InstanceId, event: HistoryEvent) -> Result<(), FahrtFehler> {
        let akt = self.akt.as_ref().filter(|a| a.instance == id && a.element == event.instance);
        let akt = akt.filter(|_| matches!(event.kind, HistoryKind::Completed | HistoryKind::Modified));
        let (person, said) = (akt.map(|a| a.person), akt.and_then(|a| a.text.clone()));
        let ereignis = EREIGNISSE.iter().find(|(kind, _)| *kind == event.kind).map_or("geändert", |(_, word)| word);
        let event = HistoryEvent { detail: said.or(event.detail), ..event };
        if event.kind == HistoryKind::Completed && !event.inner {
            self.meldet_schritt(id, &event.element).await?;
        }
        self.line(id, event, ereignis, person).await
    }

    /// What happened at an element without a step of the machine: a person's act, a reminder, a signature that fell.
    pub async fn note(
        &mut self,
        id: InstanceId,
        element: (&str, ElementInstanceId),
        ereignis: &str,
        text: Option<String>,
        person: Option<PersonId>,
    ) -> Result<(), FahrtFehler> {
        let (element, instance) = (element.0.into(), element.1);
        let kind = HistoryKind::Modified;
        let event = HistoryEvent { at: self.now, element, instance, kind, inner: false, detail: text };
        self.line(id, event, ereignis, person).await
    }

    /// A line of the Verlauf.
    async fn line(
        &mut self,
        id: InstanceId,
        event: HistoryEvent,
        ereignis: &str,
        person: Option<PersonId>,
    ) -> Result<(), FahrtFehler> {
        let Some(g) = self.loaded.get_mut(&id) else { return Ok(()) };
        g.row.verlauf_seq += 1;
        let values = args![
            id,
            g.row.verlauf_seq,
            event.at,
            &*event.element,
            event.instance.0,
            ereignis,
            event.inner,
            person,
            event.detail
        ];
        self.tx.later(&sql::VERLAUF_INSERT, values).await?;
        Ok(())
    }

    /// The variables of the process itself, as this ride left them.
    pub fn variablen(&self, id: InstanceId) -> Werte {
        self.loaded.get(&id).map(|g| g.state.variables()).unwrap_or_default()
    }

    /// The moment of this ride.
    pub fn jetzt(&self) -> Timestamp {
        self.now
    }

    /// An operator stopped this instance.
    fn stopped(&self, id: InstanceId) -> bool {
        self.loaded.get(&id).is_some_and(|g| g.row.angehalten)
    }

    fn parent(&self, id: InstanceId) -> Option<(InstanceId, ElementInstanceId)> {
        let row = &self.loaded.get(&id)?.row;
        Some((row.parent?, ElementInstanceId(row.parent_element? as u64)))
    }

    /// An entry in the chain of an instance, by whoever acts in this ride.
    pub async fn audit(&mut self, id: InstanceId, act: &str, object: &str, data: Value) -> Result<(), FahrtFehler> {
        let actor = match &self.akt {
            Some(akt) => format!("person:{}", akt.person),
            None => "dienst:geschaeftsgang".to_owned(),
        };
        self.audit_by(&actor, id, act, object, data).await
    }

    /// An entry in the chain of an instance.
    pub async fn audit_by(
        &mut self,
        actor: &str,
        id: InstanceId,
        act: &str,
        object: &str,
        data: Value,
    ) -> Result<(), FahrtFehler> {
        let chain = format!("ablauf:{id}");
        let entry = audit::Entry { chain: &chain, at: self.now, actor, act, object, data };
        Ok(audit::append(self.tx, entry).await?)
    }
}

/// What an instance is about, read from its first variables.
struct About {
    sendung: Option<SendungId>,
    dokument: Option<DokumentId>,
    titel: Option<String>,
}

impl About {
    fn of(werte: &Werte) -> Self {
        let text = |path: &[&str]| {
            let first = werte.get(path[0])?;
            path[1..].iter().try_fold(first, |v, key| v.get(key))?.as_str().map(str::to_owned)
        };
        Self {
            sendung: text(&["sendung", "id"]).or_else(|| text(&["eintrag", "sendung"])).and_then(|t| t.parse().ok()),
            dokument: text(&["eintrag", "dokument"])
                .or_else(|| text(&["vorlage", "dokument"]))
                .or_else(|| text(&["umlauf", "dokument"]))
                .and_then(|t| t.parse().ok()),
            titel: text(&["sendung", "name"])
                .or_else(|| text(&["eintrag", "teil", "name"]))
                .or_else(|| text(&["vorlage", "titel"]))
                .or_else(|| text(&["umlauf", "titel"])),
        }
    }
}
