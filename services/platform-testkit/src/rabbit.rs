// SPDX-License-Identifier: EUPL-1.2
//! A real RabbitMQ for tests: one node per test process, in a folder of its own, with its own names and ports.
//!
//! Debian's package `rabbitmq-server` is enough; nothing has to run before, and a broker of the system is not touched.
//! The node ends when the test process does, however that ends: it hangs on a pipe. It can be killed, stopped,
//! started again and damaged, which is what it is for.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use lapin::{
    Channel, Connection, ConnectionProperties,
    options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use service_platform::bus::{
    Bus as _, RabbitBus,
    rabbit::{Address, RabbitOptions},
};
use tokio::sync::{Mutex, MutexGuard};

/// Starts the node on each line it reads, says `bereit <pid>`, stops when its standard input ends.
const SCRIPT: &str = r#"
set -eu
cd "$HOME"
exec 2>>script.log
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>>openssl.log; }
key -x509 -days 2 -subj "/CN=Probe-CA" -keyout ca.key -out ca.pem
key -new -subj "/CN=localhost" -keyout server.key -out server.csr
echo "subjectAltName=DNS:localhost" >san
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem 2>>openssl.log
epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 >epmd.log 2>&1 &
trap 'kill -KILL $(jobs -pr) 2>/dev/null || true; sleep 0.2; rm -rf "$HOME"' EXIT
while read -r _; do
  "$EAKTE_MQ_BIN/rabbitmq-server" >>start.log 2>&1 </dev/null &
  echo "bereit $!"
done
"#;

const CONF: &str = "\
listeners.tcp.1 = 127.0.0.1:PORT
listeners.ssl.1 = 127.0.0.1:TLS
ssl_options.cacertfile = HOME/ca.pem
ssl_options.certfile = HOME/server.pem
ssl_options.keyfile = HOME/server.key
ssl_options.verify = verify_none
log.file.level = warning
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 64000000
";

/// Where Debian puts the scripts of the node; its wrappers change the user and the folder.
fn programs() -> Option<PathBuf> {
    if let Some(bin) = std::env::var_os("EAKTE_MQ_BIN") {
        return Some(bin.into());
    }
    let versions = std::fs::read_dir("/usr/lib/rabbitmq/lib").ok()?;
    let bins = versions.filter_map(Result::ok).map(|v| v.path().join("sbin"));
    bins.filter(|b| b.join("rabbitmq-server").is_file()).max()
}

/// A free port of the kernel.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Node {
    env: Vec<(&'static str, String)>,
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    tls: u16,
    pid: u32,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _child: Child,
}

impl Node {
    fn new() -> Option<Self> {
        let bin = programs()?;
        let folder = tempfile::Builder::new().prefix("eakte-mq-").tempdir().ok()?.keep();
        let (port, tls, dist) = (port(), port(), port());
        let at = |name: &str| folder.join(name).display().to_string();
        let conf = CONF.replace("PORT", &port.to_string()).replace("TLS", &tls.to_string());
        std::fs::write(at("rabbitmq.conf"), conf.replace("HOME", &folder.display().to_string())).ok()?;
        std::fs::write(at("enabled_plugins"), "[].").ok()?;
        let env = vec![
            ("HOME", folder.display().to_string()),
            ("EAKTE_MQ_BIN", bin.display().to_string()),
            ("RABBITMQ_NODENAME", format!("eakte{}@localhost", std::process::id())),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_NODE_PORT", port.to_string()),
            ("RABBITMQ_DIST_PORT", dist.to_string()),
            ("ERL_EPMD_PORT", self::port().to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
            ("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
            ("RABBITMQ_MNESIA_BASE", at("db")),
            ("RABBITMQ_LOG_BASE", at("log")),
            ("RABBITMQ_PID_FILE", at("pid")),
            // The start script becomes the node, so that a kill hits it.
            ("RUNNING_UNDER_SYSTEMD", "1".to_owned()),
        ];
        let mut command = Command::new("bash");
        command.args(["-c", SCRIPT, "bash"]).envs(env.iter().map(|(k, v)| (*k, v)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (to, from) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        let mut node = Self { env, bin, folder, port, tls, pid: 0, to, from, _child: child };
        node.start();
        Some(node)
    }

    fn start(&mut self) {
        self.to.write_all(b"start\n").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        self.pid = line.trim().strip_prefix("bereit ").and_then(|pid| pid.parse().ok()).expect("the node starts");
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.pid.to_string()]).status().unwrap();
        assert!(done.success(), "kill {signal} {}", self.pid);
    }

    fn ctl(&self, args: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join("rabbitmqctl"));
        command.args(args).envs(self.env.iter().map(|(k, v)| (*k, v))).output().unwrap()
    }
}

/// Vhosts that no test has taken yet.
static VHOSTS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
const VHOSTS_AT_ONCE: u32 = 12;
static NODE: Mutex<Option<Option<Node>>> = Mutex::const_new(None);
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The broker of this test process, for one test at a time.
pub struct TestRabbit(MutexGuard<'static, Option<Option<Node>>>);

/// The broker, running; `None` (said aloud) when RabbitMQ is not installed. With `EAKTE_REQUIRE=rabbitmq` that is a
/// failure: where the tests are to be complete, nobody skips.
pub async fn rabbit() -> Option<TestRabbit> {
    let mut node = NODE.lock().await;
    node.get_or_insert_with(Node::new);
    if node.as_ref().is_some_and(Option::is_none) {
        let required = std::env::var("EAKTE_REQUIRE").is_ok_and(|r| r.contains("rabbitmq"));
        assert!(!required, "RabbitMQ is required and not there");
        #[allow(clippy::print_stdout)]
        {
            println!("skipped: RabbitMQ is not installed (Debian package rabbitmq-server)");
        }
        return None;
    }
    let rabbit = TestRabbit(node);
    rabbit.answers().await;
    Some(rabbit)
}

/// A message that a foreign system got.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub key: String,
    pub id: String,
    pub typ: String,
    pub persistent: bool,
    pub body: serde_json::Value,
}

impl TestRabbit {
    fn node(&self) -> &Node {
        self.0.as_ref().unwrap().as_ref().unwrap()
    }

