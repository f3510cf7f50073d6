// SPDX-License-Identifier: EUPL-1.2
//! The shape of a worker: it takes jobs from its queues, reads and writes blobs, answers, then acknowledges.
//! It owns nothing and may run a job twice; its effect counts once, because the engine takes a result only with
//! the current attempt number.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use futures_util::future::BoxFuture;
use nachrichten::job::{Job, JobError, JobResult, Outcome};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    blobs::{BlobError, Blobs},
    bus::{Bus, Message},
    metriken::job_done,
    trace,
};

/// Queue that takes every job's result.
pub const RESULTS: &str = "geschaeftsgang.ergebnis.v1";

/// The queue of a job type.
pub fn queue(typ: &str) -> String {
    format!("job.{typ}")
}

/// What a handler may use.
pub struct JobContext {
    pub blobs: Arc<dyn Blobs>,
    pub job: Job,
}

type Handling = Pin<Box<dyn Future<Output = Result<Value, JobError>> + Send>>;

/// One job type with its handler.
#[derive(Clone)]
pub struct JobHandler {
    pub typ: &'static str,
    handle: Arc<dyn Fn(Arc<JobContext>, Value) -> Handling + Send + Sync>,
}

/// A worker service.
pub trait Worker: Send + Sync + 'static {
    const NAME: &'static str;
    fn jobs(self: Arc<Self>) -> Vec<JobHandler>;
}

/// Makes a handler from a typed function. A message that does not fit its type is a defect of the process, not of
/// the document.
pub fn job<M, R, F, Fut>(typ: &'static str, handler: F) -> JobHandler
where
    M: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
    F: Fn(Arc<JobContext>, M) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<R, JobError>> + Send + 'static,
{
    let handler = Arc::new(handler);
    let handle = move |context: Arc<JobContext>, input: Value| -> Handling {
        let handler = handler.clone();
        Box::pin(async move {
            let message = serde_json::from_value(input)
                .map_err(|e| JobError::Bug { detail: format!("input does not fit {typ}: {e}") })?;
            let result = handler(context, message).await?;
            serde_json::to_value(result).map_err(|e| JobError::Bug { detail: format!("result of {typ}: {e}") })
        })
    };
    JobHandler { typ, handle: Arc::new(handle) }
}

impl From<BlobError> for WorkerError {
    fn from(e: BlobError) -> Self {
        Self(match e {
            e if e.is_away() => JobError::Away { cause: e.to_string() },
            e if e.is_passing() => JobError::Retry { after: Duration::from_secs(1), cause: e.to_string() },
            e => JobError::Bug { detail: e.to_string() },
        })
    }
}

/// Lets handlers use `?` on blob errors: `blobs.get(hash).await.map_err(WorkerError::from)?`.
pub struct WorkerError(pub JobError);

impl From<WorkerError> for JobError {
    fn from(e: WorkerError) -> Self {
        e.0
    }
}

/// How an outcome is counted.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "ok",
        Outcome::Retry { .. } => "retry",
        Outcome::Away { .. } => "away",
        Outcome::Unreadable { .. } => "unreadable",
        Outcome::Bug { .. } => "error",
    }
}

/// Runs one job; a handler that panics is a defect, not the end of the service.
pub async fn run(handler: &JobHandler, blobs: Arc<dyn Blobs>, job: Job) -> JobResult {
    let (id, attempt, input, from) = (job.id, job.attempt, job.eingabe.clone(), Instant::now());
    let (context, began) = (Arc::new(JobContext { blobs, job }), SystemTime::now());
    let outcome = match tokio::spawn((handler.handle)(context.clone(), input)).await {
        Ok(Ok(Value::Object(werte))) => Outcome::Done { werte },
        Ok(Ok(other)) => Outcome::Bug { detail: format!("{} answered {other}, not an object", handler.typ) },
        Ok(Err(error)) => Outcome::from(Err(error)),
        Err(panic) => Outcome::Bug { detail: format!("{} panicked: {panic}", handler.typ) },
    };
    job_done(handler.typ, word(&outcome), from.elapsed());
    trace::attempt(&context.job, began, word(&outcome));
    JobResult { job: id, attempt, outcome }
}

/// Publishes a result. While the bus does not take it, the job stays in hand: given back, it would come again at once
/// over a connection that still stands, and after a few such rounds, within milliseconds, end as a dead letter.
async fn answer(bus: &dyn Bus, result: Message) {
    let mut pause = Duration::from_millis(100);
    while let Err(error) = bus.publish(RESULTS, result.clone()).await {
        tracing::warn!(%error, result.id = %result.id, "cannot publish a result, it waits");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// Consumes one job type with up to `parallel` jobs at once until the process stops.
///
/// Boxed here: an async function is compiled where it is awaited, in each program that does, and as badly as that one.
pub fn serve(handler: JobHandler, bus: Arc<dyn Bus>, blobs: Arc<dyn Blobs>, parallel: usize) -> BoxFuture<'static, ()> {
    Box::pin(serve_forever(handler, bus, blobs, parallel))
}

async fn serve_forever(handler: JobHandler, bus: Arc<dyn Bus>, blobs: Arc<dyn Blobs>, parallel: usize) {
    let name = queue(handler.typ);
    loop {
        let consumer = match bus.declare(&name).await {
            Ok(()) => bus.consume(&name, parallel).await,
            Err(error) => Err(error),
        };
        match consumer {
            Ok(mut consumer) => {
                while let Some(delivery) = consumer.next().await {
                    let (handler, bus, blobs) = (handler.clone(), bus.clone(), blobs.clone());
                    tokio::spawn(async move {
                        let Ok(job) = serde_json::from_value::<Job>(delivery.message.body.clone()) else {
                            tracing::error!(queue = handler.typ, "message is not a job");
                            return;
                        };
                        let result = run(&handler, blobs, job).await;
                        let Ok(body) = serde_json::to_value(&result) else { return };
                        let id = Uuid::new_v5(&result.job.0, &result.attempt.to_be_bytes());
                        // Acknowledged only after the result is safe on the bus.
                        answer(&*bus, Message { id, body }).await;
                        delivery.ack();
                    });
                }
                tracing::warn!(queue = name, "consumer ended, consuming again");
            }
            Err(error) => tracing::warn!(%error, queue = name, "cannot consume"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
