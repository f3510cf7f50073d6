// SPDX-License-Identifier: EUPL-1.2
//! Hostile XML ends as its manifest says, fast.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use rechnung::{Gate, gate};
use serde_json::Value;

const LIMIT: Duration = Duration::from_millis(100);

#[test]
fn hostile_files_end_as_the_manifest_says() {
    let Some(root) = common::shared("corpus/hostile") else {
        return;
    };
    let mut seen = 0;
    for row in std::fs::read_to_string(root.join("manifest.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        if row["format"] != "xml" {
            continue;
        }
        seen += 1;
        let path = root.join(row["file"].as_str().unwrap());
        let xml = match row["transport"].as_str() {
            Some("gzip") => Command::new("gzip").arg("-dc").arg(&path).output().unwrap().stdout,
            _ => std::fs::read(&path).unwrap(),
        };
        let start = Instant::now();
        let (outcome, html) = read(&xml);
        let mut took = start.elapsed();
        // The best of three: what the reader needs, not what the machine does beside it.
        for _ in 0..2 {
            if took >= LIMIT {
                let start = Instant::now();
                read(&xml);
                took = took.min(start.elapsed());
            }
        }
        eprintln!("{:>7.2} ms {} -> {outcome}", took.as_secs_f64() * 1e3, row["file"]);
        let kind = outcome.split(' ').next().unwrap();
        let allowed = row["also_ok"].as_array().unwrap().iter().chain([&row["expected"]]).any(|x| x == kind);
        assert!(allowed, "{}: {outcome}, expected {}", row["file"], row["expected"]);
        assert!(took < LIMIT, "{} took {took:?}", row["file"]);
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains('\u{202E}'), "{}", row["file"]);
    }
    assert_eq!(seen, 31);
}

/// What happens to a file, and how it looks when it is shown.
fn read(xml: &[u8]) -> (String, String) {
    match gate(xml) {
        Gate::Ok(rechnung) => {
            let findings = rechnung::findings(&rechnung);
            ("accept-sanitised".to_owned(), rechnung::html::document(&rechnung, &findings, None))
        }
        Gate::Reject { code, text } => (format!("reject {code} {text}"), String::new()),
        Gate::Quarantine { code, text } => (format!("quarantine {code} {text}"), String::new()),
        // What the pipeline does with XML that is no invoice.
        Gate::NotInvoice => ("reject not an invoice".to_owned(), String::new()),
    }
}
