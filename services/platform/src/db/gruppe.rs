// SPDX-License-Identifier: EUPL-1.2
//! Group commit for SQLite: transactions that wait for the one writer at the same time share one synced commit.
//!
//! Each transaction is a savepoint inside an outer transaction. The first one that is done queues a closer behind
//! those that already wait for the writer; they join, then the closer commits for all. Nobody is told "done" before
//! that commit has returned: if it fails, it fails for all of them. A transaction that is dropped takes back its
//! savepoint and leaves its neighbours alone. Without contention the closer comes at once, and a group is one.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, pool::PoolConnection, sqlite::SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::DbError;

/// The one writer of a SQLite file; clones share it.
#[derive(Clone)]
pub struct Writer {
    pool: SqlitePool,
    open: Open,
}

/// Primary result codes after which the transaction goes on.
const ERROR: u32 = 1;
const TOOBIG: u32 = 18;
const CONSTRAINT: u32 = 19;
const MISMATCH: u32 = 20;
const RANGE: u32 = 25;

type Open = Arc<Mutex<Option<Group>>>;

/// What became of a group: nothing yet, committed, or why not.
type Fate = Option<Result<(), Arc<str>>>;

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
    /// `pool` has exactly one connection.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool, open: Arc::default() }
    }

    /// Waits for the writer and begins a transaction.
    pub async fn begin(&self) -> Result<Member, DbError> {
        let mut guard = self.open.clone().lock_owned().await;
        let fresh = guard.is_none();
        if fresh {
            let conn = self.pool.acquire().await?;
            // Until the savepoint stands, nothing of this group may be committed.
            *guard = Some(Group { conn, fate: watch::Sender::new(None), closing: false, failed: true });
        }
        let mut member = Member { guard: Some(guard), open: self.open.clone(), broken: false };
        if fresh {
            run(member.conn()?, "BEGIN IMMEDIATE").await?;
        }
        run(member.conn()?, "SAVEPOINT glied").await?;
        if fresh && let Some(group) = member.group() {
            group.failed = false;
        }
        Ok(member)
    }

    /// Waits for the running group and closes the connection.
    pub async fn close(&self) {
        close(self.open.clone()).await;
        self.pool.close().await;
    }
}

/// One transaction of a group.
pub struct Member {
    /// Gone once the transaction is settled.
    guard: Option<OwnedMutexGuard<Option<Group>>>,
    open: Open,
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

    /// Returns when the group is committed and synced.
    ///
    /// # Errors
    /// [`DbError`] when nothing of this transaction (and of its group) is kept.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if self.broken {
            return Err(DbError::Group("an earlier statement of this transaction failed".into()));
        }
        run(self.conn()?, "RELEASE glied").await?;
        let Some(mut guard) = self.guard.take() else {
            return Err(DbError::Group("the transaction is over".into()));
        };
        let Some(group) = guard.as_mut() else {
            return Err(DbError::Group("the transaction is over".into()));
        };
        let mut fate = group.fate.subscribe();
        if !std::mem::replace(&mut group.closing, true) {
            // A task of its own: a caller that goes away takes nobody's commit with it.
            tokio::spawn(close(self.open.clone()));
        }
        drop(guard);
        let fate = fate.wait_for(Option::is_some).await.map(|fate| fate.clone());
        match fate {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(cause))) => Err(DbError::Group(cause.to_string())),
            Ok(None) | Err(_) => Err(DbError::Group("the database was closed".into())),
        }
    }

    /// Takes this transaction back.
    pub async fn rollback(mut self) {
        if let Some(guard) = self.guard.take() {
            take_back(guard).await;
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
            runtime.spawn(take_back(guard));
        }
    }
}

/// Undoes one savepoint; a group that nobody waits for ends here.
async fn take_back(mut guard: OwnedMutexGuard<Option<Group>>) {
    let Some(group) = guard.as_mut() else { return };
    let undone =
        run(&mut group.conn, "ROLLBACK TO glied").await.is_ok() && run(&mut group.conn, "RELEASE glied").await.is_ok();
    group.failed = !undone;
    if !group.closing || group.failed {
        finish(guard.take()).await;
    }
}

async fn close(open: Open) {
    let mut guard = open.lock_owned().await;
    finish(guard.take()).await;
}

/// Commits (or, after a failure, rolls back) and tells everybody.
async fn finish(group: Option<Group>) {
    let Some(mut group) = group else { return };
    let ended = match group.failed {
        false => run(&mut group.conn, "COMMIT").await.map_err(|e| e.to_string()),
        true => Err("a neighbour's failure ended the transaction".to_owned()),
    };
    if let Err(cause) = &ended {
        tracing::debug!(cause, "group not committed");
        let _ = run(&mut group.conn, "ROLLBACK").await;
        // Whatever state it is in, the next group gets a fresh connection.
        let _ = group.conn.close().await;
    }
    group.fate.send_replace(Some(ended.map_err(Into::into)));
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(conn).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

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
}
