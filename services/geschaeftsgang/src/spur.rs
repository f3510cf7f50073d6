// SPDX-License-Identifier: EUPL-1.2
//! Plays conformance cases on the durable engine, one act at a time, over the same code as the service: jobs are
//! claimed and answered, tasks completed, timers fired from their rows. Acts are data ([`Op`]), so that a second
//! engine process can carry out every other one; the virtual clock comes with each.

use engine::{Command, ElementInstanceId, HistoryEvent, HistoryKind, State};
use nachrichten::{
    InstanceId, JobId, TaskId, Timestamp, Werte,
    job::{JobResult, Outcome},
};
use serde::{Deserialize, Serialize};
use service_platform::{args, failpoint, rechte};

use crate::{
    Geschaeftsgang, Inner,
    aufgaben::quelle,
    fahrt::{EREIGNISSE, Fahrt, FahrtFehler, InstanzRow},
    jobs::{self, AuftragRow},
    sql, timer,
};

/// One act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Op {
    Start {
        process: String,
        variables: Werte,
    },
    Waiting,
    Complete {
        element: String,
        variables: Werte,
    },
    Message {
        name: String,
        key: Option<String>,
        variables: Werte,
    },
    Signal {
        name: String,
        variables: Werte,
    },
    BpmnError {
        element: String,
        code: String,
    },
    FailJob {
        element: String,
    },
    ResolveIncident {
        element: String,
    },
    SetVariables {
        variables: Werte,
    },
    ActivateAdhoc {
        element: String,
    },
    /// When the next timer is due.
    Due,
    /// Fires what is due now.
    Fire,
    State,
    Variables,
    History,
}

/// What an act gives back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Answer {
    Done,
    Names(Vec<String>),
    Text(String),
    Variables(Werte),
    Due(Option<Timestamp>),
    History(Vec<HistoryEvent>),
}

/// The world of a case, as an engine process gets it: `eakte workflow engine WORLD`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welt {
    /// `sqlite:DIR` or `postgres:URL`.
    pub database: String,
    /// Tasks whose jobs wait for an act.
    pub held: Vec<String>,
}

/// A line to an engine process; each is answered by a line with `Result<Answer, String>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anfrage {
    pub op: Op,
    /// None: by the database's clock.
    pub now: Option<Timestamp>,
    /// Begin anew from the database before this act.
    pub restart: bool,
}

/// Who has acts carried out, and whose clock they go by; [`als_runtime!`](crate::als_runtime) makes it the runtime of a
/// trace.
pub trait Spieler {
    /// # Errors
    /// A text for the list of differences.
    fn ask(&mut self, op: Op) -> Result<Answer, String>;
    /// The virtual clock.
    fn jetzt(&mut self) -> &mut Timestamp;
}

