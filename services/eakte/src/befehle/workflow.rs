// SPDX-License-Identifier: EUPL-1.2
//! `eakte workflow check`.

use std::{path::Path, sync::Arc};

use engine::{Decisions, DeployError, DeployOptions, Finding, Level, TableSet, Tables};
use serde_json::json;

use super::{Ende, read};
use crate::{ausgabe, exit, vorrat};

pub fn check(file: &Path, json: bool) -> Ende {
    let bytes = read(file)?;
    let xml = String::from_utf8_lossy(&bytes).into_owned();
    // The shipped decision tables, for the check of references.
    let shipped = vorrat::TABELLEN.iter().filter_map(|(_, xml)| Tables::parse(xml).ok());
    let tables = TableSet(shipped.map(|t| Arc::new(t) as Arc<dyn Decisions>).collect());
    let (processes, findings, refused) = match engine::deploy(&xml, Arc::new(tables), &DeployOptions::default()) {
        Ok(deployment) => {
            let ids = deployment.processes.iter().map(|p| p.id().to_owned()).collect::<Vec<_>>();
            (ids, deployment.findings, false)
        }
        Err(DeployError::Refused(findings)) => (Vec::new(), findings, true),
        Err(DeployError::Unreadable(text)) => {
            let finding =
                Finding { level: Level::Error, code: "unreadable".to_owned(), element: None, name: None, text };
            (Vec::new(), vec![finding], true)
        }
    };
    if json {
        ausgabe::json(&json!({
            "file": file, "accept": !refused, "processes": processes, "findings": findings,
        }));
    } else {
        for f in &findings {
            let word = if f.level == Level::Error { "Fehler" } else { "Hinweis" };
            let place = f.name.as_deref().filter(|n| !n.is_empty()).or(f.element.as_deref()).unwrap_or("Datei");
            ausgabe::line(&format!("{word:<8} {place}: {}", f.text));
        }
        let verdict = if refused { "nicht ausführbar" } else { "ausführbar" };
        ausgabe::line(&format!("{}: {verdict}, Abläufe: {}", file.display(), processes.join(", ")));
    }
    Ok(if refused { exit::FAILED } else { exit::OK })
}
