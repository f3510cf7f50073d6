// SPDX-License-Identifier: EUPL-1.2
//! The bare database: commits transactions that another run committed, and nothing else.
//!
//! `nackt URL_FILE WORK CONNECTIONS`; `tests/load/posten.py` writes WORK, one JSON object per line: first
//! `{"statements": [SQL, …]}`, then per transaction `{"after": [numbers of earlier transactions that touched one of its
//! rows], "ops": [[number of the statement, columns of text], …]}`. Each connection takes the next transaction, waits for
//! those before it, and commits. One JSON object on stdout; times in milliseconds.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    str::FromStr as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqlSafeStr as _, postgres::PgConnectOptions};
use tokio::{sync::Notify, task::JoinSet};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// One statement with its rows, column by column.
struct Op {
    statement: usize,
    columns: Vec<Vec<Option<String>>>,
}

struct Transaction {
    after: Vec<usize>,
    ops: Vec<Op>,
    done: AtomicBool,
    told: Notify,
}

impl Transaction {
    fn read(line: &str) -> Result<Self, Failed> {
        let value: Value = serde_json::from_str(line)?;
        let ops = value["ops"].as_array().ok_or("ops is no list")?.iter();
        let ops = ops.map(|op| -> Result<Op, Failed> {
            Ok(Op {
                statement: op[0].as_u64().ok_or("no statement")? as usize,
                columns: serde_json::from_value(op[1].clone())?,
            })
        });
        let after = serde_json::from_value(value["after"].clone())?;
        Ok(Self { after, ops: ops.collect::<Result<_, _>>()?, done: AtomicBool::new(false), told: Notify::new() })
    }

    async fn wait(&self) {
        loop {
            let told = self.told.notified();
            if self.done.load(Ordering::Acquire) {
                return;
            }
            told.await;
        }
    }
}

struct Work {
    statements: Vec<String>,
    transactions: Vec<Transaction>,
    next: AtomicUsize,
}

impl Work {
    fn read(file: &str) -> Result<Self, Failed> {
        let mut lines = BufReader::new(std::fs::File::open(file)?).lines();
        let head: Value = serde_json::from_str(&lines.next().ok_or("an empty file")??)?;
        let statements = serde_json::from_value(head["statements"].clone())?;
        let transactions = lines.map(|line| Transaction::read(&line?)).collect::<Result<_, _>>()?;
        Ok(Self { statements, transactions, next: AtomicUsize::new(0) })
    }

    /// Commits until nothing is left: rows written, time of each commit in milliseconds.
    async fn run(&self, connection: &mut PgConnection) -> Result<(u64, Vec<f64>), Failed> {
        let (mut rows, mut times) = (0, Vec::new());
        while let Some(transaction) = self.transactions.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            for earlier in &transaction.after {
                self.transactions.get(*earlier).ok_or("no such transaction")?.wait().await;
            }
            let began = Instant::now();
            let mut tx = connection.begin().await?;
            for op in &transaction.ops {
                let text = self.statements.get(op.statement).ok_or("no such statement")?;
                let mut query = sqlx::query(AssertSqlSafe(text.as_str()));
                for column in &op.columns {
                    query = query.bind(column);
                }
                rows += query.execute(&mut *tx).await?.rows_affected();
            }
            tx.commit().await?;
            transaction.done.store(true, Ordering::Release);
            transaction.told.notify_waiters();
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        Ok((rows, times))
    }
}

/// A connection set up as those of the services: every row is found by its key, every plan is made once.
async fn connect(url: &str, statements: &[String]) -> Result<PgConnection, Failed> {
    let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(statements.len() + 10).options([
        ("jit", "off"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    let mut connection = PgConnection::connect_with(&options).await?;
    for statement in statements {
        connection.prepare(AssertSqlSafe(statement.as_str()).into_sql_str()).await?;
    }
    Ok(connection)
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, file, connections] = arguments.as_slice() else { return Err("URL_FILE WORK CONNECTIONS".into()) };
    let (url, work) = (std::fs::read_to_string(url)?, Arc::new(Work::read(file)?));
    let mut open = Vec::new();
    for _ in 0..connections.parse()? {
        open.push(connect(url.trim(), &work.statements).await?);
    }
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut connection in open {
        let work = work.clone();
        tasks.spawn(async move { work.run(&mut connection).await });
    }
    let (mut rows, mut times) = (0, Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (more, took) = done??;
        rows += more;
        times.extend(took);
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    let report = json!({
        "commits": times.len(), "rows": rows, "seconds": seconds,
        "commit_ms_median": at(0.5), "commit_ms_p99": at(0.99),
    });
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
