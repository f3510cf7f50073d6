// SPDX-License-Identifier: EUPL-1.2
//! A fault proxy for HTTP/1.1: between a client and a server it delays, cuts, resets, swallows, stalls and lies.
//!
//! One request per connection (`Connection: close` is put into each), so every request meets the fault of its moment;
//! a change of the fault ends all connections. What passed is counted by its request line.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    None,
    /// Waits before it forwards.
    Delay(Duration),
    /// Ends the connection after so many bytes of the answer; with an RST or an orderly end.
    CutAnswer {
        after: u64,
        reset: bool,
    },
    /// Forwards so many bytes of the request, then nothing: the server waits for the rest for ever.
    StallRequest {
        after: u64,
    },
    /// The server gets the request, its answer disappears.
    SwallowAnswer,
    /// Takes the connection and reads nothing.
    Silence,
    /// Takes the connection and resets it.
    Reset,
    /// So many of 100 requests get `503 SlowDown`, by this seed.
    Busy {
        percent: u64,
        seed: u64,
    },
    /// GET and HEAD find nothing until then: a replica that lags.
    NotFoundUntil(Instant),
    /// A load balancer without a server: `404` in HTML, not in S3's words.
    Html404,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    fault: Fault,
    /// Only requests whose first line contains each of these words.
    only: &'static str,
}

/// Runs until it is dropped.
pub struct Proxy {
    pub address: SocketAddr,
    rule: watch::Sender<Rule>,
    seen: Arc<Mutex<Vec<String>>>,
    held: Arc<tokio::sync::Notify>,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Proxy {
    /// Listens on a free port in front of `server` (`127.0.0.1:9000`).
    pub async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (rule, rules) = watch::channel(Rule { fault: Fault::None, only: "" });
        let (seen, held) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(tokio::sync::Notify::new()));
        let (lines, hold) = (seen.clone(), held.clone());
        let accept = tokio::spawn(async move {
            let mut n = 0u64;
            while let Ok((client, _)) = listener.accept().await {
                n += 1;
                let one = Connection { server: server.clone(), seen: lines.clone(), held: hold.clone(), n };
                let mut rules = rules.clone();
                tokio::spawn(async move {
                    let rule = *rules.borrow_and_update();
                    tokio::select! {
                        _ = one.serve(client, rule) => {}
                        _ = rules.changed() => {}
                    }
                });
            }
        });
        Self { address, rule, seen, held, accept }
    }

    /// From now on this, for requests whose first line contains each word of `only`. Running requests end.
    pub fn set(&self, fault: Fault, only: &'static str) {
        self.rule.send_replace(Rule { fault, only });
    }

    pub fn heal(&self) {
        self.set(Fault::None, "");
    }

    /// Waits until a request hangs in `StallRequest` or `SwallowAnswer`.
    pub async fn holds_one(&self) {
        self.held.notified().await;
    }

    /// How many requests began like this, `"PUT /"`.
    pub fn seen(&self, begin: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|l| l.starts_with(begin)).count()
    }
}

struct Connection {
    server: String,
    seen: Arc<Mutex<Vec<String>>>,
    held: Arc<tokio::sync::Notify>,
    n: u64,
}

impl Connection {
    async fn serve(self, mut client: TcpStream, rule: Rule) -> std::io::Result<()> {
        if rule.only.is_empty() {
            match rule.fault {
                Fault::Silence => return std::future::pending().await,
                Fault::Reset => return client.set_zero_linger(),
                _ => {}
            }
        }
        let (head, rest) = read_head(&mut client).await?;
        let line = head.lines().next().unwrap_or_default().to_owned();
        let fault = if rule.only.split(' ').all(|word| line.contains(word)) { rule.fault } else { Fault::None };
        self.seen.lock().unwrap().push(line.clone());
        match fault {
            Fault::Busy { percent, seed } if hit(seed, self.n, percent) => {
                drain(&mut client, &head, rest.len()).await?;
                return answer(&mut client, "503 Service Unavailable", "application/xml", &error("SlowDown")).await;
            }
            Fault::NotFoundUntil(until) if Instant::now() < until && !line.starts_with('P') => {
                let body = if line.starts_with("HEAD") { String::new() } else { error("NoSuchKey") };
                return answer(&mut client, "404 Not Found", "application/xml", &body).await;
            }
            Fault::Html404 => {
                drain(&mut client, &head, rest.len()).await?;
                return answer(&mut client, "404 Not Found", "text/html", "<h1>nothing here</h1>").await;
            }
            Fault::Delay(time) => tokio::time::sleep(time).await,
            Fault::Silence => return std::future::pending().await,
            Fault::Reset => return client.set_zero_linger(),
            _ => {}
        }

        let mut server = TcpStream::connect(&self.server).await?;
        let (first, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
        let mut begin = format!("{first}\r\nConnection: close\r\n{headers}").into_bytes();
        begin.extend(rest);
        let up = if let Fault::StallRequest { after } = fault { after } else { u64::MAX };
        server.write_all(&begin[..begin.len().min(usize::try_from(up).unwrap_or(usize::MAX))]).await?;

        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let (held, sent) = (self.held.clone(), begin.len() as u64);
        let request = async {
            // Without a fault this ends when the client hangs up: an answer ends the connection before.
            if pass(&mut from_client, &mut to_server, up.saturating_sub(sent)).await? {
                held.notify_one();
                std::future::pending::<()>().await;
            }
            Ok::<(), std::io::Error>(())
        };
        let reply = async {
            match fault {
                Fault::SwallowAnswer => {
                    let mut begun = [0];
                    from_server.read_exact(&mut begun).await?;
                    held.notify_one();
                    std::future::pending::<std::io::Result<bool>>().await
                }
                Fault::CutAnswer { after, .. } => pass(&mut from_server, &mut to_client, after).await,
                _ => pass(&mut from_server, &mut to_client, u64::MAX).await,
            }
        };
        tokio::select! {
            done = request => done?,
            done = reply => { done?; }
        }
        if matches!(fault, Fault::CutAnswer { reset: true, .. }) {
            client.set_zero_linger()?;
        }
        Ok(())
    }
}

/// Copies at most so many bytes; true when there was more.
async fn pass(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    mut left: u64,
) -> std::io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = from.read(&mut buffer).await?;
        if n == 0 {
            return Ok(false);
        }
        let now = n.min(usize::try_from(left).unwrap_or(usize::MAX));
        to.write_all(&buffer[..now]).await?;
        left -= now as u64;
        if now < n {
            return Ok(true);
        }
    }
}

async fn read_head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads the body, so that our answer is not lost in a reset.
async fn drain(client: &mut TcpStream, head: &str, already: usize) -> std::io::Result<()> {
    let length =
        head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let mut left = length.unwrap_or(0).saturating_sub(already);
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        match client.read(&mut buffer).await? {
            0 => break,
            n => left = left.saturating_sub(n),
        }
    }
    Ok(())
}

async fn answer(client: &mut TcpStream, status: &str, typ: &str, body: &str) -> std::io::Result<()> {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {typ}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    client.write_all(text.as_bytes()).await?;
    client.shutdown().await
}

fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>from the fault proxy</Message></Error>")
}

/// Splitmix64: the same seed hits the same requests.
fn hit(seed: u64, n: u64, percent: u64) -> bool {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % 100 < percent
}
