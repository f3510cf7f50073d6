// SPDX-License-Identifier: EUPL-1.2
//! The bus on RabbitMQ (3.10 or newer, AMQP 0-9-1), for cities that outgrow one machine.
//!
//! What the broker is asked to keep (see `topology.rs`): per queue of the port two durable quorum queues, `NAME` and
//! `NAME.eilig`, bound to the exchange `eakte`; dead letters go at least once to the queue `eakte.tot`. Events for
//! others go to the topic exchange `eakte.ereignisse`; queues there are theirs, not ours. One process owns this topology
//! ([`RabbitOptions::owner`]): it declares it at each connect and looks after it every few seconds; all others look
//! whether their queue is there and wait.
//!
//! The urgent lane is a second queue because quorum queues know no priorities before RabbitMQ 4.0 (and two levels
//! since), and a queue that has them must be of the classic kind, which loses what is in it when its node is lost.
//!
//! Two connections, each with a supervisor of its own (see `link.rs`): one publishes, one consumes and looks after the
//! topology. So a broker that is short of memory, which stops reading from publishers, still takes acknowledgements.
//! lapin's automatic recovery is not used: with it a call can wait for ever. Every call here ends after
//! [`Limits::call`], and a connection that did not answer is thrown away.

mod address;
mod consume;
mod dead;
mod link;
mod pauses;
mod publish;
mod topology;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::metriken::{Labels, count, metriken};

use super::{Bus, BusError, Consumer, DeadLetter, Event, Health, Lane, Message, QueueState, State, gate::Gate};
pub use address::{Address, AddressError};
use link::Supervised;
use topology::Topology;

/// The queue of a lane.
fn lane_queue(queue: &str, lane: Lane) -> String {
    match lane {
        Lane::Normal => queue.to_owned(),
        Lane::Urgent => format!("{queue}{URGENT}"),
    }
}

const URGENT: &str = ".eilig";
const LANES: [Lane; 2] = [Lane::Urgent, Lane::Normal];

/// How the bus on the broker behaves.
#[derive(Clone, Debug)]
pub struct RabbitOptions {
    pub address: Address,
    /// Shown in the broker's list of connections, e.g. `geschaeftsgang`.
    pub name: String,
    /// This process makes the topology; all others wait for it.
    pub owner: bool,
    /// Queues to make at the first connect, if this process is the owner; [`Bus::declare`] adds to them.
    pub queues: Vec<String>,
    pub limits: Limits,
}

impl RabbitOptions {
    pub fn new(address: Address, name: &str) -> Self {
        Self { address, name: name.to_owned(), owner: false, queues: Vec::new(), limits: Limits::default() }
    }

    /// Makes the topology with these queues.
    pub fn owner(mut self, queues: impl IntoIterator<Item = String>) -> Self {
        self.owner = true;
        self.queues = queues.into_iter().collect();
        self
    }
}

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Publish with its confirm, and each other call; after it the connection is thrown away.
    pub call: Duration,
    /// Connect with TLS and login.
    pub connect: Duration,
    /// How long [`Bus::declare`] and [`Bus::consume`] wait for a queue or a connection.
    pub patience: Duration,
    /// How often the owner looks after the topology.
    pub check: Duration,
    /// Shortest and longest pause before the next try to connect.
    pub back_off: (Duration, Duration),
    /// Silence of the broker after which a connection counts as dead, at most; half of it is the heartbeat's.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            check: Duration::from_secs(5),
            back_off: (Duration::from_millis(200), Duration::from_secs(10)),
            silence: Duration::from_secs(30),
        }
    }
}

/// The bus; its connections end with the last reference.
pub struct RabbitBus {
    inner: Arc<Inner>,
    /// Supervisors and the check of the topology; ended with the bus.
    _tasks: JoinSet<()>,
}

struct Inner {
    options: RabbitOptions,
    publishing: Supervised,
    consuming: Supervised,
    topology: Topology,
    losses: AtomicU64,
    connects: AtomicU64,
    gate: Gate,
    /// One look at the dead letters at a time: while one holds them, another would see none.
    dead: tokio::sync::Mutex<()>,
}

impl RabbitBus {
    /// Starts to connect and returns at once: a broker that is away is a state, not an error. Needs a tokio runtime.
    pub fn start(options: RabbitOptions) -> Self {
        let inner = Arc::new(Inner {
            topology: Topology::new(&options),
            publishing: Supervised::new(),
            consuming: Supervised::new(),
            losses: AtomicU64::new(0),
            connects: AtomicU64::new(0),
            gate: Gate::default(),
            dead: tokio::sync::Mutex::new(()),
            options,
        });
        let (mut tasks, found) = (JoinSet::new(), Arc::new(Notify::new()));
        for (which, role) in [(Which::Publishing, "publishes"), (Which::Consuming, "consumes")] {
            let (inner, found) = (inner.clone(), found.clone());
            tasks.spawn(async move {
                let name = format!("eakte {} {role}", inner.options.name);
                which.of(&inner).supervise(&inner.options, &name, &found, || prepare(&inner, which)).await;
            });
        }
        if inner.options.owner {
            tasks.spawn(topology::look_after(inner.clone()));
        }
        Self { inner, _tasks: tasks }
    }
}

