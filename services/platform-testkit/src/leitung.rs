// SPDX-License-Identifier: EUPL-1.2
//! A fault proxy that understands as much of PostgreSQL's protocol as it needs to cut a connection at a COMMIT: before
//! the server gets it, or after the server has done it and before the client is told. To the client both look the same.
//! It can also fall silent with every connection open, as a host does whose power went.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
};

/// Where the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never gets the COMMIT and rolls back.
    Before,
    /// The server commits, its answer disappears.
    After,
}

/// Which commits are cut.
#[derive(Clone, Copy, Debug)]
struct Rule {
    cut: Cut,
    /// Only transactions that ran a statement with this text.
    marker: &'static str,
    /// One in so many.
    every: u32,
    /// So often at most.
    left: u32,
    seen: u32,
}

#[derive(Default)]
struct Shared {
    rule: Mutex<Option<Rule>>,
    cuts: Mutex<u32>,
    line: tokio::sync::watch::Sender<Line>,
}

/// What the line carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Good,
    /// Nothing, and nobody is told.
    Silent,
}

impl Shared {
    /// Is the commit of this transaction cut?
    fn hit(&self, statements: &[String]) -> Option<Cut> {
        let mut rule = self.rule.lock().unwrap();
        let rule = rule.as_mut().filter(|r| r.left > 0 && statements.iter().any(|s| s.contains(r.marker)))?;
        rule.seen += 1;
        if !rule.seen.is_multiple_of(rule.every) {
            return None;
        }
        rule.left -= 1;
        *self.cuts.lock().unwrap() += 1;
        Some(rule.cut)
    }
}

/// Runs until it is dropped.
pub struct PgProxy {
    port: u16,
    shared: Arc<Shared>,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for PgProxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl PgProxy {
    /// Listens on a free port in front of the server of this address, `postgres://role@%2Ffolder/database`.
    pub async fn before(url: &str) -> Self {
        let folder = url.split('@').nth(1).and_then(|r| r.split('/').next()).unwrap().replace("%2F", "/");
        let socket = PathBuf::from(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, shared) = (listener.local_addr().unwrap().port(), Arc::<Shared>::default());
        let known = shared.clone();
        let accept = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, socket.clone(), known.clone()));
            }
        });
        Self { port, shared, accept }
    }

    /// The same address, through this proxy.
    pub fn through(&self, url: &str) -> String {
        let (begin, rest) = url.split_once('@').unwrap();
        let database = rest.split_once('/').unwrap().1;
        format!("{begin}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// From now on cuts one in `every` commits of transactions that ran a statement with `marker`, `times` at most.
    pub fn cut(&self, cut: Cut, marker: &'static str, every: u32, times: u32) {
        *self.shared.rule.lock().unwrap() = Some(Rule { cut, marker, every, left: times, seen: 0 });
    }

    /// From now on nothing is carried; connections stay open.
    pub fn silence(&self) {
        self.shared.line.send_replace(Line::Silent);
    }

    /// Everything is carried again. Connections that were silenced know nothing of it: they are reset when the client
    /// says something on them, as by a server that was started anew.
    pub fn heal(&self) {
        *self.shared.rule.lock().unwrap() = None;
        self.shared.line.send_replace(Line::Good);
    }

    /// How many commits were cut so far.
    pub fn cuts(&self) -> u32 {
        *self.shared.cuts.lock().unwrap()
    }
}

/// Statements of one connection.
#[derive(Default)]
struct Seen {
    prepared: HashMap<String, String>,
    /// Run in the present transaction.
    transaction: Vec<String>,
}

impl Seen {
    /// Notes a message of the client; true for a COMMIT.
    fn note(&mut self, kind: u8, body: &[u8]) -> bool {
        let mut words = body.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned());
        match kind {
            b'P' => drop(self.prepared.insert(words.next().unwrap_or_default(), words.next().unwrap_or_default())),
            b'B' => {
                let statement = words.nth(1).unwrap_or_default();
                self.transaction.extend(self.prepared.get(&statement).cloned());
            }
            b'Q' => {
                let text = words.next().unwrap_or_default();
                if text == "COMMIT" {
                    return true;
                }
                self.transaction.clear();
            }
            _ => {}
        }
        false
    }
}

/// `CommandComplete` of a COMMIT.
const DONE: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

async fn serve(mut client: TcpStream, socket: PathBuf, shared: Arc<Shared>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut line = shared.line.subscribe();
    tokio::select! {
        done = carry(&mut client, socket, &shared) => return done,
        _ = line.wait_for(|l| *l == Line::Silent) => {}
    }
    let _ = line.wait_for(|l| *l == Line::Good).await;
    client.readable().await?;
    client.set_zero_linger()
}

async fn carry(client: &mut TcpStream, socket: PathBuf, shared: &Shared) -> std::io::Result<()> {
    let mut server = UnixStream::connect(socket).await?;
    // The first message has no kind.
    let length = client.read_u32().await?;
    let mut rest = vec![0; length as usize - 4];
    client.read_exact(&mut rest).await?;
    server.write_all(&[&length.to_be_bytes()[..], &rest].concat()).await?;
    let (mut from_client, mut from_server, mut seen) = (Vec::new(), Vec::new(), Seen::default());
    loop {
        tokio::select! {
            n = client.read_buf(&mut from_client) => if n? == 0 { return Ok(()) },
            n = server.read_buf(&mut from_server) => {
                if n? == 0 {
                    return Ok(());
                }
                client.write_all(&from_server).await?;
                from_server.clear();
            }
        }
        while let Some(length) = message(&from_client) {
            let whole: Vec<u8> = from_client.drain(..length).collect();
            let cut = if seen.note(whole[0], &whole[5..]) {
                shared.hit(&std::mem::take(&mut seen.transaction))
            } else {
                None
            };
            if cut == Some(Cut::Before) {
                return client.set_zero_linger();
            }
            server.write_all(&whole).await?;
            if cut == Some(Cut::After) {
                while !from_server.windows(DONE.len()).any(|w| w == DONE) {
                    if server.read_buf(&mut from_server).await? == 0 {
                        break;
                    }
                }
                return client.set_zero_linger();
            }
        }
    }
}

/// Length of the first message, if all of it is here.
fn message(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(bytes.get(1..5)?.try_into().ok()?) as usize + 1;
    (bytes.len() >= length).then_some(length)
}
