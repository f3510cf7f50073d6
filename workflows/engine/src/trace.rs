// SPDX-License-Identifier: EUPL-1.2
//! Runs conformance cases (`eakte-bpmn-trace/1`) on any runtime: in memory here, durable in the service.

use std::collections::BTreeMap;

use nachrichten::{Timestamp, Werte};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::api::{Command, ElementInstanceId, HistoryEvent, HistoryKind};
use crate::memory::Runner;
use crate::state::Phase;

/// A case file.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseFile {
    /// Name of the model.
    pub id: String,
    /// BPMN file beside it.
    pub bpmn: String,
    /// Process to start.
    pub process: String,
    /// `start` or `deploy`.
    pub start: String,
    /// Runs of it.
    pub cases: Vec<Case>,
}

/// One run.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Name.
    pub name: String,
    /// First variables.
    #[serde(default)]
    pub variables: Werte,
    /// What happens, in order.
    #[serde(default)]
    pub steps: Vec<Werte>,
    /// Tasks that wait for an explicit step.
    #[serde(default)]
    pub held_jobs: Vec<String>,
    /// What must come out.
    pub expect: Expect,
}

/// Expected outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Expect {
    /// `completed`, `active` or `incident`.
    pub state: String,
    /// How often each flow node completed.
    #[serde(default)]
    pub completed: BTreeMap<String, u64>,
    /// How often these were cancelled.
    #[serde(default)]
    pub cancelled: BTreeMap<String, u64>,
    /// Order of completions.
    #[serde(default)]
    pub before: Vec<(String, String)>,
    /// Subset of the variables at the end.
    #[serde(default)]
    pub variables: Werte,
}

/// What came out of a case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// Case file.
    pub file: String,
    /// Case name.
    pub case: String,
    /// `completed`, `active` or `incident`.
    pub state: String,
    /// Completions by flow node.
    pub completed: BTreeMap<String, u64>,
    /// Cancellations by flow node.
    pub cancelled: BTreeMap<String, u64>,
    /// Flow nodes as they completed.
    pub order: Vec<String>,
    /// What waited at each `expect_waiting`.
    pub waiting: Vec<Vec<String>>,
    /// Variables at the end.
    pub variables: Werte,
    /// Differences; empty = passed.
    pub mismatches: Vec<String>,
}

/// A runtime that can play a case.
pub trait Runtime {
    /// Starts the process.
    ///
    /// # Errors
    /// Text for the mismatch list; so for all others.
    fn start(&mut self, process: &str, variables: Werte) -> Result<(), String>;
    /// What waits from outside, as element ids.
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn waiting(&mut self) -> Result<Vec<String>, String>;
    /// Completes the oldest open job, task, receive task or event of an element.
    #[allow(clippy::missing_errors_doc)]
    fn complete(&mut self, element: &str, variables: Werte) -> Result<(), String>;
    /// A message from outside.
    #[allow(clippy::missing_errors_doc)]
    fn message(&mut self, name: &str, key: Option<&str>, variables: Werte) -> Result<(), String>;
    /// A signal from outside.
    #[allow(clippy::missing_errors_doc)]
    fn signal(&mut self, name: &str, variables: Werte) -> Result<(), String>;
    /// A job or task ends with a business error.
    #[allow(clippy::missing_errors_doc)]
    fn bpmn_error(&mut self, element: &str, code: &str) -> Result<(), String>;
    /// A job fails for good.
    #[allow(clippy::missing_errors_doc)]
    fn fail_job(&mut self, element: &str) -> Result<(), String>;
    /// An operator tries again.
    #[allow(clippy::missing_errors_doc)]
    fn resolve_incident(&mut self, element: &str) -> Result<(), String>;
    /// Sets variables of the process.
    #[allow(clippy::missing_errors_doc)]
    fn set_variables(&mut self, variables: Werte) -> Result<(), String>;
    /// Starts an activity of the running ad-hoc sub-process.
    #[allow(clippy::missing_errors_doc)]
    fn activate_adhoc(&mut self, element: &str) -> Result<(), String>;
    /// Moves the clock by an ISO duration.
    #[allow(clippy::missing_errors_doc)]
    fn advance(&mut self, by: &str) -> Result<(), String>;
    /// `completed`, `active` or `incident`.
    #[allow(clippy::missing_errors_doc)]
    fn state(&mut self) -> Result<String, String>;
    /// Variables of the process.
    #[allow(clippy::missing_errors_doc)]
    fn variables(&mut self) -> Result<Werte, String>;
    /// Everything that happened, called processes included, in order.
    #[allow(clippy::missing_errors_doc)]
    fn history(&mut self) -> Result<Vec<HistoryEvent>, String>;
}

