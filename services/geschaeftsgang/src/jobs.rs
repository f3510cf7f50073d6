// SPDX-License-Identifier: EUPL-1.2
//! Jobs: claimed with a new attempt number, put on the bus, and taken back exactly once.
//!
//! `attempt` fences: a result counts only with the current number. `failures` counts the work's own failures; at the
//! element's number of tries the job stops as an incident. The bus may lose everything: after the deadline, and after
//! every start, what is out goes out again. What a worker needs and is away costs no try: the job waits, and with it
//! its type ([`crate::pausen`]).

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{Command, ElementInstanceId};
use futures_util::future::join_all;
use nachrichten::{
    InstanceId, JobId, Timestamp,
    job::{Job, JobResult, Outcome},
    uebergabe::{BUCHEN, STORNIEREN},
};
use serde_json::Value;
use service_platform::{
    args,
    bus::{Delivery, Lane, Message, State},
    db::{DbError, Tx, insistently},
    failpoint, from_row,
    trace::Span,
    worker::{RESULTS, queue},
};
use uuid::Uuid;

use crate::{
    Inner,
    fahrt::{Fahrt, FahrtFehler},
    pausen, sql, trace,
};

pub(crate) struct AuftragRow {
    pub id: JobId,
    pub instanz: InstanceId,
    pub element_instanz: u64,
    pub element: String,
    pub typ: String,
    pub eingabe: Value,
    pub attempt: u32,
    pub failures: u32,
    pub versuche: u32,
    /// 1 = takes the urgent lane.
    pub dringend: u32,
}
from_row!(AuftragRow { id, instanz, element_instanz, element, typ, eingabe, attempt, failures, versuche, dringend });

/// After a start, and when the bus is back or lost something, nothing of ours may be on it any more: everything open
/// goes out again at once.
pub(crate) async fn release_all(inner: &Inner) -> Result<(), DbError> {
    let released = inner.db.execute(&sql::AUFTRAG_RELEASE, args![inner.now()]).await?;
    if released > 0 {
        tracing::info!(jobs = released, "released {released} open jobs");
    }
    Ok(())
}

