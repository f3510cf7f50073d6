// SPDX-License-Identifier: EUPL-1.2
//! Files of other tools: read without loss, each deployed, drawn only or refused with a reason, quickly.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use engine::{DeployError, DeployOptions, Level, NoDecisions, deploy, inventory};
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

/// What becomes of a file: verdict, element and reason.
fn verdict(xml: &str) -> [String; 3] {
    match deploy(xml, Arc::new(NoDecisions), &DeployOptions::default()) {
        Ok(d) if d.processes.is_empty() => ["gezeichnet".into(), String::new(), String::new()],
        Ok(_) => ["ausführbar".into(), String::new(), String::new()],
        Err(DeployError::Refused(findings)) => {
            let first = findings.into_iter().find(|f| f.level == Level::Error).unwrap();
            ["abgelehnt".into(), first.element.unwrap_or_default(), first.text]
        }
        Err(DeployError::Unreadable(text)) => ["unlesbar".into(), String::new(), text],
    }
}

/// The table says of each file what becomes of it and why; its head says by what rule it was read. Written anew with
/// `EAKTE_WRITE=1`, then to be read against the files again.
#[test]
fn every_file_gets_the_reviewed_verdict() {
    let Some(folder) = common::shared("conformance/bpmn/parse") else {
        return;
    };
    let mut got = Vec::new();
    for sub in common::files(&folder, "") {
        for file in common::files(&sub, "").into_iter().filter(|f| !f.ends_with("inventory.json")) {
            let xml = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let name = format!("{}/{}", sub.file_name().unwrap().display(), file.file_name().unwrap().display());
            let [verdict, element, reason] = verdict(&xml);
            got.push(format!("{name}\t{verdict}\t{element}\t{reason}"));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parse/urteile.tsv");
    let table = std::fs::read_to_string(&path).unwrap();
    let (head, rows): (Vec<&str>, Vec<&str>) = table.lines().partition(|line| line.starts_with('#'));
    if std::env::var_os("EAKTE_WRITE").is_some() {
        std::fs::write(&path, format!("{}\n{}\n", head.join("\n"), got.join("\n"))).unwrap();
        return;
    }
    let differ: Vec<String> =
        got.iter().zip(&rows).filter(|(a, b)| a != b).map(|(a, b)| format!("is      {a}\nreviewed {b}")).collect();
    assert!(differ.is_empty() && got.len() == rows.len(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert_eq!(rows.len(), 105);
}

/// `cargo test -p engine --test parse -- 20_ms --nocapture` prints the slowest.
#[test]
fn every_file_is_deployed_or_refused_within_20_ms() {
    let Some(folder) = common::shared("conformance/bpmn/parse") else {
        return;
    };
    let mut times = Vec::new();
    for sub in common::files(&folder, "") {
        for file in common::files(&sub, "").into_iter().filter(|f| !f.ends_with("inventory.json")) {
            let xml = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let best = (0..4).map(|_| {
                let start = Instant::now();
                let _ = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default());
                start.elapsed()
            });
            times.push((best.min().unwrap(), file.file_name().unwrap().to_string_lossy().into_owned()));
        }
    }
    times.sort();
    for (took, name) in times.iter().rev().take(5) {
        println!("{:>7.2} ms  {name}", took.as_secs_f64() * 1e3);
    }
    assert!(times.last().unwrap().0.as_millis() < 20);
}
