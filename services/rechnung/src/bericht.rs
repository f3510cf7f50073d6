// SPDX-License-Identifier: EUPL-1.2
//! `eakte invoice check|show`: the report on one file as a JSON object, and its page.
//!
//! `findings` are those of the official rules in the document's scenario. Beside the contract stand `hints` (advice
//! of this project, and why a file cannot be read) and `core_findings` (EN 16931 rules of a document that has a
//! specification identifier but no scenario), so that `findings` stays comparable with the official result.

use nachrichten::erkennung::grund;
use rechnung::{Finding, Limits, Profile, Rechnung, detect, hints, hybrid, hybrid::HybridError, pruefung};
use serde_json::{Value, json};

/// Checks one XML or PDF file.
///
/// * `name` - as shown in `file`.
/// * `max_bytes` - largest XML; `None`: the limit of the intake, 20 MB.
pub fn check_file(name: &str, bytes: &[u8], max_bytes: Option<usize>) -> Value {
    let limits = limits(max_bytes);
    if !hybrid::is_pdf(bytes) {
        return report(name, &rechnung::read(bytes, &limits));
    }
    let found = match hybrid::read(bytes) {
        Ok(found) => found,
        Err(HybridError::Unreadable(text)) => return unreadable(name, grund::FORMAT, &text),
        Err(HybridError::Locked(text)) => return unreadable(name, grund::KLAERUNG, &text),
        Err(HybridError::Suspicious(text)) => return unreadable(name, grund::QUARANTAENE, &text),
    };
    let mut out = match &found.invoice {
        Some(invoice) => report(name, &rechnung::read(&invoice.xml, &limits)),
        None => unreadable(name, "no-invoice", "Die PDF-Datei enthält keine Rechnungsdaten."),
    };
    out["attachments"] = found
        .files
        .iter()
        .map(|f| json!({ "name": f.name, "relationship": f.relationship, "size": f.bytes.len() }))
        .collect();
    out["invoice_xml"] = json!(found.invoice.as_ref().map(|i| &i.name));
    if let Some(hints) = out["hints"].as_array_mut() {
        hints.extend(found.notes.iter().map(|(code, text)| hint(code, text)));
    }
    out
}

/// The readable page of an XML or PDF invoice.
///
/// # Errors
/// A German sentence why there is none.
pub fn show_html(bytes: &[u8]) -> Result<String, String> {
    let embedded = match hybrid::is_pdf(bytes) {
        true => hybrid::read(bytes).map_err(|e| e.text().to_owned())?.invoice,
        false => None,
    };
    let xml = embedded.as_ref().map_or(bytes, |e| e.xml.as_slice());
    let rechnung = rechnung::read(xml, &limits(None)).map_err(|e| e.text)?;
    match rechnung.syntax {
        Some(_) => Ok(rechnung::html::document(&rechnung, &rechnung::findings(&rechnung), None)),
        None => Err("Die Datei ist keine elektronische Rechnung.".to_owned()),
    }
}

fn limits(max_bytes: Option<usize>) -> Limits {
    let default = Limits::default();
    match max_bytes {
        // More bytes may hold more elements; 50 bytes an element is less than any real invoice has.
        Some(bytes) => Limits { bytes, elements: default.elements.max(bytes / 50), ..default },
        None => default,
    }
}

fn report(name: &str, read: &Result<Rechnung, rechnung::ReadError>) -> Value {
    let rechnung = match read {
        Ok(rechnung) => rechnung,
        Err(error) => return unreadable(name, error.code, &error.text),
    };
    let scenario = detect::scenario_of(rechnung);
    // The official check runs its rules only on documents that fit the schema.
    let blocked = rechnung.problems.iter().any(|p| p.blocking);
    let found = if blocked { Vec::new() } else { pruefung::check(rechnung) };
    let (findings, core) = if scenario.is_some() { (found, Vec::new()) } else { (Vec::new(), found) };
    let mut hints: Vec<Value> = hints(rechnung).iter().map(finding).collect();
    if rechnung.syntax.is_none() {
        hints.push(hint("not-an-invoice", "Die Datei ist keine elektronische Rechnung."));
    }
    let profile = rechnung.specification.as_deref().and_then(Profile::of).map(Profile::name);
    json!({
        "file": name,
        "syntax": rechnung.official_syntax(),
        "wellformed": true,
        "scenario": scenario.map(|s| s.name),
        "xsd_ok": null,
        "processing_error": false,
        "accept": null,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
        "core_findings": core.iter().map(finding).collect::<Vec<_>>(),
        "hints": hints,
        "profile": profile,
    })
}

fn unreadable(name: &str, code: &str, text: &str) -> Value {
    json!({
        "file": name,
        "syntax": null,
        "wellformed": false,
        "scenario": null,
        "xsd_ok": null,
        "processing_error": false,
        "accept": null,
        "findings": [],
        "core_findings": [],
        "hints": [hint(code, text)],
        "profile": null,
    })
}

fn hint(code: &str, text: &str) -> Value {
    json!({ "rule": code, "flag": "fatal", "level": "error", "location": "", "text": text })
}

fn finding(f: &Finding) -> Value {
    json!({ "rule": f.rule, "flag": f.flag, "level": f.level, "location": f.location, "text": f.text, "class": f.class, "terms": f.terms, "ustg14": f.ustg14 })
}
