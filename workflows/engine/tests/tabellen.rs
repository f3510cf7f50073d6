// SPDX-License-Identifier: EUPL-1.2
//! Every table of `workflows/tabellen` gives what its example rows say, through the engine that runs it.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use engine::{Decisions as _, Tables};
use nachrichten::Werte;
use serde_json::Value;

/// An object names the fields that matter, a list is compared whole.
fn fits(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            want.iter().all(|(k, v)| fits(got.get(k).unwrap_or(&Value::Null), v))
        }
        (Value::Array(got), Value::Array(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(g, w)| fits(g, w))
        }
        _ => got == want,
    }
}

#[test]
fn every_table_gives_its_examples() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tabellen");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str().unwrap().strip_suffix(".dmn").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let read = |end: &str| std::fs::read_to_string(folder.join(format!("{name}{end}"))).unwrap();
        let tables = Tables::parse(&read(".dmn")).unwrap_or_else(|e| panic!("{name}: {e}"));
        let rows: Vec<Value> = serde_json::from_str(&read(".beispiele.json")).unwrap();
        assert!(!rows.is_empty(), "{name} has no example");
        for row in rows {
            let eingabe: Werte = serde_json::from_value(row["eingabe"].clone()).unwrap();
            let got = tables.evaluate(&name, &eingabe, "2026-11-23T07:00:00Z".parse().unwrap()).unwrap();
            assert!(fits(&got, &row["erwartet"]), "{name} of {}: {got}", row["eingabe"]);
        }
    }
}
