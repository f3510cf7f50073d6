// SPDX-License-Identifier: EUPL-1.2
//! A whole runtime in memory with a virtual clock: jobs, tasks, timers in due order, messages by
//! name and key, signals, called processes. For tests, traces and trying a process out.

mod messages;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use nachrichten::{Timestamp, Werte};

use crate::api::*;
use crate::definition::{Definition, Kind};
use crate::state::{Phase, State};
use crate::step::step;

/// Deepest chain of process calls.
const MAX_CALLS: usize = 50;

/// One instance in memory.
pub struct Running {
    /// What it runs.
    pub definition: Arc<Definition>,
    /// Where it stands.
    pub state: State,
    /// The caller and its call activity.
    pub parent: Option<(usize, ElementInstanceId)>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Open jobs with type and input.
    pub jobs: BTreeMap<ElementInstanceId, (String, Werte)>,
    /// Open tasks.
    pub tasks: BTreeMap<ElementInstanceId, TaskSpec>,
    /// Open incidents with their texts.
    pub incidents: BTreeMap<ElementInstanceId, String>,
    timers: BTreeMap<u64, Timestamp>,
    subscriptions: BTreeMap<u64, (String, Option<String>, SubscriptionKind)>,
    calls: BTreeMap<ElementInstanceId, usize>,
}

impl Running {
    /// Numbers of the armed timers.
    pub fn timers(&self) -> impl Iterator<Item = u64> {
        self.timers.keys().copied()
    }

    /// Numbers of the open subscriptions.
    pub fn subscriptions(&self) -> impl Iterator<Item = u64> {
        self.subscriptions.keys().copied()
    }

    /// Call activities that wait for another instance.
    pub fn calls(&self) -> impl Iterator<Item = ElementInstanceId> {
        self.calls.keys().copied()
    }
}

/// A message that was thrown.
#[derive(Clone, Debug, PartialEq)]
pub struct Thrown {
    /// Message name.
    pub name: String,
    /// Correlation key.
    pub key: Option<String>,
    /// Contents.
    pub variables: Werte,
}

/// The runtime.
pub struct Runner {
    /// The virtual clock.
    pub now: Timestamp,
    /// All instances ever started, in order.
    pub instances: Vec<Running>,
    /// History of all instances, in order, with the number of the instance.
    pub history: Vec<(usize, HistoryEvent)>,
    /// All messages thrown, in order.
    pub thrown: Vec<Thrown>,
    definitions: BTreeMap<String, Arc<Definition>>,
    start_timers: Vec<(String, Arc<str>, TimerPlan)>,
    buffer: Vec<(Thrown, Timestamp)>,
    inbox: VecDeque<(usize, Command)>,
    /// Messages on their way in `inbox`, by receiver and subscription.
    carried: BTreeMap<(usize, u64), (Thrown, Timestamp)>,
    /// State is written as JSON and read again after every step, as a service does.
    pub restart_each_step: bool,
    /// Keeps every command that was taken, with its instance and time, when set.
    pub recorded: Option<Vec<(usize, Command, Timestamp)>>,
}

impl Runner {
    /// An empty runtime at a time.
    pub fn new(now: Timestamp) -> Self {
        Runner {
            now,
            instances: Vec::new(),
            history: Vec::new(),
            thrown: Vec::new(),
            definitions: BTreeMap::new(),
            start_timers: Vec::new(),
            buffer: Vec::new(),
            inbox: VecDeque::new(),
            carried: BTreeMap::new(),
            restart_each_step: false,
            recorded: None,
        }
    }

    /// Adds processes and arms their start timers.
    ///
    /// # Errors
    /// When a start timer gives no time.
    pub fn deploy(&mut self, deployment: &Deployment) -> Result<(), String> {
        for definition in &deployment.processes {
            for start in definition.start_events() {
                if let Some(plan) = definition.timer_start(&start.element, None, self.now)? {
                    self.start_timers.push((definition.id().to_owned(), start.element, plan));
                }
            }
            self.definitions.insert(definition.id().to_owned(), definition.clone());
        }
        Ok(())
    }

    /// Starts a process; everything that needs nobody runs.
    ///
    /// # Errors
    /// When there is no such process or it cannot start there.
    pub fn start(&mut self, process: &str, element: Option<&str>, variables: Werte) -> Result<usize, String> {
        let number = self.create(process, State::new(), None)?;
        self.apply(number, Command::Start { element: element.map(str::to_owned), variables })?;
        self.settle()?;
        Ok(number)
    }

    /// Gives a command to an instance; everything that needs nobody runs.
    ///
    /// # Errors
    /// When the command is rejected.
    pub fn command(&mut self, number: usize, command: Command) -> Result<(), String> {
        self.apply(number, command)?;
        self.settle()
    }

