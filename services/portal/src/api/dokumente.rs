// SPDX-License-Identifier: EUPL-1.2
//! Documents, their renditions and page images.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use nachrichten::{DokumentId, fehler::Fehler};
use serde::Deserialize;

use super::{
    LIMIT_MAX, Wer,
    modelle::{Document, Documents},
    next_link,
    problem::Problem,
};
use crate::{
    App,
    rahmen::encode,
    schutz::{Antwort, CSP_FREMD},
    seiten::{dokument::ausliefern, id},
};

/// Cursor paging.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most 200.
    pub limit: Option<u32>,
    /// Cursor from the `Link` of the answer before.
    pub after: Option<String>,
}

impl Paging {
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(50).clamp(1, LIMIT_MAX)
    }
}

/// Documents this person may see, newest first.
#[utoipa::path(
    get, path = "/documents", tag = "documents", params(Paging),
    responses((status = 200, body = Documents, headers(("Link" = String, description = "`rel=\"next\"` when there is more"))))
)]
pub async fn list(
    State(app): State<App>,
    wer: Wer,
    Query(p): Query<Paging>,
) -> Result<(HeaderMap, Json<Documents>), Antwort> {
    let (rows, next) = app.dokumente.list(&wer.actor, p.limit(), p.after.as_deref()).await?;
    let link = next.map(|n| format!("/api/v1/documents?limit={}&after={}", p.limit(), encode(&n)));
    Ok((next_link(link), Json(Documents { documents: rows.into_iter().map(Into::into).collect() })))
}

/// One document.
#[utoipa::path(
    get, path = "/documents/{id}", tag = "documents", params(("id" = String, Path)),
    responses(
        (status = 200, body = Document, headers(("ETag" = String, description = "Version"))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get(State(app): State<App>, wer: Wer, Path(d): Path<String>) -> Result<Response, Antwort> {
    let d = app.dokumente.get(&wer.actor, id(&d)?).await?;
    Ok((etag(d.version), Json(Document::from(d))).into_response())
}

/// The strong entity tag of a version.
pub fn etag(version: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = format!("\"{version}\"").parse() {
        headers.insert(header::ETAG, value);
    }
    headers
}

/// Bytes of a rendition, as a download.
#[utoipa::path(
    get, path = "/documents/{id}/renditions/{name}", tag = "documents",
    params(("id" = String, Path), ("name" = String, Path, description = "`original`, `pdfa`, `text`, `invoice-html`, `protokoll`, `woerter`")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rendition(
    State(app): State<App>,
    wer: Wer,
    Path((d, name)): Path<(String, String)>,
) -> Result<Response, Antwort> {
    Ok(ausliefern(app.dokumente.rendition(&wer.actor, id::<DokumentId>(&d)?, &name).await?))
}

/// Image of page `n`, counted from 1.
#[utoipa::path(
    get, path = "/documents/{id}/pages/{n}", tag = "documents", params(("id" = String, Path), ("n" = u32, Path)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn page(State(app): State<App>, wer: Wer, Path((d, n)): Path<(String, String)>) -> Result<Response, Antwort> {
    let index = n.parse::<u32>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(Fehler::not_found)?;
    let inhalt = app.dokumente.page_image(&wer.actor, id(&d)?, index).await?;
    if !matches!(inhalt.media_type.as_str(), "image/png" | "image/jpeg" | "image/webp") {
        return Ok(ausliefern(inhalt));
    }
    let typ = HeaderValue::from_str(&inhalt.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok((
        [(header::CONTENT_TYPE, typ), (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP_FREMD))],
        inhalt.bytes,
    )
        .into_response())
}
