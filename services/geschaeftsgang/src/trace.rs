// SPDX-License-Identifier: EUPL-1.2
//! What jobs and tasks add to the trace of their Sendung ([`service_platform::trace`]).

use std::{collections::HashMap, time::SystemTime};

use nachrichten::{InstanceId, job::Outcome};
use service_platform::{
    args,
    db::{DbError, Tx},
    trace::{self, Context, KeyValue, Span, SpanKind},
};
use uuid::Uuid;

use crate::{aufgaben::Zeile, jobs::AuftragRow, sql};

/// The `traceparent` of each job's message; none where nobody follows.
pub(crate) async fn headers(tx: &mut Tx, rows: &[AuftragRow]) -> Result<HashMap<Uuid, String>, DbError> {
    if !trace::is_on() {
        return Ok(HashMap::new());
    }
    let asked = rows.iter().map(|row| args![row.instanz]).collect();
    let roots: Vec<(InstanceId, InstanceId)> = tx.all_of(&sql::TRACE_ROOTS, asked).await?;
    let roots: HashMap<InstanceId, InstanceId> = roots.into_iter().collect();
    let header = |row: &AuftragRow| Some((row.id.0, Context::of(roots.get(&row.instanz)?.0)?.below(row.id.0).header()));
    Ok(rows.iter().filter_map(header).collect())
}

/// A job that was worked on, from the moment it was made.
pub(crate) fn job(root: Option<Uuid>, row: &AuftragRow, outcome: &Outcome) -> Option<Span<'static>> {
    let failed = match outcome {
        Outcome::Done { .. } | Outcome::Unreadable { .. } => None,
        Outcome::Bug { .. } => Some("incident"),
        Outcome::Retry { .. } | Outcome::Away { .. } => return None,
    };
    let attributes = vec![
        KeyValue::new("eakte.instance.id", row.instanz.to_string()),
        KeyValue::new("eakte.element", row.element.clone()),
        KeyValue::new("eakte.job.id", row.id.to_string()),
        KeyValue::new("eakte.job.attempt", i64::from(row.attempt)),
    ];
    span(root, row.id.0, SpanKind::Producer, format!("auftrag {}", row.typ), attributes, failed)
}

/// A task that a person completed, from the moment it lay on the desk.
pub(crate) fn task(root: Option<Uuid>, zeile: &Zeile) -> Option<Span<'static>> {
    let attributes = vec![
        KeyValue::new("eakte.instance.id", zeile.instanz.to_string()),
        KeyValue::new("eakte.process", zeile.process.clone()),
        KeyValue::new("eakte.element", zeile.element.clone()),
        KeyValue::new("eakte.task.id", zeile.id.to_string()),
    ];
    span(root, zeile.id.0, SpanKind::Internal, format!("aufgabe {}", zeile.element), attributes, None)
}

fn span(
    root: Option<Uuid>,
    id: Uuid,
    kind: SpanKind,
    name: String,
    attributes: Vec<KeyValue>,
    failed: Option<&'static str>,
) -> Option<Span<'static>> {
    let to = SystemTime::now();
    Some(Span {
        context: Context::of(root?)?,
        id,
        kind,
        name,
        from: trace::born(id).unwrap_or(to),
        to,
        attributes,
        failed,
    })
}
