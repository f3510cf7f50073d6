// SPDX-License-Identifier: EUPL-1.2
//! Events: timers, messages, signals, conditions, escalations.

use serde_json::json;

use super::common::model::{process, runner, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/><endEvent id="F"/>"#;

#[test]
fn a_repeating_boundary_timer_fires_until_the_task_is_done() {
    let nodes = r#"<userTask id="A"/><task id="R"/><boundaryEvent id="T" attachedToRef="A" cancelActivity="false">
      <timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition></boundaryEvent>"#;
    let model = process(&format!("{ENDS}{nodes}"), &["S A E", "T R F"]);
    let mut r = started(&model, json!({}));
    Runtime::advance(&mut r, "PT2H30M").unwrap();
    assert_eq!((waits(&r).as_str(), count(&r, "T")), ("A", 2));
    Runtime::advance(&mut r, "P1D").unwrap();
    assert_eq!(count(&r, "T"), 3);
    done(&mut r, "A");
    assert!(ended(&r));
}

#[test]
fn a_timer_by_feel_date_and_a_timer_that_gives_no_time() {
    let nodes = r#"<intermediateCatchEvent id="W"><timerEventDefinition><timeDate>frist</timeDate></timerEventDefinition></intermediateCatchEvent>"#;
    let model = process(&format!("{ENDS}{nodes}"), &["S W E"]);
    let mut r = started(&model, json!({"frist": "2026-01-07"}));
    assert!(r.instances[0].state.waiting(&r.instances[0].definition)[0].warum.contains("07.01.2026, 00:00"));
    Runtime::advance(&mut r, "P1DT14H59M").unwrap();
    assert_eq!(waits(&r), "W");
    Runtime::advance(&mut r, "PT1M").unwrap();
    assert!(ended(&r));
    let mut r = started(&model, json!({"frist": null}));
    assert!(incident(&r).contains("keine Zeit"));
    Runtime::set_variables(&mut r, json!({"frist": "2026-01-06"}).as_object().unwrap().clone()).unwrap();
    Runtime::resolve_incident(&mut r, "W").unwrap();
    assert_eq!(waits(&r), "W");
}

#[test]
fn timers_messages_and_signals_start_processes() {
    let nodes = r#"<startEvent id="T"><timerEventDefinition><timeCycle>R2/P1D</timeCycle></timerEventDefinition></startEvent>
      <startEvent id="M"><messageEventDefinition messageRef="m"/></startEvent><startEvent id="G"><signalEventDefinition signalRef="sig"/></startEvent>
      <userTask id="A"/><endEvent id="E"/>"#;
    let mut r = runner(&process(nodes, &["T A E", "M A", "G A"]));
    Runtime::advance(&mut r, "P5D").unwrap();
    assert_eq!(waits(&r), "A A");
    r.message("Nachricht", None, json!({"x": 1}).as_object().unwrap().clone(), None).unwrap();
    r.signal("Signal", Default::default()).unwrap();
    assert_eq!(waits(&r), "A A A A");
    assert_eq!(r.instances[2].state.variables().get("x"), Some(&json!(1)));
}

#[test]
fn a_signal_reaches_every_instance_the_sender_too() {
    let nodes = r#"<parallelGateway id="P"/><intermediateCatchEvent id="C"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>
      <userTask id="A"/><intermediateThrowEvent id="W" eakte:eingabe="{von: n}"><signalEventDefinition signalRef="sig"/></intermediateThrowEvent>"#;
    let mut r = started(&process(&format!("{ENDS}{nodes}"), &["S P C E", "P A W F"]), json!({"n": 1}));
    r.start("p", None, json!({"n": 2}).as_object().unwrap().clone()).unwrap();
    assert_eq!(waits(&r), "A A C C");
    done(&mut r, "A");
    assert_eq!(waits(&r), "A");
    assert_eq!(r.instances[1].state.variables().get("von"), Some(&json!(1)));
}

#[test]
fn conditional_events_fire_when_the_condition_becomes_true() {
    let nodes = r#"<userTask id="A"/><userTask id="X"/><task id="H"/>
      <boundaryEvent id="B" attachedToRef="A" cancelActivity="false"><conditionalEventDefinition><condition>x > 5</condition></conditionalEventDefinition></boundaryEvent>
      <intermediateCatchEvent id="C"><conditionalEventDefinition><condition>bereit</condition></conditionalEventDefinition></intermediateCatchEvent>"#;
    let mut r = started(&process(&format!("{ENDS}{nodes}"), &["S A C E", "B H F"]), json!({"x": 1}));
    for (x, fired) in [(6, 1), (7, 1), (2, 1), (8, 2)] {
        Runtime::set_variables(&mut r, json!({"x": x}).as_object().unwrap().clone()).unwrap();
        assert_eq!(count(&r, "B"), fired, "x = {x}");
    }
    done(&mut r, "A");
    assert_eq!(waits(&r), "C");
    Runtime::set_variables(&mut r, json!({"bereit": true}).as_object().unwrap().clone()).unwrap();
    assert!(ended(&r));
}

#[test]
fn an_escalation_that_does_not_interrupt_lets_the_thrower_go_on() {
    let nodes = r#"<subProcess id="P"><startEvent id="s"/><intermediateThrowEvent id="t"><escalationEventDefinition escalationRef="esc"/></intermediateThrowEvent>
      <userTask id="a"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="a"/></subProcess>
      <boundaryEvent id="B" attachedToRef="P" cancelActivity="false"><escalationEventDefinition escalationRef="esc"/></boundaryEvent><userTask id="X"/>"#;
    let mut r = started(&process(&format!("{ENDS}{nodes}"), &["S P E", "B X F"]), json!({}));
    assert_eq!(waits(&r), "X a");
    done(&mut r, "a");
    done(&mut r, "X");
    assert!(ended(&r));
}

#[test]
fn an_error_end_event_nobody_catches_stops_a_process_and_ends_a_called_one() {
    let nodes = r#"<startEvent id="S"/><endEvent id="E"><errorEventDefinition errorRef="err"/></endEvent>"#;
    let mut r = started(&process(nodes, &["S E"]), json!({}));
    assert_eq!(
        (Runtime::state(&mut r).unwrap().as_str(), incident(&r).as_str()),
        ("incident", "Der Fehler „E1“ wird nirgends behandelt.")
    );
}

#[test]
fn the_first_event_after_an_event_gateway_wins() {
    let nodes = r#"<eventBasedGateway id="G"/><receiveTask id="C" messageRef="m"/><intermediateCatchEvent id="T"><timerEventDefinition><timeDuration>=duration(d)</timeDuration></timerEventDefinition></intermediateCatchEvent>"#;
    let mut r = started(&process(&format!("{ENDS}{nodes}"), &["S G C E", "G T F"]), json!({"d": "PT1H"}));
    assert_eq!(waits(&r), "G");
    r.message("Nachricht", None, json!({"x": 1}).as_object().unwrap().clone(), None).unwrap();
    assert!(ended(&r) && variable(&r, "x") == json!(1));
    assert_eq!(order(&r), "S G C E");
}

#[test]
fn the_standard_correlation_subscription_gives_the_key() {
    let extra = r#"<correlationProperty id="cp" name="az"><correlationPropertyRetrievalExpression messageRef="m"><messagePath>aktenzeichen</messagePath></correlationPropertyRetrievalExpression></correlationProperty>"#;
    let nodes = r#"<receiveTask id="A" messageRef="m"/><correlationSubscription id="cs" correlationKeyRef="ck"><correlationPropertyBinding correlationPropertyRef="cp"><dataPath>akte.az</dataPath></correlationPropertyBinding></correlationSubscription>"#;
    let model = format!("{extra}{}", process(&format!("{ENDS}{nodes}"), &["S A E"]));
    let mut r = started(&model, json!({"akte": {"az": "10.24"}}));
    r.message("Nachricht", Some("99"), Default::default(), None).unwrap();
    assert_eq!(waits(&r), "A");
    r.message("Nachricht", Some("10.24"), Default::default(), None).unwrap();
    assert!(ended(&r));
}

#[test]
fn a_process_begins_where_it_is_told_else_at_its_start_without_a_trigger() {
    let nodes = r#"<startEvent id="K"><conditionalEventDefinition><condition>x > 1</condition></conditionalEventDefinition></startEvent><startEvent id="N"/>
      <userTask id="A"/><userTask id="B"/>"#;
    let model = process(nodes, &["K A", "N B"]);
    assert_eq!(waits(&started(&model, json!({}))), "B");
    let mut r = runner(&model);
    r.start("p", Some("K"), json!({"x": 2}).as_object().unwrap().clone()).unwrap();
    assert_eq!(waits(&r), "A");
    assert!(r.start("p", Some("A"), Default::default()).is_err(), "only at a start event");
}

/// An end event of each kind inside a sub-process, and who hears it.
#[test]
fn end_events_do_what_is_drawn_in_them() {
    let cases = [
        (r#"<messageEventDefinition messageRef="m"/>"#, "P"),
        (r#"<signalEventDefinition signalRef="sig"/>"#, "P"),
        (r#"<escalationEventDefinition escalationRef="esc"/>"#, "B"),
        (r#"<errorEventDefinition errorRef="err"/>"#, "B"),
        (r#"<terminateEventDefinition/>"#, "P"),
        ("", "P"),
    ];
    for (definition, left) in cases {
        let boundary = match definition.contains("escalation") {
            true => r#"<escalationEventDefinition escalationRef="esc"/>"#,
            false => r#"<errorEventDefinition errorRef="err"/>"#,
        };
        let nodes = format!(
            r#"<subProcess id="P"><startEvent id="s"/><parallelGateway id="g"/><endEvent id="x">{definition}</endEvent><task id="b"/>
            <sequenceFlow id="f1" sourceRef="s" targetRef="g"/><sequenceFlow id="f2" sourceRef="g" targetRef="x"/><sequenceFlow id="f3" sourceRef="g" targetRef="b"/></subProcess>
            <boundaryEvent id="B" attachedToRef="P">{boundary}</boundaryEvent>"#
        );
        let hears = r#"<process id="q" isExecutable="true"><startEvent id="Q"/><intermediateCatchEvent id="W"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent><sequenceFlow id="fq" sourceRef="Q" targetRef="W"/></process>"#;
        let mut r = runner(&format!("{}{hears}", process(&format!("{ENDS}{nodes}"), &["S P E", "B F"])));
        r.start("q", None, Default::default()).unwrap();
        r.start("p", None, Default::default()).unwrap();
        assert_eq!((count(&r, left), count(&r, "P") + count(&r, "B")), (1, 1), "{definition}");
        assert_eq!(count(&r, "W"), usize::from(definition.contains("signal")), "{definition}");
        assert_eq!(r.thrown.len(), usize::from(definition.contains("message")), "{definition}");
        assert_eq!(count(&r, "b"), usize::from(left == "P" && !definition.contains("terminate")), "{definition}");
    }
}

/// Each trigger at the edge of a task, interrupting and not.
#[test]
fn a_boundary_event_of_each_kind_ends_its_activity_or_lets_it_go_on() {
    let act = |r: &mut Runner, kind: &str| match kind {
        "timer" => Runtime::advance(r, "PT1H").unwrap(),
        "message" => r.message("Nachricht", None, Default::default(), None).unwrap(),
        "signal" => r.signal("Signal", Default::default()).unwrap(),
        "conditional" => Runtime::set_variables(r, json!({"x": 9}).as_object().unwrap().clone()).unwrap(),
        "error" => Runtime::bpmn_error(r, "A", "E1").unwrap(),
        _ => {
            let (n, instance) = r.find("A").unwrap();
            r.command(n, engine::Command::Escalate { instance, code: "S1".into(), variables: Default::default() })
                .unwrap();
        }
    };
    for (kind, definition) in [
        ("timer", "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"),
        ("message", r#"<messageEventDefinition messageRef="m"/>"#),
        ("signal", r#"<signalEventDefinition signalRef="sig"/>"#),
        ("conditional", "<conditionalEventDefinition><condition>x > 5</condition></conditionalEventDefinition>"),
        ("escalation", r#"<escalationEventDefinition escalationRef="esc"/>"#),
        ("error", r#"<errorEventDefinition errorRef="err"/>"#),
    ] {
        for interrupting in [true, false] {
            if kind == "error" && !interrupting {
                continue;
            }
            let nodes = format!(
                r#"<userTask id="A"/><boundaryEvent id="B" attachedToRef="A" cancelActivity="{interrupting}">{definition}</boundaryEvent><userTask id="X"/>"#
            );
            let mut r = started(&process(&format!("{ENDS}{nodes}"), &["S A E", "B X F"]), json!({"x": 1}));
            assert_eq!(waits(&r), "A");
            act(&mut r, kind);
            assert_eq!(waits(&r), if interrupting { "X" } else { "A X" }, "{kind} {interrupting}");
            assert_eq!(count(&r, "B"), 1);
        }
    }
}