    fn create(
        &mut self,
        process: &str,
        state: State,
        parent: Option<(usize, ElementInstanceId)>,
    ) -> Result<usize, String> {
        let definition =
            self.definitions.get(process).cloned().ok_or_else(|| format!("Den Ablauf „{process}“ gibt es nicht."))?;
        self.instances.push(Running {
            definition,
            state,
            parent,
            outcome: None,
            jobs: BTreeMap::new(),
            tasks: BTreeMap::new(),
            incidents: BTreeMap::new(),
            timers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            calls: BTreeMap::new(),
        });
        Ok(self.instances.len() - 1)
    }

    fn settle(&mut self) -> Result<(), String> {
        while let Some((number, command)) = self.inbox.pop_front() {
            // What was meant for something that ended meanwhile is dropped; a message looks for another receiver.
            let ended = self.instances[number].state.phase() == Phase::Ended;
            match if ended { Err(Rejected::Ended.to_string()) } else { self.apply(number, command.clone()) } {
                Ok(()) => {}
                Err(text) if text == Rejected::NotOpen.to_string() || ended => self.given_back(number, &command)?,
                Err(text) => return Err(text),
            }
        }
        Ok(())
    }

    fn apply(&mut self, number: usize, command: Command) -> Result<(), String> {
        let running = &mut self.instances[number];
        match &command {
            Command::CompleteJob { instance, .. }
            | Command::FailJob { instance, .. }
            | Command::BpmnError { instance, .. } => {
                let open = running.jobs.contains_key(instance)
                    || running.tasks.contains_key(instance)
                    || running.calls.contains_key(instance);
                if !open {
                    return Err(Rejected::NotOpen.to_string());
                }
            }
            _ => {}
        }
        let done = step(&running.definition, &running.state, command.clone(), self.now).map_err(|e| e.to_string())?;
        if let Some(recorded) = &mut self.recorded {
            recorded.push((number, command.clone(), self.now));
        }
        match &command {
            Command::CompleteJob { instance, .. }
            | Command::FailJob { instance, .. }
            | Command::BpmnError { instance, .. } => {
                running.jobs.remove(instance);
                running.tasks.remove(instance);
                running.calls.remove(instance);
            }
            Command::CompleteTask { instance, .. } => {
                running.tasks.remove(instance);
            }
            Command::CalledEnded { instance, .. } | Command::CalledError { instance, .. } => {
                running.calls.remove(instance);
            }
            Command::FireTimer { timer } => {
                running.timers.remove(timer);
            }
            Command::Message { subscription, .. } => {
                running.subscriptions.remove(subscription);
                self.carried.remove(&(number, *subscription));
            }
            _ => {}
        }
        running.state = if self.restart_each_step {
            let text = serde_json::to_string(&done.state).map_err(|e| e.to_string())?;
            serde_json::from_str(&text).map_err(|e| e.to_string())?
        } else {
            done.state
        };
        self.history.extend(done.history.into_iter().map(|event| (number, event)));
        for output in done.outputs {
            self.take(number, output)?;
        }
        Ok(())
    }

