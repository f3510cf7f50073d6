// SPDX-License-Identifier: EUPL-1.2
//! A process, read and prepared: elements and flows by index, expressions parsed, all references resolved.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use nachrichten::{Timestamp, Werte, aufgaben::FormFeld, kalender::Kalender};

use crate::api::{Binding, Decisions, ElementInfo, StartEvent, StartKind, TimerPlan};
use crate::feel::{Evaluation, Expr};
use crate::timer::TimerDef;

/// Index of an element in its definition; `0` is the process itself.
pub(crate) type El = u32;
/// Index of a sequence flow in its definition.
pub(crate) type Fl = u32;
/// The process element.
pub(crate) const PROCESS: El = 0;

/// One executable process of a file. Immutable, cheap to share.
pub struct Definition {
    pub(crate) source: Arc<str>,
    pub(crate) version_tag: Option<String>,
    pub(crate) elements: Vec<Element>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) ids: HashMap<Arc<str>, El>,
    pub(crate) decisions: Arc<dyn Decisions>,
    pub(crate) info: Vec<ElementInfo>,
    /// Words of all expressions: variables of other names need no FEEL value.
    pub(crate) used: HashSet<String>,
    /// Of element ids in order; a state of another definition is refused.
    pub(crate) fingerprint: u64,
    pub(crate) kalender: Arc<Kalender>,
    /// Forms drawn into the file, by the element they belong to.
    pub(crate) forms: HashMap<Arc<str>, Vec<FormFeld>>,
    /// `eakte:ereignis`: the type of the event for others that an element's completion is, by element.
    pub(crate) events: HashMap<Arc<str>, Arc<str>>,
}

pub(crate) struct Flow {
    pub id: Arc<str>,
    pub source: El,
    pub target: El,
    pub condition: Option<Expr>,
}

pub(crate) struct Element {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub tag: &'static str,
    /// Enclosing container; the process encloses itself.
    pub parent: El,
    pub kind: Kind,
    pub incoming: Vec<Fl>,
    pub outgoing: Vec<Fl>,
    pub default: Option<Fl>,
    /// `eakte:ohneStandardweg`: to stop where no condition holds is meant so.
    pub no_default: bool,
    /// Attached boundary events, without compensation.
    pub boundary: Vec<El>,
    /// Activity that undoes this one.
    pub undo: Option<El>,
    pub for_compensation: bool,
    pub repeat: Option<Repeat>,
    pub io: Io,
}

/// Where values come from and go to.
#[derive(Default)]
pub(crate) struct Io {
    /// `eakte:eingabe`: a context.
    pub input: Option<Expr>,
    /// `eakte:ergebnis`: the variable that takes the whole result.
    pub result: Option<String>,
    /// `zeebe:input`: local variables.
    pub inputs: Vec<(String, Expr)>,
    /// `zeebe:output`: what leaves the element.
    pub outputs: Vec<(String, Expr)>,
}

pub(crate) enum Kind {
    /// The process or a sub-process.
    Scope(Scope),
    Start(Trigger),
    End(Throw),
    Throw(Throw),
    Catch(Trigger),
    Boundary {
        attached: El,
        interrupting: bool,
        trigger: Trigger,
    },
    /// `task`, `manualTask`, and service tasks of a conformance run.
    Pass,
    User(Box<UserSpec>),
    Job(JobSpec),
    Receive(MessageRef),
    Script(Expr),
    Decision(String),
    Call(CallSpec),
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
}

pub(crate) struct Scope {
    pub kind: ScopeKind,
    /// None start events, or where nothing points to.
    pub initial: Vec<El>,
    /// Event sub-processes in it: (sub-process, its start event, interrupting).
    pub event_subs: Vec<(El, El, bool)>,
    /// Variables declared by data objects of a sub-process.
    pub locals: Vec<String>,
}

pub(crate) enum ScopeKind {
    Process,
    Embedded,
    Event,
    Transaction,
    Adhoc { sequential: bool, completion: Option<Expr>, cancel_remaining: bool, activate: Option<Expr> },
}

pub(crate) enum Trigger {
    None,
    Timer(TimerDef),
    Message(MessageRef),
    Signal(Text),
    /// `None` = all codes.
    Error(Option<String>),
    /// `None` = all codes.
    Escalation(Option<String>),
    Conditional(Expr),
    Link,
    Compensation,
    Cancel,
}

pub(crate) struct MessageRef {
    pub name: Text,
    pub key: Option<Expr>,
}

pub(crate) enum Throw {
    None,
    Message {
        name: Text,
        key: Option<Expr>,
        ttl: Option<u64>,
    },
    Signal(Text),
    Error(String),
    Escalation(String),
    Terminate,
    Link(El),
    /// What is undone (`None` = everything of the scope), and whether the event waits for it.
    Compensation(Option<El>, bool),
    Cancel,
}

/// A literal, or FEEL when it was written with `=`.
pub(crate) enum Text {
    Plain(String),
    Feel(Expr),
}

pub(crate) struct JobSpec {
    pub job_type: Text,
    pub retries: u32,
    pub urgent: bool,
}

pub(crate) struct UserSpec {
    pub form_key: Option<String>,
    /// Each gives a group or a list of groups.
    pub groups: Vec<Text>,
    pub assignee: Option<Text>,
    pub title: Option<Text>,
    pub data: Option<Expr>,
    pub due: Option<Text>,
    pub not_person_of: Vec<String>,
    /// `eakte:zeichnung`: what a signature is bound to.
    pub signs: Option<String>,
    pub priority: u8,
}

pub(crate) struct CallSpec {
    pub process: Text,
    pub binding: Binding,
    /// All variables go in.
    pub all_in: bool,
    /// All variables come back.
    pub all_out: bool,
}

