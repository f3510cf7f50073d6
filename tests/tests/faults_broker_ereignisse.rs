// SPDX-License-Identifier: EUPL-1.2
//! Events for others on RabbitMQ: a foreign system with a queue of its own hears of a whole invoice in its order; a
//! broker that dies and an exchange that somebody deletes cost time, never an event.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/broker.rs"]
mod broker;
mod gemein;
#[path = "gemein/rechnungslauf.rs"]
mod rechnungslauf;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use broker::{bis, bus, secs};
use gemein::{haus::Haus, program};
use nachrichten::{
    AkteId,
    ereignisse::{Akte, Ereignis, MEDIENTYP, VERTEILSTELLE},
};
use serde_json::Value;
use service_platform::{
    bus::{Bus as _, RabbitBus},
    ereignis::{self, Absender, Weitergabe},
    uhr::{Clock as _, SystemClock, SystemIds},
};
use service_platform_testkit::{Heard, TestDb, rabbit, sqlite};
use tokio::sync::{Notify, mpsc::UnboundedReceiver};
use uuid::Uuid;

/// What came until it is quiet for a while.
async fn gehoert(from: &mut UnboundedReceiver<Heard>, quiet: Duration) -> Vec<Heard> {
    let mut all = Vec::new();
    while let Ok(Some(one)) = tokio::time::timeout(quiet, from.recv()).await {
        all.push(one);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_system_hears_of_a_whole_invoice_in_its_order() {
    let Some(broker) = rabbit().await else { return };
    let haus = Haus::eingestellt(program(), |s| {
        s.bus.url = broker.url();
        s.ereignisse.an = true;
    })
    .await;
    let mut all = broker.listen(VERTEILSTELLE, "de.eakte.#").await;
    let mut money = broker.listen(VERTEILSTELLE, "de.eakte.rechnung.*.v1").await;
    let dokument = rechnungslauf::bezahlt(&haus).await;
    let heard = gehoert(&mut all, secs(3)).await;
    for one in &heard {
        assert!(one.persistent && one.typ == MEDIENTYP, "{one:?}");
        assert_eq!(
            (one.body["id"].as_str(), one.body["type"].as_str()),
            (Some(one.id.as_str()), Some(one.key.as_str()))
        );
    }
    assert_eq!(heard.iter().map(|h| &h.id).collect::<BTreeSet<_>>().len(), heard.len(), "each id once");
    let events: Vec<Value> = heard.into_iter().map(|h| h.body).collect();
    println!("{} events of an invoice", events.len());
    rechnungslauf::pruefe(&events, dokument);
    let money: Vec<String> = gehoert(&mut money, Duration::from_millis(300)).await.into_iter().map(|h| h.key).collect();
    let expected = ["angeordnet", "uebergeben", "bezahlt"].map(|w| format!("de.eakte.rechnung.{w}.v1"));
    assert_eq!(money, expected, "a pattern chooses");
    haus.app.stop().await;
}

struct Quelle {
    test: TestDb,
    bus: Arc<RabbitBus>,
    weitergabe: Weitergabe,
    clock: SystemClock,
}

impl Quelle {
    async fn neu(bus: Arc<RabbitBus>) -> Self {
        let test = sqlite().await;
        ereignis::schalten(&test.db, true).await.unwrap();
        let absender = Absender { mandant: "stadt".into(), adresse: String::new() };
        let weitergabe =
            Weitergabe { db: test.db.clone(), bus: Some(bus.clone()), absender, post: Arc::new(Notify::new()) };
        Self { test, bus, weitergabe, clock: SystemClock::default() }
    }

    async fn geschieht(&self, akten: impl IntoIterator<Item = u128>) {
        for n in akten {
            let mut tx = self.test.db.begin().await.unwrap();
            let event = || Ereignis::AkteAngelegt(Akte { akte: AkteId(Uuid::from_u128(n)) });
            ereignis::melden(&mut tx, &SystemIds, event, self.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn wartend(&self) -> u64 {
        ereignis::warten(&self.test.db).await.unwrap().0
    }
}

fn nummern(heard: &[Heard]) -> Vec<u128> {
    heard.iter().map(|h| h.body["data"]["akte"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128()).collect()
}

/// The exchange is deleted under the sender, and the broker dies while events wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_exchange_and_a_dead_broker_lose_no_event() {
    let Some(mut broker) = rabbit().await else { return };
    let owner = bus(&broker, "ereignisse", true);
    owner.declare(&broker.fresh("ereignisse")).await.unwrap();
    let q = Quelle::neu(owner).await;
    q.geschieht(1..=3).await;
    assert_eq!(q.weitergabe.runde().await.unwrap(), 3, "nobody listens: no fault");
    let mut listener = broker.listen(VERTEILSTELLE, "#").await;
    q.geschieht(4..=6).await;
    assert_eq!(q.weitergabe.runde().await.unwrap(), 3);
    assert_eq!(nummern(&gehoert(&mut listener, secs(1)).await), [4, 5, 6]);

    broker.delete_exchange(VERTEILSTELLE).await;
    q.geschieht(7..=9).await;
    let handed = AtomicUsize::new(q.weitergabe.runde().await.unwrap());
    let took = bis("mended", secs(10), async || {
        handed.fetch_add(q.weitergabe.runde().await.unwrap(), Ordering::SeqCst);
        q.wartend().await == 0
    })
    .await;
    println!("exchange mended after {took:.1?}");
    assert_eq!(handed.into_inner(), 3, "each handed on once");
    let mut listener = broker.listen(VERTEILSTELLE, "#").await;

    broker.kill();
    bis("noticed", secs(5), async || broker::degraded(&q.bus)).await;
    q.geschieht(10..=12).await;
    assert_eq!((q.weitergabe.runde().await.unwrap(), q.wartend().await), (0, 3), "they wait");
    broker.start();
    broker.answers().await;
    // The foreign queue is durable, its connection is not ours to mend.
    listener.close();
    let mut listener = broker.listen(VERTEILSTELLE, "de.eakte.akte.*.v1").await;
    bis("handed on", secs(20), async || {
        let _ = q.weitergabe.runde().await;
        q.wartend().await == 0
    })
    .await;
    let heard = gehoert(&mut listener, secs(1)).await;
    assert_eq!(nummern(&heard), [10, 11, 12], "in order");
    assert!(q.bus.health().alarms.is_empty());
}
