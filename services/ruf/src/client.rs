// SPDX-License-Identifier: EUPL-1.2
//! Asks another process: one call with its repeats, its time, and what is said when it fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{
    Method, Request,
    header::{HOST, HeaderValue},
};
use nachrichten::fehler::Fehler;
use service_platform::{config::RufSettings, with_causes};
use tokio::time::{Instant, timeout_at};

use crate::{
    Limits, RufError,
    identity::Identity,
    link::{Address, Link, Links, NoLink},
    texts::{self, Input, Who},
    wire::{self, Frame, MARK, Parts, Unread, WAITS},
};

/// Repeats of a call; more while a process restarts, see [`Limits::patience`].
const REPEATS: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Slowest line that is waited for.
const BYTES_PER_SECOND: u64 = 1 << 20;

/// A row of the table as the client needs it.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    path: &'static str,
    /// What is known about the input when the request left and no answer came.
    lost: Input,
    /// Only the head of the answer has to come in time; the rest as long as it keeps coming.
    fetch: bool,
    times: u32,
}

impl Kind {
    fn new(path: &'static str, lost: Input) -> Self {
        Self { path, lost, fetch: false, times: 1 }
    }
    pub fn read(path: &'static str) -> Self {
        Self::new(path, Input::None)
    }
    pub fn fetch(path: &'static str) -> Self {
        Self { fetch: true, ..Self::read(path) }
    }
    pub fn once(path: &'static str) -> Self {
        Self::new(path, Input::Again)
    }
    pub fn write(path: &'static str) -> Self {
        Self::new(path, Input::Open)
    }
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// May it be asked again although it may have arrived?
    fn is_repeatable(self) -> bool {
        self.lost != Input::Open
    }

    /// What is known when it never left.
    fn kept(self) -> Input {
        if self.lost == Input::None { Input::None } else { Input::NotDone }
    }
}

/// Why there is no answer.
enum Failure {
    /// The request did not leave.
    Kept(String),
    /// It may have arrived.
    Lost(String),
    /// The certificates do not fit.
    Refused(String),
    /// Something answers that is no service of this version.
    Foreign(String),
}

