// SPDX-License-Identifier: EUPL-1.2
//! What happened, and what waits.

use std::sync::Arc;

use nachrichten::Timestamp;
use serde::{Deserialize, Serialize};

use super::ElementInstanceId;

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
