// SPDX-License-Identifier: EUPL-1.2
//! What BPMN 2.0.2 forbids and a modeller lets one draw all the same: flows and triggers in places where they have no
//! meaning. Such a process is refused; running it would mean guessing.

use std::collections::HashSet;

use crate::api::{Finding, Level};
use crate::definition::{Definition, El, Element, Kind, ScopeKind, Throw, Trigger};

/// Errors in the finished graph.
pub(crate) fn check(def: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    let inner = || def.elements.iter().skip(1);
    let filled: HashSet<El> = inner().map(|c| c.parent).collect();
    let active: HashSet<El> = inner().filter(|c| c.is_activity()).map(|c| c.parent).collect();
    for (index, el) in def.elements.iter().enumerate().skip(1) {
        let e = El::try_from(index).unwrap_or(El::MAX);
        let texts = [
            flows(el),
            conditions(def, el),
            trigger(def, e, el),
            place(def, el),
            inside(e, el, &filled, &active),
            events_of(def, e, el),
        ];
        for (code, text) in ["flow", "condition", "event", "place", "inside", "event-gateway"].into_iter().zip(texts) {
            findings.extend(text.map(|text| Finding {
                level: Level::Error,
                code: code.to_owned(),
                element: Some(el.id.to_string()),
                name: Some(el.name.to_string()).filter(|n| !n.is_empty()),
                text: text.to_owned(),
            }));
        }
    }
    findings
}

fn is_event_sub(el: &Element) -> bool {
    matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Event))
}

/// Flows where none may be (tables 10.84 to 10.93, 10.2.5, 10.7).
fn flows(el: &Element) -> Option<&'static str> {
    let (enters, leaves) = (!el.incoming.is_empty(), !el.outgoing.is_empty());
    match &el.kind {
        Kind::Start(_) if enters => Some("Zu einem Startereignis führt kein Pfeil."),
        Kind::End(_) if leaves => Some("Von einem Endereignis führt kein Pfeil weg."),
        Kind::Job(_) | Kind::Pass if leaves && el.tag == "endEvent" => {
            Some("Von einem Endereignis führt kein Pfeil weg.")
        }
        Kind::Boundary { .. } if enters => Some("Zu einem angehefteten Ereignis führt kein Pfeil."),
        Kind::Boundary { trigger: Trigger::Compensation, .. } if leaves => {
            Some("Ein Kompensations-Ereignis führt mit einer Assoziation zu seiner Aktivität, nicht mit einem Pfeil.")
        }
        Kind::Throw(Throw::Link(_)) if leaves => Some("Ein sendender Link hat keinen Pfeil, der von ihm wegführt."),
        Kind::Catch(Trigger::Link) if enters => Some("Zu einem empfangenden Link führt kein Pfeil."),
        Kind::Scope(_) if is_event_sub(el) && (enters || leaves) => {
            Some("Ein Ereignis-Teilablauf hat keine Pfeile. Sein Startereignis löst ihn aus.")
        }
        _ if el.for_compensation && (enters || leaves) => {
            Some("Eine Aktivität, die rückgängig macht, steht außerhalb des Ablaufs und hat keine Pfeile.")
        }
        _ => None,
    }
}

/// Conditions and default flows where nothing is decided (10.5.2 to 10.5.4: from an event "the conditionExpression
/// attribute for all outgoing Sequence Flows MUST be set to None"; 10.6.5; `default` belongs to activities and to
/// exclusive, inclusive and complex gateways).
fn conditions(def: &Definition, el: &Element) -> Option<&'static str> {
    let event = el.tag.ends_with("Event");
    if el.default.is_some() && (event || matches!(el.kind, Kind::Parallel | Kind::EventBased)) {
        return Some("Einen Standardweg gibt es nur, wo Bedingungen entscheiden.");
    }
    let asked = el.outgoing.iter().any(|f| def.flows[*f as usize].condition.is_some());
    match el.kind {
        Kind::Parallel if asked => {
            Some("Nach einem parallelen Gateway werden alle Pfeile gegangen. Eine Bedingung daran gilt nicht.")
        }
        _ if event && asked => {
            Some("Nach einem Ereignis gibt es keine Bedingung am Pfeil. Entscheiden kann ein Gateway.")
        }
        _ => None,
    }
}

