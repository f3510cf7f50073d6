// SPDX-License-Identifier: EUPL-1.2
//! Execution semantics as BPMN 2.0.2, chapter 13 tells them, where engines are known to differ.

use engine::{Command, Output, step};
use serde_json::json;

use super::common::model::{chain, named_process, process, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/><endEvent id="F"/>"#;
const MESSAGE: &str = r#"<messageEventDefinition messageRef="m"/>"#;
const ERROR: &str = r#"<errorEventDefinition errorRef="err"/>"#;

fn sub(id: &str, attributes: &str, nodes: &str, flows: &[&str]) -> String {
    format!("<subProcess id=\"{id}\" {attributes}>{nodes}{}</subProcess>", chain(flows))
}

fn event_sub(id: &str, start: &str, definition: &str, nodes: &str, flows: &[&str]) -> String {
    sub(
        id,
        "triggeredByEvent=\"true\"",
        &format!("<startEvent id=\"{id}s\" {start}>{definition}</startEvent>{nodes}"),
        flows,
    )
}

/// 13.5.4: a scope that only waits for its event sub-processes is completing and begins no new one.
#[test]
fn a_completing_scope_begins_no_event_sub_process() {
    let events = event_sub("V", "isInterrupting=\"false\"", MESSAGE, r#"<userTask id="v"/>"#, &["Vs v"]);
    let inner = sub("P", "", &format!(r#"<startEvent id="s"/><userTask id="a"/>{events}"#), &["s a"]);
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({}));
    r.message("Nachricht", None, Default::default(), None).unwrap();
    done(&mut r, "a");
    r.message("Nachricht", None, Default::default(), None).unwrap();
    assert_eq!((waits(&r).as_str(), r.instances[0].subscriptions().count()), ("v", 0));
    done(&mut r, "v");
    assert!(ended(&r));
}

/// A subscription is used up by its message; a non-interrupting event asks again, so that the next one finds it.
#[test]
fn a_non_interrupting_message_is_asked_for_again() {
    let nodes = format!(
        r#"{ENDS}<userTask id="A"/><boundaryEvent id="B" attachedToRef="A" cancelActivity="false">{MESSAGE}</boundaryEvent><task id="X"/>"#
    );
    let mut r = started(&process(&nodes, &["S A E", "B X F"]), json!({}));
    let subscription = r.instances[0].subscriptions().next().unwrap();
    let command = Command::Message { subscription, variables: Default::default() };
    let done_ = step(&r.instances[0].definition, &r.instances[0].state, command, r.now).unwrap();
    assert!(done_.outputs.iter().any(
        |o| matches!(o, Output::Subscribe { subscription: s, name, .. } if *s == subscription && name == "Nachricht")
    ));
    for n in 1..=3 {
        r.message("Nachricht", None, Default::default(), None).unwrap();
        assert_eq!(count(&r, "B"), n);
    }
}

#[test]
fn messages_in_one_step_go_to_one_receiver_each_and_wait_for_the_next() {
    let send = |id: &str| {
        format!(
            r#"<intermediateThrowEvent id="{id}" eakte:eingabe="{{von: &quot;{id}&quot;}}">{MESSAGE}</intermediateThrowEvent>"#
        )
    };
    let nodes = format!(
        r#"{ENDS}{}{}<receiveTask id="A" messageRef="m" eakte:ergebnis="a"/><receiveTask id="B" messageRef="m" eakte:ergebnis="b"/>"#,
        send("T1"),
        send("T2")
    );
    let r = started(&process(&nodes, &["S T1 T2 A B E"]), json!({}));
    assert!(ended(&r), "both were kept until somebody waited: {}", waits(&r));
    assert_eq!((variable(&r, "a"), variable(&r, "b")), (json!({"von": "T1"}), json!({"von": "T2"})));
}

#[test]
fn a_message_finds_exactly_one_receiver_by_key_and_none_by_an_ambiguous_name() {
    let keyed = r#"<receiveTask id="A" messageRef="m" eakte:schluessel="k"/>"#;
    let mut r = started(&process(&format!("{ENDS}{keyed}"), &["S A E"]), json!({"k": "1"}));
    r.start("p", None, json!({"k": "2"}).as_object().unwrap().clone()).unwrap();
    r.message("Nachricht", None, Default::default(), None).unwrap();
    r.message("Nachricht", Some("3"), Default::default(), None).unwrap();
    assert_eq!(waits(&r), "A A", "without its key a message is for neither");
    r.message("Nachricht", Some("2"), Default::default(), None).unwrap();
    assert!(waits(&r) == "A" && r.instances[1].outcome.is_some());
    let by_name = r#"<receiveTask id="A" messageRef="m"/>"#;
    let mut r = started(&process(&format!("{ENDS}{by_name}"), &["S A E"]), json!({}));
    r.start("p", None, Default::default()).unwrap();
    r.message("Nachricht", Some("9"), Default::default(), None).unwrap();
    assert_eq!(waits(&r), "A A", "two instances wait: nobody can say which is meant");
    r.command(0, Command::Cancel).unwrap();
    r.message("Nachricht", Some("9"), Default::default(), None).unwrap();
    assert!(ended(&r));
}

#[test]
fn a_kept_message_is_not_lost_to_a_listener_of_a_moment() {
    // The boundary event listens only while the script runs; the receive task after it is the one that waits.
    let nodes = format!(
        r#"{ENDS}<userTask id="U"/><scriptTask id="A"><script>{{x: 1}}</script></scriptTask><boundaryEvent id="B" attachedToRef="A">{MESSAGE}</boundaryEvent><receiveTask id="R" messageRef="m"/>"#
    );
    let mut r = started(&process(&nodes, &["S U A R E", "B F"]), json!({}));
    r.message("Nachricht", None, Default::default(), Some(3600)).unwrap();
    done(&mut r, "U");
    assert!(ended(&r) && count(&r, "R") == 1, "{}", waits(&r));
}

#[test]
fn a_signal_is_heard_by_whoever_waits_when_it_is_sent_and_by_nobody_later() {
    let signal = r#"<signalEventDefinition signalRef="sig"/>"#;
    let nodes = format!(
        r#"{ENDS}<parallelGateway id="P"/><intermediateCatchEvent id="C1">{signal}</intermediateCatchEvent><intermediateCatchEvent id="C2">{signal}</intermediateCatchEvent>
        <userTask id="U"/><intermediateThrowEvent id="T">{signal}</intermediateThrowEvent><intermediateCatchEvent id="D">{signal}</intermediateCatchEvent>"#
    );
    let mut r = started(&process(&nodes, &["S P C1 E", "P C2 E", "P U T D F"]), json!({}));
    done(&mut r, "U");
    assert_eq!(
        (waits(&r).as_str(), count(&r, "C1"), count(&r, "C2")),
        ("D", 1, 1),
        "D began to wait after its own signal"
    );
    r.signal("Signal", Default::default()).unwrap();
    assert!(ended(&r));
}

#[test]
fn a_multi_instance_that_could_not_begin_begins_as_one() {
    let nodes = format!(
        r#"{ENDS}<userTask id="A"><multiInstanceLoopCharacteristics eakte:sammlung="liste" eakte:eintrag="x"/></userTask>"#
    );
    let mut r = started(&process(&nodes, &["S A E"]), json!({"liste": 5}));
    assert_eq!(incident(&r), "„liste“ ist keine Liste.");
    Runtime::set_variables(&mut r, json!({"liste": [1, 2, 3]}).as_object().unwrap().clone()).unwrap();
    Runtime::resolve_incident(&mut r, "A").unwrap();
    assert_eq!(waits(&r), "A A A");
}

#[test]
fn an_event_sub_process_interrupts_only_its_own_run_of_a_multi_instance() {
    let events = event_sub("V", "", "<errorEventDefinition/>", r#"<userTask id="v"/>"#, &["Vs v"]);
    let multi =
        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>";
    let inner = sub(
        "P",
        "",
        &format!(r#"{multi}<startEvent id="s"/><userTask id="a"/><userTask id="b"/>{events}"#),
        &["s a b"],
    );
    let boundary = format!(r#"<boundaryEvent id="B" attachedToRef="P">{ERROR}</boundaryEvent>"#);
    let mut r = started(&process(&format!("{ENDS}{inner}{boundary}"), &["S P E", "B F"]), json!({}));
    Runtime::bpmn_error(&mut r, "a", "E1").unwrap();
    assert_eq!(waits(&r), "a a v");
    // An error in the handler leaves the handler's scope: the boundary event of the whole takes it.
    Runtime::bpmn_error(&mut r, "v", "E1").unwrap();
    assert!(ended(&r));
    assert_eq!((count(&r, "V"), count(&r, "B"), count(&r, "P")), (0, 1, 0));
}

#[test]
fn an_error_is_caught_by_the_event_sub_process_before_the_boundary() {
    let events = event_sub("V", "", ERROR, "", &[]);
    let inner = sub("P", "", &format!(r#"<startEvent id="s"/><endEvent id="x">{ERROR}</endEvent>{events}"#), &["s x"]);
    let boundary = format!(r#"<boundaryEvent id="B" attachedToRef="P">{ERROR}</boundaryEvent>"#);
    let r = started(&process(&format!("{ENDS}{inner}{boundary}"), &["S P E", "B F"]), json!({}));
    assert_eq!((count(&r, "V"), count(&r, "B"), count(&r, "P"), count(&r, "E")), (1, 0, 1, 1));
}

#[test]
fn an_escalation_is_caught_as_often_as_it_is_thrown() {
    let throw = |id: &str| {
        format!(
            r#"<intermediateThrowEvent id="{id}"><escalationEventDefinition escalationRef="esc"/></intermediateThrowEvent>"#
        )
    };
    let inner = sub(
        "P",
        "",
        &format!(r#"<startEvent id="s"/>{}{}<userTask id="a"/>"#, throw("t1"), throw("t2")),
        &["s t1 t2 a"],
    );
    let nodes = format!(
        r#"{ENDS}{inner}<boundaryEvent id="B" attachedToRef="P" cancelActivity="false"><escalationEventDefinition escalationRef="esc"/></boundaryEvent>"#
    );
    let mut r = started(&process(&nodes, &["S P E"]), json!({}));
    assert_eq!((count(&r, "B"), waits(&r).as_str()), (2, "a"));
    // A person or worker reports one too.
    let (_, instance) = r.find("a").unwrap();
    r.command(0, Command::Escalate { instance, code: "S1".into(), variables: Default::default() }).unwrap();
    assert_eq!((count(&r, "B"), waits(&r).as_str()), (3, "a"));
}

#[test]
fn boundary_events_of_a_call_activity_end_what_it_called() {
    let called = named_process(
        "q",
        r#"<startEvent id="s"/><userTask id="a"/><intermediateThrowEvent id="t"><escalationEventDefinition escalationRef="esc"/></intermediateThrowEvent><userTask id="b"/>"#,
        &["s a t b"],
    );
    let nodes = format!(
        r#"{ENDS}<callActivity id="K" calledElement="q"/><boundaryEvent id="B" attachedToRef="K"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>
        <boundaryEvent id="G" attachedToRef="K" cancelActivity="false"><escalationEventDefinition/></boundaryEvent>"#
    );
    let model = format!("{}{called}", process(&nodes, &["S K E", "B F"]));
    let mut r = started(&model, json!({}));
    done(&mut r, "a");
    assert_eq!((count(&r, "G"), waits(&r).as_str()), (1, "b"), "an escalation comes up and the call goes on");
    Runtime::advance(&mut r, "P1D").unwrap();
    assert!(ended(&r) && count(&r, "K") == 0 && count(&r, "F") == 1);
    assert_eq!(r.instances[1].outcome, Some(engine::Outcome::Cancelled));
    assert!(r.instances[1].tasks.is_empty());
}

#[test]
fn a_called_process_that_an_operator_ends_does_not_leave_its_caller_waiting() {
    let called = named_process("q", r#"<startEvent id="s"/><userTask id="a"/>"#, &["s a"]);
    let model =
        format!("{}{called}", process(&format!("{ENDS}<callActivity id=\"K\" calledElement=\"q\"/>"), &["S K E"]));
    let mut r = started(&model, json!({}));
    r.command(1, Command::Cancel).unwrap();
    assert_eq!(incident(&r), "Der aufgerufene Ablauf wurde abgebrochen.");
    Runtime::resolve_incident(&mut r, "K").unwrap();
    done(&mut r, "a");
    assert!(ended(&r) && count(&r, "K") == 1);
}

const UNDO: &str = r#"<userTask id="a"/><task id="ua" isForCompensation="true" eakte:ergebnis="x"/><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><association id="as" sourceRef="ca" targetRef="ua"/>"#;

/// The cancel event leaves the multi-instance as a whole, so no run stays half done.
#[test]
fn a_cancelled_run_undoes_all_runs_of_its_transaction() {
    let inner = format!(
        r#"<transaction id="P"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics><startEvent id="s"/>{UNDO}<userTask id="b"/><endEvent id="x"><cancelEventDefinition/></endEvent>{}</transaction>"#,
        chain(&["s a b x"])
    );
    let nodes =
        format!(r#"{ENDS}{inner}<boundaryEvent id="B" attachedToRef="P"><cancelEventDefinition/></boundaryEvent>"#);
    let mut r = started(&process(&nodes, &["S P E", "B F"]), json!({}));
    done(&mut r, "a");
    done(&mut r, "a");
    assert_eq!(waits(&r), "a b b");
    done(&mut r, "b");
    assert!(ended(&r));
    assert_eq!((count(&r, "ua"), count(&r, "B"), count(&r, "P")), (2, 1, 0));
}

#[test]
fn compensation_of_a_multi_instance_undoes_each_run_the_last_first() {
    let multi =
        r#"<multiInstanceLoopCharacteristics isSequential="true" eakte:sammlung="[1, 2, 3]" eakte:eintrag="nummer"/>"#;
    let undo = r#"<task id="a"/><scriptTask id="ua" isForCompensation="true"><script>{folge: append(folge, nummer)}</script></scriptTask><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><association id="as" sourceRef="ca" targetRef="ua"/>"#;
    let inner = sub("P", "", &format!(r#"{multi}<startEvent id="s"/>{undo}"#), &["s a"]);
    let nodes = format!(
        r#"{ENDS}{inner}<intermediateThrowEvent id="T"><compensateEventDefinition activityRef="P"/></intermediateThrowEvent>"#
    );
    let r = started(&process(&nodes, &["S P T E"]), json!({"folge": []}));
    assert!(ended(&r), "{}", incident(&r));
    assert_eq!((variable(&r, "folge"), count(&r, "ua")), (json!([3, 2, 1]), 3), "{}", order(&r));
}

#[test]
fn what_is_not_completed_or_already_undone_is_not_undone() {
    let nodes = format!(
        r#"{ENDS}{UNDO}<parallelGateway id="P"/><userTask id="t"/><intermediateThrowEvent id="T"><compensateEventDefinition/></intermediateThrowEvent><intermediateThrowEvent id="U"><compensateEventDefinition/></intermediateThrowEvent>"#
    );
    let mut r = started(&process(&nodes, &["S P a E", "P t T U F"]), json!({}));
    done(&mut r, "t");
    assert_eq!((count(&r, "ua"), count(&r, "U")), (0, 1), "a still runs");
    let mut r = started(&process(&nodes, &["S P a E", "P t T U F"]), json!({}));
    done(&mut r, "a");
    done(&mut r, "t");
    assert_eq!((count(&r, "ua"), ended(&r)), (1, true), "once");
}

#[test]
fn a_throw_that_does_not_wait_goes_on_while_handlers_work() {
    let undo = UNDO.replace("<task id=\"ua\"", "<userTask id=\"ua\"");
    let nodes = format!(
        r#"{ENDS}{undo}<intermediateThrowEvent id="T"><compensateEventDefinition waitForCompletion="false"/></intermediateThrowEvent><userTask id="Z"/>"#
    );
    let mut r = started(&process(&nodes, &["S a T Z E"]), json!({}));
    done(&mut r, "a");
    assert_eq!(waits(&r), "Z ua");
    done(&mut r, "Z");
    assert!(!ended(&r), "the instance waits for the handler");
    done(&mut r, "ua");
    assert!(ended(&r) && count(&r, "T") == 1);
}

#[test]
fn a_compensation_event_sub_process_sees_its_scope_as_it_was() {
    let events = event_sub(
        "V",
        "",
        "<compensateEventDefinition/>",
        r#"<scriptTask id="v"><script>{gesehen: zwischen}</script></scriptTask>"#,
        &["Vs v"],
    );
    let inner = sub(
        "P",
        "",
        &format!(
            r#"<dataObject id="do" name="zwischen"/><startEvent id="s"/><scriptTask id="a"><script>{{zwischen: 7}}</script></scriptTask>{events}"#
        ),
        &["s a"],
    );
    let nodes = format!(
        r#"{ENDS}{inner}<intermediateThrowEvent id="T"><compensateEventDefinition activityRef="P"/></intermediateThrowEvent>"#
    );
    let r = started(&process(&nodes, &["S P T E"]), json!({}));
    assert!(ended(&r) && variable(&r, "gesehen") == json!(7), "{}", variable(&r, "gesehen"));
    assert_eq!(count(&r, "V"), 1);
}

/// 13.4.3: a token that can come round again to the empty flow keeps the join waiting, one behind the join does not.
#[test]
fn an_inclusive_join_in_a_loop_counts_only_what_can_still_reach_it() {
    let nodes = format!(
        r#"{ENDS}<exclusiveGateway id="M"/><inclusiveGateway id="I"/><userTask id="A"/><userTask id="B"/><inclusiveGateway id="J"/><userTask id="C"/><exclusiveGateway id="X" default="X-E"/>"#
    );
    let flows = ["S M I", "I A[a]", "I B[b]", "A J", "B J C X", "X M[nochmal]", "X E"];
    let mut r = started(&process(&nodes, &flows), json!({"a": true, "b": true, "nochmal": true}));
    for _ in 0..2 {
        assert_eq!(waits(&r), "A B");
        done(&mut r, "A");
        assert_eq!(waits(&r), "B");
        done(&mut r, "B");
        assert_eq!(waits(&r), "C", "one token behind the join");
        done(&mut r, "C");
    }
    done(&mut r, "A");
    done(&mut r, "B");
    done_with(&mut r, "C", json!({"nochmal": false}));
    assert!(ended(&r) && count(&r, "J") == 3);
}

#[test]
fn counters_of_a_parallel_multi_instance_count_from_the_beginning() {
    let multi = r#"<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality><completionCondition>numberOfActiveInstances = 2</completionCondition></multiInstanceLoopCharacteristics>"#;
    let nodes = format!(r#"{ENDS}<scriptTask id="A"><script>{{n: n + 1}}</script>{multi}</scriptTask>"#);
    let r = started(&process(&nodes, &["S A E"]), json!({"n": 0}));
    assert!(
        ended(&r) && variable(&r, "n") == json!(1),
        "after the first of three, two are active: {}",
        variable(&r, "n")
    );
}

#[test]
fn a_loop_without_condition_runs_to_its_maximum() {
    let nodes = format!(
        r#"{ENDS}<scriptTask id="A"><script>{{n: n + 1}}</script><standardLoopCharacteristics loopMaximum="4"/></scriptTask>"#
    );
    let r = started(&process(&nodes, &["S A E"]), json!({"n": 0}));
    assert!(ended(&r) && variable(&r, "n") == json!(4));
}

#[test]
fn an_event_sub_process_that_cannot_listen_is_an_incident_of_its_scope() {
    let timer = r#"<timerEventDefinition><timeDate>frist</timeDate></timerEventDefinition>"#;
    let events = event_sub("V", "", timer, r#"<userTask id="v"/>"#, &["Vs v"]);
    let mut r = started(&process(&format!(r#"{ENDS}<userTask id="A"/>{events}"#), &["S A E"]), json!({}));
    assert!(incident(&r).contains("keine Zeit") && waits(&r) == "A", "{}", incident(&r));
    Runtime::set_variables(&mut r, json!({"frist": "2026-01-06"}).as_object().unwrap().clone()).unwrap();
    r.command(0, Command::ResolveIncident { instance: engine::ElementInstanceId(0) }).unwrap();
    Runtime::advance(&mut r, "P1D").unwrap();
    assert_eq!((waits(&r).as_str(), incident(&r).as_str()), ("v", ""));
    // It also ends with its scope.
    let mut r = started(&process(&format!(r#"{ENDS}<userTask id="A"/>{events}"#), &["S A E"]), json!({}));
    done(&mut r, "A");
    assert!(ended(&r) && r.instances[0].incidents.is_empty());
}

#[test]
fn a_boundary_event_that_cannot_listen_is_mended_in_place() {
    let nodes = format!(
        r#"{ENDS}<userTask id="A"/><boundaryEvent id="B" attachedToRef="A"><timerEventDefinition><timeDate>frist</timeDate></timerEventDefinition></boundaryEvent>"#
    );
    let mut r = started(&process(&nodes, &["S A E", "B F"]), json!({}));
    assert!(incident(&r).contains("keine Zeit") && r.instances[0].tasks.is_empty());
    Runtime::set_variables(&mut r, json!({"frist": "2026-01-06"}).as_object().unwrap().clone()).unwrap();
    Runtime::resolve_incident(&mut r, "A").unwrap();
    assert_eq!((waits(&r).as_str(), r.instances[0].timers().count()), ("A", 1));
}

#[test]
fn a_conditional_event_looks_again_at_each_change_of_any_variable_it_sees() {
    let condition = "<conditionalEventDefinition><condition>summe &gt;= 3</condition></conditionalEventDefinition>";
    let events = event_sub("V", "isInterrupting=\"false\"", condition, r#"<task id="v"/>"#, &["Vs v"]);
    let inner = sub(
        "P",
        "",
        &format!(
            r#"<dataObject id="do" name="summe"/><startEvent id="s"/><scriptTask id="z"><script>{{summe: 0}}</script></scriptTask><userTask id="a"><standardLoopCharacteristics loopMaximum="6"/></userTask>{events}"#
        ),
        &["s z a"],
    );
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({}));
    for (summe, fired) in [(1, 0), (3, 1), (4, 1), (0, 1), (3, 2)] {
        done_with(&mut r, "a", json!({"summe": summe}));
        assert_eq!(count(&r, "V"), fired, "summe = {summe}");
    }
    done(&mut r, "a");
    assert!(ended(&r));
}
