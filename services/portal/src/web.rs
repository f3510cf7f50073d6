// SPDX-License-Identifier: EUPL-1.2
//! Style, script and fonts from the binary, served below a path that carries their common hash: cacheable for ever.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// The files of `web/`.
#[derive(RustEmbed)]
#[folder = "web"]
pub struct Dateien;

/// `/web/<hash of all files>`: changes with any of them, so that relative addresses inside the CSS stay right.
pub static BASIS: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Dateien::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        if let Some(file) = Dateien::get(&name) {
            hash.update(file.metadata.sha256_hash());
        }
    }
    let hex: String = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("/web/{hex}")
});

/// `GET /web/{hash}/{*file}`.
pub async fn datei(Path((hash, file)): Path<(String, String)>) -> Response {
    let current = BASIS.ends_with(&hash) && hash.len() == 16;
    let Some(found) = Dateien::get(&file) else { return StatusCode::NOT_FOUND.into_response() };
    let typ = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("svg") => "image/svg+xml",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let cache = if current { "public, max-age=31536000, immutable" } else { "no-store" };
    let body = match found.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(typ));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
