// SPDX-License-Identifier: EUPL-1.2
//! Moves a running instance to another version of its process.
//!
//! Every running element goes to the element of the same id, or to the one the plan names. It must be of the same
//! kind and lie in the same place; otherwise nothing is moved and every reason is told. Boundary events and event
//! sub-processes that the new version adds begin to listen now; those it no longer has stop.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::sync::Arc;

use nachrichten::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::{ElementInstanceId, HistoryEvent, HistoryKind, Output};
use crate::definition::{Definition, El, Fl, Kind, PROCESS};
use crate::machine::{Machine, trigger_of};
use crate::state::{Phase, Retry, Role, State, Undo};

/// Old element ids and where they go; the others keep their id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationPlan {
    /// Old id to new id.
    pub elements: BTreeMap<String, String>,
}

/// A moved instance: everything of it belongs to one commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Migrated {
    /// On the new version.
    pub state: State,
    /// Timers and subscriptions that come or go.
    pub outputs: Vec<Output>,
    /// One line per moved element.
    pub history: Vec<HistoryEvent>,
    /// New id and name of elements whose id changed, for open jobs and tasks.
    pub renamed: Vec<(ElementInstanceId, Arc<str>, Arc<str>)>,
}

/// Moves one instance.
///
/// # Errors
/// German sentences, one for each element that cannot be moved; the state is as it was.
pub fn migrate(
    old: &Definition,
    new: &Definition,
    state: &State,
    plan: &MigrationPlan,
    now: Timestamp,
) -> Result<Migrated, Vec<String>> {
    if state.phase != Phase::Active {
        return Err(vec!["Der Ablauf läuft nicht.".to_owned()]);
    }
    if state.definition != old.fingerprint {
        return Err(vec!["Der Ablauf gehört zu einer anderen Fassung.".to_owned()]);
    }
    let mut move_ = Move { old, new, plan, problems: BTreeSet::new() };
    move_.known_ids();
    let mut moved = move_.state(state);
    if !move_.problems.is_empty() {
        return Err(move_.problems.into_iter().collect());
    }
    moved.definition = new.fingerprint;
    let renamed = renamed(old, new, state, &moved);
    let mut machine = Machine::new(new, moved, now);
    move_.listeners(&mut machine, state).map_err(|text| vec![text])?;
    let running: Vec<u64> = machine.s.instances.keys().copied().filter(|id| *id != 0).collect();
    running.into_iter().for_each(|id| machine.log(id, HistoryKind::Modified, None));
    Ok(Migrated { state: machine.s, outputs: machine.out, history: machine.history, renamed })
}

fn renamed(
    old: &Definition,
    new: &Definition,
    before: &State,
    after: &State,
) -> Vec<(ElementInstanceId, Arc<str>, Arc<str>)> {
    let pairs = after.instances.iter().filter_map(|(id, inst)| Some((id, before.instances.get(id)?, inst)));
    let changed = pairs.filter(|(_, a, b)| old.at(a.element).id != new.at(b.element).id);
    changed
        .map(|(id, _, b)| (ElementInstanceId(*id), new.at(b.element).id.clone(), new.at(b.element).name.clone()))
        .collect()
}

struct Move<'a> {
    old: &'a Definition,
    new: &'a Definition,
    plan: &'a MigrationPlan,
    problems: BTreeSet<String>,
}

