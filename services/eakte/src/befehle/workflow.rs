// SPDX-License-Identifier: EUPL-1.2
//! `eakte workflow check|deploy|list|show|migrate|incident`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{Decisions, DeployError, DeployOptions, Finding, Level, TableSet, Tables};
use nachrichten::{
    InstanceId, JobId,
    ablaeufe::{Ablaeufe as _, Umzug},
    betrieb::Betrieb as _,
    fassungen::Fassungen as _,
    fehler::Fehler,
};
use serde_json::json;
use service_geschaeftsgang::{DeployFehler, Herkunft};

use super::{Ende, NICHT_UTF8, open, read, read_text, runtime, serve};
use crate::{
    App, ausgabe,
    cli::{Ort, settings},
    exit, vorrat,
};

pub fn check(file: &Path, json: bool) -> Ende {
    let xml = String::from_utf8(read(file)?).map_err(|_| DeployError::Unreadable(NICHT_UTF8.to_owned()));
    // The shipped decision tables, for the check of references.
    let shipped = vorrat::TABELLEN.iter().filter_map(|(_, xml)| Tables::parse(xml).ok());
    let tables = TableSet(shipped.map(|t| Arc::new(t) as Arc<dyn Decisions>).collect());
    let deployed = xml.and_then(|xml| engine::deploy(&xml, Arc::new(tables), &DeployOptions::default()));
    let (processes, findings, refused) = match deployed {
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
            let place = match (f.name.as_deref().filter(|n| !n.is_empty()), f.element.as_deref()) {
                (Some(name), Some(id)) => format!("{name} ({id})"),
                (name, id) => name.or(id).unwrap_or("Datei").to_owned(),
            };
            ausgabe::line(&format!("{word:<8} {place}: {}", f.text));
        }
        let verdict = match (refused, processes.is_empty()) {
            (true, _) => "nicht ausführbar".to_owned(),
            (false, true) => "nur gezeichnet, wird nicht gestartet (isExecutable fehlt)".to_owned(),
            (false, false) => format!("ausführbar, Abläufe: {}", processes.join(", ")),
        };
        ausgabe::line(&format!("{}: {verdict}", file.display()));
    }
    Ok(if refused { exit::FAILED } else { exit::OK })
}

fn failed(error: &Fehler) -> u8 {
    ausgabe::say(&error.text.0);
    match error.status {
        403 => exit::FORBIDDEN,
        _ => exit::FAILED,
    }
}

/// Works on a data directory; with `write` nobody else may hold it.
fn on<F: AsyncFnOnce(&App) -> Ende>(ort: &Ort, write: bool, work: F) -> Ende {
    let _held = match write {
        true => {
            let mut held = serve::lock(&settings(ort)?.1)?;
            let _ = held.note("„eakte workflow“");
            Some(held)
        }
        false => None,
    };
    runtime()?.block_on(async {
        let app = open(ort).await?;
        let done = work(&app).await;
        app.stop().await;
        done
    })
}

/// Deploys processes (`.bpmn`) and decision tables (`.dmn`) as the city's own versions.
pub fn deploy(files: &[PathBuf], ort: &Ort, json: bool) -> Ende {
    let texts = files.iter().map(|f| Ok((f, read_text(f)?)));
    let texts: Vec<_> = texts.collect::<Result<_, u8>>()?;
    on(ort, true, async |app| {
        let mut code = exit::OK;
        for (file, xml) in texts {
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let table = file.extension().is_some_and(|e| e == "dmn");
            let done = match table {
                true => match app.geschaeftsgang.deploy_table(&name, &xml, Herkunft::Stadt).await {
                    Ok(d) => {
                        let failing = failing_examples(app, &d.process, d.version).await;
                        Ok((vec![d], failing.into_iter().collect()))
                    }
                    Err(error) => Err(error),
                },
                false => app.geschaeftsgang.deploy(&xml, Herkunft::Stadt).await.map(|p| (p.deployed, p.warnings)),
            };
            let (deployed, warnings, error) = match done {
                Ok((deployed, warnings)) => (deployed, warnings, None),
                Err(error) => {
                    code = exit::FAILED;
                    let text = match error {
                        DeployFehler::Refused(text) => text,
                        DeployFehler::Db(error) => error.to_string(),
                    };
                    (Vec::new(), Vec::new(), Some(text))
                }
            };
            if json {
                let rows: Vec<_> = deployed
                    .iter()
                    .map(|d| json!({ "process": d.process, "version": d.version, "new": d.neu }))
                    .collect();
                ausgabe::json(&json!({ "file": file, "deployed": rows, "warnings": warnings, "error": error }));
                continue;
            }
            for d in &deployed {
                let word = if d.neu { "neu" } else { "unverändert" };
                ausgabe::line(&format!("{}: {} Fassung {} ({word})", file.display(), d.process, d.version));
            }
            warnings.iter().for_each(|w| ausgabe::line(&format!("  Hinweis: {}", w.text)));
            if let Some(text) = error {
                ausgabe::say(&format!("{}: {text}", file.display()));
            }
        }
        Ok(code)
    })
}

