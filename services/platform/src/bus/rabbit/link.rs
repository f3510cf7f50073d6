// SPDX-License-Identifier: EUPL-1.2
//! One connection and its supervisor.
//!
//! A [`Link`] is used until its first fault and never mended: the supervisor builds a new one after a jittered pause,
//! without end. Throwing away means shutting the socket, because a peer that is silent would otherwise keep lapin's
//! thread for ever.

use std::{
    future::Future,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use lapin::{Connection, ConnectionProperties, Event, tcp::AsyncTcpStream, uri::AMQPScheme};
use tokio::sync::{Notify, Semaphore, watch};

use super::{RabbitOptions, pauses::Pauses, publish};
use crate::bus::{BusError, State};

/// A broker's answer `404 NOT_FOUND`.
pub(super) const NOT_FOUND: u16 = 404;
/// `403 ACCESS_REFUSED`: the account may not do this.
pub(super) const NOT_ALLOWED: u16 = 403;
/// That, `405 RESOURCE_LOCKED` (a queue of one connection) and `406 PRECONDITION_FAILED` (other arguments).
pub(super) const UNFIT: [u16; 3] = [NOT_ALLOWED, 405, 406];

/// The broker's code, when it refused and the connection lives on.
pub(super) fn code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        lapin::ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

pub(super) fn away(error: impl std::fmt::Display) -> BusError {
    BusError::Away(error.to_string())
}

/// The socket below lapin, to be shut when nothing else helps.
#[derive(Clone, Default)]
struct Socket(Arc<Mutex<Option<TcpStream>>>);

impl Socket {
    fn keep(&self, stream: &impl AsFd) -> std::io::Result<()> {
        let copy = TcpStream::from(stream.as_fd().try_clone_to_owned()?);
        // Small messages that wait for an answer: Nagle's algorithm would hold each back for 40 ms.
        copy.set_nodelay(true)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
        Ok(())
    }

    fn shut(&self) {
        if let Some(stream) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Shuts the socket of a connection that did not come about.
struct Guard(Option<Socket>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(socket) = &self.0 {
            socket.shut();
        }
    }
}

pub(super) struct Link {
    pub connection: Connection,
    socket: Socket,
    call: Duration,
    killed: Notify,
    cause: Mutex<Option<String>>,
    over: watch::Sender<bool>,
    /// Why the broker takes no messages, while it does not.
    blocked: watch::Sender<Option<(Instant, String)>>,
    pub channels: publish::Channels,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.socket.shut();
    }
}

impl Link {
    async fn open(options: &RabbitOptions, name: &str) -> Result<Self, String> {
        let limits = options.limits;
        let mut uri = options.address.uri.clone();
        // lapin counts a connection as dead after two intervals without a byte.
        uri.query.heartbeat.get_or_insert((limits.silence.as_secs() / 2).clamp(1, 60) as u16);
        let socket = Socket::default();
        let mut guard = Guard(Some(socket.clone()));
        let (kept, tls) = (socket.clone(), options.address.tls());
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let runtime = lapin::runtime::default_runtime().map_err(|e| e.to_string())?;
        let connecting = Connection::connector(
            uri,
            runtime,
            async move |uri, runtime| {
                let dial = async {
                    let host = uri.authority.host.clone();
                    let at = runtime.to_socket_addrs((host.clone(), uri.authority.port));
                    let stream = AsyncTcpStream::connect(&runtime, at).await?;
                    if let AsyncTcpStream::Plain(plain) = &stream {
                        kept.keep(plain.get_ref())?;
                    }
                    match uri.scheme {
                        AMQPScheme::AMQP => Ok(stream),
                        AMQPScheme::AMQPS => stream.into_tls(&host, tls.as_ref()).await,
                    }
                };
                let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
                let dialled = tokio::time::timeout(limits.connect, dial).await.map_err(late).flatten();
                dialled.map_err(lapin::Error::from)
            },
            properties,
        );
        let connection = match tokio::time::timeout(limits.connect, connecting).await {
            Ok(connected) => connected.map_err(|e| e.to_string())?,
            Err(_) => return Err(format!("no answer within {} s", limits.connect.as_secs())),
        };
        guard.0 = None;
        Ok(Self {
            connection,
            socket,
            call: limits.call,
            killed: Notify::new(),
            cause: Mutex::new(None),
            over: watch::Sender::new(false),
            blocked: watch::Sender::new(None),
            channels: publish::Channels::new(Semaphore::new(publish::AT_ONCE)),
        })
    }

    /// A call to the broker. It ends with the connection, because lapin does not answer every call that is under way
    /// then; without an answer in time the connection is thrown away.
    pub async fn call<T>(&self, what: &str, call: impl Future<Output = lapin::Result<T>>) -> Result<T, Refused> {
        let answer = tokio::select! {
            biased;
            answer = tokio::time::timeout(self.call, call) => answer,
            () = until(self.over()) => return Err(Refused::Over),
        };
        answer.map_or_else(
            |_| {
                self.kill(&format!("no answer to {what} within {} s", self.call.as_secs()));
                Err(Refused::Over)
            },
            |answer| answer.map_err(Refused::Error),
        )
    }

    /// For [`until`].
    pub fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    /// Throws the connection away.
    pub fn kill(&self, cause: &str) {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| cause.to_owned());
        self.socket.shut();
        self.killed.notify_one();
    }

    pub fn blocked(&self) -> Option<(Instant, String)> {
        self.blocked.borrow().clone()
    }

    /// Returns when the broker takes no messages.
    pub async fn until_blocked(&self) -> String {
        let mut blocked = self.blocked.subscribe();
        let reason = blocked.wait_for(Option::is_some).await.ok().and_then(|b| b.clone());
        match reason {
            Some((_, reason)) => reason,
            None => std::future::pending().await,
        }
    }

    /// Follows the connection until it ends; tells why.
    async fn follow(&self) -> String {
        let mut events = std::pin::pin!(self.connection.events_listener());
        loop {
            tokio::select! {
                () = self.killed.notified() => {}
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => self.set_blocked(Some(reason)),
                    Some(Event::ConnectionUnblocked) => self.set_blocked(None),
                    Some(Event::Error(error)) => self.note(&error.to_string()),
                    _ => {}
                },
                // Events may have come before the listener was there.
                () = tokio::time::sleep(LOOK) => {}
            }
            let status = self.connection.status();
            if status.blocked() != self.blocked().is_some() {
                self.set_blocked(status.blocked().then(|| "blocked by the broker".to_owned()));
            }
            let killed = self.socket.0.lock().unwrap_or_else(PoisonError::into_inner).is_none();
            if killed || !status.connected() {
                self.socket.shut();
                self.over.send_replace(true);
                let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
                return cause.unwrap_or_else(|| "the connection ended".to_owned());
            }
        }
    }

    /// Keeps the last error as a possible cause of the end.
    fn note(&self, error: &str) {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_owned());
    }

    fn set_blocked(&self, reason: Option<String>) {
        match &reason {
            Some(reason) => tracing::warn!(reason, "the broker takes no messages, what is to be sent waits"),
            None => tracing::info!("the broker takes messages again"),
        }
        self.blocked.send_replace(reason.map(|reason| (Instant::now(), reason)));
    }
}

