// SPDX-License-Identifier: EUPL-1.2
//! Two texts of a decision table.

use std::collections::HashMap;

use nachrichten::fassungen::{Aenderung, AenderungArt, Angabe};
use roxmltree::{Document, Node};

use super::{Ding, Wert, aenderungen};
use crate::{
    dmn,
    dmn_limits::Limits,
    tabelle::{cell, child, children, kopf},
};

const ZEILEN_MAX: usize = 2_000;

/// Difference of two DMN files: decisions, inputs, outputs, hit policy, and rows; a row that only stands elsewhere
/// says so, for in a table of the first hit the order decides.
///
/// # Errors
/// A German sentence: a file does not read.
pub fn tabelle(alt: &str, neu: &str) -> Result<Vec<Aenderung>, String> {
    dmn::check(alt, &mut Limits::default())?;
    dmn::check(neu, &mut Limits::default())?;
    let read = |text| Document::parse(text).map_err(|_| "Die Datei ist kein gültiges XML.".to_owned());
    let (a, b) = (read(alt)?, read(neu)?);
    let (a, mut b) = (Modell::of(&a), Modell::of(&b));
    let mut lines = aenderungen(&a.dinge, &b.dinge);
    b.follow(&a);
    lines.extend(aenderungen(&a.zeilen(), &b.zeilen()));
    for (row, from, to) in moved(&a.regeln, &b.regeln) {
        let stelle = |n: usize| Some(format!("Zeile {n}"));
        let angabe = Angabe { was: "Stelle in der Tabelle".to_owned(), alt: stelle(from), neu: stelle(to) };
        match lines.iter_mut().find(|l| l.element == row.id) {
            Some(line) => line.angaben.push(angabe),
            None => lines.push(Aenderung {
                art: AenderungArt::Geaendert,
                element: row.id.clone(),
                name: row.name.clone(),
                was: row.was.clone(),
                angaben: vec![angabe],
            }),
        }
    }
    lines.truncate(ZEILEN_MAX);
    Ok(lines)
}

/// A row; `stelle` is its number in its table, from 1.
struct Regel {
    ding: Ding,
    tabelle: String,
    stelle: usize,
}

struct Modell {
    dinge: Vec<Ding>,
    regeln: Vec<Regel>,
}

impl Modell {
    fn of(document: &Document) -> Self {
        let root = document.root_element();
        let tables = document.descendants().filter(|n| n.tag_name().name() == "decisionTable").count();
        let mut modell = Self { dinge: Vec::new(), regeln: Vec::new() };
        for node in root.children().filter(|n| n.is_element()) {
            let was = match node.tag_name().name() {
                "decision" => "Entscheidung",
                "inputData" => "Eingangsgröße",
                "businessKnowledgeModel" => "Funktion",
                "itemDefinition" => "Typ",
                "decisionService" => "Entscheidungsdienst",
                "knowledgeSource" => "Grundlage",
                "import" => "Einbindung",
                _ => continue,
            };
            let mut ding = ding(node, was);
            facts(node, &mut ding);
            let table = child(node, "decisionTable");
            if let Some(table) = table {
                let hits = table.attribute("hitPolicy").unwrap_or("UNIQUE");
                let hits = table.attribute("aggregation").map_or(hits.to_owned(), |a| format!("{hits} {a}"));
                ding.add("Trefferregel", Wert::plain(hits));
            }
            modell.dinge.push(ding);
            if let Some(table) = table {
                modell.table(node, table, tables > 1);
            }
        }
        modell
    }

    fn table(&mut self, decision: Node, table: Node, several: bool) {
        let of = if several {
            format!(" in „{}“", decision.attribute("name").unwrap_or_default())
        } else {
            String::new()
        };
        for (tag, was) in [("input", "Eingabespalte"), ("output", "Ergebnisspalte")] {
            for (n, column) in children(table, tag).enumerate() {
                let mut ding = ding(column, &format!("{was}{of}"));
                if ding.id.is_empty() {
                    ding.id = format!("{tag}-{n}");
                }
                ding.name = kopf(column);
                facts(column, &mut ding);
                self.dinge.push(ding);
            }
        }
        let heads: Vec<String> = children(table, "input").chain(children(table, "output")).map(kopf).collect();
        for (n, rule) in children(table, "rule").enumerate() {
            let mut ding = ding(rule, &format!("Zeile {}{of}", n + 1));
            let cells = children(rule, "inputEntry").chain(children(rule, "outputEntry"));
            for (head, entry) in heads.iter().zip(cells) {
                let text = cell(entry);
                // No condition is no fact: a new column would else change every row.
                if text != "-" {
                    ding.add(head, Wert::plain(text));
                }
            }
            ding.name = children(rule, "annotationEntry").map(cell).find(|t| !t.is_empty()).unwrap_or_default();
            let tabelle = decision.attribute("id").unwrap_or_default().to_owned();
            self.regeln.push(Regel { ding, tabelle, stelle: n + 1 });
        }
    }

    fn zeilen(&self) -> Vec<Ding> {
        self.regeln.iter().map(|r| r.ding.clone()).collect()
    }