/// Implements `engine::trace::Runtime` for a [`Spieler`]: each call is one [`Op`].
#[macro_export]
macro_rules! als_runtime {
    ($typ:ty) => {
        impl $typ {
            fn act(&mut self, op: $crate::spur::Op) -> Result<(), String> {
                $crate::spur::Spieler::ask(self, op).map(drop)
            }
            fn other<T>(answer: $crate::spur::Answer) -> Result<T, String> {
                Err(format!("unexpected answer {answer:?}"))
            }
        }
        impl engine::trace::Runtime for $typ {
            fn start(&mut self, process: &str, variables: nachrichten::Werte) -> Result<(), String> {
                self.act($crate::spur::Op::Start { process: process.to_owned(), variables })
            }
            fn waiting(&mut self) -> Result<Vec<String>, String> {
                match $crate::spur::Spieler::ask(self, $crate::spur::Op::Waiting)? {
                    $crate::spur::Answer::Names(names) => Ok(names),
                    answer => Self::other(answer),
                }
            }
            fn complete(&mut self, element: &str, variables: nachrichten::Werte) -> Result<(), String> {
                self.act($crate::spur::Op::Complete { element: element.to_owned(), variables })
            }
            fn message(&mut self, name: &str, key: Option<&str>, variables: nachrichten::Werte) -> Result<(), String> {
                self.act($crate::spur::Op::Message { name: name.to_owned(), key: key.map(str::to_owned), variables })
            }
            fn signal(&mut self, name: &str, variables: nachrichten::Werte) -> Result<(), String> {
                self.act($crate::spur::Op::Signal { name: name.to_owned(), variables })
            }
            fn bpmn_error(&mut self, element: &str, code: &str) -> Result<(), String> {
                self.act($crate::spur::Op::BpmnError { element: element.to_owned(), code: code.to_owned() })
            }
            fn fail_job(&mut self, element: &str) -> Result<(), String> {
                self.act($crate::spur::Op::FailJob { element: element.to_owned() })
            }
            fn resolve_incident(&mut self, element: &str) -> Result<(), String> {
                self.act($crate::spur::Op::ResolveIncident { element: element.to_owned() })
            }
            fn set_variables(&mut self, variables: nachrichten::Werte) -> Result<(), String> {
                self.act($crate::spur::Op::SetVariables { variables })
            }
            fn activate_adhoc(&mut self, element: &str) -> Result<(), String> {
                self.act($crate::spur::Op::ActivateAdhoc { element: element.to_owned() })
            }
            fn advance(&mut self, by: &str) -> Result<(), String> {
                let until = engine::trace::later(by, *$crate::spur::Spieler::jetzt(self))?;
                // Each timer at its own time, in due order.
                loop {
                    let due = match $crate::spur::Spieler::ask(self, $crate::spur::Op::Due)? {
                        $crate::spur::Answer::Due(due) => due.filter(|due| *due <= until),
                        answer => return Self::other(answer),
                    };
                    let now = $crate::spur::Spieler::jetzt(self);
                    *now = (*now).max(due.unwrap_or(until));
                    if due.is_none() {
                        return Ok(());
                    }
                    self.act($crate::spur::Op::Fire)?;
                }
            }
            fn state(&mut self) -> Result<String, String> {
                match $crate::spur::Spieler::ask(self, $crate::spur::Op::State)? {
                    $crate::spur::Answer::Text(text) => Ok(text),
                    answer => Self::other(answer),
                }
            }
            fn variables(&mut self) -> Result<nachrichten::Werte, String> {
                match $crate::spur::Spieler::ask(self, $crate::spur::Op::Variables)? {
                    $crate::spur::Answer::Variables(variables) => Ok(variables),
                    answer => Self::other(answer),
                }
            }
            fn history(&mut self) -> Result<Vec<engine::HistoryEvent>, String> {
                match $crate::spur::Spieler::ask(self, $crate::spur::Op::History)? {
                    $crate::spur::Answer::History(history) => Ok(history),
                    answer => Self::other(answer),
                }
            }
        }
    };
}

/// An element that is open, with its instance.
struct Open {
    instanz: InstanceId,
    process: String,
    element: ElementInstanceId,
    state: State,
}

impl Geschaeftsgang {
    /// Carries out one act at the time of this engine's clock.
    ///
    /// # Errors
    /// A text for the list of differences.
    pub async fn spur(&self, op: Op) -> Result<Answer, String> {
        self.inner.spur(op).await.map_err(|e| e.to_string())
    }
}

impl Inner {
    async fn spur(&self, op: Op) -> Result<Answer, FahrtFehler> {
        match op {
            Op::Start { process, variables } => {
                let mut tx = self.db.begin().await?;
                let mut fahrt = Fahrt::new(self, &mut tx, self.now());
                fahrt.start_new(&process, variables, None).await?;
                fahrt.finish().await?;
                tx.commit().await?;
            }
            Op::Complete { element, variables } => self.complete(&element, variables).await?,
            Op::Message { name, key, variables } => {
                let mut tx = self.db.begin().await?;
                let mut fahrt = Fahrt::new(self, &mut tx, self.now());
                fahrt.send(&name, key.as_deref(), &variables, Some(0)).await?;
                fahrt.finish().await?;
                tx.commit().await?;
            }
            Op::Signal { name, variables } => {
                let mut tx = self.db.begin().await?;
                let mut fahrt = Fahrt::new(self, &mut tx, self.now());
                fahrt.broadcast(&name, &variables).await?;
                fahrt.finish().await?;
                tx.commit().await?;
            }
            Op::BpmnError { element, code } => self.bpmn_error(&element, code).await?,
            Op::FailJob { element } => {
                let open = self.find(&element).await?;
                let outcome = Outcome::Bug { detail: "Der Auftrag ist gescheitert.".into() };
                self.answer(&open, outcome).await?;
            }
            Op::ResolveIncident { element } => self.resolve(&element).await?,
            Op::SetVariables { variables } => {
                if let Some((row, _)) = self.all().await?.into_iter().next() {
                    let scope = ElementInstanceId(0);
                    self.give(row.id, Command::SetVariables { scope, variables }).await?;
                }
            }
            Op::ActivateAdhoc { element } => {
                let open = self.adhoc_of(&element).await?;
                self.give(open.instanz, Command::ActivateAdhoc { instance: open.element, element }).await?;
            }
            Op::Due => return Ok(Answer::Due(timer::next_due(self).await?)),
            Op::Fire => drop(timer::fire_due(self).await?),
            Op::Waiting => return self.waiting_outside().await.map(Answer::Names),
            Op::State => return self.whole_state().await.map(Answer::Text),
            Op::Variables => {
                let first = self.all().await?.into_iter().next();
                return Ok(Answer::Variables(first.map(|(_, s)| s.variables()).unwrap_or_default()));
            }
            Op::History => return self.whole_history().await.map(Answer::History),
        }
        Ok(Answer::Done)
    }

