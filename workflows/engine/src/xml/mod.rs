// SPDX-License-Identifier: EUPL-1.2
//! Reading BPMN files: limits first, then the tree, then one definition per executable process.

mod assignment;
mod build;
mod events;
mod forms;
mod globals;
mod inventory;
mod juel;
mod repeat;
mod tasks;
mod whole;

pub(crate) use inventory::FLOW_NODES;
pub use inventory::{Inventory, ProcessInventory, inventory};
#[cfg(test)]
pub(crate) use whole::OWN;

use std::sync::Arc;

use roxmltree::{Document, Node, ParsingOptions};

use crate::api::{Decisions, DeployError, DeployOptions, Deployment, DrawnProcess, Finding, Level};

pub(crate) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub(crate) const BPMNDI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
const EAKTE: &str = "urn:eakte:bpmn:1";
const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";
/// Camunda 7 and its relatives use the same names.
const CAMUNDA: [&str; 3] =
    ["http://camunda.org/schema/1.0/bpmn", "http://flowable.org/bpmn", "http://activiti.org/bpmn"];

/// Reads a BPMN file and prepares its executable processes.
///
/// # Errors
/// [`DeployError::Unreadable`] when the file is too large, too deep or no BPMN;
/// [`DeployError::Refused`] with all findings when at least one of them is an error.
pub fn deploy(xml: &str, tables: Arc<dyn Decisions>, options: &DeployOptions) -> Result<Deployment, DeployError> {
    let document = parse(xml, options)?;
    let mut findings = whole::check(&document);
    if findings.iter().any(|f| f.level == Level::Error) {
        return Err(DeployError::Refused(findings));
    }
    let source: Arc<str> = xml.into();
    let globals = globals::Globals::read(&document);
    let mut processes = Vec::new();
    let mut drawn_only = Vec::new();
    for process in children(document.root_element(), "process") {
        let (id, name) = (attr(process, "id").unwrap_or_default(), attr(process, "name").unwrap_or_default());
        if truth(process, "isExecutable") != Some(true) {
            drawn_only.push(DrawnProcess { id: id.to_owned(), name: name.to_owned() });
            continue;
        }
        if id.is_empty() {
            let text = "Dem Ablauf fehlt die Kennung (id). Unter ihr wird er gestartet.".to_owned();
            let name = Some(name.to_owned()).filter(|n| !n.is_empty());
            findings.push(Finding { level: Level::Error, code: "no-id".into(), element: None, name, text });
        }
        let (definition, found) = build::definition(process, &globals, source.clone(), tables.clone(), options);
        findings.extend(found);
        findings.extend(crate::structure::check(&definition));
        findings.extend(crate::analyse::graph(&definition));
        if !globals.drawn.contains(id) && !definition.elements.iter().skip(1).any(|e| globals.drawn.contains(&*e.id)) {
            let text = "Zu diesem Ablauf gibt es kein Bild in der Datei.".to_owned();
            findings.push(Finding {
                level: Level::Warning,
                code: "no-diagram".into(),
                element: Some(id.into()),
                name: Some(name.into()),
                text,
            });
        }
        processes.push(Arc::new(definition));
    }
    if findings.iter().any(|f| f.level == Level::Error) {
        findings.sort_by_key(|f| f.level);
        return Err(DeployError::Refused(findings));
    }
    if processes.is_empty() && drawn_only.is_empty() {
        return Err(DeployError::Unreadable("Die Datei enthält keinen Ablauf.".into()));
    }
    Ok(Deployment { processes, drawn_only, findings })
}

/// The tree of a BPMN file within the limits.
pub(crate) fn parse<'x>(xml: &'x str, options: &DeployOptions) -> Result<Document<'x>, DeployError> {
    let unreadable = |text: String| DeployError::Unreadable(text);
    if xml.len() > options.max_bytes {
        return Err(unreadable(format!("Die Datei ist größer als {} Bytes.", options.max_bytes)));
    }
    check_limits(xml, options).map_err(unreadable)?;
    let parsing = ParsingOptions { allow_dtd: false, nodes_limit: u32::MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, parsing)
        .map_err(|e| unreadable(format!("Die Datei ist kein gültiges XML (Zeile {}).", e.pos().row)))?;
    let root = document.root_element();
    if root.tag_name().name() != "definitions" || root.tag_name().namespace() != Some(BPMN) {
        return Err(unreadable("Die Datei ist keine BPMN-2.0-Datei.".into()));
    }
    Ok(document)
}

/// Counts elements and depth without building a tree.
pub(crate) fn check_limits(xml: &str, options: &DeployOptions) -> Result<(), String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut depth, mut count) = (0usize, 0usize);
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                count += 1;
            }
            Ok(Event::Empty(_)) => count += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::DocType(_)) => {
                return Err("Die Datei enthält eine DTD. Das ist nicht zugelassen.".into());
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err("Die Datei ist kein gültiges XML.".into()),
        }
        if depth > options.max_depth {
            return Err(format!("Die Datei ist tiefer als {} Ebenen verschachtelt.", options.max_depth));
        }
        if count > options.max_elements {
            return Err(format!("Die Datei hat mehr als {} Elemente.", options.max_elements));
        }
    }
}

/// BPMN children of a name.
pub(crate) fn children<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |c| is(*c, name))
}

pub(crate) fn child<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> Option<Node<'a, 'x>> {
    children(node, name).next()
}

pub(crate) fn is(node: Node, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(BPMN)
}

pub(crate) fn attr<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute(name)
}

/// A truth value (`xs:boolean`): `true`, `false`, `1` or `0`.
pub(crate) fn truth(node: Node, name: &str) -> Option<bool> {
    truth_of(attr(node, name)?)
}

pub(crate) fn truth_of(value: &str) -> Option<bool> {
    match value.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// All text in an element, trimmed.
pub(crate) fn text(node: Node) -> String {
    let mut all = String::new();
    for part in node.children().filter(|c| c.is_text()) {
        all.push_str(part.text().unwrap_or_default());
    }
    all.trim().to_owned()
}

/// Text of a child, if it is there and not empty.
pub(crate) fn child_text(node: Node, name: &'static str) -> Option<String> {
    child(node, name).map(text).filter(|t| !t.is_empty())
}

/// An attribute of our own namespace.
pub(crate) fn eakte<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attribute((EAKTE, name)).filter(|v| !v.trim().is_empty())
}

/// An attribute of Camunda 7 or its relatives.
pub(crate) fn camunda<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    CAMUNDA.iter().find_map(|ns| node.attribute((*ns, name))).filter(|v| !v.trim().is_empty())
}

/// Extension elements of Zeebe.
pub(crate) fn zeebe<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    extensions(node, name, |ns| ns == ZEEBE)
}

/// Extension elements of Camunda 7 and its relatives.
pub(crate) fn camunda_elements<'a, 'x: 'a>(
    node: Node<'a, 'x>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'x>> {
    extensions(node, name, |ns| CAMUNDA.contains(&ns))
}

fn extensions<'a, 'x: 'a>(
    node: Node<'a, 'x>,
    name: &'static str,
    namespace: fn(&str) -> bool,
) -> impl Iterator<Item = Node<'a, 'x>> {
    children(node, "extensionElements").flat_map(|e| e.children()).filter(move |c| {
        c.is_element() && c.tag_name().name() == name && c.tag_name().namespace().is_some_and(namespace)
    })
}

/// The local part of a reference like `tns:Message_1`.
pub(crate) fn local(reference: &str) -> &str {
    let reference = reference.trim();
    reference.rsplit_once(':').map_or(reference, |(_, local)| local)
}
