// SPDX-License-Identifier: EUPL-1.2
//! The bus on RabbitMQ with peers as they should not be: foreign messages, silent or refusing brokers, owners that come
//! late; and the engine whose jobs travel over it while broker and queues go away under them.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/broker.rs"]
mod broker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use broker::{EXCHANGE, bis, bus, message, secs};
use nachrichten::{Actor, Werte, ablaeufe::Ablaeufe};
use serde_json::{Value, json};
use service_geschaeftsgang::{
    Geschaeftsgang, Herkunft, MIGRATIONS, Options,
    spur::{Answer, Op},
};
use service_platform::{
    blobs::DirectoryBlobs,
    bus::{
        Bus, BusError, Consumer, DeadLetter, Event, Health, Lane, Message, QueueState, RabbitBus, State,
        rabbit::Address,
    },
    konten::{Konten, NeuePerson},
    uhr::{SystemClock, SystemIds},
    worker,
};
use service_platform_testkit::{TestDb, TestRabbit, rabbit, sqlite};
use uuid::Uuid;

/// What no sender of ours made is parked with a reason; others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_nobody_can_read_is_parked() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("foreign");
    let owner = bus(&broker, "foreign", true);
    owner.declare(&queue).await.unwrap();
    broker.publish_raw(EXCHANGE, &queue, b"kein JSON \xff").await;
    owner.publish(&queue, message(1)).await.unwrap();
    let mut consumer = owner.consume(&queue, 1).await.unwrap();
    let first = tokio::time::timeout(secs(5), consumer.next()).await.unwrap().unwrap();
    assert_eq!(first.message, message(1));
    first.ack();
    let parked = async || owner.dead_letters().await.unwrap().into_iter().find(|letter| letter.queue == queue);
    bis("parked", secs(5), async || parked().await.is_some()).await;
    let letter = parked().await.unwrap();
    assert_eq!(letter.reason, "rejected");
    assert_eq!(letter.message.body, json!("kein JSON \u{fffd}"));
    assert!(owner.drop_dead_letter(letter.message.id).await.unwrap());
}

/// Threads of lapin in this process.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks.filter(|t| std::fs::read_to_string(t.path().join("comm")).is_ok_and(|c| c.starts_with("lapin"))).count()
}

/// A peer that accepts and is silent: each try ends, costs nothing that stays, and the next one comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_costs_nothing_that_stays() {
    let Some(broker) = rabbit().await else { return };
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("amqp://guest:geheim@{}/%2f", silent.local_addr().unwrap());
    let tries = Arc::new(AtomicU64::new(0));
    let (count, mut held) = (tries.clone(), Vec::new());
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = silent.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    let before = threads();
    let mut options = broker.options("silent");
    options.address = Address::new(&url).unwrap();
    options.limits.connect = Duration::from_millis(200);
    options.limits.back_off = (Duration::from_millis(50), Duration::from_millis(100));
    let bus = RabbitBus::start(options);
    bis("tried often", secs(20), async || tries.load(Ordering::SeqCst) >= 20).await;
    let answer = bus.publish("any", message(1)).await;
    assert!(matches!(&answer, Err(BusError::Away(why)) if !why.contains("geheim")), "{answer:?}");
    let State::Degraded { cause, .. } = bus.health().state else { panic!("degraded") };
    assert!(cause.contains("no answer"), "{cause}");
    let now = threads();
    assert!(now <= before + 4, "{now} threads of the client, {before} before");
    listening.abort();
}

/// Wrong password: the cause says so, without the password; no storm of tries.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_named() {
    let Some(broker) = rabbit().await else { return };
    let mut options = broker.options("wrong");
    options.address = Address::new(&broker.url().replace("guest:guest", "guest:geheim")).unwrap();
    let bus = RabbitBus::start(options);
    bis(
        "refused",
        secs(20),
        async || matches!(bus.health().state, State::Degraded { cause, .. } if cause.contains("ACCESS_REFUSED")),
    )
    .await;
    let alarms = bus.health().alarms;
    assert!(alarms[0].contains("Kennwort") && !alarms[0].contains("geheim"), "{alarms:?}");
}

