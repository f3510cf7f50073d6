// SPDX-License-Identifier: EUPL-1.2
//! What goes in and comes out of [`crate::step`] and [`crate::deploy`]: plain data.

use std::sync::Arc;

use nachrichten::{Timestamp, Werte};
use serde::{Deserialize, Serialize};

/// A running element of one instance (a job, a task, a waiting event, a sub-process, ...).
/// Unique within its process instance, never used again. `0` is the process itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ElementInstanceId(pub u64);

impl std::fmt::Display for ElementInstanceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Decisions by id. Tables behind one trait; the service gives the newest deployed ones.
pub trait Decisions: Send + Sync {
    /// Whether a decision with this id is deployed (asked at deployment of a process).
    fn exists(&self, id: &str) -> bool;
    /// The name of the decision's own variable, which takes the result.
    fn variable(&self, id: &str) -> Option<String>;
    /// Evaluates decision `id`; `input` are the visible variables.
    ///
    /// # Errors
    /// A German sentence that says what went wrong.
    fn evaluate(&self, id: &str, input: &Werte, now: Timestamp) -> Result<serde_json::Value, String>;
}

/// No decisions at all.
pub struct NoDecisions;

impl Decisions for NoDecisions {
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
    fn evaluate(&self, id: &str, _: &Werte, _: Timestamp) -> Result<serde_json::Value, String> {
        Err(format!("Die Entscheidung „{id}“ gibt es nicht."))
    }
}

/// How a file is deployed.
#[derive(Clone, Copy, Debug)]
pub struct DeployOptions {
    /// Service tasks without job type complete at once instead of being refused (conformance runs).
    pub trace: bool,
    /// Largest file in bytes.
    pub max_bytes: usize,
    /// Most XML elements in a file.
    pub max_elements: usize,
    /// Deepest XML nesting.
    pub max_depth: usize,
}

impl Default for DeployOptions {
    fn default() -> Self {
        Self { trace: false, max_bytes: 20_000_000, max_elements: 100_000, max_depth: 100 }
    }
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The process is refused.
    Error,
    /// The process is deployed.
    Warning,
}

/// One result of the deploy-time analyser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Error or warning.
    pub level: Level,
    /// Stable short code, e.g. `feel`, `unknown-reference`.
    pub code: String,
    /// BPMN id of the element.
    pub element: Option<String>,
    /// Its name as drawn.
    pub name: Option<String>,
    /// German sentence with the reason.
    pub text: String,
}

/// Why a file could not be deployed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeployError {
    /// Too large, too deep, too many elements, not well-formed, not BPMN. German sentence.
    #[error("{0}")]
    Unreadable(String),
    /// At least one error of the analyser; warnings included.
    #[error("{}", first_error(.0))]
    Refused(Vec<Finding>),
}

fn first_error(findings: &[Finding]) -> String {
    let mut errors = findings.iter().filter(|f| f.level == Level::Error);
    match errors.next() {
        Some(f) => match f.name.as_deref().filter(|n| !n.is_empty()).or(f.element.as_deref()) {
            Some(name) => format!("{name}: {}", f.text),
            None => f.text.clone(),
        },
        None => String::new(),
    }
}

/// What was found in a file.
pub struct Deployment {
    /// Executable processes, ready to run.
    pub processes: Vec<Arc<crate::Definition>>,
    /// Processes that are not executable: shown, never started.
    pub drawn_only: Vec<DrawnProcess>,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// A process that is only a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnProcess {
    /// BPMN id.
    pub id: String,
    /// Name as drawn.
    pub name: String,
}

/// An element of a definition, for pictures and lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElementInfo {
    /// BPMN id.
    pub id: Arc<str>,
    /// Name as drawn, may be empty.
    pub name: Arc<str>,
    /// BPMN tag, e.g. `userTask`.
    pub kind: &'static str,
    /// Id of the enclosing sub-process.
    pub parent: Option<Arc<str>>,
}

