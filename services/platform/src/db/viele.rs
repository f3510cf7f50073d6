// SPDX-License-Identifier: EUPL-1.2
//! Statements over many rows at once, and the writes a transaction gathers for them.
//!
//! Most writes of a step need no answer: a line of history, a candidate, a grant. [`Tx::later`](super::Tx::later) keeps
//! them; they go out together, one statement per kind of write, before the next statement that does need an answer and
//! before the commit. So a step costs a handful of round trips instead of one per row, and a hundred steps in one
//! transaction cost no more.
//!
//! PostgreSQL gets the rows as one JSON text in `$1`. SQLite gets one argument per value, which costs a third of
//! unfolding JSON: the text holds room for a power of two of rows, and what is not used is NULL and left out.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::{Mutex, PoisonError},
};

use super::{Args, Sql, Value};

/// A statement over many rows; made by `viele!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viele {
    /// The statement for one row.
    pub sql: Sql,
    /// SQLite's text before the rows, of one row, and after them.
    pub parts: [&'static str; 3],
    /// The table it changes; empty for a read.
    pub table: &'static str,
    /// Names of a row's values, in order. The first one is never NULL and says what a row belongs to: two writes to one
    /// table that differ in it may change places.
    pub columns: &'static [&'static str],
    /// Of two rows with the same first value only the later one is written.
    pub last_wins: bool,
}

/// A database's way of taking rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialekt {
    Sqlite,
    Postgres,
}

/// Rows in one statement on SQLite: enough to make a round trip cheap, and its text and program stay small.
const MAX_SQLITE: usize = 128;

impl Viele {
    /// Statements and arguments that carry these rows; none for no rows.
    pub(super) fn bound(&self, dialekt: Dialekt, mut rows: Vec<Args>) -> Vec<(Sql, Args)> {
        match dialekt {
            _ if rows.is_empty() => Vec::new(),
            Dialekt::Postgres => vec![(self.sql, vec![self.json(&rows)])],
            Dialekt::Sqlite => {
                let mut all = Vec::with_capacity(rows.len() / MAX_SQLITE + 1);
                while !rows.is_empty() {
                    let rest = rows.split_off(rows.len().min(MAX_SQLITE));
                    all.push((Sql { sqlite: self.text(rows.len()), ..self.sql }, rows.into_iter().flatten().collect()));
                    rows = rest;
                }
                all
            }
        }
    }

