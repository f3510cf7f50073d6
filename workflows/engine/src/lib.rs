// SPDX-License-Identifier: EUPL-1.2
//! The process engine: reads BPMN 2.0, decides with DMN and FEEL, and runs instances as data.
//!
//! Pure: no I/O, no clock, no random ids. [`deploy`] reads a file, [`step`] takes a state and a
//! command and gives the new state, what the service has to do ([`Output`]) and what happened
//! ([`HistoryEvent`]). A step runs all automatic elements until every token waits.
//! [`memory::Runner`] is a whole runtime in memory, for tests and traces.

mod analyse;
mod api;
mod budget;
mod definition;
mod dmn;
mod dmn_limits;
mod element;
mod feel;
mod machine;
pub mod memory;
mod migrate;
mod scan;
mod size;
mod state;
mod step;
mod structure;
pub mod tabelle;
pub mod tck;
mod timer;
pub mod trace;
pub mod vergleich;
mod warum;
mod xml;

pub use api::*;
pub use definition::Definition;
pub use dmn::{TableSet, Tables};
pub use migrate::{Migrated, MigrationPlan, migrate};
pub use state::{Phase, State};
pub use step::step;
pub use xml::{Inventory, ProcessInventory, deploy, inventory};
