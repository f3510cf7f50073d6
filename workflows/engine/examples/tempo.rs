// SPDX-License-Identifier: EUPL-1.2
//! How fast the interpreter alone is, on one core: `cargo run -p engine --example tempo`.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use engine::{Command, DeployOptions, NoDecisions, Outcome, Output, State, deploy, step};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    for (name, nodes) in [
        ("line of ten script tasks", line(true)),
        ("line of ten tasks", line(false)),
        ("fork and join of five", fork()),
    ] {
        let xml = format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"><process id="p" isExecutable="true">{nodes}</process></definitions>"#
        );
        let deployment = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default())?;
        let now = "2026-01-05T08:00:00Z".parse()?;
        let started = Instant::now();
        let mut count = 0u32;
        while started.elapsed().as_secs() < 2 {
            for _ in 0..100 {
                let variables = serde_json::Map::from_iter([("n".to_owned(), 0.into())]);
                let done =
                    step(&deployment.processes[0], &State::new(), Command::Start { element: None, variables }, now)?;
                assert!(matches!(done.outputs.last(), Some(Output::Ended { outcome: Outcome::Completed, .. })));
            }
            count += 100;
        }
        writeln!(out, "{name}: {:.0} instances/s", f64::from(count) / started.elapsed().as_secs_f64())?;
    }
    Ok(())
}

fn line(script: bool) -> String {
    let mut xml = String::from(r#"<startEvent id="t0"/><endEvent id="t11"/>"#);
    for n in 1..=10 {
        if script {
            xml.push_str(&format!(r#"<scriptTask id="t{n}"><script>{{n: n + 1}}</script></scriptTask>"#));
        } else {
            xml.push_str(&format!(r#"<task id="t{n}"/>"#));
        }
    }
    for n in 0..=10 {
        xml.push_str(&format!(r#"<sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="t{}"/>"#, n + 1));
    }
    xml
}

fn fork() -> String {
    let mut xml =
        String::from(r#"<startEvent id="s"/><endEvent id="e"/><parallelGateway id="f"/><parallelGateway id="j"/>"#);
    xml.push_str(
        r#"<sequenceFlow id="a" sourceRef="s" targetRef="f"/><sequenceFlow id="z" sourceRef="j" targetRef="e"/>"#,
    );
    for n in 1..=5 {
        xml.push_str(&format!(
            r#"<scriptTask id="t{n}"><script>{{x{n}: n + {n}}}</script></scriptTask><sequenceFlow id="i{n}" sourceRef="f" targetRef="t{n}"/><sequenceFlow id="o{n}" sourceRef="t{n}" targetRef="j"/>"#
        ));
    }
    xml
}
