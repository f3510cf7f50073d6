// SPDX-License-Identifier: EUPL-1.2
//! The bus on RabbitMQ under faults of the broker: killed, stopped, damaged, short of memory, silent. Nothing that was
//! confirmed is lost, what was not confirmed is known to its sender, and nobody has to restart a service.
//!
//! Short: each fault once. `EAKTE_LONG=1`: five kills. One node per test process, one test at a time.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/broker.rs"]
mod broker;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use broker::{EXCHANGE, bis, bus, degraded, message, secs};
use nachrichten::MessageId;
use serde_json::json;
use service_platform::{
    bus::{Bus, BusError, Lane, Message, State},
    outbox,
    uhr::{Clock as _, SystemClock},
};
use service_platform_testkit::{TestRabbit, rabbit, sqlite};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

/// A sender that publishes again with the same id until it is confirmed, and a receiver that consumes again.
struct Verkehr {
    /// Numbers below are confirmed.
    confirmed: Arc<AtomicU64>,
    seen: Arc<Mutex<BTreeMap<u64, u32>>>,
    /// How often the receiver had to begin anew.
    begun: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    slowest: Arc<Mutex<Duration>>,
    sending: JoinSet<()>,
    receiving: JoinSet<()>,
}

impl Verkehr {
    fn neu(sender: Arc<dyn Bus>, receiver: Arc<dyn Bus>, queue: &str) -> Self {
        let (confirmed, stop, slowest) = <(Arc<AtomicU64>, Arc<AtomicBool>, Arc<Mutex<Duration>>)>::default();
        let (seen, begun) = <(Arc<Mutex<BTreeMap<u64, u32>>>, Arc<AtomicU64>)>::default();
        let (name, queue) = (queue.to_owned(), queue.to_owned());
        let (counted, halted, slow) = (confirmed.clone(), stop.clone(), slowest.clone());
        let (mut sending, mut receiving) = (JoinSet::new(), JoinSet::new());
        sending.spawn(async move {
            let mut n = 0;
            while !halted.load(Ordering::SeqCst) {
                let from = Instant::now();
                let lane = if n % 5 == 0 { Lane::Urgent } else { Lane::Normal };
                let sent = sender.publish_in(&name, lane, message(n)).await;
                {
                    let mut slowest = slow.lock().unwrap();
                    *slowest = slowest.max(from.elapsed());
                }
                match sent {
                    Ok(()) => {
                        n += 1;
                        counted.store(n, Ordering::SeqCst);
                    }
                    Err(_) => sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let (taken, began) = (seen.clone(), begun.clone());
        receiving.spawn(async move {
            loop {
                began.fetch_add(1, Ordering::SeqCst);
                if receiver.declare(&queue).await.is_ok()
                    && let Ok(mut consumer) = receiver.consume(&queue, 50).await
                {
                    while let Some(delivery) = consumer.next().await {
                        *taken.lock().unwrap().entry(delivery.message.body["n"].as_u64().unwrap()).or_default() += 1;
                        delivery.ack();
                    }
                }
                sleep(Duration::from_millis(200)).await;
            }
        });
        Self { confirmed, seen, begun, stop, slowest, sending, receiving }
    }

    fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::SeqCst)
    }

    /// Messages go through again: something sent from now on arrives.
    async fn flows(&self, at_most: Duration) -> Duration {
        let from = self.confirmed();
        bis("flowing", at_most, async || self.seen.lock().unwrap().keys().any(|n| *n > from)).await
    }

    /// Stops the sender; every confirmed message has arrived.
    async fn whole(mut self, broker: &TestRabbit) -> BTreeMap<u64, u32> {
        self.stop.store(true, Ordering::SeqCst);
        // What it sends now may still be confirmed: nothing is compared before its end.
        tokio::time::timeout(secs(30), self.sending.join_next()).await.expect("the sender ends");
        let confirmed = self.confirmed.load(Ordering::SeqCst);
        let missing = || (0..confirmed).filter(|n| !self.seen.lock().unwrap().contains_key(n)).collect::<Vec<u64>>();
        let (from, mut lost) = (Instant::now(), missing());
        while !lost.is_empty() && from.elapsed() < secs(30) {
            sleep(Duration::from_millis(50)).await;
            lost = missing();
        }
        assert!(lost.is_empty(), "confirmed and lost: {lost:?} of {confirmed}; {}", broker.report());
        self.receiving.shutdown().await;
        self.seen.lock().unwrap().clone()
    }
}

/// R09: SIGKILL under load, then a stop in order.
#[tokio::test(flavor = "multi_thread")]
async fn r09_no_confirmed_message_is_lost_when_the_broker_dies() {
    let Some(mut broker) = rabbit().await else { return };
    let queue = broker.fresh("r09");
    let (owner, other) = (bus(&broker, "r09", true), bus(&broker, "r09 other", false));
    owner.declare(&queue).await.unwrap();
    // RabbitMQ 3.10 writes the name of a new queue to disk some seconds after it has said "made" (Ra's directory, a dets
    // table): killed before, it begins that queue anew, empty and without a leader. Queues of ours are made once.
    sleep(secs(6)).await;
    let verkehr = Verkehr::neu(owner.clone(), other.clone(), &queue);
    verkehr.flows(secs(10)).await;
    let kills = if std::env::var_os("EAKTE_LONG").is_some() { 5 } else { 1 };
    for round in 0..=kills {
        let before = verkehr.confirmed();
        bis("under load", secs(20), async || verkehr.confirmed() > before + 200).await;
        if round < kills {
            broker.kill();
            bis("noticed", secs(2), async || degraded(&owner) && degraded(&other)).await;
        } else {
            broker.stop();
        }
        broker.start();
        let down = broker.answers().await;
        let back = verkehr.flows(secs(15)).await;
        println!("R09 round {round}: broker answered after {down:.1?}, first effect {back:.1?} later");
        // Each of the four connections has its own pause before the next try.
        bis("all connected", secs(15), async || !degraded(&owner) && !degraded(&other)).await;
    }
    let seen = verkehr.whole(&broker).await;
    let again = seen.values().filter(|count| **count > 1).count();
    println!("R09: {} messages confirmed, {again} came again", seen.len());
    let dead = owner.dead_letters().await.unwrap();
    assert!(dead.iter().all(|letter| letter.queue != queue), "{dead:?}");
    assert_eq!(owner.losses(), 0, "durable queues came back");
}

/// R11: the exchange is deleted; then the queue is there with other arguments.
#[tokio::test(flavor = "multi_thread")]
async fn r11_a_deleted_exchange_is_mended_and_a_wrong_queue_refused() {
    let Some(broker) = rabbit().await else { return };
    let (queue, sound) = (broker.fresh("r11"), broker.fresh("r11.sound"));
    let (owner, other) = (bus(&broker, "r11", true), bus(&broker, "r11 other", false));
    owner.declare(&queue).await.unwrap();
    owner.declare(&sound).await.unwrap();
    let verkehr = Verkehr::neu(owner.clone(), other.clone(), &queue);
    verkehr.flows(secs(10)).await;

    broker.delete_exchange(EXCHANGE).await;
    println!("R11: exchange mended after {:.1?}", verkehr.flows(secs(10)).await);

    broker.replace_by_classic(&queue).await;
    // With messages under way the broker may close the connection too; the alarm stays.
    let reported = async || {
        let health = owner.health();
        let alarm = health.alarms.into_iter().find(|a| a.contains(&format!("„{queue}“")) && a.contains("delete_queue"));
        alarm.filter(|_| health.state == State::Connected)
    };
    let took = bis("reported", secs(10), async || reported().await.is_some()).await;
    println!("R11: reported after {took:.1?}: {}", reported().await.unwrap());
    assert_eq!(owner.health().alarms.len(), 1);
    let refused = owner.publish(&queue, message(1_000_000)).await;
    assert!(matches!(&refused, Err(BusError::Unfit { queue: q, .. }) if *q == queue), "{refused:?}");
    assert!(matches!(owner.declare(&queue).await, Err(BusError::Unfit { .. })));
    assert!(matches!(owner.consume(&queue, 1).await, Err(BusError::Unfit { .. })));
    owner.publish(&sound, message(1)).await.expect("the others do not suffer");
    // No busy loop: the sender is told at once and waits itself, the receiver begins a few times only.
    let begun = verkehr.begun.load(Ordering::SeqCst);
    sleep(secs(4)).await;
    let rounds = verkehr.begun.load(Ordering::SeqCst) - begun;
    assert!(rounds <= 20, "{rounds} rounds in 4 s");

    let losses = owner.losses();
    broker.delete_queue(&queue).await;
    println!("R11: queue right again after {:.1?}", verkehr.flows(secs(10)).await);
    assert!(owner.health().alarms.is_empty());
    assert!(owner.losses() > losses, "what was in the deleted queue must go out again");
    // What was confirmed into the deleted queues is lost, as the port allows; it was reported.
    drop(verkehr);
    owner.drain(secs(5)).await;
}

/// R12: nobody mends the binding, so the message is returned; its row stays until somebody does.
#[tokio::test(flavor = "multi_thread")]
async fn r12_an_unroutable_message_stays_in_the_outbox() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("r12");
    let owner = bus(&broker, "r12", true);
    owner.declare(&queue).await.unwrap();
    drop(owner);
    let sender = bus(&broker, "r12 sender", false);
    sender.declare(&queue).await.expect("the queue is there, with or without its owner");
    broker.unbind(&queue, EXCHANGE).await;

    let test = sqlite().await;
    let clock = SystemClock::default();
    let id = MessageId(Uuid::from_u128(12));
    let mut tx = test.db.begin().await.unwrap();
    outbox::push(&mut tx, id, &queue, &json!({ "n": 12 }), clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let drive = async || outbox::drive(&test.db, sender.as_ref(), clock.now(), secs(60)).await.unwrap();
    assert_eq!(sender.publish(&queue, message(1)).await, Err(BusError::Unroutable(queue.clone())));
    for _ in 0..3 {
        assert_eq!(drive().await, 0, "returned, not sent");
    }
    assert_eq!(outbox::waiting(&test.db).await.unwrap().0, 1, "kept");

    let owner = bus(&broker, "r12 again", true);
    owner.declare(&queue).await.unwrap();
    assert_eq!(drive().await, 1, "after the repair it goes out");
    let mut consumer = sender.consume(&queue, 1).await.unwrap();
    let delivery = tokio::time::timeout(secs(5), consumer.next()).await.unwrap().unwrap();
    assert_eq!((delivery.message.id, delivery.redelivered), (id.0, false));
    delivery.ack();
}

/// R12 with its owner there: mended at once, because a return is a sign of damage.
#[tokio::test(flavor = "multi_thread")]
async fn r12_the_owner_mends_a_binding_after_the_first_return() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("r12.owner");
    let owner = bus(&broker, "r12 owner", true);
    owner.declare(&queue).await.unwrap();
    broker.unbind(&queue, EXCHANGE).await;
    let took = bis("mended", secs(10), async || owner.publish(&queue, message(2)).await.is_ok()).await;
    println!("R12: binding mended after {took:.1?}");
    assert_eq!(owner.losses(), 0, "the queue was there all the time");
}

/// R13: the queue goes with what is in it, under a consumer.
#[tokio::test(flavor = "multi_thread")]
async fn r13_a_deleted_queue_is_noticed_and_declared_again() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("r13");
    let (owner, other) = (bus(&broker, "r13", true), bus(&broker, "r13 other", false));
    owner.declare(&queue).await.unwrap();
    let mut consumer = other.consume(&queue, 1).await.unwrap();
    owner.publish(&queue, message(1)).await.unwrap();
    owner.publish(&queue, message(2)).await.unwrap();
    let in_hand = tokio::time::timeout(secs(5), consumer.next()).await.unwrap().unwrap();
    broker.delete_queue(&queue).await;
    let from = Instant::now();
    in_hand.ack();
    let end = tokio::time::timeout(secs(10), async { while consumer.next().await.is_some() {} }).await;
    println!("R13: noticed after {:.1?}", from.elapsed());
    end.expect("the consumer is told");
    let took = bis("declared again", secs(10), async || other.declare(&queue).await.is_ok()).await;
    println!("R13: declared again after {took:.1?}");
    // The queue is seen a moment before its owner has counted.
    bis("the senders are told to send again", secs(5), async || owner.losses() == 1).await;
    let mut consumer = other.consume(&queue, 1).await.unwrap();
    owner.publish(&queue, message(2)).await.unwrap();
    tokio::time::timeout(secs(5), consumer.next()).await.unwrap().unwrap().ack();
}

