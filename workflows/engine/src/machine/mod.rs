// SPDX-License-Identifier: EUPL-1.2
//! The running step: a queue of tokens that is worked off until every token waits.
//!
//! Tokens are never lost or doubled: `live` of a scope counts the tokens in it (element instances,
//! queued tokens, tokens at joins), each function below says how it changes that number.

mod cancel;
mod flow;
mod vars;
mod wait;

use std::collections::VecDeque;
use std::sync::LazyLock;

use nachrichten::{Timestamp, Werte};

use crate::api::{ElementInstanceId, HistoryEvent, HistoryKind, Output};
use crate::definition::{Definition, El, Element, Fl, Kind};
use crate::element;
use crate::feel::Evaluation;
use crate::state::{Incident, Inst, Retry, Role, State};

pub(crate) use wait::trigger_of;

/// Element steps per command; more is an endless loop.
const STEPS: u32 = 10_000;
/// What each run of a multi-instance adds to it, and the most it can become.
const STEPS_PER_ITEM: u32 = 20;
const STEPS_MAX: u32 = 200_000;

/// Outcome of an element's behaviour; the error is the German text of an incident.
pub(crate) type Done = Result<(), String>;

pub(crate) struct Machine<'a> {
    pub def: &'a Definition,
    pub s: State,
    pub now: Timestamp,
    pub out: Vec<Output>,
    pub history: Vec<HistoryEvent>,
    pub queue: VecDeque<Work>,
    feel: Option<Evaluation>,
    /// A variable changed since conditional events were looked at.
    pub dirty: bool,
    /// The boundary event that interrupts right now.
    pub firing: Option<El>,
    steps: u32,
    budget: u32,
}

/// What the queue holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Work {
    /// A token reaches an element.
    Token { element: El, scope: u64, flow: Option<Fl> },
    /// The next run of a multi-instance or loop.
    Run { body: u64, index: u32 },
    /// The next handler of a compensation.
    Undo { thrower: u64 },
}

impl<'a> Machine<'a> {
    pub fn new(def: &'a Definition, s: State, now: Timestamp) -> Self {
        Machine {
            def,
            s,
            now,
            out: Vec::new(),
            history: Vec::new(),
            queue: VecDeque::new(),
            feel: None,
            dirty: false,
            firing: None,
            steps: 0,
            budget: STEPS,
        }
    }

    /// Works until every token waits.
    pub fn run(&mut self) {
        loop {
            self.look_at_conditions();
            let Some(work) = self.queue.pop_front() else {
                if element::inclusive::fire_ready(self) {
                    continue;
                }
                return;
            };
            self.count_step();
            if !self.within_budget() {
                self.stop(work);
                continue;
            }
            match work {
                Work::Token { element, scope, flow } => self.enter(element, scope, flow),
                Work::Run { body, index } => element::multi_instance::start_run(self, body, index),
                Work::Undo { thrower } => element::compensation::next(self, thrower),
            }
        }
    }

    pub fn count_step(&mut self) {
        self.steps += 1;
    }

    pub fn within_budget(&self) -> bool {
        self.steps <= self.budget
    }

    /// Over the limit: the token stays where it is, as an incident.
    fn stop(&mut self, work: Work) {
        let text = format!("Mehr als {STEPS} Schritte ohne Halt. Der Ablauf dreht sich im Kreis.");
        match work {
            Work::Token { element, scope, flow } => {
                let id = self.create(element, scope, Role::Plain);
                self.incident(id, text, Retry::Enter(flow));
            }
            Work::Run { body, index } => {
                if self.s.instances.contains_key(&body) {
                    let id = element::multi_instance::create_run(self, body, index);
                    self.incident(id, text, Retry::Begin);
                }
            }
            Work::Undo { thrower } => self.incident(thrower, text, Retry::Begin),
        }
    }

    /// Runs of a multi-instance are no endless loop.
    pub fn allow_runs(&mut self, runs: u32) {
        self.budget = self.budget.saturating_add(runs.saturating_mul(STEPS_PER_ITEM)).min(STEPS_MAX);
    }

    /// A token reaches an element: it becomes an element instance or waits at a join.
    fn enter(&mut self, element: El, scope: u64, flow: Option<Fl>) {
        let el = self.element(element);
        match el.kind {
            Kind::Parallel if el.incoming.len() > 1 && flow.is_some() => {
                element::parallel::arrive(self, element, scope, flow)
            }
            Kind::Inclusive if el.incoming.len() > 1 && flow.is_some() => {
                element::inclusive::arrive(self, element, scope, flow)
            }
            _ => {
                let id = self.create(element, scope, Role::Plain);
                self.begin(id);
            }
        }
    }

    /// A new element instance. Its token was counted before.
    pub fn create(&mut self, element: El, parent: u64, role: Role) -> u64 {
        let id = self.number();
        let inst = Inst {
            element,
            parent,
            since: self.now.0,
            vars: Werte::new(),
            waits: Vec::new(),
            live: 0,
            role,
            incident: None,
        };
        self.s.instances.insert(id, inst);
        id
    }

