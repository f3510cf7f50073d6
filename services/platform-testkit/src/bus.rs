// SPDX-License-Identifier: EUPL-1.2
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use service_platform::bus::{Bus, BusError, DELIVERY_LIMIT, DeadLetter, Event, Lane, Message, QueueState, State};
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(5);

/// A bus under test; `fresh` gives queue names nobody used before.
#[async_trait::async_trait]
pub trait TestBus: Send + Sync {
    fn bus(&self) -> Arc<dyn Bus>;
    fn fresh(&self, name: &str) -> String;
}

fn message(n: u64) -> Message {
    Message { id: Uuid::from_u128(n.into()), body: json!({ "n": n }) }
}

/// The contract of a bus, which is of no use afterwards: the last case drains it.
pub async fn bus_contract(t: &dyn TestBus) {
    delivers_in_order(t).await;
    redelivers_when_the_consumer_dies(t).await;
    claims_each_message_once_with_eight_consumers(t).await;
    keeps_within_the_prefetch(t).await;
    lets_urgent_messages_overtake(t).await;
    gives_back_what_a_consumer_leaves(t).await;
    parks_a_poison_message(t).await;
    reports_an_unroutable_message(t).await;
    tells_how_full_a_queue_is(t).await;
    tells_an_event_to_nobody(t).await;
    is_well(t);
    drains(t).await;
}

async fn delivers_in_order(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("order"));
    bus.declare(&queue).await.unwrap();
    bus.declare(&queue).await.unwrap();
    for n in 0..10 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    let mut consumer = bus.consume(&queue, 20).await.unwrap();
    for n in 0..10 {
        let delivery = timeout(SOON, consumer.next()).await.unwrap().unwrap();
        assert_eq!(delivery.message, message(n));
        assert!(!delivery.redelivered);
        delivery.ack();
    }
    assert!(consumer.more(10).await.is_empty());
}

async fn tells_how_full_a_queue_is(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("full"));
    let none = t.fresh("none");
    assert_eq!(bus.queue_state(&none).await, Err(BusError::Unroutable(none)));
    bus.declare(&queue).await.unwrap();
    assert_eq!(bus.queue_state(&queue).await.unwrap(), QueueState::default());
    bus.publish(&queue, message(1)).await.unwrap();
    bus.publish_in(&queue, Lane::Urgent, message(2)).await.unwrap();
    settles(t, &queue, |s| *s == QueueState { waiting: 2, consumers: 0 }).await;
    let mut first = bus.consume(&queue, 1).await.unwrap();
    let second = bus.consume(&queue, 1).await.unwrap();
    settles(t, &queue, |s| s.consumers == 2).await;
    let in_hand = timeout(SOON, first.next()).await.unwrap().unwrap();
    drop(second);
    settles(t, &queue, |s| s.consumers == 1).await;
    in_hand.ack();
    drop(first);
    settles(t, &queue, |s| *s == QueueState { waiting: 1, consumers: 0 }).await;
}

/// A broker counts a moment later than it answers.
async fn settles(t: &dyn TestBus, queue: &str, wanted: impl Fn(&QueueState) -> bool) {
    let from = std::time::Instant::now();
    loop {
        let state = t.bus().queue_state(queue).await.unwrap();
        if wanted(&state) {
            return;
        }
        assert!(from.elapsed() < Duration::from_secs(20), "still {state:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn redelivers_when_the_consumer_dies(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("dies"));
    bus.declare(&queue).await.unwrap();
    bus.publish(&queue, message(1)).await.unwrap();
    let mut first = bus.consume(&queue, 1).await.unwrap();
    let delivery = timeout(SOON, first.next()).await.unwrap().unwrap();
    drop(delivery);
    drop(first);
    let mut second = bus.consume(&queue, 1).await.unwrap();
    let again = timeout(SOON, second.next()).await.unwrap().unwrap();
    assert_eq!(again.message, message(1));
    assert!(again.redelivered);
    again.ack();
}

async fn claims_each_message_once_with_eight_consumers(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("eight"));
    bus.declare(&queue).await.unwrap();
    let seen = Arc::new(Mutex::new(BTreeMap::<u64, u32>::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (mut consumer, seen) = (bus.consume(&queue, 4).await.unwrap(), seen.clone());
        tasks.spawn(async move {
            while let Ok(Some(delivery)) = timeout(Duration::from_millis(800), consumer.next()).await {
                let n = delivery.message.body["n"].as_u64().unwrap();
                *seen.lock().await.entry(n).or_default() += 1;
                delivery.ack();
            }
        });
    }
    for n in 0..400 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    while tasks.join_next().await.is_some() {}
    let seen = seen.lock().await;
    assert_eq!(seen.len(), 400, "every message arrives");
    assert!(seen.values().all(|count| *count == 1), "no message arrives twice: {seen:?}");
}

async fn keeps_within_the_prefetch(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("prefetch"));
    bus.declare(&queue).await.unwrap();
    for n in 0..5 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    let mut consumer = bus.consume(&queue, 2).await.unwrap();
    let held = [
        timeout(SOON, consumer.next()).await.unwrap().unwrap(),
        timeout(SOON, consumer.next()).await.unwrap().unwrap(),
    ];
    assert!(timeout(Duration::from_millis(200), consumer.next()).await.is_err(), "a third must wait for an ack");
    held.into_iter().for_each(service_platform::bus::Delivery::ack);
    timeout(SOON, consumer.next()).await.unwrap().unwrap().ack();
}

async fn lets_urgent_messages_overtake(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("urgent"));
    bus.declare(&queue).await.unwrap();
    for n in 0..20 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    let mut consumer = bus.consume(&queue, 2).await.unwrap();
    timeout(SOON, consumer.next()).await.unwrap().unwrap().ack();
    bus.publish_in(&queue, Lane::Urgent, message(100)).await.unwrap();
    // On its way; until it is there the other lane goes on.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let urgent = timeout(SOON, consumer.next()).await.unwrap().unwrap();
    assert_eq!(urgent.message, message(100), "before 19 that wait");
    // Both lanes count together.
    let _second = timeout(SOON, consumer.next()).await.unwrap().unwrap();
    assert!(timeout(Duration::from_millis(200), consumer.next()).await.is_err(), "a third must wait for an ack");
    assert!(consumer.more(5).await.is_empty());
    // Given back it is urgent again.
    drop(urgent);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let again = timeout(SOON, consumer.next()).await.unwrap().unwrap();
    assert!(again.redelivered && again.message == message(100), "{:?}", again.message);
    again.ack();
}

