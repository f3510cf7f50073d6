// SPDX-License-Identifier: EUPL-1.2
//! What a BPMN file contains, by type: nothing may be lost when it is read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{BPMN, BPMNDI, attr, parse, truth};
use crate::api::{DeployError, DeployOptions};

/// Tags of flow nodes that a process may contain.
pub(crate) const FLOW_NODES: &[&str] = &[
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "implicitThrowEvent",
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "callActivity",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "complexGateway",
    "choreographyTask",
    "subChoreography",
    "callChoreography",
];

/// Other elements that are counted.
const OTHER: &[&str] = &[
    "association",
    "conditionExpression",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "error",
    "escalation",
    "group",
    "ioSpecification",
    "lane",
    "message",
    "messageFlow",
    "multiInstanceLoopCharacteristics",
    "participant",
    "property",
    "signal",
    "standardLoopCharacteristics",
    "textAnnotation",
];

/// Counts of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// Processes in order.
    pub processes: Vec<ProcessInventory>,
    /// Flow nodes by tag.
    pub flow_nodes: BTreeMap<String, u64>,
    /// Sequence flows.
    pub sequence_flows: u64,
    /// Event definitions by tag.
    pub event_definitions: BTreeMap<String, u64>,
    /// Other elements by tag.
    pub other: BTreeMap<String, u64>,
    /// Diagram shapes.
    pub di_shapes: u64,
    /// Diagram edges.
    pub di_edges: u64,
}

/// Counts of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessInventory {
    /// BPMN id.
    pub id: String,
    /// `isExecutable="true"`.
    pub executable: bool,
    /// Flow nodes at any depth.
    pub flow_nodes: u64,
    /// Sequence flows at any depth.
    pub sequence_flows: u64,
}

/// Counts what is in a BPMN file.
///
/// # Errors
/// [`DeployError::Unreadable`] as [`crate::deploy`].
pub fn inventory(xml: &str) -> Result<Inventory, DeployError> {
    let document = parse(xml, &DeployOptions::default())?;
    let mut all = Inventory::default();
    for node in document.descendants().filter(|n| n.is_element()) {
        let tag = node.tag_name().name();
        match node.tag_name().namespace() {
            Some(BPMN) if FLOW_NODES.contains(&tag) => *all.flow_nodes.entry(tag.into()).or_default() += 1,
            Some(BPMN) if tag == "sequenceFlow" => all.sequence_flows += 1,
            Some(BPMN) if tag.ends_with("EventDefinition") => {
                *all.event_definitions.entry(tag.into()).or_default() += 1
            }
            Some(BPMN) if OTHER.contains(&tag) => *all.other.entry(tag.into()).or_default() += 1,
            Some(BPMN) if tag == "process" => {
                let inside = || node.descendants().filter(|n| n.is_element() && n.tag_name().namespace() == Some(BPMN));
                let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
                all.processes.push(ProcessInventory {
                    id: attr(node, "id").unwrap_or_default().into(),
                    executable: truth(node, "isExecutable") == Some(true),
                    flow_nodes: count(inside().filter(|n| FLOW_NODES.contains(&n.tag_name().name())).count()),
                    sequence_flows: count(inside().filter(|n| n.tag_name().name() == "sequenceFlow").count()),
                });
            }
            Some(BPMNDI) if tag == "BPMNShape" => all.di_shapes += 1,
            Some(BPMNDI) if tag == "BPMNEdge" => all.di_edges += 1,
            _ => {}
        }
    }
    Ok(all)
}