/// A start event of a process that the service arms when the process is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartEvent {
    /// BPMN id, for [`Command::Start`].
    pub element: Arc<str>,
    /// What starts it.
    pub kind: StartKind,
}

/// What starts a process at a start event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartKind {
    /// Started by a command or a call activity.
    None,
    /// Ask [`crate::Definition::timer_start`] for the due times.
    Timer,
    /// A message of this name; [`crate::Definition::start_key`] tells its correlation key.
    Message {
        /// Message name.
        name: String,
    },
    /// A signal of this name.
    Signal {
        /// Signal name.
        name: String,
    },
    /// A condition over the start variables; started by command with that element.
    Conditional,
}

/// Due time of a timer start event and how it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerPlan {
    /// When it is due.
    pub due: Timestamp,
    /// How often it fires after that; `None` = for ever.
    pub again: Option<u32>,
}

/// What is asked of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begins a new instance (of [`State::new`]) at the none start event or at `element`.
    Start {
        /// Start event; `None` = the none start event.
        element: Option<String>,
        /// First variables.
        variables: Werte,
    },
    /// A worker finished.
    CompleteJob {
        /// From [`Output::CreateJob`].
        instance: ElementInstanceId,
        /// The result.
        variables: Werte,
    },
    /// A worker failed for good: the element becomes an incident.
    FailJob {
        /// From [`Output::CreateJob`].
        instance: ElementInstanceId,
        /// Reason for the operators.
        text: String,
    },
    /// A worker or person reports a business error; also for user tasks.
    BpmnError {
        /// The job or task.
        instance: ElementInstanceId,
        /// Error code.
        code: String,
        /// Kept in variable `fehlertext` at the catching event, if not empty.
        message: String,
        /// Merged at the catching event.
        variables: Werte,
    },
    /// A worker or person reports an escalation; the element goes on unless it is caught with interruption.
    Escalate {
        /// The job or task.
        instance: ElementInstanceId,
        /// Escalation code.
        code: String,
        /// Merged at the catching event.
        variables: Werte,
    },
    /// A person finished.
    CompleteTask {
        /// From [`TaskSpec::instance`].
        instance: ElementInstanceId,
        /// Values of the form.
        variables: Werte,
    },
    /// A timer is due.
    FireTimer {
        /// From [`Output::ArmTimer`].
        timer: u64,
    },
    /// A message arrived for a subscription.
    Message {
        /// From [`Output::Subscribe`].
        subscription: u64,
        /// Contents of the message.
        variables: Werte,
    },
    /// A signal was sent; every catching event of this name in the instance takes it.
    Signal {
        /// Signal name.
        name: String,
        /// Contents of the signal.
        variables: Werte,
    },
    /// A called instance ended well.
    CalledEnded {
        /// From [`Output::Call`].
        instance: ElementInstanceId,
        /// Its variables.
        variables: Werte,
    },
    /// A called instance ended with an error nobody caught there, or could not be started.
    CalledError {
        /// From [`Output::Call`].
        instance: ElementInstanceId,
        /// Error code.
        code: String,
        /// Its variables.
        variables: Werte,
    },
    /// A called instance threw an escalation nobody caught there.
    CalledEscalation {
        /// From [`Output::Call`].
        instance: ElementInstanceId,
        /// Escalation code.
        code: String,
        /// Merged at the catching event.
        variables: Werte,
    },
    /// An operator changes variables of a scope (`0` = the process); conditional events see it.
    SetVariables {
        /// The scope.
        scope: ElementInstanceId,
        /// Names and values.
        variables: Werte,
    },
    /// Tries the element of an incident again.
    ResolveIncident {
        /// From [`Output::Incident`].
        instance: ElementInstanceId,
    },
    /// Starts an activity inside a running ad-hoc sub-process.
    ActivateAdhoc {
        /// The ad-hoc sub-process.
        instance: ElementInstanceId,
        /// BPMN id of the activity in it.
        element: String,
    },
    /// An operator takes a token away; the instance ends when it was the last one.
    CancelElement {
        /// The token.
        instance: ElementInstanceId,
    },
    /// An operator puts a token before an element (its enclosing sub-process must run).
    StartElement {
        /// BPMN id.
        element: String,
    },
    /// Ends the instance; everything open is withdrawn.
    Cancel,
}

