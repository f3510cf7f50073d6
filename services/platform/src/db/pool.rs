// SPDX-License-Identifier: EUPL-1.2
use std::{
    collections::HashMap,
    path::Path,
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sqlx::{
    Arguments as _, Postgres, Sqlite, Transaction,
    postgres::{PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    Args, FromRow, Migrations, Row, Sql, Value, Viele,
    gruppe::{Member, Writer, told},
    mitschrift::{self, Was},
    platte::{Fate, log_of},
    viele::{Dialekt, Gesammelt},
};

use crate::audit::Ende;

static STATEMENTS: AtomicU64 = AtomicU64::new(0);
static COMMITS: AtomicU64 = AtomicU64::new(0);

/// Statements and commits of this process so far; for measurements.
pub fn counted() -> (u64, u64) {
    (STATEMENTS.load(Ordering::Relaxed), COMMITS.load(Ordering::Relaxed))
}

/// Two typed pools behind one face. SQLite has one writer, so that a write transaction waits in our queue and not in
/// `BUSY` (those that wait together share one commit), and several readers that see the last commit.
///
/// PostgreSQL keeps plans it made while the tables were small, or guesses a hundred rows for a list of three: then a
/// step walks through whole tables. Whoever writes here looks rows up by key, so the writing connections plan nothing else.
#[derive(Clone)]
pub enum Db {
    Sqlite { write: Writer, read: SqlitePool },
    Postgres { write: PgPool, read: PgPool },
}

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migrate(String),
    #[error("cannot decode column: {0}")]
    Decode(String),
    #[error("no such row")]
    Missing,
    /// Nothing of the transaction is kept.
    #[error("transaction not committed: {0}")]
    Group(String),
}

impl DbError {
    /// A unique key is already taken.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Nothing is wrong with the transaction, two of them wanted the same rows: the whole of it is tried again
    /// (PostgreSQL, `deadlock_detected` and `serialization_failure`).
    pub fn is_again(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.code().is_some_and(|c| c == "40P01" || c == "40001"))
    }

    /// A table that was never made (SQLite has no code for it).
    pub fn is_undefined_table(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(e)) => {
                e.code().is_some_and(|c| c == "42P01") || e.message().starts_with("no such table")
            }
            _ => false,
        }
    }

    /// The server is away or going away, not this statement at fault: the same call may do in a moment.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
            // Class 08 connection, 57P shut down or starting, 53300 too many connections.
            Self::Sql(sqlx::Error::Database(e)) => {
                e.code().is_some_and(|c| c.starts_with("08") || c.starts_with("57P") || c == "53300")
            }
            _ => false,
        }
    }

    /// A trigger or check refused the row (the four eyes rule, create-only tables).
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Sql(sqlx::Error::Database(e)) => Some(e.message().to_owned()),
            _ => None,
        }
    }
}

impl Db {
    /// Opens (and creates) the SQLite file: WAL, foreign keys on; a commit that was answered is on the disk.
    pub async fn sqlite(file: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // The log is synced by us before anybody is told "done": platte.rs.
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .statement_cache_capacity(1024)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-16000")
            .pragma("journal_size_limit", "67108864")
            // Copied beside the writer; he does it himself only when that cannot keep up (pages of 4 KB).
            .pragma("wal_autocheckpoint", "16000");
        let one = SqlitePoolOptions::new().max_connections(1).min_connections(1).test_before_acquire(false);
        let write = one.connect_with(options.clone()).await?;
        let read = SqlitePoolOptions::new().max_connections(5).connect_with(options).await?;
        let write = Writer::new(write, read.clone(), log_of(file)).map_err(sqlx::Error::Io)?;
        Ok(Self::Sqlite { write, read })
    }

    /// Connects to PostgreSQL as the role of the address, with eight connections of each kind.
    pub async fn postgres(url: &str) -> Result<Self, DbError> {
        Self::postgres_as(url, None, 8).await
    }