impl Move<'_> {
    fn known_ids(&mut self) {
        for (from, to) in &self.plan.elements {
            if self.old.index(from).is_none() {
                self.problems.insert(format!("Der Plan nennt „{from}“. Das gibt es in der alten Fassung nicht."));
            }
            if self.new.index(to).is_none() {
                self.problems.insert(format!("Der Plan nennt „{to}“. Das gibt es in der neuen Fassung nicht."));
            }
        }
    }

    /// Where an element goes, if it goes anywhere.
    fn target(&self, e: El) -> Option<El> {
        if e == PROCESS {
            return Some(PROCESS);
        }
        let id = &*self.old.at(e).id;
        self.new.index(self.plan.elements.get(id).map_or(id, String::as_str)).filter(|e| *e != PROCESS)
    }

    /// Where a running element goes; notes why it cannot.
    fn element(&mut self, e: El) -> El {
        let from = self.old.at(e);
        let Some(to) = self.target(e) else {
            self.problems.insert(format!("„{}“ gibt es in der neuen Fassung nicht.", from.label()));
            return e;
        };
        let el = self.new.at(to);
        let alike = discriminant(&from.kind) == discriminant(&el.kind) && from.tag == el.tag;
        if !alike || from.repeat.is_some() != el.repeat.is_some() {
            self.problems.insert(format!("„{}“ ist in der neuen Fassung ein anderer Schritt.", from.label()));
        } else if self.target(from.parent) != Some(el.parent) {
            self.problems.insert(format!("„{}“ liegt in der neuen Fassung in einem anderen Teil.", from.label()));
        }
        to
    }

    fn flow(&mut self, f: Fl, into: El) -> Option<Fl> {
        let old = &self.old.flows[f as usize];
        let (id, source) = (old.id.clone(), self.target(old.source));
        let all = self.new.at(into).incoming.iter().copied();
        let same = all.clone().find(|f| self.new.flows[*f as usize].id == id);
        same.or_else(|| all.clone().find(|f| Some(self.new.flows[*f as usize].source) == source))
    }

    fn undo(&mut self, undo: &Undo) -> Undo {
        let inner = undo.inner.iter().map(|u| self.undo(u)).collect();
        Undo { element: self.element(undo.element), inner, ..undo.clone() }
    }

    fn state(&mut self, state: &State) -> State {
        let mut moved = state.clone();
        for (id, inst) in &mut moved.instances {
            if *id == 0 {
                continue;
            }
            inst.element = self.element(inst.element);
            if let Role::Compensating(undos) = &inst.role {
                inst.role = Role::Compensating(undos.iter().map(|u| self.undo(u)).collect());
            }
            if let Some(incident) = &mut inst.incident
                && let Retry::Enter(Some(f)) = incident.retry
            {
                incident.retry = Retry::Enter(self.flow(f, inst.element));
            }
        }
        for join in &mut moved.joins {
            let label = self.old.at(join.element).label().to_owned();
            join.element = self.element(join.element);
            for (f, _) in &mut join.tokens {
                match self.flow(*f, join.element) {
                    Some(to) => *f = to,
                    None => {
                        self.problems.insert(format!(
                            "Vor „{label}“ fehlt in der neuen Fassung ein Weg, der schon gegangen ist."
                        ));
                    }
                }
            }
        }
        moved.undo = state.undo.iter().map(|u| self.undo(u)).collect();
        for (number, wait) in &mut moved.waits {
            let Some(owner) = moved.instances.get(&wait.owner) else { continue };
            match self.target(wait.event).filter(|to| self.listens(*to, owner.element)) {
                Some(to) => wait.event = to,
                None if self.optional(wait.event) => {}
                None => {
                    let label = self.old.at(wait.event).label().to_owned();
                    self.problems
                        .insert(format!("Auf „{label}“ (Nr. {number}) kann in der neuen Fassung niemand warten."));
                }
            }
        }
        moved
    }

    /// Whether `event` of the new version is something `owner` waits for.
    fn listens(&self, event: El, owner: El) -> bool {
        let el = self.new.at(event);
        match &el.kind {
            Kind::Boundary { attached, .. } => *attached == owner,
            Kind::Start(_) => self.new.at(el.parent).parent == owner || owner == PROCESS && el.parent == PROCESS,
            _ => {
                let after = |f: &Fl| self.new.flows[*f as usize].target == event;
                event == owner || self.new.at(owner).outgoing.iter().any(after)
            }
        }
    }

    /// Boundary events and event sub-processes may be gone; then nobody listens any more.
    fn optional(&self, event: El) -> bool {
        matches!(self.old.at(event).kind, Kind::Boundary { .. } | Kind::Start(_))
    }

    /// Stops what the new version no longer has and starts what it adds.
    fn listeners(&self, machine: &mut Machine, before: &State) -> Result<(), String> {
        for (number, wait) in &before.waits {
            let owner = machine.inst(wait.owner).element;
            if self.target(wait.event).is_none_or(|to| !self.listens(to, owner)) {
                machine.drop_wait(*number);
            }
        }
        let known: BTreeSet<El> = (0..self.old.elements.len() as El).filter_map(|e| self.target(e)).collect();
        let owners: Vec<(u64, El)> = machine.s.instances.iter().map(|(id, i)| (*id, i.element)).collect();
        for (id, element) in owners {
            if matches!(machine.inst(id).role, Role::Inner(_)) || machine.inst(id).incident.is_some() {
                continue;
            }
            let el = self.new.at(element);
            let starts = self.new.scope(element).map_or(&[][..], |s| &s.event_subs);
            let added = el.boundary.iter().copied().chain(starts.iter().map(|(_, start, _)| *start));
            for event in added.filter(|e| !known.contains(e)).collect::<Vec<_>>() {
                if let Some(trigger) = trigger_of(&self.new.at(event).kind) {
                    machine.listen(id, event, trigger)?;
                }
            }
        }
        Ok(())
    }
}
