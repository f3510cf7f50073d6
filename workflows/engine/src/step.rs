// SPDX-License-Identifier: EUPL-1.2
//! One command: checked, applied, then everything automatic runs.

use std::collections::HashMap;

use nachrichten::{Timestamp, Werte};

use crate::api::{Command, ElementInstanceId, HistoryKind, Outcome, Output, Rejected, Step};
use crate::definition::{Definition, Kind, PROCESS, ScopeKind, Trigger};
use crate::element::{adhoc, call, error, escalation, multi_instance, sub_process};
use crate::machine::Machine;
use crate::size;
use crate::state::{Inst, Phase, Retry, Role, State, WaitKind};

/// Decides what a command does to an instance. Reads no clock, ids or databases: same input, same output.
///
/// # Errors
/// [`Rejected`] when the command does not fit; then nothing has happened.
pub fn step(definition: &Definition, state: &State, command: Command, now: Timestamp) -> Result<Step, Rejected> {
    match (state.phase, &command) {
        (Phase::Active, Command::Start { .. }) => return Err(Rejected::AlreadyStarted),
        (Phase::New, Command::Start { .. }) | (Phase::Active, _) => {}
        (Phase::New, _) => return Err(Rejected::NotStarted),
        (Phase::Ended, _) => return Err(Rejected::Ended),
    }
    if state.phase == Phase::Active && state.definition != definition.fingerprint {
        return Err(Rejected::WrongDefinition);
    }
    if !size::fits(state, &command) {
        return Err(Rejected::TooLarge(target(definition, state, &command)));
    }
    let mut m = Machine::new(definition, state.clone(), now);
    apply(&mut m, command)?;
    m.run();
    Ok(Step { state: m.s, outputs: settled(m.out), history: m.history })
}

/// Name of the element a command is for; the process itself for all others.
fn target(definition: &Definition, state: &State, command: &Command) -> String {
    let instance = match command {
        Command::CompleteJob { instance, .. }
        | Command::BpmnError { instance, .. }
        | Command::Escalate { instance, .. }
        | Command::CompleteTask { instance, .. }
        | Command::CalledEnded { instance, .. }
        | Command::CalledError { instance, .. }
        | Command::CalledEscalation { instance, .. }
        | Command::SetVariables { scope: instance, .. } => state.instances.get(&instance.0).map(|i| i.element),
        Command::Message { subscription, .. } => state.waits.get(subscription).map(|w| w.event),
        _ => None,
    };
    definition.at(instance.unwrap_or(PROCESS)).label().to_owned()
}

/// Outputs without what began and ended within the same step: the service never sees it, so a message that is kept
/// is not given to a subscription nobody reads.
fn settled(outputs: Vec<Output>) -> Vec<Output> {
    let mut open: HashMap<(u8, u64), usize> = HashMap::new();
    let mut gone = vec![false; outputs.len()];
    for (at, output) in outputs.iter().enumerate() {
        let (begins, key) = match output {
            Output::CreateJob { instance, .. } => (true, (0, instance.0)),
            Output::CancelJob { instance } => (false, (0, instance.0)),
            Output::CreateTask(task) => (true, (1, task.instance.0)),
            Output::CancelTask { instance } => (false, (1, instance.0)),
            Output::ArmTimer { timer, .. } => (true, (2, *timer)),
            Output::CancelTimer { timer } => (false, (2, *timer)),
            Output::Subscribe { subscription, .. } => (true, (3, *subscription)),
            Output::Unsubscribe { subscription } => (false, (3, *subscription)),
            Output::Call { instance, .. } => (true, (4, instance.0)),
            Output::CancelCall { instance } => (false, (4, instance.0)),
            Output::Incident { instance, .. } => (true, (5, instance.0)),
            Output::IncidentClosed { instance } => (false, (5, instance.0)),
            _ => continue,
        };
        if begins {
            open.insert(key, at);
        } else if let Some(begun) = open.remove(&key) {
            (gone[begun], gone[at]) = (true, true);
        }
    }
    outputs.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(output, _)| output).collect()
}

