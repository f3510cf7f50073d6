// SPDX-License-Identifier: EUPL-1.2
//! Gateways and flows.

use serde_json::json;

use super::common::model::{process, started};
use super::*;

#[test]
fn conditional_flows_of_an_activity_split_and_fall_back_to_the_default() {
    let nodes =
        r#"<startEvent id="S"/><task id="A" default="A-D"/><userTask id="B"/><userTask id="C"/><userTask id="D"/>"#;
    let model = process(nodes, &["S A", "A B[x > 1]", "A C[x > 2]", "A D"]);
    for (x, expected) in [(3, "B C"), (2, "B"), (0, "D")] {
        assert_eq!(waits(&started(&model, json!({"x": x}))), expected);
    }
}

#[test]
fn a_condition_that_is_no_truth_value_stops_with_its_text() {
    let nodes = r#"<startEvent id="S"/><exclusiveGateway id="G"/><endEvent id="E"/><endEvent id="F"/>"#;
    let r = started(&process(nodes, &["S G", "G E[\"ja\"]", "G F[false]"]), json!({}));
    assert!(incident(&r).contains("weder wahr noch falsch"), "{}", incident(&r));
}

#[test]
fn an_exclusive_gateway_takes_the_first_true_flow_and_an_operator_can_repair() {
    let nodes = r#"<startEvent id="S"/><exclusiveGateway id="G"/><userTask id="A"/><userTask id="B"/>"#;
    let model = process(nodes, &["S G", "G A[=x > 1]", "G B[x > 0]"]);
    assert_eq!(waits(&started(&model, json!({"x": 2}))), "A");
    let mut r = started(&model, json!({"x": 0}));
    assert!(incident(&r).contains("Keine Bedingung trifft zu"));
    Runtime::set_variables(&mut r, json!({"x": 1}).as_object().unwrap().clone()).unwrap();
    Runtime::resolve_incident(&mut r, "G").unwrap();
    assert_eq!((waits(&r).as_str(), incident(&r).as_str()), ("B", ""));
}

#[test]
fn a_parallel_join_counts_tokens_per_flow() {
    let nodes = r#"<startEvent id="S"/><parallelGateway id="F"/><userTask id="A"/><userTask id="B"/><exclusiveGateway id="M"/>
      <parallelGateway id="J"/><userTask id="Z"/><endEvent id="E"/>"#;
    // A and B both arrive over M: two tokens on one flow do not make the join fire.
    let mut r = started(&process(nodes, &["S F A M J Z E", "F B M", "F J"]), json!({}));
    done(&mut r, "A");
    assert_eq!(waits(&r), "B Z");
    done(&mut r, "B");
    assert_eq!((waits(&r).as_str(), count(&r, "J")), ("Z", 1));
    done(&mut r, "Z");
    assert!(!ended(&r), "the second token still waits at the join");
    let waiting = r.instances[0].state.waiting(&r.instances[0].definition);
    assert_eq!(waiting[0].warum, "Wartet auf die anderen Zweige.");
}

#[test]
fn an_inclusive_join_ignores_tokens_that_cannot_reach_it_and_waits_in_loops() {
    let nodes = r#"<startEvent id="S"/><parallelGateway id="P"/><userTask id="X"/><inclusiveGateway id="F"/><userTask id="A"/><userTask id="B"/>
      <exclusiveGateway id="G" default="G-J"/><exclusiveGateway id="M"/><inclusiveGateway id="J"/><userTask id="Z"/>"#;
    let flows = ["S P F", "P X", "F A[a]", "F M[b]", "M B G J", "G M[nochmal]", "A J", "J Z"];
    let mut r = started(&process(nodes, &flows), json!({"a": true, "b": true, "nochmal": true}));
    assert_eq!(waits(&r), "A B X");
    done(&mut r, "A");
    assert_eq!(waits(&r), "B X");
    done(&mut r, "B");
    assert_eq!(waits(&r), "B X", "still going round before the join");
    done_with(&mut r, "B", json!({"nochmal": false}));
    assert_eq!((waits(&r).as_str(), count(&r, "J")), ("X Z", 1));
}

#[test]
fn an_endless_loop_becomes_an_incident_that_keeps_its_token() {
    let nodes = r#"<startEvent id="S"/><exclusiveGateway id="M"/><task id="A"/>"#;
    let mut r = started(&process(nodes, &["S M A M"]), json!({}));
    assert!(incident(&r).contains("dreht sich im Kreis"), "{}", incident(&r));
    assert!(waits(&r).is_empty() && !ended(&r));
    assert_eq!(r.instances[0].state.waiting(&r.instances[0].definition).len(), 1);
    r.command(0, engine::Command::Cancel).unwrap();
    assert!(ended(&r));
}

#[test]
fn links_lead_to_their_target() {
    let nodes = r#"<startEvent id="S"/><intermediateThrowEvent id="T"><linkEventDefinition name="weiter"/></intermediateThrowEvent>
      <intermediateCatchEvent id="C"><linkEventDefinition name="weiter"/></intermediateCatchEvent><userTask id="A"/>"#;
    let r = started(&process(nodes, &["S T", "C A"]), json!({}));
    assert_eq!((waits(&r).as_str(), order(&r).as_str()), ("A", "S T C"));
}

#[test]
fn an_operator_can_take_and_place_tokens() {
    let nodes = r#"<startEvent id="S"/><userTask id="A"/><userTask id="B"/><endEvent id="E"/>"#;
    let mut r = started(&process(nodes, &["S A B E"]), json!({}));
    r.command(0, engine::Command::StartElement { element: "B".into() }).unwrap();
    assert_eq!(waits(&r), "A B");
    let (n, instance) = r.find("A").unwrap();
    r.command(n, engine::Command::CancelElement { instance }).unwrap();
    assert_eq!(waits(&r), "B");
    done(&mut r, "B");
    assert!(ended(&r));
}