/// Result of a command.
#[derive(Clone, Debug)]
pub struct Step {
    /// The whole new state; replaces the old one.
    pub state: crate::State,
    /// What the service does in the same commit, in order.
    pub outputs: Vec<Output>,
    /// What happened, in order; append-only.
    pub history: Vec<HistoryEvent>,
}

/// Why a command was not accepted; the state is untouched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Nothing is accepted after the end.
    #[error("Der Ablauf ist bereits beendet.")]
    Ended,
    /// `Start` of a running instance.
    #[error("Der Ablauf läuft bereits.")]
    AlreadyStarted,
    /// Any other command before `Start`.
    #[error("Der Ablauf ist noch nicht gestartet.")]
    NotStarted,
    /// The job, task, timer, subscription or incident is not open (any more).
    #[error("Der Schritt ist nicht mehr offen.")]
    NotOpen,
    /// The command does not fit the element, e.g. a job result for a user task.
    #[error("Das passt nicht zum Schritt „{0}“.")]
    WrongKind(String),
    /// No such element in this definition.
    #[error("Den Schritt „{0}“ gibt es in diesem Ablauf nicht.")]
    UnknownElement(String),
    /// The element cannot be started here and now.
    #[error("Der Schritt „{0}“ kann hier nicht gestartet werden.")]
    NotStartable(String),
    /// More than 10 MB of variables.
    #[error("Die Werte sind zu groß.")]
    TooLarge,
    /// The state belongs to another definition.
    #[error("Der gespeicherte Stand passt nicht zu dieser Fassung des Ablaufs.")]
    WrongDefinition,
}

/// A person's work item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// For [`Command::CompleteTask`].
    pub instance: ElementInstanceId,
    /// BPMN id.
    pub element: Arc<str>,
    /// Name as drawn.
    pub name: Arc<str>,
    /// File in `formulare/`; `None` = the element id may serve.
    pub form_key: Option<String>,
    /// Candidate groups; never empty unless `assignee` is set.
    pub groups: Vec<String>,
    /// One person.
    pub assignee: Option<String>,
    /// `eakte:titel`, else the element's name.
    pub title: String,
    /// `eakte:daten`.
    pub data: Werte,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// Element ids whose person must not do this task.
    pub not_person_of: Vec<String>,
    /// 0 to 100, 50 is normal.
    pub priority: u8,
}

/// How the called process is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binding {
    /// The newest version at the time of the call.
    Latest,
    /// The version deployed in the same file or deployment.
    Deployment,
    /// A named or numbered version.
    Version(String),
}

/// What a subscription waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionKind {
    /// One message; delivered with [`Command::Message`].
    Message,
    /// Signals; delivered to the instance with [`Command::Signal`].
    Signal,
}

