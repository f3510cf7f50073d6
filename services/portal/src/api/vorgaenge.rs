// SPDX-License-Identifier: EUPL-1.2
//! Tasks and process instances.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use nachrichten::{
    aufgaben::{AufgabenFilter, Erledigung},
    fehler::Fehler,
};

use super::{
    Wer,
    dokumente::{Paging, etag},
    if_match,
    modelle::{Claimed, Completion, Instance, TaskDetail, Tasks},
    next_link, precondition,
    problem::Problem,
};
use crate::{App, rahmen::encode, schutz::Antwort, seiten::id};

/// Open tasks this person may do.
#[utoipa::path(
    get, path = "/tasks", tag = "tasks", params(Paging),
    responses((status = 200, body = Tasks, headers(("Link" = String, description = "`rel=\"next\"` when there is more"))))
)]
pub async fn tasks(
    State(app): State<App>,
    wer: Wer,
    Query(p): Query<Paging>,
) -> Result<(HeaderMap, Json<Tasks>), Antwort> {
    let filter = AufgabenFilter { limit: p.limit(), nach: p.after.clone(), ..Default::default() };
    let list = app.aufgaben.list(&wer.actor, &filter).await?;
    let link = list.weiter.map(|n| format!("/api/v1/tasks?limit={}&after={}", p.limit(), encode(&n)));
    Ok((next_link(link), Json(Tasks { tasks: list.aufgaben.into_iter().map(Into::into).collect() })))
}

/// One task.
#[utoipa::path(
    get, path = "/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses(
        (status = 200, body = TaskDetail, headers(("ETag" = String, description = "Version for If-Match"))),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn task(State(app): State<App>, wer: Wer, Path(t): Path<String>) -> Result<Response, Antwort> {
    let seite = app.aufgaben.get(&wer.actor, id(&t)?).await?;
    Ok((etag(seite.aufgabe.version), Json(TaskDetail::from(seite))).into_response())
}

/// Takes a task.
#[utoipa::path(
    post, path = "/tasks/{id}/claim", tag = "tasks",
    params(("id" = String, Path), ("If-Match" = String, Header, description = "Version the caller saw")),
    responses(
        (status = 200, body = Claimed),
        (status = 412, description = "Someone was faster", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn claim(
    State(app): State<App>,
    wer: Wer,
    Path(t): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Antwort> {
    let version = if_match(&headers)?;
    let version = app.aufgaben.claim(&wer.actor, id(&t)?, version).await.map_err(precondition)?;
    Ok((etag(version), Json(Claimed { version })).into_response())
}

/// Completes a task with the values of its form.
#[utoipa::path(
    post, path = "/tasks/{id}/complete", tag = "tasks",
    params(
        ("id" = String, Path),
        ("If-Match" = String, Header, description = "Version the caller saw"),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeat with the same key gives the first answer"),
    ),
    request_body = Completion,
    responses(
        (status = 204, description = "Done"),
        (status = 403, description = "Not allowed, e.g. the four eyes rule", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Someone was faster", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The values are not complete", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn complete(
    State(app): State<App>,
    wer: Wer,
    Path(t): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Completion>, JsonRejection>,
) -> Result<StatusCode, Antwort> {
    let version = if_match(&headers)?;
    let Json(body) = body.map_err(|e| {
        Fehler::new("E7006", 422, "Die Werte sind nicht lesbar. Erwartet wird {\"values\": {…}}.", e.body_text())
    })?;
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).filter(|k| !k.is_empty() && k.len() <= 200);
    let idempotency_key = key.map_or_else(|| app.ids.uuid().to_string(), str::to_owned);
    let fassung = match body.content_sha256.as_deref().map(str::parse) {
        None => None,
        Some(Ok(hash)) => Some(hash),
        Some(Err(_)) => {
            return Err(Fehler::new("E7006", 422, "content_sha256 ist kein SHA-256 in Hex.", "not a hash").into());
        }
    };
    let e = Erledigung { version, idempotency_key, werte: body.values, fassung };
    app.aufgaben.complete(&wer.actor, id(&t)?, e).await.map_err(precondition)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A process instance with its live position.
#[utoipa::path(
    get, path = "/instances/{id}", tag = "instances", params(("id" = String, Path)),
    responses((status = 200, body = Instance), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub async fn instance(State(app): State<App>, wer: Wer, Path(i): Path<String>) -> Result<Json<Instance>, Antwort> {
    Ok(Json(app.ablaeufe.get(&wer.actor, id(&i)?).await?.into()))
}