/// The direct way asks for no confirmation, but it says what a second person would have seen.
async fn failing_examples(app: &App, name: &str, version: u32) -> Option<Finding> {
    let page = app.geschaeftsgang.tabelle(&app.cli, name, version).await.ok()?;
    let failing = page.beispiele.iter().filter(|b| !b.stimmt()).count();
    (failing > 0).then(|| Finding {
        level: Level::Warning,
        code: "examples-fail".to_owned(),
        element: None,
        name: None,
        text: format!("{failing} von {} Beispielen stimmen mit dieser Fassung nicht.", page.beispiele.len()),
    })
}

/// Every deployed version.
pub fn list(ort: &Ort, json: bool) -> Ende {
    on(ort, false, async |app| {
        for v in app.geschaeftsgang.versionen(&app.cli).await.map_err(|e| failed(&e))? {
            if json {
                ausgabe::json(&json!({
                    "process": v.process, "version": v.version, "name": v.name, "deployed": v.seit,
                    "running": v.laufend, "ended": v.beendet,
                }));
            } else {
                let (process, version) = (&v.process, v.version);
                ausgabe::line(&format!(
                    "{process:<20} Fassung {version:<4} {:>6} laufen {:>6} beendet  {}",
                    v.laufend, v.beendet, v.name
                ));
            }
        }
        Ok(exit::OK)
    })
}

/// One running or ended process: where it stands and why.
pub fn show(id: &str, ort: &Ort, json: bool) -> Ende {
    let id: InstanceId = id.parse().map_err(|_| {
        ausgabe::say("Das ist keine Nummer eines Ablaufs.");
        exit::USAGE
    })?;
    on(ort, false, async |app| {
        let mut a = app.geschaeftsgang.get(&app.cli, id).await.map_err(|e| failed(&e))?;
        if json {
            a.bpmn.clear();
            ausgabe::json(&a);
            return Ok(exit::OK);
        }
        ausgabe::line(&format!("{} · {} · Fassung {} · {}", a.titel, a.name, a.version, a.stand));
        for m in &a.marken {
            ausgabe::line(&format!("  {}: {}", if m.name.is_empty() { &m.element } else { &m.name }, m.warum));
        }
        Ok(exit::OK)
    })
}

/// `OLD=NEW` pairs.
pub fn pairs(map: &[String]) -> Result<BTreeMap<String, String>, u8> {
    let pair = |text: &String| text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
    map.iter().map(|text| pair(text).ok_or(text)).collect::<Result<_, _>>().map_err(|text| {
        ausgabe::say(&format!("„{text}“ hat nicht die Form ALT=NEU."));
        exit::USAGE
    })
}

/// Moves what runs on one version to another.
pub fn migrate(umzug: &Umzug, ort: &Ort, json: bool) -> Ende {
    let grund = match umzug.probe && umzug.grund.is_empty() {
        true => "Probe".to_owned(),
        false => umzug.grund.clone(),
    };
    let umzug = Umzug { grund, ..umzug.clone() };
    on(ort, true, async |app| {
        let bericht = app.geschaeftsgang.umziehen(&app.cli, &umzug).await.map_err(|e| failed(&e))?;
        if json {
            ausgabe::json(&bericht);
        } else {
            for (id, gruende) in &bericht.hindernisse {
                gruende.iter().for_each(|g| ausgabe::line(&format!("{id}: {g}")));
            }
            let word = if bericht.umgezogen { "umgezogen" } else { "nicht umgezogen" };
            ausgabe::line(&format!(
                "{} Abläufe, {} mit Hindernis: {word}",
                bericht.ablaeufe,
                bericht.hindernisse.len()
            ));
        }
        Ok(if bericht.hindernisse.is_empty() { exit::OK } else { exit::FAILED })
    })
}

/// Lists stopped steps, or tries the named ones again.
pub fn incident(ids: &[String], reason: &str, ort: &Ort, json: bool) -> Ende {
    let ids: Vec<JobId> = ids.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(|_| {
        ausgabe::say("Das ist keine Nummer einer Störung.");
        exit::USAGE
    })?;
    on(ort, !ids.is_empty(), async |app| {
        if !ids.is_empty() {
            let queued = app.geschaeftsgang.erneut(&app.cli, &ids, reason).await.map_err(|e| failed(&e))?;
            match json {
                true => ausgabe::json(&json!({ "queued": queued })),
                false => ausgabe::line(&format!("{queued} von {} eingereiht", ids.len())),
            }
            return Ok(if queued as usize == ids.len() { exit::OK } else { exit::FAILED });
        }
        for s in app.geschaeftsgang.stoerungen(&app.cli).await.map_err(|e| failed(&e))? {
            match json {
                true => ausgabe::json(&s),
                false => ausgabe::line(&format!("{} {} · {}: {}", s.job, s.process, s.name, s.ursache)),
            }
        }
        Ok(exit::OK)
    })
}
