// SPDX-License-Identifier: EUPL-1.2
//! A real PostgreSQL for tests: one server per test process in a folder of its own, one empty database per test.
//!
//! Debian's programs (package `postgresql`) are enough; nothing has to run before. The server listens on a Unix socket
//! only, syncs as in production, and ends when the test process does, however that ends: it hangs on a pipe.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use service_platform::db::{Db, Sql};

/// Makes the cluster, says `bereit <folder>`, stops when its standard input ends.
const SCRIPT: &str = r#"
set -eu
cd /
bin=$1
data=$(mktemp -d -t eakte-pg-XXXXXX)
trap 'rm -rf "$data"' EXIT
"$bin/initdb" -D "$data/db" -A trust -U eakte --no-sync --locale=C.UTF-8 -E UTF8 >"$data/initdb.log" 2>&1 || { cat "$data/initdb.log" >&2; exit 1; }
cat >>"$data/db/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$data'
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
log_min_messages = fatal
CONF
"$bin/postgres" -D "$data/db" >"$data/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  if "$bin/pg_isready" -q -h "$data" -U eakte; then break; fi
  kill -0 $server 2>/dev/null || { cat "$data/log" >&2; exit 1; }
  sleep 0.05
done
echo "bereit $data $server"
if [[ $2 == wieder ]]; then
  # As a supervisor does: a server that gave up is started again.
  while :; do
    read -r -t 0.3 _ && continue
    if [[ $? -le 128 ]]; then break; fi
    kill -0 $server 2>/dev/null || { "$bin/postgres" -D "$data/db" >>"$data/log" 2>&1 & server=$!; }
  done
else
  cat >/dev/null || true
fi
kill -INT $server 2>/dev/null || true
wait $server 2>/dev/null || true
"#;

/// A running server.
struct Server {
    folder: String,
    pid: u32,
    _child: Child,
}

static SERVER: Mutex<Option<Option<Server>>> = Mutex::new(None);
static NEXT: AtomicU32 = AtomicU32::new(0);
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Puts the server of this process into this folder, say a small disk; it is started again whenever it gives up. To be
/// called before the first [`postgres`].
pub fn postgres_lies_in(folder: &Path) {
    FOLDER.set(folder.to_owned()).expect("one folder per process");
}

/// Where Debian puts the server's programs; the newest version wins.
fn programs() -> Option<PathBuf> {
    if let Some(bin) = std::env::var_os("EAKTE_PG_BIN") {
        return Some(bin.into());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(Result::ok).map(|v| v.path().join("bin"));
    bins.filter(|b| b.join("initdb").is_file()).max()
}

fn start() -> Option<Server> {
    let bin = programs()?;
    // The server refuses to run as root; Debian's package brings a user for it.
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new("bash") };
    if root {
        command.args(["-u", "postgres", "--", "bash"]);
    }
    let small = FOLDER.get();
    command.args(["-c", SCRIPT, "bash"]).arg(bin).arg(if small.is_some() { "wieder" } else { "einmal" });
    command.envs(small.map(|folder| ("TMPDIR", folder))).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().skip_while(|w| *w != "bereit").skip(1);
    let (folder, pid) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    Some(Server { folder, pid, _child: child })
}

fn with_server<T>(use_it: impl FnOnce(&Server) -> T) -> Option<T> {
    let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    server.get_or_insert_with(start).as_ref().map(use_it)
}

/// An empty database on the server of this process, with the platform's tables.
pub struct TestPostgres {
    pub db: Db,
    /// For further connections, also from other processes.
    pub url: String,
    /// Process id of the server, for tests that kill it.
    pub server: u32,
}

/// A fresh database; `None` (said aloud) when PostgreSQL is not installed. With `EAKTE_REQUIRE=postgres` that is a
/// failure: where the tests are to be complete, nobody skips.
pub async fn postgres() -> Option<TestPostgres> {
    let started = tokio::task::spawn_blocking(|| with_server(|s| (s.folder.clone(), s.pid))).await.unwrap();
    let Some((folder, server)) = started else {
        let required = std::env::var("EAKTE_REQUIRE").is_ok_and(|r| r.contains("postgres"));
        assert!(!required, "PostgreSQL is required and not there");
        #[allow(clippy::print_stdout)]
        {
            println!("skipped: PostgreSQL is not installed (Debian package postgresql)");
        }
        return None;
    };
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let socket = folder.replace('/', "%2F");
    let url = |database: &str| format!("postgres://eakte@{socket}/{database}");
    let admin = Db::postgres(&url("postgres")).await.unwrap();
    // The name is made here; constant text cannot hold it.
    let create: &'static str = Box::leak(format!("CREATE DATABASE {name}").into_boxed_str());
    admin.run_alone(&Sql { sqlite: create, postgres: create }).await.unwrap();
    admin.close().await;
    let url = url(&name);
    let db = Db::postgres(&url).await.unwrap();
    db.migrate(&service_platform::MIGRATIONS).await.unwrap();
    Some(TestPostgres { db, url, server })
}