async fn gives_back_what_a_consumer_leaves(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("leaves"));
    bus.declare(&queue).await.unwrap();
    for n in 0..6 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    let mut first = bus.consume(&queue, 6).await.unwrap();
    let in_hand = timeout(SOON, first.next()).await.unwrap().unwrap();
    drop(first);
    let mut second = bus.consume(&queue, 6).await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 5 {
        let delivery = timeout(SOON, second.next()).await.expect("what the first one left").unwrap();
        seen.insert(delivery.message.body["n"].as_u64().unwrap());
        delivery.ack();
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    // The first one still answers for what it holds.
    in_hand.ack();
    assert!(timeout(Duration::from_millis(300), second.next()).await.is_err());
}

async fn parks_a_poison_message(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("poison"));
    bus.declare(&queue).await.unwrap();
    let poison = Message { id: Uuid::new_v5(&Uuid::NAMESPACE_OID, queue.as_bytes()), body: json!({ "n": 666 }) };
    bus.publish(&queue, poison.clone()).await.unwrap();
    let mut consumer = bus.consume(&queue, 1).await.unwrap();
    for n in 0..=DELIVERY_LIMIT {
        let delivery = timeout(SOON, consumer.next()).await.unwrap().unwrap();
        assert_eq!(delivery.redelivered, n > 0);
    }
    assert!(timeout(Duration::from_millis(300), consumer.next()).await.is_err(), "it is parked");
    let letter = DeadLetter { queue, reason: "delivery_limit".to_owned(), message: poison };
    for look in 1..=2 {
        let parked = bus.dead_letters().await.unwrap();
        assert!(parked.contains(&letter), "with queue and reason, at look {look}: {parked:?}");
    }
    assert!(bus.drop_dead_letter(letter.message.id).await.unwrap(), "dealt with");
    assert!(!bus.drop_dead_letter(letter.message.id).await.unwrap(), "once");
    assert!(!bus.dead_letters().await.unwrap().contains(&letter));
}

async fn reports_an_unroutable_message(t: &dyn TestBus) {
    let queue = t.fresh("nobody");
    assert_eq!(t.bus().publish(&queue, message(1)).await, Err(BusError::Unroutable(queue)));
}

/// That nobody listens is no fault, a repeat is none either, and no queue of ours gets it, whatever its name.
async fn tells_an_event_to_nobody(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("de.eakte.probe.v1"));
    bus.declare(&queue).await.unwrap();
    let event = Event { id: Uuid::from_u128(77), typ: queue.clone(), body: json!({ "n": 77 }).to_string() };
    for _ in 0..2 {
        bus.emit(event.clone()).await.unwrap();
    }
    let mut consumer = bus.consume(&queue, 1).await.unwrap();
    assert!(timeout(Duration::from_millis(300), consumer.next()).await.is_err(), "an event is no job");
}

fn is_well(t: &dyn TestBus) {
    let health = t.bus().health();
    assert_eq!((health.state, health.alarms), (State::Connected, Vec::new()));
    assert_eq!(t.bus().losses(), 0);
}

async fn drains(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("drain"));
    bus.declare(&queue).await.unwrap();
    for n in 0..3 {
        bus.publish(&queue, message(n)).await.unwrap();
    }
    let mut consumer = bus.consume(&queue, 3).await.unwrap();
    let in_hand = timeout(SOON, consumer.next()).await.unwrap().unwrap();
    assert!(!bus.drain(Duration::from_millis(200)).await, "one is in hand");
    assert!(timeout(Duration::from_millis(300), consumer.next()).await.is_err(), "no new delivery");
    assert!(consumer.more(3).await.is_empty());
    let draining = tokio::spawn({
        let bus = bus.clone();
        async move { bus.drain(SOON).await }
    });
    bus.publish(&queue, message(9)).await.expect("its answer goes out");
    in_hand.ack();
    assert!(draining.await.unwrap(), "all settled");
}
