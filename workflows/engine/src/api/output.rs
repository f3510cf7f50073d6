// SPDX-License-Identifier: EUPL-1.2
//! What the service has to do after a step.

use std::sync::Arc;

use nachrichten::{Timestamp, Werte};
use serde::{Deserialize, Serialize};

use super::{Command, ElementInstanceId};

/// A person's work item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// For [`super::Command::CompleteTask`].
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
    /// `eakte:zeichnung`: completing is a signature bound to the content of this: `dokument`, or a variable's name.
    pub signs: Option<String>,
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
    /// One message; delivered with [`super::Command::Message`].
    Message,
    /// Signals; delivered to the instance with [`super::Command::Signal`].
    Signal,
}

/// What the service has to do. Everything of one step belongs to one commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// Work for a worker.
    CreateJob {
        /// For [`super::Command::CompleteJob`].
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
        /// For [`super::Command::FireTimer`].
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
    /// Wait for a message or signal. Giving a message to a subscription uses it up; a non-interrupting event asks
    /// again under the same number.
    Subscribe {
        /// For [`super::Command::Message`].
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
    /// Send a signal to all other instances and to signal start events; this instance has heard it already.
    BroadcastSignal {
        /// Signal name.
        name: String,
        /// Contents.
        variables: Werte,
    },
    /// Start an instance of another process and report its end.
    Call {
        /// For [`super::Command::CalledEnded`].
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
        /// For [`super::Command::ResolveIncident`].
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
    /// An escalation nobody caught; goes to the caller as [`super::Command::CalledEscalation`].
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
    /// [`super::Command::Cancel`].
    Cancelled,
}

impl Outcome {
    /// What the call activity `instance` that started the ended instance is told. An operator's end of a called
    /// instance becomes an incident of the caller; a caller that asked for it does not wait any more.
    pub fn report(self, instance: ElementInstanceId, variables: Werte) -> Command {
        match self {
            Outcome::Completed | Outcome::Terminated => Command::CalledEnded { instance, variables },
            Outcome::Error { code } => Command::CalledError { instance, code, variables },
            Outcome::Cancelled => {
                Command::FailJob { instance, text: "Der aufgerufene Ablauf wurde abgebrochen.".to_owned() }
            }
        }
    }
}
