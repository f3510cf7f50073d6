// SPDX-License-Identifier: EUPL-1.2
//! Contracts between the services: ids, job messages with their results, and the typed traits
//! by which core services speak where a person waits (architecture: "one way of dependencies").
//!
//! No I/O, no clock, no random ids: times and ids are parameters everywhere. Bytes never travel in
//! a message, only [`BlobHash`]es do.
#![allow(missing_docs)] // fields of messages carry their German names; types and units are documented

pub mod ablaeufe;
pub mod akten;
pub mod aufgaben;
pub mod dokumente;
pub mod einordnung;
pub mod ereignisse;
pub mod erkennung;
pub mod fassungen;
pub mod fehler;
mod hash;
pub mod hinweise;
mod ids;
pub mod job;
pub mod kalender;
pub mod laufweg;
pub mod rechnung;
pub mod sendungen;
pub mod suche;
pub mod uebergabe;
pub mod verweise;
pub mod wiedervorlage;
mod zeit;

pub use fehler::{Code, Text, UserError};
pub use hash::BlobHash;
pub use ids::*;
pub use zeit::{Tag, Timestamp};

/// Variables of a process instance or values of a form: JSON with decimals as text.
pub type Werte = serde_json::Map<String, serde_json::Value>;

/// Money: a decimal in EUR unless a currency stands beside it; canonical text in JSON and SQL.
pub type Betrag = rust_decimal::Decimal;

/// Who acts: always one natural person (or a technical account such as `cli`), never a session.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Actor {
    pub person: PersonId,
    /// Name as shown in logs of decisions, e.g. "Kim Beispiel".
    pub name: String,
}
