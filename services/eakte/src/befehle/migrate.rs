// SPDX-License-Identifier: EUPL-1.2
//! `eakte migrate`: tables and roles, by the one role that owns them. Services never change a table; they wait until
//! the tables are those they know.

use service_platform::{blobs::S3Blobs, db::Db, telemetry};

use super::{Ende, runtime, serve};
use crate::{
    ausgabe,
    cli::{Ort, settings},
    exit,
    ports::MIGRATIONS,
};

pub fn run(ort: &Ort) -> Ende {
    let (config, data) = settings(ort)?;
    telemetry::init(&config.settings.log.filter, config.settings.log.json);
    let db = &config.settings.db;
    let address = db.migration_address().and_then(|own| Ok(own.or(db.address()?))).map_err(|error| {
        ausgabe::say(&format!("Die Konfiguration ist nicht lesbar: {error}"));
        exit::USAGE
    })?;
    let failed = |error: service_platform::db::DbError| {
        ausgabe::say(&format!("Die Tabellen sind nicht angelegt: {error}"));
        exit::FAILED
    };
    // Held while the embedded database is changed.
    let _sperre = if address.is_none() { Some(serve::lock(&data)?) } else { None };
    runtime()?.block_on(async {
        let db = match &address {
            Some(url) => Db::postgres_as(url, None, 2).await,
            None => Db::sqlite(&data.join("eakte.db")).await,
        };
        let db = db.map_err(failed)?;
        for migrations in MIGRATIONS {
            db.migrate(&migrations).await.map_err(failed)?;
        }
        db.give_roles().await.map_err(failed)?;
        let admitted = service_platform::mandant::admit(&db, config.settings.uebung.aktiv).await;
        db.close().await;
        admitted.map_err(|error| {
            ausgabe::say(&error.to_string());
            exit::FAILED
        })?;
        if config.settings.s3.is_used() {
            let clock = std::sync::Arc::new(service_platform::uhr::SystemClock::default());
            let made =
                async { S3Blobs::open(&config.settings.s3, &config.settings.mandant, clock)?.make_bucket().await };
            let made = made.await.map_err(|error| {
                ausgabe::say(&format!("Der Ablageort „{}“ ist nicht da: {error}", config.settings.s3.bucket));
                exit::FAILED
            })?;
            if made {
                ausgabe::line(&format!("Der Ablageort „{}“ ist angelegt.", config.settings.s3.bucket));
            }
        }
        ausgabe::line(match address {
            Some(_) => "Tabellen und Rollen sind auf dem Stand dieses Programms.",
            None => "Die Tabellen sind auf dem Stand dieses Programms.",
        });
        Ok(exit::OK)
    })
}
