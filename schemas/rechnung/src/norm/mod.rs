// SPDX-License-Identifier: EUPL-1.2
//! The official check: what schemas and rules of EN 16931 and XRechnung say about a document.
//!
//! [`struktur`] compares a document with its schema, [`pruefen`] runs the rules of a release ([`regelwerk`]). Not yet in
//! use: so far those rules are here that only say how often something may occur, and [`crate::check`] has others. The tables in `tabellen/` are facts, made by scripts that name
//! their source.

mod name;
pub mod pruefen;
pub mod regelwerk;
pub mod schema;
mod simple;
pub mod struktur;

pub use name::Name;
