// SPDX-License-Identifier: EUPL-1.2
//! A decision table for the eye and for the test with example rows: its columns and cells, which rows fit an input,
//! and whether a result is what was expected.

use nachrichten::{
    Timestamp, Werte,
    fassungen::{Beispiel, Geprobt, Probe, Tabellenbild},
};
use roxmltree::{Document, Node};
use serde_json::Value;

use crate::{Decisions as _, Tables, dmn, dmn_limits::Limits};

/// The table that example rows of file `name` ask: the decision of the file's name, else the first table.
fn wanted<'a, 'x>(document: &'a Document<'x>, name: &str) -> Option<(Node<'a, 'x>, Node<'a, 'x>)> {
    let stem = name.strip_suffix(".dmn").unwrap_or(name);
    let tables = || {
        let decisions = document.root_element().children().filter(|n| n.tag_name().name() == "decision");
        decisions.filter_map(|d| Some((d, child(d, "decisionTable")?)))
    };
    tables().find(|(d, _)| d.attribute("id") == Some(stem) || d.attribute("name") == Some(stem)).or(tables().next())
}

/// Columns and rows of the table in file `name`; None when the file holds no table.
pub fn bild(name: &str, xml: &str) -> Option<Tabellenbild> {
    dmn::check(xml, &mut Limits::default()).ok()?;
    let document = Document::parse(xml).ok()?;
    let (decision, table) = wanted(&document, name)?;
    let text = |node: Node, name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let inputs = document.root_element().children().filter(|n| n.tag_name().name() == "inputData");
    let eingaben = inputs.filter_map(|i| {
        let v = child(i, "variable")?;
        Some((text(v, "name"), text(v, "typeRef")))
    });
    let ausgaben = children(table, "output").map(|o| (text(o, "name"), text(o, "typeRef")));
    let columns = ["input", "output", "annotation"];
    let cells = ["inputEntry", "outputEntry", "annotationEntry"];
    Some(Tabellenbild {
        entscheidung: decision.attribute("id").or(decision.attribute("name")).unwrap_or_default().to_owned(),
        name: text(decision, "name"),
        trefferregel: table.attribute("hitPolicy").unwrap_or("UNIQUE").to_owned(),
        eingaben: eingaben.collect(),
        ausgaben: ausgaben.collect(),
        spalten: columns.iter().flat_map(|tag| children(table, tag)).map(kopf).collect(),
        zeilen: children(table, "rule")
            .map(|rule| cells.iter().flat_map(|tag| children(rule, tag)).map(cell).collect())
            .collect(),
    })
}

/// A table ready to be asked.
pub struct Pruefstand {
    /// Its columns and cells.
    pub bild: Tabellenbild,
    tables: Tables,
    /// The same table, but it answers with the numbers of the rows that fit.
    counting: Tables,
}

impl Pruefstand {
    /// The table of file `name`.
    ///
    /// # Errors
    /// A German sentence: no DMN, no table in it.
    pub fn neu(name: &str, xml: &str) -> Result<Self, String> {
        let tables = Tables::parse(xml)?;
        let bild = bild(name, xml).ok_or("Die Datei enthält keine Entscheidungstabelle.")?;
        let counting = Tables::parse(&numbered(name, xml).ok_or("Die Tabelle lässt sich nicht zerlegen.")?)?;
        Ok(Self { bild, tables, counting })
    }

    /// What the table says to an input, and which of its rows fit.
    pub fn probieren(&self, eingabe: &Werte, now: Timestamp) -> Probe {
        // An input that is not given is null, as the processes give it.
        let mut input = eingabe.clone();
        for (name, _) in &self.bild.eingaben {
            input.entry(name.as_str()).or_insert(Value::Null);
        }
        let asked = || -> Result<Probe, String> {
            let ergebnis = self.tables.evaluate(&self.bild.entscheidung, &input, now)?;
            let number = |v: &Value| v.as_f64().map(|n| n as u32);
            let zeilen = match self.counting.evaluate(&self.bild.entscheidung, &input, now)? {
                Value::Array(rows) => rows.iter().filter_map(number).collect(),
                one => number(&one).into_iter().collect(),
            };
            Ok(Probe { ergebnis, fehler: None, zeilen })
        };
        asked().unwrap_or_else(|fehler| Probe { fehler: Some(fehler), ..Probe::default() })
    }

