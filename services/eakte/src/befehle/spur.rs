// SPDX-License-Identifier: EUPL-1.2
//! `eakte workflow trace`: conformance cases in memory, on the durable engine, and on two engine processes that share
//! one database. Every case runs in a world of its own: a folder, or a schema.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use engine::{
    Decisions, DeployOptions, TableSet, Tables,
    memory::Runner,
    trace::{self, Case, CaseFile, CaseResult},
};
use nachrichten::{Timestamp, Werte};
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, MIGRATIONS, Options,
    spur::{Anfrage, Answer, Op, Spieler, Welt},
};
use service_platform::{
    bus::InProcessBus,
    db::{Db, Sql},
    uhr::{Clock, FixedClock, SystemClock, SystemIds},
    zeit,
};

use super::{Ende, read, runtime};
use crate::{ausgabe, exit, kern::own_program};

/// When every case begins.
const BEGIN: &str = "2026-01-05T08:00:00Z";

/// How the cases are run.
#[derive(Clone, Debug)]
pub struct Art {
    /// `sqlite:DIR` or `postgres:URL`; None = in memory.
    pub durable: Option<String>,
    /// 1, or 2 processes that take turns.
    pub engines: u32,
    /// A new engine for every act.
    pub restart: bool,
}

pub fn run(files: &[PathBuf], art: &Art, json: bool) -> Ende {
    let runtime = runtime()?;
    if art.engines > 1 && art.durable.is_none() {
        ausgabe::say("Zwei Prozesse brauchen eine gemeinsame Datenbank: --durable postgres:URL oder sqlite:DIR.");
        return Err(exit::USAGE);
    }
    let (mut code, mut passed, mut number) = (exit::OK, 0, 0);
    for file in files {
        let cases = serde_json::from_slice::<CaseFile>(&read(file)?).map_err(|error| {
            ausgabe::say(&format!("{} ist keine Datei mit Fällen: {error}", file.display()));
            exit::UNREADABLE
        })?;
        for case in &cases.cases {
            number += 1;
            let result =
                one(runtime.handle(), file, &cases, case, art, number).unwrap_or_else(|text| failed(file, case, text));
            if result.mismatches.is_empty() {
                passed += 1;
            } else {
                code = exit::FAILED;
            }
            if json {
                ausgabe::json(&result);
            } else {
                let word = if result.mismatches.is_empty() { "ok" } else { "FALSCH" };
                ausgabe::line(&format!("{word:<7} {} · {}", file.display(), case.name));
                result.mismatches.iter().for_each(|m| ausgabe::line(&format!("        {m}")));
            }
        }
    }
    if !json {
        ausgabe::line(&format!("{passed} von {number} Fällen wie erwartet"));
    }
    Ok(code)
}

fn failed(file: &Path, case: &Case, text: String) -> CaseResult {
    CaseResult {
        file: file.display().to_string(),
        case: case.name.clone(),
        state: "incident".to_owned(),
        completed: Default::default(),
        cancelled: Default::default(),
        order: Vec::new(),
        waiting: Vec::new(),
        variables: Werte::new(),
        mismatches: vec![text],
    }
}

fn deploy_options(welt: &Welt) -> DeployOptions {
    DeployOptions { trace: true, held: welt.held.clone(), ..DeployOptions::default() }
}

async fn open(welt: &Welt) -> Result<Db, String> {
    let db = match welt.database.split_once(':') {
        Some(("sqlite", dir)) => Db::sqlite(&Path::new(dir).join("spur.db")).await,
        Some(("postgres", url)) => Db::postgres(url).await,
        _ => return Err(format!("{} ist keine Datenbank: sqlite:DIR oder postgres:URL", welt.database)),
    };
    db.map_err(|e| e.to_string())
}