impl From<NoLink> for Failure {
    fn from(error: NoLink) -> Self {
        match error {
            NoLink::Away(why) => Self::Kept(why),
            NoLink::Refused(why) => Self::Refused(why),
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        // With TLS 1.3 the server's verdict on our certificate arrives after the handshake.
        match texts::certificate(&error) {
            Some(why) => Self::Refused(why),
            None => Self::Lost(with_causes(&error)),
        }
    }
}

/// The connection to one other process.
pub(crate) struct Client {
    who: Who,
    links: Links,
    limits: Limits,
    away: AtomicBool,
}

impl Client {
    /// Asks, again where that is harmless, within the time of the call.
    pub async fn call(&self, kind: Kind, call: Frame) -> Result<Frame, Fehler> {
        let (parts, headers) = Parts::of(call);
        let [json, bytes] = parts.sizes();
        for (size, limit) in [(json, self.limits.json), (bytes, self.limits.bytes)] {
            if size > limit {
                return Err(texts::too_large(limit, format!("{}: {size} B", kind.path)));
            }
        }
        let time = self.limits.call * kind.times + Duration::from_secs((json + bytes) / BYTES_PER_SECOND);
        let until = Instant::now() + time;
        let patient_until = Instant::now() + self.limits.patience;
        let (mut pause, mut arrived) = (FIRST_PAUSE, false);
        for attempt in 0.. {
            let mut request = Request::new(parts.clone());
            *request.headers_mut() = headers.clone();
            let mut left = false;
            let failure = match self.attempt(kind, request, until, &mut left).await {
                Ok(answer) => {
                    if self.away.swap(false, Ordering::Relaxed) {
                        tracing::info!(peer = self.who.name, "answers again");
                    }
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            arrived |= matches!(failure, Failure::Lost(_));
            let again = match &failure {
                Failure::Kept(_) => true,
                Failure::Lost(_) => kind.is_repeatable(),
                Failure::Refused(_) | Failure::Foreign(_) => false,
            };
            let next = Instant::now() + jittered(pause);
            // A process that restarts refuses connections for a moment: nobody need notice, unless it is known to be away.
            let known = self.away.load(Ordering::Relaxed);
            let restarts = matches!(failure, Failure::Kept(_)) && next < patient_until && !known;
            let tired = attempt >= REPEATS && !restarts;
            if tired || !again || next >= until {
                return Err(self.say(kind, failure, arrived));
            }
            tracing::debug!(peer = self.who.name, path = kind.path, attempt, "no answer, asking again");
            tokio::time::sleep_until(next).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(self.say(kind, Failure::Kept("never asked".to_owned()), arrived))
    }

    /// One request. Dropping it ends the connection, and with it the work of the server.
    async fn attempt(
        &self,
        kind: Kind,
        mut request: Request<Parts>,
        until: Instant,
        left: &mut bool,
    ) -> Result<Frame, Failure> {
        *request.uri_mut() = kind.path.parse().map_err(|_| Failure::Kept("no path".to_owned()))?;
        *request.method_mut() = Method::POST;
        let host = HeaderValue::from_str(self.links.authority()).map_err(|_| Failure::Kept("no host".to_owned()))?;
        request.headers_mut().insert(HOST, host);
        let waits = until.saturating_duration_since(Instant::now()).as_millis();
        request.headers_mut().insert(WAITS, HeaderValue::from(u64::try_from(waits).unwrap_or(u64::MAX)));
        let late = |left: &bool| {
            let why = "no answer in time".to_owned();
            if *left { Failure::Lost(why) } else { Failure::Kept(why) }
        };
        let asked = timeout_at(until, self.ask(request, left)).await;
        let (link, response) = match asked {
            Ok(answered) => answered?,
            Err(_) => return Err(late(left)),
        };
        let (head, body) = response.into_parts();
        if !head.headers.contains_key(MARK) {
            return Err(Failure::Foreign(format!("{} without the mark of a core service", head.status)));
        }
        let reading = wire::read(&head.headers, body, &self.limits);
        let read = match kind.fetch {
            true => reading.await,
            false => timeout_at(until, reading).await.map_err(|_| late(left))?,
        };
        let answer = read.map_err(|unread| match unread {
            Unread::TooLarge(what) => Failure::Foreign(format!("answer too large: {what}")),
            Unread::Wrong(what) => Failure::Foreign(what.to_owned()),
            Unread::Cut(why) => Failure::Lost(why),
        })?;
        self.links.keep(link);
        Ok(answer)
    }

    async fn ask(
        &self,
        mut request: Request<Parts>,
        left: &mut bool,
    ) -> Result<(Link, hyper::Response<hyper::body::Incoming>), Failure> {
        loop {
            let unused = self.links.unused().await;
            let fresh = unused.is_none();
            let mut link = match unused {
                Some(link) => link,
                None => self.links.connect().await?,
            };
            *left = true;
            match link.sender.try_send_request(request).await {
                Ok(response) => return Ok((link, response)),
                Err(mut error) => match error.take_message() {
                    // It is still here whole: the connection had ended before.
                    Some(back) => {
                        *left = false;
                        if fresh {
                            return Err(link.verdict(NoLink::from(error.into_error())).await.into());
                        }
                        request = back;
                    }
                    None => {
                        let lost = Failure::from(error.into_error());
                        return Err(match link.verdict(NoLink::Away(String::new())).await {
                            NoLink::Refused(why) => Failure::Refused(why),
                            NoLink::Away(_) => lost,
                        });
                    }
                },
            }
        }
    }

    /// The words for a person, and the alarm for the operators: once, until it answers again. After an attempt that may
    /// have arrived (`arrived`) nobody says any more that nothing did.
    fn say(&self, kind: Kind, failure: Failure, arrived: bool) -> Fehler {
        let (peer, path) = (self.who.name, kind.path);
        let first = !self.away.swap(true, Ordering::Relaxed);
        let (alarm, why) = match &failure {
            Failure::Kept(why) | Failure::Lost(why) => ("ruf-weg", why),
            Failure::Refused(why) => ("ruf-zertifikat", why),
            Failure::Foreign(why) => ("ruf-version", why),
        };
        // What else lies unused may end at the same silent machine.
        if matches!(failure, Failure::Lost(_)) {
            self.links.forget();
        }
        if first {
            tracing::error!(alarm, peer, path, why, "another core service gives no answer");
        }
        let input = if arrived { kind.lost } else { kind.kept() };
        match failure {
            Failure::Kept(why) | Failure::Lost(why) => texts::away(self.who, input, &format!("{path}: {why}")),
            Failure::Refused(why) => texts::refused(self.who.titel, input, format!("{peer}: {path}: {why}")),
            Failure::Foreign(why) => texts::foreign(self.who, kind.lost, &format!("{path}: {why}")),
        }
    }

    /// A body that is no answer to this method.
    pub fn misunderstood(&self, path: &str, error: &serde_json::Error) -> Fehler {
        texts::foreign(self.who, Input::Open, &format!("{path}: {error}"))
    }

    /// Does it answer, in this version, to us? For `/ready`.
    async fn answers(&self) -> Result<(), Fehler> {
        let answer = self.call(Kind::read("/ruf/1"), Frame::default()).await?;
        let _names: Vec<String> = answer.open().map_err(|e| self.misunderstood("/ruf/1", &e))??;
        Ok(())
    }
}

/// Between half and all of `pause`: services that lost the same peer do not come back together.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

/// The other core services; each implements the traits that the table gives it.
pub mod remote {
    use nachrichten::fehler::Fehler;

    macro_rules! remotes {
        ($($(#[$doc:meta])* $name:ident)+) => { $(
            $(#[$doc])*
            pub struct $name(pub(crate) super::Client);
            impl $name {
                /// Does it answer, in this version, to us?
                ///
                /// # Errors
                /// As any call of it.
                pub async fn answers(&self) -> Result<(), Fehler> {
                    self.0.answers().await
                }
            }
        )+ };
    }
    remotes! {
        /// `Sendungen`.
        Eingang
        /// `Aufgaben`, `Ablaeufe`, `Fassungen`, `Wiedervorlagen`, `Rueckmeldungen`, `Verweise`.
        Geschaeftsgang
        /// `Dokumente`, `Suche`, `Verweise`.
        Akten
    }
}

/// The other core services whose address is set; `None` = it runs in this process.
pub struct Neighbours {
    pub eingang: Option<Arc<remote::Eingang>>,
    pub geschaeftsgang: Option<Arc<remote::Geschaeftsgang>>,
    pub akten: Option<Arc<remote::Akten>>,
}

impl Neighbours {
    /// Connects nowhere yet: a neighbour that is away stops nobody from starting.
    ///
    /// # Errors
    /// Addresses or certificates that cannot be used.
    pub fn open(settings: &RufSettings) -> Result<Self, RufError> {
        Self::open_with(settings, Limits::default())
    }

    /// With other bounds.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(settings: &RufSettings, limits: Limits) -> Result<Self, RufError> {
        let identity = Identity::open(settings, limits.look)?;
        let client = |url: &str, who: Who| -> Result<Option<Client>, RufError> {
            if url.is_empty() {
                return Ok(None);
            }
            let address = Address::read(who.name, url, identity.as_ref())?;
            let links = Links::new(address, limits);
            Ok(Some(Client { who, links, limits, away: AtomicBool::new(false) }))
        };
        Ok(Self {
            eingang: client(&settings.eingang, texts::EINGANG)?.map(|c| Arc::new(remote::Eingang(c))),
            geschaeftsgang: client(&settings.geschaeftsgang, texts::GESCHAEFTSGANG)?
                .map(|c| Arc::new(remote::Geschaeftsgang(c))),
            akten: client(&settings.akten, texts::AKTEN)?.map(|c| Arc::new(remote::Akten(c))),
        })
    }
}
