// SPDX-License-Identifier: EUPL-1.2
//! How long a hop over RabbitMQ takes: published until a consumer has it, with an own broker node on this machine.
//!
//! `cargo run --workspace --example bus [SENDERS [SECONDS]]`; one JSON object on stdout. First as fast as SENDERS go,
//! each waiting for its confirm; then at half that rate. Times in milliseconds; target: median below 5, 99 % below 25.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use service_platform::bus::{Bus, Message, RabbitBus};
use service_platform_testkit::rabbit;
use tokio::{sync::mpsc, task::JoinSet};
use uuid::Uuid;

type Failed = Box<dyn std::error::Error + Send + Sync>;
const QUEUE: &str = "job.messung.v1";
const WARM_UP: Duration = Duration::from_secs(1);

/// Publishes for a while; each sender at most every `pause`. Rate per second, hops and confirms in milliseconds.
async fn run(bus: &Arc<RabbitBus>, senders: u32, time: Duration, pause: Duration) -> Result<Value, Failed> {
    let start = Instant::now();
    let (arrived, mut hops) = mpsc::unbounded_channel();
    let mut consumer = bus.consume(QUEUE, 64).await?;
    let consuming = tokio::spawn(async move {
        while let Some(delivery) = consumer.next().await {
            let sent = delivery.message.body["at"].as_u64().unwrap_or_default();
            let _ = arrived.send((sent, start.elapsed().as_micros() as u64));
            delivery.ack();
        }
    });
    let count = Arc::new(AtomicU64::new(0));
    let mut sending = JoinSet::new();
    for n in 0..senders {
        let (bus, count) = (bus.clone(), count.clone());
        sending.spawn(async move {
            let mut confirms = Vec::new();
            let mut due = tokio::time::Instant::now() + pause * n / senders;
            while start.elapsed() < time {
                tokio::time::sleep_until(due).await;
                due += pause;
                let id = Uuid::from_u128(u128::from(count.fetch_add(1, Ordering::SeqCst)));
                let at = start.elapsed();
                let body = json!({ "at": at.as_micros() as u64, "text": "x".repeat(800) });
                bus.publish(QUEUE, Message { id, body }).await?;
                confirms.push((at.as_micros() as u64, start.elapsed().as_micros() as u64));
            }
            Ok::<_, Failed>(confirms)
        });
    }
    let mut confirms = Vec::new();
    while let Some(done) = sending.join_next().await {
        confirms.extend(done??);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    consuming.abort();
    let mut all = Vec::new();
    while let Ok(hop) = hops.try_recv() {
        all.push(hop);
    }
    let rate = (confirms.len() as f64 / time.as_secs_f64()).round();
    Ok(json!({ "per_second": rate, "hop_ms": figures(all), "confirm_ms": figures(confirms) }))
}

fn figures(pairs: Vec<(u64, u64)>) -> Value {
    let warm = WARM_UP.as_micros() as u64;
    let mut took: Vec<u64> = pairs.into_iter().filter(|(at, _)| *at > warm).map(|(at, then)| then - at).collect();
    took.sort_unstable();
    let at = |share: f64| took.get(((took.len() as f64 - 1.0) * share) as usize).map(|us| *us as f64 / 1000.0);
    json!({ "n": took.len(), "median": at(0.5), "p99": at(0.99), "slowest": at(1.0) })
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |n: usize, default: u32| arguments.get(n).map_or(Ok(default), |text| text.parse());
    let (senders, seconds) = (number(0, 8)?, number(1, 5)?);
    let broker = rabbit().await.ok_or("RabbitMQ is not installed")?;
    let bus = Arc::new(RabbitBus::start(broker.options("messung").owner([])));
    bus.declare(QUEUE).await?;
    let time = Duration::from_secs(seconds.into()) + WARM_UP;
    let full = run(&bus, senders, time, Duration::ZERO).await?;
    let rate = full["per_second"].as_f64().unwrap_or(1.0).max(1.0);
    let half = run(&bus, senders, time, Duration::from_secs_f64(2.0 * f64::from(senders) / rate)).await?;
    let alone = run(&bus, 1, time, Duration::from_millis(20)).await?;
    let report = json!({ "senders": senders, "full": full, "half": half, "fifty_per_second": alone });
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}
