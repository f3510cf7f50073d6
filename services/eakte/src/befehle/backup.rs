// SPDX-License-Identifier: EUPL-1.2
//! `eakte backup create|verify|restore`.

use std::path::Path;

use serde_json::json;
use service_platform::{
    mandant,
    uhr::{Clock as _, SystemClock},
};

use super::{Ende, open, runtime, serve};
use crate::{
    arbeiter::pfade,
    ausgabe,
    cli::{BackupBefehl, Ort, settings},
    exit, ports,
    sicherung::{self, Bericht, Quelle, Ziel},
};

pub fn run(befehl: BackupBefehl) -> Ende {
    match befehl {
        BackupBefehl::Create { folder, ort, json } => create(&folder, &ort, json),
        BackupBefehl::Verify { folder, state, json } => {
            let state = chosen(&folder, state)?;
            report(runtime()?.block_on(sicherung::verify(&folder, &state)), "geprüft", json)
        }
        BackupBefehl::Restore { folder, state, ort, json } => restore(&folder, state, &ort, json),
    }
}

fn create(folder: &Path, ort: &Ort, json: bool) -> Ende {
    runtime()?.block_on(async {
        let (config, data) = settings(ort)?;
        let app = open(ort).await?;
        let postgres = address(config.settings.db.address())?;
        let journal = pfade(&data, &config.settings).journal;
        let quelle = Quelle {
            db: &app.db,
            blobs: app.blobs.as_ref(),
            journal: &journal,
            mandant: &config.settings.mandant,
            postgres: postgres.as_deref(),
        };
        // The city's own time may be moved in a demo; a backup is named by the real one.
        let made = sicherung::create(&quelle, folder, SystemClock::default().now()).await;
        if let Ok(bericht) = &made {
            let wert = json!({ "at": app.clock.now(), "blobs": bericht.blobs, "stand": bericht.stand });
            if let Err(error) = mandant::vermerken(&app.db, mandant::SICHERUNG, &wert).await {
                ausgabe::say(&format!("Die Sicherung ist gemacht, ließ sich aber nicht vermerken: {error}"));
            }
        }
        app.stop().await;
        report(made, "gesichert", json)
    })
}

fn restore(folder: &Path, state: Option<String>, ort: &Ort, json: bool) -> Ende {
    let state = chosen(folder, state)?;
    let (config, data) = settings(ort)?;
    let _sperre = serve::lock(&data)?;
    let db = &config.settings.db;
    let postgres = address(db.migration_address().and_then(|own| Ok(own.or(db.address()?))))?;
    runtime()?.block_on(async {
        let blobs = ports::blobs(&data, &config.settings, SystemClock::default().into()).map_err(|error| {
            ausgabe::say(&format!("Der Dokumentenspeicher ist nicht da: {error}"));
            exit::FAILED
        })?;
        let journal = pfade(&data, &config.settings).journal;
        let ziel = Ziel { data: &data, blobs: blobs.as_ref(), journal: &journal, postgres: postgres.as_deref() };
        report(sicherung::restore(folder, &state, &ziel).await, "zurückgespielt", json)
    })
}

fn address(found: Result<Option<String>, service_platform::config::ConfigError>) -> Result<Option<String>, u8> {
    found.map_err(|error| {
        ausgabe::say(&format!("Die Konfiguration ist nicht lesbar: {error}"));
        exit::USAGE
    })
}

/// The named state, else the newest that is whole.
fn chosen(folder: &Path, state: Option<String>) -> Result<String, u8> {
    let all = sicherung::staende(folder).unwrap_or_default();
    let found = match &state {
        Some(name) => all.iter().find(|s| *s == name),
        None => all.last(),
    };
    found.cloned().ok_or_else(|| {
        ausgabe::say(&match state {
            Some(name) => {
                format!("Die Sicherung „{name}“ gibt es in {} nicht, oder sie ist nicht vollständig.", folder.display())
            }
            None => format!("In {} liegt keine vollständige Sicherung.", folder.display()),
        });
        exit::FAILED
    })
}

fn report(done: Result<Bericht, Box<dyn std::error::Error + Send + Sync>>, word: &str, json: bool) -> Ende {
    let bericht = done.map_err(|error| {
        ausgabe::say(&format!("Das ging nicht: {error}"));
        exit::FAILED
    })?;
    if json {
        ausgabe::json(&bericht);
    } else if bericht.befunde.is_empty() {
        ausgabe::line(&format!(
            "Stand {} {word}: {} Dokumente, {} davon kopiert.",
            bericht.stand, bericht.blobs, bericht.neu
        ));
    } else {
        ausgabe::line(&format!("Stand {} ist nicht in Ordnung:", bericht.stand));
        bericht.befunde.iter().for_each(|b| ausgabe::line(&format!("  {b}")));
    }
    Ok(if bericht.befunde.is_empty() { exit::OK } else { exit::FAILED })
}
