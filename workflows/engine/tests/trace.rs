// SPDX-License-Identifier: EUPL-1.2
//! Every case of the behaviour conformance set, in memory: kept as values, and written as JSON and
//! read again after every step.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use engine::memory::Runner;
use engine::trace::{CaseFile, run};
use engine::{Decisions, DeployOptions, NoDecisions, Tables, deploy};

fn play(restart_each_step: bool) -> Option<(usize, Vec<String>)> {
    let folder = common::shared("conformance/bpmn/trace")?;
    let tables: Arc<dyn Decisions> = match std::fs::read_to_string(folder.join("freigabestufe.dmn")) {
        Ok(xml) => Arc::new(Tables::parse(&xml).unwrap()),
        Err(_) => Arc::new(NoDecisions),
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for file in common::files(&folder, ".json") {
        let cases: CaseFile = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let xml = std::fs::read_to_string(folder.join(&cases.bpmn)).unwrap();
        for case in &cases.cases {
            count += 1;
            let options = DeployOptions { trace: true, held: case.held_jobs.clone(), ..DeployOptions::default() };
            let mut runner = Runner::new("2026-01-05T08:00:00Z".parse().unwrap());
            runner.restart_each_step = restart_each_step;
            let deployment = deploy(&xml, tables.clone(), &options).unwrap_or_else(|e| panic!("{}: {e}", cases.id));
            runner.deploy(&deployment).unwrap();
            let result = run(&cases.id, &cases, case, &mut runner);
            wrong.extend(result.mismatches.iter().map(|m| format!("{} / {}: {m}", result.file, result.case)));
        }
    }
    Some((count, wrong))
}

#[test]
fn every_case_in_memory() {
    let Some((count, wrong)) = play(false) else {
        return;
    };
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 51, "only {count} cases found");
}

#[test]
fn every_case_with_the_state_written_after_every_step() {
    let Some((count, wrong)) = play(true) else {
        return;
    };
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 51, "only {count} cases found");
}
