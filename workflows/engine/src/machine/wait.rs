// SPDX-License-Identifier: EUPL-1.2
//! Listening: timers, messages, signals and conditions, and what happens when they occur.

use dsntk_feel::values::Value as Feel;
use nachrichten::{Timestamp, Werte};

use super::{Done, Machine};
use crate::api::{Output, SubscriptionKind, TimerPlan};
use crate::definition::{El, Kind, MessageRef, Trigger};
use crate::element;
use crate::state::{Role, Wait, WaitKind};
use crate::timer::TimerDef;

impl Machine<'_> {
    /// Starts to listen for `event` on behalf of `owner`.
    pub fn listen(&mut self, owner: u64, event: El, trigger: &Trigger) -> Done {
        match trigger {
            Trigger::Timer(timer) => self.arm(owner, event, timer),
            Trigger::Message(message) => self.subscribe(owner, event, message),
            Trigger::Signal(name) => {
                let name = self.eval_text(owner, name)?;
                let number = self.add_wait(owner, event, WaitKind::Signal(name.clone()));
                let element = self.element(event).id.clone();
                self.out.push(Output::Subscribe {
                    subscription: number,
                    name,
                    key: None,
                    kind: SubscriptionKind::Signal,
                    element,
                });
                Ok(())
            }
            Trigger::Conditional(_) => {
                // Looked at once everything of this element has begun.
                self.add_wait(owner, event, WaitKind::Condition(false));
                self.dirty = true;
                Ok(())
            }
            Trigger::None
            | Trigger::Error(_)
            | Trigger::Escalation(_)
            | Trigger::Link
            | Trigger::Compensation
            | Trigger::Cancel => Ok(()),
        }
    }

    pub fn subscribe(&mut self, owner: u64, event: El, message: &MessageRef) -> Done {
        let name = self.eval_text(owner, &message.name)?;
        let key = self.eval_key(owner, message.key.as_ref())?;
        let again = self.comes_again(event).then(|| Box::new((name.clone(), key.clone())));
        let number = self.add_wait(owner, event, WaitKind::Message(again));
        self.ask_for_message(number, event, name, key);
        Ok(())
    }

    fn ask_for_message(&mut self, subscription: u64, event: El, name: String, key: Option<String>) {
        let element = self.element(event).id.clone();
        self.out.push(Output::Subscribe { subscription, name, key, kind: SubscriptionKind::Message, element });
    }

    /// Whether an event may happen more than once while its owner runs.
    fn comes_again(&self, event: El) -> bool {
        match &self.element(event).kind {
            Kind::Boundary { interrupting, .. } => !interrupting,
            Kind::Start(_) => {
                let sub = self.element(event).parent;
                let scope = self.def.scope(self.element(sub).parent);
                scope.is_some_and(|s| {
                    s.event_subs.iter().any(|(_, start, interrupting)| *start == event && !interrupting)
                })
            }
            _ => false,
        }
    }

    fn arm(&mut self, owner: u64, event: El, timer: &TimerDef) -> Done {
        let now = self.now;
        let machine = std::cell::RefCell::new(self);
        let plan = timer.first(&|expr| machine.borrow_mut().eval(owner, expr), now)?;
        machine.into_inner().arm_plan(owner, event, &plan);
        Ok(())
    }

    fn arm_plan(&mut self, owner: u64, event: El, plan: &TimerPlan) {
        let number = self.add_wait(owner, event, WaitKind::Timer(plan.due.0, plan.again));
        let element = self.element(event).id.clone();
        self.out.push(Output::ArmTimer { timer: number, due: plan.due, element });
    }

    /// Arms a repeating timer again after it fired.
    fn arm_again(&mut self, wait: &Wait) -> Done {
        let (WaitKind::Timer(due, again), Some(Trigger::Timer(timer))) =
            (&wait.kind, trigger_of(&self.element(wait.event).kind))
        else {
            return Ok(());
        };
        let (now, owner) = (self.now, wait.owner);
        let last = TimerPlan { due: Timestamp(*due), again: *again };
        let machine = std::cell::RefCell::new(self);
        let plan = timer.next(&|expr| machine.borrow_mut().eval(owner, expr), &last, now)?;
        if let Some(plan) = plan {
            machine.into_inner().arm_plan(owner, wait.event, &plan);
        }
        Ok(())
    }

    fn add_wait(&mut self, owner: u64, event: El, kind: WaitKind) -> u64 {
        let number = self.number();
        self.s.waits.insert(number, Wait { owner, event, kind, fired: false });
        self.inst_mut(owner).waits.push(number);
        number
    }

    /// The owner listens no more for this one.
    pub fn drop_wait(&mut self, number: u64) {
        let Some(wait) = self.s.waits.remove(&number) else {
            return;
        };
        if let Some(owner) = self.s.instances.get_mut(&wait.owner) {
            owner.waits.retain(|n| *n != number);
        }
        match wait.kind {
            WaitKind::Timer(..) => self.out.push(Output::CancelTimer { timer: number }),
            WaitKind::Message(_) | WaitKind::Signal(_) => self.out.push(Output::Unsubscribe { subscription: number }),
            WaitKind::Condition(_) => {}
        }
    }

    /// The owner listens no more at all.
    pub fn drop_waits(&mut self, owner: u64) {
        let numbers = self.s.instances.get(&owner).map(|i| i.waits.clone()).unwrap_or_default();
        for number in numbers {
            self.drop_wait(number);
        }
    }

    /// Boundary events of an activity (its body, when it repeats) start to listen.
    pub(super) fn listen_to_boundaries(&mut self, id: u64) -> Done {
        let def = self.def;
        let inst = self.inst(id);
        if matches!(inst.role, Role::Inner(_)) {
            return Ok(());
        }
        for event in &def.at(inst.element).boundary {
            if let Kind::Boundary { trigger, .. } = &def.at(*event).kind {
                self.listen(id, *event, trigger)?;
            }
        }
        Ok(())
    }

    /// Waits for a signal of this name, in the order they began.
    pub fn waiting_for_signal(&self, name: &str) -> Vec<u64> {
        let hit = |w: &Wait| matches!(&w.kind, WaitKind::Signal(n) if n == name);
        self.s.waits.iter().filter(|(_, w)| hit(w)).map(|(n, _)| *n).collect()
    }

    /// Something an instance waited for happened.
    pub fn happen(&mut self, number: u64, values: &Werte) {
        let Some(wait) = self.s.waits.get_mut(&number) else {
            return;
        };
        wait.fired = true;
        let wait = wait.clone();
        if matches!(wait.kind, WaitKind::Timer(..)) {
            // Used up; the service removed it when it fired.
            self.s.waits.remove(&number);
            self.inst_mut(wait.owner).waits.retain(|n| *n != number);
        }
        let def = self.def;
        match &def.at(wait.event).kind {
            Kind::Boundary { interrupting, .. } => {
                if !interrupting {
                    self.again(number, &wait);
                }
                element::boundary::fire(self, wait.owner, wait.event, *interrupting, values);
            }
            Kind::Start(_) => {
                let scope = def.scope(self.inst(wait.owner).element);
                let Some((sub, start, interrupting)) =
                    scope.and_then(|s| s.event_subs.iter().find(|(_, start, _)| *start == wait.event))
                else {
                    return;
                };
                if !interrupting {
                    self.again(number, &wait);
                }
                element::event_sub_process::fire(self, wait.owner, *sub, *start, *interrupting, values);
            }
            _ if self.inst(wait.owner).element != wait.event => {
                element::event_based::fire(self, wait.owner, wait.event, values)
            }
            _ => {
                self.drop_waits_of_event(wait.owner, wait.event);
                self.finish(wait.owner, values.clone());
            }
        }
    }

    /// Waits for the event itself; those of boundary events stay until the element is left.
    fn drop_waits_of_event(&mut self, owner: u64, event: El) {
        let waits = self.inst(owner).waits.clone();
        for number in waits {
            if self.s.waits.get(&number).is_some_and(|w| w.event == event) {
                self.drop_wait(number);
            }
        }
    }

    /// A non-interrupting event may come again: the service used up its timer or subscription by firing it.
    /// When the expression of a timer fails now, the owner goes on without it.
    fn again(&mut self, number: u64, wait: &Wait) {
        if let WaitKind::Message(Some(asked)) = &wait.kind {
            let (name, key) = (**asked).clone();
            return self.ask_for_message(number, wait.event, name, key);
        }
        if let Err(text) = self.arm_again(wait) {
            self.log(wait.owner, crate::api::HistoryKind::Modified, Some(text));
        }
    }

    /// Conditional events: fire where a condition became true. Events that make one another true for ever count as
    /// steps; over the limit they wait, and the next token that moves becomes the incident.
    pub(super) fn look_at_conditions(&mut self) {
        while self.within_budget() && std::mem::take(&mut self.dirty) {
            let conditions: Vec<u64> = self
                .s
                .waits
                .iter()
                .filter(|(_, w)| matches!(w.kind, WaitKind::Condition(_)))
                .map(|(n, _)| *n)
                .collect();
            for number in conditions {
                let Some(Wait { owner, event, kind: WaitKind::Condition(before), .. }) =
                    self.s.waits.get(&number).cloned()
                else {
                    continue;
                };
                let Some(Trigger::Conditional(condition)) = trigger_of(&self.element(event).kind) else {
                    continue;
                };
                let holds = matches!(self.eval(owner, condition), Feel::Boolean(true));
                if let Some(wait) = self.s.waits.get_mut(&number) {
                    wait.kind = WaitKind::Condition(holds);
                }
                if holds && !before {
                    self.count_step();
                    self.happen(number, &Werte::new());
                }
            }
        }
    }
}

/// The trigger of a catching event.
pub(crate) fn trigger_of(kind: &Kind) -> Option<&Trigger> {
    match kind {
        Kind::Start(trigger) | Kind::Catch(trigger) | Kind::Boundary { trigger, .. } => Some(trigger),
        _ => None,
    }
}
