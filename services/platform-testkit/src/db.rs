// SPDX-License-Identifier: EUPL-1.2
use nachrichten::{BlobHash, Tag, Timestamp};
use service_platform::{
    args,
    db::{Db, Migrations},
    statements,
};
use uuid::Uuid;

/// Tables only the contract uses.
pub const MIGRATIONS: Migrations = Migrations {
    name: "vertrag",
    sqlite: &[
        "CREATE TABLE vertrag (id BLOB NOT NULL PRIMARY KEY, n INTEGER NOT NULL, text TEXT UNIQUE, owner TEXT) STRICT;",
    ],
    postgres: &[
        "CREATE TABLE vertrag (id UUID NOT NULL PRIMARY KEY, n BIGINT NOT NULL, text TEXT UNIQUE, owner TEXT);",
    ],
};

statements! {
    INSERT = "INSERT INTO vertrag (id, n, text) VALUES ($1, $2, $3)";
    GET = "SELECT id, n, text FROM vertrag WHERE id = $1";
    COUNT = "SELECT count(*) FROM vertrag WHERE n >= 1000";
    BUMP = "UPDATE vertrag SET n = n + 1 WHERE id = $1 RETURNING n";
    CLAIM = "UPDATE vertrag SET owner = $1 WHERE id IN (SELECT id FROM vertrag WHERE owner IS NULL AND n >= 1000 ORDER BY n LIMIT 1) RETURNING n"
        => "UPDATE vertrag SET owner = $1 WHERE id IN (SELECT id FROM vertrag WHERE owner IS NULL AND n >= 1000 ORDER BY n LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING n";
    NEIGHBOURS = "SELECT count(*) FROM vertrag WHERE n = -7";
    TIME = "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT)";
}

/// The contract of a database.
pub async fn db_contract(db: &Db) {
    db.migrate(&MIGRATIONS).await.unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    keeps_types(db).await;
    takes_any_text(db).await;
    rolls_back_what_is_dropped(db).await;
    tells_a_unique_violation(db).await;
    adds_up_under_eight_writers(db).await;
    claims_each_row_once(db).await;
    keeps_exactly_what_was_committed(db).await;
    refuses_a_changed_migration(db).await;
}

async fn keeps_types(db: &Db) {
    let (id, none) = (Uuid::from_u128(1), None::<String>);
    db.execute(&INSERT, args![id, i64::MIN, none]).await.unwrap();
    let row: (Uuid, i64, Option<String>) = db.one(&GET, args![id]).await.unwrap();
    assert_eq!(row, (id, i64::MIN, None));
    let (at, day, hash) = (Timestamp(1_795_215_000_000_001), "2026-11-20".parse::<Tag>().unwrap(), BlobHash::of(b"x"));
    let back: (Timestamp, Tag, BlobHash) = db.one(&TIME, args![at, day, hash]).await.unwrap();
    assert_eq!(back, (at, day, hash));
    assert_eq!(at.tag().to_string(), "2026-11-20", "23:50 in Berlin is still Friday");
}

async fn takes_any_text(db: &Db) {
    for (n, (text, stored)) in
        [("a\0b", "a\u{fffd}b"), ("\u{1f600}\u{1}\n", "\u{1f600}\u{1}\n")].into_iter().enumerate()
    {
        let id = Uuid::from_u128(100 + n as u128);
        db.execute(&INSERT, args![id, 0i64, text]).await.unwrap();
        let row: (Uuid, i64, Option<String>) = db.one(&GET, args![id]).await.unwrap();
        assert_eq!(row.2.as_deref(), Some(stored));
    }
}

async fn rolls_back_what_is_dropped(db: &Db) {
    let id = Uuid::from_u128(2);
    let mut tx = db.begin().await.unwrap();
    tx.execute(&INSERT, args![id, 0i64, "weg"]).await.unwrap();
    drop(tx);
    let row: Option<(Uuid, i64, Option<String>)> = db.optional(&GET, args![id]).await.unwrap();
    assert_eq!(row, None);
}

async fn tells_a_unique_violation(db: &Db) {
    db.execute(&INSERT, args![Uuid::from_u128(3), 0i64, "einmal"]).await.unwrap();
    let error = db.execute(&INSERT, args![Uuid::from_u128(4), 0i64, "einmal"]).await.unwrap_err();
    assert!(error.is_unique(), "{error}");
}

async fn adds_up_under_eight_writers(db: &Db) {
    let id = Uuid::from_u128(5);
    db.execute(&INSERT, args![id, 0i64, "zaehler"]).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let db = db.clone();
        tasks.spawn(async move {
            for _ in 0..25 {
                let mut tx = db.begin().await.unwrap();
                let _: (i64,) = tx.one(&BUMP, args![id]).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let row: (Uuid, i64, Option<String>) = db.one(&GET, args![id]).await.unwrap();
    assert_eq!(row.1, 200);
}

/// Without its own text for PostgreSQL, 344 of 400 rows were claimed more than once there.
async fn claims_each_row_once(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for n in 1000..1200i64 {
        tx.execute(&INSERT, args![Uuid::from_u128(n as u128), n, None::<String>]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for owner in 0..8 {
        let db = db.clone();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let mut tx = db.begin().await.unwrap();
                let row: Option<(i64,)> = tx.optional(&CLAIM, args![format!("{owner}")]).await.unwrap();
                tx.commit().await.unwrap();
                let Some((n,)) = row else { break mine };
                mine.push(n);
            }
        });
    }
    let mut all = Vec::new();
    while let Some(mine) = tasks.join_next().await {
        all.extend(mine.unwrap());
    }
    let claims = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((claims, all.len()), (200, 200), "claims, distinct rows");
    let (n,): (i64,) = db.one(&COUNT, args![]).await.unwrap();
    assert_eq!(n, 200);
}

/// Neighbours that fail, are refused or go away change nothing for those that commit.
async fn keeps_exactly_what_was_committed(db: &Db) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60u128 {
        let db = db.clone();
        tasks.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            tx.execute(&INSERT, args![Uuid::from_u128(9000 + n), -7i64, format!("nachbar {n}")]).await.unwrap();
            match n % 4 {
                0 => drop(tx),
                1 => tx.rollback().await.unwrap(),
                2 => assert!(tx.execute(&INSERT, args![Uuid::from_u128(9000 + n), -7i64, "doppelt"]).await.is_err()),
                _ => tx.commit().await.unwrap(),
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let (kept,): (i64,) = db.one(&NEIGHBOURS, args![]).await.unwrap();
    assert_eq!(kept, 15);
}

async fn refuses_a_changed_migration(db: &Db) {
    const CHANGED: Migrations = Migrations { name: "vertrag", sqlite: &["SELECT 1;"], postgres: &["SELECT 1;"] };
    assert!(db.migrate(&CHANGED).await.is_err());
}