/// What a sub-process must contain (10.3.5, 10.3.6: a token begins at a start event or where no arrow leads to).
fn inside(e: El, el: &Element, filled: &HashSet<El>, active: &HashSet<El>) -> Option<&'static str> {
    let Kind::Scope(scope) = &el.kind else { return None };
    match scope.kind {
        ScopeKind::Adhoc { .. } if !active.contains(&e) => {
            Some("Ein Ad-hoc-Teilablauf braucht mindestens eine Aktivität.")
        }
        ScopeKind::Embedded | ScopeKind::Transaction if scope.initial.is_empty() && filled.contains(&e) => {
            Some("Der Teilablauf hat keinen Anfang: kein Startereignis, und zu jedem Schritt führt ein Pfeil.")
        }
        _ => None,
    }
}

/// Triggers of start events that cannot start there (table 10.84, 10.86).
fn trigger(def: &Definition, e: El, el: &Element) -> Option<&'static str> {
    let Kind::Start(trigger) = &el.kind else { return None };
    let parent = def.at(el.parent);
    match trigger {
        Trigger::Link | Trigger::Cancel => Some("Dieser Auslöser ist für ein Startereignis nicht erlaubt."),
        Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Compensation if !is_event_sub(parent) => {
            Some("Dieser Auslöser startet nur einen Ereignis-Teilablauf.")
        }
        Trigger::Error(_) => {
            let scope = def.scope(parent.parent);
            let gentle = scope.is_some_and(|s| s.event_subs.iter().any(|(_, start, int)| *start == e && !int));
            gentle.then_some("Ein Fehler bricht seinen Teilablauf immer ab.")
        }
        _ => None,
    }
}

/// Elements that do not belong where they are (10.2.5, 10.5.4).
fn place(def: &Definition, el: &Element) -> Option<&'static str> {
    let parent = def.at(el.parent);
    let adhoc = matches!(&parent.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Adhoc { .. }));
    match &el.kind {
        _ if adhoc && matches!(el.tag, "startEvent" | "endEvent") => {
            Some("Ein Ad-hoc-Teilablauf hat keine Start- und keine Endereignisse.")
        }
        Kind::Boundary { attached, .. } if is_event_sub(def.at(*attached)) => {
            Some("An einem Ereignis-Teilablauf kann kein Ereignis hängen.")
        }
        Kind::Scope(_) if is_event_sub(el) && el.repeat.is_some() => {
            Some("Ein Ereignis-Teilablauf kann sich nicht wiederholen.")
        }
        _ => None,
    }
}

/// What may follow an event-based gateway (10.6.6).
fn events_of(def: &Definition, e: El, el: &Element) -> Option<&'static str> {
    if !matches!(el.kind, Kind::EventBased) {
        return None;
    }
    if el.outgoing.iter().any(|f| def.flows[*f as usize].condition.is_some()) {
        return Some("Nach einem Ereignis-Gateway entscheidet das Ereignis, nicht eine Bedingung am Pfeil.");
    }
    let fits = |target: &Element| match &target.kind {
        Kind::Catch(Trigger::Timer(_) | Trigger::Message(_) | Trigger::Signal(_) | Trigger::Conditional(_)) => true,
        Kind::Receive(_) => target.boundary.is_empty() && target.repeat.is_none(),
        // A conformance run completes a receive task without a message by a step.
        _ => target.tag == "receiveTask",
    };
    let others = |target: &Element| target.incoming.iter().any(|f| def.flows[*f as usize].source != e);
    if el.outgoing.iter().any(|f| others(def.at(def.flows[*f as usize].target))) {
        return Some("Zu den Ereignissen nach einem Ereignis-Gateway führt kein anderer Pfeil.");
    }
    let wrong = el.outgoing.iter().any(|f| !fits(def.at(def.flows[*f as usize].target)));
    if wrong {
        return Some("Nach einem Ereignis-Gateway dürfen nur Ereignisse stehen, auf die man warten kann.");
    }
    (el.outgoing.len() < 2).then_some("Nach dem Ereignis-Gateway fehlen die Ereignisse. Es braucht mindestens zwei.")
}
