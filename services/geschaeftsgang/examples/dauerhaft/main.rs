// SPDX-License-Identifier: EUPL-1.2
//! How fast instances with three user tasks run on a real database, with all rights, history and audit.
//!
//! `dauerhaft sqlite:DIR|postgres:URL [INSTANCES [PARALLEL [FINISHED WAITING]]]`, one JSON object on stdout;
//! `tests/load/engine.py` runs it. Three measurements on one database:
//!
//! - as fast as it goes, PARALLEL persons at once, and the same statements, rows and commits again by a bare driver on a
//!   second, equally empty database (`postgres:URL` needs the databases `eins` to `vier`);
//! - the same with a commit for each step of each instance, as many at once as there are persons;
//! - at half that rate: how long a person waits for the answer to a completed task;
//! - with FINISHED and WAITING instances in the tables: the rate as they grow, the size of what waits, a task list.

mod bestand;
mod nackt;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::{
    io::Write as _,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::{Duration, Instant},
};

use nachrichten::{Actor, Werte, aufgaben::Erledigung};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, MIGRATIONS, Options};
use service_platform::{
    bus::InProcessBus,
    db::{Db, counted, mitschrift},
    konten::{Konten, NeuePerson},
    uhr::{SystemClock, SystemIds},
};

const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="drei" isExecutable="true"><startEvent id="s"/><userTask id="a"/><userTask id="b"/><userTask id="c"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
<sequenceFlow id="f3" sourceRef="b" targetRef="c"/><sequenceFlow id="f4" sourceRef="c" targetRef="e"/></process></definitions>"#;

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let target = arguments.first().ok_or("sqlite:DIR or postgres:URL")?;
    let number = |n: usize, default: u64| arguments.get(n).map_or(Ok(default), |text| text.parse());
    let (instances, parallel) = (number(1, 500)?, number(2, 16)? as usize);
    let (finished, waiting) = (number(3, 0)?, number(4, 0)?);

    let city = |name, options| async move { Stadt::new(empty(target, name).await?, options).await };
    // Keeping what is sent takes time: the run that is kept is not the one that is measured.
    mitschrift::start();
    city("eins", Options::default()).await?.run(0..instances, parallel).await?;
    let kept = mitschrift::take();
    let bare = nackt::run(&empty(target, "zwei").await?, kept, instances, parallel).await?;
    let own = city("drei", Options::default()).await?;
    let before = counted();
    let full = own.run(0..instances, parallel).await?;
    let after = counted();
    let alone = Options { together: 1, side_by_side: Some(parallel), ..Options::default() };
    let alone = city("vier", alone).await?.run(0..instances, parallel).await?;
    let half = own.paced(instances, full.per_s / 2.0).await?;
    let mut report = serde_json::json!({
        "database": target.split(':').next(), "instances": instances, "parallel": parallel,
        "instances_per_s": full.per_s.round(), "bare_per_s": bare.round(), "share_of_bare": (full.per_s / bare * 100.0).round() / 100.0,
        "one_commit_each_per_s": alone.per_s.round(),
        "statements": (after.0 - before.0) as f64 / instances as f64,
        "commits": (after.1 - before.1) as f64 / instances as f64,
        "complete_ms_median": full.at(0.5), "complete_ms_p99": full.at(0.99),
        "half_load_per_s": half.per_s.round(), "half_load_ms_median": half.at(0.5), "half_load_ms_p99": half.at(0.99),
    });
    if finished + waiting > 0 {
        report["bestand"] = bestand::run(&own, finished, waiting).await?;
    }
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// A database with tables and nothing in them.
async fn empty(target: &str, name: &str) -> Result<Db, Failed> {
    let db = match target.split_once(':') {
        Some(("sqlite", dir)) => Db::sqlite(&std::path::Path::new(dir).join(format!("{name}.db"))).await?,
        Some(("postgres", url)) => Db::postgres(&url.replace("/postgres", &format!("/{name}"))).await?,
        _ => return Err("sqlite:DIR or postgres:URL".into()),
    };
    for migrations in [service_platform::MIGRATIONS, MIGRATIONS] {
        db.migrate(&migrations).await?;
    }
    Ok(db)
}

