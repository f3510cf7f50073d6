// SPDX-License-Identifier: EUPL-1.2
//! portal: the German web pages and the REST API `/api/v1`.
//!
//! Owns no tables. Speaks with the core services through the traits of `nachrichten`, with persons and sessions
//! through [`Konten`]; rights are theirs to enforce, the portal only shows what they answer.
//! Every page works without script; CSRF, session, request id and security headers are layers of [`router`].
#![allow(missing_docs)] // view structs carry the German names of their fields

mod api;
mod arten;
mod beleg;
pub mod bild;
pub mod format;
pub mod formular;
mod markdown;
mod rahmen;
mod schutz;
mod seiten;
mod sitzung;
mod state;
pub mod tasten;
pub mod trennblatt;
mod web;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state, routing::get};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

pub use api::openapi;
pub use schutz::{CSP, CSP_FREMD};
pub use state::{Amt, Demo, Dienst, Dienste, Konten, Options, PortalState, Vertretungen};

/// Shared handle of the state.
pub(crate) type App = Arc<PortalState>;

/// Everything: pages, `/web`, `/api/v1`, `/health`, `/ready`, error pages, security headers.
pub fn router(state: PortalState) -> Router {
    let app: App = Arc::new(state);
    // Images are compressed already; compressing what carries a secret next to what a stranger typed is avoided for the API.
    let compressible = SizeAbove::new(1_024)
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::const_new("application/pdf"));
    Router::new()
        .merge(seiten::geschuetzt(&app))
        .merge(seiten::offen(&app))
        .merge(api::router(&app))
        .route("/web/{hash}/{*file}", get(web::datei))
        .layer(DefaultBodyLimit::max(app.options.upload_max.saturating_add(64 * 1024)))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), schutz::rand))
        .layer(CompressionLayer::new().compress_when(compressible))
        .with_state(app)
}
