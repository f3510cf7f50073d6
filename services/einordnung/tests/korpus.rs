// SPDX-License-Identifier: EUPL-1.2
//! Fields found in the truth texts of the shared corpus; the figures reached are the bar.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;
use service_einordnung::vorschlagen;

const FELDER: &[&str] = &[
    "doc_type",
    "sender",
    "recipient",
    "date",
    "aktenzeichen",
    "kassenzeichen",
    "iban",
    "amount",
    "net",
    "vat",
    "invoice_number",
    "due_date",
    "subject",
];

/// Per field: (right, wrong, missing), over all documents of a folder.
type Tafel = BTreeMap<&'static str, [usize; 3]>;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var("EAKTE_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let scan = shared.join("corpus/scan");
    scan.join("manifest.jsonl").exists().then_some(scan)
}

/// `6.228,80` of the manifest as `6228.80` of the contract.
fn normal(name: &str, value: &str) -> String {
    match name {
        "amount" | "net" | "vat" => value.replace('.', "").replace(',', "."),
        _ => value.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Name, truth text and facts of each document in a folder; batches are cut at their separators.
fn documents(folder: &str) -> Option<Vec<(String, String, Value)>> {
    let scan = corpus()?;
    let mut documents = Vec::new();
    for line in std::fs::read_to_string(scan.join("manifest.jsonl")).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let file = entry["file"].as_str().unwrap();
        if !file.starts_with(folder) {
            continue;
        }
        let text = std::fs::read_to_string(scan.join(entry["truth"].as_str().unwrap())).unwrap();
        let Some(parts) = entry["expected_split"].as_array() else {
            documents.push((file.to_owned(), text, entry.clone()));
            continue;
        };
        let pages: Vec<&str> = text.split('\u{c}').collect();
        for part in parts {
            let content = part["content_pages"].as_array().unwrap().iter();
            let own: Vec<&str> = content.map(|p| pages[p.as_u64().unwrap() as usize - 1]).collect();
            documents.push((format!("{file} {}", part["doc"]), own.join("\u{c}"), part.clone()));
        }
    }
    Some(documents)
}

fn measure(folder: &str) -> Option<Tafel> {
    let mut tafel = Tafel::new();
    for (file, text, facts) in documents(folder)? {
        let found = vorschlagen(&text, None, None, None, "2026-11-20".parse().unwrap()).felder;
        // A batch's manifest lists only some facts.
        for name in FELDER.iter().filter(|n| facts.get("subject").is_some() || facts.get(**n).is_some()) {
            let want = facts[name].as_str().map(|v| normal(name, v));
            let got = found.get(*name).map(|f| f.wert.clone());
            let cell = tafel.entry(name).or_default();
            match (&want, &got) {
                (Some(w), Some(g)) if w == g => cell[0] += 1,
                (None, None) => {}
                (Some(_), None) => cell[2] += 1,
                _ => cell[1] += 1,
            }
            if want != got {
                let got = found.get(*name).map(|f| (&f.wert, f.sicherheit, &f.grund));
                println!("{file} {name}: want {want:?}, got {got:?}");
            }
        }
    }
    println!("{folder:14} right wrong missing");
    for (name, [right, wrong, missing]) in &tafel {
        println!("{name:14} {right:5} {wrong:5} {missing:7}");
    }
    Some(tafel)
}

fn check(folder: &str, right: usize, documents_fields: usize) {
    let Some(tafel) = measure(folder) else {
        println!("skipped: no shared data");
        return;
    };
    let sum = |n: usize| tafel.values().map(|c| c[n]).sum::<usize>();
    println!("{folder}: {} right, {} wrong, {} missing", sum(0), sum(1), sum(2));
    assert_eq!(
        sum(0) + sum(1) + sum(2),
        documents_fields,
        "a field was proposed that the letter does not have, or the corpus changed"
    );
    assert!(sum(0) >= right, "{} fields right, {right} were reached before", sum(0));
}

#[test]
fn images() {
    check("img/", 502, 502);
}

#[test]
fn born_digital() {
    check("born/", 110, 110);
}

/// Two documents have a sheet of some other letter behind the first: an amount and an account are taken from there.
#[test]
fn batches() {
    check("batch/", 126, 128);
}