/// What a run gave.
pub(crate) struct Ergebnis {
    pub per_s: f64,
    /// Milliseconds from asking to the answer, of every completed task, sorted.
    times: Vec<f64>,
}

impl Ergebnis {
    pub fn at(&self, part: f64) -> f64 {
        let last = self.times.len().saturating_sub(1);
        self.times.get(((self.times.len() as f64 * part) as usize).min(last)).copied().unwrap_or(0.0)
    }
}

/// One engine with one person in it.
#[derive(Clone)]
pub(crate) struct Stadt {
    pub db: Db,
    pub engine: Geschaeftsgang,
    pub actor: Actor,
}

impl Stadt {
    async fn new(db: Db, options: Options) -> Result<Self, Failed> {
        let (clock, ids) = (Arc::new(SystemClock::default()), Arc::new(SystemIds));
        let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
        let groups = vec!["Vorsortierung".to_owned()];
        let person =
            NeuePerson { kennung: "p".into(), name: "P".into(), amt: String::new(), rollen: vec![], gruppen: groups };
        konten.enter(&person, None).await.map_err(|f| f.detail)?;
        let actor = konten.actor("p").await?.ok_or("no person")?;
        let bus = Arc::new(InProcessBus::default());
        let engine = Geschaeftsgang::new(db.clone(), bus, clock, ids, options).await?;
        engine.deploy(PROCESS, Herkunft::Stadt).await?;
        Ok(Self { db, engine, actor })
    }

    /// Starts one instance and completes `tasks` of its three tasks.
    pub async fn one(&self, n: u64, tasks: usize, times: &Mutex<Vec<f64>>) -> Result<(), String> {
        let failed = |f: nachrichten::fehler::Fehler| f.detail;
        let (_, mut open) =
            self.engine.start_with_tasks(&self.actor, "drei", Werte::new(), &n.to_string()).await.map_err(failed)?;
        for step in 0..tasks {
            let task = open.pop().ok_or("no open task")?;
            let e = Erledigung { version: 1, idempotency_key: step.to_string(), werte: Werte::new(), fassung: None };
            let asked = Instant::now();
            open = self.engine.complete_with_tasks(&self.actor, task, e).await.map_err(failed)?;
            if let Ok(mut times) = times.lock() {
                times.push(asked.elapsed().as_secs_f64() * 1000.0);
            }
        }
        Ok(())
    }

    /// As fast as it goes.
    pub async fn run(&self, numbers: std::ops::Range<u64>, parallel: usize) -> Result<Ergebnis, Failed> {
        let (times, stadt) = (Arc::new(Mutex::new(Vec::new())), self.clone());
        let (kept, began, first, count) = (times.clone(), Instant::now(), numbers.start, numbers.end - numbers.start);
        each(count, parallel, move |n| {
            let (stadt, times) = (stadt.clone(), times.clone());
            async move { stadt.one(first + n, 3, &times).await }
        })
        .await?;
        Ok(result(count, began, &kept))
    }

    /// One instance begins every `1 / per_s` seconds, whatever became of those before.
    async fn paced(&self, count: u64, per_s: f64) -> Result<Ergebnis, Failed> {
        let (times, began) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / per_s));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..count {
            beat.tick().await;
            let (stadt, times) = (self.clone(), times.clone());
            tasks.spawn(async move { stadt.one(1_000_000_000 + n, 3, &times).await });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(result(count, began, &times))
    }
}

fn result(count: u64, began: Instant, times: &Mutex<Vec<f64>>) -> Ergebnis {
    let per_s = count as f64 / began.elapsed().as_secs_f64();
    let mut times = times.lock().map(|t| t.clone()).unwrap_or_default();
    times.sort_by(f64::total_cmp);
    Ergebnis { per_s, times }
}

/// Runs `work` for every number, at most `parallel` at once.
pub(crate) async fn each<F, Fut>(count: u64, parallel: usize, work: F) -> Result<(), Failed>
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), String>> + Send + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let work = Arc::new(work);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..parallel {
        let (next, work) = (next.clone(), work.clone());
        tasks.spawn(async move {
            loop {
                let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if n >= count {
                    return Ok(());
                }
                work(n).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done?.map_err(|text: String| -> Failed { text.into() })?;
    }
    Ok(())
}
