// SPDX-License-Identifier: EUPL-1.2
//! A running instance on another version of its process: what moves, what begins and stops to listen, what is refused.

use std::sync::Arc;

use engine::{Definition, Migrated, MigrationPlan, Output, State, migrate, step};
use serde_json::json;

use super::common::model::{process, read, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/>"#;

fn definition(nodes: &str, flows: &[&str]) -> Arc<Definition> {
    read(&process(&format!("{ENDS}{nodes}"), flows)).unwrap().processes[0].clone()
}

/// An instance that runs until it waits.
fn waiting(nodes: &str, flows: &[&str]) -> (Arc<Definition>, State) {
    let runner = started(&process(&format!("{ENDS}{nodes}"), flows), json!({"n": 1}));
    (runner.instances[0].definition.clone(), runner.instances[0].state.clone())
}

fn plan(pairs: &[(&str, &str)]) -> MigrationPlan {
    MigrationPlan { elements: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect() }
}

fn moved(old: &Definition, new: &Definition, state: &State, pairs: &[(&str, &str)]) -> Result<Migrated, Vec<String>> {
    let result = migrate(old, new, state, &plan(pairs), "2026-01-05T09:00:00Z".parse().unwrap());
    if let Ok(m) = &result {
        m.state.audit().unwrap();
    }
    result
}

fn where_it_waits(m: &Migrated, new: &Definition) -> String {
    let mut all: Vec<String> = m.state.waiting_outside(new).iter().map(|(_, e)| e.to_string()).collect();
    all.sort();
    all.join(" ")
}

#[test]
fn a_task_moves_and_goes_on_along_the_new_way() {
    let (old, state) = waiting(r#"<userTask id="A"/>"#, &["S A E"]);
    let new = definition(r#"<userTask id="A"/><userTask id="B"/>"#, &["S A B E"]);
    let m = moved(&old, &new, &state, &[]).unwrap();
    assert_eq!(
        (where_it_waits(&m, &new).as_str(), m.renamed.len(), m.state.variables()["n"].as_i64()),
        ("A", 0, Some(1))
    );
    let (instance, _) = m.state.waiting_outside(&new)[0].clone();
    let command = engine::Command::CompleteTask { instance, variables: Default::default() };
    let next = step(&new, &m.state, command, "2026-01-05T09:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(next.state.waiting_outside(&new)[0].1.as_ref(), "B");
}

#[test]
fn the_plan_names_where_a_renamed_step_goes() {
    let (old, state) = waiting(r#"<userTask id="A"/>"#, &["S A E"]);
    let new = definition(r#"<userTask id="Neu" name="Neu benannt"/>"#, &["S Neu E"]);
    let refused = moved(&old, &new, &state, &[]).unwrap_err();
    assert_eq!(refused, ["„A“ gibt es in der neuen Fassung nicht."]);
    let m = moved(&old, &new, &state, &[("A", "Neu")]).unwrap();
    assert_eq!(where_it_waits(&m, &new), "Neu");
    assert_eq!((&*m.renamed[0].1, &*m.renamed[0].2), ("Neu", "Neu benannt"));
    let wrong = moved(&old, &new, &state, &[("A", "Neu"), ("X", "Y")]).unwrap_err();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}

#[test]
fn another_kind_or_another_place_is_refused() {
    let (old, state) = waiting(r#"<userTask id="A"/>"#, &["S A E"]);
    let kind = definition(r#"<serviceTask id="A" implementation="t"/>"#, &["S A E"]);
    assert_eq!(moved(&old, &kind, &state, &[]).unwrap_err(), ["„A“ ist in der neuen Fassung ein anderer Schritt."]);
    let many = definition(
        r#"<userTask id="A"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>"#,
        &["S A E"],
    );
    assert!(moved(&old, &many, &state, &[]).is_err());
    let inside = definition(r#"<subProcess id="T"><userTask id="A"/></subProcess>"#, &["S T E"]);
    assert_eq!(
        moved(&old, &inside, &state, &[]).unwrap_err(),
        ["„A“ liegt in der neuen Fassung in einem anderen Teil."]
    );
    assert!(moved(&inside, &old, &state, &[]).is_err(), "a state of another version");
}

#[test]
fn new_boundary_events_listen_and_those_that_are_gone_stop() {
    let timer = |id: &str, duration: &str| {
        format!(
            r#"<boundaryEvent id="{id}" attachedToRef="A"><timerEventDefinition><timeDuration>{duration}</timeDuration></timerEventDefinition></boundaryEvent>"#
        )
    };
    let (old, state) =
        waiting(&format!(r#"<userTask id="A"/>{}<task id="X"/>"#, timer("Alt", "PT1H")), &["S A E", "Alt X E"]);
    let new =
        definition(&format!(r#"<userTask id="A"/>{}<task id="X"/>"#, timer("Neu", "PT2H")), &["S A E", "Neu X E"]);
    let m = moved(&old, &new, &state, &[]).unwrap();
    let armed: Vec<String> = m
        .outputs
        .iter()
        .map(|o| match o {
            Output::ArmTimer { element, due, .. } => format!("arm {element} {due}"),
            Output::CancelTimer { .. } => "cancel".to_owned(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(armed, ["cancel", "arm Neu 2026-01-05T11:00:00Z"]);
    let same = moved(&old, &old, &state, &[]).unwrap();
    assert!(same.outputs.is_empty(), "a timer that stays keeps its time: {:?}", same.outputs);
}

#[test]
fn tokens_at_a_join_move_with_their_ways() {
    let nodes = |join: &str| {
        format!(r#"<parallelGateway id="F"/><parallelGateway id="{join}"/><userTask id="A"/><task id="B"/>"#)
    };
    let (old, state) = waiting(&nodes("J"), &["S F A J E", "F B J"]);
    let new = definition(&nodes("K"), &["S F A K E", "F B K"]);
    let m = moved(&old, &new, &state, &[("J", "K")]).unwrap();
    let (instance, _) = m.state.waiting_outside(&new)[0].clone();
    let command = engine::Command::CompleteTask { instance, variables: Default::default() };
    let end = step(&new, &m.state, command, "2026-01-05T09:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(end.state.phase(), Phase::Ended);
    let apart = definition(&nodes("J"), &["S F A J E", "F B E"]);
    let text = moved(&old, &apart, &state, &[]).unwrap_err().join(" ");
    assert_eq!(text, "Vor „J“ fehlt in der neuen Fassung ein Weg, der schon gegangen ist.");
}
