// SPDX-License-Identifier: EUPL-1.2
//! What is too much: expressions that run long, values that grow, loops that never rest. Each ends as an incident or a
//! refusal that names element and reason, quickly, and the instance goes on when it is mended.

use std::time::{Duration, Instant};

use engine::{Command, Rejected, step};
use serde_json::{Value, json};

use super::common::model::{escape, process, started};
use super::*;

const ENDS: &str = r#"<startEvent id="S"/><endEvent id="E"/><endEvent id="F"/>"#;
/// Far above what any of these takes, far below what they would take without a limit.
const SOON: Duration = Duration::from_secs(40);

fn script(text: &str, variables: Value) -> (Runner, Duration) {
    let nodes =
        format!(r#"{ENDS}<scriptTask id="A" eakte:ergebnis="x"><script>{}</script></scriptTask>"#, escape(text));
    let from = Instant::now();
    (started(&process(&nodes, &["S A E"]), variables), from.elapsed())
}

#[test]
fn expressions_that_run_long_are_stopped() {
    let list: Vec<usize> = (0..20_000).collect();
    let texts: Vec<String> = list.iter().map(|n| format!("Eintrag {n}")).collect();
    let values = json!({"n": 3_000_000, "m": 1_000, "liste": list, "texte": texts, "lang": "x".repeat(100_000)});
    for text in [
        "for i in 1..n return i",
        "for i in 1..m, j in 1..m return i * j",
        "count(for i in liste return count(for j in liste return i + j))",
        "some i in liste satisfies some j in liste satisfies i + j < 0",
        "every i in liste satisfies every j in liste satisfies i + j >= 0",
        "count(liste[count(liste[item > 5]) < item])",
        "(function(f, k) f(f, k))(function(f, k) f(f, k + 1), 0)",
        "{f: function(k) if k = 0 then 0 else for i in 1..m return k, y: for i in 1..m return f(i)}.y",
        "count(for i in 1..100000 return lang)",
        "distinct values(texte)",
        "union(texte, texte)",
        "{a: distinct values(list: texte)}",
    ] {
        let (r, took) = script(text, values.clone());
        assert!(
            incident(&r).contains("zu aufwendig"),
            "{text}: {:?} {}",
            variable(&r, "x").to_string().len(),
            incident(&r)
        );
        assert!(took < SOON, "{text} took {took:?}");
        println!("{:>6} ms  {text}", took.as_millis());
    }
}

#[test]
fn what_a_process_needs_stays_possible() {
    let list: Vec<usize> = (0..4_000).collect();
    for (text, expected) in [
        ("count(for i in liste return i * 2)", json!(4_000)),
        ("count(liste[item >= 3000])", json!(1_000)),
        ("liste[-1]", json!(3_999)),
        ("count(distinct values(liste))", json!(4_000)),
        ("sum(for i in 1..50, j in 1..50 return 1)", json!(2_500)),
        ("{f: function(k) k + 1, y: f(f(1))}.y", json!(3)),
        ("if some i in liste satisfies i = 3999 then \"da\" else \"fort\"", json!("da")),
        ("sort(liste, function(a, b) a > b)[1]", json!(3_999)),
        ("for i in 1..3 return if i = 1 then 1 else partial[-1] + i", json!([1, 3, 6])),
    ] {
        let (r, took) = script(text, json!({"liste": list}));
        println!("{:>6} ms  {text}", took.as_millis());
        assert!(ended(&r), "{text}: {}", incident(&r));
        assert_eq!(variable(&r, "x"), expected, "{text}");
        assert!(took < SOON, "{text} took {took:?}");
    }
}

#[test]
fn patterns_that_explode_elsewhere_are_linear_here() {
    let values = json!({"lang": "a".repeat(50_000)});
    for text in [
        "matches(lang + \"!\", \"^(a+)+$\")",
        "matches(lang + \"!\", \"^(a|a|aa)*$\")",
        "string length(replace(lang, \"(a*)*b\", \"x\"))",
        "count(split(lang, \"(a|b)*c\"))",
        "matches(lang, \"((a{1,1000}){1,1000}){1,1000}\")",
    ] {
        let (r, took) = script(text, values.clone());
        assert!(ended(&r) || !incident(&r).is_empty());
        assert!(took < SOON, "{text} took {took:?}");
    }
}

#[test]
fn a_condition_that_runs_long_is_an_incident_and_not_a_no() {
    let nodes = format!(r#"{ENDS}<exclusiveGateway id="G" name="Weiche" default="G-F"/>"#);
    let model = process(&nodes, &["S G", "G E[count(for i in 1..n return i) = 0]", "G F"]);
    let r = started(&model, json!({"n": 900_000_000}));
    assert!(incident(&r).contains("zu aufwendig") && !ended(&r), "{}", incident(&r));
    assert!(ended(&started(&model, json!({"n": 10}))));
}

#[test]
fn values_that_double_end_at_the_limit() {
    let nodes =
        format!(r#"{ENDS}<exclusiveGateway id="M"/><scriptTask id="A"><script>{{x: x + x}}</script></scriptTask>"#);
    let from = Instant::now();
    let r = started(&process(&nodes, &["S M A M"]), json!({"x": "0123456789"}));
    assert!(incident(&r).contains("höchstens 10 MB"), "{}", incident(&r));
    assert!(variable(&r, "x").as_str().unwrap().len() <= engine::MAX_VALUES && from.elapsed() < SOON);
    let many = r#"<scriptTask id="A" eakte:ergebnis="x"><script>for i in 1..2400 return lang</script></scriptTask>"#;
    let r = started(&process(&format!("{ENDS}{many}"), &["S A E"]), json!({"lang": "y".repeat(5_000)}));
    assert!(incident(&r).contains("höchstens 10 MB"), "{}", incident(&r));
}

#[test]
fn values_from_outside_are_refused_with_the_element_and_nothing_changes() {
    let nodes = format!(
        r#"{ENDS}<userTask id="A" name="Prüfen"/><boundaryEvent id="B" attachedToRef="A"><messageEventDefinition messageRef="m"/></boundaryEvent>"#
    );
    let r = started(&process(&nodes, &["S A E", "B F"]), json!({"akte": "z".repeat(6_000_000)}));
    let (definition, state) = (&r.instances[0].definition, &r.instances[0].state);
    let big = json!({"anlage": "y".repeat(5_000_000)}).as_object().unwrap().clone();
    let (_, instance) = r.find("A").unwrap();
    let complete = Command::CompleteTask { instance, variables: big.clone() };
    let refused = step(definition, state, complete, r.now).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Die Werte für „Prüfen“ sind zu groß. Alle Werte eines Ablaufs zusammen dürfen höchstens 10 MB haben."
    );
    for command in [
        Command::Signal { name: "x".into(), variables: big.clone() },
        Command::SetVariables { scope: engine::ElementInstanceId(0), variables: big.clone() },
    ] {
        assert!(matches!(step(definition, state, command, r.now), Err(Rejected::TooLarge(_))));
    }
    let start =
        Command::Start { element: None, variables: json!({"x": "y".repeat(10_000_001)}).as_object().unwrap().clone() };
    assert!(matches!(step(definition, &engine::State::new(), start, r.now), Err(Rejected::TooLarge(p)) if p == "p"));
}

#[test]
fn loops_without_rest_stop_whatever_they_are_made_of() {
    let timer = r#"<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"#;
    // Becomes true with one variable, takes it back and sets another.
    let passes_on = |id: &str, from: &str, to: &str| {
        format!(
            r#"<boundaryEvent id="{id}" attachedToRef="A" cancelActivity="false"><extensionElements><zeebe:ioMapping><zeebe:output source="=false" target="{from}"/><zeebe:output source="=true" target="{to}"/></zeebe:ioMapping></extensionElements><conditionalEventDefinition><condition>{from}</condition></conditionalEventDefinition></boundaryEvent>"#
        )
    };
    let models = [
        // A loop of gateways, of a standard loop, over links, of an inclusive join, of a signal to itself.
        (r#"<exclusiveGateway id="M"/><exclusiveGateway id="N"/>"#.to_owned(), vec!["S M N M"]),
        (r#"<scriptTask id="A"><script>{n: 1}</script><standardLoopCharacteristics><loopCondition>true</loopCondition></standardLoopCharacteristics></scriptTask>"#.to_owned(), vec!["S A E"]),
        (r#"<intermediateThrowEvent id="T"><linkEventDefinition name="l"/></intermediateThrowEvent><intermediateCatchEvent id="C"><linkEventDefinition name="l"/></intermediateCatchEvent>"#.to_owned(), vec!["S T", "C T2"]),
        (r#"<inclusiveGateway id="J"/><task id="A"/>"#.to_owned(), vec!["S J A J"]),
        // Conditional events that make one another true in a circle.
        (
            format!(
                r#"<userTask id="A"/>{}{}{}"#,
                passes_on("B", "z", "x"),
                passes_on("C", "y", "z"),
                passes_on("D", "x", "y")
            ),
            vec!["S A E", "B F", "C F", "D F"],
        ),
        // A token that doubles at each turn.
        (r#"<exclusiveGateway id="M"/><parallelGateway id="P"/>"#.to_owned(), vec!["S M P M", "P M2"]),
        (format!(r#"<subProcess id="P"><startEvent id="s"/></subProcess><boundaryEvent id="B" attachedToRef="P">{timer}</boundaryEvent><exclusiveGateway id="M"/>"#), vec!["S M P M", "B F"]),
    ];
    for (nodes, flows) in models {
        let flows: Vec<String> = flows.iter().map(|f| f.replace("M2", "M").replace("T2", "T")).collect();
        let double = nodes.contains("\"P\"/>") && nodes.contains("parallelGateway");
        let mut model = process(&format!("{ENDS}{nodes}"), &flows.iter().map(String::as_str).collect::<Vec<_>>());
        if double {
            model = model.replacen(r#"<sequenceFlow id="P-M""#, r#"<sequenceFlow id="P-M-zwei""#, 1);
        }
        let from = Instant::now();
        let mut r = started(&model, json!({"x": true, "y": false, "z": false}));
        assert!(from.elapsed() < SOON, "{nodes}: {:?}", from.elapsed());
        assert!(incident(&r).contains("dreht sich im Kreis"), "{nodes}: {}", incident(&r));
        r.instances[0].state.audit().unwrap();
        r.command(0, Command::Cancel).unwrap();
        assert!(ended(&r));
    }
}
