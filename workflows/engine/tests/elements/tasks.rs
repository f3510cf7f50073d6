// SPDX-License-Identifier: EUPL-1.2
//! Tasks: what a worker or a person gets, and where the result goes.

use engine::{Command, Rejected, step};
use serde_json::json;

use super::common::model::{file, process, read, started};
use super::*;

const START_END: &str = r#"<startEvent id="S"/><endEvent id="E"/>"#;

#[test]
fn a_job_gets_its_context_and_gives_its_result_to_one_variable() {
    let task = r#"<serviceTask id="A" implementation="erkennung.v1" eakte:eingabe='{blob: sendung.blob, "doppelt": 2 * n}' eakte:ergebnis="erkannt" eakte:versuche="5"/>"#;
    let mut r = started(
        &process(&format!("{START_END}{task}"), &["S A E"]),
        json!({"sendung": {"blob": "b1"}, "n": 0.1, "geheim": 1}),
    );
    let (id, (job_type, input)) = r.instances[0].jobs.first_key_value().map(|(k, v)| (*k, v.clone())).unwrap();
    assert_eq!(job_type, "erkennung.v1");
    assert_eq!(serde_json::Value::Object(input), json!({"blob": "b1", "doppelt": 0.2}));
    done_with(&mut r, "A", json!({"seiten": 3}));
    assert_eq!(variable(&r, "erkannt"), json!({"seiten": 3}));
    assert!(ended(&r) && r.command(0, Command::CompleteJob { instance: id, variables: Default::default() }).is_err());
}

#[test]
fn without_mapping_a_job_sees_everything_and_its_result_is_merged() {
    let task = r#"<serviceTask id="A"><extensionElements><zeebe:taskDefinition type="t" retries="2"/></extensionElements></serviceTask>"#;
    let mut r = started(&process(&format!("{START_END}{task}"), &["S A E"]), json!({"a": 1}));
    let (job_type, input) = r.instances[0].jobs.values().next().unwrap().clone();
    assert_eq!((job_type.as_str(), input.get("a")), ("t", Some(&json!(1))));
    done_with(&mut r, "A", json!({"b": 2}));
    assert_eq!((variable(&r, "a"), variable(&r, "b")), (json!(1), json!(2)));
}

#[test]
fn a_failed_job_is_an_incident_and_can_be_tried_again() {
    let task = r#"<serviceTask id="A" implementation="t"/>"#;
    let mut r = started(&process(&format!("{START_END}{task}"), &["S A E"]), json!({}));
    let (n, instance) = r.find("A").unwrap();
    r.command(n, Command::FailJob { instance, text: "Speicher weg".into() }).unwrap();
    assert_eq!((incident(&r).as_str(), waits(&r).as_str()), ("Speicher weg", ""));
    assert!(r.instances[0].state.waiting(&r.instances[0].definition)[0].warum.contains("Speicher weg"));
    let again = Command::CompleteJob { instance, variables: Default::default() };
    assert_eq!(step(&r.instances[0].definition, &r.instances[0].state, again, r.now).unwrap_err(), Rejected::NotOpen);
    Runtime::resolve_incident(&mut r, "A").unwrap();
    assert_eq!((incident(&r).as_str(), waits(&r).as_str()), ("", "A"));
    done(&mut r, "A");
    assert!(ended(&r));
}

