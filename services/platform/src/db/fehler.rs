// SPDX-License-Identifier: EUPL-1.2
//! Why the database did not do what it was asked, by what follows from it: again at once, later, or never.

use super::voll;

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("database: {0}")]
    Sql(#[source] sqlx::Error),
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

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        voll::note(&error);
        Self::Sql(error)
    }
}

impl DbError {
    /// A unique key is already taken.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Nothing is wrong with the transaction, two of them wanted the same rows: the whole of it is tried again
    /// (PostgreSQL, `deadlock_detected`, `serialization_failure`, `lock_not_available`). See [`super::insistently`].
    pub fn is_again(&self) -> bool {
        const CODES: [&str; 3] = ["40P01", "40001", "55P03"];
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.code().is_some_and(|c| CODES.contains(&&*c)))
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

    /// The line was cut: whether a commit that was under way counts is not known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Io(_)))
    }

    /// The database does not work at the moment, not this statement at fault: the same call may do later, by itself or
    /// after an operator (disk full, wrong password, certificate that ended).
    pub fn is_away(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Tls};
        match self {
            Self::Sql(Io(_) | PoolTimedOut | PoolClosed | Tls(_)) => true,
            Self::Sql(sqlx::Error::Database(e)) => e.code().is_some_and(|c| code_is_away(&c)),
            // A commit that did not last or had a neighbour that failed; no table of ours checks anything at the commit.
            Self::Group(_) => true,
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

/// PostgreSQL (five characters): class 08 connection, 28 log-in, 53 no room (disk, memory, connections), 57P shut down or
/// starting, 58 errors of the system, 25P03 a session that stood still. SQLite (a number; the lower byte tells the kind):
/// busy, I/O error, disk full, cannot open.
fn code_is_away(code: &str) -> bool {
    const BEGINS: [&str; 6] = ["08", "28", "53", "57P", "58", "25P03"];
    match code.len() {
        5 => BEGINS.iter().any(|b| code.starts_with(b)),
        _ => code.parse::<u32>().is_ok_and(|c| matches!(c & 0xFF, 5 | 10 | 13 | 14)),
    }
}
