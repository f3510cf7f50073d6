// SPDX-License-Identifier: EUPL-1.2
//! ruf: calls between core processes, for where a person waits.
//!
//! The core services meet through the traits of `nachrichten`. In one process that is a call; between processes this
//! crate is the second implementation of each: a client that asks another process, and the server that answers from the
//! real service. Both follow from one table (`table.rs`): a row per method, and a method without a row does not compile.
//!
//! | | |
//! |---|---|
//! | call | `POST /ruf/1/<trait>/<method>`, body: JSON array of the arguments |
//! | answer | `{"ok": …}` or `{"fehler": {code, status, text, detail}}` |
//! | bytes | files are no JSON: they follow it raw, header `ruf-json` says where the JSON ends |
//! | who | mTLS 1.3 with one private authority; the DNS names of the caller's certificate say which services it is, the table says what those may call. Plain HTTP between addresses of one machine only |
//! | time | 10 s for a call and all its repeats (table: times so much; a second more per MiB); the server stops working when the time is over or the caller is gone |
//! | repeats | two, when the request did not leave, when it only reads, or when it carries an idempotency key; a process that restarts is waited for 4 s |
//!
//! Actor, expected version and idempotency key are arguments and travel as such. Nobody below trusts them less or more
//! than in one process: rights are checked by the service that is called.
//!
//! ```no_run
//! # async fn example(settings: service_platform::config::RufSettings, services: service_ruf::Services)
//! # -> Result<(), service_ruf::RufError> {
//! // The others: `Arc<dyn Aufgaben>` and so on where their address is set.
//! let neighbours = service_ruf::Neighbours::open(&settings)?;
//! let _aufgaben: Option<std::sync::Arc<dyn nachrichten::aufgaben::Aufgaben>> =
//!     neighbours.geschaeftsgang.clone().map(|g| g as _);
//! // This process answers with its own services until the stop signal.
//! if let Some(server) = service_ruf::Server::bind(&settings, services).await? {
//!     server.run(std::future::pending()).await;
//! }
//! # Ok(()) }
//! ```
#![allow(missing_docs)]

mod client;
mod identity;
mod link;
#[macro_use]
mod macros;
mod server;
mod table;
mod texts;
mod wire;

use std::time::Duration;

pub use client::{Neighbours, remote};
pub use server::Server;
pub use table::{CALLERS, METHODS, Services};

/// The settings do not fit; the German text names the setting and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RufError(pub(crate) String);

/// Bounds of time and size. The defaults are right; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A call with all its repeats; a row of the table may multiply it.
    pub call: Duration,
    /// A process that refuses connections is waited for so long, the first time: then it counts as away.
    pub patience: Duration,
    /// Until a connection stands, handshake included.
    pub connect: Duration,
    /// Without a byte of a body that is on its way.
    pub stall: Duration,
    /// JSON of a call or an answer, in bytes.
    pub json: u64,
    /// Raw bytes behind it.
    pub bytes: u64,
    /// An unused connection is kept for so long.
    pub idle: Duration,
    /// A connection ends after so long at the latest, so that its certificates are checked anew.
    pub age: Duration,
    /// Renewed certificate files are noticed after so long.
    pub look: Duration,
    /// Calls under way may take so long to end when the process stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            patience: Duration::from_secs(4),
            connect: Duration::from_secs(3),
            stall: Duration::from_secs(10),
            json: 32 << 20,
            bytes: 2 << 30,
            idle: Duration::from_secs(30),
            age: Duration::from_secs(600),
            look: Duration::from_secs(10),
            drain: Duration::from_secs(30),
        }
    }
}
