// SPDX-License-Identifier: EUPL-1.2
//! Group commit for SQLite: transactions that wait for the one writer at the same time share one synced commit.
//!
//! The first one that is done queues a closer behind those that already wait for the writer; they join, each as a
//! savepoint inside the outer transaction, then the closer commits for all. Nobody is told "done" before that commit is
//! on the disk ([`super::platte`]): if it fails, it fails for all of them. A transaction that is dropped takes back its
//! savepoint and leaves its neighbours alone. Without contention the closer comes at once, and a group is one.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, pool::PoolConnection, sqlite::SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::{
    DbError,
    platte::{Fate, Platte, Sync},
};

/// The one writer of a SQLite file; clones share it.
#[derive(Clone)]
pub struct Writer {
    pool: SqlitePool,
    /// For work beside the writer.
    beside: SqlitePool,
    platte: Platte,
    open: Open,
}

/// Primary result codes after which the transaction goes on.
const ERROR: u32 = 1;
const TOOBIG: u32 = 18;
const CONSTRAINT: u32 = 19;
const MISMATCH: u32 = 20;
const RANGE: u32 = 25;

type Open = Arc<Mutex<Option<Group>>>;

/// An open outer transaction and those who wait for its commit.
struct Group {
    conn: PoolConnection<Sqlite>,
    fate: watch::Sender<Fate>,
    /// A closer is on its way.
    closing: bool,
    /// The outer transaction must not be committed.
    failed: bool,
}

impl Writer {
    /// `pool` has exactly one connection; `sync` brings its log to the disk.
    pub fn new(pool: SqlitePool, beside: SqlitePool, sync: Sync) -> std::io::Result<Self> {
        Ok(Self { pool, beside, platte: Platte::new(sync)?, open: Arc::default() })
    }

    /// Waits for the writer and begins a transaction.
    pub async fn begin(&self) -> Result<Member, DbError> {
        let mut guard = self.open.clone().lock_owned().await;
        if let Some(cause) = self.platte.broken() {
            return Err(DbError::Group(cause.to_string()));
        }
        let fresh = guard.is_none();
        if fresh {
            let conn = self.pool.acquire().await?;
            // Until it has begun, nothing of this group may be committed.
            *guard = Some(Group { conn, fate: watch::Sender::new(None), closing: false, failed: true });
        }
        let mut member = Member { guard: Some(guard), writer: self.clone(), first: fresh, broken: false };
        // The first one is alone with the outer transaction until it is done: it needs no savepoint.
        run(member.conn()?, if fresh { "BEGIN IMMEDIATE" } else { "SAVEPOINT glied" }).await?;
        if fresh && let Some(group) = member.group() {
            group.failed = false;
        }
        Ok(member)
    }

    /// Waits for the running group and for the disk, and closes the connection.
    pub async fn close(&self) {
        self.close_group().await;
        let fate = watch::Sender::new(None);
        let mut told = fate.subscribe();
        self.platte.lasting(fate);
        let _ = told.wait_for(Option::is_some).await;
        self.pool.close().await;
    }

    async fn close_group(&self) {
        let mut guard = self.open.clone().lock_owned().await;
        self.finish(guard.take()).await;
    }

    /// Commits (or, after a failure, rolls back); everybody is told when it lasts.
    async fn finish(&self, group: Option<Group>) {
        let Some(mut group) = group else { return };
        let ended = match group.failed {
            false => run(&mut group.conn, "COMMIT").await.map_err(|e| DbError::from(e).to_string()),
            true => Err("a neighbour's failure ended the transaction".to_owned()),
        };
        let Err(cause) = ended else {
            self.platte.lasting(group.fate);
            return self.platte.committed(&self.beside);
        };
        tracing::debug!(cause, "group not committed");
        let _ = run(&mut group.conn, "ROLLBACK").await;
        // Whatever state it is in, the next group gets a fresh connection.
        let _ = group.conn.close().await;
        group.fate.send_replace(Some(Err(cause.into())));
    }

    /// Undoes one transaction; a group that nobody waits for ends here.
    async fn take_back(&self, mut guard: OwnedMutexGuard<Option<Group>>, first: bool) {
        let Some(group) = guard.as_mut() else { return };
        if !first {
            let undone = run(&mut group.conn, "ROLLBACK TO glied").await.is_ok()
                && run(&mut group.conn, "RELEASE glied").await.is_ok();
            group.failed = !undone;
            if group.closing && undone {
                return;
            }
        } else if run(&mut group.conn, "ROLLBACK").await.is_ok() {
            // Nobody else was in it.
            return drop(guard.take());
        } else {
            group.failed = true;
        }
        self.finish(guard.take()).await;
    }
}

