// SPDX-License-Identifier: EUPL-1.2
//! The durable engine in a process of its own (`eakte workflow engine`), act by act, which can be killed or stopped in
//! the middle of one. Whatever was under way is looked up in the history before it is tried again.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use engine::{DeployOptions, HistoryEvent, HistoryKind};
use nachrichten::Timestamp;
use serde_json::{Value, json};
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, MIGRATIONS, Options,
    spur::{self, Anfrage, Answer, Op, Spieler},
};
use service_platform::{
    bus::InProcessBus,
    db::{Db, Sql},
    uhr::{FixedClock, SystemIds},
};
use tempfile::TempDir;

use super::{Zufall, haus::sql, program};

/// When every story begins.
pub const BEGINN: &str = "2026-01-05T08:00:00Z";

/// How a process is deployed for a story: jobs of `held` tasks wait for an act.
pub fn options(held: &[String]) -> DeployOptions {
    DeployOptions { trace: true, held: held.to_vec(), ..DeployOptions::default() }
}

/// A database with one file and its decision tables deployed.
pub struct Welt {
    /// Its folder goes with it.
    _folder: Option<TempDir>,
    fall: spur::Welt,
}

impl Welt {
    /// On SQLite, or in a schema of its own on a PostgreSQL server.
    pub async fn neu(xml: &str, tables: &[(&str, &str)], held: &[String], postgres: Option<(&str, u64)>) -> Self {
        let (folder, database, db) = match postgres {
            None => {
                let folder = TempDir::new().unwrap();
                let db = Db::sqlite(&folder.path().join("spur.db")).await.unwrap();
                let database = format!("sqlite:{}", folder.path().display());
                (Some(folder), database, db)
            }
            Some((url, number)) => {
                let schema = format!("fern_{}_{number}", std::process::id());
                let server = Db::postgres(url).await.unwrap();
                let text: &'static str = Box::leak(format!("CREATE SCHEMA {schema}").into_boxed_str());
                server.run_alone(&sql(text)).await.unwrap();
                server.close().await;
                let with = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{with}options=-c%20search_path%3D{schema}");
                let db = Db::postgres(&url).await.unwrap();
                (None, format!("postgres:{url}"), db)
            }
        };
        for migrations in [service_platform::MIGRATIONS, MIGRATIONS] {
            db.migrate(&migrations).await.unwrap();
        }
        let clock = Arc::new(FixedClock::at(BEGINN.parse().unwrap()));
        let opts = Options { deploy: options(held), ..Options::default() };
        let engine =
            Geschaeftsgang::new(db.clone(), Arc::new(InProcessBus::default()), clock, Arc::new(SystemIds), opts).await;
        let engine = engine.unwrap();
        for (name, table) in tables {
            engine.deploy_table(name, table, Herkunft::Stadt).await.unwrap();
        }
        engine.deploy(xml, Herkunft::Stadt).await.unwrap();
        db.close().await;
        Self { _folder: folder, fall: spur::Welt { database, held: held.to_vec() } }
    }

    /// Until nothing of a process that died is under way in the server: it may have sent its COMMIT before.
    fn settled(&self) {
        const BUSY: Sql = sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()",
        );
        let Some(url) = self.fall.database.strip_prefix("postgres:") else { return };
        super::prozess::runtime().block_on(async {
            let db = Db::postgres(url).await.unwrap();
            while db.one::<(i64,)>(&BUSY, Vec::new()).await.unwrap().0 > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            db.close().await;
        });
    }

    /// An engine process on this database.
    pub fn fern(&self, failpoint: Option<&str>) -> Fern {
        let failpoint = failpoint.map(|name| ("EAKTE_FAILPOINT".to_owned(), name.to_owned()));
        self.fern_mit(failpoint.into_iter().collect())
    }

    /// With environment variables, e.g. a wrong clock.
    pub fn fern_mit(&self, env: Vec<(String, String)>) -> Fern {
        let welt = serde_json::to_string(&self.fall).unwrap();
        let mut command = Command::new(program());
        command.args(["workflow", "engine", &welt]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.envs(env).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Fern { child, to, from }
    }
}

/// The process.
pub struct Fern {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// The process died before it answered.
#[derive(Debug)]
pub struct Tot;

impl Fern {
    /// By the database's clock.
    pub fn send_now(&mut self, op: &Op) -> Result<(), Tot> {
        self.write(&Anfrage { op: op.clone(), now: None, restart: false })
    }

    pub fn ask_now(&mut self, op: &Op) -> Result<Result<Answer, String>, Tot> {
        self.send_now(op)?;
        self.answer()
    }

    pub fn send(&mut self, op: &Op, now: Timestamp) -> Result<(), Tot> {
        self.write(&Anfrage { op: op.clone(), now: Some(now), restart: false })
    }

