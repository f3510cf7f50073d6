// SPDX-License-Identifier: EUPL-1.2
//! The `Db` port: one SQL text with `$N`, an enum of two typed sqlx pools.
//!
//! SQL is constant text, collected by `statements!`; a test prepares every statement on both databases. Only the
//! types of [`Value`] exist: 64-bit integers, text, bytes and UUIDs. Booleans are 0/1, instants are microseconds,
//! legal days and amounts are canonical text, JSON is text. So both databases give the same answers.
//!
//! ```ignore
//! statements! { pub AKTE_LOAD = "SELECT id, aktenzeichen, version FROM akten_akte WHERE id = $1"; }
//! let row: Option<(AkteId, String, i64)> = db.optional(&AKTE_LOAD, args![id]).await?;
//! let mut tx = db.begin().await?;
//! tx.execute(&AKTE_BUMP, args![id, version]).await?;
//! tx.commit().await?;
//! ```

mod column;
mod fehler;
mod gruppe;
mod migrate;
pub mod mitschrift;
mod nochmal;
mod platte;
mod pool;
mod value;
mod viele;
mod voll;

pub use column::{Column, FromRow, Row};
pub use fehler::DbError;
pub use migrate::Migrations;
pub use nochmal::{TRIES, insistently};
pub use pool::{Commit, Db, Tx, counted};
pub use value::{Args, IntoValue, Kind, Value};
pub use viele::Viele;
pub use voll::is_full;

/// One statement; the texts differ only where the dialects do (claiming work, JSON lists, full text).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// Declares statements as constants and collects them in `STATEMENTS`; `NAME = "sqlite text" => "postgres text";`
/// where the dialects differ.
#[macro_export]
macro_rules! statements {
    ($($vis:vis $name:ident = $text:expr $(=> $postgres:expr)?;)*) => {
        $($vis const $name: $crate::db::Sql = $crate::statements!(@sql $text $(=> $postgres)?);)*
        /// Every statement of this module by name.
        pub const STATEMENTS: &[(&str, $crate::db::Sql)] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
    (@sql $text:expr) => { $crate::db::Sql { sqlite: $text, postgres: $text } };
    (@sql $text:expr => $postgres:expr) => { $crate::db::Sql { sqlite: $text, postgres: $postgres } };
}

/// Arguments of a statement, in the order `$1`, `$2`, ...
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::IntoValue::into_value($value)),*] };
}

/// Row structs in column order: `from_row!(Zeile { id, name, version });`
#[macro_export]
macro_rules! from_row {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::db::FromRow for $name {
            fn from_row(row: &$crate::db::Row) -> Result<Self, $crate::db::DbError> {
                let mut index = 0..;
                $(let $field = row.get(index.next().unwrap_or_default())?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}