pub(crate) enum Repeat {
    /// Standard loop: again while the condition holds.
    Loop { condition: Option<Expr>, test_before: bool, maximum: Option<Text> },
    /// Multi-instance.
    Multi(Box<Multi>),
}

pub(crate) struct Multi {
    pub sequential: bool,
    pub cardinality: Option<Expr>,
    pub collection: Option<Expr>,
    pub item: Option<String>,
    pub result_list: Option<String>,
    pub result_item: Option<Expr>,
    pub completion: Option<Expr>,
}

impl Definition {
    /// BPMN id of the process.
    pub fn id(&self) -> &str {
        &self.elements[0].id
    }

    /// Name as drawn, may be empty.
    pub fn name(&self) -> &str {
        &self.elements[0].name
    }

    /// `camunda:versionTag` or `zeebe:versionTag`.
    pub fn version_tag(&self) -> Option<&str> {
        self.version_tag.as_deref()
    }

    /// The file, verbatim.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// All elements, the process first.
    pub fn elements(&self) -> &[ElementInfo] {
        &self.info
    }

    /// An element by its BPMN id.
    pub fn element(&self, id: &str) -> Option<&ElementInfo> {
        self.index(id).map(|e| &self.info[e as usize])
    }

    /// The form that the file holds for a user task or a start event.
    pub fn form(&self, element: &str) -> &[FormFeld] {
        self.forms.get(element).map_or(&[], Vec::as_slice)
    }

    /// The type of the event for others that the completion of this element is (`eakte:ereignis`).
    pub fn event_of(&self, element: &str) -> Option<&Arc<str>> {
        self.events.get(element)
    }

    /// Elements whose completion is an event for others, with its type.
    pub fn events(&self) -> impl Iterator<Item = (&str, &str)> {
        self.events.iter().map(|(element, typ)| (&**element, &**typ))
    }

    /// Name of each step that a worker does, and the type of its job where that is fixed.
    pub fn job_types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements.iter().filter_map(|e| match &e.kind {
            Kind::Job(JobSpec { job_type: Text::Plain(typ), .. }) => Some((e.label(), typ.as_str())),
            _ => None,
        })
    }

    /// Name of each user task, and the groups it names where they are fixed.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements.iter().flat_map(|e| {
            let groups = if let Kind::User(user) = &e.kind { user.groups.as_slice() } else { &[] };
            groups.iter().filter_map(|g| if let Text::Plain(g) = g { Some((e.label(), g.as_str())) } else { None })
        })
    }

    /// Identifies the set of elements; changes when an element is added or removed.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Start events of the process itself.
    pub fn start_events(&self) -> Vec<StartEvent> {
        let events = self.elements.iter().skip(1).filter(|e| e.parent == PROCESS);
        events
            .filter_map(|e| {
                let Kind::Start(trigger) = &e.kind else {
                    return None;
                };
                let kind = match trigger {
                    Trigger::Timer(_) => StartKind::Timer,
                    Trigger::Message(m) => StartKind::Message { name: m.name.fixed(self) },
                    Trigger::Signal(name) => StartKind::Signal { name: name.fixed(self) },
                    Trigger::Conditional(_) => StartKind::Conditional,
                    _ => StartKind::None,
                };
                Some(StartEvent { element: e.id.clone(), kind })
            })
            .collect()
    }

    /// When the timer start event `element` is due: the first time with `last` = `None`, else the time
    /// after `last` fired. `None` when it fires no more.
    ///
    /// # Errors
    /// A German sentence when the expression gives no time.
    pub fn timer_start(
        &self,
        element: &str,
        last: Option<&TimerPlan>,
        now: Timestamp,
    ) -> Result<Option<TimerPlan>, String> {
        let Some(Kind::Start(Trigger::Timer(timer))) = self.index(element).map(|e| &self.elements[e as usize].kind)
        else {
            return Ok(None);
        };
        let scope = Evaluation::bare(now);
        match last {
            None => timer.first(&|e| scope.eval(e), now).map(Some),
            Some(plan) => timer.next(&|e| scope.eval(e), plan, now),
        }
    }

    /// Correlation key of a message start event (constant over all instances), if it has one.
    pub fn start_key(&self, element: &str, message: &Werte, now: Timestamp) -> Option<String> {
        let Kind::Start(Trigger::Message(m)) = &self.elements[self.index(element)? as usize].kind else {
            return None;
        };
        let scope = Evaluation::of(message, now);
        m.key.as_ref().and_then(|key| crate::feel::key_text(&scope.eval(key)))
    }

    pub(crate) fn index(&self, id: &str) -> Option<El> {
        self.ids.get(id).copied()
    }

    pub(crate) fn at(&self, e: El) -> &Element {
        &self.elements[e as usize]
    }

    pub(crate) fn scope(&self, e: El) -> Option<&Scope> {
        match &self.at(e).kind {
            Kind::Scope(scope) => Some(scope),
            _ => None,
        }
    }
}

impl Text {
    /// The text as it is known without variables.
    pub(crate) fn fixed(&self, _: &Definition) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Feel(expr) => {
                let value = Evaluation::bare(Timestamp(0)).eval(expr);
                crate::feel::key_text(&value).unwrap_or_else(|| expr.text().to_owned())
            }
        }
    }
}

impl Element {
    /// The name people know, else the id.
    pub(crate) fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    pub(crate) fn is_activity(&self) -> bool {
        self.tag.ends_with("Task")
            || matches!(self.tag, "task" | "callActivity" | "subProcess" | "transaction" | "adHocSubProcess")
    }
}
