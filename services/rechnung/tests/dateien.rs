// SPDX-License-Identifier: EUPL-1.2
//! Files of strangers through the report and the finder of embedded invoices.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::{path::PathBuf, time::Instant};

use nachrichten::BlobHash;
use rechnung::hybrid::{self, HybridError};
use serde_json::Value;
use service_rechnung::{check_file, show_html};

const UBL: &[u8] = include_bytes!("../../../schemas/rechnung/tests/beispiele/ubl-gut.xml");

/// A folder of `$EAKTE_SHARED`; `None` (said aloud) when it is missing.
fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EAKTE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no shared data at {}", path.display());
    None
}

fn rows(path: PathBuf) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn embedded_invoices_are_those_of_the_conformance_data() {
    let Some(root) = shared("conformance/einvoice") else {
        return;
    };
    let mut seen = 0;
    for row in rows(root.join("pdf_expected.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let bytes = std::fs::read(root.join(file)).unwrap();
        let found = hybrid::read(&bytes).unwrap();
        let mut names: Vec<&str> = found.files.iter().map(|a| a.name.as_str()).collect();
        names.sort_unstable();
        let mut expected: Vec<&str> =
            row["attachments"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        expected.sort_unstable();
        assert_eq!(names, expected, "{file}");
        for pair in row["af"].as_array().unwrap() {
            let attachment = found.files.iter().find(|a| a.name == pair[0].as_str().unwrap()).unwrap();
            let relationship = attachment.relationship.as_ref().map(|r| format!("/{r}"));
            assert_eq!(relationship.as_deref(), pair[1].as_str(), "{file}");
        }
        let invoice = found.invoice.as_ref();
        assert_eq!(invoice.map(|i| i.name.as_str()), row["invoice_xml"].as_str(), "{file}");
        assert_eq!(invoice.map(|i| i.xml.len() as u64), row["xml_size"].as_u64(), "{file}");
        assert_eq!(invoice.map(|i| BlobHash::of(&i.xml).to_string()).as_deref(), row["xml_sha256"].as_str(), "{file}");
        let report = check_file(file, &bytes, None);
        assert_eq!(report["invoice_xml"], row["invoice_xml"], "{file}");
        assert_eq!((&report["syntax"], &report["scenario"]), (&row["syntax"], &row["scenario"]), "{file}");
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn hostile_pdfs_with_invoices_end_as_the_manifest_says() {
    let Some(root) = shared("corpus/hostile") else {
        return;
    };
    let wanted = ["pdf/zugferd_two_xml.pdf", "pdf/zugferd_wrong_rel.pdf", "pdf/zugferd_xxe.pdf"];
    let mut seen = 0;
    for row in rows(root.join("manifest.jsonl")) {
        let file = row["file"].as_str().unwrap();
        if !file.starts_with("pdf/") || row["transport"] == "gzip" || row["expected"] == "absent" {
            continue;
        }
        // Every hostile PDF gets an answer; only those with invoice data have one that is ours to judge.
        let Ok(bytes) = std::fs::read(root.join(file)) else {
            continue;
        };
        if !wanted.contains(&file) {
            continue;
        }
        let start = Instant::now();
        let outcome = match hybrid::read(&bytes) {
            Ok(found) if found.notes.iter().any(|(code, _)| *code == "embedded-relationship") => {
                "accept-sanitised".to_owned()
            }
            Ok(found) => format!("accepted without a finding: {found:?}"),
            Err(HybridError::Suspicious(_)) => "quarantine".to_owned(),
            Err(_) => "reject".to_owned(),
        };
        assert_eq!(row["expected"].as_str(), Some(outcome.as_str()), "{file}");
        assert!(start.elapsed().as_secs() < 2, "{file}");
        seen += 1;
    }
    assert_eq!(seen, wanted.len());
}

#[test]
fn report_keeps_its_contract() {
    let report = check_file("gut.xml", UBL, None);
    for (key, expected) in [
        ("file", "\"gut.xml\""),
        ("syntax", "\"ubl-inv\""),
        ("wellformed", "true"),
        ("scenario", "\"EN16931 XRechnung (UBL Invoice)\""),
        ("xsd_ok", "null"),
        ("processing_error", "false"),
        ("accept", "null"),
        ("findings", "[]"),
    ] {
        assert_eq!(report[key].to_string(), expected, "{key}");
    }
    let broken = String::from_utf8_lossy(UBL).replace("1100.00", "1100.01");
    let finding = &check_file("x", broken.as_bytes(), None)["findings"][0];
    for (key, expected) in [
        ("rule", "BR-CO-16"),
        ("flag", "fatal"),
        ("level", "error"),
        ("location", "/inv:Invoice[1]/cac:LegalMonetaryTotal[1]"),
        ("text", "Der Zahlbetrag ist mit 1.100,01 angegeben, berechnet sind 1.100,00 (Unterschied 0,01)."),
    ] {
        assert_eq!(finding[key], expected, "{key}");
    }
    let no_scenario = String::from_utf8_lossy(UBL).replace(">urn:cen.eu", "> urn:cen.eu").replace("1100.00", "1100.01");
    let report = check_file("x", no_scenario.as_bytes(), None);
    assert_eq!((&report["scenario"], report["findings"].as_array().unwrap().len()), (&Value::Null, 0));
    assert_eq!(report["core_findings"][0]["rule"], "BR-CO-16");
    for (bytes, code) in
        [(&b"<a>"[..], "xml-malformed"), (b"<!DOCTYPE a><a/>", "xml-doctype"), (b"%PDF-1.7", "format-rejected")]
    {
        let report = check_file("x", bytes, None);
        assert_eq!((&report["wellformed"], &report["hints"][0]["rule"]), (&Value::Bool(false), &Value::from(code)));
    }
    assert_eq!(check_file("x", UBL, Some(100))["hints"][0]["rule"], "xml-too-large");
}

#[test]
fn page_or_a_german_reason() {
    assert!(show_html(UBL).unwrap().contains("<h1>Rechnung <bdi>2026-0815</bdi></h1>"));
    assert_eq!(show_html(b"<a/>"), Err("Die Datei ist keine elektronische Rechnung.".to_owned()));
}

#[test]
fn whole_conformance_set_gets_a_report() {
    let Some(root) = shared("conformance/einvoice") else {
        return;
    };
    let (mut n, mut wrong) = (0, Vec::new());
    for row in rows(root.join("expected.jsonl")) {
        let file = row["file"].as_str().unwrap();
        let report = check_file(file, &std::fs::read(root.join(file)).unwrap(), None);
        n += 1;
        if ["syntax", "wellformed", "scenario"].iter().any(|key| report[key] != row[key]) {
            wrong.push(file.to_owned());
        }
    }
    assert_eq!((n, wrong), (2934, Vec::new()));
}
