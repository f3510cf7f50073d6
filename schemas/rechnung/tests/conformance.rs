// SPDX-License-Identifier: EUPL-1.2
//! All instances of the conformance data: syntax, well-formedness, scenario and the rules this crate has.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use rechnung::{
    Gate, Limits, detect,
    pruefung::{ALL, Finding, Scope, run},
    read,
};
use serde_json::Value;

type Counts = BTreeMap<(String, String), u64>;

fn expected(list: &Value, known: &BTreeSet<&str>) -> Option<Counts> {
    let rows = list.as_array()?.iter().map(|row| {
        let text = |i: usize| row[i].as_str().unwrap().to_owned();
        ((text(0), text(1)), row[2].as_u64().unwrap())
    });
    Some(rows.filter(|((rule, _), _)| known.contains(rule.as_str())).collect())
}

fn counted(findings: &[Finding]) -> Counts {
    let mut out = Counts::new();
    for finding in findings {
        let flag = serde_json::to_value(finding.flag).unwrap().as_str().unwrap().to_owned();
        *out.entry((finding.rule.clone(), flag)).or_default() += 1;
    }
    out
}

/// Notes what differs between two tables of firings.
fn compare(file: &str, kind: &str, ours: &Counts, theirs: &Counts, out: &mut Vec<String>) {
    for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        if ours.get(key) != theirs.get(key) {
            out.push(format!("{} {kind} {file}: ours {:?}, official {:?}", key.0, ours.get(key), theirs.get(key)));
        }
    }
}

#[test]
fn every_instance_agrees_with_the_official_result() {
    let Some(root) = common::shared("conformance/einvoice") else {
        return;
    };
    let known: BTreeSet<&str> = ALL.iter().map(|r| r.id).collect();
    let mut differences = Vec::new();
    let (mut documents, mut firings, mut spent, mut bytes) = (0, 0, 0.0, 0);
    let mut gates: BTreeMap<String, u64> = BTreeMap::new();
    for row in std::fs::read_to_string(root.join("expected.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let file = row["file"].as_str().unwrap();
        let xml = std::fs::read(root.join(file)).unwrap();
        let start = Instant::now();
        let read = read(&xml, &Limits::default());
        documents += 1;
        bytes += xml.len();
        if read.is_ok() != row["wellformed"].as_bool().unwrap() {
            differences.push(format!("wellformed {file}: {:?}", read.err()));
            continue;
        }
        let Ok(rechnung) = read else { continue };
        let findings = [run(&rechnung, Scope::En16931), run(&rechnung, Scope::Xrechnung)];
        spent += start.elapsed().as_secs_f64();
        if rechnung.official_syntax().map(|s| s.code()) != row["syntax"].as_str() {
            differences.push(format!("syntax {file}: {:?}", rechnung.syntax));
        }
        let scenario = detect::scenario_of(&rechnung);
        if scenario.map(|s| s.name) != row["scenario"].as_str() {
            differences.push(format!("scenario {file}: {:?}", scenario.map(|s| s.name)));
        }
        for (ours, (kind, list)) in findings.iter().zip([("en", &row["rules_en"]), ("xr", &row["rules_xr"])]) {
            if let Some(theirs) = expected(list, &known) {
                firings += theirs.values().sum::<u64>();
                compare(file, kind, &counted(ours), &theirs, &mut differences);
            }
        }
        // Where the validator ran its rules, all findings of the scenario agree too.
        if scenario.is_some() && row["xsd_ok"] == true && row["processing_error"] != true {
            let theirs = expected(&row["fired"], &known).unwrap();
            compare(file, "fired", &counted(&rechnung::check(&rechnung)), &theirs, &mut differences);
        }
        if row["accept"] == true {
            let kind = match rechnung::gate_of(rechnung) {
                Gate::Ok(_) => "ok".to_owned(),
                Gate::Quarantine { code, .. } => format!("quarantine {code}"),
                Gate::Reject { code, text } => format!("reject {code} {text} {file}"),
                Gate::NotInvoice => "not an invoice".to_owned(),
            };
            *gates.entry(kind).or_default() += 1;
        }
    }
    eprintln!("{documents} documents, {firings} official firings of {} rules", known.len());
    eprintln!(
        "read and checked in {:.3} ms each, {} kB on average",
        spent * 1e3 / f64::from(documents),
        bytes / documents as usize / 1000
    );
    eprintln!("gate for accepted documents: {gates:#?}");
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    for difference in &differences {
        *by_rule.entry(difference.split(' ').next().unwrap()).or_default() += 1;
    }
    for difference in differences.iter().take(60) {
        eprintln!("{difference}");
    }
    assert_eq!((documents, differences.len()), (2934, 0), "{by_rule:#?}");
    assert!(
        !gates.keys().any(|k| k.starts_with("reject") || k.starts_with("not")),
        "an accepted invoice must pass the gate"
    );
}

#[test]
fn locations_agree() {
    let Some(root) = common::shared("conformance/einvoice") else {
        return;
    };
    let known: BTreeSet<&str> = ALL.iter().map(|r| r.id).collect();
    let mut differences = Vec::new();
    // Where the processor stopped with a type error there is nothing to compare.
    let stopped: BTreeSet<(String, &str)> = std::fs::read_to_string(root.join("expected.jsonl"))
        .unwrap()
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap())
        .flat_map(|row| {
            let file = row["file"].as_str().unwrap().to_owned();
            [("rules_en", "en"), ("rules_xr", "xr")]
                .into_iter()
                .filter(|(k, _)| row[k].is_null())
                .map(|(_, k)| (file.clone(), k))
                .collect::<Vec<_>>()
        })
        .collect();
    for row in std::fs::read_to_string(root.join("locations.jsonl")).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let xml = std::fs::read(root.join(row["file"].as_str().unwrap())).unwrap();
        let Ok(rechnung) = read(&xml, &Limits::default()) else {
            continue;
        };
        for (scope, key) in [(Scope::En16931, "en"), (Scope::Xrechnung, "xr")] {
            let Some(list) = row[key].as_array() else {
                continue;
            };
            if stopped.contains(&(row["file"].as_str().unwrap().to_owned(), key)) {
                continue;
            }
            let pair = |i: &Value| (i[0].as_str().unwrap().to_owned(), i[1].as_str().unwrap().to_owned());
            let mut theirs: Vec<_> = list.iter().map(pair).filter(|(rule, _)| known.contains(rule.as_str())).collect();
            let mut ours: Vec<_> = run(&rechnung, scope).into_iter().map(|f| (f.rule, f.location)).collect();
            theirs.sort();
            ours.sort();
            if ours != theirs {
                let only_ours: Vec<_> = ours.iter().filter(|x| !theirs.contains(x)).collect();
                let only_theirs: Vec<_> = theirs.iter().filter(|x| !ours.contains(x)).collect();
                differences.push(format!("{}: ours {only_ours:?}, official {only_theirs:?}", row["file"]));
            }
        }
    }
    for difference in differences.iter().take(30) {
        eprintln!("{difference}");
    }
    assert_eq!(differences.len(), 0);
}