    /// Every instance in the order of its start.
    async fn all(&self) -> Result<Vec<(InstanzRow, State)>, FahrtFehler> {
        let rows: Vec<InstanzRow> = self.db.all(&sql::SPUR_INSTANZEN, args![]).await?;
        let read = |row: InstanzRow| Ok((serde_json::from_str(&row.state)?, row)).map(|(s, r)| (r, s));
        rows.into_iter().map(read).collect::<Result<_, serde_json::Error>>().map_err(Into::into)
    }

    async fn give(&self, instanz: InstanceId, command: Command) -> Result<(), FahrtFehler> {
        let mut tx = self.db.begin().await?;
        let mut fahrt = Fahrt::new(self, &mut tx, self.now());
        fahrt.command(instanz, command).await?;
        fahrt.finish().await?;
        failpoint("ablauf::akt::before");
        tx.commit().await?;
        failpoint("ablauf::akt::after");
        Ok(())
    }

    /// The oldest open instance of an element.
    async fn find(&self, element: &str) -> Result<Open, FahrtFehler> {
        for (row, state) in self.all().await? {
            let Some(fassung) = self.definitionen.read().await.get(row.definition) else { continue };
            let definition = &fassung.definition;
            let adhoc = definition.element(element).is_some_and(|e| e.kind == "adHocSubProcess");
            let open =
                state.waiting(definition).into_iter().find(|w| &*w.element == element && (!w.container || adhoc));
            if let Some(w) = open {
                return Ok(Open { instanz: row.id, process: row.process, element: w.instance, state });
            }
        }
        Err(FahrtFehler::NoProcess(format!("{element} is not open")))
    }

    /// The ad-hoc sub-process around an activity.
    async fn adhoc_of(&self, element: &str) -> Result<Open, FahrtFehler> {
        let known = self.definitionen.read().await.all_newest();
        let parent = known.iter().find_map(|f| f.definition.element(element).and_then(|e| e.parent.clone()));
        self.find(&parent.unwrap_or_default()).await
    }

    /// Claims a job as a dispatcher does and answers it as a worker does; false when there is no such job.
    async fn answer(&self, open: &Open, outcome: Outcome) -> Result<bool, FahrtFehler> {
        let job: Option<(JobId,)> =
            self.db.optional(&sql::AUFTRAG_OF_ELEMENT, args![open.instanz, open.element.0]).await?;
        let Some((job,)) = job else { return Ok(false) };
        let mut tx = self.db.begin().await?;
        let claimed: Option<AuftragRow> = tx.optional(&sql::AUFTRAG_CLAIM_ONE, args![job, self.now()]).await?;
        tx.commit().await?;
        failpoint("ablauf::auftrag::after");
        let Some(row) = claimed else { return Ok(false) };
        jobs::take_all(self, &[JobResult { job, attempt: row.attempt, outcome }]).await?;
        Ok(true)
    }

    async fn complete(&self, element: &str, variables: Werte) -> Result<(), FahrtFehler> {
        let open = self.find(element).await?;
        if self.answer(&open, Outcome::Done { werte: variables.clone() }).await? {
            return Ok(());
        }
        let subscription = open.state.subscription_of(open.element);
        let mut tx = self.db.begin().await?;
        let command = match subscription {
            Some(subscription) => {
                tx.later(&sql::ABO_DELETE, args![open.instanz, subscription]).await?;
                Command::Message { subscription, variables }
            }
            None => {
                self.close_task(&mut tx, &open).await?;
                Command::CompleteTask { instance: open.element, variables }
            }
        };
        let mut fahrt = Fahrt::new(self, &mut tx, self.now());
        fahrt.command(open.instanz, command).await?;
        fahrt.finish().await?;
        failpoint("ablauf::akt::before");
        tx.commit().await?;
        failpoint("ablauf::akt::after");
        Ok(())
    }

