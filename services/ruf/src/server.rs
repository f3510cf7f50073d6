// SPDX-License-Identifier: EUPL-1.2
//! Answers the other core processes with the services of this one.

use std::{
    convert::Infallible,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use nachrichten::fehler::Fehler;
use service_platform::{config::RufSettings, with_causes};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Limits, RufError, Services,
    identity::{Caller, Identity},
    texts::{self, Input},
    wire::{self, Frame, Parts, Unread, WAITS},
};

/// Connections at once; a neighbour keeps 32 unused ones.
const CONNECTIONS: usize = 512;
/// A connection without a request ends after this; callers give theirs up earlier.
const UNUSED: Duration = Duration::from_secs(90);
/// How long a connection still listens after the stop: a request that is on the line is answered, not cut.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Longest call of the table.
const LONGEST: u32 = 60;

/// Bound to its address, not yet answering.
pub struct Server {
    listener: TcpListener,
    state: Arc<State>,
}

struct State {
    services: Services,
    identity: Option<Arc<Identity>>,
    limits: Limits,
    refused: Seldom,
    /// Every answer from now on is the last one of its connection.
    stopping: AtomicBool,
}

impl Server {
    /// Takes the address of the settings; None when they name none.
    ///
    /// # Errors
    /// An address that is not free, certificates that cannot be used, or none where other machines could call.
    pub async fn bind(settings: &RufSettings, services: Services) -> Result<Option<Self>, RufError> {
        Self::bind_with(settings, services, Limits::default()).await
    }