    /// Starts an element instance: boundary events listen, then it behaves.
    pub fn begin(&mut self, id: u64) {
        self.log(id, HistoryKind::Activated, None);
        self.open(id);
    }

    /// Boundary events listen, then the element behaves.
    pub fn open(&mut self, id: u64) {
        if let Err(text) = self.listen_to_boundaries(id) {
            self.drop_waits(id);
            return self.incident(id, text, Retry::Open);
        }
        self.behave_or_stop(id);
    }

    /// What an element does when it begins (transition table of element kinds).
    fn behave(&mut self, id: u64, el: &'a Element) -> Done {
        self.take_inputs(id, el)?;
        match &el.kind {
            Kind::Scope(scope) => element::sub_process::begin(self, id, scope),
            Kind::Start(_) => self.pass(id),
            Kind::End(throw) | Kind::Throw(throw) => element::throw::begin(self, id, throw),
            Kind::Catch(trigger) => element::catch::begin(self, id, trigger),
            Kind::Boundary { .. } | Kind::Pass => self.pass(id),
            Kind::User(spec) => element::user_task::begin(self, id, el, spec),
            Kind::Job(spec) => element::job::begin(self, id, el, spec),
            Kind::Receive(message) => element::receive::begin(self, id, message),
            Kind::Script(script) => element::script::begin(self, id, script),
            Kind::Decision(decision) => element::decision::begin(self, id, decision),
            Kind::Call(spec) => element::call::begin(self, id, el, spec),
            Kind::Exclusive | Kind::Parallel | Kind::Inclusive => self.pass(id),
            Kind::EventBased => element::event_based::begin(self, id, el),
        }
    }

    /// The behaviour of an element, of one run of a multi-instance, or the same again after an incident.
    pub fn behave_or_stop(&mut self, id: u64) {
        let el = self.def.at(self.inst(id).element);
        let done = match self.inst(id).role {
            Role::Plain | Role::Body(_) if el.repeat.is_some() => element::multi_instance::begin(self, id),
            Role::Compensating(_) => {
                self.queue.push_back(Work::Undo { thrower: id });
                Ok(())
            }
            _ => self.behave(id, el),
        };
        if let Err(text) = done {
            self.incident(id, text, Retry::Begin);
        }
    }

    fn pass(&mut self, id: u64) -> Done {
        self.finish(id, Werte::new());
        Ok(())
    }

    /// Stops an element instance until an operator acts. The token stays.
    pub fn incident(&mut self, id: u64, text: String, retry: Retry) {
        if !self.s.instances.contains_key(&id) {
            return;
        }
        self.log(id, HistoryKind::Incident, Some(text.clone()));
        let element = self.element(self.inst(id).element).id.clone();
        self.out.push(Output::Incident { instance: ElementInstanceId(id), element, text: text.clone() });
        self.inst_mut(id).incident = Some(Box::new(Incident { text, retry }));
    }

    /// Writes a line of history.
    pub fn log(&mut self, id: u64, kind: HistoryKind, detail: Option<String>) {
        let inst = self.inst(id);
        let inner = matches!(inst.role, Role::Inner(_));
        let element = self.def.at(inst.element).id.clone();
        self.history.push(HistoryEvent { at: self.now, element, instance: ElementInstanceId(id), kind, inner, detail });
    }

    /// Writes a line about an event that has no instance of its own.
    pub fn log_event(&mut self, owner: u64, event: El, kind: HistoryKind) {
        let element = self.def.at(event).id.clone();
        self.history.push(HistoryEvent {
            at: self.now,
            element,
            instance: ElementInstanceId(owner),
            kind,
            inner: false,
            detail: None,
        });
    }

    /// A throwing event is completed and its token taken (`live` - 1), without ending the scope. Returns the scope.
    pub fn consume(&mut self, id: u64) -> u64 {
        self.log(id, HistoryKind::Completed, None);
        let scope = self.inst(id).parent;
        self.retire(id);
        let inst = self.inst_mut(scope);
        inst.live = inst.live.saturating_sub(1);
        scope
    }

    pub fn number(&mut self) -> u64 {
        let n = self.s.next;
        self.s.next += 1;
        n
    }

    pub fn element(&self, e: El) -> &'a Element {
        self.def.at(e)
    }

    /// An instance that must exist; the process itself stands in for one that does not.
    pub fn inst(&self, id: u64) -> &Inst {
        self.s.instances.get(&id).or_else(|| self.s.instances.get(&0)).unwrap_or(&NO_INST)
    }

    pub fn inst_mut(&mut self, id: u64) -> &mut Inst {
        self.s.instances.entry(id).or_insert_with(|| NO_INST.clone())
    }
}

/// Stands for an instance that does not exist; never stored by a correct machine (the property test looks).
static NO_INST: LazyLock<Inst> = LazyLock::new(|| Inst {
    element: 0,
    parent: 0,
    since: 0,
    vars: Werte::new(),
    waits: Vec::new(),
    live: 0,
    role: Role::Plain,
    incident: None,
});