/// TLS with the city's own authority; without it, and under another name, nothing is said to the broker.
#[tokio::test(flavor = "multi_thread")]
async fn tls_needs_an_authority_and_the_right_name() {
    let Some(broker) = rabbit().await else { return };
    let (url, authority) = broker.tls();
    let start = |url: &str, authority: Option<&String>| {
        let mut options = broker.options("tls").owner([]);
        let address = Address::new(url).unwrap();
        options.address = authority.into_iter().fold(address, |a, pem| a.with_authorities(pem.clone()));
        RabbitBus::start(options)
    };
    let queue = broker.fresh("tls");
    let bus = start(&url, Some(&authority));
    bus.declare(&queue).await.unwrap();
    bus.publish(&queue, message(1)).await.unwrap();
    for (url, authority) in [(url.clone(), None), (url.replace("localhost", "127.0.0.1"), Some(&authority))] {
        let bus = start(&url, authority);
        bis(
            "refused",
            secs(20),
            async || matches!(bus.health().state, State::Degraded { cause, .. } if cause.contains("certificate")),
        )
        .await;
    }
}

/// Who does not own the topology waits for it, in any order of starting.
#[tokio::test(flavor = "multi_thread")]
async fn others_wait_for_the_owner() {
    let Some(broker) = rabbit().await else { return };
    let queue = broker.fresh("waits");
    let other = bus(&broker, "early", false);
    assert_eq!(other.declare(&queue).await, Err(BusError::Unroutable(queue.clone())), "within its patience");
    let waiting = tokio::spawn({
        let (other, queue) = (other.clone(), queue.clone());
        async move { other.declare(&queue).await }
    });
    let owner = RabbitBus::start(broker.options("late").owner([queue.clone()]));
    waiting.await.unwrap().expect("made by its owner at the first connect");
    owner.publish_in(&queue, Lane::Urgent, message(1)).await.unwrap();
    let delivery = other.consume(&queue, 1).await.unwrap().next().await.unwrap();
    assert_eq!(delivery.message, message(1));
    delivery.ack();
}

const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">
<process id="dienst" isExecutable="true"><startEvent id="S"/><serviceTask id="A" implementation="ART"/><endEvent id="E"/>
<sequenceFlow id="f1" sourceRef="S" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="E"/></process></definitions>"#;

/// An engine that owns the topology, and a worker over a bus of its own.
struct Haus {
    engine: Geschaeftsgang,
    anna: Actor,
    worker: Arc<RabbitBus>,
    art: &'static str,
    tasks: tokio::task::JoinSet<()>,
    test: TestDb,
}

impl Haus {
    async fn neu(broker: &TestRabbit, name: &str) -> Self {
        let test = sqlite().await;
        test.db.migrate(&MIGRATIONS).await.unwrap();
        let (clock, ids) = (Arc::new(SystemClock::default()), Arc::new(SystemIds));
        let konten = Konten::new(test.db.clone(), clock.clone(), ids.clone());
        let (rollen, gruppen) = (vec!["Betrieb".to_owned()], vec!["X".to_owned()]);
        let person = NeuePerson { kennung: "anna".into(), name: "anna".into(), amt: "10".into(), rollen, gruppen };
        konten.enter(&person, None).await.unwrap();
        let anna = konten.actor("anna").await.unwrap().unwrap();
        let art: &'static str = broker.fresh(name).leak();
        let own = bus(broker, name, true);
        for queue in [&worker::queue(art), worker::RESULTS] {
            own.declare(queue).await.unwrap();
        }
        let engine = Geschaeftsgang::new(test.db.clone(), own, clock, ids, Options::default()).await.unwrap();
        engine.deploy(&PROCESS.replace("ART", art), Herkunft::Stadt).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(engine.clone().run());
        Self { engine, anna, worker: bus(broker, "worker", false), art, tasks, test }
    }

    fn work(&mut self) {
        let handler = worker::job(self.art, |_, _: Value| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(json!({}))
        });
        let blobs = Arc::new(DirectoryBlobs::open(self.test.folder.path(), "stadt").unwrap());
        self.tasks.spawn(worker::serve(handler, self.worker.clone(), blobs, 4));
    }

    async fn start(&self, from: u64, to: u64) {
        for n in from..to {
            self.engine.start(&self.anna, "dienst", Werte::new(), &n.to_string()).await.unwrap();
        }
    }

    async fn ended(&self) -> u64 {
        self.engine.kennzahlen(&self.anna).await.unwrap().beendet
    }

    /// Each job was completed exactly once, and none became an incident.
    async fn once(&self, starts: u64) {
        let Answer::History(all) = self.engine.spur(Op::History).await.unwrap() else { panic!("a history") };
        let completed = |e: &&engine::HistoryEvent| &*e.element == "A" && e.kind == engine::HistoryKind::Completed;
        assert_eq!(all.iter().filter(completed).count() as u64, starts);
        assert_eq!(self.engine.kennzahlen(&self.anna).await.unwrap().stoerungen, 0);
    }
}