#[test]
fn a_user_task_knows_groups_title_data_due_and_who_must_not() {
    let tasks = r#"<userTask id="A" name="Feststellung" eakte:formular="feststellung" eakte:titel='"Rechnung " + r.nummer' eakte:daten="{betrag: r.betrag}"
        eakte:faellig="P3D" eakte:ergebnis="feststellung">
        <potentialOwner><resourceAssignmentExpression><formalExpression>"Feststellung-" + amt</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
      <userTask id="B" eakte:nichtPersonVon="A" eakte:faellig="date(tag)"><potentialOwner><resourceAssignmentExpression><formalExpression>["X", "Y"]</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
      <userTask id="C" camunda:candidateGroups="eins, zwei" camunda:formKey="f"/>
      <userTask id="D"><potentialOwner><resourceAssignmentExpression><formalExpression>Amt für Umwelt</formalExpression></resourceAssignmentExpression></potentialOwner></userTask>
      <userTask id="F"/>"#;
    let vars = json!({"r": {"nummer": "7", "betrag": 12.5}, "amt": "66", "tag": "2026-07-01"});
    let mut r = started(&process(&format!("{START_END}{tasks}"), &["S A B C D F E"]), vars);
    let task = r.instances[0].tasks.values().next().unwrap().clone();
    assert_eq!(task.groups, ["Feststellung-66"]);
    assert_eq!((task.title.as_str(), task.form_key.as_deref()), ("Rechnung 7", Some("feststellung")));
    assert_eq!(task.data.get("betrag"), Some(&json!(12.5)));
    assert_eq!(task.due, Some("2026-01-08T08:00:00Z".parse().unwrap()));
    done_with(&mut r, "A", json!({"entscheidung": "richtig"}));
    assert_eq!(variable(&r, "feststellung"), json!({"entscheidung": "richtig"}));
    let task = r.instances[0].tasks.values().next().unwrap().clone();
    assert_eq!((task.groups, task.not_person_of), (vec!["X".to_owned(), "Y".to_owned()], vec!["A".to_owned()]));
    assert_eq!(task.due, Some("2026-06-30T22:00:00Z".parse().unwrap()), "00:00 in Berlin");
    done(&mut r, "B");
    assert_eq!(r.instances[0].tasks.values().next().unwrap().groups, ["eins", "zwei"]);
    done(&mut r, "C");
    assert_eq!(r.instances[0].tasks.values().next().unwrap().groups, ["Amt für Umwelt"]);
    done(&mut r, "D");
    assert_eq!(r.instances[0].tasks.values().next().unwrap().groups, ["Vorsortierung"]);
}

#[test]
fn working_days_skip_weekends_and_holidays() {
    let task = r#"<userTask id="A" eakte:faellig="3AT"/>"#;
    let r = started(&process(&format!("{START_END}{task}"), &["S A E"]), json!({}));
    let due = r.instances[0].tasks.values().next().unwrap().due.unwrap();
    // It starts on Monday, 5 January 2026; Tuesday is Heilige Drei Könige.
    assert_eq!(due.tag().to_string(), "2026-01-09");
}

#[test]
fn a_lane_is_the_default_group() {
    let model = r#"<laneSet id="l"><lane id="l1" name="Poststelle"><flowNodeRef>A</flowNodeRef></lane></laneSet>"#;
    let r = started(&process(&format!("{model}{START_END}<userTask id=\"A\"/>"), &["S A E"]), json!({}));
    assert_eq!(r.instances[0].tasks.values().next().unwrap().groups, ["Poststelle"]);
    assert_eq!(r.instances[0].definition.warum("A"), "Wartet auf eine Person der Gruppe Poststelle.");
}

#[test]
fn a_script_sees_the_time_of_the_step() {
    let task = r#"<scriptTask id="A" scriptFormat="feel"><script>{jetzt: now(), heute: today(), frist: today() + duration("P1D"), jahr: today().year}</script></scriptTask>"#;
    let r = started(&process(&format!("{START_END}{task}"), &["S A E"]), json!({}));
    assert_eq!(variable(&r, "jetzt"), json!("2026-01-05T09:00:00+01:00"));
    assert_eq!((variable(&r, "heute"), variable(&r, "frist")), (json!("2026-01-05"), json!("2026-01-06")));
    assert_eq!(variable(&r, "jahr"), json!(2026));
}

#[test]
fn a_business_error_is_caught_by_code_before_all_codes() {
    let nodes = r#"<serviceTask id="A" implementation="t"/><userTask id="X"/><userTask id="Y"/>
      <boundaryEvent id="B1" attachedToRef="A"><errorEventDefinition/></boundaryEvent>
      <boundaryEvent id="B2" attachedToRef="A"><errorEventDefinition errorRef="err"/></boundaryEvent>"#;
    let model = process(&format!("{START_END}{nodes}"), &["S A E", "B1 X E", "B2 Y E"]);
    for (code, expected) in [("E1", "Y"), ("anders", "X")] {
        let mut r = started(&model, json!({}));
        let (n, instance) = r.find("A").unwrap();
        let values = json!({"code": code}).as_object().unwrap().clone();
        r.command(n, Command::BpmnError { instance, code: code.into(), message: "kaputt".into(), variables: values })
            .unwrap();
        assert_eq!(waits(&r), expected);
        assert_eq!((variable(&r, "code"), variable(&r, "fehlertext")), (json!(code), json!("kaputt")));
    }
}

