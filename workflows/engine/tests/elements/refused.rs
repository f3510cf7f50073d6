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
fn a_flow_or_a_default_to_nowhere_is_an_error() {
    assert!(findings(r#"<startEvent id="S"/>"#, &["S Y"]).iter().any(|f| f.code == "unknown-reference"));
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
fn to_stop_where_no_condition_holds_may_be_meant_so() {
    let flows = ["S G", "G B[x]", "G C[y]"];
    let nodes = |stop: &str| {
        format!(
            r#"<startEvent id="S"/><exclusiveGateway id="G" eakte:ohneStandardweg="{stop}"/><task id="B"/><task id="C"/>"#
        )
    };
    let named = |stop| findings(&nodes(stop), &flows).iter().any(|f| f.code == "no-default");
    assert_eq!([named("false"), named("true")], [true, false]);
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

fn refused(xml: &str) -> Vec<engine::Finding> {
    match deploy(xml, Arc::new(NoDecisions), &DeployOptions::default()) {
        Err(DeployError::Refused(findings)) => findings.into_iter().filter(|f| f.level == Level::Error).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

/// `xs:ID`: once per file, whatever has it, executable or not, in the diagram too.
#[test]
fn an_id_that_comes_twice_in_a_file_is_refused() {
    let flow = |id: &str| format!(r#"<sequenceFlow id="{id}" sourceRef="S" targetRef="E"/>"#);
    let nodes = r#"<startEvent id="S"/><endEvent id="E"/>"#;
    let one = |inside: &str| process(&format!("{nodes}{inside}"), &[]);
    let shape = |id: &str| {
        format!(
            r#"<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"><bpmndi:BPMNPlane id="plane" bpmnElement="p"><bpmndi:BPMNShape id="{id}" bpmnElement="S"/></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"#
        )
    };
    let cases = [
        ("p", format!("{}{}", one(""), process(r#"<startEvent id="S2"/>"#, &[]))),
        ("S", format!("{}{}", one(""), super::common::model::named_process("q", r#"<startEvent id="S"/>"#, &[]))),
        ("p", format!(r#"{}<process id="p"><task id="Skizze"/></process>"#, one(""))),
        ("a", r#"<process id="p"><task id="a"/><task id="a"/></process>"#.to_owned()),
        ("f", one(&format!("{}{}", flow("f"), flow("f")))),
        ("S", one(&flow("S"))),
        ("m", one(r#"<task id="m"/>"#)),
        ("S", one(r#"<subProcess id="U"><startEvent id="S"/></subProcess>"#)),
        ("S", format!("{}{}", one(""), shape("S"))),
    ];
    for (id, inside) in cases {
        let found = refused(&file(&inside));
        assert_eq!(found.len(), 1, "{inside}: {found:?}");
        let (code, element) = (found[0].code.as_str(), found[0].element.as_deref());
        assert_eq!((code, element), ("duplicate-id", Some(id)), "{inside}");
        assert!(found[0].text.contains("mehrfach") && found[0].text.contains("Zeile"), "{}", found[0].text);
    }
    assert!(refused(&file(&format!("{}{}", one(&flow("f")), shape("S_di")))).is_empty());
    // Extensions of other tools have ids of their own kind.
    let foreign = r#"<extensionElements><camunda:property id="x"/><camunda:property id="x"/></extensionElements>"#;
    assert!(refused(&file(&one(foreign))).is_empty());
}

#[test]
fn a_process_without_an_id_and_a_name_given_by_place_that_is_taken() {
    let nameless = r#"<process isExecutable="true" name="Ohne"><startEvent id="S"/></process>"#;
    let found = refused(&file(nameless));
    assert_eq!((found[0].code.as_str(), found[0].name.as_deref()), ("no-id", Some("Ohne")));
    let found = findings(r#"<startEvent id="S"/><task/><task id="task-2"/>"#, &[]);
    assert!(found.iter().any(|f| f.code == "duplicate-id"), "{found:?}");
}

/// `xs:boolean` is also written 1 and 0; anything else is no truth value.
#[test]
fn truth_values_are_read_as_the_schema_has_them() {
    let one = r#"<process id="p" isExecutable="1"><startEvent id="S"/><userTask id="A"/><boundaryEvent id="B" attachedToRef="A" cancelActivity="0"><signalEventDefinition signalRef="sig"/></boundaryEvent>
        <subProcess id="V" triggeredByEvent=" 1 "><startEvent id="v" isInterrupting="0"><signalEventDefinition signalRef="sig"/></startEvent><task id="w"/><sequenceFlow id="g" sourceRef="v" targetRef="w"/></subProcess>
        <sequenceFlow id="f" sourceRef="S" targetRef="A"/></process>"#;
    let mut runner = super::common::model::started(one, serde_json::json!({}));
    engine::trace::Runtime::signal(&mut runner, "Signal", Default::default()).unwrap();
    assert_eq!(super::waits(&runner), "A", "both events leave the task running");
    assert_eq!((super::count(&runner, "B"), super::count(&runner, "w")), (1, 1));
    for (name, node) in [
        ("isExecutable", r#"<process id="X" isExecutable="TRUE"><startEvent id="S"/></process>"#),
        ("cancelActivity", r#"<process id="p"><boundaryEvent id="X" cancelActivity="nein"/></process>"#),
        ("dringend", r#"<process id="p"><serviceTask id="X" eakte:dringend="eilt"/></process>"#),
        ("ohneStandardweg", r#"<process id="p"><exclusiveGateway id="X" eakte:ohneStandardweg="ja"/></process>"#),
        ("ereignis", r#"<process id="p"><task id="X" eakte:ereignis="de.stadt.Antrag bewilligt"/></process>"#),
        ("ereignis", r#"<process id="p"><task id="X" eakte:ereignis="bewilligt.v1"/></process>"#),
    ] {
        let found = refused(&file(node));
        assert_eq!((found[0].code.as_str(), found[0].element.as_deref()), ("value", Some("X")));
        assert!(found[0].text.contains(name), "{}", found[0].text);
    }
}

/// Times that are not ISO 8601 would be FEEL by accident: `R0/PT1H` a quotient, `PT5` a variable, `5` a number.
#[test]
fn a_time_that_only_looks_like_one_is_refused() {
    for (kind, text) in [
        ("timeCycle", "R0/PT1H"),
        ("timeCycle", "R/PT0S"),
        ("timeCycle", "R3/2026-13-01/P1D"),
        ("timeDuration", "R3/PT1H"),
        ("timeDuration", "PT5"),
        ("timeDuration", "P1H"),
        ("timeDuration", "5"),
        ("timeDate", "2026-02-30"),
        ("timeDate", "2026-03-28T25:00:00"),
    ] {
        let nodes = format!(
            r#"<startEvent id="S"/><intermediateCatchEvent id="X"><timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition></intermediateCatchEvent>"#
        );
        let found = findings(&nodes, &["S X"]);
        let hit = found.iter().find(|f| f.code == "timer" && f.element.as_deref() == Some("X"));
        assert!(hit.is_some_and(|f| f.text.contains("ISO 8601")), "{text}: {found:?}");
    }
    // One mistake, one error: not that the event lacks what stands there and cannot be read.
    let edge = r#"<startEvent id="S"/><task id="A"/><boundaryEvent id="X" attachedToRef="A"><timerEventDefinition><timeDuration>P100000000Y</timeDuration></timerEventDefinition></boundaryEvent>"#;
    let errors: Vec<_> = findings(edge, &["S A"]).into_iter().filter(|f| f.level == Level::Error).collect();
    assert!(matches!(&errors[..], [one] if one.text.contains("zu lang")), "{errors:?}");
    let feel = r#"<startEvent id="S"/><intermediateCatchEvent id="X"><timerEventDefinition><timeDuration>P + R/2</timeDuration></timerEventDefinition></intermediateCatchEvent>"#;
    assert!(!findings(feel, &["S X"]).iter().any(|f| f.level == Level::Error), "an expression stays one");
}

#[test]
fn what_a_modeller_lets_one_draw_by_mistake_is_refused() {
    let catch = |id: &str| {
        format!(
            r#"<intermediateCatchEvent id="{id}"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>"#
        )
    };
    let link = r#"<intermediateThrowEvent id="X"><linkEventDefinition/></intermediateThrowEvent><intermediateCatchEvent id="C"><linkEventDefinition/></intermediateCatchEvent>"#;
    let cases: [(String, Vec<&str>, &str); 15] = [
        (r#"<parallelGateway id="X" default="X-A"/><task id="A"/><task id="B"/>"#.into(), vec!["S X A", "X B"], "condition"),
        (r#"<parallelGateway id="X"/><task id="A"/><task id="B"/>"#.into(), vec!["S X A", "X B[a]"], "condition"),
        (r#"<intermediateThrowEvent id="X"/><task id="A"/>"#.into(), vec!["S X", "X A[a]"], "condition"),
        (r#"<subProcess id="X"><task id="a"/><task id="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/><sequenceFlow id="g" sourceRef="b" targetRef="a"/></subProcess>"#.into(), vec!["S X"], "inside"),
        (r#"<adHocSubProcess id="X"/>"#.into(), vec!["S X"], "inside"),
        (format!(r#"<eventBasedGateway id="X"/>{}"#, catch("C")), vec!["S X C"], "event-gateway"),
        (format!(r#"<eventBasedGateway id="X"/>{}{}<task id="A"/>"#, catch("C"), catch("D")), vec!["S X C", "X D", "S A C"], "event-gateway"),
        (link.into(), vec!["S X"], "event"),
        (r#"<userTask id="X"><standardLoopCharacteristics loopMaximum="2"/><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>"#.into(), vec!["S X"], "loop"),
        (r#"<exclusiveGateway id="X"><standardLoopCharacteristics loopMaximum="2"/></exclusiveGateway>"#.into(), vec!["S X"], "loop"),
        (r#"<intermediateCatchEvent id="X"><timerEventDefinition><timeDuration>PT1H</timeDuration><timeDate>2026-01-01</timeDate></timerEventDefinition></intermediateCatchEvent>"#.into(), vec!["S X"], "timer"),
        (r#"<callActivity id="X" calledElement=" "/>"#.into(), vec!["S X"], "no-process"),
        (r#"<laneSet id="ls"><lane id="X" name="Amt"><flowNodeRef>weg</flowNodeRef></lane></laneSet>"#.into(), vec![], "unknown-reference"),
        (r#"<task id="A"/><boundaryEvent id="X"><signalEventDefinition signalRef="sig"/></boundaryEvent>"#.into(), vec!["S A"], "unknown-reference"),
        (r#"<exclusiveGateway id="G"/><boundaryEvent id="X" attachedToRef="G"><signalEventDefinition signalRef="sig"/></boundaryEvent>"#.into(), vec!["S G"], "unknown-reference"),
    ];
    for (nodes, flows, code) in cases {
        let found = findings(&format!("<startEvent id=\"S\"/>{nodes}"), &flows);
        let hit = found.iter().find(|f| f.code == code && f.level == Level::Error);
        assert!(hit.is_some_and(|f| f.element.as_deref() == Some("X")), "{nodes}: {found:?}");
    }
    let global = format!(
        r#"<globalUserTask id="g"/>{}"#,
        process(r#"<startEvent id="S"/><callActivity id="X" calledElement="g"/>"#, &["S X"])
    );
    assert_eq!(refused(&file(&global))[0].code, "unsupported");
    let across =
        refused(&file(&process(r#"<startEvent id="S"/><subProcess id="U"><task id="x"/></subProcess>"#, &["S x"])));
    assert!(across[0].text.contains("über den Rand"), "{across:?}");
}

#[test]
fn what_would_surprise_is_said_and_deployed() {
    let cases: [(&str, Vec<&str>, &str); 8] = [
        (r#"<task id="X"/>"#, vec!["S X X"], "endless"),
        (r#"<task id="X"/><scriptTask id="B"><script>{a: 1}</script></scriptTask>"#, vec!["S X B X"], "endless"),
        (r#"<exclusiveGateway id="X"/><task id="A"/><task id="B"/>"#, vec!["S X", "X A[a]", "X B"], "no-condition"),
        (r#"<subProcess id="X"/>"#, vec!["S X"], "empty"),
        (r#"<callActivity id="X" calledElement="p"/>"#, vec!["S X"], "recursion"),
        (r#"<callActivity id="X" calledElement="q"/>"#, vec!["S X"], "not-executable"),
        (r#"<userTask id="X" eakte:gruppe="Amt"/>"#, vec!["S X"], "unknown-attribute"),
        (
            r#"<task id="A"/><intermediateThrowEvent id="X"><compensateEventDefinition activityRef="A"/></intermediateThrowEvent>"#,
            vec!["S A X"],
            "no-handler",
        ),
    ];
    for (nodes, flows, code) in cases {
        let xml = process(&format!("<startEvent id=\"S\"/>{nodes}"), &flows);
        let found = read(&format!(r#"{xml}<process id="q"><task id="z"/></process>"#)).unwrap().findings;
        let hit = found.iter().find(|f| f.code == code);
        assert!(hit.is_some_and(|f| f.element.as_deref() == Some("X")), "{nodes}: {found:?}");
    }
    // A circle that waits or decides ends when somebody says so.
    for nodes in [r#"<userTask id="X"/><task id="B"/>"#, r#"<exclusiveGateway id="X" default="X-B"/><task id="B"/>"#] {
        let found = findings(&format!("<startEvent id=\"S\"/>{nodes}"), &["S X B X"]);
        assert!(!found.iter().any(|f| f.code == "endless"), "{found:?}");
    }
}
