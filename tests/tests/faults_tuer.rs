// SPDX-License-Identifier: EUPL-1.2
//! Bad input at the doors: a wrong password, a certificate that has ended, tables of a newer program, messages nobody
//! knows. Each is said in words that tell what to do, is not asked for in a busy loop, and is over without a restart
//! when it is mended.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use gemein::{
    haus::{Haus, sql},
    probe, program,
    prozess::runtime,
};
use nachrichten::{
    MessageId,
    sendungen::{Kanal, Stand},
};
use serde_json::json;
use service_platform::{
    bus::{Bus as _, RabbitBus, State, rabbit::Address},
    db::{Db, FromRow},
    outbox,
    uhr::Clock as _,
};
use service_platform_testkit::{
    rabbit,
    s3::{Server, TestS3, has_lock, s3},
};
use uuid::Uuid;

const WORD: &str = "richtig-8e1f";

/// A server on TCP with passwords and TLS: `SCRIPT BIN PORT WORD`. Says `bereit <folder>`, ends with its standard input.
const SERVER: &str = r#"
set -eu
cd /
bin=$1 port=$2
data=$(mktemp -d -t eakte-pg-XXXXXX)
chmod 755 "$data"
trap 'rm -rf "$data"' EXIT
echo "$3" >"$data/wort"
"$bin/initdb" -D "$data/db" -A scram-sha-256 -U eakte --pwfile="$data/wort" --no-sync --locale=C.UTF-8 -E UTF8 >"$data/initdb.log" 2>&1
cd "$data"
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>>openssl.log; }
key -x509 -days 2 -subj "/CN=Probe-CA" -keyout ca.key -out ca.pem
key -new -subj "/CN=localhost" -keyout server.key -out server.csr
chmod 600 server.key
echo "subjectAltName=DNS:localhost" >san
sign() { openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san "$@" 2>>openssl.log; }
sign -days 2 -out gut.pem
# Its last moment is now.
sign -days 0 -out abgelaufen.pem
cp gut.pem server.pem
cd /
cat >>"$data/db/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
ssl = on
ssl_cert_file = '$data/server.pem'
ssl_key_file = '$data/server.key'
CONF
"$bin/postgres" -D "$data/db" >"$data/log" 2>&1 &
server=$!
for _ in $(seq 600); do
  if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U eakte; then break; fi
  kill -0 $server 2>/dev/null || { cat "$data/log" >&2; exit 1; }
  sleep 0.05
done
echo "bereit $data"
while read -r name; do
  cp "$data/$name.pem" "$data/server.pem"
  "$bin/pg_ctl" reload -s -D "$data/db"
done
kill -INT $server 2>/dev/null || true
wait $server 2>/dev/null || true
"#;

struct Postgres {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let bin = versions.map(|v| v.path().join("bin")).filter(|b| b.join("initdb").is_file()).max();
        let Some(bin) = bin else {
            assert!(!std::env::var("EAKTE_REQUIRE").is_ok_and(|r| r.contains("postgres")), "PostgreSQL is required");
            println!("skipped: PostgreSQL is not installed (Debian package postgresql)");
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
        let mut command = if root { Command::new("runuser") } else { Command::new("bash") };
        if root {
            command.args(["-u", "postgres", "--", "bash"]);
        }
        command.args(["-c", SERVER, "bash"]).arg(bin).arg(port.to_string()).arg(WORD);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let folder = PathBuf::from(line.trim().strip_prefix("bereit ").expect("a server"));
        Some(Self { child, folder, port })
    }

    fn url(&self, word: &str) -> String {
        let ca = self.folder.join("ca.pem");
        let ca = ca.display().to_string().replace('/', "%2F");
        format!("postgres://eakte:{word}@localhost:{}/postgres?sslmode=verify-full&sslrootcert={ca}", self.port)
    }

    /// Shows another certificate from now on: `gut`, `abgelaufen`.
    fn shows(&mut self, certificate: &str) {
        use std::io::Write as _;
        writeln!(self.child.stdin.as_mut().unwrap(), "{certificate}").unwrap();
        std::thread::sleep(Duration::from_millis(800));
    }

    fn rows<R: FromRow>(&self, text: &'static str) -> Vec<R> {
        runtime().block_on(async {
            let db = Db::postgres_as(&self.url(WORD), None, 2).await.unwrap();
            let rows = db.all(&sql(text), Vec::new()).await.unwrap();
            db.close().await;
            rows
        })
    }

