// SPDX-License-Identifier: EUPL-1.2
use super::{Db, DbError, Sql};
use crate::args;

/// The numbered migrations of one owner: equal numbers on both databases, never changed after a release.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub name: &'static str,
    /// Texts in order; each may hold several statements.
    pub sqlite: &'static [&'static str],
    pub postgres: &'static [&'static str],
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS platform_migration (
  owner TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (owner, number))";
const DONE: &str = "SELECT hash FROM platform_migration WHERE owner = $1 AND number = $2";
const NEWEST: &str = "SELECT max(number) FROM platform_migration WHERE owner = $1";
const MARK: &str = "INSERT INTO platform_migration (owner, number, hash) VALUES ($1, $2, $3)";

const KNOWN: Sql = Sql {
    sqlite: "SELECT number, hash FROM platform_migration WHERE owner = $1 ORDER BY number",
    postgres: "SELECT number, hash FROM platform_migration WHERE owner = $1 ORDER BY number",
};
/// Who may touch which table; see there.
pub(super) const ROLES: &str = include_str!("../../migrations/postgres/rollen.sql");
/// Empties a training Mandant; see there.
pub(super) const EMPTY: &str = include_str!("../../migrations/postgres/leeren.sql");

macro_rules! run_on {
    ($db:expr, $tx:ident, $conn:expr, $migrations:expr, $texts:expr) => {{
        let mut $tx = $db.begin().await?;
        sqlx::raw_sql(TABLE).execute($conn).await?;
        $tx.commit().await?;
        let newest: (Option<i64>,) = {
            let mut $tx = $db.begin().await?;
            sqlx::query_as(NEWEST).bind($migrations.name).fetch_one($conn).await?
        };
        if newest.0.is_some_and(|n| n > $texts.len() as i64) {
            return Err(newer($migrations.name));
        }
        for (index, text) in $texts.iter().enumerate() {
            let number = index as i64 + 1;
            let hash = nachrichten::BlobHash::of(text.as_bytes()).to_string();
            let mut $tx = $db.begin().await?;
            let done: Option<(String,)> =
                sqlx::query_as(DONE).bind($migrations.name).bind(number).fetch_optional($conn).await?;
            match done {
                Some((known,)) if known == hash => continue,
                Some(_) => {
                    return Err(DbError::Migrate(format!(
                        "{} {number} differs from the one that ran",
                        $migrations.name
                    )));
                }
                None => {}
            }
            sqlx::raw_sql(*text).execute($conn).await?;
            sqlx::query(MARK).bind($migrations.name).bind(number).bind(hash).execute($conn).await?;
            $tx.commit().await?;
        }
    }};
}

fn newer(owner: &str) -> DbError {
    DbError::Migrate(format!("the tables of {owner} are newer than this program; run the newer program"))
}

/// Exactly the known ones ran, with the texts that are known.
pub(super) async fn check(db: &Db, migrations: &Migrations) -> Result<(), DbError> {
    let (owner, texts) = match db {
        Db::Sqlite { .. } => (migrations.name, migrations.sqlite),
        Db::Postgres { .. } => (migrations.name, migrations.postgres),
    };
    let older = || {
        DbError::Migrate(format!("the tables of {owner} are missing or older than this program; run \"eakte migrate\""))
    };
    let ran: Vec<(i64, String)> = match db.all(&KNOWN, args![owner]).await {
        Err(error) if error.is_undefined_table() => return Err(older()),
        other => other?,
    };
    if ran.len() > texts.len() {
        return Err(newer(owner));
    }
    for (index, text) in texts.iter().enumerate() {
        match ran.get(index) {
            None => return Err(older()),
            Some((_, hash)) if *hash == nachrichten::BlobHash::of(text.as_bytes()).to_string() => {}
            Some((number, _)) => {
                return Err(DbError::Migrate(format!("{owner} {number} differs from the one that ran")));
            }
        }
    }
    Ok(())
}

pub(super) async fn run(db: &Db, migrations: &Migrations) -> Result<(), DbError> {
    if migrations.sqlite.len() != migrations.postgres.len() {
        return Err(DbError::Migrate(format!("{}: numbers differ between the databases", migrations.name)));
    }
    match db {
        Db::Sqlite { write, .. } => run_on!(write, tx, tx.conn()?, migrations, migrations.sqlite),
        Db::Postgres { write: pool, .. } => run_on!(pool, tx, &mut *tx, migrations, migrations.postgres),
    }
    Ok(())
}