/// R14: the relay dies after publishing and before marking, so everything goes out again, in another order.
#[tokio::test(flavor = "multi_thread")]
async fn r14_what_goes_out_twice_counts_once() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("r14");
    let owner = bus(&broker, "r14", true);
    owner.declare(&queue).await.unwrap();
    let (test, clock) = (sqlite().await, SystemClock::default());
    let id = |n: u128| MessageId(Uuid::from_u128(1400 + n));
    for n in 0..50 {
        let mut tx = test.db.begin().await.unwrap();
        outbox::push(&mut tx, id(n), &queue, &json!({ "n": n as u64 }), clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    // The relay that died had sent them all, in an order of its own.
    for n in (0..50).map(|n| n * 17 % 50) {
        let again = Message { id: id(n).0, body: json!({ "n": n as u64 }) };
        owner.publish(&queue, again).await.unwrap();
    }
    assert_eq!(outbox::drive(&test.db, owner.as_ref(), clock.now(), secs(60)).await.unwrap(), 50);
    let mut consumer = owner.consume(&queue, 10).await.unwrap();
    let mut effects = BTreeMap::new();
    for _ in 0..100 {
        let delivery = tokio::time::timeout(secs(5), consumer.next()).await.unwrap().unwrap();
        let mut tx = test.db.begin().await.unwrap();
        if outbox::take(&mut tx, "r14", MessageId(delivery.message.id), clock.now()).await.unwrap() {
            *effects.entry(delivery.message.id).or_insert(0) += 1;
        }
        tx.commit().await.unwrap();
        delivery.ack();
    }
    assert_eq!((effects.len(), effects.values().max()), (50, Some(&1)));
    assert_eq!(outbox::waiting(&test.db).await.unwrap().0, 0);
}

/// R16: work takes longer than the broker waits for an acknowledgement. The channel goes, the message comes again, the
/// late acknowledgement harms nobody.
#[tokio::test(flavor = "multi_thread")]
async fn r16_work_that_takes_too_long_loses_its_channel_only() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("r16");
    let owner = bus(&broker, "r16", true);
    owner.declare(&queue).await.unwrap();
    let patience = |timeout: u32, tick: u32| {
        let set = |key: &str, ms: u32| format!("application:set_env(rabbit, {key}, {ms})");
        broker
            .ctl(&["eval", &format!("{}, {}.", set("consumer_timeout", timeout), set("channel_tick_interval", tick))]);
    };
    patience(1000, 300);
    owner.publish(&queue, message(1)).await.unwrap();
    let mut first = owner.consume(&queue, 1).await.unwrap();
    let slow = tokio::time::timeout(secs(5), first.next()).await.unwrap().unwrap();
    sleep(secs(4)).await;
    patience(1_800_000, 60_000);
    // Not before its work is done: a worker must not get more at once than it asked for.
    slow.ack();
    let end = tokio::time::timeout(secs(2), first.next()).await;
    assert!(end.expect("the consumer is told").is_none());
    let mut second = owner.consume(&queue, 1).await.unwrap();
    let again = tokio::time::timeout(secs(5), second.next()).await.unwrap().unwrap();
    assert!(again.redelivered && again.message == message(1));
    again.ack();
    assert!(tokio::time::timeout(Duration::from_millis(500), second.next()).await.is_err(), "settled once");
    assert_eq!(owner.health().state, State::Connected, "the connection lives");
}

