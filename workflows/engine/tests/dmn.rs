// SPDX-License-Identifier: EUPL-1.2
//! The DMN Technology Compatibility Kit: level 2 wholly, level 3 at least 99 %.
#![allow(clippy::unwrap_used)]

mod common;

use engine::Tables;

fn level(name: &str) -> Option<(usize, Vec<String>)> {
    let folder = common::shared(&format!("conformance/dmn/{name}"))?;
    let (mut count, mut failed) = (0, Vec::new());
    for sub in common::files(&folder, "") {
        let models: Vec<String> =
            common::files(&sub, ".dmn").iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
        let models: Vec<&str> = models.iter().map(String::as_str).collect();
        let tables = Tables::parse_all(&models).unwrap_or_else(|e| panic!("{}: {e}", sub.display()));
        for tests in common::files(&sub, ".xml") {
            let xml = std::fs::read_to_string(&tests).unwrap();
            let now = "2026-11-23T12:00:00Z".parse().unwrap();
            for verdict in engine::tck::run(&tables, &xml, now).unwrap() {
                count += 1;
                if !verdict.pass {
                    failed.push(format!(
                        "{} {} {}: expected {}, got {}",
                        sub.display(),
                        verdict.test,
                        verdict.node,
                        verdict.expected,
                        verdict.got
                    ));
                }
            }
        }
    }
    Some((count, failed))
}

#[test]
fn level_2_passes_wholly() {
    let Some((count, failed)) = level("compliance-level-2") else {
        return;
    };
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(count >= 43);
}

#[test]
fn level_3_passes_to_99_percent() {
    let Some((count, failed)) = level("compliance-level-3") else {
        return;
    };
    assert!(count >= 1_068, "only {count} result nodes");
    assert!(failed.len() * 100 <= count, "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
}
