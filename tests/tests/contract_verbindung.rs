// SPDX-License-Identifier: EUPL-1.2
//! What the engine does when its bus says that it had to connect anew: what was out may be lost, so everything open
//! goes out again at once, and not only after its deadline. Nobody need have seen the outage.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use nachrichten::{Werte, job::Job};
use service_geschaeftsgang::{Geschaeftsgang, Herkunft, MIGRATIONS, Options, spur::Op};
use service_platform::{
    bus::{Bus, BusError, Consumer, DeadLetter, Event, Health, InProcessBus, Lane, Message},
    db::Db,
    uhr::{FixedClock, SystemIds},
};
use service_platform_testkit::{postgres, sqlite};
use uuid::Uuid;

/// The bus of this process, with connections that a test counts.
#[derive(Default)]
struct Wackelig {
    bus: InProcessBus,
    connects: AtomicU64,
    losses: AtomicU64,
}

#[async_trait]
impl Bus for Wackelig {
    async fn declare(&self, queue: &str) -> Result<(), BusError> {
        self.bus.declare(queue).await
    }
    async fn publish_in(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError> {
        self.bus.publish_in(queue, lane, message).await
    }
    async fn emit(&self, event: Event) -> Result<(), BusError> {
        self.bus.emit(event).await
    }
    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError> {
        self.bus.consume(queue, prefetch).await
    }
    async fn dead_letters(&self) -> Result<Vec<DeadLetter>, BusError> {
        self.bus.dead_letters().await
    }
    async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, BusError> {
        self.bus.drop_dead_letter(id).await
    }
    fn health(&self) -> Health {
        self.bus.health()
    }
    fn losses(&self) -> u64 {
        self.losses.load(Ordering::SeqCst)
    }
    fn connects(&self) -> u64 {
        self.connects.load(Ordering::SeqCst)
    }
    async fn drain(&self, limit: Duration) -> bool {
        self.bus.drain(limit).await
    }
}

const DIENST: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="p" isExecutable="true"><startEvent id="S"/><serviceTask id="A" implementation="probe.v1"/><endEvent id="E"/>
<sequenceFlow id="f1" sourceRef="S" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="E"/></process></definitions>"#;
const QUEUE: &str = "job.probe.v1";

/// The next job, taken and never answered: it is lost.
async fn lost(consumer: &mut Box<dyn Consumer>, within: Duration) -> Option<u32> {
    let delivery = tokio::time::timeout(within, consumer.next()).await.ok()??;
    let job: Job = serde_json::from_value(delivery.message.body.clone()).unwrap();
    delivery.ack();
    Some(job.attempt)
}

async fn geht_wieder_hinaus(db: &Db) {
    db.migrate(&MIGRATIONS).await.unwrap();
    let bus = Arc::new(Wackelig::default());
    bus.declare(QUEUE).await.unwrap();
    let mut consumer = bus.consume(QUEUE, 1).await.unwrap();
    let clock = Arc::new(FixedClock::at("2026-11-23T08:00:00Z".parse().unwrap()));
    let options = Options::default();
    let engine = Geschaeftsgang::new(db.clone(), bus.clone(), clock, Arc::new(SystemIds), options).await.unwrap();
    engine.deploy(DIENST, Herkunft::Stadt).await.unwrap();
    let running = tokio::spawn(engine.clone().run());
    engine.spur(Op::Start { process: "p".into(), variables: Werte::new() }).await.unwrap();
    let (soon, long) = (Duration::from_secs(1), Duration::from_secs(10));
    assert_eq!(lost(&mut consumer, long).await, Some(1));
    assert_eq!(lost(&mut consumer, soon).await, None, "nothing happened: its deadline is far");
    bus.connects.fetch_add(1, Ordering::SeqCst);
    assert_eq!(lost(&mut consumer, long).await, Some(2), "connected anew");
    assert_eq!(lost(&mut consumer, soon).await, None, "once");
    bus.losses.fetch_add(1, Ordering::SeqCst);
    assert_eq!(lost(&mut consumer, long).await, Some(3), "a queue was made anew");
    assert_eq!(lost(&mut consumer, soon).await, None, "once");
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn open_jobs_go_out_again_after_a_new_connection_on_sqlite() {
    geht_wieder_hinaus(&sqlite().await.db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_jobs_go_out_again_after_a_new_connection_on_postgresql() {
    let Some(postgres) = postgres().await else { return };
    geht_wieder_hinaus(&postgres.db).await;
}