/// One transaction of a group.
pub struct Member {
    /// Gone once the transaction is settled.
    guard: Option<OwnedMutexGuard<Option<Group>>>,
    writer: Writer,
    /// It began the outer transaction.
    first: bool,
    /// A statement failed in a way after which SQLite may have ended the outer transaction.
    broken: bool,
}

impl Member {
    fn group(&mut self) -> Option<&mut Group> {
        self.guard.as_mut()?.as_mut()
    }

    /// The connection, for one statement.
    ///
    /// # Errors
    /// [`DbError::Group`] after a statement that may have ended the outer transaction.
    pub fn conn(&mut self) -> Result<&mut SqliteConnection, DbError> {
        if self.broken {
            return Err(DbError::Group("an earlier statement of this transaction failed".into()));
        }
        match self.group() {
            Some(group) => Ok(&mut group.conn),
            None => Err(DbError::Group("the transaction is over".into())),
        }
    }

    /// Notes a failed statement: a refused row leaves the transaction as it was, a full disk or a read error may end it
    /// (sqlite.org, "Response To Errors Within A Transaction").
    pub fn note(&mut self, error: &sqlx::Error) {
        let primary = match error {
            sqlx::Error::Database(e) => e.code().and_then(|c| c.parse::<u32>().ok()).map(|c| c & 0xFF),
            _ => None,
        };
        self.broken |= !matches!(primary, Some(ERROR | TOOBIG | CONSTRAINT | MISMATCH | RANGE));
    }

    /// Returns when the group is committed and on the disk.
    ///
    /// # Errors
    /// [`DbError`] when nothing of this transaction (and of its group) is kept.
    pub async fn commit(self) -> Result<(), DbError> {
        told(self.commit_ahead().await?).await
    }

    /// Sends the commit off; [`told`] says what became of it, once it is on the disk.
    ///
    /// # Errors
    /// [`DbError`] when nothing of this transaction is kept.
    pub async fn commit_ahead(mut self) -> Result<watch::Receiver<Fate>, DbError> {
        if self.broken {
            return Err(DbError::Group("an earlier statement of this transaction failed".into()));
        }
        if !self.first {
            run(self.conn()?, "RELEASE glied").await?;
        }
        let Some(mut guard) = self.guard.take() else {
            return Err(DbError::Group("the transaction is over".into()));
        };
        let Some(group) = guard.as_mut() else {
            return Err(DbError::Group("the transaction is over".into()));
        };
        let fate = group.fate.subscribe();
        if !std::mem::replace(&mut group.closing, true) {
            // A task of its own: a caller that goes away takes nobody's commit with it.
            let writer = self.writer.clone();
            tokio::spawn(async move { writer.close_group().await });
        }
        drop(guard);
        // The closer before whoever does the next thing here.
        tokio::task::yield_now().await;
        Ok(fate)
    }