/// Puts ready jobs on the bus until the process stops; woken by commits, else every 250 ms.
pub(crate) async fn dispatch(inner: Arc<Inner>) {
    let mut sweep = tokio::time::Instant::now();
    let mut known = (inner.bus.losses(), inner.bus.connects());
    // The line to the database was cut under a round: its claims may stand in the table and be on no bus.
    let mut doubtful = false;
    loop {
        // While the bus is away nothing goes out and no deadline counts.
        if matches!(inner.bus.health().state, State::Degraded { .. }) {
            tokio::time::sleep(Duration::from_millis(250)).await;
            continue;
        }
        // Each new connection and each queue that had to be made anew says that what was out may be lost: everything
        // open goes out again. Counted, not seen: an outage may begin and end while a publish of ours waits for it.
        let now = (inner.bus.losses(), inner.bus.connects());
        if now != known || doubtful {
            match release_all(&inner).await {
                Ok(()) => (known, doubtful) = (now, false),
                Err(error) => {
                    tracing::warn!(%error, "cannot release open jobs, will try again");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
            }
        }
        match dispatch_round(&inner).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot dispatch jobs, will try again");
                doubtful |= error.is_away();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        if sweep.elapsed() > Duration::from_secs(1) {
            sweep = tokio::time::Instant::now();
            if let Err(error) = sweep_deadlines(&inner).await {
                tracing::warn!(%error, "cannot sweep deadlines");
            }
        }
        let _ = tokio::time::timeout(Duration::from_millis(250), inner.auftraege.notified()).await;
    }
}

/// One round over all job types; returns how many jobs went out.
async fn dispatch_round(inner: &Inner) -> Result<usize, DbError> {
    let now = inner.now();
    let ready: Vec<(String, i64)> = inner.db.all(&sql::AUFTRAG_TYPEN, args![now]).await?;
    let mut sent = 0;
    for (typ, _) in ready {
        if inner.ohne_dienst(&typ) {
            let mut tx = inner.db.begin().await?;
            let stopped: Vec<Gestoppt> = tx.all(&sql::AUFTRAG_OHNE_DIENST, args![&typ, now, ohne_dienst(&typ)]).await?;
            for (instanz, element, stelle) in &stopped {
                inner.meldet_stoerung(&mut tx, (*instanz, *stelle), element, now).await?;
            }
            tx.commit().await?;
            tracing::warn!(typ, jobs = stopped.len(), "no worker for this type of job");
            continue;
        }
        let (out,): (u32,) = inner.db.one(&sql::AUFTRAG_UNTERWEGS, args![&typ]).await?;
        let free = inner.pausen.room(&typ, inner.options.window.saturating_sub(out), Instant::now());
        if free == 0 {
            continue;
        }
        let deadline = now.plus_micros(inner.options.deadline.as_micros() as i64);
        let mut tx = inner.db.begin().await?;
        let claimed: Vec<AuftragRow> = tx.all(&sql::AUFTRAG_CLAIM, args![&typ, now, deadline, free]).await?;
        let mut headers = trace::headers(&mut tx, &claimed).await?;
        tx.commit().await?;
        failpoint("ablauf::auftrag::after");
        // Side by side: each waits for its confirm, and the broker syncs many at once.
        let published = claimed.into_iter().map(|row| {
            let (id, header) = (row.id, headers.remove(&row.id.0));
            async move { (id, publish(inner, row, deadline, header).await) }
        });
        for (id, done) in join_all(published).await {
            match done {
                Ok(()) => sent += 1,
                Err(error) => {
                    tracing::warn!(%error, job.id = %id, "cannot publish a job");
                    let later = now.plus_seconds(1);
                    inner.db.execute(&sql::AUFTRAG_UNPUBLISHED, args![id, later]).await?;
                }
            }
        }
    }
    Ok(sent)
}

/// Why a job of this type stands still.
pub(crate) fn ohne_dienst(typ: &str) -> String {
    format!("Für Aufträge der Art „{typ}“ gibt es hier keinen Dienst.")
}

impl Inner {
    /// Is it known that nobody takes jobs of this type?
    pub(crate) fn ohne_dienst(&self, typ: &str) -> bool {
        self.dienste.get().is_some_and(|known| !known.contains(typ))
    }
}

async fn publish(inner: &Inner, row: AuftragRow, deadline: Timestamp, trace: Option<String>) -> Result<(), String> {
    let (name, lane) = (queue(&row.typ), if row.dringend > 0 { Lane::Urgent } else { Lane::Normal });
    let job = Job {
        id: row.id,
        typ: row.typ,
        attempt: row.attempt,
        failures: row.failures,
        instance: row.instanz,
        idempotency_key: format!("{}/{}", row.instanz, row.element_instanz),
        deadline,
        eingabe: row.eingabe,
        trace,
    };
    let body = serde_json::to_value(&job).map_err(|e| e.to_string())?;
    let id = Uuid::new_v5(&job.id.0, &job.attempt.to_be_bytes());
    inner.bus.publish_in(&name, lane, Message { id, body }).await.map_err(|e| e.to_string())
}

/// A passed deadline counts as a failure of the work.
async fn sweep_deadlines(inner: &Inner) -> Result<(), DbError> {
    let now = inner.now();
    let late: Vec<AuftragRow> = inner.db.all(&sql::AUFTRAG_LATE, args![now]).await?;
    if late.is_empty() {
        return Ok(());
    }
    let mut tx = inner.db.begin().await?;
    for row in late {
        failed(inner, &mut tx, &row, "Die Frist der Bearbeitung ist abgelaufen.", 0, now).await?;
    }
    tx.commit().await
}

/// Instance, step and its running: of a job that stops.
type Gestoppt = (InstanceId, String, u64);

/// The job stops as an incident, and others hear of it.
async fn stop(
    inner: &Inner,
    tx: &mut Tx,
    job: JobId,
    failures: u32,
    cause: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let stopped: Option<Gestoppt> = tx.optional(&sql::AUFTRAG_STOERUNG, args![job, failures, cause]).await?;
    match stopped {
        Some((instanz, element, stelle)) => inner.meldet_stoerung(tx, (instanz, stelle), &element, now).await,
        None => Ok(()),
    }
}

async fn failed(
    inner: &Inner,
    tx: &mut Tx,
    row: &AuftragRow,
    cause: &str,
    after_ms: u64,
    now: Timestamp,
) -> Result<(), DbError> {
    let failures = row.failures + 1;
    if failures >= row.versuche.max(1) {
        stop(inner, tx, row.id, failures, cause, now).await?;
        tracing::warn!(job.id = %row.id, element = row.element, failures, "job stopped as an incident");
    } else {
        let again = now.plus_micros(after_ms.max(200) as i64 * 1000);
        tx.execute(&sql::AUFTRAG_AGAIN, args![row.id, failures, again, cause]).await?;
    }
    Ok(())
}

/// Takes results until the process stops: what is there together goes into one commit.
pub(crate) async fn results(inner: Arc<Inner>) {
    loop {
        let consumer = match inner.bus.declare(RESULTS).await {
            Ok(()) => inner.bus.consume(RESULTS, inner.options.batch * 2).await,
            Err(error) => Err(error),
        };
        match consumer {
            Ok(mut consumer) => {
                while let Some(first) = consumer.next().await {
                    let mut deliveries = vec![first];
                    deliveries.extend(consumer.more(inner.options.batch - 1).await);
                    take(&inner, deliveries).await;
                }
            }
            Err(error) => tracing::warn!(%error, "cannot consume results"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn take(inner: &Inner, deliveries: Vec<Delivery>) {
    let parsed = |d: &Delivery| serde_json::from_value::<JobResult>(d.message.body.clone()).ok();
    let results: Vec<JobResult> = deliveries.iter().filter_map(parsed).collect();
    match patiently(inner, &results).await {
        Ok(()) => deliveries.into_iter().for_each(Delivery::ack),
        // One bad neighbour must not hold up the others: each on its own.
        Err(error) if results.len() > 1 => {
            tracing::warn!(%error, results = results.len(), "batch failed, taking each result on its own");
            for delivery in deliveries {
                take_one(inner, delivery).await;
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot take a result");
            park(inner, &results, &error.to_string()).await;
            deliveries.into_iter().for_each(Delivery::ack);
        }
    }
}

async fn take_one(inner: &Inner, delivery: Delivery) {
    let Ok(result) = serde_json::from_value::<JobResult>(delivery.message.body.clone()) else {
        return delivery.ack();
    };
    let results = [result];
    if let Err(error) = patiently(inner, &results).await {
        tracing::error!(%error, job.id = %results[0].job, "cannot take a result");
        park(inner, &results, &error.to_string()).await;
    }
    delivery.ack();
}

/// Takes results; while the database is away they stay in hand, unacknowledged. Given back, they would come again at
/// once and end as dead letters; acknowledged, they would be lost until their deadline. The same holds for one that others
/// stand in the way of again and again: no incident, it is nobody's fault. Several at once try it one by one instead.
async fn patiently(inner: &Inner, results: &[JobResult]) -> Result<(), FahrtFehler> {
    loop {
        match insistently(FahrtFehler::is_again, || take_all(inner, results)).await {
            Err(error) if error.is_away() || (error.is_again() && results.len() == 1) => {
                tracing::warn!(%error, results = results.len(), "the database does not take results, they wait");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            done => return done,
        }
    }
}

/// A result whose transaction fails becomes an incident.
async fn park(inner: &Inner, results: &[JobResult], cause: &str) {
    for result in results {
        let parked = async {
            let mut tx = inner.db.begin().await?;
            stop(inner, &mut tx, result.job, 1, cause, inner.now()).await?;
            tx.commit().await
        };
        if let Err(error) = parked.await {
            tracing::warn!(%error, job.id = %result.job, "cannot park, the deadline will send it out again");
        }
    }
}

/// The jobs of these results, without those of late owners. Instances are locked before their jobs, as everywhere.
async fn taken(fahrt: &mut Fahrt<'_>, results: &[JobResult]) -> Result<HashMap<(JobId, u32), AuftragRow>, FahrtFehler> {
    let ids: Vec<_> = results.iter().map(|r| args![r.job]).collect();
    fahrt.preload(&sql::INSTANZEN_OF_AUFTRAEGE, ids).await?;
    let asked: Vec<_> = results.iter().map(|r| args![r.job, r.attempt]).collect();
    let rows: Vec<AuftragRow> = fahrt.tx().all_of(&sql::AUFTRAEGE_TAKE, asked).await?;
    fahrt.expect().await?;
    Ok(rows.into_iter().map(|r| ((r.id, r.attempt), r)).collect())
}

pub(crate) async fn take_all(inner: &Inner, results: &[JobResult]) -> Result<(), FahrtFehler> {
    let now = inner.now();
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    let mut rows = taken(&mut fahrt, results).await?;
    let mut spans = Vec::new();
    for result in results {
        match rows.remove(&(result.job, result.attempt)) {
            Some(row) => {
                inner.pausen.note(&row.typ, &result.outcome, Instant::now());
                spans.extend(trace::job(fahrt.wurzel(row.instanz), &row, &result.outcome));
                fahrt.result(row, result, now).await?;
            }
            None => tracing::debug!(job.id = %result.job, attempt = result.attempt, "late result refused"),
        }
    }
    let (jobs, timers) = fahrt.finish().await?;
    failpoint("ablauf::ergebnis::before");
    tx.commit().await?;
    failpoint("ablauf::ergebnis::after");
    spans.into_iter().for_each(Span::note);
    // Even without new jobs a place in the window is free now.
    inner.auftraege.notify_one();
    if timers {
        inner.fristen.notify_one();
    }
    tracing::trace!(jobs, results = results.len(), "took results");
    Ok(())
}

impl Fahrt<'_> {
    /// Takes one result: moves the token, queues what comes next.
    async fn result(&mut self, row: AuftragRow, result: &JobResult, now: Timestamp) -> Result<(), FahrtFehler> {
        let instance = ElementInstanceId(row.element_instanz);
        let command = match &result.outcome {
            Outcome::Done { werte } => Command::CompleteJob { instance, variables: werte.clone() },
            Outcome::Unreadable { code, detail } => Command::BpmnError {
                instance,
                code: code.clone(),
                message: detail.clone(),
                variables: fehler(code, detail),
            },
            Outcome::Away { cause } => {
                let again = now.plus_micros(pausen::JOB.as_micros() as i64);
                self.tx().execute(&sql::AUFTRAG_AGAIN, args![row.id, row.failures, again, cause]).await?;
                return Ok(());
            }
            Outcome::Retry { after_ms, cause } => {
                return Ok(failed(self.inner(), self.tx(), &row, cause, *after_ms, now).await?);
            }
            Outcome::Bug { detail } => {
                stop(self.inner(), self.tx(), row.id, row.failures + 1, detail, now).await?;
                tracing::error!(job.id = %row.id, element = row.element, detail, "job stopped: defect");
                return Ok(());
            }
        };
        self.tx().later(&sql::AUFTRAG_DELETE, args![row.instanz, row.id]).await?;
        match self.command(row.instanz, command).await {
            Err(FahrtFehler::Rejected(reason)) => {
                tracing::debug!(job.id = %row.id, %reason, "result no longer wanted");
                return Ok(());
            }
            other => other?,
        }
        self.aus_dem_haus(&row, result).await
    }

    /// What left the house stands in the audit trail, with the step that takes it over.
    async fn aus_dem_haus(&mut self, row: &AuftragRow, result: &JobResult) -> Result<(), FahrtFehler> {
        let Outcome::Done { werte } = &result.outcome else { return Ok(()) };
        let text = |name: &str| werte.get(name).and_then(serde_json::Value::as_str);
        let data = serde_json::json!({ "element": row.element, "auftrag": row.id });
        match row.typ.as_str() {
            BUCHEN => {
                let object = format!("buchung:{}", text("buchung").unwrap_or_default());
                self.audit(row.instanz, "Buchung übergeben", &object, data).await
            }
            STORNIEREN => {
                let gone = werte.get("buchungen").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
                for buchung in gone.iter().filter_map(serde_json::Value::as_str) {
                    self.audit(row.instanz, "Storno übergeben", &format!("buchung:{buchung}"), data.clone()).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Variable `fehler` {code, text}, which the paths for unreadable input show to the clerk.
fn fehler(code: &str, text: &str) -> nachrichten::Werte {
    let mut werte = nachrichten::Werte::new();
    werte.insert("fehler".to_owned(), serde_json::json!({ "code": code, "text": text }));
    werte
}
