// SPDX-License-Identifier: EUPL-1.2
//! Statements over many rows at once, and the writes a transaction gathers for them.
//!
//! Most writes of a step need no answer: a line of history, a candidate, a grant. [`Tx::later`](super::Tx::later) keeps
//! them; they go out together, one statement per kind of write, before the next statement that does need an answer and
//! before the commit. So a step costs a handful of round trips instead of one per row, and a hundred steps in one
//! transaction cost no more. Rows travel as one JSON text in `$1`: both databases unfold it in the same way.

use std::collections::HashSet;

use super::{Args, Sql, Value};

/// A statement over many rows; made by `viele!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viele {
    pub sql: Sql,
    /// The table it changes; empty for a read.
    pub table: &'static str,
    /// Names of a row's values, in order. The first one says what a row belongs to: two writes to one table that
    /// differ in it may change places.
    pub columns: &'static [&'static str],
    /// Of two rows with the same first value only the later one is written.
    pub last_wins: bool,
}

impl Viele {
    /// `$1` of this statement.
    pub fn rows(&self, rows: &[Args]) -> Value {
        let mut text = String::with_capacity(rows.len() * 128 + 2);
        text.push('[');
        for (n, row) in rows.iter().enumerate() {
            text.push_str(if n == 0 { "{" } else { ",{" });
            for (n, (name, value)) in self.columns.iter().zip(row).enumerate() {
                text.push_str(if n == 0 { "\"" } else { ",\"" });
                text.push_str(name);
                text.push_str("\":");
                push(&mut text, value);
            }
            text.push('}');
        }
        text.push(']');
        Value::Text(text)
    }
}

fn push(text: &mut String, value: &Value) {
    use std::fmt::Write as _;
    debug_assert!(!matches!(value, Value::Bytes(_)), "no column kind for bytes");
    // A String takes everything.
    let _ = match value {
        Value::Int(v) => write!(text, "{v}"),
        Value::Text(v) => write!(text, "{}", serde_json::Value::from(v.as_str())),
        Value::Uuid(v) => write!(text, "\"{}\"", v.simple()),
        Value::Null(_) | Value::Bytes(_) => write!(text, "null"),
    };
}

/// Rows of one statement that wait for their round trip.
struct Stapel {
    viele: &'static Viele,
    rows: Vec<Args>,
    keys: HashSet<Value>,
}

/// Gathered writes, in an order that gives the same end as one after the other.
#[derive(Default)]
pub(super) struct Gesammelt {
    stapel: Vec<Stapel>,
    rows: usize,
}

/// More rows than this are not kept waiting.
const MAX_ROWS: usize = 4_000;

impl Gesammelt {
    /// Adds a row: to the pile of its statement, unless a later pile holds another write to the same thing.
    pub fn add(&mut self, viele: &'static Viele, row: Args) {
        let Some(key) = row.first().cloned() else { return };
        let same_thing = |s: &Stapel| s.viele.table == viele.table && s.keys.contains(&key);
        let from = self.stapel.iter().rposition(same_thing).unwrap_or(0);
        let pile = self.stapel.iter_mut().skip(from).find(|s| s.viele == viele);
        let Some(pile) = pile else {
            self.rows += 1;
            return self.stapel.push(Stapel { viele, rows: vec![row], keys: HashSet::from([key]) });
        };
        if viele.last_wins && pile.keys.contains(&key) {
            pile.rows.retain(|r| r.first() != Some(&key));
            self.rows -= 1;
        }
        pile.rows.push(row);
        pile.keys.insert(key);
        self.rows += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.stapel.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.rows >= MAX_ROWS
    }

    /// What to run, in this order; nothing is left.
    pub fn take(&mut self) -> Vec<(Sql, Args)> {
        self.rows = 0;
        let piles = std::mem::take(&mut self.stapel);
        piles.into_iter().map(|s| (s.viele.sql, vec![s.viele.rows(&s.rows)])).collect()
    }
}

