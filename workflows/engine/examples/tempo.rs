// SPDX-License-Identifier: EUPL-1.2
//! How fast the interpreter alone is, on one core, and the bare FEEL evaluator on the same prepared expressions:
//! `tempo MODELS_FOLDER [SECONDS]`, one JSON object on stdout. The models are made by `tests/load/models.py`, which
//! gives the same ones to the peers.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dsntk_feel::values::Value;
use dsntk_feel::{FeelNumber, FeelScope, Name};
use engine::{Command, DeployOptions, NoDecisions, Outcome, Output, State, deploy, step};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("folder with the models")?;
    let time = Duration::from_secs_f64(arguments.next().map_or(Ok(2.0), |s| s.parse())?);
    let line: Vec<String> = (1..=10).map(|_| "{n: n + 1}".to_owned()).collect();
    let fork: Vec<String> = (1..=5).map(|k| format!("{{x{k}: n + {k}}}")).collect();
    let figures = serde_json::json!({
        "line": instances(Path::new(&folder), "line", time)?,
        "fork": instances(Path::new(&folder), "fork", time)?,
        "bare_feel_line": bare(&line, time)?,
        "bare_feel_fork": bare(&fork, time)?,
    });
    writeln!(std::io::stdout(), "{figures}")?;
    Ok(())
}

/// Whole instances per second.
fn instances(folder: &Path, name: &str, time: Duration) -> Result<u64, Failed> {
    let xml = std::fs::read_to_string(folder.join(format!("{name}.feel.bpmn")))?;
    let deployment = deploy(&xml, Arc::new(NoDecisions), &DeployOptions::default())?;
    let now = "2026-01-05T08:00:00Z".parse()?;
    rate(time, || {
        let variables = serde_json::Map::from_iter([("n".to_owned(), 0.into())]);
        let done = step(&deployment.processes[0], &State::new(), Command::Start { element: None, variables }, now)?;
        assert!(matches!(done.outputs.last(), Some(Output::Ended { outcome: Outcome::Completed, .. })));
        Ok(())
    })
}

/// How often per second the evaluator alone gets through all expressions of an instance.
fn bare(expressions: &[String], time: Duration) -> Result<u64, Failed> {
    let names = FeelScope::default();
    names.set_name(Name::from("n"));
    let prepared: Vec<_> = expressions
        .iter()
        .map(|text| Ok(dsntk_feel_evaluator::prepare(&dsntk_feel_parser::parse_expression(&names, text, false)?)))
        .collect::<Result<_, dsntk_common::DsntkError>>()
        .map_err(|why| why.to_string())?;
    rate(time, || {
        let scope = FeelScope::default();
        scope.set_value(&Name::from("n"), Value::Number(FeelNumber::zero()));
        for expression in &prepared {
            let Value::Context(context) = expression(&scope) else { return Err("no context".into()) };
            if let Some(n) = context.get_entry(&Name::from("n")) {
                scope.set_value(&Name::from("n"), n.clone());
            }
        }
        Ok(())
    })
}

fn rate(time: Duration, mut run: impl FnMut() -> Result<(), Failed>) -> Result<u64, Failed> {
    let (began, mut count) = (Instant::now(), 0u64);
    while began.elapsed() < time {
        for _ in 0..100 {
            run()?;
        }
        count += 100;
    }
    Ok((count as f64 / began.elapsed().as_secs_f64()) as u64)
}