/// What the service has to do. Everything of one step belongs to one commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// Work for a worker.
    CreateJob {
        /// For [`Command::CompleteJob`].
        instance: ElementInstanceId,
        /// BPMN id.
        element: Arc<str>,
        /// Name as drawn.
        name: Arc<str>,
        /// Type of the job.
        job_type: String,
        /// Its input.
        input: Werte,
        /// Tries before it becomes an incident.
        retries: u32,
        /// Before all others.
        urgent: bool,
    },
    /// The job is not wanted any more.
    CancelJob {
        /// From [`Output::CreateJob`].
        instance: ElementInstanceId,
    },
    /// Work for a person.
    CreateTask(Box<TaskSpec>),
    /// The task is not wanted any more.
    CancelTask {
        /// From [`TaskSpec::instance`].
        instance: ElementInstanceId,
    },
    /// Wake the instance at a time.
    ArmTimer {
        /// For [`Command::FireTimer`].
        timer: u64,
        /// When.
        due: Timestamp,
        /// BPMN id of the event.
        element: Arc<str>,
    },
    /// The timer is not wanted any more.
    CancelTimer {
        /// From [`Output::ArmTimer`].
        timer: u64,
    },
    /// Wait for a message or signal.
    Subscribe {
        /// For [`Command::Message`].
        subscription: u64,
        /// Message or signal name.
        name: String,
        /// Correlation key; `None` = by name if exactly one instance waits.
        key: Option<String>,
        /// Message or signal.
        kind: SubscriptionKind,
        /// BPMN id of the event.
        element: Arc<str>,
    },
    /// The subscription is over.
    Unsubscribe {
        /// From [`Output::Subscribe`].
        subscription: u64,
    },
    /// Send a message.
    Throw {
        /// Message name.
        name: String,
        /// Correlation key.
        key: Option<String>,
        /// Contents.
        variables: Werte,
        /// How long it is kept when nobody waits, in seconds; `None` = the service's default.
        ttl: Option<u64>,
    },
    /// Send a signal to all instances, this one included, and to signal start events.
    BroadcastSignal {
        /// Signal name.
        name: String,
        /// Contents.
        variables: Werte,
    },
    /// Start an instance of another process and report its end.
    Call {
        /// For [`Command::CalledEnded`].
        instance: ElementInstanceId,
        /// BPMN id of the call activity.
        element: Arc<str>,
        /// Called process id.
        process: String,
        /// Which version.
        binding: Binding,
        /// Its first variables.
        variables: Werte,
    },
    /// Cancel the called instance.
    CancelCall {
        /// From [`Output::Call`].
        instance: ElementInstanceId,
    },
    /// The element is stopped until an operator acts.
    Incident {
        /// For [`Command::ResolveIncident`].
        instance: ElementInstanceId,
        /// BPMN id.
        element: Arc<str>,
        /// German reason.
        text: String,
    },
    /// The incident is over (tried again or withdrawn).
    IncidentClosed {
        /// From [`Output::Incident`].
        instance: ElementInstanceId,
    },
    /// An escalation nobody caught; goes to the caller as [`Command::CalledEscalation`].
    Escalated {
        /// Escalation code.
        code: String,
        /// Contents.
        variables: Werte,
    },
    /// The instance is over; always the last output.
    Ended {
        /// Variables at the end.
        variables: Werte,
        /// How it ended.
        outcome: Outcome,
    },
}

/// How an instance ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// All tokens reached an end.
    Completed,
    /// An error end event nobody caught in this instance.
    Error {
        /// Error code.
        code: String,
    },
    /// Terminate end event.
    Terminated,
    /// [`Command::Cancel`].
    Cancelled,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// When: the step's `now`.
    pub at: Timestamp,
    /// BPMN id; the process id for the instance itself.
    pub element: Arc<str>,
    /// Which running of it.
    pub instance: ElementInstanceId,
    /// What happened.
    pub kind: HistoryKind,
    /// One of several runs of a multi-instance or looping activity; the activity itself has its own events.
    pub inner: bool,
    /// Reason of an incident, code of an error or escalation.
    pub detail: Option<String>,
}

/// What happened to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryKind {
    /// A token reached it.
    Activated,
    /// Done; for an event: it happened.
    Completed,
    /// Withdrawn before it was done.
    Cancelled,
    /// Stopped, see `detail`.
    Incident,
    /// Tried again after an incident.
    Resolved,
    /// An operator acted on it.
    Modified,
}

/// A token that waits, for lists and pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The element instance.
    pub instance: ElementInstanceId,
    /// BPMN id.
    pub element: Arc<str>,
    /// Name as drawn.
    pub name: Arc<str>,
    /// Since when.
    pub since: Timestamp,
    /// German sentence.
    pub warum: String,
    /// Stopped by an error.
    pub incident: Option<String>,
    /// It encloses others (sub-process, multi-instance) or is a boundary or event sub-process that listens.
    pub container: bool,
}