/// Why a call was not answered as hoped.
pub(super) enum Refused {
    Error(lapin::Error),
    /// The connection ended or was thrown away.
    Over,
}

/// Returns when the connection is over.
pub(super) async fn until(mut over: watch::Receiver<bool>) {
    let _ = over.wait_for(|over| *over).await;
}

impl From<Refused> for BusError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Error(error) => away(error),
            Refused::Over => away("the connection ended"),
        }
    }
}

/// How often a connection is looked at beside its events.
const LOOK: Duration = Duration::from_millis(250);
/// A connection that held this long starts the pauses again from the shortest.
const HELD: Duration = Duration::from_secs(10);

#[derive(Clone)]
enum Slot {
    /// The first try is under way.
    Starting,
    Up(Arc<Link>),
    Down {
        since: Instant,
        cause: String,
    },
    /// Closed for a stop.
    Closed,
}

/// A connection that comes back.
pub(super) struct Supervised {
    slot: watch::Sender<Slot>,
    born: Instant,
}

impl Supervised {
    pub fn new() -> Self {
        Self { slot: watch::Sender::new(Slot::Starting), born: Instant::now() }
    }

    /// Connects and connects again until [`Supervised::close`]. A pause ends early when `found`: another connection of
    /// this process reached the broker.
    pub async fn supervise(&self, options: &RabbitOptions, name: &str, found: &Notify, connected: impl Fn()) {
        let mut pauses = Pauses::new(options.limits.back_off);
        while !matches!(*self.slot.borrow(), Slot::Closed) {
            let cause = match Link::open(options, name).await {
                Ok(link) => {
                    tracing::info!(broker = ?options.address, connection = name, "connected");
                    let (link, from) = (Arc::new(link), Instant::now());
                    if !self.set(Slot::Up(link.clone())) {
                        break;
                    }
                    connected();
                    found.notify_waiters();
                    let cause = link.follow().await;
                    if from.elapsed() > HELD {
                        pauses = Pauses::new(options.limits.back_off);
                    }
                    cause
                }
                Err(cause) => cause,
            };
            let since = match &*self.slot.borrow() {
                Slot::Down { since, .. } => *since,
                _ => Instant::now(),
            };
            let pause = pauses.next();
            let broker = &options.address;
            tracing::warn!(?broker, connection = name, cause, pause_ms = pause.as_millis() as u64, "no connection");
            if !self.set(Slot::Down { since, cause }) {
                break;
            }
            let _ = tokio::time::timeout(pause, found.notified()).await;
        }
    }

