// SPDX-License-Identifier: EUPL-1.2
use super::{Db, DbError};

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
const MARK: &str = "INSERT INTO platform_migration (owner, number, hash) VALUES ($1, $2, $3)";

macro_rules! run_on {
    ($db:expr, $tx:ident, $conn:expr, $migrations:expr, $texts:expr) => {{
        let mut $tx = $db.begin().await?;
        sqlx::raw_sql(TABLE).execute($conn).await?;
        $tx.commit().await?;
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
