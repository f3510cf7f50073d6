// SPDX-License-Identifier: EUPL-1.2
//! Search, health, readiness.

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
};
use nachrichten::{Tag, fehler::Fehler, suche::Anfrage};
use serde::Deserialize;

use super::{
    LIMIT_MAX, Wer,
    modelle::{FacetCount, Health, Hit, PartState, Readiness, SearchResult, SnippetPart},
    next_link,
    problem::Problem,
};
use crate::{App, rahmen::encode, schutz::Antwort};

/// A search.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Gesucht {
    /// Knows `"genau"`, `-ohne` and `Az:66.10*`.
    #[serde(default)]
    pub q: String,
    /// Document types, separated by comma.
    #[serde(default)]
    pub doc_type: String,
    /// Offices, separated by comma.
    #[serde(default)]
    pub office: String,
    /// ISO date.
    pub from: Option<String>,
    /// ISO date.
    pub to: Option<String>,
    pub limit: Option<u32>,
    /// 0-based page.
    pub page: Option<u32>,
}

fn day(text: &Option<String>) -> Result<Option<Tag>, Fehler> {
    let wrong = |_| Fehler::new("E7006", 422, "Schreiben Sie das Datum so: 2026-11-23.", "date not ISO");
    text.as_deref().filter(|t| !t.is_empty()).map(|t| t.parse().map_err(wrong)).transpose()
}

/// Full-text search over the documents this person may see.
#[utoipa::path(
    get, path = "/search", tag = "search", params(Gesucht),
    responses(
        (status = 200, body = SearchResult, headers(("Link" = String, description = "`rel=\"next\"` when there is more"))),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn search(
    State(app): State<App>,
    wer: Wer,
    Query(g): Query<Gesucht>,
) -> Result<(HeaderMap, Json<SearchResult>), Antwort> {
    let list =
        |text: &str| text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (limit, page) = (g.limit.unwrap_or(20).clamp(1, LIMIT_MAX), g.page.unwrap_or(0).min(500));
    let anfrage = Anfrage {
        text: g.q.chars().take(500).collect(),
        dokumentart: list(&g.doc_type),
        amt: list(&g.office),
        von: day(&g.from)?,
        bis: day(&g.to)?,
        limit,
        seite: page,
    };
    let e = app.suche.suche(&wer.actor, &anfrage).await?;
    let more = (u64::from(page) + 1) * u64::from(limit) < e.gesamt;
    let dates = [("from", &g.from), ("to", &g.to)];
    let dates: String =
        dates.into_iter().filter_map(|(n, v)| v.as_ref().map(|v| format!("&{n}={}", encode(v)))).collect();
    let link = more.then(|| {
        let (q, t, o) = (encode(&g.q), encode(&g.doc_type), encode(&g.office));
        format!("/api/v1/search?q={q}&doc_type={t}&office={o}{dates}&limit={limit}&page={}", page + 1)
    });
    let facets = |list: Vec<nachrichten::suche::Facette>| {
        list.into_iter().map(|f| FacetCount { value: f.wert, count: f.anzahl }).collect()
    };
    let result = SearchResult {
        total: e.gesamt,
        hits: e
            .treffer
            .into_iter()
            .map(|t| Hit {
                document: t.dokument.into(),
                snippet: t.ausschnitt.into_iter().map(|(text, hit)| SnippetPart { text, hit }).collect(),
                page: t.seite,
            })
            .collect(),
        doc_types: facets(e.arten),
        offices: facets(e.aemter),
        did_you_mean: e.meinten,
    };
    Ok((next_link(link), Json(result)))
}

/// The process is alive; says nothing about its neighbours.
#[utoipa::path(get, path = "/health", tag = "operation", security(()), responses((status = 200, body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok".into() })
}

/// Can it serve its callers?
#[utoipa::path(get, path = "/ready", tag = "operation", security(()), responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let stand = app.dienste.stand().await;
    let status = match stand.iter().filter(|d| !d.gut).map(|d| d.noetig).max() {
        None => "ready",
        Some(false) => "degraded",
        Some(true) => "unavailable",
    };
    let parts =
        stand.into_iter().map(|d| PartState { name: d.name, ok: d.gut, required: d.noetig, text: d.text }).collect();
    let code = if status == "unavailable" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(Readiness { status: status.into(), parts }))
}