    /// Connects to PostgreSQL and acts as `role`, which the role of the address must be or be a member of: whoever runs
    /// several services in one process gives each of them no more rights than it has alone.
    ///
    /// # Errors
    /// The server is away or refuses.
    pub async fn postgres_as(url: &str, role: Option<&str>, connections: u32) -> Result<Self, DbError> {
        // A process that stands still in the middle of a transaction gives up its locks; it is told when it goes on.
        let common = [("jit", "off"), ("idle_in_transaction_session_timeout", "10000")];
        let mut options = sqlx::postgres::PgConnectOptions::from_str(url)?.options(common);
        if let Some(role) = role {
            options = options.application_name(role).options([("role", role)]);
        }
        // Every write finds its rows by key: one plan, made once. With statistics of a filled table PostgreSQL would
        // plan them anew at every call (a quarter fewer steps per second).
        let by_key = [
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("plan_cache_mode", "force_generic_plan"),
        ];
        // Who waits longer is better told: a person tries again, a queue does so by itself.
        let pool = || PgPoolOptions::new().max_connections(connections.max(2)).acquire_timeout(Duration::from_secs(10));
        let write = pool().connect_with(options.clone().options(by_key)).await?;
        Ok(Self::Postgres { write, read: pool().connect_with(options).await? })
    }

    /// Whether exactly these migrations ran here; for services, which may not migrate by themselves.
    ///
    /// # Errors
    /// [`DbError::Migrate`] says which ran and which are known.
    pub async fn is_migrated(&self, migrations: &Migrations) -> Result<(), DbError> {
        super::migrate::check(self, migrations).await
    }