/// The time after an ISO 8601 duration, e.g. `P3D` or `PT12H`.
///
/// # Errors
/// A sentence when it is no duration.
pub fn later(by: &str, now: Timestamp) -> Result<Timestamp, String> {
    crate::timer::moment(by, now)
}

/// Plays one case and compares.
pub fn run(file: &str, cases: &CaseFile, case: &Case, runtime: &mut dyn Runtime) -> CaseResult {
    let mut result = CaseResult {
        file: file.to_owned(),
        case: case.name.clone(),
        state: "active".into(),
        completed: BTreeMap::new(),
        cancelled: BTreeMap::new(),
        order: Vec::new(),
        waiting: Vec::new(),
        variables: Werte::new(),
        mismatches: Vec::new(),
    };
    let played = play(cases, case, runtime, &mut result).and_then(|()| read(runtime, &mut result));
    if let Err(text) = played {
        result.mismatches.push(text);
    }
    compare(&case.expect, &mut result);
    result
}

fn play(cases: &CaseFile, case: &Case, runtime: &mut dyn Runtime, result: &mut CaseResult) -> Result<(), String> {
    if cases.start == "start" {
        runtime.start(&cases.process, case.variables.clone())?;
    }
    for (n, step) in case.steps.iter().enumerate() {
        let text = |name: &str| step.get(name).and_then(Json::as_str).unwrap_or_default();
        let values = || step.get("variables").and_then(Json::as_object).cloned().unwrap_or_default();
        let element = text("element");
        match text("op") {
            "expect_waiting" => {
                let mut expected: Vec<String> = step.get("elements").map(names).unwrap_or_default();
                let mut got = runtime.waiting()?;
                expected.sort();
                got.sort();
                if got != expected {
                    result.mismatches.push(format!("step {n}: waiting {got:?}, expected {expected:?}"));
                }
                result.waiting.push(got);
            }
            "complete" => runtime.complete(element, values())?,
            "message" => runtime.message(text("name"), step.get("key").and_then(Json::as_str), values())?,
            "signal" => runtime.signal(text("name"), values())?,
            "bpmn_error" => runtime.bpmn_error(element, text("code"))?,
            "fail_job" => runtime.fail_job(element)?,
            "resolve_incident" => runtime.resolve_incident(element)?,
            "set_variables" => runtime.set_variables(values())?,
            "activate_adhoc" => runtime.activate_adhoc(element)?,
            "advance_time" => runtime.advance(text("by"))?,
            "expect_state" => {
                let got = runtime.state()?;
                if got != text("state") {
                    result.mismatches.push(format!("step {n}: state {got}, expected {}", text("state")));
                }
            }
            other => return Err(format!("step {n}: unknown op {other}")),
        }
    }
    Ok(())
}