    fn write(&mut self, line: &Anfrage) -> Result<(), Tot> {
        let line = serde_json::to_string(line).unwrap();
        writeln!(self.to, "{line}").and_then(|()| self.to.flush()).map_err(|_| Tot)
    }

    pub fn answer(&mut self) -> Result<Result<Answer, String>, Tot> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(n) if n > 0 => Ok(serde_json::from_str(&line).unwrap()),
            _ => Err(Tot),
        }
    }

    pub fn ask(&mut self, op: &Op, now: Timestamp) -> Result<Result<Answer, String>, Tot> {
        self.send(op, now)?;
        self.answer()
    }

    /// Sends a signal to the process: `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        kill(name, self.child.id());
    }
}

fn kill(name: &str, pid: u32) {
    let done = Command::new("kill").args([format!("-{name}"), pid.to_string()]).stderr(Stdio::null()).status();
    assert!(done.is_ok(), "no kill command");
}

impl Drop for Fern {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An engine that dies: at a failpoint, and at random moments.
pub struct Sterblich {
    welt: Welt,
    fern: Option<Fern>,
    /// For the next process.
    pub failpoint: Option<&'static str>,
    /// Random kills that are left, one in so many acts.
    pub kills: u64,
    pub one_in: u64,
    zufall: Zufall,
    pub now: Timestamp,
    /// How often it died.
    pub deaths: u64,
}

impl Sterblich {
    pub fn new(welt: Welt, zufall: Zufall) -> Self {
        let now = BEGINN.parse().unwrap();
        Self { welt, fern: None, failpoint: None, kills: 0, one_in: 3, zufall, now, deaths: 0 }
    }

    /// The failpoint was not reached, or was: from here on without one.
    pub fn safe_again(&mut self) {
        if self.failpoint.take().is_some() {
            self.fern = None;
        }
    }

    /// One act, over deaths: done exactly once.
    fn over_deaths(&mut self, op: &Op) -> Result<Answer, String> {
        let reads = matches!(op, Op::Waiting | Op::Due | Op::State | Op::Variables | Op::History);
        let danger = !reads && (self.failpoint.is_some() || self.kills > 0);
        let before = if danger { self.history_len() } else { 0 };
        loop {
            let failpoint = if danger { self.failpoint } else { None };
            if failpoint.is_some() {
                self.fern = None;
            }
            let fern = self.fern.get_or_insert_with(|| self.welt.fern(failpoint));
            let killer = (danger && self.kills > 0 && self.zufall.in_range(0, self.one_in) == 0).then(|| {
                self.kills -= 1;
                let (pid, after) = (fern.child.id(), Duration::from_micros(self.zufall.in_range(0, 9_000)));
                std::thread::spawn(move || {
                    std::thread::sleep(after);
                    kill("KILL", pid);
                })
            });
            let answer = fern.ask(op, self.now);
            let killed = killer.map(|k| k.join().unwrap()).is_some();
            match answer {
                Ok(answer) => {
                    if killed {
                        // Killed after its answer: what was said stays true.
                        (self.fern, self.deaths) = (None, self.deaths + 1);
                    }
                    return answer;
                }
                Err(Tot) => {
                    (self.fern, self.deaths) = (None, self.deaths + 1);
                    self.failpoint = None;
                    self.welt.settled();
                    // Firing goes on with what is left; any other act shows in the history or has not happened.
                    if !reads && *op != Op::Fire && self.history_len() != before {
                        return Ok(Answer::Done);
                    }
                }
            }
        }
    }

    fn history_len(&mut self) -> usize {
        match self.over_deaths(&Op::History) {
            Ok(Answer::History(all)) => all.len(),
            other => panic!("{other:?}"),
        }
    }
}

impl Spieler for Sterblich {
    fn ask(&mut self, op: Op) -> Result<Answer, String> {
        self.over_deaths(&op)
    }

    fn jetzt(&mut self) -> &mut Timestamp {
        &mut self.now
    }
}

service_geschaeftsgang::als_runtime!(Sterblich);

/// How often each element was reached, completed or withdrawn, without the runs of loops and the processes themselves.
/// A job that fails for good stands in the job table, not in the history.
pub fn bilanz(history: &[HistoryEvent]) -> Value {
    let mut counts: std::collections::BTreeMap<String, u64> = Default::default();
    let counts_here = |e: &&HistoryEvent| {
        !e.inner
            && e.instance.0 != 0
            && matches!(e.kind, HistoryKind::Activated | HistoryKind::Completed | HistoryKind::Cancelled)
    };
    for e in history.iter().filter(counts_here) {
        *counts.entry(format!("{} {:?}", e.element, e.kind)).or_default() += 1;
    }
    json!(counts)
}
