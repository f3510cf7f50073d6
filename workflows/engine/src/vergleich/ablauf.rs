// SPDX-License-Identifier: EUPL-1.2
//! Two texts of a process.

use std::collections::HashMap;

use nachrichten::fassungen::Aenderung;
use roxmltree::{Document, Node};

use super::{Ding, Wert, aenderungen, worte};
use crate::{
    api::DeployOptions,
    xml::{self, BPMN, FLOW_NODES, local},
};

/// Other things of a file with a life of their own.
const DINGE: &[&str] = &[
    "sequenceFlow",
    "messageFlow",
    "association",
    "lane",
    "participant",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "textAnnotation",
    "group",
];
/// Things beside the processes that these refer to.
const GLOBALE: &[&str] = &["message", "signal", "error", "escalation"];
/// Said already by the flows, or of no meaning of its own.
const STUMM: &[&str] = &["incoming", "outgoing"];
/// Attributes that hold the id of something in the file.
const VERWEISE: &[&str] = &[
    "default",
    "sourceRef",
    "targetRef",
    "attachedToRef",
    "messageRef",
    "signalRef",
    "errorRef",
    "escalationRef",
    "nichtPersonVon",
    "processRef",
    "dataObjectRef",
    "flowNodeRef",
];
/// Lines of one difference at most; a file with more is another process.
const ZEILEN_MAX: usize = 2_000;

/// Difference of process `process` between two files.
///
/// # Errors
/// A German sentence: a file does not read or does not hold the process.
pub fn ablauf(alt: &str, neu: &str, process: &str) -> Result<Vec<Aenderung>, String> {
    let read = |text| xml::parse(text, &DeployOptions::default()).map_err(|e| e.to_string());
    let (alt, neu) = (read(alt)?, read(neu)?);
    let mut lines = aenderungen(&dinge(&alt, process)?, &dinge(&neu, process)?);
    lines.truncate(ZEILEN_MAX);
    Ok(lines)
}

/// Flow nodes of a process in the order of the file: id, name, German kind.
pub fn schritte(text: &str, process: &str) -> Vec<(String, String, String)> {
    let Ok(document) = xml::parse(text, &DeployOptions::default()) else { return Vec::new() };
    let Some(process) = process_of(&document, process) else { return Vec::new() };
    let nodes = process.descendants().filter(|n| is(*n, FLOW_NODES));
    nodes.map(|n| (id(n), name(n), worte::was(n))).filter(|(id, ..)| !id.is_empty()).collect()
}

fn process_of<'a, 'x>(document: &'a Document<'x>, id: &str) -> Option<Node<'a, 'x>> {
    xml::children(document.root_element(), "process").find(|p| p.attribute("id") == Some(id))
}

fn is(node: Node, tags: &[&str]) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(BPMN) && tags.contains(&node.tag_name().name())
}

fn is_ding(node: Node) -> bool {
    node.attribute("id").is_some() && (is(node, FLOW_NODES) || is(node, DINGE))
}

fn id(node: Node) -> String {
    node.attribute("id").unwrap_or_default().to_owned()
}

fn name(node: Node) -> String {
    node.attribute("name").unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn dinge(document: &Document, process: &str) -> Result<Vec<Ding>, String> {
    let root = document.root_element();
    let found =
        process_of(document, process).ok_or_else(|| format!("Den Ablauf „{process}“ gibt es in der Datei nicht."))?;
    let names: HashMap<&str, &str> =
        document.descendants().filter_map(|n| Some((n.attribute("id")?, n.attribute("name")?))).collect();
    let places = places(document);
    let globals = root.children().filter(|n| is(*n, GLOBALE) && n.attribute("id").is_some());
    let around = xml::children(root, "collaboration").flat_map(|c| c.children()).filter(|n| {
        // Another process of the file has its own difference.
        is_ding(*n) && n.attribute("processRef").is_none_or(|p| local(p) == process)
    });
    let inside = found.descendants().filter(|n| *n == found || is_ding(*n));
    let ding = |node: Node| {
        let mut ding = Ding {
            id: id(node),
            name: name(node),
            tag: worte::was(node),
            was: worte::was(node),
            angaben: Vec::new(),
            lage: places.get(&*id(node)).cloned().unwrap_or_default(),
        };
        facts(node, &mut Vec::new(), &names, &mut ding);
        ding
    };
    Ok(inside.chain(globals).chain(around).map(ding).collect())
}

/// Everything said below an element, up to the next thing with a life of its own.
fn facts<'a>(node: Node<'a, '_>, path: &mut Vec<&'a str>, names: &HashMap<&str, &str>, ding: &mut Ding) {
    for a in node.attributes() {
        let technical =
            a.name() == "id" || (a.name() == "type" && a.namespace().is_some_and(|n| n.contains("XMLSchema")));
        if technical || (path.is_empty() && a.name() == "name") {
            continue;
        }
        path.push(a.name());
        let wert = match VERWEISE.contains(&a.name()) {
            true => reference(a.value(), names),
            false => Wert::plain(a.value().trim()),
        };
        ding.add(&worte::angabe(path), wert);
        path.pop();
    }
    for child in node.children().filter(|c| c.is_element() && !is_ding(*c) && !is(*c, STUMM)) {
        let tag = child.tag_name().name();
        // A set of lanes says nothing but its lanes.
        if tag == "laneSet" {
            continue;
        }
        path.push(tag);
        if tag.ends_with("LoopCharacteristics") && child.tag_name().namespace() == Some(BPMN) {
            let word = if tag.starts_with("multi") { "für jeden Eintrag" } else { "Schleife" };
            ding.add("Wiederholung", Wert::plain(word));
        }
        let text = xml::text(child);
        if !text.is_empty() {
            let wert = if tag == "flowNodeRef" { reference(&text, names) } else { Wert::plain(text) };
            ding.add(&worte::angabe(path), wert);
        }
        facts(child, path, names, ding);
        path.pop();
    }
}

/// Ids as what they lead to.
fn reference(value: &str, names: &HashMap<&str, &str>) -> Wert {
    let one = |id: &str| match names.get(local(id)).filter(|n| !n.trim().is_empty()) {
        Some(name) => format!("„{}“", name.split_whitespace().collect::<Vec<_>>().join(" ")),
        None => id.trim().to_owned(),
    };
    let zeige = value.split(',').map(one).collect::<Vec<_>>().join(", ");
    Wert { gleich: value.trim().to_owned(), zeige }
}

/// Place of each element in the picture, as text.
fn places(document: &Document) -> HashMap<String, String> {
    let mut out = HashMap::new();
    let shown = document.descendants().filter(|n| matches!(n.tag_name().name(), "BPMNShape" | "BPMNEdge"));
    for node in shown {
        let Some(element) = node.attribute("bpmnElement") else { continue };
        let mut text = String::new();
        for n in node.descendants().filter(|n| n.is_element()) {
            for a in n.attributes().filter(|a| !matches!(a.name(), "id" | "bpmnElement")) {
                // 100 and 100.0 are one place.
                let value = a.value().trim();
                let value = value.parse::<f64>().map_or_else(|_| value.to_owned(), |v| format!("{v}"));
                text.push_str(&format!("{}.{}={value};", n.tag_name().name(), a.name()));
            }
        }
        out.insert(local(element).to_owned(), text);
    }
    out
}
