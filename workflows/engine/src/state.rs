// SPDX-License-Identifier: EUPL-1.2
//! The whole running instance as data: compact JSON, at most 2 KB for an instance that waits
//! (without its variables).

use std::collections::BTreeMap;

use nachrichten::{Timestamp, Werte};
use serde::{Deserialize, Serialize};

use crate::api::{ElementInstanceId, Waiting};
use crate::definition::{Definition, El, Fl, Kind};

/// A whole instance. Made by [`State::new`], changed only by [`crate::step`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Fingerprint of the definition it belongs to.
    #[serde(rename = "d", default, skip_serializing_if = "is_zero")]
    pub(crate) definition: u64,
    #[serde(rename = "p")]
    pub(crate) phase: Phase,
    /// Started by a call activity: uncaught errors go to the caller.
    #[serde(rename = "c", default, skip_serializing_if = "is_false")]
    pub(crate) called: bool,
    /// Next free number for element instances and waits.
    #[serde(rename = "n")]
    pub(crate) next: u64,
    /// Element instances by number; `0` is the process.
    #[serde(rename = "i")]
    pub(crate) instances: BTreeMap<u64, Inst>,
    /// Timers, subscriptions and conditions by number.
    #[serde(rename = "w", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) waits: BTreeMap<u64, Wait>,
    /// Tokens that wait at joins.
    #[serde(rename = "j", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) joins: Vec<Join>,
    /// Completed activities that can be undone, in order of completion.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) undo: Vec<Undo>,
}

fn is_false(b: &bool) -> bool {
    !b
}
fn is_zero(n: &u64) -> bool {
    *n == 0
}
fn is_zero32(n: &u32) -> bool {
    *n == 0
}

/// Where an instance stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not started.
    #[serde(rename = "n")]
    New,
    /// Running or waiting.
    #[serde(rename = "a")]
    Active,
    /// Over.
    #[serde(rename = "e")]
    Ended,
}

/// An element that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inst {
    #[serde(rename = "e")]
    pub element: El,
    /// The instance that encloses it: a scope or the body of a multi-instance.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    pub parent: u64,
    #[serde(rename = "s")]
    pub since: i64,
    /// Local variables.
    #[serde(rename = "v", default, skip_serializing_if = "Werte::is_empty")]
    pub vars: Werte,
    /// Its own waits.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<u64>,
    /// Tokens inside (scopes and bodies).
    #[serde(rename = "t", default, skip_serializing_if = "is_zero32")]
    pub live: u32,
    #[serde(rename = "r", default, skip_serializing_if = "Role::is_plain")]
    pub role: Role,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Box<Incident>>,
}

/// What an instance is within its element.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Role {
    #[default]
    #[serde(rename = "p")]
    Plain,
    /// The multi-instance or loop as a whole.
    #[serde(rename = "b")]
    Body(Box<Body>),
    /// One run of it, with its index.
    #[serde(rename = "i")]
    Inner(u32),
    /// Throws compensation and waits for the handlers.
    #[serde(rename = "c")]
    Compensating(Vec<Undo>),
    /// A compensation handler and who waits for it.
    #[serde(rename = "h")]
    Handler(u64),
}

impl Role {
    fn is_plain(&self) -> bool {
        *self == Role::Plain
    }
}

/// Counters of a multi-instance activity or loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    #[serde(rename = "n")]
    pub total: u32,
    /// Started so far.
    #[serde(rename = "s")]
    pub started: u32,
    #[serde(rename = "c", default, skip_serializing_if = "is_zero32")]
    pub completed: u32,
    #[serde(rename = "t", default, skip_serializing_if = "is_zero32")]
    pub terminated: u32,
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<serde_json::Value>,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<(u32, serde_json::Value)>,
}

/// Why an element stopped, and what trying again means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Incident {
    #[serde(rename = "t")]
    pub text: String,
    #[serde(rename = "r")]
    pub retry: Retry,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Retry {
    /// Begin the element anew, as reached by this flow.
    #[serde(rename = "e")]
    Enter(Option<Fl>),
    /// Let the boundary events listen, then begin.
    #[serde(rename = "o")]
    Open,
    /// Begin the behaviour of the activity anew; its boundary events already listen.
    #[serde(rename = "b")]
    Begin,
    /// Let the event sub-processes of a running scope listen.
    #[serde(rename = "s")]
    Listen,
    /// Take the result again.
    #[serde(rename = "f")]
    Finish(Werte),
    /// Leave by the outgoing flows.
    #[serde(rename = "l")]
    Leave,
}

/// Something an instance waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wait {
    /// The instance it belongs to: an event, an activity with boundary events, a scope with event sub-processes.
    #[serde(rename = "o")]
    pub owner: u64,
    /// The event that happens.
    #[serde(rename = "e")]
    pub event: El,
    #[serde(rename = "k")]
    pub kind: WaitKind,
    /// Happened at least once.
    #[serde(rename = "f", default, skip_serializing_if = "is_false")]
    pub fired: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum WaitKind {
    /// Due time and how often it comes again (`None` = for ever).
    #[serde(rename = "t")]
    Timer(i64, Option<u32>),
    /// Name and key of one that comes again after it happened (a non-interrupting event).
    #[serde(rename = "m")]
    Message(Option<Box<(String, Option<String>)>>),
    #[serde(rename = "s")]
    Signal(String),
    /// The value of the condition when it was last looked at.
    #[serde(rename = "c")]
    Condition(bool),
}

