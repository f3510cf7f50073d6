// SPDX-License-Identifier: EUPL-1.2
//! What is refused at deployment, with which words, and what is only a warning.

use std::sync::Arc;

use engine::{DeployError, DeployOptions, Level, NoDecisions, deploy};

use super::common::model::{file, process, read};

fn findings(nodes: &str, flows: &[&str]) -> Vec<engine::Finding> {
    match read(&process(nodes, flows)) {
        Ok(deployment) => deployment.findings,
        Err(DeployError::Refused(findings)) => findings,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn errors_name_the_element_and_the_reason() {
    let cases = [
        (r#"<complexGateway id="X" name="Knoten"/>"#, "unsupported"),
        (r#"<serviceTask id="X" name="Dienst"/>"#, "no-job-type"),
        (r#"<businessRuleTask id="X" implementation="dmn:fehlt"/>"#, "no-decision"),
        (r#"<scriptTask id="X" scriptFormat="javascript"><script>1</script></scriptTask>"#, "language"),
        (
            r#"<intermediateCatchEvent id="X"><messageEventDefinition messageRef="fehlt"/></intermediateCatchEvent>"#,
            "unknown-reference",
        ),
        (
            r#"<intermediateCatchEvent id="X"><messageEventDefinition messageRef="m"/><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>"#,
            "unsupported",
        ),
        (
            r#"<intermediateThrowEvent id="X"><linkEventDefinition name="nirgends"/></intermediateThrowEvent>"#,
            "unknown-reference",
        ),
        (r#"<userTask id="X" eakte:nichtPersonVon="fehlt"/>"#, "unknown-reference"),
        (r#"<callActivity id="X"/>"#, "no-process"),
        (r#"<intermediateCatchEvent id="X"><timerEventDefinition/></intermediateCatchEvent>"#, "timer"),
        (r#"<userTask id="X"><multiInstanceLoopCharacteristics/></userTask>"#, "loop"),
        (
            r#"<boundaryEvent id="X" attachedToRef="S"><messageEventDefinition messageRef="m"/></boundaryEvent>"#,
            "unknown-reference",
        ),
    ];
    for (node, code) in cases {
        let found = findings(&format!("<startEvent id=\"S\"/>{node}"), &["S X"]);
        let hit = found.iter().find(|f| f.code == code && f.level == Level::Error);
        assert!(hit.is_some_and(|f| f.element.as_deref() == Some("X") && !f.text.is_empty()), "{node}: {found:?}");
    }
    let error = read(&process(r#"<startEvent id="S"/><serviceTask id="X" name="Dienst"/>"#, &["S X"])).err().unwrap();
    assert_eq!(error.to_string(), "Dienst: Der Auftragstyp fehlt (Attribut implementation).");
}

#[test]
fn a_flow_to_nowhere_and_a_double_id_are_errors() {
    assert!(findings(r#"<startEvent id="S"/>"#, &["S Y"]).iter().any(|f| f.code == "unknown-reference"));
    assert!(findings(r#"<startEvent id="S"/><task id="S"/>"#, &[]).iter().any(|f| f.code == "duplicate-id"));
    assert!(
        findings(r#"<startEvent id="S"/><exclusiveGateway id="G" default="weg"/>"#, &["S G"])
            .iter()
            .any(|f| f.code == "unknown-reference")
    );
}

#[test]
fn warnings_do_not_stop_a_process() {
    let nodes = r#"<startEvent id="S"/><userTask id="A"/><exclusiveGateway id="G"/><task id="B"/><task id="C"/><parallelGateway id="J"/><task id="Nie"/><endEvent id="E"/>"#;
    let found = read(&process(nodes, &["S A G", "G B[x]", "G C[y]", "B J E", "C J"])).unwrap().findings;
    for (code, element) in [
        ("no-assignment", "A"),
        ("no-default", "G"),
        ("xor-and-join", "J"),
        ("unreachable", "Nie"),
        ("no-diagram", "p"),
    ] {
        assert!(
            found.iter().any(|f| f.code == code && f.element.as_deref() == Some(element) && f.level == Level::Warning),
            "{code}: {found:?}"
        );
    }
}

#[test]
fn what_is_not_executable_is_only_drawn() {
    let xml = file(r#"<process id="q" name="Skizze"><complexGateway id="X"/></process>"#);
    let deployment = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default()).unwrap();
    assert!(deployment.processes.is_empty());
    assert_eq!((deployment.drawn_only[0].id.as_str(), deployment.drawn_only[0].name.as_str()), ("q", "Skizze"));
}

#[test]
fn hostile_files_are_refused_at_once() {
    let options = DeployOptions::default();
    let text =
        |xml: &str| deploy(xml, Arc::new(NoDecisions), &options).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text("kein XML").contains("XML") || !text("kein XML").is_empty());
    assert!(text("<a/>").contains("keine BPMN-2.0-Datei"));
    assert!(text(&file("<process id=\"p\"")).contains("XML"));
    let deep = format!("{}{}", "<subProcess>".repeat(50_000), "</subProcess>".repeat(50_000));
    assert!(
        text(&file(&format!("<process id=\"p\" isExecutable=\"true\">{deep}</process>"))).contains("verschachtelt")
    );
    let many = "<task id=\"t\"/>".repeat(100_001);
    assert!(text(&file(&format!("<process id=\"p\">{many}</process>"))).contains("Elemente"));
    assert!(text(&format!("<!DOCTYPE x [<!ENTITY a \"aaaa\">]>{}", file(""))).contains("DTD"));
    assert!(text(&" ".repeat(20_000_001)).contains("größer"));
}
