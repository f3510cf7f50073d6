// SPDX-License-Identifier: EUPL-1.2
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use service_platform::bus::{Bus, BusError, DELIVERY_LIMIT, Message};
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

/// The contract of a bus.
pub async fn bus_contract(t: &dyn TestBus) {
    delivers_in_order(t).await;
    redelivers_when_the_consumer_dies(t).await;
    claims_each_message_once_with_eight_consumers(t).await;
    keeps_within_the_prefetch(t).await;
    parks_a_poison_message(t).await;
    reports_an_unroutable_message(t).await;
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

async fn parks_a_poison_message(t: &dyn TestBus) {
    let (bus, queue) = (t.bus(), t.fresh("poison"));
    bus.declare(&queue).await.unwrap();
    bus.publish(&queue, message(666)).await.unwrap();
    let mut consumer = bus.consume(&queue, 1).await.unwrap();
    for _ in 0..DELIVERY_LIMIT {
        drop(timeout(SOON, consumer.next()).await.unwrap().unwrap());
    }
    assert!(timeout(Duration::from_millis(300), consumer.next()).await.is_err(), "it is parked");
    let parked = bus.dead_letters().await.unwrap();
    assert!(parked.contains(&(queue, message(666))), "with its queue: {parked:?}");
}

async fn reports_an_unroutable_message(t: &dyn TestBus) {
    let queue = t.fresh("nobody");
    assert_eq!(t.bus().publish(&queue, message(1)).await, Err(BusError::Unroutable(queue)));
}