    /// Makes the roles of the services and gives each the tables it works with (PostgreSQL; nothing on SQLite).
    pub async fn give_roles(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { write, .. } => {
                sqlx::raw_sql(super::migrate::ROLES).execute(write).await?;
                Ok(())
            }
        }
    }

    /// Removes every table of the services from a database that is marked as a training Mandant (PostgreSQL; a SQLite
    /// file is simply removed).
    ///
    /// # Errors
    /// The database has no such mark: nothing was removed.
    pub async fn empty_training(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres { write, .. } => {
                sqlx::raw_sql(super::migrate::EMPTY).execute(write).await?;
                Ok(())
            }
        }
    }

    /// Runs the migrations of one owner; each at most once.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<(), DbError> {
        super::migrate::run(self, migrations).await
    }

    /// Write transactions that gain from running at once (measured: tests/load/engine.py, on two cores).
    pub fn writers(&self) -> usize {
        match self {
            Self::Sqlite { .. } => 1,
            Self::Postgres { .. } => 3,
        }
    }

    /// Begins a write transaction (`BEGIN IMMEDIATE` on SQLite).
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let at = match self {
            Self::Sqlite { write, .. } => At::Sqlite(write.begin().await?),
            Self::Postgres { write, .. } => At::Postgres(write.begin().await?),
        };
        Ok(Tx { at, gathered: Gesammelt::default(), number: mitschrift::number(), ends: HashMap::new() })
    }

    /// Reads rows outside a transaction.
    pub async fn all<R: FromRow>(&self, sql: &Sql, args: Args) -> Result<Vec<R>, DbError> {
        mitschrift::note(0, || Was::Read(*sql, args.clone()));
        match self {
            Self::Sqlite { read, .. } => {
                let rows = sqlite_query(sql, args)?.fetch_all(read).await?;
                rows.into_iter().map(|r| R::from_row(&Row::Sqlite(r))).collect()
            }
            Self::Postgres { read, .. } => {
                let rows = postgres_query(sql, args)?.fetch_all(read).await?;
                rows.into_iter().map(|r| R::from_row(&Row::Postgres(r))).collect()
            }
        }
    }

    /// Reads the first row, if any.
    pub async fn optional<R: FromRow>(&self, sql: &Sql, args: Args) -> Result<Option<R>, DbError> {
        mitschrift::note(0, || Was::Read(*sql, args.clone()));
        match self {
            Self::Sqlite { read, .. } => {
                let row = sqlite_query(sql, args)?.fetch_optional(read).await?;
                row.map(|r| R::from_row(&Row::Sqlite(r))).transpose()
            }
            Self::Postgres { read, .. } => {
                let row = postgres_query(sql, args)?.fetch_optional(read).await?;
                row.map(|r| R::from_row(&Row::Postgres(r))).transpose()
            }
        }
    }

    /// Reads the only row.
    pub async fn one<R: FromRow>(&self, sql: &Sql, args: Args) -> Result<R, DbError> {
        self.optional(sql, args).await?.ok_or(DbError::Missing)
    }

    /// One statement in a transaction of its own.
    pub async fn execute(&self, sql: &Sql, args: Args) -> Result<u64, DbError> {
        let mut tx = self.begin().await?;
        let n = tx.execute(sql, args).await?;
        tx.commit().await?;
        Ok(n)
    }

    /// Runs a statement that allows no transaction around it (`CREATE DATABASE`, `VACUUM`).
    pub async fn run_alone(&self, sql: &Sql) -> Result<(), DbError> {
        match self {
            Self::Sqlite { read, .. } => sqlx::raw_sql(sql.sqlite).execute(read).await.map(|_| ())?,
            Self::Postgres { read, .. } => sqlx::raw_sql(sql.postgres).execute(read).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Prepares a statement without running it: does this database understand it?
    pub async fn prepares(&self, sql: &Sql) -> Result<(), DbError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match self {
            Self::Sqlite { read, .. } => {
                read.acquire().await?.prepare(sql.sqlite.into_sql_str()).await?;
            }
            Self::Postgres { read, .. } => {
                read.acquire().await?.prepare(sql.postgres.into_sql_str()).await?;
            }
        }
        Ok(())
    }

    /// Writes everything out and closes; a later call on this pool fails.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// A write transaction; dropped without [`Tx::commit`] it is rolled back.
pub struct Tx {
    at: At,
    gathered: Gesammelt,
    /// For [`mitschrift`].
    number: u64,
    /// Ends of audit chains as this transaction leaves them.
    pub(crate) ends: HashMap<String, Ende>,
}

/// A commit on its way to the disk.
#[must_use = "nothing may be answered before it lasts"]
pub enum Commit {
    Sqlite(watch::Receiver<Fate>),
    Postgres(JoinHandle<Result<(), sqlx::Error>>),
}

impl Commit {
    /// Returns when the transaction is on the disk.
    pub async fn lasting(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(fate) => told(fate).await,
            Self::Postgres(commit) => Ok(commit.await.map_err(|e| DbError::Group(e.to_string()))??),
        }
    }
}

enum At {
    Sqlite(Member),
    Postgres(Transaction<'static, Postgres>),
}

impl At {
    fn dialekt(&self) -> Dialekt {
        match self {
            Self::Sqlite(_) => Dialekt::Sqlite,
            Self::Postgres(_) => Dialekt::Postgres,
        }
    }

    async fn execute(&mut self, sql: &Sql, args: Args) -> Result<u64, DbError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let done = sqlite_query(sql, args)?.execute(tx.conn()?).await;
                done.inspect_err(|e| tx.note(e))?.rows_affected()
            }
            Self::Postgres(tx) => postgres_query(sql, args)?.execute(&mut **tx).await?.rows_affected(),
        })
    }
}