fn one(
    handle: &tokio::runtime::Handle,
    file: &Path,
    cases: &CaseFile,
    case: &Case,
    art: &Art,
    number: usize,
) -> Result<CaseResult, String> {
    // The parent of a bare name is "", which is no folder.
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    let xml = text(&folder.join(&cases.bpmn))?;
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| e.to_string())?.filter_map(Result::ok) {
        if entry.path().extension().is_some_and(|e| e == "dmn") {
            tables.push((entry.file_name().to_string_lossy().into_owned(), text(&entry.path())?));
        }
    }
    tables.sort();
    let name = file.display().to_string();
    let begin: Timestamp = BEGIN.parse().map_err(|_| "no begin".to_owned())?;
    let Some(durable) = &art.durable else {
        let read = |xml: &String| Tables::parse(xml).map(|t| Arc::new(t) as Arc<dyn Decisions>);
        let set = tables.iter().map(|(_, xml)| read(xml)).collect::<Result<Vec<_>, _>>()?;
        let decisions: Arc<dyn Decisions> = Arc::new(TableSet(set));
        let options = DeployOptions { trace: true, held: case.held_jobs.clone(), ..DeployOptions::default() };
        let deployment = engine::deploy(&xml, decisions, &options).map_err(|e| e.to_string())?;
        let mut runner = Runner::new(begin);
        runner.restart_each_step = art.restart;
        runner.deploy(&deployment)?;
        return Ok(trace::run(&name, cases, case, &mut runner));
    };
    let world = handle.block_on(create(durable, number))?;
    let welt = Welt { database: world.clone(), held: case.held_jobs.clone() };
    let mut engines: Vec<Box<dyn Player>> = vec![Box::new(Local::new(handle.clone(), welt.clone())?)];
    engines[0].deploy(&xml, &tables, begin)?;
    for _ in 1..art.engines {
        engines.push(Box::new(Remote::start(&welt)?));
    }
    let mut durable = Durable { engines, turn: 0, now: begin, restart: art.restart };
    let result = trace::run(&name, cases, case, &mut durable);
    drop(durable);
    handle.block_on(remove(&world))?;
    Ok(result)
}

/// An empty database for one case.
async fn create(durable: &str, number: usize) -> Result<String, String> {
    let world = match durable.split_once(':') {
        Some(("sqlite", dir)) => {
            let dir = Path::new(dir).join(format!("fall-{}-{number}", std::process::id()));
            std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            format!("sqlite:{}", dir.display())
        }
        Some(("postgres", url)) => {
            let url = if url.contains("://") { url.to_owned() } else { format!("postgres:{url}") };
            let schema = format!("fall_{}_{number}", std::process::id());
            schema_do(&url, &format!("CREATE SCHEMA {schema}")).await?;
            let with = if url.contains('?') { '&' } else { '?' };
            format!("postgres:{url}{with}options=-c%20search_path%3D{schema}")
        }
        _ => return Err(format!("{durable} ist keine Datenbank: sqlite:DIR oder postgres:URL")),
    };
    let db = open(&Welt { database: world.clone(), held: Vec::new() }).await?;
    for migrations in [service_platform::MIGRATIONS, MIGRATIONS] {
        db.migrate(&migrations).await.map_err(|e| e.to_string())?;
    }
    db.close().await;
    Ok(world)
}

async fn remove(world: &str) -> Result<(), String> {
    match world.split_once(':') {
        Some(("sqlite", dir)) => std::fs::remove_dir_all(dir).map_err(|e| format!("{dir}: {e}")),
        Some((_, url)) => {
            let schema = url.rsplit_once("%3D").map(|(_, s)| s).unwrap_or_default();
            let base = url.split("options=").next().unwrap_or_default().trim_end_matches(['?', '&']);
            schema_do(base, &format!("DROP SCHEMA {schema} CASCADE")).await
        }
        None => Ok(()),
    }
}

/// Creates or drops a schema; its name is made here, constant text cannot hold it.
async fn schema_do(url: &str, statement: &str) -> Result<(), String> {
    let db = Db::postgres(url).await.map_err(|e| e.to_string())?;
    let text: &'static str = Box::leak(statement.to_owned().into_boxed_str());
    let done = db.run_alone(&Sql { sqlite: text, postgres: text }).await.map_err(|e| e.to_string());
    db.close().await;
    done
}

/// An engine that plays acts.
trait Player {
    fn deploy(&mut self, xml: &str, tables: &[(String, String)], now: Timestamp) -> Result<(), String>;
    fn play(&mut self, op: Op, now: Timestamp, restart: bool) -> Result<Answer, String>;
}

/// The time that comes with an act; for acts without one the database's, as in the service.
struct Uhr {
    fest: FixedClock,
    zeit: Arc<SystemClock>,
    datenbank: AtomicBool,
}

impl Clock for Uhr {
    fn now(&self) -> Timestamp {
        if self.datenbank.load(Ordering::SeqCst) { self.zeit.now() } else { self.fest.now() }
    }
}

/// An engine in this process.
struct Local {
    handle: tokio::runtime::Handle,
    welt: Welt,
    clock: Arc<Uhr>,
    engine: Geschaeftsgang,
    db: Db,
}

impl Local {
    fn new(handle: tokio::runtime::Handle, welt: Welt) -> Result<Self, String> {
        let fest = FixedClock::at(Timestamp(0));
        let clock = Arc::new(Uhr { fest, zeit: Arc::default(), datenbank: AtomicBool::new(false) });
        let db = handle.block_on(open(&welt))?;
        let engine = handle.block_on(engine(&db, &clock, &welt))?;
        Ok(Self { handle, welt, clock, engine, db })
    }

