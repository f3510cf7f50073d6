// SPDX-License-Identifier: EUPL-1.2
//! One transaction's ride through the interpreter: instances are loaded once, stepped as often as the commands and
//! their consequences ask (a called process, a message to a neighbour), and written once at the end.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use engine::{
    Binding, Command, Definition, ElementInstanceId, HistoryEvent, HistoryKind, Outcome, Output, Rejected, StartKind,
    State, SubscriptionKind, TaskSpec, TimerPlan,
};
use nachrichten::{DefinitionId, DokumentId, InstanceId, PersonId, SendungId, Timestamp, Werte};
use serde_json::{Value, json};
use service_platform::{
    args, audit,
    db::{DbError, Tx},
    from_row, rechte,
};

use crate::{Inner, definitionen::Fassung, sql};

/// Called processes may call others; deeper is a mistake in the drawing.
const MAX_DEPTH: usize = 10;
/// Seconds a message waits for someone when the process names no time.
const MESSAGE_TTL: i64 = 24 * 3600;

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
    beendet
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
    /// Deployed versions were looked at in this ride.
    fresh: bool,
    pub akt: Option<Akt>,
    /// Something for the dispatcher or the timers to look at after the commit.
    pub jobs: bool,
    pub timers: bool,
}

impl<'a> Fahrt<'a> {
    pub fn new(inner: &'a Inner, tx: &'a mut Tx, now: Timestamp) -> Self {
        Self { inner, tx, now, loaded: HashMap::new(), queue: VecDeque::new(), fresh: false, akt: None, jobs: false, timers: false }
    }

    pub fn tx(&mut self) -> &mut Tx {
        self.tx
    }

