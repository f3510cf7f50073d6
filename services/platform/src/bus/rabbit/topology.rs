// SPDX-License-Identifier: EUPL-1.2
//! What the broker must have: exchange, queues, bindings, dead letters. The owner makes it and looks after it; all
//! others look whether it is there.
//!
//! | what | how |
//! |---|---|
//! | exchange `eakte` | direct, durable; routing key = name of the queue |
//! | queue `NAME`, `NAME.eilig` | quorum, durable, `x-delivery-limit` 5, dead letters at least once to `eakte.tot`, `x-overflow` reject-publish (asked for by that strategy; nothing is dropped at a limit) |
//! | exchange `eakte.tot` | fanout, durable, with the one queue `eakte.tot` |
//! | exchange `eakte.ereignisse` | topic, durable; routing key = type of the event; whoever listens binds a queue of its own |
//! | queue `eakte.tot` | quorum, durable; a person reads it and takes out what is dealt with, so its own limit of deliveries is out of reach |
//!
//! A queue or exchange that exists with other arguments is never deleted from here: it may hold messages. It is
//! reported once, nothing is sent to it and nothing taken from it, and it is looked at again every few seconds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString, ShortString},
};
use tokio::sync::Notify;

use super::{
    Inner, LANES, RabbitOptions, lane_queue,
    link::{Link, NOT_ALLOWED, NOT_FOUND, Refused, UNFIT, code},
};
use crate::bus::{BusError, DELIVERY_LIMIT, QueueState};

pub(super) const EXCHANGE: &str = "eakte";
pub(super) const DEAD: &str = "eakte.tot";
pub(super) const EVENTS: &str = nachrichten::ereignisse::VERTEILSTELLE;
/// RabbitMQ 4 gives every quorum queue a limit; 3.10 knows no word for "none".
const WITHOUT_LIMIT: i64 = 1_000_000;

pub(super) struct Topology {
    queues: Mutex<BTreeSet<String>>,
    /// Names of broker queues that were seen as they must be: one that is missing later was lost.
    seen: Mutex<BTreeSet<String>>,
    /// What is not as it must be, by `queue NAME` or `exchange NAME`.
    faults: Mutex<BTreeMap<String, Fault>>,
    wanted: Notify,
    /// One declaration at a time.
    making: tokio::sync::Mutex<()>,
}

