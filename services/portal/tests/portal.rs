// SPDX-License-Identifier: EUPL-1.2
//! The portal against a backend in memory: protection of every route, the forms, the API, the files it ships.
#![allow(clippy::unwrap_used)]

#[path = "portal/api.rs"]
mod api;
#[path = "portal/beschluss.rs"]
mod beschluss;
#[path = "portal/betrieb.rs"]
mod betrieb;
#[path = "portal/browser.rs"]
mod browser;
#[path = "portal/dateien.rs"]
mod dateien;
#[path = "portal/fassungen.rs"]
mod fassungen;
mod gemein;
#[path = "portal/protokoll.rs"]
mod protokoll;
#[path = "portal/rechnung.rs"]
mod rechnung;
#[path = "portal/schutz.rs"]
mod schutz;
#[path = "portal/seiten.rs"]
mod seiten;
#[path = "portal/tasten.rs"]
mod tasten;
#[path = "portal/trennblaetter.rs"]
mod trennblaetter;
#[path = "portal/webhooks.rs"]
mod webhooks;
#[path = "portal/zeit.rs"]
mod zeit;