#[test]
fn an_error_nobody_catches_is_an_incident() {
    let mut r =
        started(&process(&format!("{START_END}<serviceTask id=\"A\" implementation=\"t\"/>"), &["S A E"]), json!({}));
    Runtime::bpmn_error(&mut r, "A", "E9").unwrap();
    assert_eq!(incident(&r), "Der Fehler „E9“ wird nirgends behandelt.");
    assert_eq!(Runtime::state(&mut r).unwrap(), "incident");
}

#[test]
fn a_call_gives_and_takes_variables_and_hands_errors_up() {
    let called = super::common::model::named_process(
        "q",
        r#"<startEvent id="s"/><userTask id="a"/><exclusiveGateway id="g" default="g-e"/><endEvent id="e"/><endEvent id="x"><errorEventDefinition errorRef="err"/></endEvent>"#,
        &["s a g e", "g x[schlecht]"],
    );
    let nodes = r#"<callActivity id="K" calledElement="q" eakte:eingabe="{wert: 2 * n}" eakte:ergebnis="ergebnis"/><userTask id="F"/>
      <boundaryEvent id="B" attachedToRef="K"><errorEventDefinition errorRef="err"/></boundaryEvent>"#;
    let model = format!("{}{called}", process(&format!("{START_END}{nodes}"), &["S K E", "B F E"]));
    let mut r = started(&model, json!({"n": 21}));
    assert_eq!(serde_json::Value::Object(r.instances[1].state.variables()), json!({"wert": 42}));
    done_with(&mut r, "a", json!({"schlecht": false}));
    assert!(ended(&r));
    assert_eq!(variable(&r, "ergebnis"), json!({"wert": 42, "schlecht": false}));
    let mut r = started(&model, json!({"n": 21}));
    done_with(&mut r, "a", json!({"schlecht": true}));
    assert_eq!(waits(&r), "F");
}

#[test]
fn processes_that_call_one_another_for_ever_stop() {
    let r =
        started(&process(&format!("{START_END}<callActivity id=\"K\" calledElement=\"p\"/>"), &["S K E"]), json!({}));
    assert!(r.instances.len() < 60 && incident(&r).contains("rufen sich gegenseitig"), "{}", incident(&r));
}

#[test]
fn sending_and_receiving() {
    let nodes = r#"<sendTask id="A" messageRef="m" eakte:eingabe="{n: n}" eakte:schluessel="k"/><receiveTask id="B" messageRef="n" eakte:schluessel="k" eakte:ergebnis="antwort"/>"#;
    let mut r = started(&process(&format!("{START_END}{nodes}"), &["S A B E"]), json!({"n": 1, "k": "AZ-1"}));
    assert_eq!((r.thrown[0].name.as_str(), r.thrown[0].key.as_deref()), ("Nachricht", Some("AZ-1")));
    assert_eq!(r.thrown[0].variables.get("n"), Some(&json!(1)));
    r.message("Andere", Some("AZ-2"), Default::default(), None).unwrap();
    assert_eq!(waits(&r), "B");
    r.message("Andere", Some("AZ-1"), json!({"x": 2}).as_object().unwrap().clone(), None).unwrap();
    assert!(ended(&r) && variable(&r, "antwort") == json!({"x": 2}));
}

#[test]
fn an_early_message_waits_for_its_lifetime() {
    let nodes = r#"<userTask id="A"/><receiveTask id="B" messageRef="m"/>"#;
    let model = process(&format!("{START_END}{nodes}"), &["S A B E"]);
    for (wait, expected) in [("PT1M", ""), ("PT2H", "B")] {
        let mut r = started(&model, json!({}));
        r.message("Nachricht", None, Default::default(), Some(3600)).unwrap();
        Runtime::advance(&mut r, wait).unwrap();
        done(&mut r, "A");
        assert_eq!(waits(&r), expected);
    }
}

