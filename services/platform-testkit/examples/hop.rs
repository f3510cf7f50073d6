// SPDX-License-Identifier: EUPL-1.2
//! A worker of the city for one type of job, which notes when it has a job in hand, and whoever starts the processes.
//!
//! `hop URL_FILE PARALLEL SECONDS`; `tests/load/hop.py` runs it beside a cluster in which the process `messung_hop` has one
//! service task `messung.hop.v1`. Start commands go to the engine's queue, jobs come through the engine's dispatcher and
//! the broker, results go back, all with the parts the services use. Three times: as many as PARALLEL keep under way, half
//! of that rate, and ten per second. One JSON object on stdout: per run its rate and `[instance, time]` of each job, in
//! microseconds since 1970. The other end of the clock is the commit time that PostgreSQL keeps, on the same machine.

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nachrichten::job::JobError;
use serde_json::{Value, json};
use service_platform::{
    blobs::DirectoryBlobs,
    bus::{
        Bus, Message, RabbitBus,
        rabbit::{Address, RabbitOptions},
    },
    worker::{self, JobContext},
};
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

type Failed = Box<dyn std::error::Error + Send + Sync>;
const START: &str = "geschaeftsgang.start.v1";
const TYP: &str = "messung.hop.v1";
/// What still is under way at the end of a run may take this long.
const REST: Duration = Duration::from_secs(30);

/// Jobs that came, and room for more under way.
struct Ankunft {
    jobs: Mutex<Vec<(String, u64)>>,
    room: Semaphore,
    started: AtomicU64,
    came: AtomicU64,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_micros() as u64)
}

async fn start(bus: &dyn Bus, arrival: &Ankunft) -> Result<(), Failed> {
    let id = Uuid::now_v7();
    let body =
        json!({ "process": "messung_hop", "schluessel": format!("hop:{id}"), "werte": { "text": "x".repeat(600) } });
    bus.publish(START, Message { id, body }).await?;
    arrival.started.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

/// One run; `pause` - between two starts, none: as fast as there is room.
async fn run(
    bus: &Arc<RabbitBus>,
    arrival: &Arc<Ankunft>,
    parallel: usize,
    time: Duration,
    pause: Option<Duration>,
) -> Result<Value, Failed> {
    let (began, before) = (Instant::now(), arrival.came.load(Ordering::SeqCst));
    let mut tasks = JoinSet::new();
    match pause {
        None => {
            arrival.room.add_permits(parallel);
            for _ in 0..parallel {
                let (bus, arrival) = (bus.clone(), arrival.clone());
                tasks.spawn(async move {
                    while began.elapsed() < time {
                        arrival.room.acquire().await?.forget();
                        start(bus.as_ref(), &arrival).await?;
                    }
                    Ok::<_, Failed>(())
                });
            }
        }
        Some(pause) => {
            let mut beat = tokio::time::interval(pause);
            while began.elapsed() < time {
                beat.tick().await;
                let (bus, arrival) = (bus.clone(), arrival.clone());
                tasks.spawn(async move { start(bus.as_ref(), &arrival).await });
            }
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let per_second = (arrival.came.load(Ordering::SeqCst) - before) as f64 / began.elapsed().as_secs_f64();
    let until = Instant::now() + REST;
    while arrival.came.load(Ordering::SeqCst) < arrival.started.load(Ordering::SeqCst) {
        if Instant::now() > until {
            return Err("jobs did not come".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    arrival.room.forget_permits(arrival.room.available_permits());
    let jobs = std::mem::take(&mut *arrival.jobs.lock().map_err(|_| "a thread panicked")?);
    Ok(json!({ "per_second": per_second, "jobs": jobs }))
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, parallel, seconds] = arguments.as_slice() else { return Err("URL_FILE PARALLEL SECONDS".into()) };
    let (parallel, time) = (parallel.parse()?, Duration::from_secs_f64(seconds.parse()?));
    let address = Address::new(std::fs::read_to_string(url)?.trim())?;
    let bus = Arc::new(RabbitBus::start(RabbitOptions::new(address, "messung")));
    let folder = tempfile::tempdir()?;
    let blobs = Arc::new(DirectoryBlobs::open(folder.path(), "messung")?);
    let (jobs, room) = (Mutex::new(Vec::new()), Semaphore::new(0));
    let arrival = Arc::new(Ankunft { jobs, room, started: AtomicU64::new(0), came: AtomicU64::new(0) });
    let noted = arrival.clone();
    let handler = worker::job(TYP, move |context: Arc<JobContext>, _: Value| {
        let (at, noted) = (now(), noted.clone());
        async move {
            if let Ok(mut jobs) = noted.jobs.lock() {
                jobs.push((context.job.instance.to_string(), at));
            }
            noted.came.fetch_add(1, Ordering::SeqCst);
            noted.room.add_permits(1);
            Ok::<_, JobError>(json!({}))
        }
    });
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let serving = tokio::spawn(worker::serve(handler, bus.clone(), blobs, cores));
    bus.declare(START).await?;
    // Connections, plans and caches are made before anything is measured.
    run(&bus, &arrival, parallel, Duration::from_secs(1), None).await?;
    let full = run(&bus, &arrival, parallel, time, None).await?;
    let rate = full["per_second"].as_f64().unwrap_or(1.0).max(1.0);
    let half = run(&bus, &arrival, parallel, time, Some(Duration::from_secs_f64(2.0 / rate))).await?;
    let idle = run(&bus, &arrival, parallel, time, Some(Duration::from_millis(100))).await?;
    writeln!(std::io::stdout(), "{}", json!({ "full": full, "half": half, "idle": idle }))?;
    // The last results go out before the worker ends.
    bus.drain(Duration::from_secs(5)).await;
    serving.abort();
    Ok(())
}
