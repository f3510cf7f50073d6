// SPDX-License-Identifier: EUPL-1.2
//! From the XML to shapes and edges.

use std::collections::HashMap;

use roxmltree::Node;

const BYTES_MAX: usize = 4_000_000;
const KNOTEN_MAX: u32 = 200_000;
const FORMEN_MAX: usize = 3_000;
const PUNKTE_MAX: usize = 60;
const TIEFE_MAX: usize = 200;
const KOORDINATE_MAX: f64 = 50_000.0;

/// What an element is, as far as the picture cares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// Local XML name, e.g. `userTask`.
    pub typ: String,
    pub name: String,
    /// Local name of the first event definition without `EventDefinition`.
    pub ereignis: String,
    /// Boundary or start event that does not interrupt.
    pub gestrichelt: bool,
    /// `parallel`, `sequential`, `loop` or empty.
    pub wiederholung: &'static str,
    /// Sub-process started by an event.
    pub durch_ereignis: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Kasten {
    pub x: f64,
    pub y: f64,
    pub b: f64,
    pub h: f64,
}

#[derive(Clone, Debug)]
pub struct Form {
    pub id: String,
    pub element: Element,
    pub kasten: Kasten,
    pub waagrecht: bool,
    pub offen: bool,
    pub beschriftung: Option<Kasten>,
}

#[derive(Clone, Debug)]
pub struct Kante {
    pub id: String,
    pub element: Element,
    pub punkte: Vec<(f64, f64)>,
    pub beschriftung: Option<Kasten>,
}

#[derive(Clone, Debug)]
pub struct Diagramm {
    pub formen: Vec<Form>,
    pub kanten: Vec<Kante>,
}

/// The first diagram with shapes; None when there is none or the file breaks a limit.
pub fn lesen(xml: &str) -> Option<Diagramm> {
    if xml.len() > BYTES_MAX || too_deep(xml) {
        return None;
    }
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: KNOTEN_MAX, ..Default::default() };
    let doc = roxmltree::Document::parse_with_options(xml, options).ok()?;
    let planes = || doc.descendants().filter(|n| n.tag_name().name() == "BPMNPlane");
    let plane = planes().find(|p| p.children().any(|c| c.tag_name().name() == "BPMNShape"))?;
    let elements = elements(&doc);
    let of =
        |n: &Node| elements.get(local(n.attribute("bpmnElement").unwrap_or_default())).cloned().unwrap_or_default();
    let shapes = plane.children().filter(|n| n.tag_name().name() == "BPMNShape").take(FORMEN_MAX);
    let formen: Vec<Form> = shapes
        .filter_map(|n| {
            Some(Form {
                id: local(n.attribute("bpmnElement").unwrap_or_default()).to_owned(),
                element: of(&n),
                kasten: bounds(&n)?,
                waagrecht: n.attribute("isHorizontal") != Some("false"),
                offen: n.attribute("isExpanded") == Some("true"),
                beschriftung: label(&n),
            })
        })
        .collect();
    let edges = plane.children().filter(|n| n.tag_name().name() == "BPMNEdge").take(FORMEN_MAX);
    let kanten = edges
        .map(|n| Kante {
            id: local(n.attribute("bpmnElement").unwrap_or_default()).to_owned(),
            element: of(&n),
            punkte: n
                .children()
                .filter(|c| c.tag_name().name() == "waypoint")
                .take(PUNKTE_MAX)
                .map(|w| (number(&w, "x"), number(&w, "y")))
                .collect(),
            beschriftung: label(&n),
        })
        .filter(|k: &Kante| k.punkte.len() >= 2)
        .collect();
    (!formen.is_empty()).then_some(Diagramm { formen, kanten })
}

/// Nesting is counted before the parser sees the file: depth must not depend on the stack.
fn too_deep(xml: &str) -> bool {
    let bytes = xml.as_bytes();
    let mut depth = 0usize;
    for (i, b) in bytes.iter().enumerate() {
        let next = bytes.get(i + 1).copied().unwrap_or(b' ');
        match b {
            b'<' if next == b'/' => depth = depth.saturating_sub(1),
            b'<' if !matches!(next, b'!' | b'?') => depth += 1,
            b'/' if next == b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > TIEFE_MAX {
            return true;
        }
    }
    false
}

/// Without a namespace prefix.
fn local(qname: &str) -> &str {
    qname.rsplit(':').next().unwrap_or(qname)
}

fn elements(doc: &roxmltree::Document) -> HashMap<String, Element> {
    let mut out = HashMap::new();
    for n in doc.descendants().filter(|n| n.is_element()) {
        let typ = n.tag_name().name();
        let Some(id) = n.attribute("id").filter(|_| !typ.starts_with("BPMN")) else { continue };
        let child = |name: &str| n.children().find(|c| c.tag_name().name() == name);
        let definition = n.children().find_map(|c| c.tag_name().name().strip_suffix("EventDefinition"));
        let wiederholung = match (child("multiInstanceLoopCharacteristics"), child("standardLoopCharacteristics")) {
            (Some(m), _) if m.attribute("isSequential") == Some("true") => "sequential",
            (Some(_), _) => "parallel",
            (None, Some(_)) => "loop",
            _ => "",
        };
        let name =
            n.attribute("name").map(str::to_owned).or_else(|| child("text").and_then(|t| t.text()).map(str::to_owned));
        let e = Element {
            typ: typ.to_owned(),
            name: name.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect(),
            ereignis: definition.unwrap_or_default().to_owned(),
            gestrichelt: n.attribute("cancelActivity") == Some("false")
                || n.attribute("isInterrupting") == Some("false"),
            wiederholung,
            durch_ereignis: n.attribute("triggeredByEvent") == Some("true"),
        };
        out.insert(id.to_owned(), e);
    }
    participants(doc, &mut out);
    out
}

/// A lane or pool without a name shows the process's.
fn participants(doc: &roxmltree::Document, out: &mut HashMap<String, Element>) {
    for n in doc.descendants().filter(|n| n.tag_name().name() == "participant") {
        let of_process = n.attribute("processRef").and_then(|p| out.get(local(p))).map(|e| e.name.clone());
        if let (Some(name), Some(e)) = (of_process, n.attribute("id").and_then(|id| out.get_mut(id)))
            && e.name.is_empty()
        {
            e.name = name;
        }
    }
}

fn bounds(n: &Node) -> Option<Kasten> {
    let b = n.children().find(|c| c.tag_name().name() == "Bounds")?;
    let size = |name| number(&b, name).abs().clamp(1.0, KOORDINATE_MAX);
    Some(Kasten { x: number(&b, "x"), y: number(&b, "y"), b: size("width"), h: size("height") })
}

fn label(n: &Node) -> Option<Kasten> {
    n.children().find(|c| c.tag_name().name() == "BPMNLabel").and_then(|l| bounds(&l))
}

/// A finite number within the drawing's limits; 0 for anything else.
fn number(n: &Node, name: &str) -> f64 {
    let value: f64 = n.attribute(name).and_then(|v| v.trim().parse().ok()).unwrap_or(0.0);
    if value.is_finite() { value.clamp(-KOORDINATE_MAX, KOORDINATE_MAX) } else { 0.0 }
}
