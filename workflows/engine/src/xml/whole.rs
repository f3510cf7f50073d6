// SPDX-License-Identifier: EUPL-1.2
//! What must hold for a file as a whole before one of its processes is read: an `id` is an `xs:ID`, once per file, and
//! a truth value is an `xs:boolean`. A file that breaks this means something else to every tool that opens it.

use std::collections::{BTreeMap, HashMap};

use roxmltree::{Document, Node};

use super::{BPMN, BPMNDI, EAKTE, attr, eakte, truth_of};
use crate::api::{Finding, Level};

/// Truth values that change how a process runs. The others are kept and not read.
const TRUTHS: &[&str] = &[
    "isExecutable",
    "triggeredByEvent",
    "cancelActivity",
    "isInterrupting",
    "isForCompensation",
    "instantiate",
    "waitForCompletion",
    "cancelRemainingInstances",
    "isSequential",
    "testBefore",
];

/// Our own attributes (workflows/README.md). Another name in our namespace is a slip of the pen that would do nothing.
pub(crate) const OWN: &[&str] = &[
    "bindung",
    "daten",
    "dringend",
    "eingabe",
    "eintrag",
    "ereignis",
    "ergebnis",
    "ergebnisEintrag",
    "ergebnisListe",
    "faellig",
    "formular",
    "lebensdauer",
    "nichtPersonVon",
    "ohneStandardweg",
    "prioritaet",
    "sammlung",
    "schluessel",
    "titel",
    "versuche",
    "zeichnung",
];

/// Those of them that are yes or no.
const OWN_TRUTHS: &[&str] = &["dringend", "ohneStandardweg"];

/// Findings about the file, in its order. Foreign elements (extensions of other tools) have ids of their own kind.
pub(crate) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: HashMap<&str, Node> = HashMap::new();
    let mut twice: BTreeMap<u32, (Node, Vec<Node>)> = BTreeMap::new();
    for node in document.descendants().filter(|n| n.is_element()) {
        let namespace = node.tag_name().namespace();
        if namespace == Some(BPMN) {
            findings.extend(node.attributes().filter_map(|a| unknown(node, a)));
            findings.extend(TRUTHS.iter().filter_map(|name| no_truth(node, name, attr(node, name))));
            findings.extend(OWN_TRUTHS.iter().filter_map(|name| no_truth(node, name, eakte(node, name))));
            findings.extend(eakte(node, "ereignis").and_then(|typ| no_event(node, typ)));
        } else if namespace != Some(BPMNDI) {
            continue;
        }
        let Some(id) = attr(node, "id") else { continue };
        match first.get(id) {
            Some(before) => twice.entry(before.id().get()).or_insert((*before, Vec::new())).1.push(node),
            None => drop(first.insert(id, node)),
        }
    }
    findings.extend(twice.into_values().map(|(first, others)| {
        let places: Vec<String> = std::iter::once(first).chain(others).map(place).collect();
        let text = format!(
            "Die Kennung kommt in der Datei mehrfach vor: {}. Jedes Element braucht eine eigene.",
            places.join(", ")
        );
        finding(Level::Error, first, "duplicate-id", text)
    }));
    findings
}

fn no_truth(node: Node, name: &str, value: Option<&str>) -> Option<Finding> {
    let value = value.filter(|v| truth_of(v).is_none())?;
    Some(finding(Level::Error, node, "value", format!("Der Wert „{value}“ von {name} ist weder „true“ noch „false“.")))
}

/// A type of events is a path of small letters and digits, as brokers and receivers sort by it.
fn no_event(node: Node, typ: &str) -> Option<Finding> {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if typ.len() <= 120 && typ.split('.').count() > 2 && typ.split('.').all(word) {
        return None;
    }
    let text = format!(
        "Die Art „{typ}“ von ereignis besteht nicht aus Wörtern von Kleinbuchstaben und Ziffern mit Punkten dazwischen, \
         zum Beispiel „de.stadt.antrag.bewilligt.v1“."
    );
    Some(finding(Level::Error, node, "value", text))
}

/// `process (Zeile 4)`.
fn place(node: Node) -> String {
    let row = node.document().text_pos_at(node.range().start).row;
    format!("{} (Zeile {row})", node.tag_name().name())
}

fn unknown(node: Node, attribute: roxmltree::Attribute) -> Option<Finding> {
    let ours = attribute.namespace() == Some(EAKTE) && !OWN.contains(&attribute.name());
    ours.then(|| {
        let text = format!("Das Attribut „eakte:{}“ gibt es nicht. Es bewirkt nichts.", attribute.name());
        finding(Level::Warning, node, "unknown-attribute", text)
    })
}

fn finding(level: Level, node: Node, code: &str, text: String) -> Finding {
    Finding {
        level,
        code: code.to_owned(),
        element: attr(node, "id").map(str::to_owned),
        name: attr(node, "name").filter(|n| !n.is_empty()).map(str::to_owned),
        text,
    }
}