    /// False after the close.
    fn set(&self, slot: Slot) -> bool {
        self.slot.send_if_modified(|old| {
            let open = !matches!(old, Slot::Closed);
            if open {
                *old = slot;
            }
            open
        })
    }

    /// The connection, if there is one now; waits only for the very first try.
    pub async fn now(&self) -> Result<Arc<Link>, BusError> {
        let mut slot = self.slot.subscribe();
        let _ = slot.wait_for(|slot| !matches!(slot, Slot::Starting)).await;
        self.now_or_why()
    }

    fn now_or_why(&self) -> Result<Arc<Link>, BusError> {
        match &*self.slot.borrow() {
            Slot::Up(link) => Ok(link.clone()),
            Slot::Down { cause, .. } => Err(BusError::Away(cause.clone())),
            Slot::Starting => Err(BusError::Away("connecting".to_owned())),
            Slot::Closed => Err(BusError::Away("closed for a stop".to_owned())),
        }
    }

    /// The connection, as soon as there is one.
    pub async fn wait(&self, until: tokio::time::Instant) -> Result<Arc<Link>, BusError> {
        let mut slot = self.slot.subscribe();
        let up = slot.wait_for(|slot| matches!(slot, Slot::Up(_) | Slot::Closed));
        let _ = tokio::time::timeout_at(until, up).await;
        self.now_or_why()
    }

    pub fn state(&self) -> State {
        match &*self.slot.borrow() {
            Slot::Up(link) => match link.blocked() {
                Some((since, reason)) => State::Blocked { since, reason },
                None => State::Connected,
            },
            Slot::Down { since, cause } => State::Degraded { since: *since, cause: cause.clone() },
            Slot::Starting => State::Degraded { since: self.born, cause: "connecting".to_owned() },
            Slot::Closed => State::Degraded { since: self.born, cause: "closed for a stop".to_owned() },
        }
    }

    /// Ends the connection for good, so that acknowledgements under way still arrive.
    pub async fn close(&self) {
        if let Slot::Up(link) = self.slot.send_replace(Slot::Closed) {
            let _ = tokio::time::timeout(Duration::from_secs(1), link.connection.close(200, "stop".into())).await;
        }
    }
}

/// The state a person must know first.
pub(super) fn worse(a: State, b: State) -> State {
    let rank = |state: &State| match state {
        State::Degraded { .. } => 2,
        State::Blocked { .. } => 1,
        State::Connected => 0,
    };
    if rank(&a) >= rank(&b) { a } else { b }
}
