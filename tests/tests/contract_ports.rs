// SPDX-License-Identifier: EUPL-1.2
//! Every backend of every port runs the whole suite of its port.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use nachrichten::BlobHash;
use service_platform::{
    args, audit,
    blobs::{Blobs, DirectoryBlobs},
    bus::{Bus, InProcessBus, RabbitBus},
    db::Db,
    uhr::{Clock as _, CountingIds, FixedClock, SystemClock, SystemIds},
    zeit::{self, Takt},
};
use service_platform_testkit::{
    FREITAG_NACHT,
    blobs::{TestBlobs, blobs_contract},
    bus::{TestBus, bus_contract},
    db::db_contract,
    postgres, rabbit,
    s3::{S3UnderTest, s3, s3_plain},
    sqlite,
    uhr::uhr_contract,
};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_db() {
    db_contract(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_db() {
    let Some(test) = postgres().await else { return };
    db_contract(&test.db).await;
}

/// Every statement of every service is understood by the database.
#[tokio::test]
async fn postgres_prepares_every_statement() {
    let Some(test) = postgres().await else { return };
    prepares_every_statement(&test.db).await;
}

/// Tables, columns, nullability and unique keys are the same on both databases.
#[tokio::test]
async fn both_databases_have_the_same_shape() {
    service_platform::statements! {
        COLUMNS = "SELECT m.name, p.name, CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN 'NO' ELSE 'YES' END FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY 1, 2"
            => "SELECT table_name::text, column_name::text, is_nullable::text FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2";
        KEYS = "SELECT DISTINCT m.name, (SELECT group_concat(c.name, ',') FROM (SELECT i.name FROM pragma_index_info(l.name) i ORDER BY i.name) c), '' FROM sqlite_master m JOIN pragma_index_list(m.name) l WHERE m.type = 'table' AND l.\"unique\" = 1 UNION SELECT m.name, p.name, '' FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND p.pk = 1 AND p.type = 'INTEGER' AND (SELECT count(*) FROM pragma_table_info(m.name) q WHERE q.pk > 0) = 1 ORDER BY 1, 2"
            => "SELECT DISTINCT t.relname::text, (SELECT string_agg(a.attname::text, ',' ORDER BY a.attname COLLATE \"C\") FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY(i.indkey)), '' FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = 'public' AND i.indisunique ORDER BY 1, 2";
    }
    let Some(other) = postgres().await else { return };
    let own = sqlite().await;
    let mut shapes = Vec::new();
    for db in [&own.db, &other.db] {
        for migrations in [service_geschaeftsgang::MIGRATIONS, service_eingang::MIGRATIONS, service_akten::MIGRATIONS] {
            db.migrate(&migrations).await.unwrap();
        }
        let columns: Vec<(String, String, String)> = db.all(&COLUMNS, args![]).await.unwrap();
        let keys: Vec<(String, Option<String>, String)> = db.all(&KEYS, args![]).await.unwrap();
        let keys = keys.into_iter().map(|(t, k, _)| (t, k.unwrap_or_default(), "key".to_owned()));
        let ours = |t: &str| ["platform_", "geschaeftsgang_", "eingang_", "akten_"].iter().any(|p| t.starts_with(p));
        let all: std::collections::BTreeSet<_> = columns.into_iter().chain(keys).filter(|(t, ..)| ours(t)).collect();
        shapes.push(all);
    }
    let only = |a: usize, b: usize| shapes[a].difference(&shapes[b]).map(|x| format!("{x:?}")).collect::<Vec<_>>();
    // The full text index is made of other parts on each database.
    let volltext = |rows: Vec<String>| rows.into_iter().filter(|r| !r.contains("akten_volltext")).collect::<Vec<_>>();
    assert_eq!(
        (volltext(only(0, 1)), volltext(only(1, 0))),
        (Vec::new(), Vec::new()),
        "only in SQLite, only in PostgreSQL"
    );
}

/// Every statement of every service is understood by the database.
#[tokio::test]
async fn sqlite_prepares_every_statement() {
    let test = sqlite().await;
    prepares_every_statement(&test.db).await;
}

/// A statement over many rows looks each of them up: none walks through a table.
#[tokio::test]
async fn statements_over_many_rows_use_indexes() {
    let test = sqlite().await;
    test.db.migrate(&service_geschaeftsgang::MIGRATIONS).await.unwrap();
    let mut looked_at = 0;
    for (name, sql) in [service_platform::statements(), service_geschaeftsgang::statements()].concat() {
        if !sql.sqlite.contains("AS (VALUES (?") {
            continue;
        }
        looked_at += 1;
        let explain: &'static str = format!("EXPLAIN QUERY PLAN {}", sql.sqlite).leak();
        let sql = service_platform::db::Sql { sqlite: explain, postgres: "" };
        let plan: Vec<(i64, i64, i64, String)> = test.db.all(&sql, args![]).await.unwrap();
        for (.., step) in plan {
            assert!(
                !step.starts_with("SCAN")
                    || step.contains("CONSTANT ROW")
                    || ["SCAN b", "SCAN r", "SCAN v"].contains(&step.as_str()),
                "{name}: {step}"
            );
        }
    }
    assert!(looked_at > 25, "only {looked_at} statements over many rows");
}

async fn prepares_every_statement(db: &Db) {
    for migrations in [service_geschaeftsgang::MIGRATIONS, service_eingang::MIGRATIONS, service_akten::MIGRATIONS] {
        db.migrate(&migrations).await.unwrap();
    }
    let all = [
        service_platform::statements(),
        service_geschaeftsgang::statements(),
        service_eingang::statements(),
        service_akten::statements(),
        service_eakte::statements(),
    ]
    .concat();
    assert!(all.len() > 120, "only {} statements were collected", all.len());
    let mut wrong = Vec::new();
    for (name, sql) in all {
        if let Err(error) = db.prepares(&sql).await {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct InProcess(Arc<InProcessBus>, AtomicU32);

impl TestBus for InProcess {
    fn bus(&self) -> Arc<dyn Bus> {
        self.0.clone()
    }
    fn fresh(&self, name: &str) -> String {
        format!("{name}.{}", self.1.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_process_bus() {
    bus_contract(&InProcess(Arc::default(), AtomicU32::new(0))).await;
}

struct OnRabbit(Arc<RabbitBus>, AtomicU32);

impl TestBus for OnRabbit {
    fn bus(&self) -> Arc<dyn Bus> {
        self.0.clone()
    }
    fn fresh(&self, name: &str) -> String {
        format!("contract.{name}.{}", self.1.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_bus() {
    let Some(broker) = rabbit().await else { return };
    let test = OnRabbit(Arc::new(RabbitBus::start(broker.options("contract").owner([]))), AtomicU32::new(0));
    bus_contract(&test).await;
    // What the drained bus left is there for the next one.
    let next = RabbitBus::start(broker.options("next").owner([]));
    let last = format!("contract.drain.{}", test.1.load(Ordering::SeqCst) - 1);
    let mut left = next.consume(&last, 10).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let delivery = tokio::time::timeout(Duration::from_secs(5), left.next()).await.unwrap().unwrap();
        seen.push(delivery.message.body["n"].as_u64().unwrap());
        delivery.ack();
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 9]);
}

struct Directory {
    blobs: DirectoryBlobs,
    root: PathBuf,
    _folder: tempfile::TempDir,
}

#[async_trait::async_trait]
impl TestBlobs for Directory {
    fn blobs(&self) -> &dyn Blobs {
        &self.blobs
    }
    async fn damage(&self, hash: BlobHash) {
        let name = hash.to_string();
        let file = self.root.join("stadt").join(&name[..2]).join(&name);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    async fn interrupt_a_put(&self) -> bool {
        std::fs::write(self.root.join("stadt/neu/blob-half"), b"half a lett").unwrap();
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn directory_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(folder.path(), "stadt").unwrap();
    blobs_contract(&Directory { blobs, root: folder.path().to_owned(), _folder: folder }).await;
}

/// Large blobs go in parts here; the bucket has versions and object lock where the server has them.
#[tokio::test(flavor = "multi_thread")]
async fn s3_blobs() {
    let Some(mut s3) = s3().await else { return };
    s3.settings.teil_bytes = 5 << 20;
    blobs_contract(&S3UnderTest { blobs: s3.blobs(), s3 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_blobs_in_a_bucket_without_versions() {
    let Some(mut s3) = s3_plain().await else { return };
    s3.settings.teil_bytes = 5 << 20;
    blobs_contract(&S3UnderTest { blobs: s3.blobs(), s3 }).await;
}

#[test]
fn system_clock_and_ids() {
    uhr_contract(&SystemClock::default(), &SystemIds);
}

/// Hosts that are two hours wrong tell the time of their database, and go on by themselves.
async fn clock_of_the_database(db: &Db) {
    let host = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    for wrong in [-7_200_000_000, 7_200_000_000] {
        let clock = SystemClock::by(Takt::from(host() + wrong, Instant::now()));
        zeit::ask(&clock, db).await.unwrap();
        assert!((clock.now().0 - host()).abs() < 2_000_000, "{} µs off", clock.now().0 - host());
        uhr_contract(&clock, &SystemIds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_of_sqlite() {
    clock_of_the_database(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_of_postgresql() {
    let Some(test) = postgres().await else { return };
    clock_of_the_database(&test.db).await;
}

#[test]
fn fixed_clock_and_counting_ids() {
    uhr_contract(&FixedClock::at(FREITAG_NACHT), &CountingIds::default());
}

/// The trail verifies, and one changed byte anywhere is found, even with the triggers gone.
#[tokio::test]
async fn audit_finds_one_changed_byte() {
    service_platform::statements! {
        DROP_UPDATE = "DROP TRIGGER platform_audit_no_update";
        DROP_DELETE = "DROP TRIGGER platform_audit_no_delete";
        FORGE = "UPDATE platform_audit SET data = $1 WHERE chain = 'akte:1' AND seq = 2";
        CUT = "DELETE FROM platform_audit WHERE chain = 'akte:2' AND seq = 3";
        CUT_HEAD = "UPDATE platform_audit_head SET seq = 2, hash = (SELECT hash FROM platform_audit WHERE chain = 'akte:2' AND seq = 2) WHERE chain = 'akte:2'";
    }
    let test = sqlite().await;
    let db = &test.db;
    for n in 0..6i64 {
        let mut tx = db.begin().await.unwrap();
        let entry = audit::Entry {
            chain: if n % 2 == 0 { "akte:1" } else { "akte:2" },
            at: FREITAG_NACHT,
            actor: "person:1",
            act: "abgelegt",
            object: "dokument:1",
            data: serde_json::json!({ "n": n }),
        };
        audit::append(&mut tx, entry).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(audit::seal(db, FREITAG_NACHT).await.unwrap(), 2);
    assert_eq!(audit::seal(db, FREITAG_NACHT).await.unwrap(), 0, "nothing changed since");
    let whole = audit::verify(db).await.unwrap();
    assert_eq!((whole.entries, whole.chains, whole.seals, whole.breaks.len()), (6, 2, 1, 0), "{whole:?}");

    assert!(db.execute(&FORGE, args!["{\"n\":9}"]).await.is_err(), "the table is append-only");
    db.execute(&DROP_UPDATE, args![]).await.unwrap();
    db.execute(&DROP_DELETE, args![]).await.unwrap();
    db.execute(&FORGE, args!["{\"n\":9}"]).await.unwrap();
    let forged = audit::verify(db).await.unwrap();
    assert!(forged.breaks.iter().any(|b| b.contains("akte:1 seq 2")), "{forged:?}");
    // A tail cut off together with its head row: only the seal knows.
    db.execute(&CUT, args![]).await.unwrap();
    db.execute(&CUT_HEAD, args![]).await.unwrap();
    let cut = audit::verify(db).await.unwrap();
    assert!(cut.breaks.iter().any(|b| b.contains("akte:2 seq 3") && b.contains("missing")), "{cut:?}");
}

/// A check of a running system: chains that grow and begin meanwhile are no breaks.
#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_whole_while_others_write() {
    let test = sqlite().await;
    let (db, stop) = (test.db.clone(), Arc::new(AtomicBool::new(false)));
    let ended = stop.clone();
    let writer = tokio::spawn(async move {
        let mut n = 0i64;
        while !ended.load(Ordering::Relaxed) {
            let mut tx = db.begin().await.unwrap();
            // Old chains grow, new ones begin before and behind where a reader is.
            for chain in [format!("akte:{}", n % 7), format!("akte:{n}"), format!("a:{n}"), format!("z:{n}")] {
                let (act, object, data) = ("abgelegt", "dokument:1", serde_json::json!({ "n": n }));
                let entry = audit::Entry { chain: &chain, at: FREITAG_NACHT, actor: "person:1", act, object, data };
                audit::append(&mut tx, entry).await.unwrap();
            }
            tx.commit().await.unwrap();
            n += 1;
        }
        n
    });
    let mut written = 0;
    // As often as it takes to meet a writer at work, also on a busy machine.
    for round in 0.. {
        let seen = audit::verify(&test.db).await.unwrap();
        assert!(seen.breaks.is_empty(), "{seen:?}");
        written = written.max(seen.entries);
        if round >= 40 && written > 100 {
            break;
        }
        assert!(round < 2_000, "nobody wrote: {seen:?}");
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}
