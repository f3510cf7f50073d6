// SPDX-License-Identifier: EUPL-1.2
//! `eakte workflow check`.

use std::{path::Path, sync::Arc};

use engine::{DeployError, DeployOptions, Finding, Level, Tables};
use serde_json::json;

use super::{Ende, read};
use crate::{ausgabe, exit, vorrat};

/// The shipped decision tables, for the check of references.
struct Shipped(Vec<Tables>);

impl engine::Decisions for Shipped {
    fn exists(&self, id: &str) -> bool {
        self.0.iter().any(|t| t.exists(id))
    }
    fn variable(&self, id: &str) -> Option<String> {
        self.0.iter().find(|t| t.exists(id))?.variable(id)
    }
    fn evaluate(
        &self,
        id: &str,
        input: &nachrichten::Werte,
        now: nachrichten::Timestamp,
    ) -> Result<serde_json::Value, String> {
        match self.0.iter().find(|t| t.exists(id)) {
            Some(tables) => tables.evaluate(id, input, now),
            None => Err(format!("Die Entscheidung „{id}“ gibt es nicht.")),
        }
    }
}

pub fn check(file: &Path, json: bool) -> Ende {
    let bytes = read(file)?;
    let xml = String::from_utf8_lossy(&bytes).into_owned();
    let tables = Shipped(vorrat::TABELLEN.iter().filter_map(|(_, xml)| Tables::parse(xml).ok()).collect());
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