    /// Asks an example row.
    pub fn pruefen(&self, beispiel: &Beispiel, now: Timestamp) -> Geprobt {
        let mut probe = self.probieren(&beispiel.eingabe, now);
        let known = |name: &&String| self.bild.eingaben.iter().any(|(n, _)| n == *name);
        if let Some(name) = beispiel.eingabe.keys().find(|n| !known(n)) {
            probe.fehler = Some(format!("Die Tabelle kennt die Eingabe „{name}“ nicht."));
        }
        let abweichungen = abweichungen(&beispiel.erwartet, &probe.ergebnis);
        Geprobt { beispiel: beispiel.clone(), probe, abweichungen }
    }
}

/// Where a result is not as expected: name, expected, got. Of a context only the named entries count.
pub fn abweichungen(erwartet: &Value, ergebnis: &Value) -> Vec<(String, Value, Value)> {
    let same = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    match (erwartet, ergebnis) {
        (Value::Object(want), Value::Object(got)) => {
            let got = |name: &str| got.get(name).cloned().unwrap_or(Value::Null);
            let different = want.iter().filter(|(name, value)| !same(value, &got(name)));
            different.map(|(name, value)| (name.clone(), value.clone(), got(name))).collect()
        }
        // A table with one output gives its value alone.
        (Value::Object(want), got) if want.len() == 1 => {
            let different = want.iter().filter(|(_, value)| !same(value, got));
            different.map(|(name, value)| (name.clone(), value.clone(), got.clone())).collect()
        }
        (want, got) if same(want, got) => Vec::new(),
        (want, got) => vec![("Ergebnis".to_owned(), want.clone(), got.clone())],
    }
}

/// The file with a table that collects the numbers of the rows that fit: the same evaluator decides what fits.
fn numbered(name: &str, xml: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let (decision, table) = wanted(&document, name)?;
    let mut cuts: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    // The prefix of the file's own elements.
    let prefix = xml.get(table.range())?.strip_prefix('<')?.split("decisionTable").next()?.to_owned();
    for a in table.attributes().filter(|a| matches!(a.name(), "hitPolicy" | "aggregation")) {
        cuts.push((a.range(), String::new()));
    }
    let at = table.range().start + 1 + prefix.len() + "decisionTable".len();
    cuts.push((at..at, " hitPolicy=\"COLLECT\"".to_owned()));
    // A declared type of the result would not fit numbers.
    let typed = child(decision, "variable").into_iter().flat_map(|v| v.attributes()).filter(|a| a.name() == "typeRef");
    cuts.extend(typed.map(|a| (a.range(), String::new())));
    for (n, output) in children(table, "output").enumerate() {
        let text = if n == 0 { format!("<{prefix}output/>") } else { String::new() };
        cuts.push((output.range(), text));
    }
    for (number, rule) in children(table, "rule").enumerate() {
        for (n, entry) in children(rule, "outputEntry").enumerate() {
            let entry_text =
                format!("<{prefix}outputEntry><{prefix}text>{}</{prefix}text></{prefix}outputEntry>", number + 1);
            cuts.push((entry.range(), if n == 0 { entry_text } else { String::new() }));
        }
    }
    cuts.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut out, mut from) = (String::with_capacity(xml.len()), 0);
    for (range, text) in cuts {
        out.push_str(xml.get(from..range.start)?);
        out.push_str(&text);
        from = range.end;
    }
    out.push_str(xml.get(from..)?);
    Some(out)
}

/// Name of a column: its label, else its name, else its expression.
pub(crate) fn kopf(column: Node) -> String {
    let named = ["label", "name"].iter().find_map(|a| column.attribute(*a).filter(|v| !v.trim().is_empty()));
    match named {
        Some(name) => name.trim().to_owned(),
        None => child(column, "inputExpression").map(cell).unwrap_or_default(),
    }
}

/// Text of a cell.
pub(crate) fn cell(entry: Node) -> String {
    child(entry, "text").map(crate::xml::text).unwrap_or_default()
}

/// Children by local name: DMN has a namespace per edition.
pub(crate) fn children<'a, 'x: 'a>(node: Node<'a, 'x>, tag: &str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |c| c.is_element() && c.tag_name().name() == tag)
}

pub(crate) fn child<'a, 'x: 'a>(node: Node<'a, 'x>, tag: &str) -> Option<Node<'a, 'x>> {
    children(node, tag).next()
}