impl Tx {
    /// Writes rows that need no answer: gathered, and sent before the next other statement of this transaction. A row
    /// that the database refuses fails that statement.
    pub async fn later(&mut self, viele: &'static Viele, row: Args) -> Result<(), DbError> {
        self.gathered.add(viele, row);
        if self.gathered.is_full() { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), DbError> {
        if !self.gathered.is_empty() {
            for (sql, args) in self.gathered.take(self.at.dialekt()) {
                mitschrift::note(self.number, || Was::Write(sql, args.clone()));
                self.at.execute(&sql, args).await?;
            }
        }
        Ok(())
    }

    /// Runs a statement; returns the number of rows it touched.
    pub async fn execute(&mut self, sql: &Sql, args: Args) -> Result<u64, DbError> {
        self.send().await?;
        mitschrift::note(self.number, || Was::Write(*sql, args.clone()));
        self.at.execute(sql, args).await
    }

    /// Reads (or writes with `RETURNING`) rows.
    pub async fn all<R: FromRow>(&mut self, sql: &Sql, args: Args) -> Result<Vec<R>, DbError> {
        self.send().await?;
        mitschrift::note(self.number, || Was::Read(*sql, args.clone()));
        match &mut self.at {
            At::Sqlite(tx) => {
                let rows = sqlite_query(sql, args)?.fetch_all(tx.conn()?).await.inspect_err(|e| tx.note(e))?;
                rows.into_iter().map(|r| R::from_row(&Row::Sqlite(r))).collect()
            }
            At::Postgres(tx) => {
                let rows = postgres_query(sql, args)?.fetch_all(&mut **tx).await?;
                rows.into_iter().map(|r| R::from_row(&Row::Postgres(r))).collect()
            }
        }
    }

    /// Reads (or writes with `RETURNING`) what belongs to many rows.
    pub async fn all_of<R: FromRow>(&mut self, viele: &Viele, rows: Vec<Args>) -> Result<Vec<R>, DbError> {
        let mut found = Vec::new();
        for (sql, args) in viele.bound(self.at.dialekt(), rows) {
            found.append(&mut self.all(&sql, args).await?);
        }
        Ok(found)
    }

    /// The first row, if any.
    pub async fn optional<R: FromRow>(&mut self, sql: &Sql, args: Args) -> Result<Option<R>, DbError> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// The only row.
    pub async fn one<R: FromRow>(&mut self, sql: &Sql, args: Args) -> Result<R, DbError> {
        self.optional(sql, args).await?.ok_or(DbError::Missing)
    }

    /// Makes everything of this transaction lasting.
    pub async fn commit(self) -> Result<(), DbError> {
        self.commit_ahead().await?.lasting().await
    }

    /// Sends the commit off. Whoever has more to do begins the next transaction while the disk works, and answers nobody
    /// before [`Commit::lasting`] has returned.
    pub async fn commit_ahead(mut self) -> Result<Commit, DbError> {
        self.send().await?;
        mitschrift::note(self.number, || Was::Commit);
        COMMITS.fetch_add(1, Ordering::Relaxed);
        Ok(match self.at {
            At::Sqlite(tx) => Commit::Sqlite(tx.commit_ahead().await?),
            At::Postgres(tx) => Commit::Postgres(tokio::spawn(tx.commit())),
        })
    }

    /// Takes everything back.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.at {
            At::Sqlite(tx) => tx.rollback().await,
            At::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

macro_rules! query {
    ($name:ident, $db:ty, $arguments:ty, $dialect:ident) => {
        fn $name(sql: &Sql, args: Args) -> Result<sqlx::query::Query<'static, $db, $arguments>, DbError> {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
            let mut bound = <$arguments>::default();
            bound.reserve(args.len(), args.len() * 16);
            for value in args {
                match value {
                    Value::Int(v) => bound.add(v),
                    Value::Text(v) => bound.add(v),
                    Value::Bytes(v) => bound.add(v),
                    Value::Uuid(v) => bound.add(v),
                    Value::Null(super::Kind::Int) => bound.add(None::<i64>),
                    Value::Null(super::Kind::Text) => bound.add(None::<String>),
                    Value::Null(super::Kind::Bytes) => bound.add(None::<Vec<u8>>),
                    Value::Null(super::Kind::Uuid) => bound.add(None::<uuid::Uuid>),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(sqlx::query_with::<$db, _>(sql.$dialect, bound))
        }
    };
}
query!(sqlite_query, Sqlite, sqlx::sqlite::SqliteArguments, sqlite);
query!(postgres_query, Postgres, sqlx::postgres::PgArguments, postgres);