    async fn close_task(&self, tx: &mut service_platform::db::Tx, open: &Open) -> Result<(), FahrtFehler> {
        let task: Option<(TaskId,)> =
            tx.optional(&sql::AUFGABE_OF_ELEMENT, args![open.instanz, open.element.0]).await?;
        if let Some((task,)) = task {
            tx.later(&sql::AUFGABE_WITHDRAW, args![task, self.now()]).await?;
            tx.later(&sql::KANDIDAT_DELETE, args![task]).await?;
            rechte::revoke(tx, &quelle(&open.process, task)).await?;
        }
        Ok(())
    }

    async fn bpmn_error(&self, element: &str, code: String) -> Result<(), FahrtFehler> {
        let open = self.find(element).await?;
        let unreadable = Outcome::Unreadable { code: code.clone(), detail: String::new() };
        if self.answer(&open, unreadable).await? {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        self.close_task(&mut tx, &open).await?;
        let mut fahrt = Fahrt::new(self, &mut tx, self.now());
        let (instance, message, variables) = (open.element, String::new(), Werte::new());
        fahrt.command(open.instanz, Command::BpmnError { instance, code, message, variables }).await?;
        fahrt.finish().await?;
        failpoint("ablauf::akt::before");
        tx.commit().await?;
        failpoint("ablauf::akt::after");
        Ok(())
    }

    async fn resolve(&self, element: &str) -> Result<(), FahrtFehler> {
        let open = self.find(element).await?;
        let job: Option<(JobId,)> =
            self.db.optional(&sql::AUFTRAG_OF_ELEMENT, args![open.instanz, open.element.0]).await?;
        match job {
            Some((job,)) => drop(self.db.execute(&sql::AUFTRAG_RETRY, args![job, self.now()]).await?),
            None => self.give(open.instanz, Command::ResolveIncident { instance: open.element }).await?,
        }
        Ok(())
    }

    async fn stopped_jobs(&self) -> Result<Vec<(InstanceId, u64)>, FahrtFehler> {
        Ok(self.db.all(&sql::SPUR_STOERUNGEN, args![]).await?)
    }

    async fn waiting_outside(&self) -> Result<Vec<String>, FahrtFehler> {
        let stopped = self.stopped_jobs().await?;
        let mut names = Vec::new();
        for (row, state) in self.all().await? {
            let Some(fassung) = self.definitionen.read().await.get(row.definition) else { continue };
            let waiting = state.waiting_outside(&fassung.definition).into_iter();
            let open = waiting.filter(|(instance, _)| !stopped.contains(&(row.id, instance.0)));
            names.extend(open.map(|(_, element)| element.to_string()));
        }
        Ok(names)
    }

    async fn whole_state(&self) -> Result<String, FahrtFehler> {
        let all = self.all().await?;
        let active = |row: &InstanzRow| row.beendet.is_none();
        let incident = all.iter().any(|(row, state)| active(row) && state.has_incident());
        let ended = !all.is_empty() && !all.iter().any(|(row, _)| active(row));
        let word = match (incident || !self.stopped_jobs().await?.is_empty(), ended) {
            (true, _) => "incident",
            (_, true) => "completed",
            _ => "active",
        };
        Ok(word.to_owned())
    }

    async fn whole_history(&self) -> Result<Vec<HistoryEvent>, FahrtFehler> {
        let rows: Vec<(Timestamp, String, u64, String, bool)> = self.db.all(&sql::SPUR_VERLAUF, args![]).await?;
        let event = |(at, element, instance, word, inner): (Timestamp, String, u64, String, bool)| HistoryEvent {
            at,
            element: element.into(),
            instance: ElementInstanceId(instance),
            kind: EREIGNISSE.iter().find(|(_, w)| *w == word).map_or(HistoryKind::Modified, |(kind, _)| *kind),
            inner,
            detail: None,
        };
        Ok(rows.into_iter().map(event).collect())
    }
}
