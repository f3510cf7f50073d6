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
        (r#"<choreographyTask id="X"/>"#, "unsupported"),
        (r#"<subChoreography id="X"/>"#, "unsupported"),
        (
            r#"<intermediateCatchEvent id="X"><eventDefinitionRef>x</eventDefinitionRef></intermediateCatchEvent>"#,
            "unsupported",
        ),
        (
            r#"<endEvent id="X"><errorEventDefinition errorRef="err"/><terminateEventDefinition/></endEvent>"#,
            "unsupported",
        ),
        (r#"<eventBasedGateway id="X" eventGatewayType="Parallel"/>"#, "unsupported"),
        (r#"<eventBasedGateway id="X" instantiate="true"/>"#, "unsupported"),
        (r#"<receiveTask id="X" messageRef="m" instantiate="true"/>"#, "unsupported"),
        (r#"<eventBasedGateway id="X"/>"#, "event-gateway"),
        (r#"<sendTask id="X"/>"#, "no-job-type"),
        (r#"<receiveTask id="X"/>"#, "no-message"),
        (r#"<intermediateThrowEvent id="X"><messageEventDefinition/></intermediateThrowEvent>"#, "no-message"),
        (r#"<intermediateCatchEvent id="X"/>"#, "event"),
        (r#"<intermediateCatchEvent id="X"><errorEventDefinition/></intermediateCatchEvent>"#, "event"),
        (r#"<endEvent id="X"><cancelEventDefinition/></endEvent>"#, "event"),
        (r#"<endEvent id="X"><errorEventDefinition errorRef="fehlt"/></endEvent>"#, "unknown-reference"),
        (r#"<endEvent id="X"><signalEventDefinition signalRef="fehlt"/></endEvent>"#, "unknown-reference"),
        (r#"<endEvent id="X"><escalationEventDefinition escalationRef="fehlt"/></endEvent>"#, "unknown-reference"),
        (r#"<endEvent id="X"><compensateEventDefinition activityRef="fehlt"/></endEvent>"#, "unknown-reference"),
        (r#"<scriptTask id="X"><script>1 +</script></scriptTask>"#, "feel"),
        (r#"<scriptTask id="X"><script>a == 1</script></scriptTask>"#, "feel"),
        (r#"<scriptTask id="X"><script>n += 1</script></scriptTask>"#, "feel"),
        (r#"<scriptTask id="X"><script>n = 1</script></scriptTask>"#, "script"),
        (
            r#"<scriptTask id="X"><script>{f: function(x) external {java: {class: "c", method signature: "m"}}}</script></scriptTask>"#,
            "feel",
        ),
        (r#"<serviceTask id="X" implementation="t" eakte:eingabe="{a:"/>"#, "feel"),
        (r#"<serviceTask id="X" implementation="t" eakte:versuche="0"/>"#, "retries"),
        (r#"<userTask id="X" eakte:faellig="bald oder so )"/>"#, "feel"),
        (r#"<task id="X"><standardLoopCharacteristics/></task>"#, "loop"),
        (r#"<task id="X"><standardLoopCharacteristics loopMaximum="0"/></task>"#, "loop"),
        (
            r#"<intermediateThrowEvent id="X" eakte:lebensdauer="bald"><messageEventDefinition messageRef="m"/></intermediateThrowEvent>"#,
            "lifetime",
        ),
        (r#"<userTask id="X" isForCompensation="true"/>"#, "flow"),
        (r#"<startEvent id="X"/>"#, "flow"),
        (
            r#"<subProcess id="X" triggeredByEvent="true"><startEvent id="x"><messageEventDefinition messageRef="m"/></startEvent></subProcess>"#,
            "flow",
        ),
        (r#"<subProcess id="X" triggeredByEvent="true"><startEvent id="x"/></subProcess>"#, "start"),
        (
            r#"<subProcess id="X"><startEvent id="x"><messageEventDefinition messageRef="m"/></startEvent></subProcess>"#,
            "start",
        ),
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
    let text = error.to_string();
    assert!(text.starts_with("Dienst: Der Auftragstyp fehlt.") && text.contains("„Topic“"), "{text}");
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

/// Elements that stand where BPMN forbids them; the finding names `X`.
#[test]
fn what_has_no_meaning_where_it_stands_is_refused() {
    let message = r#"<messageEventDefinition messageRef="m"/>"#;
    let cases: [(&str, Vec<&str>, &str); 11] = [
        (r#"<endEvent id="X"/><task id="A"/>"#, vec!["S X A"], "flow"),
        (
            &format!(
                r#"<userTask id="A"/><task id="B"/><boundaryEvent id="X" attachedToRef="A">{message}</boundaryEvent>"#
            ),
            vec!["S A B X"],
            "flow",
        ),
        (
            r#"<intermediateThrowEvent id="X"><linkEventDefinition name="l"/></intermediateThrowEvent><intermediateCatchEvent id="C"><linkEventDefinition name="l"/></intermediateCatchEvent><task id="A"/>"#,
            vec!["S X A", "C A"],
            "flow",
        ),
        (
            r#"<intermediateThrowEvent id="T"><linkEventDefinition name="l"/></intermediateThrowEvent><intermediateCatchEvent id="X"><linkEventDefinition name="l"/></intermediateCatchEvent><task id="A"/>"#,
            vec!["S A X", "A T"],
            "flow",
        ),
        (
            r#"<intermediateThrowEvent id="X"><linkEventDefinition name="l"/></intermediateThrowEvent><intermediateCatchEvent id="C"><linkEventDefinition name="l"/></intermediateCatchEvent><intermediateCatchEvent id="D"><linkEventDefinition name="l"/></intermediateCatchEvent>"#,
            vec!["S X"],
            "event",
        ),
        (r#"<startEvent id="X"><errorEventDefinition/></startEvent>"#, vec![], "event"),
        (
            r#"<subProcess id="V" triggeredByEvent="true"><startEvent id="X" isInterrupting="false"><errorEventDefinition/></startEvent></subProcess>"#,
            vec![],
            "event",
        ),
        (r#"<adHocSubProcess id="P"><startEvent id="X"/></adHocSubProcess>"#, vec!["S P"], "place"),
        (
            &format!(
                r#"<subProcess id="V" triggeredByEvent="true"><startEvent id="v">{message}</startEvent></subProcess><boundaryEvent id="X" attachedToRef="V">{message}</boundaryEvent>"#
            ),
            vec![],
            "place",
        ),
        (
            r#"<eventBasedGateway id="X"/><intermediateCatchEvent id="C"><linkEventDefinition name="l"/></intermediateCatchEvent>"#,
            vec!["S X C"],
            "event-gateway",
        ),
        (
            &format!(r#"<eventBasedGateway id="X"/><intermediateCatchEvent id="C">{message}</intermediateCatchEvent>"#),
            vec!["S X", "X C[a]"],
            "event-gateway",
        ),
    ];
    for (nodes, flows, code) in cases {
        let found = findings(&format!("<startEvent id=\"S\"/>{nodes}"), &flows);
        let hit = found.iter().find(|f| f.code == code && f.level == Level::Error);
        assert!(hit.is_some_and(|f| f.element.as_deref() == Some("X")), "{nodes}: {found:?}");
    }
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