#[test]
fn camunda_and_zeebe_mappings_work() {
    let nodes = r#"<serviceTask id="A"><extensionElements><zeebe:taskDefinition type="t"/><zeebe:ioMapping>
        <zeebe:input source="=n + 1" target="m"/><zeebe:output source="=m + wert" target="summe.gesamt"/></zeebe:ioMapping></extensionElements></serviceTask>"#;
    let mut r = started(&process(&format!("{START_END}{nodes}"), &["S A E"]), json!({"n": 1}));
    assert_eq!(r.instances[0].jobs.values().next().unwrap().1.get("m"), Some(&json!(2)));
    done_with(&mut r, "A", json!({"wert": 5}));
    assert_eq!((variable(&r, "summe"), variable(&r, "wert")), (json!({"gesamt": 7}), json!(null)));
}

#[test]
fn a_command_that_does_not_fit_changes_nothing() {
    let deployment = read(&process(&format!("{START_END}<userTask id=\"A\"/>"), &["S A E"])).unwrap();
    let definition = &deployment.processes[0];
    let now = "2026-01-05T08:00:00Z".parse().unwrap();
    let new = engine::State::new();
    let cancel = step(definition, &new, Command::Cancel, now);
    assert_eq!(cancel.unwrap_err(), Rejected::NotStarted);
    let start = Command::Start { element: None, variables: Default::default() };
    let started = step(definition, &new, start.clone(), now).unwrap().state;
    assert_eq!(step(definition, &started, start, now).unwrap_err(), Rejected::AlreadyStarted);
    let instance = started.waiting(definition)[0].instance;
    let wrong = Command::CompleteJob { instance, variables: Default::default() };
    assert_eq!(step(definition, &started, wrong, now).unwrap_err(), Rejected::WrongKind("A".into()));
    let huge = json!({"x": "y".repeat(10_000_001)}).as_object().unwrap().clone();
    assert_eq!(
        step(definition, &started, Command::CompleteTask { instance, variables: huge }, now).unwrap_err(),
        Rejected::TooLarge("A".into())
    );
    let complete = Command::CompleteTask { instance, variables: Default::default() };
    let over = step(definition, &started, complete.clone(), now).unwrap().state;
    assert_eq!(step(definition, &over, complete, now).unwrap_err(), Rejected::Ended);
    let other = engine::deploy(
        &file(&process("<startEvent id=\"S\"/>", &[])),
        std::sync::Arc::new(engine::NoDecisions),
        &Default::default(),
    )
    .unwrap();
    assert_eq!(step(&other.processes[0], &started, Command::Cancel, now).unwrap_err(), Rejected::WrongDefinition);
}

#[test]
fn a_task_without_a_kind_and_one_by_hand_pass_at_once() {
    let r = started(
        &process(&format!("{START_END}<task id=\"A\"/><manualTask id=\"B\"/>"), &["S A B E"]),
        serde_json::json!({}),
    );
    assert_eq!(order(&r), "S A B E");
    assert!(ended(&r));
}

#[test]
fn urgency_priority_and_one_person_are_handed_on() {
    let nodes = r#"<serviceTask id="A" implementation="t" eakte:dringend="true" eakte:versuche="7"/><serviceTask id="B" implementation="t"/>
      <userTask id="C" eakte:prioritaet="90"><humanPerformer><resourceAssignmentExpression><formalExpression>wer</formalExpression></resourceAssignmentExpression></humanPerformer></userTask>
      <userTask id="D" camunda:assignee="vera"/>"#;
    let model = process(&format!("{START_END}{nodes}"), &["S A B C D E"]);
    let definition = read(&model).unwrap().processes.remove(0);
    let now = "2026-01-05T08:00:00Z".parse().unwrap();
    let start = Command::Start { element: None, variables: Default::default() };
    let done_ = step(&definition, &engine::State::new(), start, now).unwrap();
    let job = done_.outputs.iter().find_map(|o| match o {
        engine::Output::CreateJob { urgent, retries, .. } => Some((*urgent, *retries)),
        _ => None,
    });
    assert_eq!(job, Some((true, 7)));
    let mut r = started(&model, json!({"wer": "paul"}));
    done(&mut r, "A");
    done(&mut r, "B");
    let task = r.instances[0].tasks.values().next().unwrap().clone();
    assert_eq!((task.priority, task.assignee.as_deref(), task.groups.len()), (90, Some("paul"), 0));
    done(&mut r, "C");
    let task = r.instances[0].tasks.values().next().unwrap().clone();
    assert_eq!((task.priority, task.assignee.as_deref()), (50, Some("vera")));
}
