// SPDX-License-Identifier: EUPL-1.2
//! Forms that a modeller draws into the process file: `camunda:formData` of Camunda 7, and the embedded JSON forms
//! of Camunda 8 (`camunda-forms:bpmn:…`). They only tell which fields a page shows; nothing in them is run.

use std::collections::HashMap;
use std::sync::Arc;

use nachrichten::aufgaben::{FormFeld, FormTyp};
use roxmltree::Node;
use serde_json::Value;

use super::build::Builder;
use super::{attr, camunda_elements, text, zeebe};

/// Fields of one form at most.
const MAX: usize = 100;

impl<'a, 'x: 'a> Builder<'a, 'x> {
    /// The forms of user tasks and start events, by element.
    pub fn forms(&self) -> HashMap<Arc<str>, Vec<FormFeld>> {
        let with_form = |tag: &str| matches!(tag, "userTask" | "startEvent");
        let all = self.elements.iter().zip(&self.nodes).filter(|(e, _)| with_form(e.tag));
        all.map(|(e, node)| (e.id.clone(), self.form(*node))).filter(|(_, form)| !form.is_empty()).collect()
    }

    fn form(&self, node: Node<'a, 'x>) -> Vec<FormFeld> {
        let drawn = camunda_elements(node, "formData").flat_map(|d| d.children());
        let mut fields: Vec<FormFeld> = drawn.filter_map(camunda_field).take(MAX).collect();
        let key = zeebe(node, "formDefinition").find_map(|f| attr(f, "formKey"));
        if let Some(id) = key.and_then(|k| k.rsplit(':').next()) {
            let process = self.nodes.first().copied();
            let form = process.and_then(|p| zeebe(p, "userTaskForm").find(|f| attr(*f, "id") == Some(id)));
            if let Some(Ok(json)) = form.map(|f| serde_json::from_str::<Value>(&text(f))) {
                components(&json, 0, &mut fields);
            }
        }
        fields
    }
}

fn labelled(name: &str, label: Option<&str>) -> String {
    label.map(str::trim).filter(|l| !l.is_empty()).unwrap_or(name).to_owned()
}

fn camunda_field(field: Node) -> Option<FormFeld> {
    if field.tag_name().name() != "formField" {
        return None;
    }
    let name = attr(field, "id").map(str::trim).filter(|n| !n.is_empty())?;
    let inside = |tag: &'static str| field.descendants().filter(move |n| n.tag_name().name() == tag);
    let typ = match attr(field, "type").unwrap_or_default() {
        "long" | "double" => FormTyp::Zahl,
        "boolean" => FormTyp::JaNein,
        "date" => FormTyp::Datum,
        "enum" => FormTyp::Auswahl,
        _ => FormTyp::Text,
    };
    let choice = |v: Node| attr(v, "id").map(|id| (id.to_owned(), labelled(id, attr(v, "name"))));
    Some(FormFeld {
        name: name.to_owned(),
        label: labelled(name, attr(field, "label")),
        typ,
        pflicht: inside("constraint")
            .any(|c| attr(c, "name") == Some("required") && attr(c, "config") != Some("false")),
        wert: attr(field, "defaultValue").filter(|v| !v.contains("${")).map(Value::from),
        optionen: inside("value").filter_map(choice).take(1_000).collect(),
    })
}

/// Components of a Camunda 8 form; groups hold more of them.
fn components(json: &Value, depth: usize, out: &mut Vec<FormFeld>) {
    let list = json.get("components").and_then(Value::as_array).into_iter().flatten();
    for c in list {
        let text = |key: &str| c.get(key).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        if depth < 10 {
            components(c, depth + 1, out);
        }
        let typ = match text("type").unwrap_or_default() {
            "textfield" | "time" => FormTyp::Text,
            "textarea" => FormTyp::Langtext,
            "number" => FormTyp::Zahl,
            "checkbox" => FormTyp::JaNein,
            "datetime" => FormTyp::Datum,
            "radio" | "select" => FormTyp::Auswahl,
            "checklist" | "taglist" => FormTyp::Mehrfach,
            _ => continue,
        };
        let Some(name) = text("key").filter(|_| out.len() < MAX) else { continue };
        let choice = |v: &Value| {
            let value = v.get("value")?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some((value.clone(), labelled(&value, v.get("label").and_then(Value::as_str))))
        };
        out.push(FormFeld {
            name: name.to_owned(),
            label: labelled(name, text("label")),
            typ,
            pflicht: c.pointer("/validate/required") == Some(&Value::Bool(true)),
            wert: c.get("defaultValue").filter(|v| !v.is_null()).cloned(),
            optionen: c
                .get("values")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(choice)
                .take(1_000)
                .collect(),
        });
    }
}
