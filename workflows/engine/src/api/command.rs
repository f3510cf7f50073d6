// SPDX-License-Identifier: EUPL-1.2
//! What is asked of an instance, and why that may be refused.

use nachrichten::Werte;
use serde::{Deserialize, Serialize};

use super::{ElementInstanceId, HistoryEvent, Output};

/// What is asked of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begins a new instance (of [`crate::State::new`]) at the none start event or at `element`.
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
        /// From [`super::TaskSpec::instance`].
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

/// Most bytes that all variables of an instance have together (roughly, as JSON).
pub const MAX_VALUES: usize = 10_000_000;

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
    /// More than [`MAX_VALUES`] of variables, these values and the instance's own together.
    #[error("Die Werte für „{0}“ sind zu groß. Alle Werte eines Ablaufs zusammen dürfen höchstens 10 MB haben.")]
    TooLarge(String),
    /// The state belongs to another definition.
    #[error("Der gespeicherte Stand passt nicht zu dieser Fassung des Ablaufs.")]
    WrongDefinition,
}
