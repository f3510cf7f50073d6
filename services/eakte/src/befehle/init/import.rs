// SPDX-License-Identifier: EUPL-1.2
//! `eakte init import`: reads the files, says everything that is wrong or what was done.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use service_geschaeftsgang::Herkunft;
use service_platform::{audit, mandant, uhr::Clock as _};

use super::{Ende, failed};
use crate::{
    App, ausgabe,
    befehle::{open, runtime},
    cli::{Ort, settings},
    einrichtung::{
        abgleich::{self, Abbruch, Bericht, Weise},
        lesen::{DATEI_MAX, Datei},
        tabellen::{TABELLEN, von_datei},
        zustaendigkeit,
    },
    exit,
};

/// Keys that are listed by name before "und N weitere".
const GENANNT: usize = 20;

pub fn run(pfade: &[PathBuf], check: bool, fehlende_schliessen: bool, ort: &Ort) -> Ende {
    let dateien = files(pfade)?;
    let (config, _) = settings(ort)?;
    if config.settings.uebung.aktiv {
        return Err(failed(
            "Der Übungsmandant hat seine eigene Beispielorganisation. Eingelesen wird nur in den echten.",
        ));
    }
    runtime()?.block_on(async {
        let app = open(ort).await?;
        let done = into(&app, &dateien, check, fehlende_schliessen, &config.settings.leitweg).await;
        app.stop().await;
        done
    })
}

async fn into(app: &App, dateien: &[Datei], check: bool, close: bool, leitweg: &str) -> Ende {
    let own = mandant::has_own_organisation(&app.db).await;
    if !own.map_err(|e| failed(&format!("Die Daten lassen sich nicht lesen: {e}")))? {
        ausgabe::say("Hier gilt noch die Beispielorganisation. Richten Sie die E-Akte zuerst ein: eakte init.");
        return Err(exit::NOT_INITIALISED);
    }
    let weise = Weise { nur_pruefen: check, fehlende_schliessen: close, leitweg: leitweg.to_owned() };
    let when = (app.clock.now(), app.ids.as_ref());
    let bericht = match abgleich::einlesen(&app.db, when, &audit::person(&app.cli), dateien, &weise).await {
        Ok(bericht) => bericht,
        Err(Abbruch::Maengel(maengel)) => {
            for mangel in &maengel {
                ausgabe::say(&mangel.to_string());
            }
            let n = if maengel.len() == 1 { "1 Fehler".to_owned() } else { format!("{} Fehler", maengel.len()) };
            return Err(failed(&format!("{n}. Es wurde nichts eingelesen.")));
        }
        Err(error) => return Err(failed(&format!("Es wurde nichts eingelesen: {error}"))),
    };
    report(&bericht, check);
    if check {
        return Ok(exit::OK);
    }
    let table = zustaendigkeit::of_city(&app.db).await;
    if let Some(xml) = table.map_err(|e| failed(&format!("Die Tabelle der Zuständigkeit fehlt: {e}")))? {
        let name = zustaendigkeit::TABELLE;
        let deployed = app.geschaeftsgang.deploy_table(name, &xml, Herkunft::Auslieferung).await;
        deployed.map_err(|e| failed(&format!("Eingelesen. Die Tabelle {name} ist nicht veröffentlicht: {e}")))?;
    }
    ausgabe::line("Laufende Dienste zeigen neue Ämter und Gruppen nach ihrem nächsten Start.");
    Ok(exit::OK)
}

/// The files that are named, and those of a folder.
fn files(pfade: &[PathBuf]) -> Result<Vec<Datei>, u8> {
    let mut found = Vec::new();
    for pfad in pfade {
        if !pfad.is_dir() {
            found.push(read(pfad)?);
            continue;
        }
        let there: Vec<PathBuf> = TABELLEN.iter().map(|t| pfad.join(t.datei)).filter(|p| p.is_file()).collect();
        if there.is_empty() {
            let known: Vec<&str> = TABELLEN.iter().map(|t| t.datei).collect();
            return Err(failed(&format!("In {} liegt keine der Dateien {}.", pfad.display(), known.join(", "))));
        }
        for path in &there {
            found.push(read(path)?);
        }
        let others = std::fs::read_dir(pfad).into_iter().flatten().flatten();
        for name in others.map(|e| e.file_name().to_string_lossy().into_owned()) {
            if name.to_lowercase().ends_with(".csv") && von_datei(&name).is_none() {
                ausgabe::say(&format!("{name} gehört nicht dazu und wird nicht gelesen."));
            }
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Datei, u8> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there is more.
    let read = std::fs::File::open(path).and_then(|f| f.take(DATEI_MAX as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        ausgabe::say(&format!("{}: {}", path.display(), ausgabe::unlesbar(&error)));
        exit::UNREADABLE
    })?;
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    Ok(Datei { name, bytes })
}

fn report(bericht: &Bericht, check: bool) {
    if check {
        ausgabe::line("Nur geprüft, nichts geändert. So würde eingelesen:");
    }
    for z in &bericht.tabellen {
        ausgabe::line(&format!(
            "{}: {} neu, {} geändert, {} unverändert, {} nicht mehr in der Datei, {} geschlossen",
            z.datei,
            z.neu.len(),
            z.geaendert.len(),
            z.unveraendert,
            z.fehlend.len(),
            z.geschlossen.len()
        ));
        let changed: Vec<String> = z
            .geaendert
            .iter()
            .map(|(key, columns)| match columns.is_empty() {
                true => format!("{key} (wieder da)"),
                false => format!("{key} ({})", columns.join(", ")),
            })
            .collect();
        for (what, keys) in [
            ("neu", &z.neu),
            ("geändert", &changed),
            ("nicht mehr in der Datei", &z.fehlend),
            ("geschlossen", &z.geschlossen),
        ] {
            let more = match keys.len().saturating_sub(GENANNT) {
                0 => String::new(),
                n => format!(" und {n} weitere"),
            };
            if !keys.is_empty() {
                ausgabe::line(&format!("  {what}: {}{more}", keys[..keys.len().min(GENANNT)].join(", ")));
            }
        }
    }
    match bericht.rechte {
        0 => {}
        1 => ausgabe::line("Bei 1 Person sind Gruppen oder Rollen anders."),
        n => ausgabe::line(&format!("Bei {n} Personen sind Gruppen oder Rollen anders.")),
    }
    if bericht.tabellen.iter().any(|z| !z.fehlend.is_empty()) {
        ausgabe::line("Was nicht mehr in der Datei steht, gilt weiter. Mit --fehlende-schliessen wird es geschlossen.");
    }
    for hinweis in &bericht.hinweise {
        ausgabe::line(&format!("Hinweis: {hinweis}"));
    }
}
