// SPDX-License-Identifier: EUPL-1.2
//! platform: the ports and what every core service needs: `Db`, `Bus`, `Blobs`, `Clock`, `Ids`, audit, outbox and
//! inbox, persons and grants, the worker shape, configuration and telemetry.
//!
//! Owns the tables `platform_*`. Embedded backends live here: SQLite, the in-process bus, a directory.
#![allow(missing_docs)]

pub mod audit;
pub mod blobs;
pub mod bus;
pub mod config;
pub mod db;
pub mod ereignis;
pub mod konten;
pub mod mandant;
pub mod metriken;
pub mod organisation;
pub mod outbox;
pub mod rechte;
pub mod telemetry;
pub mod trace;
pub mod uhr;
pub mod vertretung;
pub mod verzeichnis;
pub mod webhook;
pub mod worker;
pub mod zeit;

use db::Migrations;

/// The platform's own tables; run before every service's.
pub const MIGRATIONS: Migrations = Migrations {
    name: "platform",
    sqlite: &[include_str!("../migrations/sqlite/0001_anfang.sql")],
    postgres: &[include_str!("../migrations/postgres/0001_anfang.sql")],
};

/// A named point in the code where a test may kill the process: `EAKTE_FAILPOINT=eingang::commit::before`.
/// Compiled in only with debug assertions, never into a release.
pub fn failpoint(name: &str) {
    static WANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    if cfg!(debug_assertions) && WANTED.get_or_init(|| std::env::var("EAKTE_FAILPOINT").ok()).as_deref() == Some(name) {
        std::process::abort();
    }
}

/// The error with its causes; "error sending request" alone helps nobody.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        let more = e.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = e.source();
    }
    text
}

/// All statements of this crate, for the test that prepares each one on each database.
pub fn statements() -> Vec<(&'static str, db::Sql)> {
    [
        audit::STATEMENTS,
        audit::VIELE,
        ereignis::STATEMENTS,
        ereignis::VIELE,
        konten::STATEMENTS,
        mandant::STATEMENTS,
        organisation::STATEMENTS,
        organisation::pflege::STATEMENTS,
        outbox::STATEMENTS,
        outbox::VIELE,
        rechte::STATEMENTS,
        rechte::VIELE,
        vertretung::STATEMENTS,
        verzeichnis::STATEMENTS,
        webhook::STATEMENTS,
        webhook::VIELE,
        zeit::STATEMENTS,
    ]
    .concat()
}