fn apply(m: &mut Machine, command: Command) -> Result<(), Rejected> {
    match command {
        Command::Start { element, variables } => start(m, element.as_deref(), variables),
        Command::CompleteJob { instance, variables } => {
            let el = m.element(open(m, instance)?.element);
            match &el.kind {
                Kind::Job(_) => m.finish(instance.0, variables),
                _ => return Err(Rejected::WrongKind(el.label().to_owned())),
            }
            Ok(())
        }
        Command::CompleteTask { instance, variables } => complete_task(m, instance, variables),
        Command::FailJob { instance, text } => {
            let el = m.element(open(m, instance)?.element);
            if !matches!(el.kind, Kind::Job(_) | Kind::Call(_)) {
                return Err(Rejected::WrongKind(el.label().to_owned()));
            }
            m.incident(instance.0, text, Retry::Begin);
            Ok(())
        }
        Command::BpmnError { instance, code, message, mut variables } => {
            waiting_activity(m, instance)?;
            if !message.is_empty() {
                variables.insert("fehlertext".into(), message.into());
            }
            // The worker or person is done with it, whatever comes next.
            let id = instance.0;
            if let Err(text) = error::reported(m, id, &code, &variables) {
                if matches!(m.element(m.inst(id).element).kind, Kind::User(_)) {
                    m.out.push(Output::CancelTask { instance });
                }
                m.incident(id, text, Retry::Begin);
            }
            Ok(())
        }
        Command::Escalate { instance, code, variables } => {
            waiting_activity(m, instance)?;
            escalation::reported(m, instance.0, &code, &variables);
            Ok(())
        }
        Command::FireTimer { timer } => happen(m, timer, |kind| matches!(kind, WaitKind::Timer(..)), &Werte::new()),
        Command::Message { subscription, variables } => {
            happen(m, subscription, |kind| matches!(kind, WaitKind::Message(_)), &variables)
        }
        Command::Signal { name, variables } => {
            for number in m.waiting_for_signal(&name) {
                m.happen(number, &variables);
            }
            Ok(())
        }
        Command::CalledEnded { instance, variables } => {
            let el = m.element(open(m, instance)?.element);
            match &el.kind {
                Kind::Call(spec) => call::ended(m, instance.0, spec, variables),
                _ => return Err(Rejected::WrongKind(el.label().to_owned())),
            }
            Ok(())
        }
        Command::CalledError { instance, code, variables } => {
            expect_call(m, instance)?;
            if let Err(text) = error::reported(m, instance.0, &code, &variables) {
                m.incident(instance.0, text, Retry::Begin);
            }
            Ok(())
        }
        Command::CalledEscalation { instance, code, variables } => {
            expect_call(m, instance)?;
            escalation::reported(m, instance.0, &code, &variables);
            Ok(())
        }
        Command::SetVariables { scope, variables } => {
            if !m.s.instances.contains_key(&scope.0) {
                return Err(Rejected::NotOpen);
            }
            for (name, value) in variables {
                m.write_local(scope.0, &name, value);
            }
            m.log(scope.0, HistoryKind::Modified, None);
            Ok(())
        }
        Command::ResolveIncident { instance } => resolve(m, instance),
        Command::ActivateAdhoc { instance, element } => {
            open(m, instance)?;
            let e = m.def.index(&element).ok_or_else(|| Rejected::UnknownElement(element.clone()))?;
            if adhoc::activate(m, instance.0, e) { Ok(()) } else { Err(Rejected::NotStartable(element)) }
        }
        Command::CancelElement { instance } => cancel_element(m, instance),
        Command::StartElement { element } => start_element(m, element),
        Command::Cancel => {
            m.end(Outcome::Cancelled);
            Ok(())
        }
    }
}

fn start(m: &mut Machine, element: Option<&str>, variables: Werte) -> Result<(), Rejected> {
    let Some(scope) = m.def.scope(PROCESS) else {
        return Err(Rejected::WrongDefinition);
    };
    let first = match element {
        Some(id) => {
            let e = m.def.index(id).ok_or_else(|| Rejected::UnknownElement(id.to_owned()))?;
            let el = m.element(e);
            if el.parent != PROCESS || !matches!(el.kind, Kind::Start(_)) {
                return Err(Rejected::NotStartable(id.to_owned()));
            }
            vec![e]
        }
        None => {
            // A none start event; several starts are alternatives, not a fork.
            let none = scope.initial.iter().find(|e| matches!(m.element(**e).kind, Kind::Start(Trigger::None)));
            match none {
                Some(e) => vec![*e],
                None if scope.initial.is_empty() => {
                    return Err(Rejected::NotStartable(m.element(PROCESS).label().to_owned()));
                }
                None => scope.initial.clone(),
            }
        }
    };
    m.s.phase = Phase::Active;
    m.s.definition = m.def.fingerprint;
    let root = Inst {
        element: PROCESS,
        parent: 0,
        since: m.now.0,
        vars: variables,
        waits: Vec::new(),
        live: 0,
        role: Role::Plain,
        incident: None,
    };
    m.s.instances.insert(0, root);
    m.log(0, HistoryKind::Activated, None);
    if let Err(text) = sub_process::prepare(m, 0, scope) {
        // The process runs without this event until an operator acts.
        m.incident(0, text, Retry::Listen);
    }
    for e in first {
        m.put_token(e, 0, None);
    }
    Ok(())
}

