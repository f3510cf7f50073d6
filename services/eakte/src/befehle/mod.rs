// SPDX-License-Identifier: EUPL-1.2
//! One file per command.

pub mod account;
pub mod audit;
pub mod backup;
pub mod dmn;
pub mod document;
pub mod init;
pub mod intake;
pub mod invoice;
pub mod migrate;
pub mod ocr;
pub mod reconcile;
pub mod run;
pub mod serve;
pub mod spur;
pub mod workflow;

use std::path::Path;

use serde_json::json;
use service_platform::telemetry;

use crate::{
    App,
    app::Start,
    ausgabe,
    cli::{Ort, settings},
    exit,
    kern::own_program,
    ports::Geduld,
};

/// Ok or Err with an exit code; what went wrong was already said.
pub type Ende = Result<u8, u8>;

/// The runtime of commands and services.
pub fn runtime() -> Result<tokio::runtime::Runtime, u8> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        ausgabe::say(&format!("Das Programm kann nicht starten: {error}"));
        exit::FAILED
    })
}

/// Opens a data directory that was used before, without workers and without its lock: reading is allowed beside a
/// running server.
pub async fn open(ort: &Ort) -> Result<App, u8> {
    let (config, data) = settings(ort)?;
    let embedded = config.settings.db.address().is_ok_and(|address| address.is_none());
    if embedded && !data.join("eakte.db").exists() {
        ausgabe::say(&format!(
            "Im Ordner {} liegen noch keine Daten. Starten Sie zuerst „eakte serve“ oder „eakte intake“.",
            data.display()
        ));
        return Err(exit::NOT_INITIALISED);
    }
    telemetry::init("error", false);
    let start =
        Start { data, program: own_program(), demo: false, scan: false, work: Vec::new(), geduld: Geduld::Keine };
    App::start(&start, &config.settings).await.map_err(|error| {
        ausgabe::say(&format!("Die Daten lassen sich nicht öffnen: {error}"));
        exit::FAILED
    })
}

/// Reads a file a person named.
pub fn read(file: &Path) -> Result<Vec<u8>, u8> {
    std::fs::read(file).map_err(|error| {
        ausgabe::say(&format!("{}: {}", file.display(), ausgabe::unlesbar(&error)));
        exit::UNREADABLE
    })
}

/// Why a process or a table in another encoding is not read: guessed letters would stand in tasks and mails.
pub const NICHT_UTF8: &str = "Die Datei ist nicht in UTF-8 gespeichert. Speichern Sie sie im Modellierer noch einmal.";

/// Reads a text file a person named.
pub fn read_text(file: &Path) -> Result<String, u8> {
    String::from_utf8(read(file)?).map_err(|_| {
        ausgabe::say(&format!("{}: {NICHT_UTF8}", file.display()));
        exit::FAILED
    })
}

/// Writes a file a person named.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), u8> {
    std::fs::write(file, bytes).map_err(|error| {
        ausgabe::say(&format!("{} lässt sich nicht schreiben: {error}", file.display()));
        exit::FAILED
    })
}

/// `eakte config`.
pub fn config(ort: &Ort, json: bool) -> Ende {
    let (config, _) = settings(ort)?;
    for (key, value, origin) in config.explain() {
        if json {
            ausgabe::json(&json!({ "key": key, "value": value, "origin": origin }));
        } else {
            ausgabe::line(&format!("{key:<28} {value:<40} {origin}"));
        }
    }
    Ok(exit::OK)
}
