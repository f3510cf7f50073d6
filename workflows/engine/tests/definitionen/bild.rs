// SPDX-License-Identifier: EUPL-1.2
//! Every drawing can be read: no two boxes lie on each other, no name lies on a box or on another name, every line
//! begins and ends at its boxes and runs through no other.

use std::collections::HashMap;

use roxmltree::{Document, Node};

/// x, y, width, height.
type Rect = [f64; 4];

/// Rounding of modellers.
const TOLERANCE: f64 = 1.5;

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn bounds(node: Node) -> Option<Rect> {
    let b = node.children().find(|c| c.tag_name().name() == "Bounds")?;
    Some(["x", "y", "width", "height"].map(|name| number(b, name)))
}

fn overlap(a: Rect, b: Rect, allowed: f64) -> bool {
    a[0] + allowed < b[0] + b[2]
        && b[0] + allowed < a[0] + a[2]
        && a[1] + allowed < b[1] + b[3]
        && b[1] + allowed < a[1] + a[3]
}

fn inside(outer: Rect, inner: Rect) -> bool {
    outer[0] <= inner[0]
        && outer[1] <= inner[1]
        && outer[0] + outer[2] >= inner[0] + inner[2]
        && outer[1] + outer[3] >= inner[1] + inner[3]
}

/// Does a name lie on a symbol? Gateways are diamonds, events circles: their corners are free.
fn lies_on(label: Rect, symbol: Rect, kind: &str) -> bool {
    let away = |axis: usize| {
        let mid = symbol[axis] + symbol[axis + 2] / 2.0;
        (label[axis] - mid).max(0.0).max(mid - label[axis] - label[axis + 2]) / (symbol[axis + 2] / 2.0)
    };
    match kind {
        k if k.ends_with("Gateway") => away(0) + away(1) < 1.0,
        k if k.ends_with("Event") => away(0).hypot(away(1)) < 1.0,
        _ => overlap(label, symbol, 0.5),
    }
}

fn at_border(p: (f64, f64), r: Rect) -> bool {
    let within = |v: f64, from: f64, size: f64| v >= from - TOLERANCE && v <= from + size + TOLERANCE;
    let near = |v: f64, from: f64, size: f64| (v - from).abs() <= TOLERANCE || (v - from - size).abs() <= TOLERANCE;
    within(p.0, r[0], r[2]) && within(p.1, r[1], r[3]) && (near(p.0, r[0], r[2]) || near(p.1, r[1], r[3]))
}

/// Everything that makes a drawing hard to read, as sentences.
fn faults(xml: &str) -> Vec<String> {
    let document = Document::parse(xml).unwrap();
    let model: HashMap<&str, Node> = document
        .descendants()
        .filter(|n| n.tag_name().namespace() == Some("http://www.omg.org/spec/BPMN/20100524/MODEL"))
        .filter_map(|n| Some((n.attribute("id")?, n)))
        .collect();
    let planes = document.descendants().filter(|n| n.tag_name().name() == "BPMNPlane");
    planes.flat_map(|plane| of_plane(plane, &model)).collect()
}

