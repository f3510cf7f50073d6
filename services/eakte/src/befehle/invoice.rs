// SPDX-License-Identifier: EUPL-1.2
//! `eakte invoice check|show`: reads foreign bytes in this process, which locks itself down before it does.

use service_sandbox::{Access, Limits};

use super::{Ende, read, write};
use crate::{ausgabe, cli::InvoiceBefehl, exit};

pub fn run(befehl: InvoiceBefehl) -> Ende {
    match befehl {
        InvoiceBefehl::Check { files, json, max_bytes } => {
            let mut code = exit::OK;
            let contents: Vec<_> = files.iter().map(|f| (f, read(f))).collect();
            lock(&[])?;
            for (file, content) in contents {
                let Ok(bytes) = content else {
                    code = code.max(exit::UNREADABLE);
                    continue;
                };
                let report = service_rechnung::check_file(&file.display().to_string(), &bytes, max_bytes);
                code = code.max(verdict(&report));
                if json { ausgabe::json(&report) } else { in_words(&report) }
            }
            Ok(code)
        }
        InvoiceBefehl::Show { file, html } => {
            let bytes = read(&file)?;
            // The page is written after reading: the file must be there before the lock.
            write(&html, b"")?;
            lock(std::slice::from_ref(&html))?;
            match service_rechnung::show_html(&bytes) {
                Ok(page) => {
                    // The file stands alone: its style comes with it.
                    let style = format!("<style>{}</style>", include_str!("../../../portal/web/rechnung.css"));
                    let page = page.replacen("<link rel=\"stylesheet\" href=\"/web/rechnung.css\"/>", &style, 1);
                    write(&html, page.as_bytes())?;
                    Ok(exit::OK)
                }
                Err(text) => {
                    ausgabe::say(&format!("{}: {text}", file.display()));
                    Err(exit::FAILED)
                }
            }
        }
    }
}

fn lock(writable: &[std::path::PathBuf]) -> Result<(), u8> {
    let limits = Limits { cpu_seconds: 600, file_size: 1 << 30, ..Limits::default() };
    let access = Access { write: writable.to_vec(), ..Access::default() };
    service_sandbox::lock_down(&limits, &access).map(|_| ()).map_err(|error| {
        ausgabe::say(&format!("Die Absicherung dieses Prozesses ist nicht möglich: {error}"));
        exit::FAILED
    })
}

/// A negative verdict is an error among the findings, or bytes that are no invoice.
fn verdict(report: &serde_json::Value) -> u8 {
    let findings = report["findings"].as_array();
    let errors = findings.is_some_and(|f| f.iter().any(|f| f["level"] == "error"));
    let negative = errors || report["accept"] == false || report["wellformed"] == false || report["syntax"].is_null();
    if negative { exit::FAILED } else { exit::OK }
}

fn in_words(report: &serde_json::Value) {
    let scenario = report["scenario"].as_str().unwrap_or("kein Szenario");
    let word = if verdict(report) == exit::OK { "ohne Fehler" } else { "mit Fehlern" };
    ausgabe::line(&format!("{}: {word} ({scenario})", report["file"].as_str().unwrap_or_default()));
    let listed = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    for finding in listed("findings").iter().chain(&listed("hints")) {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        ausgabe::line(&format!("  {:<8} {:<12} {}", text("level"), text("rule"), text("text")));
    }
}