/// An element instance that waits and is not stopped.
fn open<'m>(m: &'m Machine, instance: ElementInstanceId) -> Result<&'m Inst, Rejected> {
    let inst =
        m.s.instances
            .get(&instance.0)
            .filter(|i| instance.0 != 0 && i.incident.is_none() && !matches!(i.role, Role::Body(_)));
    inst.ok_or(Rejected::NotOpen)
}

fn waiting_activity(m: &Machine, instance: ElementInstanceId) -> Result<(), Rejected> {
    let el = m.element(open(m, instance)?.element);
    match el.kind {
        Kind::Job(_) | Kind::User(_) | Kind::Receive(_) | Kind::Call(_) => Ok(()),
        _ => Err(Rejected::WrongKind(el.label().to_owned())),
    }
}

fn expect_call(m: &Machine, instance: ElementInstanceId) -> Result<(), Rejected> {
    let el = m.element(open(m, instance)?.element);
    if matches!(el.kind, Kind::Call(_)) { Ok(()) } else { Err(Rejected::WrongKind(el.label().to_owned())) }
}

/// A user task, or an ad-hoc sub-process that a person declares to be finished.
fn complete_task(m: &mut Machine, instance: ElementInstanceId, variables: Werte) -> Result<(), Rejected> {
    let el = m.element(open(m, instance)?.element);
    match &el.kind {
        Kind::User(_) => m.finish(instance.0, variables),
        Kind::Scope(scope) if matches!(scope.kind, ScopeKind::Adhoc { .. }) => {
            m.merge(instance.0, &variables);
            m.cancel_rest(instance.0);
            sub_process::done(m, instance.0);
        }
        _ => return Err(Rejected::WrongKind(el.label().to_owned())),
    }
    Ok(())
}

fn happen(m: &mut Machine, number: u64, fits: impl Fn(&WaitKind) -> bool, values: &Werte) -> Result<(), Rejected> {
    match m.s.waits.get(&number) {
        Some(wait) if fits(&wait.kind) => {
            m.happen(number, values);
            Ok(())
        }
        _ => Err(Rejected::NotOpen),
    }
}

fn resolve(m: &mut Machine, instance: ElementInstanceId) -> Result<(), Rejected> {
    let id = instance.0;
    let incident = m.s.instances.get_mut(&id).and_then(|i| i.incident.take()).ok_or(Rejected::NotOpen)?;
    m.out.push(Output::IncidentClosed { instance });
    m.log(id, HistoryKind::Resolved, None);
    match incident.retry {
        Retry::Enter(flow) => {
            let inst = m.inst(id);
            let (element, scope) = (inst.element, inst.parent);
            m.drop_waits(id);
            m.s.instances.remove(&id);
            m.queue.push_back(crate::machine::Work::Token { element, scope, flow });
        }
        Retry::Open => m.open(id),
        Retry::Begin => m.behave_or_stop(id),
        Retry::Listen => sub_process::listen(m, id),
        Retry::Finish(values) => m.finish(id, values),
        Retry::Leave => m.complete(id),
    }
    Ok(())
}

fn cancel_element(m: &mut Machine, instance: ElementInstanceId) -> Result<(), Rejected> {
    let id = instance.0;
    let inst = m.s.instances.get(&id).filter(|_| id != 0).ok_or(Rejected::NotOpen)?;
    let (scope, role) = (inst.parent, inst.role.clone());
    m.log(id, HistoryKind::Modified, None);
    m.cancel(id);
    match role {
        Role::Inner(_) => {
            m.inst_mut(scope).live -= 1;
            multi_instance::run_cancelled(m, scope);
        }
        Role::Handler(thrower) => {
            m.inst_mut(scope).live -= 1;
            m.queue.push_back(crate::machine::Work::Undo { thrower });
        }
        _ => m.token_gone(scope),
    }
    Ok(())
}

fn start_element(m: &mut Machine, element: String) -> Result<(), Rejected> {
    let e = m.def.index(&element).filter(|e| *e != PROCESS).ok_or_else(|| Rejected::UnknownElement(element.clone()))?;
    let el = m.element(e);
    let own = !matches!(el.kind, Kind::Boundary { .. } | Kind::Start(_)) && !el.for_compensation;
    let event_sub = matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event));
    let runs = |i: &Inst| i.element == el.parent && !matches!(i.role, Role::Body(_));
    let scope = m.s.instances.iter().find(|(_, i)| runs(i)).map(|(id, _)| *id);
    match scope.filter(|_| own && !event_sub) {
        Some(scope) => {
            m.put_token(e, scope, None);
            Ok(())
        }
        None => Err(Rejected::NotStartable(element)),
    }
}