#[derive(Clone, Copy)]
enum Which {
    Publishing,
    Consuming,
}

impl Which {
    fn of(self, inner: &Inner) -> &Supervised {
        match self {
            Self::Publishing => &inner.publishing,
            Self::Consuming => &inner.consuming,
        }
    }
}

/// A new connection is there: the owner looks at the topology at once.
fn prepare(inner: &Inner, which: Which) {
    inner.connects.fetch_add(1, Ordering::SeqCst);
    if matches!(which, Which::Consuming) {
        inner.topology.look();
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn declare(&self, queue: &str) -> Result<(), BusError> {
        let inner = &self.inner;
        inner.topology.add(queue);
        let until = Instant::now() + inner.options.limits.patience;
        loop {
            let error = match inner.ready(queue, until).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if Instant::now() + WAIT > until {
                return Err(error);
            }
            tokio::time::sleep(WAIT).await;
        }
    }

    async fn publish_in(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError> {
        let published = self.inner.publish(queue, lane, message).await;
        match &published {
            Ok(()) => count(&metriken().bus_published, Labels::new()),
            Err(BusError::Unroutable(_)) => count(&metriken().bus_returned, Labels::new()),
            Err(_) => {}
        }
        published
    }

    async fn emit(&self, event: Event) -> Result<(), BusError> {
        self.inner.emit(event).await
    }

    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError> {
        if self.inner.gate.is_closed() {
            std::future::pending::<()>().await;
        }
        if let Some(detail) = self.inner.topology.fault(queue) {
            return Err(BusError::Unfit { queue: queue.to_owned(), detail });
        }
        let until = Instant::now() + self.inner.options.limits.patience;
        let link = self.inner.consuming.wait(until).await?;
        Ok(Box::new(consume::open(&link, queue, prefetch, self.inner.gate.clone()).await?))
    }

    async fn queue_state(&self, queue: &str) -> Result<QueueState, BusError> {
        let link = self.inner.consuming.now().await?;
        topology::state(&link, queue).await
    }

    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, BusError> {
        self.inner.dead_letters().await
    }

    async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, BusError> {
        self.inner.drop_dead_letter(id).await
    }

    fn health(&self) -> Health {
        let state = link::worse(self.inner.publishing.state(), self.inner.consuming.state());
        let alarms = alarm(&state).into_iter().chain(self.inner.topology.alarms()).collect();
        Health { state, alarms }
    }

    fn losses(&self) -> u64 {
        self.inner.losses.load(Ordering::SeqCst)
    }

    fn connects(&self) -> u64 {
        self.inner.connects.load(Ordering::SeqCst)
    }

    async fn drain(&self, limit: Duration) -> bool {
        let settled = self.inner.gate.drain(limit).await;
        // What is prefetched goes back to its queue with the connection; publishing stays for what is still in hand.
        if settled {
            self.inner.consuming.close().await;
        }
        settled
    }
}

/// What an operator reads about a connection.
fn alarm(state: &State) -> Option<String> {
    let rest = "Es geht von selbst weiter, sobald er wieder da ist; verloren ist nichts, neu starten hilft nicht.";
    match state {
        State::Connected => None,
        State::Degraded { cause, .. } if cause.contains("ACCESS_REFUSED") => Some(format!(
            "Der Broker weist Name oder Kennwort dieses Dienstes zurück. Bitte die Adresse in „bus.url_datei“ prüfen. \
             Der Broker sagt: {cause}"
        )),
        State::Degraded { cause, .. } if cause.contains("certificate") => Some(format!(
            "Das Zertifikat des Brokers gilt nicht. Bitte Ablauf, Namen und „bus.ca_datei“ prüfen. Grund: {cause}"
        )),
        State::Degraded { cause, .. } => Some(format!("Keine Verbindung zum Broker ({cause}). {rest}")),
        State::Blocked { reason, .. } => Some(format!(
            "Der Broker nimmt nichts an, sein Speicher oder seine Platte ist knapp ({reason}). Bitte dort Platz schaffen. \
             {rest}"
        )),
    }
}

/// Pause between two looks for a queue that its owner has not made yet.
const WAIT: Duration = Duration::from_millis(200);

impl Inner {
    /// Is the queue there as it must be? The owner makes it.
    async fn ready(&self, queue: &str, until: Instant) -> Result<(), BusError> {
        let link = self.consuming.wait(until).await?;
        if self.options.owner {
            let made = self.topology.make(&link, queue).await?;
            self.lost(made, queue);
            Ok(())
        } else {
            topology::there(&link, queue).await
        }
    }

    fn lost(&self, made_anew: bool, queue: &str) {
        if made_anew {
            self.losses.fetch_add(1, Ordering::SeqCst);
            tracing::warn!(queue, "queue was not there and is made anew; what was in it is lost");
        }
    }
}
