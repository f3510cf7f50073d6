// SPDX-License-Identifier: EUPL-1.2
//! Connections to one other process: where it is, and the ones that lie unused.

use std::{
    net::TcpStream,
    os::fd::AsFd as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::{Uri, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

use crate::{Limits, RufError, identity::Identity, texts, wire::Parts};
use service_platform::with_causes;

/// Where another process is.
pub(crate) struct Address {
    pub host: String,
    pub port: u16,
    /// `host:port`, for the Host header.
    pub authority: String,
    /// Who we are and whom it must be; None = plain, on this machine.
    tls: Option<(Arc<Identity>, ServerName<'static>)>,
}

impl Address {
    /// Reads `https://host:port` or `http://127.0.0.1:port` of this setting.
    pub fn read(key: &str, url: &str, identity: Option<&Arc<Identity>>) -> Result<Self, RufError> {
        let wrong = |what: &str| RufError(format!("ruf.{key}: „{url}“ {what}"));
        const FORM: &str = "ist keine Adresse. Schreiben Sie zum Beispiel https://geschaeftsgang:7400.";
        let uri: Uri = url.trim().parse().map_err(|_| wrong(FORM))?;
        let (Some(authority), Some(port)) = (uri.authority(), uri.port_u16()) else { return Err(wrong(FORM)) };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(wrong(FORM));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong(FORM))?;
                let identity = identity.cloned().ok_or_else(|| {
                    wrong("verlangt ein Zertifikat. Setzen Sie ruf.zertifikat_datei, ruf.schluessel_datei und ruf.ca_datei.")
                })?;
                Some((identity, name))
            }
            Some("http") if is_this_machine(&host) => None,
            Some("http") => {
                return Err(wrong(
                    "ist unverschlüsselt und führt auf einen anderen Rechner. Schreiben Sie https://, oder 127.0.0.1 für diesen Rechner.",
                ));
            }
            _ => return Err(wrong(FORM)),
        };
        Ok(Self { host, port, authority: authority.as_str().to_owned(), tls })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoLink {
    Away(String),
    /// The certificates do not fit.
    Refused(String),
}

impl<E: std::error::Error + 'static> From<E> for NoLink {
    fn from(error: E) -> Self {
        match texts::certificate(&error) {
            Some(why) => Self::Refused(why),
            None => Self::Away(with_causes(&error)),
        }
    }
}

/// One connection.
pub(crate) struct Link {
    pub sender: SendRequest<Parts>,
    socket: TcpStream,
    /// Ends with what TLS has against a certificate, if that was it.
    task: JoinHandle<Option<String>>,
    born: Instant,
    used: Instant,
}

impl Link {
    /// Nobody says anything on an unused connection: what can be read is its end, even before hyper has seen it. A
    /// request into it would be lost without anybody knowing whether it arrived.
    fn is_quiet(&self) -> bool {
        let peeked = self.socket.peek(&mut [0]);
        !self.sender.is_closed() && peeked.is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Why a connection ended before its first answer. With TLS 1.3 the server's verdict on our certificate comes after
    /// the handshake, and only the connection itself hears it for sure.
    pub async fn verdict(self, seen: NoLink) -> NoLink {
        drop(self.sender);
        match tokio::time::timeout(Duration::from_millis(200), self.task).await {
            Ok(Ok(Some(why))) => NoLink::Refused(why),
            _ => seen,
        }
    }
}

/// At most so many unused connections are kept.
const KEPT: usize = 32;

pub(crate) struct Links {
    address: Address,
    limits: Limits,
    unused: Mutex<Vec<Link>>,
}

impl Links {
    pub fn new(address: Address, limits: Limits) -> Self {
        Self { address, limits, unused: Mutex::default() }
    }

    /// The caller gives a connection up before the server does: only then no request runs into its end.
    fn is_good(&self, link: &Link) -> bool {
        link.used.elapsed() < self.limits.idle && link.born.elapsed() < self.limits.age * 3 / 4 && link.is_quiet()
    }

    pub fn authority(&self) -> &str {
        &self.address.authority
    }

    /// An unused connection that is alive.
    pub async fn unused(&self) -> Option<Link> {
        loop {
            let mut link = self.unused.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if self.is_good(&link) && link.sender.ready().await.is_ok() {
                return Some(link);
            }
        }
    }

    /// For the next call; its answer was read to the end.
    pub fn keep(&self, mut link: Link) {
        link.used = Instant::now();
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        unused.retain(|link| self.is_good(link));
        if unused.len() < KEPT {
            unused.push(link);
        }
    }

    /// Lets go of everything unused.
    pub fn forget(&self) {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub async fn connect(&self) -> Result<Link, NoLink> {
        let limit = self.limits.connect;
        let late = |_| NoLink::Away(format!("no connection within {} s", limit.as_secs_f32()));
        tokio::time::timeout(limit, self.dial()).await.map_err(late)?
    }

    async fn dial(&self) -> Result<Link, NoLink> {
        let tcp = tokio::net::TcpStream::connect((self.address.host.as_str(), self.address.port)).await?;
        // Small messages that wait for an answer: Nagle's algorithm would hold each back for 40 ms.
        tcp.set_nodelay(true)?;
        let socket = TcpStream::from(tcp.as_fd().try_clone_to_owned()?);
        let (sender, task) = match &self.address.tls {
            Some((identity, name)) => {
                handshake(TlsConnector::from(identity.client()).connect(name.clone(), tcp).await?).await?
            }
            None if socket.peer_addr()?.ip().is_loopback() => handshake(tcp).await?,
            None => return Err(NoLink::Away("an address of another machine, without TLS".to_owned())),
        };
        let now = Instant::now();
        Ok(Link { sender, socket, task, born: now, used: now })
    }
}

async fn handshake(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(SendRequest<Parts>, JoinHandle<Option<String>>), NoLink> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    // Ends with its sender.
    let task = tokio::spawn(async move {
        let error = connection.await.err()?;
        tracing::debug!(error = with_causes(&error), "connection ended");
        texts::certificate(&error)
    });
    Ok((sender, task))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        let read = |url: &str| Address::read("akten", url, None).map(|a| (a.host, a.port)).map_err(|e| e.to_string());
        assert_eq!(read("http://127.0.0.1:7400").unwrap(), ("127.0.0.1".to_owned(), 7400));
        assert_eq!(read("http://[::1]:7400/").unwrap(), ("::1".to_owned(), 7400));
        assert_eq!(read("http://localhost:7400").unwrap().1, 7400);
        for away in ["http://10.0.0.5:7400", "http://akten:7400", "http://localhost.example:7400"] {
            let error = read(away).unwrap_err();
            assert!(error.starts_with(&format!("ruf.akten: „{away}“ ist unverschlüsselt")), "{error}");
        }
        assert!(read("https://akten:7400").unwrap_err().contains("ruf.zertifikat_datei"));
        for wrong in [
            "akten",
            "akten:7400",
            "http://127.0.0.1",
            "ftp://127.0.0.1:1",
            "http://a:b@127.0.0.1:1",
            "http://127.0.0.1:1/x",
        ] {
            assert!(read(wrong).unwrap_err().contains("ist keine Adresse"), "{wrong}");
        }
    }
}