/// The broker's refusal.
#[derive(Clone)]
struct Fault {
    code: u16,
    words: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Topology {
    pub fn new(options: &RabbitOptions) -> Self {
        Self {
            queues: Mutex::new(options.queues.iter().cloned().collect()),
            seen: Mutex::default(),
            faults: Mutex::default(),
            wanted: Notify::new(),
            making: tokio::sync::Mutex::default(),
        }
    }

    /// From now on the owner looks after this queue too.
    pub fn add(&self, queue: &str) {
        lock(&self.queues).insert(queue.to_owned());
    }

    /// Asks for a look before the next one is due.
    pub fn look(&self) {
        self.wanted.notify_one();
    }

    /// What is wrong with a queue or with the way to it, if anything.
    pub fn fault(&self, queue: &str) -> Option<String> {
        let faults = lock(&self.faults);
        if faults.is_empty() {
            return None;
        }
        let lanes = LANES.map(|lane| format!("queue {}", lane_queue(queue, lane)));
        [format!("exchange {EXCHANGE}")].iter().chain(&lanes).find_map(|name| faults.get(name)).map(|f| f.words.clone())
    }

    /// What is wrong with the exchange of the events, if anything.
    pub fn event_fault(&self) -> Option<String> {
        lock(&self.faults).get(&format!("exchange {EVENTS}")).map(|f| f.words.clone())
    }

    pub fn alarms(&self) -> Vec<String> {
        lock(&self.faults).iter().map(|(name, fault)| alarm(name, fault)).collect()
    }

    /// Makes a queue with both lanes, and what it needs; true when a lane was there once and is made anew.
    pub async fn make(&self, link: &Link, queue: &str) -> Result<bool, BusError> {
        let _one = self.making.lock().await;
        self.frame(link).await?;
        let anew = self.lanes(link, queue).await?;
        match self.fault(queue) {
            None => Ok(anew),
            Some(detail) => Err(BusError::Unfit { queue: queue.to_owned(), detail }),
        }
    }

    /// Exchanges and the queue of the dead letters. What is unfit stands in the faults and stops only what needs it.
    async fn frame(&self, link: &Link) -> Result<(), BusError> {
        for (name, kind) in
            [(EXCHANGE, ExchangeKind::Direct), (DEAD, ExchangeKind::Fanout), (EVENTS, ExchangeKind::Topic)]
        {
            let declare = |channel: Channel| async move {
                let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                channel.exchange_declare(name.into(), kind, durable, FieldTable::default()).await
            };
            let declared = on_a_channel(link, "exchange.declare", declare).await;
            self.judge(format!("exchange {name}"), declared)?;
        }
        if self.queue(link, DEAD, DEAD, dead_arguments()).await? {
            tracing::error!("somebody deleted the queue of the dead letters and what was in it");
        }
        Ok(())
    }

    async fn lanes(&self, link: &Link, queue: &str) -> Result<bool, BusError> {
        let mut anew = false;
        for lane in LANES {
            anew |= self.queue(link, &lane_queue(queue, lane), EXCHANGE, arguments()).await?;
        }
        Ok(anew)
    }

    /// One queue with its binding; true when it was there once and is made anew.
    async fn queue(&self, link: &Link, name: &str, exchange: &str, arguments: FieldTable) -> Result<bool, BusError> {
        let missing = !exists(link, name).await?;
        let (queue, exchange) = (ShortString::from(name), ShortString::from(exchange));
        let declare = |channel: Channel| async move {
            channel.queue_declare(queue.clone(), QueueDeclareOptions::durable(), arguments).await?;
            channel.queue_bind(queue.clone(), exchange, queue, QueueBindOptions::default(), FieldTable::default()).await
        };
        let declared = on_a_channel(link, "queue.declare", declare).await;
        let fit = self.judge(format!("queue {name}"), declared)?;
        let known = fit && !lock(&self.seen).insert(name.to_owned());
        Ok(missing && known)
    }

    /// Is it as it must be? Keeps or lifts the fault of a name and says each change once.
    fn judge(&self, name: String, declared: Result<(), Refused>) -> Result<bool, BusError> {
        match declared {
            Ok(()) => {
                if lock(&self.faults).remove(&name).is_some() {
                    tracing::info!("{name} is as it must be again");
                }
                Ok(true)
            }
            Err(Refused::Error(error)) if code(&error).is_some_and(|c| UNFIT.contains(&c)) => {
                let fault = Fault { code: code(&error).unwrap_or_default(), words: error.to_string() };
                if lock(&self.faults).insert(name.clone(), fault).is_none() {
                    tracing::error!(%error, "{name} cannot be made as it must be; nothing goes there");
                }
                Ok(false)
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// What an operator reads.
fn alarm(name: &str, Fault { code, words }: &Fault) -> String {
    let (what, remedy) = match name.split_once(' ') {
        Some(("queue", queue)) => (
            format!("Warteschlange „{queue}“"),
            format!("die Warteschlange auf dem Broker löschen (rabbitmqctl delete_queue {queue})"),
        ),
        _ => (
            format!("Verteilstelle „{}“", name.trim_start_matches("exchange ")),
            "die Verteilstelle („exchange“) auf dem Broker löschen".to_owned(),
        ),
    };
    let (fault, remedy) = match *code {
        NOT_ALLOWED => ("darf das Konto des Dienstes auf dem Broker nicht anlegen", "dem Konto das Recht dazu geben"),
        _ => ("gibt es auf dem Broker mit anderen Eigenschaften als vorgesehen", remedy.as_str()),
    };
    format!(
        "Die {what} {fault}. Nachrichten dieser Art ruhen in der Datenbank, verloren ist nichts. Bitte {remedy}; wenige \
         Sekunden später ist sie richtig angelegt und alles geht hinaus. Der Broker sagt: {words}"
    )
}

/// Is a queue of the broker there, whatever its arguments?
async fn exists(link: &Link, name: &str) -> Result<bool, BusError> {
    let queue = ShortString::from(name);
    let passive = |channel: Channel| async move {
        channel.queue_declare(queue, QueueDeclareOptions::durable().passive(), FieldTable::default()).await
    };
    match on_a_channel(link, "queue.declare", passive).await {
        Ok(_) => Ok(true),
        Err(Refused::Error(error)) if code(&error) == Some(NOT_FOUND) => Ok(false),
        // There, and not as it must be: that is for the declaration to say.
        Err(Refused::Error(error)) if code(&error).is_some_and(|c| UNFIT.contains(&c)) => Ok(true),
        Err(refused) => Err(refused.into()),
    }
}

/// How full a queue is, both lanes together. A worker takes from both, so one lane counts them.
pub(super) async fn state(link: &Link, queue: &str) -> Result<QueueState, BusError> {
    let mut state = QueueState::default();
    for lane in LANES {
        let name = ShortString::from(lane_queue(queue, lane));
        let passive = |channel: Channel| async move {
            channel.queue_declare(name, QueueDeclareOptions::durable().passive(), FieldTable::default()).await
        };
        let there = match on_a_channel(link, "queue.declare", passive).await {
            Err(Refused::Error(error)) if code(&error) == Some(NOT_FOUND) => {
                return Err(BusError::Unroutable(queue.to_owned()));
            }
            asked => asked?,
        };
        state.waiting += u64::from(there.message_count());
        state.consumers = state.consumers.max(u64::from(there.consumer_count()));
    }
    Ok(state)
}

/// For those who do not own the topology: is the queue there, in both lanes?
pub(super) async fn there(link: &Link, queue: &str) -> Result<(), BusError> {
    for lane in LANES {
        if !exists(link, &lane_queue(queue, lane)).await? {
            return Err(BusError::Unroutable(queue.to_owned()));
        }
    }
    Ok(())
}

/// A call on a channel of its own: a refusal closes the channel and nothing else.
pub(super) async fn on_a_channel<T, F>(
    link: &Link,
    what: &str,
    call: impl FnOnce(Channel) -> F + Send,
) -> Result<T, Refused>
where
    F: Future<Output = lapin::Result<T>> + Send,
{
    link.call(what, async {
        let channel = link.connection.create_channel().await?;
        let answer = call(channel.clone()).await?;
        channel.close(200, "done".into()).await?;
        Ok(answer)
    })
    .await
}

fn table(entries: &[(&str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert(ShortString::from(*name), value.clone());
    }
    table
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(text))
}

fn arguments() -> FieldTable {
    table(&[
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", AMQPValue::LongLongInt(DELIVERY_LIMIT.into())),
        ("x-dead-letter-exchange", text(DEAD)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ])
}

fn dead_arguments() -> FieldTable {
    table(&[("x-queue-type", text("quorum")), ("x-delivery-limit", AMQPValue::LongLongInt(WITHOUT_LIMIT))])
}

/// The owner's look at everything: after each connect, after each sign of damage, and every few seconds.
pub(super) async fn look_after(inner: Arc<Inner>) {
    loop {
        let _ = tokio::time::timeout(inner.options.limits.check, inner.topology.wanted.notified()).await;
        let Ok(link) = inner.consuming.now().await else { continue };
        if let Err(error) = look(&inner, &link).await {
            tracing::debug!(%error, "the topology could not be looked at");
        }
        // Signs of damage may come fast; the look need not.
        tokio::time::sleep(super::WAIT).await;
    }
}

async fn look(inner: &Inner, link: &Link) -> Result<(), BusError> {
    let topology = &inner.topology;
    let _one = topology.making.lock().await;
    topology.frame(link).await?;
    let queues = lock(&topology.queues).clone();
    for queue in queues {
        let anew = topology.lanes(link, &queue).await?;
        inner.lost(anew, &queue);
    }
    Ok(())
}
