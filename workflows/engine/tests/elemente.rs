// SPDX-License-Identifier: EUPL-1.2
//! `elemente.tsv` says which tests prove which element; here it cannot rot.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("elemente.tsv");
const READS_NODES: &str = include_str!("../src/xml/inventory.rs");
const READS_EVENTS: &str = include_str!("../src/xml/events.rs");

/// Rows as (what, tags and files, tests).
fn rows() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 3, "{line}");
        (columns[0], columns[1].split(' ').collect(), columns[2].split(' ').collect())
    })
    .collect()
}

/// Texts in quotation marks between two marks of a source.
fn quoted<'a>(source: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let begin = source.find(from).unwrap() + from.len();
    let end = begin + source[begin..].find(to).unwrap();
    source[begin..end].split('"').skip(1).step_by(2).collect()
}

fn file(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = here.join("tests").join(format!("{name}.rs"));
    if own.is_file() { own } else { here.join("../../tests/tests").join(format!("{name}.rs")) }
}

#[test]
fn every_named_test_exists() {
    for (what, _, tests) in rows() {
        for test in tests {
            let (name, function) = test.split_once("::").unwrap_or_else(|| panic!("{what}: {test}"));
            let text = std::fs::read_to_string(file(name)).unwrap_or_else(|e| panic!("{what}: {test}: {e}"));
            let at = text.find(&format!("fn {function}(")).unwrap_or_else(|| panic!("{what}: {test} does not exist"));
            // A test of its own, or a part of a suite that is run against each database.
            let head: Vec<&str> = text[..at].lines().rev().take(3).collect();
            let own = head.iter().any(|line| line.contains("#[test]") || line.contains("#[tokio::test"));
            let called = text.matches(&format!("{function}(&")).count() > 0;
            assert!(own || called, "{what}: nothing runs {test}");
        }
    }
}

#[test]
fn every_element_of_the_engine_has_a_row() {
    let told: BTreeSet<&str> = rows().into_iter().flat_map(|(_, kinds, _)| kinds).collect();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let nodes = quoted(READS_NODES, "FLOW_NODES: &[&str] = &[", "];");
    assert!(nodes.len() > 20, "{nodes:?}");
    known.extend(nodes.into_iter().map(str::to_owned));
    let events: BTreeSet<&str> =
        READS_EVENTS.split('"').skip(1).step_by(2).filter(|t| t.ends_with("EventDefinition")).collect();
    let events =
        events.into_iter().filter(|t| t.len() > "EventDefinition".len() && t.chars().all(char::is_alphanumeric));
    known.extend(events.map(str::to_owned));
    assert!(known.contains("timerEventDefinition") && known.contains("cancelEventDefinition"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/element");
    let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    known.extend(files.filter(|name| name != "mod.rs"));
    let missing: Vec<&String> = known.iter().filter(|kind| !told.contains(kind.as_str())).collect();
    assert!(missing.is_empty(), "without a test: {missing:?}");
}
