// SPDX-License-Identifier: EUPL-1.2
//! `eakte init uebung zuruecksetzen`: empties the training Mandant. What is emptied carries the mark in its own
//! database; without it nothing is touched, whatever the settings say.

use std::sync::Arc;

use service_platform::{blobs::BlobError, db::Db, mandant, uhr::SystemClock};

use super::{Ende, failed};
use crate::{
    ausgabe,
    befehle::{migrate, runtime, serve},
    cli::{Ort, settings},
    demo,
    einrichtung::fragen::{self, Gespraech as _, Terminal},
    exit, ports,
};

pub fn reset(ja: bool, ort: &Ort) -> Ende {
    let ort = Ort { uebung: true, ..ort.clone() };
    let (config, data) = settings(&ort)?;
    let settings = config.settings;
    let unreadable =
        |e: service_platform::config::ConfigError| failed(&format!("Die Konfiguration ist nicht lesbar: {e}"));
    let owner = settings.db.migration_address().map_err(unreadable)?;
    let address = owner.or(settings.db.address().map_err(unreadable)?);
    let file = data.join("eakte.db");
    if address.is_none() && !file.exists() {
        ausgabe::say(&format!(
            "In {} liegt noch kein Übungsmandant. Er entsteht mit „eakte serve --uebung“.",
            data.display()
        ));
        return Err(exit::NOT_INITIALISED);
    }
    if !ja {
        if !fragen::is_terminal() {
            return Err(failed("Ohne Terminal braucht es --ja: Der Übungsmandant wird geleert."));
        }
        Terminal.sagen(&format!("Alles im Übungsmandanten ({}) wird gelöscht. Fortfahren? ja/nein > ", data.display()));
        if Terminal.lesen().is_none_or(|line| line.trim() != "ja") {
            return Err(failed("Nichts wurde gelöscht."));
        }
    }
    let sperre = serve::lock(&data)?;
    runtime()?.block_on(async {
        let opened = match &address {
            Some(url) => Db::postgres_as(url, None, 2).await,
            None => Db::sqlite(&file).await,
        };
        let db = opened.map_err(|e| failed(&format!("Die Datenbank lässt sich nicht öffnen: {e}")))?;
        // A database without our tables has no mark either.
        if !mandant::is_training(&db).await.unwrap_or(false) {
            ausgabe::say("Diese Datenbank ist kein Übungsmandant. Es wurde nichts gelöscht.");
            return Err(exit::FORBIDDEN);
        }
        let emptied = db.empty_training().await;
        db.close().await;
        emptied.map_err(|e| failed(&format!("Die Tabellen sind noch da: {e}")))?;
        if settings.s3.is_used() {
            let away = |e: BlobError| failed(&format!("Die Dokumente im Ablageort sind noch da: {e}"));
            let blobs = ports::blobs(&data, &settings, Arc::new(SystemClock::default())).map_err(away)?;
            let mut kept = 0;
            for hash in blobs.list().await.map_err(away)? {
                match blobs.remove(hash).await {
                    Ok(()) => {}
                    Err(BlobError::Retained(_)) => kept += 1,
                    Err(error) => return Err(away(error)),
                }
            }
            if kept > 0 {
                ausgabe::line(&format!(
                    "{kept} Dokumente hält der Ablageort bis zum Ende ihrer Sperre; niemand verweist auf sie."
                ));
            }
        }
        Ok(())
    })?;
    demo::empty(&data);
    drop(sperre);
    if address.is_some() {
        // A database of its own server has its tables before anything starts.
        migrate::run(&ort)?;
    }
    ausgabe::line("Der Übungsmandant ist leer. „eakte serve --uebung“ füllt ihn mit Beispielen.");
    Ok(exit::OK)
}
