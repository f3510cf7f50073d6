// SPDX-License-Identifier: EUPL-1.2
//! Sub-processes, event sub-processes, transactions, compensation, ad-hoc.

use serde_json::json;

use super::common::model::{chain, process, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/><endEvent id="F"/>"#;

fn sub(tag: &str, attributes: &str, nodes: &str, flows: &[&str]) -> String {
    format!("<{tag} id=\"P\" {attributes}>{nodes}{}</{tag}>", chain(flows))
}

#[test]
fn an_interrupting_boundary_takes_everything_inside() {
    let inner = sub(
        "subProcess",
        "",
        r#"<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><serviceTask id="b" implementation="t"/>"#,
        &["s f a", "f b"],
    );
    let nodes = format!(
        r#"{ENDS}{inner}<boundaryEvent id="B" attachedToRef="P"><messageEventDefinition messageRef="m"/></boundaryEvent>"#
    );
    let mut r = started(&process(&nodes, &["S P E", "B F"]), json!({}));
    assert_eq!(waits(&r), "a b");
    r.message("Nachricht", None, json!({"grund": "zurück"}).as_object().unwrap().clone(), None).unwrap();
    assert!(ended(&r) && variable(&r, "grund") == json!("zurück"));
    assert!(r.instances[0].jobs.is_empty() && r.instances[0].tasks.is_empty());
    assert_eq!(count(&r, "P"), 0);
}

#[test]
fn a_terminate_end_ends_only_its_own_scope() {
    let inner = sub(
        "subProcess",
        "",
        r#"<startEvent id="s"/><parallelGateway id="f"/><userTask id="a"/><userTask id="b"/><endEvent id="t"><terminateEventDefinition/></endEvent>"#,
        &["s f a t", "f b"],
    );
    let mut r = started(&process(&format!("{ENDS}{inner}<userTask id=\"Z\"/>"), &["S P Z E"]), json!({}));
    done(&mut r, "a");
    assert_eq!((waits(&r).as_str(), count(&r, "P")), ("Z", 1));
}

#[test]
fn an_error_event_sub_process_catches_inside_its_scope() {
    let inner = sub(
        "subProcess",
        "",
        r#"<startEvent id="s"/><userTask id="a"/><endEvent id="x"><errorEventDefinition errorRef="err"/></endEvent>
           <subProcess id="V" triggeredByEvent="true"><startEvent id="vs"><errorEventDefinition errorRef="err"/></startEvent><userTask id="v"/><sequenceFlow id="vf" sourceRef="vs" targetRef="v"/></subProcess>"#,
        &["s a x"],
    );
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({}));
    done(&mut r, "a");
    assert_eq!(waits(&r), "v");
    done(&mut r, "v");
    assert!(ended(&r));
    assert_eq!(order(&r), "S s a x vs v V P E");
}

#[test]
fn a_non_interrupting_event_sub_process_runs_as_often_as_its_message_comes() {
    let nodes = format!(
        r#"{ENDS}<userTask id="A"/><subProcess id="V" triggeredByEvent="true"><startEvent id="vs" isInterrupting="false"><messageEventDefinition messageRef="m"/></startEvent>
        <userTask id="v"/><sequenceFlow id="vf" sourceRef="vs" targetRef="v"/></subProcess>"#
    );
    let mut r = started(&process(&nodes, &["S A E"]), json!({}));
    for _ in 0..2 {
        r.message("Nachricht", None, Default::default(), None).unwrap();
    }
    assert_eq!(waits(&r), "A v v");
    done(&mut r, "A");
    done(&mut r, "v");
    done(&mut r, "v");
    assert!(ended(&r));
}

#[test]
fn a_cancelled_transaction_is_undone_in_reverse_order() {
    let inner = sub(
        "transaction",
        "",
        r#"<startEvent id="s"/><task id="a"/><task id="b"/><userTask id="c"/><exclusiveGateway id="g" default="g-e"/><endEvent id="e"/>
           <endEvent id="x"><cancelEventDefinition/></endEvent><serviceTask id="ua" implementation="t" isForCompensation="true"/><task id="ub" isForCompensation="true"/>
           <boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><boundaryEvent id="cb" attachedToRef="b"><compensateEventDefinition/></boundaryEvent>
           <association id="a1" sourceRef="ca" targetRef="ua"/><association id="a2" sourceRef="cb" targetRef="ub"/>"#,
        &["s a b c g e", "g x[weg]"],
    );
    let nodes =
        format!(r#"{ENDS}{inner}<boundaryEvent id="B" attachedToRef="P"><cancelEventDefinition/></boundaryEvent>"#);
    let mut r = started(&process(&nodes, &["S P E", "B F"]), json!({}));
    done_with(&mut r, "c", json!({"weg": true}));
    assert_eq!(waits(&r), "ua", "the service task that undoes a is waited for");
    done(&mut r, "ua");
    assert!(ended(&r));
    assert_eq!(order(&r), "S s a b c g x ub ua B F");
    let mut r = started(&process(&nodes, &["S P E", "B F"]), json!({}));
    done_with(&mut r, "c", json!({"weg": false}));
    assert!(ended(&r) && count(&r, "P") == 1 && count(&r, "B") == 0);
}

#[test]
fn compensation_reaches_into_completed_sub_processes() {
    let inner = sub(
        "subProcess",
        "",
        r#"<startEvent id="s"/><task id="a"/><task id="ua" isForCompensation="true"/><boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><association id="a1" sourceRef="ca" targetRef="ua"/>"#,
        &["s a"],
    );
    let nodes = format!(
        r#"{ENDS}{inner}<task id="b"/><task id="ub" isForCompensation="true"/><boundaryEvent id="cb" attachedToRef="b"><compensateEventDefinition/></boundaryEvent><association id="a2" sourceRef="cb" targetRef="ub"/>
           <intermediateThrowEvent id="T"><compensateEventDefinition/></intermediateThrowEvent>"#
    );
    let r = started(&process(&nodes, &["S P b T E"]), json!({}));
    assert!(ended(&r));
    assert_eq!(order(&r), "S s a P b ub ua T E");
}

#[test]
fn an_ad_hoc_sub_process_without_condition_ends_with_its_last_activity() {
    let inner = sub("adHocSubProcess", "ordering=\"Sequential\"", r#"<userTask id="a"/><userTask id="b"/>"#, &[]);
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({}));
    assert!(!ended(&r));
    Runtime::activate_adhoc(&mut r, "a").unwrap();
    assert!(Runtime::activate_adhoc(&mut r, "b").is_err(), "one after the other");
    done(&mut r, "a");
    assert!(ended(&r));
}

#[test]
fn data_objects_of_a_sub_process_stay_inside() {
    let inner = sub(
        "subProcess",
        "",
        r#"<dataObject id="do" name="zwischen"/><startEvent id="s"/><scriptTask id="a"><script>{zwischen: 7, aussen: 8}</script></scriptTask><userTask id="b"/>"#,
        &["s a b"],
    );
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({}));
    let (_, b) = r.find("b").unwrap();
    assert_eq!(r.instances[0].state.variables_at(b).get("zwischen"), Some(&json!(7)));
    done(&mut r, "b");
    assert_eq!((variable(&r, "zwischen"), variable(&r, "aussen")), (json!(null), json!(8)));
}
