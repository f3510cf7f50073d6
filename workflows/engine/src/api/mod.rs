// SPDX-License-Identifier: EUPL-1.2
//! What goes in and comes out of [`crate::step`] and [`crate::deploy`]: plain data.

mod command;
mod history;
mod output;

pub use command::*;
pub use history::*;
pub use output::*;

use std::sync::Arc;

use nachrichten::{Timestamp, Werte, kalender::Kalender};
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
#[derive(Clone, Debug)]
pub struct DeployOptions {
    /// Conformance run: service and send tasks complete at once, a missing job type is no error.
    pub trace: bool,
    /// Ids of tasks that become jobs all the same in a conformance run.
    pub held: Vec<String>,
    /// Largest file in bytes.
    pub max_bytes: usize,
    /// Most XML elements in a file.
    pub max_elements: usize,
    /// Deepest XML nesting.
    pub max_depth: usize,
    /// Working days, for due dates like `3AT`.
    pub kalender: Arc<Kalender>,
}

impl Default for DeployOptions {
    fn default() -> Self {
        Self {
            trace: false,
            held: Vec::new(),
            max_bytes: 20_000_000,
            max_elements: 100_000,
            max_depth: 100,
            kalender: Arc::default(),
        }
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