    /// Rows that an editor gave a new id, or none, are the old ones if they say the same.
    fn follow(&mut self, alt: &Self) {
        let said = |r: &Regel| format!("{}\n{}\n{:?}", r.tabelle, r.ding.name, r.ding.angaben);
        let mine: Vec<String> = self.regeln.iter().map(|r| r.ding.id.clone()).collect();
        let mut free: HashMap<String, Vec<String>> = HashMap::new();
        for r in alt.regeln.iter().rev().filter(|r| r.ding.id.is_empty() || !mine.contains(&r.ding.id)) {
            free.entry(said(r)).or_default().push(r.ding.id.clone());
        }
        let known: Vec<&String> = alt.regeln.iter().map(|r| &r.ding.id).collect();
        for r in self.regeln.iter_mut().filter(|r| r.ding.id.is_empty() || !known.contains(&&r.ding.id)) {
            if let Some(id) = free.get_mut(&said(r)).and_then(Vec::pop) {
                r.ding.id = id;
            }
        }
    }
}

fn ding(node: Node, was: &str) -> Ding {
    let text = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let mut id = text("id");
    if id.is_empty() && node.tag_name().name() == "rule" {
        // Without an id a row is known by its place, until `follow` finds it by what it says.
        let before = node.prev_siblings().filter(|n| n.tag_name().name() == "rule").count();
        id = format!("zeile-{before}");
    }
    let tag = node.tag_name().name().to_owned();
    Ding { id, name: text("name"), tag, was: was.to_owned(), angaben: Vec::new(), lage: String::new() }
}

/// What a decision, column or input says of itself, without the columns and rows of its table.
fn facts(node: Node, ding: &mut Ding) {
    let word = |name: &str| match name {
        "typeRef" => "Typ".to_owned(),
        "inputExpression" | "literalExpression" => "Ausdruck".to_owned(),
        "inputValues" | "outputValues" | "allowedValues" => "Erlaubte Werte".to_owned(),
        "defaultOutputEntry" => "Sonst".to_owned(),
        "label" => "Beschriftung".to_owned(),
        "description" => "Beschreibung".to_owned(),
        "question" => "Frage".to_owned(),
        "href" => "Braucht".to_owned(),
        other => other.to_owned(),
    };
    for n in node.descendants().filter(|n| n.is_element()) {
        let in_table = n.ancestors().take_while(|a| *a != node).any(|a| a.tag_name().name() == "decisionTable");
        if in_table && node.tag_name().name() == "decision" {
            continue;
        }
        for a in n.attributes().filter(|a| a.name() != "id" && !(n == node && matches!(a.name(), "name" | "label"))) {
            if a.name() != "name" {
                ding.add(&word(a.name()), Wert::plain(a.value().trim()));
            }
        }
        let text = crate::xml::text(n);
        if !text.is_empty() {
            let tag = match n.tag_name().name() {
                "text" => n.parent().map_or("text", |p| p.tag_name().name()),
                tag => tag,
            };
            ding.add(&word(tag), Wert::plain(text));
        }
    }
}

/// Rows of both tables whose order among the common ones changed: row, old and new number. The fewest that explain it.
fn moved<'a>(alt: &[Regel], neu: &'a [Regel]) -> Vec<(&'a Ding, usize, usize)> {
    let before: HashMap<&str, usize> = alt.iter().enumerate().map(|(i, r)| (r.ding.id.as_str(), i)).collect();
    let common: Vec<(usize, &Regel)> = neu.iter().filter_map(|r| Some((*before.get(r.ding.id.as_str())?, r))).collect();
    let kept = longest_rising(&common.iter().map(|(i, _)| *i).collect::<Vec<_>>());
    let stays = |n: &usize| kept.contains(n);
    let list = common.iter().enumerate().filter(|(n, _)| !stays(n));
    list.filter_map(|(_, (i, r))| Some((&r.ding, alt.get(*i)?.stelle, r.stelle))).collect()
}

/// Places of a longest rising run of the numbers.
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), vec![None; numbers.len()]);
    for (n, value) in numbers.iter().enumerate() {
        let at = ends.partition_point(|e| numbers.get(*e).is_some_and(|v| v < value));
        if let Some(slot) = before.get_mut(n) {
            *slot = at.checked_sub(1).and_then(|p| ends.get(p)).copied();
        }
        match ends.get_mut(at) {
            Some(end) => *end = n,
            None => ends.push(n),
        }
    }
    let mut out = Vec::new();
    let mut next = ends.last().copied();
    while let Some(n) = next {
        out.push(n);
        next = before.get(n).copied().flatten();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::longest_rising;

    #[test]
    fn the_fewest_rows_count_as_moved() {
        let kept = |numbers: &[usize]| {
            let mut k = longest_rising(numbers);
            k.sort_unstable();
            k
        };
        assert_eq!(kept(&[0, 1, 2, 3]), [0, 1, 2, 3]);
        assert_eq!(kept(&[3, 0, 1, 2]), [1, 2, 3], "the last row went to the top");
        assert_eq!(kept(&[1, 2, 3, 0]), [0, 1, 2], "the first row went to the end");
        assert!(kept(&[]).is_empty());
    }
}
