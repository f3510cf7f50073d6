// SPDX-License-Identifier: EUPL-1.2
//! R24 with the whole application: a document store that errs, breaks off, stalls, lags and goes away costs time. No job
//! uses up its tries for it, nobody asks in a busy loop, and everything goes on by itself.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod gemein;

use std::time::{Duration, Instant};

use gemein::{Zufall, haus::Haus, kanal, probe, proben, program};
use nachrichten::sendungen::{Kanal, Stand};
use service_platform_testkit::{proxy::Fault, s3::s3};

fn long() -> bool {
    std::env::var_os("EAKTE_LONG").is_some()
}

/// Invoices of their own bytes each.
fn rechnung(n: usize) -> Vec<u8> {
    [probe("04-rechnung-xrechnung-ubl.xml"), format!("\n<!-- R24 {n} -->\n").into_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn r24_a_store_that_is_away_burns_no_tries() {
    let Some(s3) = s3().await else { return };
    let (proxy, mut through) = s3.proxied().await;
    (through.frist_ms, through.versuche) = (1000, 3);
    let haus = Haus::eingestellt(program(), |settings| settings.s3 = through).await;
    // Accepted before the store goes; their jobs begin when it is gone.
    let mut receipts = Vec::new();
    for n in 0..12 {
        receipts.push(haus.gib(Kanal::Upload, "r.xml", rechnung(n), None).await.unwrap());
    }
    proxy.set(Fault::Reset, "");
    let away = Duration::from_secs(if long() { 1200 } else { 14 });
    let before = haus.zahl("SELECT coalesce(sum(attempt), 0) FROM geschaeftsgang_auftrag").await;
    let from = Instant::now();
    while from.elapsed() < away {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(haus.zahl("SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'").await, 0);
    }
    let open = haus.zahl("SELECT count(*) FROM geschaeftsgang_auftrag").await;
    let asked = haus.zahl("SELECT coalesce(sum(attempt), 0) FROM geschaeftsgang_auftrag").await - before;
    let tries = haus.zahl("SELECT coalesce(max(failures), 0) FROM geschaeftsgang_auftrag").await;
    println!("{open} jobs wait, went out {asked} times in {away:?}");
    assert!(open > 0, "the store went before the work");
    assert_eq!(tries, 0, "no try is used");
    // Each one once at first, then one per type in two seconds; three types read documents here.
    assert!(asked < open + 12 + 3 * away.as_secs() as i64 / 2, "no busy loop: {asked}");

    let waiting = async || {
        let mut waiting = 0;
        for id in &receipts {
            waiting += usize::from(haus.stand(*id).await.state == Stand::Waiting);
        }
        waiting
    };
    let before = waiting().await;
    proxy.heal();
    let from = Instant::now();
    while waiting().await == before {
        assert!(from.elapsed() < Duration::from_secs(15), "first effect 15 s after the store is back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("first effect {:.1?} after the store is back", from.elapsed());
    for id in &receipts {
        assert_eq!(haus.ruht(*id).await.state, Stand::Waiting);
    }
    println!("all done {:.1?} after the store is back", from.elapsed());
    haus.ist_sauber().await;
}

/// One fault after the other while the sample post is on its way, in an order the seed gives.
#[tokio::test(flavor = "multi_thread")]
async fn r24_the_sample_post_over_a_bad_store() {
    let Some(s3) = s3().await else { return };
    let mut zufall = Zufall::new("r24");
    let (proxy, mut through) = s3.proxied().await;
    (through.frist_ms, through.versuche, through.geduld_ms) = (1500, 5, 4000);
    if long() {
        (through.frist_ms, through.geduld_ms) = (10_000, 12_000);
    }
    let factor = if long() { 10 } else { 1 };
    let haus = Haus::eingestellt(program(), |settings| settings.s3 = through).await;
    let mut receipts = Vec::new();
    for name in proben() {
        receipts.push((haus.gib(kanal(&name), &name, probe(&name), None).await.unwrap(), name));
    }
    let secs = |n: u64| Duration::from_secs(n * factor);
    let mut faults = vec![
        (Fault::Busy { percent: 30, seed: zufall.in_range(1, u64::MAX >> 33) }, secs(3)),
        (Fault::CutAnswer { after: 900, reset: true }, secs(2)),
        (Fault::CutAnswer { after: 900, reset: false }, secs(1)),
        (Fault::Silence, secs(2)),
        (Fault::SwallowAnswer, secs(2)),
        (Fault::NotFoundUntil(Instant::now() + Duration::from_secs(3600)), secs(1)),
    ];
    while !faults.is_empty() {
        let at = zufall.in_range(0, faults.len() as u64) as usize;
        let (fault, time) = faults.swap_remove(at);
        println!("{fault:?} for {time:?}");
        proxy.set(fault, "");
        tokio::time::sleep(time).await;
    }
    proxy.heal();
    for (id, name) in &receipts {
        let stand = haus.ruht(*id).await;
        assert_eq!(stand.state, Stand::Waiting, "{name}: {stand:?}");
    }
    haus.ist_sauber().await;
}