    /// Starts the newest version of a process. A known key gives the first instance again, without effect.
    pub async fn start(&mut self, process: &str, werte: Werte, key: Option<&str>) -> Result<InstanceId, FahrtFehler> {
        if let Some(key) = key {
            let known: Option<(InstanceId,)> = self.tx.optional(&sql::INSTANZ_OF_KEY, args![key]).await?;
            if let Some((id,)) = known {
                return Ok(id);
            }
        }
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
    pub async fn start_timer(
        &mut self,
        process: &str,
        element: &str,
        plan: &TimerPlan,
    ) -> Result<bool, FahrtFehler> {
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
        self.signal(name, werte).await?;
        self.drive().await
    }

    /// A signal reaches everybody who waits for it, and starts what it starts.
    async fn signal(&mut self, name: &str, werte: &Werte) -> Result<(), FahrtFehler> {
        let waiting: Vec<(InstanceId,)> = self.tx.all(&sql::ABO_SIGNAL, args![name]).await?;
        for (receiver,) in waiting {
            let command = Command::Signal { name: name.to_owned(), variables: werte.clone() };
            self.queue.push_back((receiver, command));
        }
        self.start_by(|kind| matches!(kind, StartKind::Signal { name: n } if *n == name), werte).await?;
        Ok(())
    }

    /// Sends a message to whoever waits for it, or keeps it.
    async fn message(
        &mut self,
        name: &str,
        key: Option<&str>,
        werte: &Werte,
        ttl: Option<u64>,
    ) -> Result<(), FahrtFehler> {
        let waiting: Vec<(InstanceId, i64)> = self.tx.all(&sql::ABO_MESSAGE, args![name, key]).await?;
        // Without a key a message finds its receiver only when exactly one instance waits.
        if let Some((id, abo)) = waiting.first().copied().filter(|_| key.is_some() || waiting.len() == 1) {
            self.tx.execute(&sql::ABO_DELETE, args![id, abo]).await?;
            self.queue.push_back((id, Command::Message { subscription: abo as u64, variables: werte.clone() }));
            return Ok(());
        }
        if self.start_by(|kind| matches!(kind, StartKind::Message { name: n } if n == name), werte).await? {
            return Ok(());
        }
        if ttl == Some(0) {
            return Ok(());
        }
        let until =
            self.now.plus_seconds(ttl.map_or(MESSAGE_TTL, |s| i64::try_from(s).unwrap_or(i64::MAX / 2_000_000)));
        let id = self.inner.ids.uuid();
        self.tx.execute(&sql::NACHRICHT_INSERT, args![id, name, key, Value::Object(werte.clone()), until]).await?;
        Ok(())
    }

    /// Writes every instance that was touched.
    pub async fn finish(self) -> Result<(bool, bool), FahrtFehler> {
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
                    row.beendet
                ];
                self.tx.execute(&sql::INSTANZ_INSERT, values).await?;
            } else {
                self.tx
                    .execute(&sql::INSTANZ_UPDATE, args![id, row.stand, state, row.verlauf_seq, row.beendet])
                    .await?;
            }
        }
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
        let process = fassung.definition.id();
        let (id, about) = (self.inner.instance_id(), About::of(werte));
        let above = parent.and_then(|(p, _)| self.loaded.get(&p));
        let row = InstanzRow {
            id,
            definition: fassung.id,
            process: process.to_owned(),
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
        };
        self.audit(id, "gestartet", json!({ "process": process, "version": fassung.version, "parent": row.parent }))
            .await?;
        let definition = fassung.definition;
        self.loaded.insert(id, Geladen { row, definition, state, neu: Some(key) });
        Ok(id)
    }

    async fn load(&mut self, id: InstanceId) -> Result<(), FahrtFehler> {
        if self.loaded.contains_key(&id) {
            return Ok(());
        }
        let row: Option<InstanzRow> = self.tx.optional(&sql::INSTANZ_LOAD, args![id]).await?;
        let row = row.ok_or(FahrtFehler::NoInstance(id))?;
        let mut fassung = self.inner.definitionen.read().await.get(row.definition);
        if fassung.is_none() {
            self.refresh().await?;
            fassung = self.inner.definitionen.read().await.get(row.definition);
        }
        let fassung = fassung.ok_or_else(|| FahrtFehler::NoProcess(row.process.clone()))?;
        let state = serde_json::from_str(&row.state)?;
        self.loaded.insert(id, Geladen { row, definition: fassung.definition, state, neu: None });
        Ok(())
    }

    async fn drive(&mut self) -> Result<(), FahrtFehler> {
        while let Some((id, command)) = self.queue.pop_front() {
            match self.step(id, command).await {
                Ok(()) => {}
                // The receiver moved on in the meantime: its answer is no longer wanted.
                Err(FahrtFehler::Rejected(reason)) => {
                    tracing::debug!(ablauf.id = %id, %reason, "consequence not taken")
                }
                Err(error) => return Err(error),
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
        let akt = akt.filter(|_| event.kind == HistoryKind::Completed);
        let (person, said) = (akt.map(|a| a.person), akt.and_then(|a| a.text.clone()));
        let ereignis = EREIGNISSE.iter().find(|(kind, _)| *kind == event.kind).map_or("geändert", |(_, word)| word);
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
            said.or(event.detail)
        ];
        self.tx.execute(&sql::VERLAUF_INSERT, values).await?;
        Ok(())
    }

    async fn output(&mut self, id: InstanceId, output: Output) -> Result<(), FahrtFehler> {
        match output {
            Output::CreateJob { instance, element, name, job_type, input, retries, urgent } => {
                let values = args![
                    self.inner.job_id(),
                    id,
                    instance.0,
                    &*element,
                    &*name,
                    job_type,
                    Value::Object(input),
                    urgent,
                    retries,
                    self.now
                ];
                self.tx.execute(&sql::AUFTRAG_INSERT, values).await?;
                self.jobs = true;
            }
            Output::CancelJob { instance } => {
                self.tx.execute(&sql::AUFTRAG_CANCEL, args![id, instance.0]).await?;
            }
            Output::CreateTask(spec) => self.create_task(id, *spec).await?,
            Output::CancelTask { instance } => {
                let task: Option<(nachrichten::TaskId,)> =
                    self.tx.optional(&sql::AUFGABE_OF_ELEMENT, args![id, instance.0]).await?;
                if let Some((task,)) = task {
                    self.tx.execute(&sql::AUFGABE_WITHDRAW, args![task, self.now]).await?;
                    self.tx.execute(&sql::KANDIDAT_DELETE, args![task]).await?;
                    rechte::revoke(self.tx, &format!("aufgabe:{task}")).await?;
                }
            }
            Output::ArmTimer { timer, due, element } => {
                self.tx.execute(&sql::FRIST_INSERT, args![id, timer, due, &*element]).await?;
                self.timers = true;
            }
            Output::CancelTimer { timer } => {
                self.tx.execute(&sql::FRIST_DELETE, args![id, timer]).await?;
            }
            Output::Subscribe { subscription, name, key, kind, element } => {
                self.subscribe(id, subscription, &name, key.as_deref(), kind, &element).await?;
            }
            Output::Unsubscribe { subscription } => {
                self.tx.execute(&sql::ABO_DELETE, args![id, subscription]).await?;
            }
            Output::Throw { name, key, variables, ttl } => self.message(&name, key.as_deref(), &variables, ttl).await?,
            Output::BroadcastSignal { name, variables } => self.signal(&name, &variables).await?,
            Output::Call { instance, process, binding, variables, .. } => {
                self.call(id, instance, &process, &binding, variables).await?;
            }
            Output::CancelCall { instance } => {
                if let Some(child) = self.child(id, instance).await? {
                    self.queue.push_back((child, Command::Cancel));
                }
            }
            Output::Incident { instance, element, text } => {
                self.tx.execute(&sql::STOERUNG_INSERT, args![id, instance.0, &*element, &text, self.now]).await?;
            }
            Output::IncidentClosed { instance } => {
                self.tx.execute(&sql::STOERUNG_DELETE, args![id, instance.0]).await?;
            }
            Output::Escalated { code, variables } => {
                if let Some((parent, instance)) = self.parent(id) {
                    self.queue.push_back((parent, Command::CalledEscalation { instance, code, variables }));
                }
            }
            Output::Ended { variables, outcome } => self.ended(id, variables, outcome).await?,
        }
        Ok(())
    }

    /// Starts the called process; one that is missing or called too deep stops the call as an incident.
    async fn call(
        &mut self,
        id: InstanceId,
        instance: ElementInstanceId,
        process: &str,
        binding: &Binding,
        variables: Werte,
    ) -> Result<(), FahrtFehler> {
        self.refresh().await?;
        let (caller, depth) = match self.loaded.get(&id) {
            Some(g) => (g.row.definition, self.depth(id).await?),
            None => return Err(FahrtFehler::NoInstance(id)),
        };
        let fassung = self.inner.definitionen.read().await.bound(process, binding, Some(caller));
        let text = match fassung {
            Some(_) if depth >= MAX_DEPTH => {
                format!("Mehr als {MAX_DEPTH} Abläufe rufen sich gegenseitig auf.")
            }
            Some(fassung) => {
                let child = self.create(fassung, Some((id, instance)), &variables, None, State::called()).await?;
                self.queue.push_back((child, Command::Start { element: None, variables }));
                return Ok(());
            }
            None => match binding {
                Binding::Version(version) => format!("Den Ablauf „{process}“ gibt es nicht in der Fassung {version}."),
                _ => format!("Den Ablauf „{process}“ gibt es nicht."),
            },
        };
        tracing::warn!(ablauf.id = %id, process, "call stopped as an incident");
        self.queue.push_back((id, Command::FailJob { instance, text }));
        Ok(())
    }

    /// How many processes called each other to get here.
    async fn depth(&mut self, id: InstanceId) -> Result<usize, FahrtFehler> {
        let (mut at, mut depth) = (id, 0);
        while let Some(parent) = match self.loaded.get(&at) {
            Some(g) => g.row.parent,
            None => self.tx.optional(&sql::INSTANZ_PARENT, args![at]).await?.and_then(|(p,): (Option<InstanceId>,)| p),
        } {
            (at, depth) = (parent, depth + 1);
        }
        Ok(depth)
    }

    async fn subscribe(
        &mut self,
        id: InstanceId,
        abo: u64,
        name: &str,
        key: Option<&str>,
        kind: SubscriptionKind,
        element: &str,
    ) -> Result<(), FahrtFehler> {
        if kind == SubscriptionKind::Message {
            let kept: Option<(uuid::Uuid, Value)> =
                self.tx.optional(&sql::NACHRICHT_FIND, args![name, key, self.now]).await?;
            if let Some((message, Value::Object(variables))) = kept {
                self.tx.execute(&sql::NACHRICHT_DELETE, args![message]).await?;
                self.queue.push_back((id, Command::Message { subscription: abo, variables }));
                return Ok(());
            }
        }
        let art = match kind {
            SubscriptionKind::Message => "message",
            SubscriptionKind::Signal => "signal",
        };
        self.tx.execute(&sql::ABO_INSERT, args![id, abo, art, name, key, element]).await?;
        Ok(())
    }

    /// Starts every process whose newest version has a fitting start event; true when one did.
    async fn start_by(&mut self, fits: impl Fn(&StartKind) -> bool, werte: &Werte) -> Result<bool, FahrtFehler> {
        let mut started = false;
        self.refresh().await?;
        let newest = self.inner.definitionen.read().await.all_newest();
        for fassung in newest {
            for event in fassung.definition.start_events().into_iter().filter(|e| fits(&e.kind)) {
                let id = self.create(fassung.clone(), None, werte, None, State::new()).await?;
                let command = Command::Start { element: Some(event.element.to_string()), variables: werte.clone() };
                self.queue.push_back((id, command));
                started = true;
            }
        }
        Ok(started)
    }

    async fn create_task(&mut self, id: InstanceId, spec: TaskSpec) -> Result<(), FahrtFehler> {
        let task = self.inner.task_id();
        let Some(g) = self.loaded.get(&id) else { return Err(FahrtFehler::NoInstance(id)) };
        let (process, sendung, dokument) = (g.row.process.clone(), g.row.sendung, g.row.dokument);
        let due = spec.due.map(Timestamp::tag);
        let gruppe = spec.groups.first().cloned().unwrap_or_default();
        // What lists sort by: due day, then urgency, then age; the id makes it unique, so it is a paging cursor too.
        let sortierung = format!(
            "{}|{:03}|{:020}|{task}",
            due.map_or_else(|| "9999-12-31".to_owned(), |d| d.to_string()),
            100 - spec.priority.min(100),
            self.now.0
        );
        let values = args![
            task,
            id,
            spec.instance.0,
            &process,
            &*spec.element,
            &*spec.name,
            spec.form_key.unwrap_or_else(|| spec.element.to_string()),
            spec.title,
            gruppe,
            None::<PersonId>,
            due,
            self.now,
            sendung,
            dokument,
            Value::Object(spec.data),
            i64::from(spec.priority)
        ];
        self.tx.execute(&sql::AUFGABE_INSERT, values).await?;
        let source = format!("aufgabe:{task}");
        let subjects =
            spec.groups.iter().map(|g| format!("gruppe:{g}")).chain(spec.assignee.map(|p| format!("person:{p}")));
        for subjekt in subjects {
            self.tx
                .execute(&sql::KANDIDAT_INSERT, args![task, &subjekt, &process, &*spec.element, &sortierung])
                .await?;
            // An open task makes its document and its process visible to its candidates.
            rechte::grant(self.tx, &subjekt, &format!("ablauf:{id}"), rechte::Recht::Sehen, Timestamp(0), &source)
                .await?;
            if let Some(dokument) = dokument {
                let objekt = format!("dokument:{dokument}");
                rechte::grant(self.tx, &subjekt, &objekt, rechte::Recht::Bearbeiten, Timestamp(0), &source).await?;
            }
        }
        for element in &spec.not_person_of {
            self.tx.execute(&sql::AUSSCHLUSS_INSERT, args![task, element]).await?;
        }
        Ok(())
    }

    async fn ended(&mut self, id: InstanceId, variables: Werte, outcome: Outcome) -> Result<(), FahrtFehler> {
        let stand = match outcome {
            Outcome::Completed | Outcome::Terminated => "beendet",
            Outcome::Error { .. } => "fehler",
            Outcome::Cancelled => "abgebrochen",
        };
        if let Some(g) = self.loaded.get_mut(&id) {
            g.row.stand = stand.to_owned();
            g.row.beendet = Some(self.now);
        }
        self.audit(id, stand, json!({})).await?;
        if let Some((parent, instance)) = self.parent(id) {
            match outcome {
                Outcome::Completed | Outcome::Terminated => {
                    self.queue.push_back((parent, Command::CalledEnded { instance, variables }));
                }
                Outcome::Error { code } => {
                    self.queue.push_back((parent, Command::CalledError { instance, code, variables }))
                }
                Outcome::Cancelled => {}
            }
        }
        Ok(())
    }

    fn parent(&self, id: InstanceId) -> Option<(InstanceId, ElementInstanceId)> {
        let row = &self.loaded.get(&id)?.row;
        Some((row.parent?, ElementInstanceId(row.parent_element? as u64)))
    }

    async fn child(&mut self, id: InstanceId, element: ElementInstanceId) -> Result<Option<InstanceId>, FahrtFehler> {
        let here = self.loaded.values().find(|g| {
            g.row.parent == Some(id) && g.row.parent_element == Some(element.0 as i64) && g.row.beendet.is_none()
        });
        if let Some(g) = here {
            return Ok(Some(g.row.id));
        }
        let row: Option<(InstanceId,)> = self.tx.optional(&sql::INSTANZ_OF_PARENT, args![id, element.0]).await?;
        Ok(row.map(|(id,)| id))
    }

    async fn audit(&mut self, id: InstanceId, act: &str, data: Value) -> Result<(), FahrtFehler> {
        let chain = format!("ablauf:{id}");
        let actor = match &self.akt {
            Some(akt) => format!("person:{}", akt.person),
            None => "dienst:geschaeftsgang".to_owned(),
        };
        let entry = audit::Entry { chain: &chain, at: self.now, actor: &actor, act, object: &chain, data };
        audit::append(self.tx, entry).await?;
        Ok(())
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
                .and_then(|t| t.parse().ok()),
            titel: text(&["sendung", "name"])
                .or_else(|| text(&["eintrag", "teil", "name"]))
                .or_else(|| text(&["vorlage", "titel"])),
        }
    }
}