fn names(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn read(runtime: &mut dyn Runtime, result: &mut CaseResult) -> Result<(), String> {
    result.state = runtime.state()?;
    result.variables = runtime.variables()?;
    for event in runtime.history()?.into_iter().filter(|e| !e.inner && e.instance != ElementInstanceId(0)) {
        match event.kind {
            HistoryKind::Completed => {
                *result.completed.entry(event.element.to_string()).or_default() += 1;
                result.order.push(event.element.to_string());
            }
            HistoryKind::Cancelled => *result.cancelled.entry(event.element.to_string()).or_default() += 1,
            _ => {}
        }
    }
    Ok(())
}

fn compare(expect: &Expect, result: &mut CaseResult) {
    let mut wrong = Vec::new();
    if result.state != expect.state {
        wrong.push(format!("state {}, expected {}", result.state, expect.state));
    }
    if result.completed != expect.completed {
        wrong.push(format!("completed {:?}, expected {:?}", result.completed, expect.completed));
    }
    for (element, count) in &expect.cancelled {
        let got = result.cancelled.get(element).copied().unwrap_or(0);
        if got != *count {
            wrong.push(format!("{element} cancelled {got} times, expected {count}"));
        }
    }
    for (first, second) in &expect.before {
        let at = |id: &String| result.order.iter().position(|o| o == id);
        if let (Some(a), Some(b)) = (at(first), at(second))
            && a > b
        {
            wrong.push(format!("{first} completed after {second}"));
        }
    }
    for (name, value) in &expect.variables {
        let got = result.variables.get(name).unwrap_or(&Json::Null);
        let same = got == value || got.as_f64().zip(value.as_f64()).is_some_and(|(a, b)| a == b);
        if !same {
            wrong.push(format!("variable {name} is {got}, expected {value}"));
        }
    }
    result.mismatches.extend(wrong);
}

impl Runtime for Runner {
    fn start(&mut self, process: &str, variables: Werte) -> Result<(), String> {
        Runner::start(self, process, None, variables).map(|_| ())
    }

    fn waiting(&mut self) -> Result<Vec<String>, String> {
        Ok(Runner::waiting(self).iter().map(ToString::to_string).collect())
    }

    fn complete(&mut self, element: &str, variables: Werte) -> Result<(), String> {
        let (number, instance) = open(self, element)?;
        let running = &self.instances[number];
        let command = if running.jobs.contains_key(&instance) {
            Command::CompleteJob { instance, variables }
        } else if let Some(subscription) = running.state.subscription_of(instance) {
            Command::Message { subscription, variables }
        } else {
            Command::CompleteTask { instance, variables }
        };
        self.command(number, command)
    }

    fn message(&mut self, name: &str, key: Option<&str>, variables: Werte) -> Result<(), String> {
        Runner::message(self, name, key, variables, None)
    }

    fn signal(&mut self, name: &str, variables: Werte) -> Result<(), String> {
        Runner::signal(self, name, variables)
    }

    fn bpmn_error(&mut self, element: &str, code: &str) -> Result<(), String> {
        let (number, instance) = open(self, element)?;
        let (code, message) = (code.to_owned(), String::new());
        self.command(number, Command::BpmnError { instance, code, message, variables: Werte::new() })
    }

    fn fail_job(&mut self, element: &str) -> Result<(), String> {
        let (number, instance) = open(self, element)?;
        self.command(number, Command::FailJob { instance, text: "Der Auftrag ist gescheitert.".into() })
    }

    fn resolve_incident(&mut self, element: &str) -> Result<(), String> {
        let (number, instance) = open(self, element)?;
        self.command(number, Command::ResolveIncident { instance })
    }

    fn set_variables(&mut self, variables: Werte) -> Result<(), String> {
        self.command(0, Command::SetVariables { scope: ElementInstanceId(0), variables })
    }

    fn activate_adhoc(&mut self, element: &str) -> Result<(), String> {
        let parent = self.instances.iter().find_map(|r| r.definition.element(element).and_then(|e| e.parent.clone()));
        let (number, instance) = open(self, &parent.unwrap_or_default())?;
        self.command(number, Command::ActivateAdhoc { instance, element: element.to_owned() })
    }

    fn advance(&mut self, by: &str) -> Result<(), String> {
        self.advance_to(later(by, self.now)?)
    }

    fn state(&mut self) -> Result<String, String> {
        let incident = self.instances.iter().any(|r| r.state.phase() == Phase::Active && r.state.has_incident());
        let ended = !self.instances.is_empty() && self.instances.iter().all(|r| r.state.phase() == Phase::Ended);
        Ok(if incident {
            "incident"
        } else if ended {
            "completed"
        } else {
            "active"
        }
        .to_owned())
    }

    fn variables(&mut self) -> Result<Werte, String> {
        Ok(self.instances.first().map(|r| r.state.variables()).unwrap_or_default())
    }

    fn history(&mut self) -> Result<Vec<HistoryEvent>, String> {
        Ok(self.history.iter().map(|(_, event)| event.clone()).collect())
    }
}

fn open(runner: &Runner, element: &str) -> Result<(usize, ElementInstanceId), String> {
    runner.find(element).ok_or_else(|| format!("{element} is not open"))
}
