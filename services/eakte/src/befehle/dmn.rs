// SPDX-License-Identifier: EUPL-1.2
//! `eakte dmn eval|tck`: one decision on an input, and the cases of the DMN Technology Compatibility Kit.

use std::path::{Path, PathBuf};

use engine::{Decisions as _, Tables, tck};
use nachrichten::{Timestamp, Werte};
use serde_json::json;
use service_platform::uhr::{Clock as _, SystemClock};

use super::{Ende, read_text};
use crate::{ausgabe, exit};

fn refused(text: &str) -> u8 {
    ausgabe::say(text);
    exit::FAILED
}

/// Evaluates one decision of a file and prints its value as JSON.
pub fn eval(file: &Path, decision: &str, input: &str) -> Ende {
    let xml = read_text(file)?;
    let tables = Tables::parse(&xml).map_err(|text| refused(&format!("{}: {text}", file.display())))?;
    let input: Werte = serde_json::from_str(input).map_err(|error| {
        ausgabe::say(&format!("Die Eingabe ist kein JSON-Objekt: {error}"));
        exit::USAGE
    })?;
    if !tables.exists(decision) {
        return Err(refused(&format!("Die Entscheidung „{decision}“ gibt es in {} nicht.", file.display())));
    }
    let value = tables.evaluate(decision, &input, SystemClock::default().now()).map_err(|text| refused(&text))?;
    ausgabe::json(&value);
    Ok(exit::OK)
}

/// Runs every test case file below a folder against the models beside it.
pub fn tck(folder: &Path, json: bool) -> Ende {
    let mut folders = Vec::new();
    collect(folder, &mut folders).map_err(|error| {
        ausgabe::say(&format!("{}: {}", folder.display(), ausgabe::unlesbar(&error)));
        exit::UNREADABLE
    })?;
    let (mut passed, mut failed) = (0, 0);
    // The kit's expected values name no day of their own.
    let now: Timestamp = SystemClock::default().now();
    for sub in folders {
        let name = sub.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match of_folder(&sub, now) {
            Ok(verdicts) => {
                for v in verdicts {
                    if v.pass {
                        passed += 1
                    } else {
                        failed += 1
                    }
                    let line = json!({ "folder": name, "test": v.test, "node": v.node, "expected": v.expected, "got": v.got, "pass": v.pass });
                    if json {
                        ausgabe::json(&line);
                    } else if !v.pass {
                        ausgabe::line(&format!("{name} {} {}: {} statt {}", v.test, v.node, v.got, v.expected));
                    }
                }
            }
            Err(text) => {
                failed += 1;
                if json {
                    ausgabe::json(
                        &json!({ "folder": name, "test": "", "node": "", "expected": "", "got": text, "pass": false }),
                    );
                } else {
                    ausgabe::line(&format!("{name}: {text}"));
                }
            }
        }
    }
    ausgabe::say(&format!("{passed} Ergebnisse wie erwartet, {failed} nicht"));
    Ok(if failed == 0 { exit::OK } else { exit::FAILED })
}

/// Folders that hold models, at any depth.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(Result::ok).map(|e| e.path()).collect();
    entries.sort();
    if entries.iter().any(|e| e.extension().is_some_and(|x| x == "dmn")) {
        found.push(folder.to_owned());
    }
    entries.into_iter().filter(|e| e.is_dir()).try_for_each(|e| collect(&e, found))
}

fn of_folder(folder: &Path, now: Timestamp) -> Result<Vec<tck::Verdict>, String> {
    let texts = |ending: &str| -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
        let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
        files.retain(|f| f.extension().is_some_and(|e| e == ending));
        files.sort();
        files.iter().map(|f| std::fs::read_to_string(f).map_err(|e| format!("{}: {e}", f.display()))).collect()
    };
    let models = texts("dmn")?;
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    let tables = Tables::parse_all(&models)?;
    let mut all = Vec::new();
    for tests in texts("xml")? {
        all.extend(tck::run(&tables, &tests, now)?);
    }
    Ok(all)
}