/// R17: the broker is short of memory and reads nothing from senders.
#[tokio::test(flavor = "multi_thread")]
async fn r17_a_blocked_broker_is_seen_and_holds_nobody() {
    let Some(broker) = rabbit().await else { return };
    let (queue, full) = (broker.fresh("r17"), broker.fresh("r17.full"));
    let (owner, other) = (bus(&broker, "r17", true), bus(&broker, "r17 other", false));
    owner.declare(&queue).await.unwrap();
    owner.declare(&full).await.unwrap();
    for n in 0..50 {
        owner.publish(&full, message(n)).await.unwrap();
    }
    let verkehr = Verkehr::neu(owner.clone(), other.clone(), &queue);
    verkehr.flows(secs(10)).await;

    broker.ctl(&["set_vm_memory_high_watermark", "0.0000001"]);
    let took = bis("blocked", secs(10), async || matches!(owner.health().state, State::Blocked { .. })).await;
    println!("R17: seen after {took:.1?}: {:?}", owner.health());
    assert!(owner.health().alarms[0].contains("nimmt nichts an"));
    *verkehr.slowest.lock().unwrap() = Duration::ZERO;
    let from = Instant::now();
    let answer = owner.publish(&queue, message(2_000_000)).await;
    assert!(matches!(&answer, Err(BusError::Away(why)) if why.contains("blocked")), "{answer:?}");
    assert!(from.elapsed() < secs(2), "{:?}", from.elapsed());
    // Receiving goes on: acknowledgements take another connection.
    let mut consumer = other.consume(&full, 10).await.unwrap();
    for _ in 0..50 {
        tokio::time::timeout(secs(5), consumer.next()).await.expect("a delivery while blocked").unwrap().ack();
    }
    sleep(secs(2)).await;
    assert!(matches!(owner.health().state, State::Blocked { .. }), "the connection was not thrown away");
    broker.ctl(&["set_vm_memory_high_watermark", "0.4"]);
    println!("R17: flows again after {:.1?}", verkehr.flows(secs(15)).await);
    let slowest = *verkehr.slowest.lock().unwrap();
    assert!(slowest < secs(5), "a sender waited {slowest:?}");
    assert_eq!(owner.health().state, State::Connected);
    verkehr.whole(&broker).await;
}
