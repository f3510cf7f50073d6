// SPDX-License-Identifier: EUPL-1.2
//! The deploy-time analyser over the finished graph: what is drawn and would surprise when it runs.

use std::collections::{HashMap, HashSet};

use crate::api::{Finding, Level};
use crate::definition::{Definition, El, Element, Fl, Kind, ScopeKind, Throw, Trigger};

/// Warnings and errors about the graph of a process.
pub(crate) fn graph(def: &Definition) -> Vec<Finding> {
    let mut findings = Vec::new();
    let reached = reached(def);
    for (index, el) in def.elements.iter().enumerate().skip(1) {
        let e = El::try_from(index).unwrap_or(El::MAX);
        if !reached[index] {
            findings.push(finding(el, Level::Warning, "unreachable", "Dieser Schritt wird nie erreicht."));
        }
        if matches!(el.kind, Kind::Exclusive | Kind::Inclusive)
            && el.outgoing.len() > 1
            && el.default.is_none()
            && !el.no_default
            && el.outgoing.iter().all(|f| def.flows[*f as usize].condition.is_some())
        {
            findings.push(finding(
                el,
                Level::Warning,
                "no-default",
                "Der Standardweg fehlt. Trifft keine Bedingung zu, bleibt der Ablauf hier stehen.",
            ));
        }
        if matches!(el.kind, Kind::Exclusive) && el.outgoing.len() > 1 {
            let open = |f: &&u32| Some(**f) != el.default && def.flows[**f as usize].condition.is_none();
            if let Some(flow) = el.outgoing.iter().find(open) {
                let target = def.at(def.flows[*flow as usize].target).label();
                let text =
                    format!("Dem Weg zu „{target}“ fehlt die Bedingung. Wer hierher kommt, geht immer dort weiter.");
                findings.push(finding(el, Level::Warning, "no-condition", &text));
            }
        }
        if matches!(el.kind, Kind::Parallel) && el.incoming.len() > 1 && fed_by_one_choice(def, el) {
            let text = "Vor diesem parallelen Gateway liegt eine Entscheidung. Es wartet dann vergeblich auf die anderen Wege.";
            findings.push(finding(el, Level::Warning, "xor-and-join", text));
        }
        if matches!(el.kind, Kind::End(Throw::Cancel)) && !has_cancel_boundary(def, e) {
            findings.push(finding(
                el,
                Level::Error,
                "event",
                "Der Transaktion fehlt das Ereignis, das den Abbruch behandelt.",
            ));
        }
    }
    let filled: HashSet<El> = def.elements.iter().skip(1).map(|c| c.parent).collect();
    for (index, el) in def.elements.iter().enumerate().skip(1) {
        let e = El::try_from(index).unwrap_or(El::MAX);
        let sub = matches!(&el.kind, Kind::Scope(s) if matches!(s.kind, ScopeKind::Embedded | ScopeKind::Transaction));
        if sub && !filled.contains(&e) {
            findings.push(finding(el, Level::Warning, "empty", "Der Teilablauf ist leer. Er tut nichts."));
        }
        let unasked = |f: &&Fl| def.flows[**f as usize].condition.is_none() && el.default != Some(**f);
        if matches!(el.kind, Kind::Exclusive) && el.outgoing.len() > 1 && el.outgoing.iter().filter(unasked).count() > 0
        {
            let text =
                "Ein Pfeil ohne Bedingung ist immer offen. Gegangen wird der erste offene Pfeil; die nach ihm nie.";
            findings.push(finding(el, Level::Warning, "no-condition", text));
        }
    }
    if let Some(e) = endless(def) {
        let text = "Von hier geht es ohne Warten und ohne Entscheidung im Kreis. Das endet nie.";
        findings.push(finding(def.at(e), Level::Warning, "endless", text));
    }
    let process = &def.elements[0];
    if let Kind::Scope(scope) = &process.kind
        && scope.initial.is_empty()
        && def.start_events().is_empty()
    {
        findings.push(finding(process, Level::Error, "no-start", "Der Ablauf hat keinen Anfang."));
    }
    findings
}

fn finding(el: &Element, level: Level, code: &str, text: &str) -> Finding {
    Finding {
        level,
        code: code.into(),
        element: Some(el.id.to_string()),
        name: Some(el.name.to_string()).filter(|n| !n.is_empty()),
        text: text.into(),
    }
}