/// R13 with the whole way: jobs in a deleted queue go out again long before their deadline of five minutes.
#[tokio::test(flavor = "multi_thread")]
async fn r13_lost_jobs_are_driven_again_from_the_database() {
    let Some(broker) = rabbit().await else { return };
    let mut haus = Haus::neu(&broker, "probe.r13").await;
    haus.start(0, 10).await;
    // Sent and waiting in the queue, because nobody works yet.
    tokio::time::sleep(Duration::from_millis(500)).await;
    broker.delete_queue(&worker::queue(haus.art)).await;
    haus.work();
    let took = bis("all done", secs(20), async || haus.ended().await == 10).await;
    println!("R13: ten lost jobs done {took:.1?} after their queue was deleted");
    haus.once(10).await;
}

/// R09 with the whole way: the broker dies while jobs and results travel.
#[tokio::test(flavor = "multi_thread")]
async fn r09_each_job_counts_once_when_the_broker_dies() {
    let Some(mut broker) = rabbit().await else { return };
    let mut haus = Haus::neu(&broker, "probe.r09").await;
    // RabbitMQ 3.10 writes its list of quorum queues behind by up to a second; one killed in it hangs for ever.
    tokio::time::sleep(secs(2)).await;
    haus.work();
    haus.start(0, 60).await;
    bis("at work", secs(20), async || haus.ended().await > 5).await;
    broker.kill();
    // Starting needs no broker.
    haus.start(60, 90).await;
    broker.start();
    broker.answers().await;
    let before = haus.ended().await;
    let took = bis("working again", secs(15), async || haus.ended().await > before).await;
    println!("R09: first effect {took:.1?} after the broker answered");
    let took = bis("all done", secs(60), async || haus.ended().await == 90).await;
    println!("R09: {} jobs done {took:.1?} later", 90 - before);
    haus.once(90).await;
}

/// A bus that can be heard but not spoken to, as when only one of its two connections is back.
struct Stumm {
    bus: Arc<RabbitBus>,
    silent: AtomicBool,
}

#[async_trait]
impl Bus for Stumm {
    async fn publish_in(&self, queue: &str, lane: Lane, message: Message) -> Result<(), BusError> {
        match self.silent.load(Ordering::SeqCst) {
            true => Err(BusError::Away("the connection is not back yet".to_owned())),
            false => self.bus.publish_in(queue, lane, message).await,
        }
    }
    async fn declare(&self, queue: &str) -> Result<(), BusError> {
        self.bus.declare(queue).await
    }
    async fn emit(&self, event: Event) -> Result<(), BusError> {
        self.bus.emit(event).await
    }
    async fn consume(&self, queue: &str, prefetch: usize) -> Result<Box<dyn Consumer>, BusError> {
        self.bus.consume(queue, prefetch).await
    }
    async fn queue_state(&self, queue: &str) -> Result<QueueState, BusError> {
        self.bus.queue_state(queue).await
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
    async fn drain(&self, limit: Duration) -> bool {
        self.bus.drain(limit).await
    }
}

/// R09: after an outage jobs arrive before results can leave. They wait in hand; given back, each would come again at
/// once and be a dead letter within milliseconds, and its document would wait five minutes for the job's deadline.
#[tokio::test(flavor = "multi_thread")]
async fn r09_a_job_waits_in_hand_while_its_result_cannot_leave() {
    let Some(broker) = rabbit().await else { return };
    let mut haus = Haus::neu(&broker, "probe.stumm").await;
    let stumm = Arc::new(Stumm { bus: haus.worker.clone(), silent: true.into() });
    let done = Arc::new(AtomicU64::new(0));
    let counted = done.clone();
    let handler = worker::job(haus.art, move |_, _: Value| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(json!({})) }
    });
    let blobs = Arc::new(DirectoryBlobs::open(haus.test.folder.path(), "stadt").unwrap());
    haus.tasks.spawn(worker::serve(handler, stumm.clone(), blobs, 4));
    haus.start(0, 3).await;
    bis("worked on", secs(20), async || done.load(Ordering::SeqCst) == 3).await;
    tokio::time::sleep(secs(1)).await;
    assert_eq!(stumm.dead_letters().await.unwrap(), [], "in hand, not dead");
    stumm.silent.store(false, Ordering::SeqCst);
    let took = bis("all done", secs(10), async || haus.ended().await == 3).await;
    println!("R09: three results arrived {took:.1?} after they could leave");
    assert_eq!(done.load(Ordering::SeqCst), 3, "no job was worked on twice");
    haus.once(3).await;
}