    /// With other bounds.
    ///
    /// # Errors
    /// As [`Self::bind`].
    pub async fn bind_with(
        settings: &RufSettings,
        services: Services,
        limits: Limits,
    ) -> Result<Option<Self>, RufError> {
        let listen = settings.listen.trim();
        if listen.is_empty() {
            return Ok(None);
        }
        let identity = Identity::open(settings, limits.look)?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|e| RufError(format!("ruf.listen: Die Adresse „{listen}“ ist nicht frei oder keine: {e}")))?;
        let own = listener.local_addr().map_err(|e| RufError(format!("ruf.listen: {listen}: {e}")))?;
        if identity.is_none() && !own.ip().is_loopback() {
            return Err(RufError(format!(
                "ruf.listen: „{listen}“ ist von anderen Rechnern erreichbar und unverschlüsselt. Setzen Sie ruf.zertifikat_datei, ruf.schluessel_datei und ruf.ca_datei, oder hören Sie nur auf 127.0.0.1."
            )));
        }
        if identity.is_none() {
            tracing::warn!(address = %own, "calls are taken without certificates: every account of this machine may call");
        }
        let state = State { services, identity, limits, refused: Seldom::default(), stopping: AtomicBool::new(false) };
        Ok(Some(Self { listener, state: Arc::new(state) }))
    }

    /// Where it listens; with port 0 in the settings the one it got.
    ///
    /// # Errors
    /// The system does not know.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`; then takes no further call and returns when those under way have their answer, at the
    /// latest after [`Limits::drain`].
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, state } = self;
        let drain = state.limits.drain;
        let (places, stopping) = (Arc::new(Semaphore::new(CONNECTIONS)), watch::Sender::new(false));
        let (mut connections, mut stop) = (JoinSet::new(), pin!(stop));
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                accepted = accept(&listener, &places) => match accepted {
                    Ok((tcp, place)) => {
                        connections.spawn(state.clone().connection(tcp, place, stopping.subscribe()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot take a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        }
        drop(listener);
        state.stopping.store(true, Ordering::Relaxed);
        stopping.send_replace(true);
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain, all).await.is_err() {
            tracing::warn!(calls = connections.len(), "calls did not end in time");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, Option<OwnedSemaphorePermit>)> {
    let place = places.clone().acquire_owned().await.ok();
    let (tcp, _) = listener.accept().await?;
    Ok((tcp, place))
}

/// What a call ends with when no service answers it.
struct Refusal {
    status: u16,
    fehler: Fehler,
}

impl From<Fehler> for Refusal {
    fn from(fehler: Fehler) -> Self {
        Self { status: fehler.status, fehler }
    }
}

fn nothing_here(path: &str) -> Refusal {
    Refusal { status: 404, fehler: texts::unknown(path) }
}

impl State {
    async fn connection(
        self: Arc<Self>,
        tcp: TcpStream,
        _place: Option<OwnedSemaphorePermit>,
        stopping: watch::Receiver<bool>,
    ) {
        let _ = tcp.set_nodelay(true);
        let Some(identity) = &self.identity else { return self.serve(tcp, Caller::Local, stopping).await };
        let peer = tcp.peer_addr().map_or_else(|_| "unknown".to_owned(), |a| a.to_string());
        let shake = TlsAcceptor::from(identity.server()).accept(tcp).into_fallible();
        match tokio::time::timeout(self.limits.connect, shake).await {
            Ok(Ok(tls)) => {
                let certificates = tls.get_ref().1.peer_certificates();
                let caller = certificates.and_then(|c| c.first()).map_or(Caller::Named(Vec::new()), Caller::of);
                self.serve(tls, caller, stopping).await;
            }
            Ok(Err((error, tcp))) => {
                let error = with_causes(&error);
                self.refused.say(|| tracing::error!(alarm = "ruf-zertifikat", peer, error, "refused a connection"));
                say_goodbye(tcp).await;
            }
            Err(_) => self.refused.say(|| tracing::warn!(peer, "a connection without a handshake")),
        }
    }

    async fn serve(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Unpin,
        caller: Caller,
        mut stopping: watch::Receiver<bool>,
    ) {
        let age = self.limits.age;
        let service = service_fn(move |request| {
            let (state, caller) = (self.clone(), caller.clone());
            async move { Ok::<_, Infallible>(state.answer(&caller, request).await) }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(UNUSED)
                .serve_connection(TokioIo::new(io), service)
        );
        tokio::select! {
            ended = &mut connection => return log(ended),
            () = last_words(&mut stopping) => {}
            () = tokio::time::sleep(age) => {}
        }
        // The call under way is answered, another one goes to a new connection.
        connection.as_mut().graceful_shutdown();
        log(connection.await);
    }

    async fn answer(&self, caller: &Caller, request: Request<Incoming>) -> Response<Parts> {
        let (path, from) = (request.uri().path().to_owned(), Instant::now());
        let (status, frame) = match self.work(caller, &path, request).await {
            Ok(frame) => (200, frame),
            Err(Refusal { status, fehler }) => {
                tracing::debug!(path, status, code = %fehler.code, detail = fehler.detail, "call refused");
                (status, Frame::fehler(&fehler))
            }
        };
        tracing::debug!(path, status, duration_ms = from.elapsed().as_millis() as u64, "call answered");
        let (parts, headers) = Parts::of(frame);
        let mut response = Response::new(parts);
        *response.headers_mut() = headers;
        if self.stopping.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        // A status without a body would lose the answer.
        let error = Some(status).filter(|s| *s == 200 || (400..600).contains(s)).unwrap_or(500);
        *response.status_mut() = StatusCode::from_u16(error).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response
    }

    async fn work(&self, caller: &Caller, path: &str, request: Request<Incoming>) -> Result<Frame, Refusal> {
        let rest = path.strip_prefix("/ruf/1").filter(|_| request.method() == Method::POST);
        let rest = rest.ok_or_else(|| nothing_here(path))?;
        if rest.is_empty() {
            return Ok(Frame::ok(&self.services.names())?);
        }
        let named = rest.strip_prefix('/').and_then(|r| r.split_once('/'));
        let (name, method) = named.ok_or_else(|| nothing_here(path))?;
        if !caller.may_call(name) {
            tracing::error!(alarm = "ruf-recht", ?caller, path, "this service may not call that");
            let fehler =
                texts::refused("Der gerufene Dienst", Input::NotDone, format!("{caller:?} may not call {path:.200}"));
            return Err(Refusal { status: 403, fehler });
        }
        let wait = request.headers().get(WAITS).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let longest = self.limits.call * LONGEST;
        let wait = wait.map_or(longest, Duration::from_millis).min(longest);
        let work = async {
            let (head, body) = request.into_parts();
            let call = wire::read(&head.headers, body, &self.limits).await.map_err(|unread| match unread {
                Unread::TooLarge(what) => texts::too_large(self.limits.bytes, what),
                Unread::Wrong(what) => texts::unreadable(&what),
                Unread::Cut(why) => texts::unreadable(&why),
            })?;
            match self.services.answer(name, method, call).await {
                Some(answer) => Ok(answer?),
                None => Err(nothing_here(path)),
            }
        };
        match tokio::time::timeout(wait, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => {
                tracing::error!(path, "a call panicked");
                Err(texts::broken(path).into())
            }
            // The caller has given up at this moment too.
            Err(_) => Err(texts::late(path).into()),
        }
    }
}

async fn last_words(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
    tokio::time::sleep(LAST_WORDS).await;
}

fn log(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(error = with_causes(&error), "connection ended");
    }
}

/// Lets the other side read why: closing with bytes unread would throw our alert away.
async fn say_goodbye(mut tcp: TcpStream) {
    let read = async {
        let _ = tcp.shutdown().await;
        let mut rest = [0; 4096];
        while tcp.read(&mut rest).await.is_ok_and(|n| n > 0) {}
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
}

/// Once in ten seconds: whoever knocks without end does not fill the log.
#[derive(Default)]
struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    fn say(&self, what: impl FnOnce()) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= Duration::from_secs(10)) {
            *last = Some(Instant::now());
            what();
        }
    }
}