    fn take(&mut self, number: usize, output: Output) -> Result<(), String> {
        let running = &mut self.instances[number];
        match output {
            Output::CreateJob { instance, job_type, input, .. } => {
                running.jobs.insert(instance, (job_type, input));
            }
            Output::CancelJob { instance } => {
                running.jobs.remove(&instance);
            }
            Output::CreateTask(task) => {
                running.tasks.insert(task.instance, *task);
            }
            Output::CancelTask { instance } => {
                running.tasks.remove(&instance);
            }
            Output::ArmTimer { timer, due, .. } => {
                running.timers.insert(timer, due);
            }
            Output::CancelTimer { timer } => {
                running.timers.remove(&timer);
            }
            Output::Subscribe { subscription, name, key, kind, .. } => {
                running.subscriptions.insert(subscription, (name.clone(), key.clone(), kind));
                if kind == SubscriptionKind::Message {
                    self.take_buffered(number, subscription, &name, key.as_deref());
                }
            }
            Output::Unsubscribe { subscription } => {
                running.subscriptions.remove(&subscription);
            }
            Output::Incident { instance, text, .. } => {
                running.incidents.insert(instance, text);
            }
            Output::IncidentClosed { instance } => {
                running.incidents.remove(&instance);
            }
            Output::Throw { name, key, variables, ttl } => {
                self.thrown.push(Thrown { name: name.clone(), key: key.clone(), variables: variables.clone() });
                self.publish(Thrown { name, key, variables }, ttl)?;
            }
            Output::BroadcastSignal { name, variables } => self.broadcast(Some(number), &name, &variables)?,
            Output::Call { instance, process, variables, .. } => self.call(number, instance, &process, variables)?,
            Output::CancelCall { instance } => {
                if let Some(child) = running.calls.remove(&instance) {
                    self.inbox.push_back((child, Command::Cancel));
                }
            }
            Output::Escalated { code, variables } => {
                if let Some((parent, instance)) = running.parent {
                    self.inbox.push_back((parent, Command::CalledEscalation { instance, code, variables }));
                }
            }
            Output::Ended { variables, outcome } => {
                running.outcome = Some(outcome.clone());
                let Some((parent, instance)) = running.parent else {
                    return Ok(());
                };
                self.inbox.push_back((parent, outcome.report(instance, variables)));
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        number: usize,
        instance: ElementInstanceId,
        process: &str,
        variables: Werte,
    ) -> Result<(), String> {
        let mut depth = 0;
        let mut at = number;
        while let Some((parent, _)) = self.instances[at].parent {
            depth += 1;
            at = parent;
        }
        let failed = |text: String| Command::FailJob { instance, text };
        if depth >= MAX_CALLS {
            self.instances[number].calls.insert(instance, number);
            self.inbox.push_back((number, failed(format!("Mehr als {MAX_CALLS} Abläufe rufen sich gegenseitig auf."))));
            return Ok(());
        }
        match self.create(process, State::called(), Some((number, instance))) {
            Ok(child) => {
                self.instances[number].calls.insert(instance, child);
                self.inbox.push_back((child, Command::Start { element: None, variables }));
            }
            Err(text) => {
                self.instances[number].calls.insert(instance, number);
                self.inbox.push_back((number, failed(text)));
            }
        }
        Ok(())
    }

    /// Moves the clock; timers fire in due order, each at its own time.
    ///
    /// # Errors
    /// When a command is rejected.
    pub fn advance_to(&mut self, until: Timestamp) -> Result<(), String> {
        loop {
            let armed = self.instances.iter().enumerate();
            let armed = armed.flat_map(|(number, r)| r.timers.iter().map(move |(timer, due)| (*due, number, *timer)));
            let next = armed.min();
            let start = (0..self.start_timers.len()).min_by_key(|at| self.start_timers[*at].2.due);
            let start = start.map(|at| (self.start_timers[at].2.due, at));
            match (next, start) {
                (Some((due, number, timer)), start) if due <= until && start.is_none_or(|(s, _)| due <= s) => {
                    self.now = self.now.max(due);
                    self.command(number, Command::FireTimer { timer })?;
                }
                (_, Some((due, at))) if due <= until => {
                    self.now = self.now.max(due);
                    self.start_by_timer(at)?;
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn start_by_timer(&mut self, at: usize) -> Result<(), String> {
        let (process, element, plan) = self.start_timers.remove(at);
        if let Some(definition) = self.definitions.get(&process)
            && let Some(next) = definition.timer_start(&element, Some(&plan), self.now)?
        {
            self.start_timers.push((process.clone(), element.clone(), next));
        }
        self.start(&process, Some(&element), Werte::new())?;
        Ok(())
    }

    /// Elements that wait for something from outside: people, jobs, messages, events.
    pub fn waiting(&self) -> Vec<Arc<str>> {
        let running = self.instances.iter();
        running.flat_map(|r| r.state.waiting_outside(&r.definition)).map(|(_, element)| element).collect()
    }

    /// The first open instance of an element: number of the process instance and of the element instance.
    pub fn find(&self, element: &str) -> Option<(usize, ElementInstanceId)> {
        self.instances.iter().enumerate().find_map(|(number, r)| {
            let mut all = r.state.waiting(&r.definition).into_iter();
            all.find(|w| &*w.element == element && (!w.container || is_adhoc(r, element))).map(|w| (number, w.instance))
        })
    }
}

fn is_adhoc(running: &Running, element: &str) -> bool {
    running.definition.element(element).is_some_and(|e| e.kind == "adHocSubProcess")
}

impl State {
    /// Element instances that wait for something from outside (no containers, no incidents, no calls).
    pub fn waiting_outside(&self, definition: &Definition) -> Vec<(ElementInstanceId, Arc<str>)> {
        let outside = |w: &Waiting| {
            let kind = definition.index(&w.element).map(|e| &definition.at(e).kind);
            !w.container
                && w.incident.is_none()
                && matches!(
                    kind,
                    Some(Kind::User(_) | Kind::Job(_) | Kind::Receive(_) | Kind::Catch(_) | Kind::EventBased)
                )
        };
        self.waiting(definition).into_iter().filter(outside).map(|w| (w.instance, w.element)).collect()
    }
}
