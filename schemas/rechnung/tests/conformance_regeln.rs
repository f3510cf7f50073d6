// SPDX-License-Identifier: EUPL-1.2
//! The rules of EN 16931's artefacts that this crate has as a table, on every instance of the conformance data: which
//! fire, how often, and where.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use rechnung::{
    Limits, detect,
    norm::{pruefen, regelwerk::Regelwerk},
    xml,
};
use serde_json::Value;

#[test]
fn every_rule_fires_where_the_official_result_says() {
    let Some(root) = common::shared("conformance/einvoice") else { return };
    let places = std::fs::read_to_string(root.join("locations.jsonl")).unwrap();
    let places: Vec<Value> = places.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: BTreeMap<&str, &Value> = places.iter().map(|row| (row["file"].as_str().unwrap(), &row["en"])).collect();
    let (mut seen, mut located, mut wrong) = (0, 0, BTreeMap::<String, Vec<String>>::new());
    for row in std::fs::read_to_string(root.join("expected.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let file = row["file"].as_str().unwrap();
        let Some(expected) = row["rules_en"].as_array() else { continue };
        let tree = xml::parse(&std::fs::read(root.join(file)).unwrap(), &Limits::default()).unwrap();
        let rules = match detect::syntax(&tree).map(detect::Syntax::code) {
            Some("cii") => Regelwerk::cii_2026_01_31(),
            Some(_) => Regelwerk::ubl_2026_01_31(),
            None => continue,
        };
        let known: BTreeSet<&str> = rules.rules.iter().filter(|r| r.limit.is_some()).map(|r| r.id).collect();
        let theirs: BTreeMap<&str, u64> = expected
            .iter()
            .map(|r| (r[0].as_str().unwrap(), r[2].as_u64().unwrap()))
            .filter(|(id, _)| known.contains(id))
            .collect();
        let mut ours = BTreeMap::<&str, u64>::new();
        let mut here = Vec::new();
        for firing in pruefen::run(&tree, rules) {
            let id = rules.rules[usize::from(firing.rule)].id;
            *ours.entry(id).or_default() += 1;
            here.push((id.to_owned(), tree.location(firing.node)));
        }
        seen += 1;
        if let Some(there) = places.get(file).and_then(|all| all.as_array()) {
            let text = |v: &Value| v.as_str().unwrap().to_owned();
            let mut there: Vec<_> = there.iter().map(|p| (text(&p[0]), text(&p[1]))).collect();
            there.retain(|(id, _)| known.contains(id.as_str()));
            there.sort();
            here.sort();
            located += there.len();
            if here != there {
                wrong.entry("place".to_owned()).or_default().push(format!("{file}: ours {here:?}, official {there:?}"));
            }
        }
        for id in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            if ours.get(id) != theirs.get(id) {
                let line = format!("{file}: ours {:?}, official {:?}", ours.get(id), theirs.get(id));
                wrong.entry((*id).to_owned()).or_default().push(line);
            }
        }
    }
    eprintln!("{seen} instances, {located} places, {} rules differ", wrong.len());
    let lines: Vec<String> = wrong.iter().map(|(id, all)| format!("{id}: {} times, {}", all.len(), all[0])).collect();
    assert!(seen > 2_000 && located > 100 && wrong.is_empty(), "{}", lines.join("\n"));
}