    fn node_mut(&mut self) -> &mut Node {
        self.0.as_mut().unwrap().as_mut().unwrap()
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.node().port)
    }

    /// Over TLS, under the name its certificate has; and the authority that vouches for it (PEM).
    pub fn tls(&self) -> (String, String) {
        let url = format!("amqps://guest:guest@localhost:{}/%2f", self.node().tls);
        (url, std::fs::read_to_string(self.node().folder.join("ca.pem")).unwrap())
    }

    /// The node's certificate is signed anew for so many days, and taken at once; 0: it has ended a moment later.
    pub fn certificate_days(&self, days: u32) {
        let sign = "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san";
        let script = format!("cd \"$1\" && {sign} -days {days} -out neu.pem && mv neu.pem server.pem");
        let made = Command::new("bash").args(["-c", &script, "bash"]).arg(&self.node().folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.ctl(&["eval", "ssl:clear_pem_cache()."]);
    }

    pub fn options(&self, name: &str) -> RabbitOptions {
        RabbitOptions::new(Address::new(&self.url()).unwrap(), name)
    }

    /// A name nobody used before.
    pub fn fresh(&self, name: &str) -> String {
        format!("{name}.{}", NEXT.fetch_add(1, Ordering::SeqCst))
    }

    /// Returns when a queue can be declared; tells how long that took.
    pub async fn answers(&self) -> Duration {
        let from = Instant::now();
        let mut options = self.options("ready").owner([]);
        options.limits.patience = Duration::from_secs(90);
        options.limits.back_off = (Duration::from_millis(100), Duration::from_millis(200));
        let bus = RabbitBus::start(options);
        if let Err(error) = bus.declare("bereit").await {
            let log = std::fs::read_to_string(self.node().folder.join("start.log")).unwrap_or_default();
            panic!("the broker does not answer: {error}\n{log}");
        }
        from.elapsed()
    }

    /// SIGKILL: nothing is tidied.
    pub fn kill(&self) {
        self.node().signal("-KILL");
    }

    /// A stop as by the system's service manager; returns when it is done.
    pub fn stop(&self) {
        self.node().signal("-TERM");
        while std::path::Path::new(&format!("/proc/{}/exe", self.node().pid)).exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts the node again with what is on its disk.
    pub fn start(&mut self) {
        self.node_mut().start();
    }

    /// A part of the broker of its own, for a test that shares the node with others: its queues are nobody else's. The
    /// broker's tool takes a second, so it makes several at once.
    pub fn vhost(&self) -> String {
        let mut free = VHOSTS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if free.is_empty() {
            let from = NEXT.fetch_add(VHOSTS_AT_ONCE, Ordering::SeqCst);
            let names: Vec<String> = (from..from + VHOSTS_AT_ONCE).map(|n| format!("v{n}")).collect();
            let list = names.iter().map(|n| format!("<<\"{n}\">>")).collect::<Vec<_>>().join(",");
            self.ctl(&["eval", &format!(
                "lists:foreach(fun(V) -> rabbit_vhost:add(V, <<\"test\">>), \
                 rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, V, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"test\">>) \
                 end, [{list}])."
            )]);
            free.extend(names);
        }
        let name = free.pop().unwrap();
        self.url().replace("/%2f", &format!("/{name}"))
    }

    /// `rabbitmqctl` on this node.
    pub fn ctl(&self, args: &[&str]) -> String {
        let output = self.node().ctl(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the node says of itself, for the text of a failed test: its queues, and the end of its log.
    pub fn report(&self) -> String {
        let columns = ["name", "messages_ready", "messages_unacknowledged", "consumers", "leader"];
        let queues = self.node().ctl(&[&["list_queues", "--silent"], &columns[..]].concat());
        let log = self.node().folder.join("log").join(format!("eakte{}@localhost.log", std::process::id()));
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let end = log.lines().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>();
        format!("{}\n{}\n{}", columns.join(" "), String::from_utf8_lossy(&queues.stdout), end.join("\n"))
    }

    async fn channel(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    pub async fn delete_exchange(&self, name: &str) {
        let (_connection, channel) = self.channel().await;
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await.unwrap();
    }

    pub async fn delete_queue(&self, name: &str) {
        let (_connection, channel) = self.channel().await;
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.unwrap();
    }

    pub async fn unbind(&self, queue: &str, exchange: &str) {
        let (_connection, channel) = self.channel().await;
        channel.queue_unbind(queue.into(), exchange.into(), queue.into(), FieldTable::default()).await.unwrap();
    }

    /// The queue is deleted and there again, but classic where the bus wants a quorum queue. Its owner may be
    /// faster in between: then once more.
    pub async fn replace_by_classic(&self, queue: &str) {
        for _ in 0..20 {
            let (_connection, channel) = self.channel().await;
            channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
            let options = QueueDeclareOptions::durable();
            if channel.queue_declare(queue.into(), options, FieldTable::default()).await.is_ok() {
                return;
            }
        }
        panic!("{queue} could not be replaced");
    }

    /// A foreign system listens: a queue of its own, bound to an exchange of ours by a pattern of routing keys. Gives what
    /// comes as (routing key, message id, content type, body) until the test ends.
    pub async fn listen(&self, exchange: &str, pattern: &str) -> tokio::sync::mpsc::UnboundedReceiver<Heard> {
        use futures_util::StreamExt as _;
        let (connection, channel) = self.channel().await;
        let queue = self.fresh("fremd");
        channel
            .queue_declare(queue.as_str().into(), QueueDeclareOptions::durable(), FieldTable::default())
            .await
            .unwrap();
        let (options, none) = (Default::default(), FieldTable::default());
        channel.queue_bind(queue.as_str().into(), exchange.into(), pattern.into(), options, none).await.unwrap();
        let (options, none) = (Default::default(), FieldTable::default());
        let mut consumer = channel.basic_consume(queue.as_str().into(), "".into(), options, none).await.unwrap();
        let (to, from) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let _alive = (connection, channel);
            while let Some(Ok(delivery)) = consumer.next().await {
                delivery.ack(Default::default()).await.unwrap();
                let text =
                    |s: &Option<lapin::types::ShortString>| s.as_ref().map(ToString::to_string).unwrap_or_default();
                let heard = Heard {
                    key: delivery.routing_key.to_string(),
                    id: text(delivery.properties.message_id()),
                    typ: text(delivery.properties.content_type()),
                    persistent: *delivery.properties.delivery_mode() == Some(2),
                    body: serde_json::from_slice(&delivery.data).unwrap(),
                };
                if to.send(heard).is_err() {
                    break;
                }
            }
        });
        from
    }

    /// A message that no sender of ours made.
    pub async fn publish_raw(&self, exchange: &str, queue: &str, bytes: &[u8]) {
        let (_connection, channel) = self.channel().await;
        channel.confirm_select(Default::default()).await.unwrap();
        let properties = lapin::BasicProperties::default();
        let sent = channel.basic_publish(exchange.into(), queue.into(), Default::default(), bytes, properties).await;
        sent.unwrap().await.unwrap();
    }
}