    /// Takes this transaction back.
    pub async fn rollback(mut self) {
        if let Some(guard) = self.guard.take() {
            self.writer.take_back(guard, self.first).await;
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(mut guard) = self.guard.take() else { return };
        if let Some(group) = guard.as_mut() {
            group.failed = true;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (writer, first) = (self.writer.clone(), self.first);
            runtime.spawn(async move { writer.take_back(guard, first).await });
        }
    }
}

/// Returns when the group is committed and synced.
///
/// # Errors
/// [`DbError`] when nothing of the group is kept.
pub async fn told(mut fate: watch::Receiver<Fate>) -> Result<(), DbError> {
    let fate = fate.wait_for(Option::is_some).await.map(|fate| fate.clone());
    match fate {
        Ok(Some(Ok(()))) => Ok(()),
        Ok(Some(Err(cause))) => Err(DbError::Group(cause.to_string())),
        Ok(None) | Err(_) => Err(DbError::Group("the database was closed".into())),
    }
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(conn).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use sqlx::{
        Row as _,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    };

    use super::*;
    use crate::{
        args,
        db::{Db, Sql},
    };

    const fn sql(text: &'static str) -> Sql {
        Sql { sqlite: text, postgres: text }
    }
    const PARENT: Sql = sql("CREATE TABLE eltern (id INTEGER NOT NULL PRIMARY KEY) STRICT");
    const CHILD: Sql = sql(
        "CREATE TABLE kind (id INTEGER NOT NULL PRIMARY KEY, eltern INTEGER REFERENCES eltern (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
    );
    const INSERT: Sql = sql("INSERT INTO kind (id, eltern) VALUES ($1, $2)");
    const COUNT: Sql = sql("SELECT count(*) FROM kind");

    async fn db(folder: &tempfile::TempDir) -> Db {
        let db = Db::sqlite(&folder.path().join("gruppe.db")).await.unwrap();
        db.execute(&PARENT, args![]).await.unwrap();
        db.execute(&CHILD, args![]).await.unwrap();
        db
    }

    async fn rows(db: &Db) -> i64 {
        let (n,): (i64,) = db.one(&COUNT, args![]).await.unwrap();
        n
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_failed_commit_is_told_to_everybody_in_the_group() {
        let folder = tempfile::tempdir().unwrap();
        let db = db(&folder).await;
        let mut first = db.begin().await.unwrap();
        let waiting: Vec<_> = (1..8i64)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { db.execute(&INSERT, args![id, None::<i64>]).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        // Only the commit itself finds out that there is no parent.
        first.execute(&INSERT, args![0i64, 99i64]).await.unwrap();
        assert!(first.commit().await.is_err());
        for task in waiting {
            assert!(task.await.unwrap().is_err(), "told done, and nothing is kept");
        }
        assert_eq!(rows(&db).await, 0);
        db.execute(&INSERT, args![1i64, None::<i64>]).await.unwrap();
        assert_eq!(rows(&db).await, 1, "the next group starts afresh");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_that_goes_away_takes_nobody_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let db = db(&folder).await;
        let mut held = db.begin().await.unwrap();
        let commits: Vec<_> = (1..5i64)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { db.execute(&INSERT, args![id, None::<i64>]).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        commits[0].abort();
        held.execute(&INSERT, args![0i64, None::<i64>]).await.unwrap();
        drop(held);
        for task in commits.into_iter().skip(1) {
            task.await.unwrap().unwrap();
        }
        assert_eq!(rows(&db).await, 3, "the dropped and the aborted one are not there");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_dropped_transaction_does_not_keep_the_file_locked() {
        let folder = tempfile::tempdir().unwrap();
        let (db, other) = (db(&folder).await, Db::sqlite(&folder.path().join("gruppe.db")).await.unwrap());
        let mut tx = db.begin().await.unwrap();
        tx.execute(&INSERT, args![1i64, None::<i64>]).await.unwrap();
        drop(tx);
        let write = other.execute(&INSERT, args![1i64, None::<i64>]);
        tokio::time::timeout(Duration::from_secs(5), write).await.unwrap().unwrap();
    }

    /// A database whose log reaches the disk when `sync` says so.
    async fn with_sync(folder: &tempfile::TempDir, sync: Sync) -> Writer {
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("platte.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let one = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let writer = Writer::new(one.clone(), one, sync).unwrap();
        let mut tx = writer.begin().await.unwrap();
        run(tx.conn().unwrap(), "CREATE TABLE t (n INTEGER NOT NULL) STRICT").await.unwrap();
        tx.commit().await.unwrap();
        writer
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_told_done_before_the_disk_has_it_and_the_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let (let_go, gate) = std::sync::mpsc::channel::<()>();
        let mut first = true;
        let sync: Sync = Box::new(move || {
            if !std::mem::take(&mut first) {
                gate.recv().unwrap();
            }
            Ok(())
        });
        let writer = with_sync(&folder, sync).await;
        let commits: Vec<_> = (0..2)
            .map(|_| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    let mut tx = writer.begin().await.unwrap();
                    run(tx.conn().unwrap(), "INSERT INTO t (n) VALUES (1)").await.unwrap();
                    tx.commit().await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(commits.iter().all(|c| !c.is_finished()), "told done before the sync");
        // The disk is still busy; the writer is not.
        let mut tx = tokio::time::timeout(Duration::from_secs(5), writer.begin()).await.unwrap().unwrap();
        let row = sqlx::query("SELECT count(*) FROM t").fetch_one(tx.conn().unwrap()).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 2);
        tx.rollback().await;
        let _ = let_go.send(());
        let _ = let_go.send(());
        for commit in commits {
            commit.await.unwrap().unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_that_refuses_ends_all_writing() {
        let folder = tempfile::tempdir().unwrap();
        let mut calls = 0;
        let sync: Sync = Box::new(move || {
            calls += 1;
            // The second one fails; that a third would do is no comfort.
            if calls == 2 { Err(std::io::Error::from(std::io::ErrorKind::StorageFull)) } else { Ok(()) }
        });
        let writer = with_sync(&folder, sync).await;
        let mut tx = writer.begin().await.unwrap();
        run(tx.conn().unwrap(), "INSERT INTO t (n) VALUES (1)").await.unwrap();
        assert!(tx.commit().await.is_err(), "told done, and the disk has it not");
        assert!(writer.begin().await.is_err(), "written on after the disk refused");
    }
}
