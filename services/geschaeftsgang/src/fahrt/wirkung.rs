// SPDX-License-Identifier: EUPL-1.2
//! What a step asks for becomes rows: jobs, tasks, timers, subscriptions, called processes, messages and signals.

use engine::{Binding, Command, ElementInstanceId, Outcome, Output, StartKind, State, SubscriptionKind, TaskSpec};
use nachrichten::{
    InstanceId, Timestamp, Werte,
    ereignisse::{Aufgabe, Ereignis},
};
use serde_json::{Value, json};
use service_platform::{args, rechte};

use super::{Fahrt, FahrtFehler};
use crate::{aufgaben::quelle, fassung, mahnung, sql};

/// Called processes may call others; deeper is a mistake in the drawing.
const MAX_DEPTH: usize = 10;
/// Seconds a message waits for someone when the process names no time.
const MESSAGE_TTL: i64 = 24 * 3600;

/// A kept message: id, key, values, until when.
type Gemerkt = (uuid::Uuid, Option<String>, Value, Timestamp);

/// A message on its way to a receiver.
pub(super) struct Post {
    name: String,
    schluessel: Option<String>,
    variables: Werte,
    /// Kept until then when nobody waits.
    bis: Timestamp,
}

impl Fahrt<'_> {
    pub(super) async fn output(&mut self, id: InstanceId, output: Output) -> Result<(), FahrtFehler> {
        match output {
            Output::CreateJob { instance, element, name, job_type, input, retries, urgent } => {
                let values = args![
                    id,
                    self.inner.job_id(),
                    instance.0,
                    &*element,
                    &*name,
                    job_type,
                    Value::Object(input),
                    if self.stopped(id) { "angehalten" } else { "bereit" },
                    urgent,
                    0i64,
                    0i64,
                    retries,
                    self.now,
                    self.now
                ];
                self.tx.later(&sql::AUFTRAG_INSERT, values).await?;
                self.jobs = true;
            }
            Output::CancelJob { instance } => {
                self.inner.meldet_wegfall(self.tx, (id, instance.0), self.now).await?;
                self.tx.later(&sql::AUFTRAG_CANCEL, args![id, instance.0]).await?;
            }
            Output::CreateTask(spec) => self.create_task(id, *spec).await?,
            Output::CancelTask { instance } => {
                let task: Option<(nachrichten::TaskId, String)> =
                    self.tx.optional(&sql::AUFGABE_OF_ELEMENT, args![id, instance.0]).await?;
                if let Some((task, schritt)) = task {
                    self.tx.later(&sql::AUFGABE_WITHDRAW, args![task, self.now]).await?;
                    fassung::bleibt_sichtbar(self.tx, id, task).await?;
                    self.tx.later(&sql::KANDIDAT_DELETE, args![task]).await?;
                    let process = self.loaded.get(&id).map(|g| g.row.process.clone()).unwrap_or_default();
                    rechte::revoke(self.tx, &quelle(&process, task)).await?;
                    self.meldet_zurueckgezogen(id, task, &schritt).await?;
                }
            }
            Output::ArmTimer { timer, due, element } => {
                self.tx.later(&sql::FRIST_INSERT, args![id, timer, due, &*element, self.stopped(id)]).await?;
                self.timers = true;
            }
            Output::CancelTimer { timer } => {
                self.tx.later(&sql::FRIST_DELETE, args![id, timer]).await?;
            }
            Output::Subscribe { subscription, name, key, kind, element } => {
                self.subscribe(id, subscription, &name, key.as_deref(), kind, &element).await?;
            }
            Output::Unsubscribe { subscription } => {
                self.tx.later(&sql::ABO_DELETE, args![id, subscription]).await?;
            }
            Output::Throw { name, key, variables, ttl } => self.message(&name, key.as_deref(), &variables, ttl).await?,
            Output::BroadcastSignal { name, variables } => self.signal(Some(id), &name, &variables).await?,
            Output::Call { instance, process, binding, variables, .. } => {
                self.call(id, instance, &process, &binding, variables).await?;
            }
            Output::CancelCall { instance } => {
                if let Some(child) = self.child(id, instance).await? {
                    self.queue.push_back((child, Command::Cancel));
                }
            }
            Output::Incident { instance, element, text } => {
                self.tx.later(&sql::STOERUNG_INSERT, args![id, instance.0, &*element, &text, self.now]).await?;
                self.inner.meldet_stoerung(self.tx, (id, instance.0), &element, self.now).await?;
            }
            Output::IncidentClosed { instance } => {
                self.tx.later(&sql::STOERUNG_DELETE, args![id, instance.0]).await?;
                self.inner.meldet_behoben(self.tx, (id, instance.0), self.now).await?;
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
    pub(super) async fn call(
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
    pub(super) async fn depth(&mut self, id: InstanceId) -> Result<usize, FahrtFehler> {
        let (mut at, mut depth) = (id, 0);
        while let Some(parent) = match self.loaded.get(&at) {
            Some(g) => g.row.parent,
            None => self.tx.optional(&sql::INSTANZ_PARENT, args![at]).await?.and_then(|(p,): (Option<InstanceId>,)| p),
        } {
            (at, depth) = (parent, depth + 1);
        }
        Ok(depth)
    }

    pub(super) async fn subscribe(
        &mut self,
        id: InstanceId,
        abo: u64,
        name: &str,
        key: Option<&str>,
        kind: SubscriptionKind,
        element: &str,
    ) -> Result<(), FahrtFehler> {
        if kind == SubscriptionKind::Message {
            let find = args![name, key, self.now];
            while let Some((message, schluessel, werte, bis)) =
                self.tx.optional::<Gemerkt>(&sql::NACHRICHT_FIND, find.clone()).await?
            {
                // Whoever deletes the row has it; another engine may have been faster.
                if self.tx.execute(&sql::NACHRICHT_DELETE, args![message]).await? == 1 {
                    let variables = werte.as_object().cloned().unwrap_or_default();
                    self.deliver(id, abo, Post { name: name.to_owned(), schluessel, variables, bis });
                    return Ok(());
                }
            }
        }
        let art = match kind {
            SubscriptionKind::Message => "message",
            SubscriptionKind::Signal => "signal",
        };
        self.tx.later(&sql::ABO_INSERT, args![id, abo, art, name, key, element]).await?;
        Ok(())
    }

    pub(super) async fn create_task(&mut self, id: InstanceId, spec: TaskSpec) -> Result<(), FahrtFehler> {
        let task = self.inner.task_id();
        fassung::merken(self, id, task, &spec).await?;
        let Some(g) = self.loaded.get(&id) else { return Err(FahrtFehler::NoInstance(id)) };
        let (process, sendung, dokument) = (g.row.process.clone(), g.row.sendung, g.row.dokument);
        let due = spec.due.map(Timestamp::tag);
        let person = match &spec.assignee {
            Some(name) if uuid::Uuid::parse_str(name).is_err() => self.person(name).await?,
            named => named.clone(),
        };
        let mut subjects: Vec<String> = spec.groups.iter().map(|g| format!("gruppe:{g}")).collect();
        subjects.extend(person.map(|p| format!("person:{p}")));
        if subjects.is_empty() {
            // The model names a person whom nobody knows here: not lost, but sorted by hand.
            subjects.push("gruppe:Vorsortierung".to_owned());
        }
        let gruppe = subjects.first().and_then(|s| s.strip_prefix("gruppe:")).unwrap_or_default().to_owned();
        // What lists sort by: due day, then urgency, then age; the id makes it unique, so it is a paging cursor too.
        let sortierung = format!(
            "{}|{:03}|{:020}|{task}",
            due.map_or_else(|| "9999-12-31".to_owned(), |d| d.to_string()),
            100 - spec.priority.min(100),
            self.now.0
        );
        let angaben = mahnung::Angaben::von(&process, &spec.element, spec.groups.first(), &spec.data);
        let values = args![
            task,
            1i64,
            id,
            spec.instance.0,
            &process,
            &*spec.element,
            &*spec.name,
            spec.form_key.unwrap_or_else(|| spec.element.to_string()),
            spec.title,
            gruppe,
            due,
            self.now,
            sendung,
            dokument,
            Value::Object(spec.data),
            "{}",
            i64::from(spec.priority)
        ];
        self.tx.later(&sql::AUFGABE_INSERT, values).await?;
        if let Some(faellig) = due {
            let ruht = self.stopped(id);
            mahnung::planen(self.inner, self.tx, task, id, &angaben, faellig, self.now, ruht).await?;
            self.timers = true;
        }
        let aufgabe = || Aufgabe {
            aufgabe: task,
            ablauf: id,
            prozess: process.clone(),
            schritt: (*spec.element).to_owned(),
            faellig: due,
            dokument,
        };
        self.meldet_aufgabe(aufgabe, Ereignis::AufgabeAngelegt).await?;
        let source = quelle(&process, task);
        for subjekt in subjects {
            self.tx.later(&sql::KANDIDAT_INSERT, args![task, &subjekt, &process, &*spec.element, &sortierung]).await?;
            // An open task makes its document and its process visible to its candidates.
            rechte::grant(self.tx, &subjekt, &format!("ablauf:{id}"), rechte::Recht::Sehen, Timestamp(0), &source)
                .await?;
            if let Some(dokument) = dokument {
                let objekt = format!("dokument:{dokument}");
                rechte::grant(self.tx, &subjekt, &objekt, rechte::Recht::Bearbeiten, Timestamp(0), &source).await?;
            }
        }
        for element in &spec.not_person_of {
            self.tx.later(&sql::AUSSCHLUSS_INSERT, args![task, element]).await?;
        }
        self.opened.entry(id).or_default().push(task);
        Ok(())
    }

    /// The id of whom a model names by the name of the account.
    async fn person(&mut self, kennung: &str) -> Result<Option<String>, FahrtFehler> {
        let known: Option<(nachrichten::PersonId,)> = self.tx.optional(&sql::PERSON_KENNUNG, args![kennung]).await?;
        Ok(known.map(|(id,)| id.to_string()))
    }

    pub(super) async fn ended(
        &mut self,
        id: InstanceId,
        variables: Werte,
        outcome: Outcome,
    ) -> Result<(), FahrtFehler> {
        let (stand, ereignis): (_, fn(_) -> _) = match outcome {
            Outcome::Completed | Outcome::Terminated => ("beendet", Ereignis::AblaufBeendet),
            Outcome::Error { .. } => ("fehler", Ereignis::AblaufGescheitert),
            Outcome::Cancelled => ("abgebrochen", Ereignis::AblaufAbgebrochen),
        };
        if let Some(g) = self.loaded.get_mut(&id) {
            g.row.stand = stand.to_owned();
            g.row.beendet = Some(self.now);
        }
        self.audit(id, stand, &format!("ablauf:{id}"), json!({})).await?;
        self.meldet_ablauf(id, ereignis).await?;
        if let Some((parent, instance)) = self.parent(id) {
            self.queue.push_back((parent, outcome.report(instance, variables)));
        }
        Ok(())
    }

    pub(super) async fn child(
        &mut self,
        id: InstanceId,
        element: ElementInstanceId,
    ) -> Result<Option<InstanceId>, FahrtFehler> {
        let here = self.loaded.values().find(|g| {
            g.row.parent == Some(id) && g.row.parent_element == Some(element.0 as i64) && g.row.beendet.is_none()
        });
        if let Some(g) = here {
            return Ok(Some(g.row.id));
        }
        let row: Option<(InstanceId,)> = self.tx.optional(&sql::INSTANZ_OF_PARENT, args![id, element.0]).await?;
        Ok(row.map(|(id,)| id))
    }

    /// Sends a message to whoever waits for it, or keeps it.
    pub(super) async fn message(
        &mut self,
        name: &str,
        key: Option<&str>,
        werte: &Werte,
        ttl: Option<u64>,
    ) -> Result<(), FahrtFehler> {
        let until =
            self.now.plus_seconds(ttl.map_or(MESSAGE_TTL, |s| i64::try_from(s).unwrap_or(i64::MAX / 2_000_000)));
        let post =
            Post { name: name.to_owned(), schluessel: key.map(str::to_owned), variables: werte.clone(), bis: until };
        self.post(post).await
    }

    /// Hands a message over; [`Fahrt::given_back`] looks for another receiver when this one is gone before its turn.
    fn deliver(&mut self, id: InstanceId, abo: u64, post: Post) {
        let command = Command::Message { subscription: abo, variables: post.variables.clone() };
        self.unterwegs.insert((id, abo), post);
        self.queue.push_back((id, command));
    }

    /// A command that was not taken: a message in it is not lost.
    pub(super) async fn given_back(&mut self, id: InstanceId, abo: u64) -> Result<(), FahrtFehler> {
        match self.unterwegs.remove(&(id, abo)) {
            Some(post) => self.post(post).await,
            None => Ok(()),
        }
    }

    async fn post(&mut self, post: Post) -> Result<(), FahrtFehler> {
        loop {
            let find = args![&post.name, post.schluessel.as_deref()];
            let waiting: Vec<(InstanceId, i64, bool)> = self.tx.all(&sql::ABO_MESSAGE, find).await?;
            // Whoever waits with this key; by name alone only when exactly one instance waits without a key.
            let one = waiting.first().copied().filter(|(.., keyed)| *keyed || waiting.len() == 1);
            let Some((id, abo, _)) = one else { break };
            // Whoever deletes the row has the receiver; another engine may have been faster.
            if self.tx.execute(&sql::ABO_TAKE, args![id, abo]).await? == 1 {
                self.deliver(id, abo as u64, post);
                return Ok(());
            }
        }
        let (name, werte) = (post.name.as_str(), &post.variables);
        if self.start_by(|kind| matches!(kind, StartKind::Message { name: n } if n == name), werte).await? {
            return Ok(());
        }
        if post.bis <= self.now {
            return Ok(());
        }
        let values =
            args![self.inner.ids.uuid(), name, post.schluessel.as_deref(), Value::Object(werte.clone()), post.bis];
        self.tx.execute(&sql::NACHRICHT_INSERT, values).await?;
        Ok(())
    }

    /// A signal reaches everybody who waits for it, and starts what it starts. The instance it comes `from` has heard
    /// it already.
    pub(super) async fn signal(
        &mut self,
        from: Option<InstanceId>,
        name: &str,
        werte: &Werte,
    ) -> Result<(), FahrtFehler> {
        let waiting: Vec<(InstanceId,)> = self.tx.all(&sql::ABO_SIGNAL, args![name]).await?;
        for (receiver,) in waiting.into_iter().filter(|(receiver,)| Some(*receiver) != from) {
            let command = Command::Signal { name: name.to_owned(), variables: werte.clone() };
            self.queue.push_back((receiver, command));
        }
        self.start_by(|kind| matches!(kind, StartKind::Signal { name: n } if *n == name), werte).await?;
        Ok(())
    }

    /// Starts every process whose newest version has a fitting start event; true when one did.
    pub(super) async fn start_by(
        &mut self,
        fits: impl Fn(&StartKind) -> bool,
        werte: &Werte,
    ) -> Result<bool, FahrtFehler> {
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
}
