// SPDX-License-Identifier: EUPL-1.2
//! Drives every path of the processes in `workflows/definitionen`. Workers and people are played
//! by the tests; each job's input must read as the message of its job type.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bearbeitung;
mod bild;
mod dokument;
mod hinweise;
mod lauf;
mod neufassung;
mod posteingang;
mod rechnung;
mod rechnung_geld;
mod rechnung_pruefung;
mod rueckmeldung;
mod tabellen;
mod umlauf;
mod vorlage;
mod vorlage_gremien;
mod wiedervorlage;
