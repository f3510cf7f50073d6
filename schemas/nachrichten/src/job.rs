// SPDX-License-Identifier: EUPL-1.2
//! The envelope of work: a job goes out with its attempt number, a result comes back with the same number.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{InstanceId, JobId, Timestamp, Werte};

/// One service task for a worker. `typ` names queue and message version, e.g. `erkennung.zerlegen.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Job {
    pub id: JobId,
    pub typ: String,
    /// Fencing number: rises with each dispatch; only the result of the current attempt counts.
    pub attempt: u32,
    /// How often the work itself failed before (a dead child, a passed deadline, an answer `Retry`).
    #[serde(default)]
    pub failures: u32,
    pub instance: InstanceId,
    /// The element instance id: the same for every attempt, so effects outside can be recognised.
    pub idempotency_key: String,
    /// After this instant the job goes out again with the next attempt number.
    pub deadline: Timestamp,
    /// The message of this job type, as JSON.
    pub eingabe: Value,
    /// W3C trace context of the intake, if any.
    pub trace: Option<String>,
}

/// The answer to a [`Job`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobResult {
    pub job: JobId,
    pub attempt: u32,
    pub outcome: Outcome,
}

/// What became of the attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// These variables are merged into the instance (through the element's output mapping).
    Done { werte: Werte },
    /// The input cannot be worked on: a BPMN error, the process has a path for it.
    Unreadable { code: String, detail: String },
    /// The work itself did not succeed, the machine is full: again after the pause, at most the element's number of tries.
    Retry { after_ms: u64, cause: String },
    /// What the work needs (the blob store, the database) is away: the job waits for it and uses no try.
    Away { cause: String },
    /// A defect: an incident for the operators.
    Bug { detail: String },
}

/// What a worker's handler answers when it cannot give a result; never a bare `Err(anyhow)`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JobError {
    #[error("try again: {cause}")]
    Retry { after: std::time::Duration, cause: String },
    /// Nothing is wrong with the work: it waits until what it needs is back.
    #[error("away: {cause}")]
    Away { cause: String },
    /// `code` is the BPMN error code, e.g. `format-rejected`, `quarantine`; `detail` a German sentence for the clerk.
    #[error("unreadable ({code}): {detail}")]
    Unreadable { code: String, detail: String },
    #[error("defect: {detail}")]
    Bug { detail: String },
}

impl From<Result<Werte, JobError>> for Outcome {
    fn from(result: Result<Werte, JobError>) -> Self {
        match result {
            Ok(werte) => Self::Done { werte },
            Err(JobError::Retry { after, cause }) => Self::Retry { after_ms: after.as_millis() as u64, cause },
            Err(JobError::Away { cause }) => Self::Away { cause },
            Err(JobError::Unreadable { code, detail }) => Self::Unreadable { code, detail },
            Err(JobError::Bug { detail }) => Self::Bug { detail },
        }
    }
}