fn of_plane(plane: Node, model: &HashMap<&str, Node>) -> Vec<String> {
    let mut faults = Vec::new();
    let drawn = |tag: &'static str| plane.children().filter(move |n| n.tag_name().name() == tag);
    let of = |n: Node| model[n.attribute("bpmnElement").unwrap()].attribute("id").unwrap();
    let kind = |id: &str| model[id].tag_name().name();
    let frame = |id: &str| matches!(kind(id), "participant" | "lane" | "group");
    let holds = |outer: &str, inner: &str| model[inner].ancestors().skip(1).any(|a| a.attribute("id") == Some(outer));
    let shapes: Vec<(&str, Rect)> =
        drawn("BPMNShape").map(|n| (of(n), bounds(n).unwrap())).filter(|(id, _)| !frame(id)).collect();
    let label = |n: Node| n.children().find(|c| c.tag_name().name() == "BPMNLabel").and_then(bounds);
    let labels: Vec<(&str, Rect)> =
        drawn("BPMNShape").chain(drawn("BPMNEdge")).filter_map(|n| Some((of(n), label(n)?))).collect();

    for (i, (a, at)) in shapes.iter().enumerate() {
        for (b, other) in &shapes[i + 1..] {
            let attached = |x: &str, y: &str| model[x].attribute("attachedToRef") == Some(y);
            if !overlap(*at, *other, 0.5) || attached(a, b) || attached(b, a) {
                continue;
            }
            match (holds(a, b), holds(b, a)) {
                (true, _) if inside(*at, *other) => {}
                (_, true) if inside(*other, *at) => {}
                // On the border of its host, and the host lies in the same box.
                (true, _) | (_, true) if kind(a) == "boundaryEvent" || kind(b) == "boundaryEvent" => {}
                _ => faults.push(format!("{a} and {b} lie on each other")),
            }
        }
    }
    for (i, (a, at)) in labels.iter().enumerate() {
        for (shape, r) in shapes.iter().filter(|(shape, _)| !holds(shape, a)) {
            if lies_on(*at, *r, kind(shape)) {
                faults.push(format!("the name of {a} lies on {shape}"));
            }
        }
        for (b, _) in labels[i + 1..].iter().filter(|(_, r)| overlap(*at, *r, 0.5)) {
            faults.push(format!("the names of {a} and {b} lie on each other"));
        }
    }
    for edge in drawn("BPMNEdge") {
        let id = of(edge);
        let (Some(source), Some(target)) = (model[id].attribute("sourceRef"), model[id].attribute("targetRef")) else {
            continue;
        };
        let points: Vec<(f64, f64)> = edge
            .children()
            .filter(|c| c.tag_name().name() == "waypoint")
            .map(|w| (number(w, "x"), number(w, "y")))
            .collect();
        for (end, point) in [(source, points.first()), (target, points.last())] {
            let shape = shapes.iter().find(|(s, _)| *s == end).map(|(_, r)| *r);
            if !shape.is_some_and(|r| point.is_some_and(|p| at_border(*p, r))) {
                faults.push(format!("{id} does not touch {end}"));
            }
        }
        for pair in points.windows(2) {
            let (p, q) = (pair[0], pair[1]);
            let line = [p.0.min(q.0), p.1.min(q.1), (p.0 - q.0).abs(), (p.1 - q.1).abs()];
            if line[2] > 0.0 && line[3] > 0.0 {
                faults.push(format!("{id} is slanted"));
            }
            for (shape, r) in shapes.iter().filter(|(s, _)| *s != source && *s != target && !holds(s, id)) {
                if overlap(line, *r, 1.0) {
                    faults.push(format!("{id} runs through {shape}"));
                }
            }
            for (name, r) in &labels {
                if overlap(line, *r, 2.0) {
                    faults.push(format!("{id} runs through the name of {name}"));
                }
            }
        }
    }
    faults
}

fn text(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../definitionen/").to_owned() + name;
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_drawing_can_be_read() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../definitionen")).unwrap();
    let names: Vec<String> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    let names: Vec<&String> = names.iter().filter(|n| n.ends_with(".bpmn")).collect();
    assert!(names.len() >= 11, "{names:?}");
    let all: Vec<String> =
        names.iter().flat_map(|n| faults(&text(n)).into_iter().map(move |f| format!("{n}: {f}"))).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// What the test above looks for is found: each line of a small drawing is broken once.
#[test]
fn what_is_hard_to_read_is_found() {
    let good = text("soforthinweis.bpmn");
    assert_eq!(faults(&good), Vec::<String>::new());
    let document = Document::parse(&good).unwrap();
    let shape =
        document.descendants().find(|n| n.tag_name().name() == "BPMNShape" && bounds(*n).unwrap()[2] > 90.0).unwrap();
    let [x, y, ..] = bounds(shape).unwrap();
    let at = format!("x=\"{x}\" y=\"{y}\"");
    assert!(good.contains(&at), "{at}");
    let moved = faults(&good.replace(&at, &format!("x=\"{}\" y=\"{y}\"", x - 150.0)));
    for wanted in ["lie on each other", "does not touch"] {
        assert!(moved.iter().any(|f| f.contains(wanted)), "{wanted}: {moved:?}");
    }
    let high = "<di:waypoint x=\"2700\" y=\"238\"/>";
    let crossing = text("dokument.bpmn").replace(high, &high.replace("238", "190"));
    assert!(faults(&crossing).iter().any(|f| f.contains("is slanted")), "{:?}", faults(&crossing));
    let low = "<di:waypoint x=\"1310\" y=\"238\"/>";
    let through = faults(&crossing.replace(low, &low.replace("238", "190")));
    assert_eq!(through, ["KlaerungErgebnis_Zustaendigkeit runs through AnDasAmt"]);
    let label = document.descendants().find(|n| n.tag_name().name() == "BPMNLabel").and_then(bounds).unwrap();
    let at = format!("x=\"{}\" y=\"{}\"", label[0], label[1]);
    assert!(good.contains(&at), "{at}");
    let on_box = faults(&good.replace(&at, &format!("x=\"{x}\" y=\"{y}\"")));
    assert!(on_box.iter().any(|f| f.contains("the name of")), "{on_box:?}");
}