    /// SQLite's text with room for `rows` rows. The number of texts is bounded: they are made once and stay.
    fn text(&self, rows: usize) -> &'static str {
        static TEXTS: Mutex<Option<HashMap<(usize, usize), &'static str>>> = Mutex::new(None);
        let room = rows.next_power_of_two();
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get_or_insert_default().entry((self.sql.sqlite.as_ptr().addr(), room)).or_insert_with(|| {
            let [before, row, after] = self.parts;
            format!("{before}{}{after}", vec![row; room].join(",")).leak()
        })
    }

    fn json(&self, rows: &[Args]) -> Value {
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
    /// Hashes of the first values, with the last row of each. Two values with one hash only keep their order without need.
    keys: HashMap<u64, usize>,
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
        let Some(first) = row.first() else { return };
        let key = BuildHasherDefault::<DefaultHasher>::default().hash_one(first);
        let same_thing = |s: &Stapel| s.viele.table == viele.table && s.keys.contains_key(&key);
        let from = self.stapel.iter().rposition(same_thing).unwrap_or(0);
        let pile = self.stapel.iter_mut().skip(from).find(|s| s.viele == viele);
        let Some(pile) = pile else {
            self.rows += 1;
            return self.stapel.push(Stapel { viele, rows: vec![row], keys: HashMap::from([(key, 0)]) });
        };
        let before = pile.keys.get(&key).and_then(|at| pile.rows.get_mut(*at));
        if let Some(before) = before.filter(|r| viele.last_wins && r.first() == Some(first)) {
            *before = row;
            return;
        }
        pile.keys.insert(key, pile.rows.len());
        pile.rows.push(row);
        self.rows += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.stapel.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.rows >= MAX_ROWS
    }

    /// What to run, in this order; nothing is left.
    pub fn take(&mut self, dialekt: Dialekt) -> Vec<(Sql, Args)> {
        self.rows = 0;
        let piles = std::mem::take(&mut self.stapel);
        piles.into_iter().flat_map(|s| s.viele.bound(dialekt, s.rows)).collect()
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
///     // A read, run with [`Tx::all_of`](super::Tx::all_of); PostgreSQL locks the rows of `a`.
///     pub TASKS: aufgabe (id uuid) = "SELECT a.id FROM aufgabe a WHERE a.id IN (SELECT r.id FROM " + rows + ")" + lock "a";
/// }
/// ```
#[macro_export]
macro_rules! viele {
    ($($vis:vis $name:ident $(($last:ident))? : $table:ident ($($column:ident $kind:ident),* $(,)?)
        = $before:literal $(+ rows $(+ $after:literal $(+ lock $locked:literal)?)?)?;)*) => {
        $($vis const $name: $crate::db::Viele = {
            const PARTS: [&str; 3] = $crate::viele!(@parts $table, $before, [$(rows $($after)?)?], $($column),*);
            $crate::db::Viele {
                sql: $crate::db::Sql {
                    sqlite: $crate::viele!(@sqlite $table, $before, [$(rows $($after)?)?], $($column),*),
                    postgres: $crate::viele!(@postgres $table, $before, [$(rows $($after $($locked)?)?)?], $($column $kind),*),
                },
                parts: PARTS,
                table: stringify!($table),
                columns: &[$(stringify!($column)),*],
                last_wins: $crate::viele!(@last $($last)?),
            }
        };)*
        /// Every statement over many rows of this module by name.
        pub const VIELE: &[(&str, $crate::db::Sql)] = &[$((concat!(module_path!(), "::", stringify!($name)), $name.sql)),*];
    };
    (@last) => { false };
    (@last last_wins) => { true };
    (@sqlite $table:ident, $before:literal, $rows:tt, $($column:ident),*) => {
        concat!(
            $crate::viele!(@before $table, $before, $rows, $($column),*),
            $crate::viele!(@row $($column),*),
            $crate::viele!(@after $before, $rows, $($column),*)
        )
    };
    (@parts $table:ident, $before:literal, $rows:tt, $($column:ident),*) => {
        [
            $crate::viele!(@before $table, $before, $rows, $($column),*),
            $crate::viele!(@row $($column),*),
            $crate::viele!(@after $before, $rows, $($column),*),
        ]
    };
    (@row $first:ident $(, $column:ident)*) => { concat!("(?", $($crate::viele!(@mark $column),)* ")") };
    (@mark $column:ident) => { ",?" };
    // An insert of all columns; the text is what follows it.
    (@before $table:ident, $after:literal, [], $first:ident $(, $column:ident)*) => {
        concat!(
            $crate::viele!(@insert $table $first $(, $column)*), $crate::viele!(@open $first $(, $column)*)
        )
    };
    (@before $table:ident, $before:literal, [rows $($after:literal)?], $($column:ident),*) => {
        concat!($before, $crate::viele!(@open $($column),*))
    };
    (@open $first:ident $(, $column:ident)*) => {
        concat!("(WITH v (", stringify!($first), $(", ", stringify!($column),)* ") AS (VALUES ")
    };
    (@after $after:literal, [], $first:ident $(, $column:ident)*) => {
        concat!(") SELECT * FROM v WHERE v.", stringify!($first), " IS NOT NULL) AS r WHERE true ", $after)
    };
    (@after $before:literal, [rows $($after:literal)?], $first:ident $(, $column:ident)*) => {
        concat!(") SELECT * FROM v WHERE v.", stringify!($first), " IS NOT NULL) AS r" $(, $after)?)
    };
    (@insert $table:ident $first:ident $(, $column:ident)*) => {
        concat!(
            "INSERT INTO ", stringify!($table), " (", stringify!($first), $(", ", stringify!($column),)* ") SELECT r.",
            stringify!($first), $(", r.", stringify!($column),)* " FROM "
        )
    };
    (@postgres $table:ident, $after:literal, [], $first:ident $kind:ident $(, $column:ident $kinds:ident)*) => {
        concat!(
            $crate::viele!(@insert $table $first $(, $column)*), $crate::viele!(@rows $first $kind $(, $column $kinds)*),
            " WHERE true ", $after
        )
    };
    (@postgres $table:ident, $before:literal, [rows $($after:literal $($locked:literal)?)?], $($columns:tt)*) => {
        concat!($before, $crate::viele!(@rows $($columns)*) $(, $after $(, " FOR UPDATE OF ", $locked)?)?)
    };
    (@rows $first:ident $kind:ident $(, $column:ident $kinds:ident)*) => {
        concat!(
            "json_to_recordset(CAST($1 AS json)) AS r(", stringify!($first), " ", $crate::viele!(@type $kind),
            $(", ", stringify!($column), " ", $crate::viele!(@type $kinds),)* ")"
        )
    };
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
        let texts: Vec<String> =
            g.take(Dialekt::Postgres).into_iter().map(|(_, args)| format!("{:?}", args[0])).collect();
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
        for dialekt in [Dialekt::Sqlite, Dialekt::Postgres] {
            assert_eq!(LINE.bound(dialekt, vec![]), []);
        }
        let names: Vec<&str> = VIELE.iter().filter_map(|(name, _)| name.rsplit("::").next()).collect();
        assert_eq!(names, ["LINE", "GONE", "SET"]);
        let row = args![1i64, Value::Null(Kind::Text)];
        assert_eq!(LINE.json(&[row]), Value::Text(r#"[{"id":1,"text":null}]"#.into()));
    }

    #[test]
    fn sqlite_has_room_for_a_power_of_two() {
        let rows = |n: i64| (0..n).map(|i| args![i, "t"]).collect::<Vec<_>>();
        let shape = |n| -> Vec<(usize, usize)> {
            let bound = LINE.bound(Dialekt::Sqlite, rows(n));
            bound.iter().map(|(sql, args)| (sql.sqlite.matches("(?,?)").count(), args.len())).collect()
        };
        assert_eq!(shape(1), [(1, 2)]);
        assert_eq!(shape(5), [(8, 10)]);
        assert_eq!(shape(300), [(128, 256), (128, 256), (64, 88)]);
        assert_eq!(LINE.bound(Dialekt::Sqlite, rows(1))[0].0.sqlite, LINE.sql.sqlite);
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
