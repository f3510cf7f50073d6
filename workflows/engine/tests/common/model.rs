// SPDX-License-Identifier: EUPL-1.2
//! Small models as text, and a runner for them.

use std::sync::Arc;

use engine::memory::Runner;
use engine::{DeployError, DeployOptions, Deployment, NoDecisions, deploy};

/// A file around the given BPMN elements.
pub fn file(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:eakte="urn:eakte:bpmn:1"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="urn:test">
  <message id="m" name="Nachricht"/><message id="n" name="Andere"/>
  <signal id="sig" name="Signal"/><error id="err" name="Fehler" errorCode="E1"/><error id="err2" name="Fehler 2" errorCode="E2"/>
  <escalation id="esc" name="Stufe" escalationCode="S1"/>
  {inside}
</definitions>"#
    )
}

/// One executable process `p`. `flows` are chains of ids, e.g. `"S A E"`; `id>id[condition]` writes a condition.
pub fn process(nodes: &str, flows: &[&str]) -> String {
    named_process("p", nodes, flows)
}

pub fn named_process(id: &str, nodes: &str, flows: &[&str]) -> String {
    format!(r#"<process id="{id}" isExecutable="true">{nodes}{}</process>"#, chain(flows))
}

/// Sequence flows from chains of ids; a flow from A to B has the id `A-B`.
pub fn chain(flows: &[&str]) -> String {
    let mut out = String::new();
    for flow in flows {
        let (ids, condition) =
            flow.split_once('[').map_or((*flow, None), |(ids, c)| (ids, Some(c.trim_end_matches(']'))));
        let ids: Vec<&str> = ids.split_whitespace().collect();
        for pair in ids.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let inner = condition
                .map(|c| format!("<conditionExpression>{}</conditionExpression>", escape(c)))
                .unwrap_or_default();
            out.push_str(&format!(
                r#"<sequenceFlow id="{a}-{b}" sourceRef="{a}" targetRef="{b}">{inner}</sequenceFlow>"#
            ));
        }
    }
    out
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub fn read(inside: &str) -> Result<Deployment, DeployError> {
    deploy(&file(inside), Arc::new(NoDecisions), &DeployOptions::default())
}

/// A runner with the model deployed, at 2026-01-05T08:00:00Z.
pub fn runner(inside: &str) -> Runner {
    let deployment = read(inside).unwrap_or_else(|e| panic!("{e}"));
    let mut runner = Runner::new("2026-01-05T08:00:00Z".parse().unwrap());
    runner.restart_each_step = true;
    runner.deploy(&deployment).unwrap();
    runner
}

/// Started with variables given as JSON.
pub fn started(inside: &str, variables: serde_json::Value) -> Runner {
    let mut runner = runner(inside);
    runner.start("p", None, variables.as_object().unwrap().clone()).unwrap();
    runner
}
