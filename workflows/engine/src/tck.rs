// SPDX-License-Identifier: EUPL-1.2
//! Runs test cases of the DMN Technology Compatibility Kit.

use dsntk_feel::Name;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use nachrichten::Timestamp;
use roxmltree::Node;
use serde::Serialize;

use crate::dmn::Tables;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One result node of a test case.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Id of the test case.
    pub test: String,
    /// Name of the decision.
    pub node: String,
    /// Expected value as FEEL text.
    pub expected: String,
    /// What came out.
    pub got: String,
    /// Equal.
    pub pass: bool,
}

/// Runs one test case file against the models of its folder.
///
/// # Errors
/// When the file is no test case file or names no known model.
pub fn run(tables: &Tables, tests: &str, now: Timestamp) -> Result<Vec<Verdict>, String> {
    let document = roxmltree::Document::parse(tests).map_err(|e| format!("Zeile {}: {e}", e.pos().row))?;
    let root = document.root_element();
    let mut verdicts = Vec::new();
    for case in named(root, "testCase") {
        let mut input = FeelContext::new();
        for node in named(case, "inputNode") {
            input.set_entry(&Name::from(node.attribute("name").unwrap_or_default()), value(node));
        }
        for node in named(case, "resultNode") {
            let name = node.attribute("name").unwrap_or_default();
            let expected = named(node, "expected").next().map_or(Feel::Null(None), value);
            let invocable = case.attribute("invocableName").unwrap_or(name);
            let mut got = Feel::Null(None);
            for (namespace, model) in tables.models() {
                got = tables.invoke(namespace, model, invocable, &input, now)?;
                if !matches!(got, Feel::Null(_)) {
                    break;
                }
            }
            // A decision service with several outputs gives a context; the node names the one that is meant.
            if invocable != name
                && let Feel::Context(outputs) = &got
                && let Some(output) = outputs.get_entry(&Name::from(name))
            {
                got = output.clone();
            }
            verdicts.push(Verdict {
                test: case.attribute("id").unwrap_or_default().to_owned(),
                node: name.to_owned(),
                expected: expected.to_string(),
                got: got.to_string(),
                pass: equal(&expected, &got),
            });
        }
    }
    Ok(verdicts)
}

fn named<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == name)
}

/// `value`, `list` or `component`s inside of a node.
fn value(node: Node) -> Feel {
    if let Some(simple) = named(node, "value").next() {
        return simple_value(simple);
    }
    if let Some(list) = named(node, "list").next() {
        if list.attribute((XSI, "nil")) == Some("true") {
            return Feel::Null(None);
        }
        return Feel::List(named(list, "item").map(value).collect());
    }
    let mut context = FeelContext::new();
    let mut any = false;
    for component in named(node, "component") {
        any = true;
        context.set_entry(&Name::from(component.attribute("name").unwrap_or_default()), value(component));
    }
    if any { Feel::Context(context) } else { Feel::Null(None) }
}

fn simple_value(node: Node) -> Feel {
    if node.attribute((XSI, "nil")) == Some("true") {
        return Feel::Null(None);
    }
    let text = node.text().unwrap_or_default();
    let kind = node.attribute((XSI, "type")).unwrap_or("xsd:string");
    let read = match kind.rsplit_once(':').map_or(kind, |(_, local)| local) {
        "decimal" => Feel::try_from_xsd_decimal(text),
        "double" | "float" => Feel::try_from_xsd_double(text),
        "integer" | "int" | "long" => Feel::try_from_xsd_integer(text),
        "boolean" => Feel::try_from_xsd_boolean(text),
        "date" => Feel::try_from_xsd_date(text),
        "time" => Feel::try_from_xsd_time(text),
        "dateTime" => Feel::try_from_xsd_date_time(text),
        "duration" => Feel::try_from_xsd_duration(text),
        _ => return Feel::String(text.to_owned()),
    };
    read.unwrap_or(Feel::Null(None))
}

/// Equal as the kit means it: numbers to eight decimals, everything else by FEEL equality.
fn equal(expected: &Feel, got: &Feel) -> bool {
    match (expected, got) {
        (Feel::Null(_), Feel::Null(_)) => true,
        (Feel::Number(a), Feel::Number(b)) => match (a.to_string().parse::<f64>(), b.to_string().parse::<f64>()) {
            (Ok(a), Ok(b)) => (a - b).abs() <= 1e-8 * a.abs().max(1.0),
            _ => false,
        },
        (Feel::List(a), Feel::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Feel::Context(a), Feel::Context(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get_entry(name).is_some_and(|other| equal(value, other)))
        }
        _ => dsntk_feel_evaluator::evaluate_equals(expected, got),
    }
}