    /// An act at the time of the database, which is followed from the first of them on.
    fn by_database(&mut self, op: Op) -> Result<Answer, String> {
        if !self.clock.datenbank.swap(true, Ordering::SeqCst) {
            self.handle.block_on(zeit::ask(&self.clock.zeit, &self.db)).map_err(|e| e.to_string())?;
            self.handle.spawn(zeit::follow(self.clock.zeit.clone(), self.db.clone()));
        }
        self.handle.block_on(self.engine.spur(op))
    }
}

async fn engine(db: &Db, clock: &Arc<Uhr>, welt: &Welt) -> Result<Geschaeftsgang, String> {
    let options = Options { deploy: deploy_options(welt), ..Options::default() };
    let bus = Arc::new(InProcessBus::default());
    Geschaeftsgang::new(db.clone(), bus, clock.clone(), Arc::new(SystemIds), options).await.map_err(|e| e.to_string())
}

impl Player for Local {
    fn deploy(&mut self, xml: &str, tables: &[(String, String)], now: Timestamp) -> Result<(), String> {
        self.clock.fest.set(now);
        self.handle.block_on(async {
            for (name, xml) in tables {
                self.engine.deploy_table(name, xml, Herkunft::Stadt).await.map_err(|e| e.to_string())?;
            }
            self.engine.deploy(xml, Herkunft::Stadt).await.map(|_| ()).map_err(|e| e.to_string())
        })
    }

    fn play(&mut self, op: Op, now: Timestamp, restart: bool) -> Result<Answer, String> {
        self.clock.fest.set(now);
        if restart {
            // Connections and everything in memory go; only the database stays.
            self.handle.block_on(self.db.close());
            self.db = self.handle.block_on(open(&self.welt))?;
            self.engine = self.handle.block_on(engine(&self.db, &self.clock, &self.welt))?;
        }
        self.handle.block_on(self.engine.spur(op))
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.handle.block_on(self.db.close());
    }
}

/// An engine in a process of its own.
struct Remote {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Remote {
    fn start(welt: &Welt) -> Result<Self, String> {
        let welt = serde_json::to_string(welt).map_err(|e| e.to_string())?;
        let mut process = Process::new(own_program());
        process.args(["workflow", "engine", &welt]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = process.spawn().map_err(|e| e.to_string())?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(to), Some(from)) => Ok(Self { child, to, from: BufReader::new(from) }),
            _ => Err("no pipe to the second engine".to_owned()),
        }
    }
}

impl Player for Remote {
    fn deploy(&mut self, _: &str, _: &[(String, String)], _: Timestamp) -> Result<(), String> {
        Err("the second engine does not deploy".to_owned())
    }

    fn play(&mut self, op: Op, now: Timestamp, restart: bool) -> Result<Answer, String> {
        let line = serde_json::to_string(&Anfrage { op, now: Some(now), restart }).map_err(|e| e.to_string())?;
        writeln!(self.to, "{line}").and_then(|()| self.to.flush()).map_err(|e| format!("second engine: {e}"))?;
        let mut answer = String::new();
        self.from.read_line(&mut answer).map_err(|e| format!("second engine: {e}"))?;
        serde_json::from_str::<Result<Answer, String>>(&answer).map_err(|e| format!("second engine: {e}: {answer}"))?
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `eakte workflow engine WORLD`: the second process of a trace; acts on standard input, answers on standard output.
pub fn serve(welt: &str) -> Ende {
    let runtime = runtime()?;
    let welt: Welt = serde_json::from_str(welt).map_err(|_| exit::USAGE)?;
    let mut engine = Local::new(runtime.handle().clone(), welt).map_err(|text| {
        ausgabe::say(&text);
        exit::FAILED
    })?;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let answer = match serde_json::from_str::<Anfrage>(&line) {
            Ok(Anfrage { op, now: Some(now), restart }) => engine.play(op, now, restart),
            Ok(Anfrage { op, now: None, .. }) => engine.by_database(op),
            Err(error) => Err(error.to_string()),
        };
        ausgabe::json(&answer);
    }
    Ok(exit::OK)
}

/// The durable engines behind the interface of a trace; they take turns.
struct Durable {
    engines: Vec<Box<dyn Player>>,
    turn: usize,
    now: Timestamp,
    restart: bool,
}

impl Spieler for Durable {
    fn ask(&mut self, op: Op) -> Result<Answer, String> {
        self.turn = (self.turn + 1) % self.engines.len();
        let (now, restart) = (self.now, self.restart);
        self.engines[self.turn].play(op, now, restart)
    }

    fn jetzt(&mut self) -> &mut Timestamp {
        &mut self.now
    }
}

service_geschaeftsgang::als_runtime!(Durable);
