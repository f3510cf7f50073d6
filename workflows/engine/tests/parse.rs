// SPDX-License-Identifier: EUPL-1.2
//! Files of other tools: read without loss, each deployed, drawn only or refused with a reason, quickly.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{DeployError, DeployOptions, NoDecisions, deploy, inventory};
use serde_json::{Value, json};

#[test]
fn inventories_are_equal() {
    let Some(folder) = common::shared("conformance/bpmn/parse") else {
        return;
    };
    let mut count = 0;
    let mut wrong = Vec::new();
    for sub in common::files(&folder, "") {
        let list: Value = serde_json::from_str(&std::fs::read_to_string(sub.join("inventory.json")).unwrap()).unwrap();
        for (name, expected) in list["files"].as_object().unwrap() {
            count += 1;
            let xml = String::from_utf8_lossy(&std::fs::read(sub.join(name)).unwrap()).into_owned();
            let got = inventory(&xml);
            if expected["well_formed"] == json!(false) {
                if got.is_ok() {
                    wrong.push(format!("{name}: accepted, but it is not well-formed"));
                }
                continue;
            }
            let got = serde_json::to_value(got.unwrap_or_else(|e| panic!("{name}: {e}"))).unwrap();
            for key in
                ["processes", "flow_nodes", "sequence_flows", "event_definitions", "other", "di_shapes", "di_edges"]
            {
                if got[key] != expected[key] {
                    wrong.push(format!("{name}: {key} {} expected {}", got[key], expected[key]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 105, "only {count} files");
}

#[test]
fn every_file_is_deployed_drawn_or_refused_with_a_reason_within_20_ms() {
    let Some(folder) = common::shared("conformance/bpmn/parse") else {
        return;
    };
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines = Vec::new();
    for sub in common::files(&folder, "") {
        for file in common::files(&sub, "").into_iter().filter(|f| !f.ends_with("inventory.json")) {
            let xml = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let start = std::time::Instant::now();
            let result = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default());
            let mut took = start.elapsed();
            for _ in 0..3 {
                let start = std::time::Instant::now();
                let _ = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default());
                took = took.min(start.elapsed());
            }
            assert!(took.as_millis() < 20, "{name} took {took:?}");
            let (verdict, reason) = match result {
                Ok(d) if d.processes.is_empty() => ("drawn", String::new()),
                Ok(_) => ("deployed", String::new()),
                Err(e @ DeployError::Refused(_)) => ("refused", e.to_string()),
                Err(e) => ("unreadable", e.to_string()),
            };
            assert!(matches!(verdict, "drawn" | "deployed") || !reason.is_empty(), "{name}: no reason");
            *verdicts.entry(verdict).or_default() += 1;
            lines.push(format!("{verdict}\t{}/{name}\t{reason}", sub.file_name().unwrap().to_string_lossy()));
        }
    }
    // The reviewed table; written anew with EAKTE_WRITE=1.
    let table = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parse.tsv");
    let got = lines.join("\n") + "\n";
    if std::env::var_os("EAKTE_WRITE").is_some() {
        std::fs::write(&table, &got).unwrap();
    }
    let reviewed = std::fs::read_to_string(&table).unwrap();
    for (got, reviewed) in got.lines().zip(reviewed.lines()) {
        assert_eq!(got, reviewed, "differs from tests/parse.tsv");
    }
    assert_eq!(got.lines().count(), reviewed.lines().count());
    assert_eq!(verdicts["unreadable"], 1, "{}", lines.join("\n"));
    assert!(verdicts["deployed"] >= 10, "{verdicts:?}");
}