    fn run(&self, text: &'static str) {
        runtime().block_on(async {
            let db = Db::postgres_as(&self.url(WORD), None, 2).await.unwrap();
            db.run_alone(&sql(text)).await.unwrap();
            db.close().await;
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// `eakte serve` over that database, with what it says.
struct Dienst {
    child: Child,
    log: PathBuf,
    url: String,
    ready: String,
    said: Arc<Mutex<Vec<String>>>,
}

impl Dienst {
    fn start(data: &Path, file: &Path, log: &str) -> Self {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (listen, ready, log) = (free(), free(), data.join(log));
        let mut command = Command::new(program());
        command.args(["serve", "--listen", &listen]).env("EAKTE_DATA", data).env("EAKTE_LOG__FILTER", "warn");
        command.env("EAKTE_DB__URL_DATEI", file).env("EAKTE_BETRIEB__LISTEN", &ready);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let (said, out) = (Arc::<Mutex<Vec<String>>>::default(), BufReader::new(child.stdout.take().unwrap()));
        let lines = said.clone();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|l| lines.lock().unwrap().push(l)));
        Self { child, log, url: format!("http://{listen}"), ready: format!("http://{ready}/ready"), said }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn is_ready(&self) -> bool {
        self.said.lock().unwrap().iter().any(|l| l.starts_with("Bereit"))
    }

    fn becomes_ready(&self) -> Duration {
        bis("ready", || self.is_ready())
    }

    fn get(&self, url: &str) -> (u16, String, String) {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(30))).build().into();
        let mut answer = agent.get(url).call().unwrap();
        let retry = answer.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), retry, answer.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Dienst {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bis(was: &str, fits: impl Fn() -> bool) -> Duration {
    let from = Instant::now();
    while !fits() {
        assert!(from.elapsed() < Duration::from_secs(20), "not {was} within 20 s");
        std::thread::sleep(Duration::from_millis(50));
    }
    from.elapsed()
}

/// Every wait of the service ends by itself: nothing here starts it a second time.
#[test]
fn a_database_that_refuses_is_named_and_waited_for() {
    let Some(mut server) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("datenbank.geheim");
    let owner = folder.path().join("migration.geheim");
    std::fs::write(&owner, server.url(WORD)).unwrap();
    let migrated = Command::new(program())
        .arg("migrate")
        .env("EAKTE_DATA", folder.path())
        .env("EAKTE_DB__MIGRATION_URL_DATEI", &owner)
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));

    // A wrong password.
    std::fs::write(&file, server.url("falsch-77c2")).unwrap();
    let dienst = Dienst::start(folder.path(), &file, "kennwort.log");
    bis("named", || dienst.log().contains("password authentication failed"));
    std::thread::sleep(Duration::from_secs(5));
    let log = dienst.log();
    let asked = log.matches("datenbank-weg").count();
    assert!((2..=8).contains(&asked), "asked {asked} times in 5 s\n{log}");
    assert!(!log.contains("falsch-77c2"), "the password stands in the log: {log}");
    let (status, retry, body) = dienst.get(&dienst.url);
    assert!(status == 503 && retry == "2" && body.contains("startet gerade"), "{status} {retry} {body}");
    std::fs::write(&file, server.url(WORD)).unwrap();
    println!("ready {:.1?} after the password was mended", dienst.becomes_ready());

    // While it runs, the server shows a certificate that has ended.
    assert_eq!(dienst.get(&dienst.ready).0, 200);
    server.shows("abgelaufen");
    let before = dienst.log().len();
    cut(&server);
    bis("told", || dienst.get(&dienst.ready).0 == 503);
    let (_, _, told) = dienst.get(&dienst.ready);
    assert!(told.contains("nicht erreichbar; es geht von selbst weiter"), "{told}");
    let (status, retry, body) = dienst.get(&format!("{}/api/v1/documents", dienst.url));
    assert!(matches!(status, 401 | 503), "{status} {body}");
    assert!(status == 401 || !retry.is_empty());
    bis("named", || dienst.log()[before..].contains("certificate"));
    let from = dienst.log().len();
    std::thread::sleep(Duration::from_secs(4));
    let lines = dienst.log()[from..].lines().count();
    assert!(lines < 120, "{lines} lines in 4 s");
    server.shows("gut");
    println!("good again {:.1?} after the certificate was", bis("good", || dienst.get(&dienst.ready).0 == 200));
    drop(dienst);

    // Tables of a newer program.
    server.run("INSERT INTO platform_migration (owner, number, hash) VALUES ('platform', 99, 'x')");
    let dienst = Dienst::start(folder.path(), &file, "neuer.log");
    bis("named", || dienst.log().contains("are newer than this program; run the newer program"));
    std::thread::sleep(Duration::from_secs(3));
    let asked = dienst.log().matches("datenbank-weg").count();
    assert!((2..=7).contains(&asked) && !dienst.is_ready(), "asked {asked} times: {}", dienst.log());
    assert_eq!(server.rows::<(i64,)>("SELECT count(*) FROM platform_migration WHERE number = 99"), [(1,)], "untouched");
    server.run("DELETE FROM platform_migration WHERE number = 99");
    println!("ready {:.1?} after the newer tables were gone", dienst.becomes_ready());
}

/// Ends every session, as a restart of the server does: what comes next meets the new certificate.
fn cut(server: &Postgres) {
    let pids = std::fs::read_to_string(server.folder.join("db/postmaster.pid")).unwrap();
    let master = pids.lines().next().unwrap();
    let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children")).unwrap();
    for child in children.split_whitespace() {
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        if line.contains("eakte postgres") {
            let _ = Command::new("kill").args(["-TERM", child]).status();
        }
    }
}

/// A message of a newer program is not taken, its row stays, operators see it, and the others go by.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_unknown_version_waits_and_holds_up_nobody() {
    let haus = Haus::neu().await;
    let mut tx = haus.app.db.begin().await.unwrap();
    let now = haus.app.clock.now();
    let strange = [
        ("geschaeftsgang.start.v1", json!({ "ablauf": "posteingang", "fassung": 2 })),
        ("geschaeftsgang.start.v9", json!({ "process": "posteingang", "schluessel": "x", "werte": {} })),
    ];
    for (queue, body) in &strange {
        outbox::push(&mut tx, MessageId(Uuid::now_v7()), queue, body, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let bytes = probe("04-rechnung-xrechnung-ubl.xml");
    let from = Instant::now();
    let stand = haus.bringe(Kanal::Upload, "r.xml", bytes, None).await;
    assert_eq!(stand.state, Stand::Waiting, "{stand:?}");
    assert!(from.elapsed() < Duration::from_secs(15), "held up by what nobody knows");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(haus.zahl("SELECT count(*) FROM platform_outbox").await, 2, "both wait for a program that knows them");
    assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_instanz WHERE process = 'posteingang'").await, 1);
    assert!(haus.app.bus.dead_letters().await.unwrap().is_empty(), "not parked: the row is driven again");
}

/// A broker whose certificate has ended: named, asked with growing pauses, and used again when it has a good one.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_whose_certificate_has_ended_is_named_and_found_again() {
    let Some(broker) = rabbit().await else { return };
    let (url, authority) = broker.tls();
    broker.certificate_days(0);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let mut options = broker.options("ended").owner([]);
    options.address = Address::new(&url).unwrap().with_authorities(authority);
    let bus = RabbitBus::start(options);
    let state = |fits: fn(&State) -> bool| {
        let from = Instant::now();
        while !fits(&bus.health().state) {
            assert!(from.elapsed() < Duration::from_secs(20), "{:?}", bus.health());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    state(|s| matches!(s, State::Degraded { cause, .. } if cause.contains("certificate")));
    let alarm = bus.health().alarms.join(" ");
    assert!(!alarm.is_empty(), "operators are told");
    println!("{alarm}");
    broker.certificate_days(2);
    state(|s| *s == State::Connected);
}

/// A certificate that has ended: nothing is sent to that store, and the text says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_certificate_has_ended_is_named() {
    use service_platform::blobs::{BlobError, Blobs as _};
    if s3().await.is_none() {
        return;
    }
    if !has_lock() {
        println!("skipped: this server leaves TLS to a proxy");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = r#"set -e; cd "$1"
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@"; }
key -x509 -days 2 -subj "/CN=Stadt CA" -keyout ca.key -out ca.pem
key -subj "/CN=s3" -keyout s3.key -out s3.csr
printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >ext
for days in 0 2; do openssl x509 -req -in s3.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days -extfile ext -out s3-$days.pem; done"#;
    let made = Command::new("bash").args(["-c", script, "bash"]).arg(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (ca, key) = (folder.path().join("ca.pem"), folder.path().join("s3.key"));
    let good = Server::start(Some((folder.path().join("s3-2.pem"), key.clone()))).unwrap();
    let store = TestS3::on(good.port, &good.daten, true, Some(ca), true).await;
    let hash = store.blobs().put(b"vertraulich".to_vec()).await.unwrap();
    let ended = Server::start(Some((folder.path().join("s3-0.pem"), key))).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let mut settings = store.settings.clone();
    settings.versuche = 3;
    settings.endpoint = format!("https://127.0.0.1:{}", ended.port);
    let blobs = store.open(&settings);
    let from = Instant::now();
    let error = blobs.get(hash).await.unwrap_err();
    let text = error.to_string().to_lowercase();
    assert!(matches!(error, BlobError::Away(_)) && error.is_away(), "jobs wait for it: {text}");
    assert!(text.contains("certificate") && text.contains("expired"), "{text}");
    assert!(from.elapsed() > Duration::from_millis(200) && from.elapsed() < Duration::from_secs(5), "pauses, an end");
}
