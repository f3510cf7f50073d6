// SPDX-License-Identifier: EUPL-1.2
//! The binary `eakte`: the only crate that knows all services. `eakte serve` runs them in one process with the
//! embedded ports; the other commands are the contract of `README.md`.
#![allow(missing_docs)]

pub mod app;
pub mod arbeiter;
pub mod ausgabe;
pub mod befehle;
pub mod betrieb;
pub mod cli;
pub mod demo;
pub mod dienste;
pub mod einrichtung;
pub mod kern;
pub mod kind;
pub mod ports;
pub mod sicherung;
pub mod sperre;
pub mod teil;
mod umfeld;
pub mod vorrat;

pub use app::App;

/// All statements of this crate, for the test that prepares each one on each database.
pub fn statements() -> Vec<(&'static str, service_platform::db::Sql)> {
    [
        befehle::init::STATEMENTS,
        demo::STATEMENTS,
        einrichtung::abgleich::STATEMENTS,
        einrichtung::zustaendigkeit::STATEMENTS,
    ]
    .concat()
}

/// Exit codes; an unknown one means failure.
pub mod exit {
    /// All good.
    pub const OK: u8 = 0;
    /// A negative verdict or a failure.
    pub const FAILED: u8 = 1;
    /// Wrong usage.
    pub const USAGE: u8 = 2;
    /// Some items could not be read.
    pub const UNREADABLE: u8 = 3;
    /// The data directory was never used.
    pub const NOT_INITIALISED: u8 = 10;
    /// Another process holds the data directory.
    pub const IN_USE: u8 = 11;
    /// Not allowed.
    pub const FORBIDDEN: u8 = 12;
}
