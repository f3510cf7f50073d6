// SPDX-License-Identifier: EUPL-1.2
//! Multi-instance and loops.

use serde_json::json;

use super::common::model::{process, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/><endEvent id="F"/>"#;

fn task(attributes: &str, inside: &str) -> String {
    let multi =
        format!(r#"<multiInstanceLoopCharacteristics {attributes}>{inside}</multiInstanceLoopCharacteristics>"#);
    format!(
        r#"{ENDS}<userTask id="A" eakte:ergebnis="stimme" eakte:titel="string(loopCounter) + eintrag.name">{multi}</userTask>"#
    )
}

#[test]
fn a_parallel_multi_instance_over_a_list_collects_its_results_in_order() {
    let nodes = task(
        r#"eakte:sammlung="liste" eakte:eintrag="eintrag" eakte:ergebnisListe="stimmen" eakte:ergebnisEintrag="stimme.wert""#,
        "",
    );
    let mut r = started(&process(&nodes, &["S A E"]), json!({"liste": [{"name": "x"}, {"name": "y"}, {"name": "z"}]}));
    let tasks: Vec<_> = r.instances[0].tasks.values().cloned().collect();
    assert_eq!(tasks.iter().map(|t| t.title.as_str()).collect::<Vec<_>>(), ["1x", "2y", "3z"]);
    for (n, task) in tasks.iter().enumerate().rev() {
        let variables = json!({"wert": n}).as_object().unwrap().clone();
        r.command(0, engine::Command::CompleteTask { instance: task.instance, variables }).unwrap();
    }
    assert!(ended(&r));
    assert_eq!((variable(&r, "stimmen"), variable(&r, "stimme")), (json!([0, 1, 2]), json!(null)));
}

#[test]
fn a_completion_condition_cancels_the_rest() {
    let nodes = task(
        r#"eakte:sammlung="liste" eakte:eintrag="eintrag" eakte:ergebnisListe="stimmen" eakte:ergebnisEintrag="stimme.wert""#,
        "<completionCondition>stimme.wert = \"nein\"</completionCondition>",
    );
    let mut r = started(&process(&nodes, &["S A E"]), json!({"liste": [{"name": "x"}, {"name": "y"}, {"name": "z"}]}));
    done_with(&mut r, "A", json!({"wert": "ja"}));
    assert_eq!(waits(&r), "A A");
    done_with(&mut r, "A", json!({"wert": "nein"}));
    assert!(ended(&r));
    assert_eq!(variable(&r, "stimmen"), json!(["ja", "nein"]));
}

#[test]
fn a_completion_condition_sees_the_results_so_far() {
    let nodes = task(
        r#"eakte:sammlung="liste" eakte:eintrag="eintrag" eakte:ergebnisListe="stimmen" eakte:ergebnisEintrag="stimme.wert""#,
        "<completionCondition>2 * count(stimmen[item = \"ja\"]) > numberOfInstances</completionCondition>",
    );
    let list = json!({"liste": [{"name": "x"}, {"name": "y"}, {"name": "z"}], "stimmen": ["ja", "ja", "ja"]});
    let mut r = started(&process(&nodes, &["S A E"]), list);
    done_with(&mut r, "A", json!({"wert": "ja"}));
    assert_eq!(waits(&r), "A A", "an older list of this name does not count");
    done_with(&mut r, "A", json!({"wert": "ja"}));
    assert!(ended(&r));
    assert_eq!(variable(&r, "stimmen"), json!(["ja", "ja"]));
}

#[test]
fn an_empty_list_passes_and_no_list_stops() {
    let nodes = task(
        r#"eakte:sammlung="liste" eakte:eintrag="eintrag" eakte:ergebnisListe="stimmen" eakte:ergebnisEintrag="stimme""#,
        "",
    );
    let r = started(&process(&nodes, &["S A E"]), json!({"liste": []}));
    assert!(ended(&r) && variable(&r, "stimmen") == json!([]));
    let r = started(&process(&nodes, &["S A E"]), json!({"liste": 5}));
    assert_eq!(incident(&r), "„liste“ ist keine Liste.");
}

#[test]
fn a_sequential_multi_instance_sub_process_keeps_its_variables_apart() {
    let inner = r#"<subProcess id="P"><multiInstanceLoopCharacteristics isSequential="true" eakte:sammlung="=liste" eakte:eintrag="x"/>
      <startEvent id="s"/><scriptTask id="a"><script>{summe: summe + x, eigen: x}</script></scriptTask><userTask id="b"/>
      <sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/></subProcess>"#;
    let mut r = started(&process(&format!("{ENDS}{inner}"), &["S P E"]), json!({"liste": [1, 2, 3], "summe": 0}));
    for expected in [0, 1, 3] {
        assert_eq!(variable(&r, "summe"), json!(expected), "written outwards only when a run ends");
        done(&mut r, "b");
    }
    assert!(ended(&r));
    assert_eq!(
        (variable(&r, "summe"), variable(&r, "x"), count(&r, "P"), count(&r, "b")),
        (json!(6), json!(null), 1, 3)
    );
}

#[test]
fn a_boundary_event_belongs_to_the_multi_instance_as_a_whole() {
    let nodes = task(r#"eakte:sammlung="liste" eakte:eintrag="eintrag""#, "");
    let boundary = r#"<boundaryEvent id="B" attachedToRef="A"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"#;
    let mut r = started(
        &process(&format!("{nodes}{boundary}"), &["S A E", "B F"]),
        json!({"liste": [{"name": "x"}, {"name": "y"}]}),
    );
    done(&mut r, "A");
    Runtime::advance(&mut r, "PT1H").unwrap();
    assert!(ended(&r) && r.instances[0].tasks.is_empty());
    assert_eq!((count(&r, "A"), count(&r, "B"), count(&r, "F")), (0, 1, 1));
}

#[test]
fn loops_test_before_or_after_and_stop_at_their_maximum() {
    let body = |attributes: &str| {
        let nodes = format!(
            r#"{ENDS}<scriptTask id="A"><script>{{n: n + 1}}</script><standardLoopCharacteristics {attributes}><loopCondition>n &lt; 3</loopCondition></standardLoopCharacteristics></scriptTask>"#
        );
        process(&nodes, &["S A E"])
    };
    for (attributes, first, expected) in
        [("testBefore=\"true\"", 5, 5), ("", 5, 6), ("", 0, 3), ("loopMaximum=\"2\"", 0, 2)]
    {
        let r = started(&body(attributes), json!({"n": first}));
        assert!(ended(&r));
        assert_eq!(variable(&r, "n"), json!(expected), "{attributes} from {first}");
    }
}

#[test]
fn a_long_list_of_automatic_work_needs_no_stack_and_is_no_endless_loop() {
    for sequential in ["true", "false"] {
        let nodes = format!(
            r#"{ENDS}<scriptTask id="A"><script>{{y: x}}</script><multiInstanceLoopCharacteristics isSequential="{sequential}" eakte:sammlung="for i in 1..n return i" eakte:eintrag="x" eakte:ergebnisListe="ys" eakte:ergebnisEintrag="y"/></scriptTask>"#
        );
        let model = process(&nodes, &["S A E"]);
        let r = started(&model, json!({"n": 3000}));
        assert!(ended(&r));
        assert_eq!(variable(&r, "ys").as_array().unwrap().len(), 3000);
        assert!(incident(&started(&model, json!({"n": 5001}))).contains("5000"));
    }
}

#[test]
fn cardinality_and_zeebe_and_camunda_collections() {
    let zeebe = r#"<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=liste" inputElement="x" outputCollection="ys" outputElement="=x * 2"/></extensionElements></multiInstanceLoopCharacteristics>"#;
    let camunda = r#"<multiInstanceLoopCharacteristics camunda:collection="liste" camunda:elementVariable="x"/>"#;
    let cardinality = r#"<multiInstanceLoopCharacteristics><loopCardinality>count(liste)</loopCardinality></multiInstanceLoopCharacteristics>"#;
    for (multi, ys) in [(zeebe, json!([2, 4])), (camunda, json!(null)), (cardinality, json!(null))] {
        let nodes = format!(r#"{ENDS}<userTask id="A">{multi}</userTask>"#);
        let mut r = started(&process(&nodes, &["S A E"]), json!({"liste": [1, 2]}));
        assert_eq!(waits(&r), "A A");
        done(&mut r, "A");
        done(&mut r, "A");
        assert!(ended(&r));
        assert_eq!(variable(&r, "ys"), ys);
    }
}