/// Declares statements over many rows and collects them in `VIELE`. Columns are `uuid`, `int` or `text`; the word `rows`
/// stands where the unfolded rows `r` go.
///
/// ```ignore
/// viele! {
///     // An insert of all columns, and what follows it.
///     pub LINE_INSERT: verlauf (instanz uuid, seq int, text text) = "";
///     pub HEAD_SET (last_wins): head (chain text, seq int) = "ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq";
///     // Anything else.
///     pub TASK_DONE: aufgabe (id uuid, at int) = "UPDATE aufgabe SET erledigt = r.at FROM " + rows + " WHERE aufgabe.id = r.id";
///     // A read, run with [`Viele::rows`]; PostgreSQL locks the rows of `a`.
///     pub TASKS: aufgabe (id uuid) = "SELECT a.id FROM aufgabe a WHERE a.id IN (SELECT r.id FROM " + rows + ")" + lock "a";
/// }
/// ```
#[macro_export]
macro_rules! viele {
    ($($vis:vis $name:ident $(($last:ident))? : $table:ident ($($column:ident $kind:ident),* $(,)?)
        = $before:literal $(+ rows $(+ $after:literal $(+ lock $locked:literal)?)?)?;)*) => {
        $($vis const $name: $crate::db::Viele = $crate::db::Viele {
            sql: $crate::db::Sql {
                sqlite: $crate::viele!(@text sqlite $table, $before, [$(rows $($after)?)?], $($column $kind),*),
                postgres: $crate::viele!(@text postgres $table, $before, [$(rows $($after $($locked)?)?)?], $($column $kind),*),
            },
            table: stringify!($table),
            columns: &[$(stringify!($column)),*],
            last_wins: $crate::viele!(@last $($last)?),
        };)*
        /// Every statement over many rows of this module by name.
        pub const VIELE: &[(&str, $crate::db::Sql)] = &[$((concat!(module_path!(), "::", stringify!($name)), $name.sql)),*];
    };
    (@last) => { false };
    (@last last_wins) => { true };
    // An insert of all columns; the text is what follows it.
    (@text $dialect:ident $table:ident, $after:literal, [], $first:ident $kind:ident $(, $column:ident $kinds:ident)*) => {
        concat!(
            "INSERT INTO ", stringify!($table), " (", stringify!($first), $(", ", stringify!($column),)* ") SELECT r.",
            stringify!($first), $(", r.", stringify!($column),)* " FROM ",
            $crate::viele!(@rows $dialect $first $kind $(, $column $kinds)*), " WHERE true ", $after
        )
    };
    (@text $dialect:ident $table:ident, $before:literal, [rows $($after:literal $($locked:literal)?)?], $($columns:tt)*) => {
        concat!($before, $crate::viele!(@rows $dialect $($columns)*) $(, $after $(, " FOR UPDATE OF ", $locked)?)?)
    };
    (@rows sqlite $first:ident $kind:ident $(, $column:ident $kinds:ident)*) => {
        concat!(
            "(SELECT ", $crate::viele!(@unfold $first $kind), $(", ", $crate::viele!(@unfold $column $kinds),)*
            " FROM jsonb_each($1)) AS r"
        )
    };
    (@rows postgres $first:ident $kind:ident $(, $column:ident $kinds:ident)*) => {
        concat!(
            "json_to_recordset(CAST($1 AS json)) AS r(", stringify!($first), " ", $crate::viele!(@type $kind),
            $(", ", stringify!($column), " ", $crate::viele!(@type $kinds),)* ")"
        )
    };
    (@unfold $column:ident uuid) => { concat!("unhex(value->>'", stringify!($column), "') AS ", stringify!($column)) };
    (@unfold $column:ident $kind:ident) => { concat!("value->>'", stringify!($column), "' AS ", stringify!($column)) };
    (@type uuid) => { "uuid" };
    (@type int) => { "bigint" };
    (@type text) => { "text" };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        args,
        db::{Db, Kind},
    };

    viele! {
        LINE: zeile (id int, text text) = "";
        GONE: zeile (id int) = "DELETE FROM zeile WHERE id IN (SELECT r.id FROM " + rows + ")";
        SET (last_wins): kopf (name text, wert int) = "ON CONFLICT (name) DO UPDATE SET wert = excluded.wert";
    }
    const TABLE: Sql = sql("CREATE TABLE zeile (id INTEGER NOT NULL PRIMARY KEY, text TEXT) STRICT");
    const HEAD: Sql = sql("CREATE TABLE kopf (name TEXT NOT NULL PRIMARY KEY, wert INTEGER NOT NULL) STRICT");
    const READ: Sql = sql("SELECT id, text FROM zeile ORDER BY id");
    const VALUE: Sql = sql("SELECT wert FROM kopf WHERE name = $1");

    const fn sql(text: &'static str) -> Sql {
        Sql { sqlite: text, postgres: text }
    }

    #[test]
    fn a_write_to_the_same_thing_keeps_its_place_and_others_share_a_statement() {
        let mut g = Gesammelt::default();
        g.add(&LINE, args![1i64, "a"]);
        g.add(&GONE, args![1i64]);
        g.add(&LINE, args![2i64, "b"]);
        g.add(&LINE, args![1i64, "c"]);
        g.add(&GONE, args![2i64]);
        let texts: Vec<String> = g.take().into_iter().map(|(_, args)| format!("{:?}", args[0])).collect();
        assert_eq!(
            texts,
            [
                r#"Text("[{\"id\":1,\"text\":\"a\"},{\"id\":2,\"text\":\"b\"}]")"#,
                r#"Text("[{\"id\":1},{\"id\":2}]")"#,
                r#"Text("[{\"id\":1,\"text\":\"c\"}]")"#,
            ]
        );
        assert!(g.is_empty());
    }

    #[test]
    fn nothing_is_an_empty_list_and_null_is_null() {
        assert_eq!(LINE.rows(&[]), Value::Text("[]".into()));
        let names: Vec<&str> = VIELE.iter().filter_map(|(name, _)| name.rsplit("::").next()).collect();
        assert_eq!(names, ["LINE", "GONE", "SET"]);
        let row = args![1i64, Value::Null(Kind::Text)];
        assert_eq!(LINE.rows(&[row]), Value::Text(r#"[{"id":1,"text":null}]"#.into()));
    }

    #[tokio::test]
    async fn gathered_writes_are_there_before_the_next_read_and_at_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&folder.path().join("viele.db")).await.unwrap();
        for table in [&TABLE, &HEAD] {
            db.execute(table, args![]).await.unwrap();
        }
        let mut tx = db.begin().await.unwrap();
        tx.later(&LINE, args![2i64, "zwei"]).await.unwrap();
        tx.later(&LINE, args![1i64, "„eins“ \"\\\n"]).await.unwrap();
        let rows: Vec<(i64, Option<String>)> = tx.all(&READ, args![]).await.unwrap();
        assert_eq!(rows, [(1, Some("„eins“ \"\\\n".to_owned())), (2, Some("zwei".to_owned()))]);
        tx.later(&GONE, args![1i64]).await.unwrap();
        tx.later(&SET, args!["k", 1i64]).await.unwrap();
        tx.later(&SET, args!["k", 2i64]).await.unwrap();
        tx.commit().await.unwrap();
        let rows: Vec<(i64, Option<String>)> = db.all(&READ, args![]).await.unwrap();
        assert_eq!(rows, [(2, Some("zwei".to_owned()))]);
        let (n,): (i64,) = db.one(&VALUE, args!["k"]).await.unwrap();
        assert_eq!(n, 2, "of two heads the later one stands");
        let mut tx = db.begin().await.unwrap();
        tx.later(&LINE, args![9i64, "weg"]).await.unwrap();
        tx.rollback().await.unwrap();
        let rows: Vec<(i64, Option<String>)> = db.all(&READ, args![]).await.unwrap();
        assert_eq!(rows.len(), 1, "what was gathered goes with its transaction");
    }
}
