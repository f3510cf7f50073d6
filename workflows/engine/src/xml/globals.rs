// SPDX-License-Identifier: EUPL-1.2
//! What stands beside the processes: messages, signals, errors, escalations, correlation, lanes, diagram.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node};

use super::{BPMN, BPMNDI, attr, child, child_text, children, local, truth, zeebe};

#[derive(Default)]
pub(crate) struct Globals<'a, 'x> {
    pub messages: HashMap<&'a str, Message>,
    /// Names by id.
    pub signals: HashMap<&'a str, String>,
    /// Codes by id.
    pub errors: HashMap<&'a str, String>,
    pub escalations: HashMap<&'a str, String>,
    /// Correlation: per message id the path over its payload, per property.
    pub retrievals: HashMap<String, Vec<(String, String)>>,
    /// Ids that the diagram shows.
    pub drawn: HashSet<String>,
    /// Names with blanks or hyphens that FEEL must know to read them.
    pub names: HashSet<String>,
    /// Every id of the file, of whatever it is.
    pub ids: HashSet<&'a str>,
    /// Global tasks: a call activity may name one in BPMN, here none.
    pub global_tasks: HashSet<&'a str>,
    /// Processes of the file: whether they are executable.
    pub processes: HashMap<&'a str, bool>,
    /// Interfaces' operations: in-message by operation id.
    pub operations: HashMap<&'a str, &'a str>,
    /// Data objects, their references and data inputs: name by id.
    pub data: HashMap<&'a str, &'a str>,
    marker: std::marker::PhantomData<&'x ()>,
}

pub(crate) struct Message {
    pub name: String,
    /// `zeebe:subscription`.
    pub key: Option<String>,
}

impl<'a, 'x: 'a> Globals<'a, 'x> {
    pub fn read(document: &'a Document<'x>) -> Self {
        let mut me = Globals::default();
        let root = document.root_element();
        for node in root.children().filter(|n| n.is_element() && n.tag_name().namespace() == Some(BPMN)) {
            let Some(id) = attr(node, "id") else { continue };
            let name = attr(node, "name").filter(|n| !n.trim().is_empty());
            match node.tag_name().name() {
                "message" => {
                    let key = zeebe(node, "subscription").find_map(|s| attr(s, "correlationKey").map(str::to_owned));
                    me.messages.insert(id, Message { name: name.unwrap_or(id).to_owned(), key });
                }
                "signal" => {
                    me.signals.insert(id, name.unwrap_or(id).to_owned());
                }
                "error" => {
                    me.errors.insert(
                        id,
                        attr(node, "errorCode").filter(|c| !c.is_empty()).or(name).unwrap_or(id).to_owned(),
                    );
                }
                "escalation" => {
                    me.escalations.insert(
                        id,
                        attr(node, "escalationCode").filter(|c| !c.is_empty()).or(name).unwrap_or(id).to_owned(),
                    );
                }
                "process" => {
                    me.processes.insert(id, truth(node, "isExecutable") == Some(true));
                }
                tag if tag.starts_with("global") && tag.ends_with("Task") => {
                    me.global_tasks.insert(id);
                }
                "correlationProperty" => me.correlation(node, id),
                "interface" => {
                    for operation in children(node, "operation") {
                        let message = child(operation, "inMessageRef").and_then(|r| r.text());
                        if let (Some(id), Some(message)) = (attr(operation, "id"), message) {
                            me.operations.insert(id, message);
                        }
                    }
                }
                _ => {}
            }
        }
        for node in document.descendants().filter(|n| n.is_element()) {
            me.look(node);
        }
        me
    }

    fn correlation(&mut self, property: Node<'a, 'x>, id: &str) {
        for retrieval in children(property, "correlationPropertyRetrievalExpression") {
            let message = attr(retrieval, "messageRef").map(local).unwrap_or_default();
            if let Some(path) = child_text(retrieval, "messagePath") {
                self.retrievals.entry(message.to_owned()).or_default().push((id.to_owned(), path));
            }
        }
    }

    fn look(&mut self, node: Node<'a, 'x>) {
        if node.tag_name().namespace() == Some(BPMNDI) {
            self.drawn.extend(attr(node, "bpmnElement").map(|r| local(r).to_owned()));
            return;
        }
        self.ids.extend(attr(node, "id"));
        let variables =
            ["ergebnis", "eintrag", "ergebnisListe"].into_iter().filter_map(|name| super::eakte(node, name));
        self.names.extend(variables.filter(|name| special(name)).map(str::to_owned));
        let tag = node.tag_name().name();
        if matches!(tag, "dataObject" | "dataObjectReference" | "dataInput" | "dataOutput" | "property")
            && let (Some(id), Some(name)) = (attr(node, "id"), attr(node, "name"))
        {
            self.data.insert(id, name);
            if special(name) {
                self.names.insert(name.to_owned());
            }
        }
    }
}

fn special(name: &str) -> bool {
    !name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