/// Tokens that wait at a parallel or inclusive gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Join {
    #[serde(rename = "s")]
    pub scope: u64,
    #[serde(rename = "e")]
    pub element: El,
    /// Tokens by incoming flow.
    #[serde(rename = "f")]
    pub tokens: Vec<(Fl, u32)>,
}

/// A completed activity that can be undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Undo {
    /// The scope instance it ran in.
    #[serde(rename = "s")]
    pub scope: u64,
    #[serde(rename = "e")]
    pub element: El,
    /// Variables of its scope that are gone by now.
    #[serde(rename = "v", default, skip_serializing_if = "Werte::is_empty")]
    pub vars: Werte,
    /// What can be undone inside of it, if it has no handler itself.
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Undo>,
}

impl State {
    /// An instance before its start.
    pub fn new() -> Self {
        State {
            definition: 0,
            phase: Phase::New,
            called: false,
            next: 1,
            instances: BTreeMap::new(),
            waits: BTreeMap::new(),
            joins: Vec::new(),
            undo: Vec::new(),
        }
    }

    /// An instance before its start by a call activity: an error nobody catches ends it with
    /// [`crate::Outcome::Error`] for the caller, instead of becoming an incident.
    pub fn called() -> Self {
        State { called: true, ..State::new() }
    }

    /// New, active or ended.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Variables of the process.
    pub fn variables(&self) -> Werte {
        self.instances.get(&0).map(|i| i.vars.clone()).unwrap_or_default()
    }

    /// Variables visible at an element instance; inner scopes win.
    pub fn variables_at(&self, instance: ElementInstanceId) -> Werte {
        let mut chain = Vec::new();
        let mut at = instance.0;
        while let Some(inst) = self.instances.get(&at) {
            chain.push(inst);
            if at == 0 {
                break;
            }
            at = inst.parent;
        }
        let mut all = Werte::new();
        for inst in chain.iter().rev() {
            all.extend(inst.vars.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        all
    }

    /// Checks that no token is lost or doubled and nothing waits for something that is gone.
    ///
    /// # Errors
    /// What is wrong, in English, for operators and tests.
    pub fn audit(&self) -> Result<(), String> {
        let mut tokens: BTreeMap<u64, u32> = BTreeMap::new();
        for (id, inst) in self.instances.iter().filter(|(id, _)| **id != 0) {
            if !self.instances.contains_key(&inst.parent) {
                return Err(format!("instance {id} has no parent {}", inst.parent));
            }
            *tokens.entry(inst.parent).or_default() += 1;
        }
        for join in &self.joins {
            *tokens.entry(join.scope).or_default() += join.tokens.iter().map(|(_, n)| n).sum::<u32>();
        }
        for (id, inst) in &self.instances {
            let counted = tokens.remove(id).unwrap_or(0);
            if counted != inst.live {
                return Err(format!("instance {id} counts {} tokens and has {counted}", inst.live));
            }
            if let Some(wait) = inst.waits.iter().find(|w| self.waits.get(w).is_none_or(|w| w.owner != *id)) {
                return Err(format!("instance {id} waits for {wait}, which is gone"));
            }
        }
        let lost = self.waits.iter().find(|(n, w)| self.instances.get(&w.owner).is_none_or(|i| !i.waits.contains(n)));
        match (lost, tokens.first_key_value()) {
            (Some((number, _)), _) => Err(format!("wait {number} has no owner")),
            (_, Some((scope, _))) => Err(format!("tokens in scope {scope}, which is gone")),
            _ => Ok(()),
        }
    }

    /// The message subscription of a catching event or receive task itself.
    pub fn subscription_of(&self, instance: ElementInstanceId) -> Option<u64> {
        let element = self.instances.get(&instance.0)?.element;
        let own = |w: &Wait| w.owner == instance.0 && w.event == element && matches!(w.kind, WaitKind::Message(_));
        self.waits.iter().find(|(_, w)| own(w)).map(|(n, _)| *n)
    }

    /// Whether an element is stopped by an error.
    pub fn has_incident(&self) -> bool {
        self.instances.values().any(|i| i.incident.is_some())
    }

    /// Where the instance stands: every running element, and tokens that wait at joins.
    pub fn waiting(&self, definition: &Definition) -> Vec<Waiting> {
        let mut all = Vec::new();
        for (id, inst) in self.instances.iter().filter(|(id, _)| **id != 0) {
            let Some(element) = definition.elements.get(inst.element as usize) else {
                continue;
            };
            let container =
                matches!(element.kind, Kind::Scope(_)) || matches!(inst.role, Role::Body(_) | Role::Compensating(_));
            all.push(Waiting {
                instance: ElementInstanceId(*id),
                element: element.id.clone(),
                name: element.name.clone(),
                since: Timestamp(inst.since),
                warum: crate::warum::sentence(self, definition, *id, inst),
                incident: inst.incident.as_ref().map(|i| i.text.clone()),
                container,
            });
        }
        for join in &self.joins {
            let Some(element) = definition.elements.get(join.element as usize) else {
                continue;
            };
            all.push(Waiting {
                instance: ElementInstanceId(join.scope),
                element: element.id.clone(),
                name: element.name.clone(),
                since: Timestamp(0),
                warum: "Wartet auf die anderen Zweige.".to_owned(),
                incident: None,
                container: true,
            });
        }
        all
    }
}

impl Default for State {
    fn default() -> Self {
        State::new()
    }
}
