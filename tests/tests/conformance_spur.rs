// SPDX-License-Identifier: EUPL-1.2
//! The behaviour conformance set through the command line, three ways: in memory, durable with a new engine for
//! every act, and with two engine processes that take turns on one PostgreSQL database.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::process::Command;

use gemein::{program, shared};
use serde_json::Value;
use service_platform_testkit::postgres;

/// Plays every case; the number of cases. Fails with all differences.
fn play(arguments: &[&str]) -> Option<usize> {
    let folder = shared("conformance/bpmn/trace")?;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "json"));
    files.sort();
    assert!(files.len() >= 35, "only {} case files", files.len());
    let answer =
        Command::new(program()).args(["workflow", "trace"]).args(&files).args(arguments).arg("--json").output();
    let answer = answer.unwrap();
    let text = String::from_utf8(answer.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong: Vec<String> = lines
        .iter()
        .filter(|l| l["mismatches"] != serde_json::json!([]))
        .map(|l| format!("{} {}: {}", l["file"], l["case"], l["mismatches"]))
        .collect();
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(wrong.is_empty(), "{} of {} differ:\n{}\n{said}", wrong.len(), lines.len(), wrong.join("\n"));
    assert_eq!(answer.status.code(), Some(0), "{said}");
    Some(lines.len())
}

#[test]
fn in_memory() {
    if let Some(cases) = play(&[]) {
        assert!(cases >= 51, "only {cases} cases");
    }
}

#[test]
fn durable_with_a_new_engine_for_every_act() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().display());
    if let Some(cases) = play(&["--durable", &database, "--restart-each-commit"]) {
        assert!(cases >= 51, "only {cases} cases");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "every world is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engine_processes_on_one_database() {
    let Some(server) = postgres().await else { return };
    let database = server.url.clone();
    let done = tokio::task::spawn_blocking(move || play(&["--durable", &database, "--engines", "2"])).await.unwrap();
    if let Some(cases) = done {
        assert!(cases >= 51, "only {cases} cases");
    }
}

/// Result nodes of the DMN kit: level 2 wholly, level 3 to 99 %.
#[test]
fn decisions_of_the_kit() {
    for (level, nodes, allowed) in [("compliance-level-2", 43, 0), ("compliance-level-3", 1068, 10)] {
        let Some(folder) = shared(&format!("conformance/dmn/{level}")) else { return };
        let answer = Command::new(program()).args(["dmn", "tck", "--json"]).arg(folder).output().unwrap();
        let text = String::from_utf8(answer.stdout).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let failed: Vec<&Value> = lines.iter().filter(|l| l["pass"] != true).collect();
        assert!(
            lines.len() >= nodes && failed.len() <= allowed,
            "{level}: {} of {}: {failed:?}",
            failed.len(),
            lines.len()
        );
    }
}
