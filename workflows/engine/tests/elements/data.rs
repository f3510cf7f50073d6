// SPDX-License-Identifier: EUPL-1.2
//! Values between JSON and FEEL, names, decisions, and the size of a waiting state.

use std::sync::Arc;

use engine::{Decisions, DeployOptions, Tables, deploy};
use serde_json::{Value, json};

use super::common::model::{file, process, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/>"#;

fn script(text: &str, variables: Value) -> Value {
    let nodes = format!(
        r#"{ENDS}<scriptTask id="A" eakte:ergebnis="x"><script>{}</script></scriptTask>"#,
        super::common::model::escape(text)
    );
    let r = started(&process(&nodes, &["S A E"]), variables);
    assert!(ended(&r), "{text}: {}", incident(&r));
    variable(&r, "x")
}

#[test]
fn values_keep_their_meaning() {
    assert_eq!(script("0.1 + 0.2", json!({})), json!(0.3));
    assert_eq!(script("betrag * 2", json!({"betrag": 1234567890123_i64})), json!(2469135780246_i64));
    assert_eq!(script("number(betrag, null, \".\") > 500", json!({"betrag": "500.01"})), json!(true));
    assert_eq!(script("[1, null, \"ä\", {a: true}]", json!({})), json!([1, null, "ä", {"a": true}]));
    assert_eq!(script("today() - date(tag)", json!({"tag": "2026-01-01"})), json!("P4D"));
    assert_eq!(script("date(tag) + duration(\"P1M\")", json!({"tag": "2026-01-31"})), json!("2026-02-28"));
    assert_eq!(script("10 / 4", json!({})), json!(2.5));
    assert_eq!(script("=wert", json!({"wert": {"tief": [1, {"b": null}]}})), json!({"tief": [1, {"b": null}]}));
    assert_eq!(script("if a != null then a.b else c.d", json!({"a": null, "c": {"d": 1}})), json!(1));
}

#[test]
fn names_with_umlauts_and_words_of_functions_work() {
    assert_eq!(script("Größe + straße", json!({"Größe": 1, "straße": 2})), json!(3));
    assert_eq!(
        script("if list then date else string join([\"a\", time], \"-\")", json!({"list": false, "time": "b"})),
        json!("a-b")
    );
    assert_eq!(script("für-1", json!({"für": 3})), json!(2));
}

#[test]
fn bad_expressions_say_so_quickly() {
    let deep = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    let long = vec!["1"; 5_000].join("+");
    for text in [
        "1 +",
        "${x}",
        "function(x) external {java: {}}",
        "for i in 1..999999999 return i",
        deep.as_str(),
        long.as_str(),
    ] {
        let nodes = format!(r#"{ENDS}<scriptTask id="A"><script>{text}</script></scriptTask>"#);
        let refused = super::common::model::read(&process(&nodes, &["S A E"]));
        assert!(
            matches!(refused, Err(engine::DeployError::Refused(f)) if f.iter().any(|f| f.code == "feel")),
            "{text:.40}"
        );
    }
}

const TABLE: &str = r##"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="stufen" namespace="urn:stufen">
  <inputData id="i" name="betrag"><variable name="betrag" typeRef="number"/></inputData>
  <decision id="stufe" name="Stufe bestimmen"><variable name="Stufe_bestimmen" typeRef="Any"/><informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="FIRST"><input id="in"><inputExpression typeRef="number"><text>betrag</text></inputExpression></input>
      <output id="o1" name="stufe" typeRef="number"/><output id="o2" name="frist"/>
      <rule id="r1"><inputEntry id="e1"><text>&lt; 1000</text></inputEntry><outputEntry id="a1"><text>1</text></outputEntry><outputEntry id="b1"><text>today() + duration("P1D")</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="e2"><text>-</text></inputEntry><outputEntry id="a2"><text>2</text></outputEntry><outputEntry id="b2"><text>null</text></outputEntry></rule>
    </decisionTable></decision></definitions>"##;

#[test]
fn a_decision_takes_money_as_text_and_the_time_of_the_step() {
    let xml = TABLE.replace("Stufe_bestimmen", "Stufe bestimmen");
    let tables = Tables::parse(&xml).unwrap();
    assert!(tables.exists("stufe") && !tables.exists("andere"));
    let input = |betrag: Value| json!({"betrag": betrag, "anderes": {"gross": true}}).as_object().unwrap().clone();
    for (now, frist) in [("2026-01-05T08:00:00Z", "2026-01-06"), ("2026-06-30T22:30:00Z", "2026-07-02")] {
        let result = tables.evaluate("stufe", &input(json!("500.00")), now.parse().unwrap()).unwrap();
        assert_eq!(result, json!({"stufe": 1, "frist": frist}));
    }
    let result = tables.evaluate("stufe", &input(json!(1000)), "2026-01-05T08:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(result, json!({"stufe": 2, "frist": null}));
}

#[test]
fn a_rule_task_writes_the_decisions_own_variable() {
    let tables = Arc::new(Tables::parse(&TABLE.replace("Stufe bestimmen", "Stufe_bestimmen")).unwrap());
    let nodes = format!(
        r#"{ENDS}<businessRuleTask id="A" implementation="dmn:stufe"/><businessRuleTask id="B" camunda:decisionRef="stufe" eakte:ergebnis="zwei"/>"#
    );
    let deployment = deploy(&file(&process(&nodes, &["S A B E"])), tables, &DeployOptions::default()).unwrap();
    let mut r = Runner::new("2026-01-05T08:00:00Z".parse().unwrap());
    r.deploy(&deployment).unwrap();
    r.start("p", None, json!({"betrag": 5000}).as_object().unwrap().clone()).unwrap();
    assert_eq!(variable(&r, "Stufe_bestimmen"), json!({"stufe": 2, "frist": null}));
    assert_eq!(variable(&r, "zwei"), json!({"stufe": 2, "frist": null}));
}

#[test]
fn tables_with_external_functions_or_broken_xml_are_refused() {
    let java = TABLE.replace("<decisionTable id=\"t\"", "<functionDefinition kind=\"Java\"/><decisionTable id=\"t\"");
    assert!(Tables::parse(&java).err().unwrap().contains("Externe Funktionen"));
    assert!(Tables::parse("<definitions>").is_err());
    assert!(Tables::parse(&format!("<!DOCTYPE d [<!ENTITY a \"b\">]>{TABLE}")).err().unwrap().contains("DTD"));
}

#[test]
fn a_waiting_instance_is_small() {
    let nodes = format!(
        r#"{ENDS}<parallelGateway id="F"/><userTask id="A"/><userTask id="B"/><userTask id="C"/>
      <boundaryEvent id="T" attachedToRef="A"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"#
    );
    let r = started(&process(&nodes, &["S F A E", "F B", "F C", "T E"]), json!({}));
    assert_eq!(waits(&r), "A B C");
    let size = serde_json::to_string(&r.instances[0].state).unwrap().len();
    assert!(size < 500, "{size} bytes");
}
