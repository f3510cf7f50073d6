// SPDX-License-Identifier: EUPL-1.2
//! The structure of every instance of the conformance data, as the official configuration judges it; and the tables.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use rechnung::{
    Limits, detect,
    norm::{schema::Schema, struktur},
    xml,
};
use serde_json::Value;

#[test]
fn every_instance_is_built_as_the_official_result_says() {
    let Some(root) = common::shared("conformance/einvoice") else { return };
    let (mut seen, mut wrong) = (0, Vec::new());
    for row in std::fs::read_to_string(root.join("expected.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let file = row["file"].as_str().unwrap();
        let Some(expected) = row["xsd_ok"].as_bool() else { continue };
        let tree = xml::parse(&std::fs::read(root.join(file)).unwrap(), &Limits::default());
        let schema = |tree: &rechnung::tree::Tree| match detect::syntax(tree).map(detect::Syntax::code) {
            Some("cii") => Some(Schema::cii()),
            Some(_) => Some(Schema::ubl()),
            None => None,
        };
        let defects = tree.as_ref().ok().and_then(|tree| Some(struktur::check(tree, schema(tree)?)));
        let ours = defects.as_ref().is_some_and(Vec::is_empty);
        seen += 1;
        if ours != expected {
            let first = defects.and_then(|d| d.first().cloned());
            let place = first.as_ref().map(|d| tree.unwrap().location(d.node));
            wrong.push(format!("{file}: ours {ours}, {first:?} at {place:?}; official: {}", row["xsd_error"]));
        }
    }
    eprintln!("{seen} instances, {} differ", wrong.len());
    assert!(seen > 2_000 && wrong.is_empty(), "{}", wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
}
