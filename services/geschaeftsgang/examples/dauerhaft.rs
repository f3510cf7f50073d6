// SPDX-License-Identifier: EUPL-1.2
//! How fast instances with three user tasks run on a real database, with all rights, history and audit, beside a bare
//! driver that issues as many statements, rows and commits: `dauerhaft sqlite:DIR|postgres:URL [INSTANCES [PARALLEL]]`.
//! One JSON object on stdout; `tests/load/engine.py` runs it.

use std::{
    io::Write as _,
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use nachrichten::{
    Werte,
    ablaeufe::Ablaeufe,
    aufgaben::{Aufgaben, Erledigung},
};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, MIGRATIONS, Options};
use service_platform::{
    args,
    bus::InProcessBus,
    db::{Db, Sql, counted},
    konten::{Konten, NeuePerson},
    uhr::{SystemClock, SystemIds},
};

const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="drei" isExecutable="true"><startEvent id="s"/><userTask id="a"/><userTask id="b"/><userTask id="c"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="b"/>
<sequenceFlow id="f3" sourceRef="b" targetRef="c"/><sequenceFlow id="f4" sourceRef="c" targetRef="e"/></process></definitions>"#;

const TABLE: Sql = sql(
    "CREATE TABLE tempo_zeile (id BIGINT NOT NULL, seq BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (id, seq))",
);
const INSERT: Sql = sql("INSERT INTO tempo_zeile (id, seq, text) VALUES ($1, $2, $3)");
const UPDATE: Sql = sql("UPDATE tempo_zeile SET text = $3 WHERE id = $1 AND seq = $2");
const SELECT: Sql = sql("SELECT text FROM tempo_zeile WHERE id = $1 AND seq = $2");

const fn sql(text: &'static str) -> Sql {
    Sql { sqlite: text, postgres: text }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().ok_or("sqlite:DIR or postgres:URL")?;
    let instances: u64 = arguments.next().map_or(Ok(500), |n| n.parse())?;
    let parallel: usize = arguments.next().map_or(Ok(16), |n| n.parse())?;
    let db = match target.split_once(':') {
        Some(("sqlite", dir)) => Db::sqlite(&std::path::Path::new(dir).join("tempo.db")).await?,
        Some(("postgres", url)) => Db::postgres(url).await?,
        _ => return Err("sqlite:DIR or postgres:URL".into()),
    };
    for migrations in [service_platform::MIGRATIONS, MIGRATIONS] {
        db.migrate(&migrations).await?;
    }
    db.execute(&TABLE, args![]).await?;
    let (clock, ids) = (Arc::new(SystemClock::default()), Arc::new(SystemIds));
    let konten = Konten::new(db.clone(), clock.clone(), ids.clone());
    let groups = vec!["Vorsortierung".to_owned()];
    let person =
        NeuePerson { kennung: "p".into(), name: "P".into(), amt: String::new(), rollen: vec![], gruppen: groups };
    konten.enter(&person, None).await.map_err(|f| f.detail)?;
    let actor = konten.actor("p").await?.ok_or("no person")?;
    let bus = Arc::new(InProcessBus::default());
    let engine = Geschaeftsgang::new(db.clone(), bus, clock, ids, Options::default()).await?;
    engine.deploy(PROCESS, Herkunft::Stadt).await?;

    let acknowledged = Arc::new(std::sync::Mutex::new(Vec::new()));
    let times = acknowledged.clone();
    let before = counted();
    let began = Instant::now();
    each(instances, parallel, move |n| {
        let (engine, actor, times) = (engine.clone(), actor.clone(), times.clone());
        async move {
            let failed = |f: nachrichten::fehler::Fehler| f.detail;
            let id = engine.start(&actor, "drei", Werte::new(), &n.to_string()).await.map_err(failed)?;
            for step in 0..3 {
                let task = engine.open_task(id).await.map_err(|e| e.to_string())?.ok_or("no open task")?;
                let e =
                    Erledigung { version: 1, idempotency_key: step.to_string(), werte: Werte::new(), fassung: None };
                let asked = Instant::now();
                engine.complete(&actor, task, e).await.map_err(failed)?;
                if let Ok(mut times) = times.lock() {
                    times.push(asked.elapsed().as_secs_f64() * 1000.0);
                }
            }
            Ok(())
        }
    })
    .await?;
    let own = instances as f64 / began.elapsed().as_secs_f64();
    let after = counted();
    let statements = (after.0 - before.0) as f64 / instances as f64;
    let commits = (after.1 - before.1) as f64 / instances as f64;

    // The same number of commits; half of the statements read, a quarter writes new rows, a quarter changes them.
    let (all, per_commit) = (commits.round() as u64, (statements / commits).round() as u64);
    let began = Instant::now();
    let text = "x".repeat(200);
    each(instances, parallel, move |n| {
        let (db, text) = (db.clone(), text.clone());
        async move { bare(&db, n as i64, all as i64, per_commit as i64, &text).await.map_err(|e| e.to_string()) }
    })
    .await?;
    let bare = instances as f64 / began.elapsed().as_secs_f64();
    let mut times = acknowledged.lock().map(|t| t.clone()).unwrap_or_default();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get(((times.len() as f64 * part) as usize).min(times.len() - 1)).copied().unwrap_or(0.0);
    writeln!(
        std::io::stdout(),
        "{}",
        serde_json::json!({
            "database": target.split(':').next(), "instances": instances, "parallel": parallel,
            "instances_per_s": own.round(), "bare_per_s": bare.round(), "share_of_bare": (own / bare * 100.0).round() / 100.0,
            "statements": statements, "commits": commits, "complete_ms_median": at(0.5), "complete_ms_p99": at(0.99),
        })
    )?;
    Ok(())
}

async fn bare(
    db: &Db,
    id: i64,
    commits: i64,
    statements: i64,
    text: &str,
) -> Result<(), service_platform::db::DbError> {
    for commit in 0..commits {
        let mut tx = db.begin().await?;
        for n in 0..statements {
            let seq = commit * statements + n;
            match n % 4 {
                0 => drop(tx.execute(&INSERT, args![id, seq, text]).await?),
                1 => drop(tx.execute(&UPDATE, args![id, seq - 1, text]).await?),
                _ => drop(tx.optional::<(String,)>(&SELECT, args![id, commit * statements]).await?),
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Runs `work` for every number, at most `parallel` at once.
async fn each<F, Fut>(count: u64, parallel: usize, work: F) -> Result<(), Failed>
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
