// SPDX-License-Identifier: EUPL-1.2
//! Makes SQLite's commits last: syncs the write-ahead log, and copies it into the file beside the writer.
//!
//! With `synchronous=NORMAL` a commit appends to the log and does not wait for the disk (sqlite.org, "Write-Ahead Logging").
//! We wait instead: nobody is told "done" before the log is synced after his commit. The next transaction need not wait,
//! so the writer works while the disk does, and one sync serves every commit before it. What a later transaction has read
//! lies before it in the log: a power cut keeps a beginning of the log, never a later commit without an earlier one.
//!
//! When the disk refuses a sync, what the system still holds of it is unknown: nothing more is written until a restart
//! reads the file anew.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SendError, Sender, channel},
    },
    thread,
};

use sqlx::SqlitePool;
use tokio::sync::watch;

/// What became of a group of transactions: nothing yet, lasting, or why not.
pub type Fate = Option<Result<(), Arc<str>>>;

/// How the log reaches the disk; another one in tests.
pub(super) type Sync = Box<dyn FnMut() -> io::Result<()> + Send>;

/// Commits between two copies of the log into the file.
const COMMITS: u64 = 64;

/// Waits for the disk in a thread of its own, so that no runtime has to outlive it.
#[derive(Clone)]
pub(super) struct Platte {
    queue: Sender<watch::Sender<Fate>>,
    broken: Arc<OnceLock<Arc<str>>>,
    commits: Arc<AtomicU64>,
    copying: Arc<AtomicBool>,
}

impl Platte {
    /// `sync` is called after commits, never twice at once.
    pub fn new(sync: Sync) -> io::Result<Self> {
        let (queue, commits) = channel();
        let broken = Arc::new(OnceLock::new());
        let known = broken.clone();
        thread::Builder::new().name("sqlite-log".into()).spawn(move || wait(&commits, sync, &known))?;
        Ok(Self { queue, broken, commits: Arc::default(), copying: Arc::default() })
    }

    /// Tells `fate` once everything that was committed before this call is on the disk.
    pub fn lasting(&self, fate: watch::Sender<Fate>) {
        if let Err(SendError(fate)) = self.queue.send(fate) {
            fate.send_replace(Some(Err("the database was closed".into())));
        }
    }

    /// Why nothing may be written any more.
    pub fn broken(&self) -> Option<&Arc<str>> {
        self.broken.get()
    }

    /// Now and then copies the log into the file: by another connection, while the writer goes on.
    pub fn committed(&self, beside: &SqlitePool) {
        let due = self.commits.fetch_add(1, Ordering::Relaxed) % COMMITS == COMMITS - 1;
        if !due || self.copying.swap(true, Ordering::AcqRel) {
            return;
        }
        let (beside, copying) = (beside.clone(), self.copying.clone());
        tokio::spawn(async move {
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&beside).await {
                tracing::debug!(%error, "log not copied, the next commits try again");
            }
            copying.store(false, Ordering::Release);
        });
    }
}

/// The log of a database file. Opened each time: SQLite removes and makes it anew as it likes. None is left only
/// after all of it was copied into the file and the file was synced.
pub(super) fn log_of(file: &std::path::Path) -> Sync {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    let log = PathBuf::from(name);
    Box::new(move || match File::open(&log) {
        Ok(log) => log.sync_data(),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    })
}

fn wait(commits: &Receiver<watch::Sender<Fate>>, mut sync: Sync, broken: &OnceLock<Arc<str>>) {
    while let Ok(first) = commits.recv() {
        let groups: Vec<_> = std::iter::once(first).chain(commits.try_iter()).collect();
        let result = match broken.get() {
            Some(cause) => Err(cause.clone()),
            None => sync().map_err(|error| {
                tracing::error!(%error, "the disk refuses to keep the log: nothing is written until a restart");
                broken.get_or_init(|| format!("the disk refuses to keep the log: {error}").into()).clone()
            }),
        };
        for fate in groups {
            fate.send_replace(Some(result.clone()));
        }
    }
}