/// Elements that a token can reach.
fn reached(def: &Definition) -> Vec<bool> {
    let mut reached = vec![false; def.elements.len()];
    let mut open: Vec<El> = vec![0];
    while let Some(e) = open.pop() {
        if std::mem::replace(&mut reached[e as usize], true) {
            continue;
        }
        let el = def.at(e);
        open.extend(el.outgoing.iter().map(|f| def.flows[*f as usize].target));
        open.extend(&el.boundary);
        open.extend(el.undo);
        match &el.kind {
            Kind::Scope(scope) => {
                open.extend(&scope.initial);
                open.extend(scope.event_subs.iter().flat_map(|(sub, start, _)| [*sub, *start]));
                if e == 0 || matches!(scope.kind, ScopeKind::Adhoc { .. }) {
                    let inside = def.elements.iter().enumerate().skip(1).filter(|(_, c)| c.parent == e);
                    let starts =
                        inside.filter(|(_, c)| matches!(c.kind, Kind::Start(_)) || (e != 0 && c.incoming.is_empty()));
                    open.extend(starts.filter_map(|(n, _)| El::try_from(n).ok()));
                }
            }
            Kind::Throw(Throw::Link(target)) => open.push(*target),
            _ => {}
        }
    }
    // Compensation events are reached with their activity, not by a token.
    for (n, el) in def.elements.iter().enumerate() {
        if matches!(el.kind, Kind::Boundary { trigger: Trigger::Compensation, .. }) {
            reached[n] = true;
        }
    }
    reached
}

/// An element of a circle that a token cannot leave: nothing in it waits or decides. What no sure step leads to is
/// taken away until only circles and what follows them are left; backwards from there one is in a circle.
fn endless(def: &Definition) -> Option<El> {
    let passes = |e: El| {
        let el = def.at(e);
        let automatic = matches!(el.kind, Kind::Pass | Kind::Script(_) | Kind::Decision(_) | Kind::Throw(_));
        (automatic && el.repeat.is_none()) || matches!(el.kind, Kind::Parallel) && el.incoming.len() == 1
    };
    let sure = |f: &Fl| {
        let flow = &def.flows[*f as usize];
        flow.condition.is_none() && passes(flow.source) && passes(flow.target)
    };
    let before = |e: El| def.at(e).incoming.iter().copied().filter(sure);
    let mut left: HashMap<El, usize> = (1..def.elements.len() as El).map(|e| (e, before(e).count())).collect();
    let mut gone: Vec<El> = left.iter().filter(|(_, n)| **n == 0).map(|(e, _)| *e).collect();
    while let Some(e) = gone.pop() {
        left.remove(&e);
        for flow in def.at(e).outgoing.iter().filter(|f| sure(f)) {
            let target = def.flows[*flow as usize].target;
            if let Some(n) = left.get_mut(&target) {
                *n -= 1;
                if *n == 0 {
                    gone.push(target);
                }
            }
        }
    }
    let mut at = *left.keys().min()?;
    for _ in 0..left.len() {
        at = before(at).map(|f| def.flows[f as usize].source).find(|e| left.contains_key(e)).unwrap_or(at);
    }
    Some(at)
}

/// All incoming flows come straight from one exclusive split (possibly over one activity each).
fn fed_by_one_choice(def: &Definition, join: &Element) -> bool {
    let mut origin = None;
    for flow in &join.incoming {
        let mut at = def.flows[*flow as usize].source;
        let mut passed = 0;
        while def.at(at).incoming.len() == 1 && def.at(at).outgoing.len() == 1 && passed < 1_000 {
            at = def.flows[def.at(at).incoming[0] as usize].source;
            passed += 1;
        }
        let split = def.at(at);
        let choice = matches!(split.kind, Kind::Exclusive | Kind::EventBased) && split.outgoing.len() > 1;
        if !choice || *origin.get_or_insert(at) != at {
            return false;
        }
    }
    origin.is_some()
}

fn has_cancel_boundary(def: &Definition, end: El) -> bool {
    let mut at = def.at(end).parent;
    while at != 0 && def.at(at).tag != "transaction" {
        at = def.at(at).parent;
    }
    def.at(at).boundary.iter().any(|b| matches!(def.at(*b).kind, Kind::Boundary { trigger: Trigger::Cancel, .. }))
}
