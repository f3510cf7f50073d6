// SPDX-License-Identifier: EUPL-1.2
use nachrichten::{BlobHash, Tag, Timestamp};
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};
use uuid::Uuid;

use super::DbError;

/// A row of either database; columns by position.
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Column `index`, counted from 0.
    pub fn get<C: Column>(&self, index: usize) -> Result<C, DbError> {
        C::column(self, index)
    }
}

/// A type a column can be read as.
pub trait Column: Sized {
    fn column(row: &Row, index: usize) -> Result<Self, DbError>;
}

/// A type a whole row can be read as.
pub trait FromRow: Sized {
    fn from_row(row: &Row) -> Result<Self, DbError>;
}

macro_rules! native {
    ($($type:ty),*) => { $(
        impl Column for $type {
            fn column(row: &Row, index: usize) -> Result<Self, DbError> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(index)?,
                    Row::Postgres(row) => row.try_get(index)?,
                })
            }
        }
        impl Column for Option<$type> {
            fn column(row: &Row, index: usize) -> Result<Self, DbError> {
                Ok(match row {
                    Row::Sqlite(row) => row.try_get(index)?,
                    Row::Postgres(row) => row.try_get(index)?,
                })
            }
        }
    )* };
}
native!(i64, String, Vec<u8>, Uuid);

macro_rules! derived {
    ($($type:ty, $from:ty, |$v:ident| $expr:expr;)*) => { $(
        impl Column for $type {
            fn column(row: &Row, index: usize) -> Result<Self, DbError> {
                let $v: $from = row.get(index)?;
                $expr
            }
        }
        impl Column for Option<$type> {
            fn column(row: &Row, index: usize) -> Result<Self, DbError> {
                let value: Option<$from> = row.get(index)?;
                value.map(|$v| $expr).transpose()
            }
        }
    )* };
}

fn decode<E: std::fmt::Display>(error: E) -> DbError {
    DbError::Decode(error.to_string())
}

derived! {
    bool, i64, |v| Ok(v != 0);
    u32, i64, |v| u32::try_from(v).map_err(decode);
    u64, i64, |v| u64::try_from(v).map_err(decode);
    Timestamp, i64, |v| Ok(Timestamp(v));
    Tag, String, |v| v.parse().map_err(decode);
    BlobHash, String, |v| v.parse().map_err(decode);
    nachrichten::Betrag, String, |v| v.parse().map_err(decode);
    serde_json::Value, String, |v| serde_json::from_str(&v).map_err(decode);
    nachrichten::SendungId, Uuid, |v| Ok(nachrichten::SendungId(v));
    nachrichten::DokumentId, Uuid, |v| Ok(nachrichten::DokumentId(v));
    nachrichten::AkteId, Uuid, |v| Ok(nachrichten::AkteId(v));
    nachrichten::VorgangId, Uuid, |v| Ok(nachrichten::VorgangId(v));
    nachrichten::InstanceId, Uuid, |v| Ok(nachrichten::InstanceId(v));
    nachrichten::DefinitionId, Uuid, |v| Ok(nachrichten::DefinitionId(v));
    nachrichten::TaskId, Uuid, |v| Ok(nachrichten::TaskId(v));
    nachrichten::JobId, Uuid, |v| Ok(nachrichten::JobId(v));
    nachrichten::PersonId, Uuid, |v| Ok(nachrichten::PersonId(v));
    nachrichten::MessageId, Uuid, |v| Ok(nachrichten::MessageId(v));
    nachrichten::VorlageId, Uuid, |v| Ok(nachrichten::VorlageId(v));
}

/// A single column, e.g. of a `RETURNING id` or a `count(*)`.
impl<A: Column> FromRow for (A,) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok((row.get(0)?,))
    }
}
impl<A: Column, B: Column> FromRow for (A, B) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok((row.get(0)?, row.get(1)?))
    }
}
impl<A: Column, B: Column, C: Column> FromRow for (A, B, C) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    }
}
impl<A: Column, B: Column, C: Column, D: Column> FromRow for (A, B, C, D) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    }
}
impl<A: Column, B: Column, C: Column, D: Column, E: Column> FromRow for (A, B, C, D, E) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    }
}
