// SPDX-License-Identifier: EUPL-1.2
//! Calls between processes while lines and processes die, hang, stop and come back: what is repeated, what is said about
//! the input, and that nobody works for a caller who is gone.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "gemein/ruf_probe.rs"]
mod probe;
#[path = "gemein/ruf.rs"]
mod ruf;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use nachrichten::{BlobHash, sendungen::Sendungen as _};
use probe::{Art, HANGS, Probe, SLOW, bis, code, file, id, kim, nachbar, offen, peer, services, short, tag, url};
use ruf::{Amt, Gegenstelle, alle_bei};
use service_platform::config::RufSettings;
use service_ruf::{Limits, Neighbours};
use tokio::{net::TcpListener, sync::oneshot};

/// A call ends in time, is repeated only where that is harmless, and the sentence says what became of the input.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_repeated_only_when_that_is_harmless() {
    let (quiet, _) = peer(Art::Silent).await;
    let client = nachbar(&RufSettings::default(), &quiet);
    let from = Instant::now();
    let error = client.list(&kim(), 1).await.unwrap_err();
    assert_eq!((error.code.0, error.status), ("E9010", 503));
    assert!(error.text.0.starts_with("Der Posteingang antwortet gerade nicht."), "{}", error.text);
    let took = from.elapsed();
    assert!(took >= Duration::from_millis(1_900) && took < Duration::from_millis(3_000), "{took:?}");
    // Behind TLS a silent peer does not even finish the handshake: then nothing was sent.
    let amt = Amt::neu();
    let portal = amt.ausweis("ca", "portal", "DNS:portal", 2);
    let client = nachbar(&portal, &quiet.replace("http://127.0.0.1", "https://localhost"));
    let error = client.accept(&kim(), file(vec![1])).await.unwrap_err();
    assert!(error.text.0.contains("Nichts wurde geändert."), "{}", error.text);

    let (rude, seen) = peer(Art::HangsUp).await;
    let client = nachbar(&RufSettings::default(), &rude);
    let asked = async |what: &str| {
        seen.store(0, Ordering::SeqCst);
        let error = match what {
            "read" => client.list(&kim(), 1).await.unwrap_err(),
            "once" => client.accept(&kim(), file(b"abc".to_vec())).await.unwrap_err(),
            _ => client.correct_zugang(&kim(), id(1), tag(), "x").await.unwrap_err(),
        };
        assert_eq!(error.code.0, "E9010");
        (seen.load(Ordering::SeqCst), error.text.0)
    };
    let (times, text) = asked("read").await;
    assert!(times == 3 && text.contains("in einer Minute neu"), "{times} {text}");
    let (times, text) = asked("once").await;
    assert!(times == 3 && text.contains("Ihre Eingabe ist nicht verloren"), "{times} {text}");
    let (times, text) = asked("write").await;
    assert!(times == 1 && text.contains("steht noch nicht fest"), "{times} {text}");
    // The first request may have arrived, the next ones find nobody: nobody knows that nothing was done.
    let (gone, _) = peer(Art::Dies).await;
    let error = nachbar(&RufSettings::default(), &gone).accept(&kim(), file(b"abc".to_vec())).await.unwrap_err();
    assert!(error.text.0.contains("Ihre Eingabe ist nicht verloren"), "{error:?}");
}

/// Gone and back: no restart of the caller, and no call is lost to a connection that died unused.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_comes_back_is_found_again() {
    let (amt, probe) = (Amt::neu(), Arc::new(Probe::default()));
    let (portal, mut own) = (amt.ausweis("ca", "portal", "DNS:portal", 2), amt.dienst("eingang"));
    let server = Gegenstelle::neu(&own, services(&probe), short()).await;
    let client = nachbar(&portal, &url(&server));
    own.listen = server.address.to_string();
    client.answers().await.unwrap();
    client.correct_zugang(&kim(), id(1), tag(), "x").await.unwrap();
    server.stop().await;
    let error = client.correct_zugang(&kim(), id(1), tag(), "x").await.unwrap_err();
    assert_eq!(error.code.0, "E9010");
    assert!(error.text.0.contains("Nichts wurde geändert."), "{}", error.text);
    // Known to be away: said at once, not after another wait.
    let from = Instant::now();
    assert!(client.answers().await.is_err());
    assert!(from.elapsed() < Duration::from_millis(450), "{:?}", from.elapsed());
    let server = Gegenstelle::neu(&own, services(&probe), short()).await;
    client.correct_zugang(&kim(), id(1), tag(), "x").await.unwrap();
    // Restarted between two calls: a write goes through at once on a new connection.
    server.stop().await;
    let server = Gegenstelle::neu(&own, services(&probe), short()).await;
    client.correct_zugang(&kim(), id(1), tag(), "x").await.unwrap();
    assert_eq!(probe.calls.load(Ordering::SeqCst), 3, "each once");
    drop(server);
}

/// Nobody works for a caller who is gone.
#[tokio::test(flavor = "multi_thread")]
async fn work_ends_with_its_caller() {
    let probe = Arc::new(Probe::default());
    let (_server, client) = offen(&probe).await;
    let dropped = |n| {
        let probe = probe.clone();
        move || probe.dropped.load(Ordering::SeqCst) == n
    };
    // Leaves by himself.
    let asked = tokio::spawn({
        let client = client.clone();
        async move { client.stand(&kim(), id(HANGS)).await }
    });
    bis("asked", || probe.calls.load(Ordering::SeqCst) == 1).await;
    asked.abort();
    bis("dropped with the caller", dropped(1)).await;
    // Has waited long enough.
    assert_eq!(code(client.stand(&kim(), id(HANGS)).await), ("E9010", 503));
    bis("dropped at the deadline", dropped(2)).await;
    client.list(&kim(), 1).await.unwrap();
}

/// A stop lets calls under way end, and takes no further one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_drains() {
    let probe = Arc::new(Probe::default());
    let (server, client) = offen(&probe).await;
    client.list(&kim(), 1).await.unwrap();
    let (begun, has_begun) = oneshot::channel();
    let under_way = tokio::spawn({
        let client = client.clone();
        async move {
            let _ = begun.send(());
            client.stand(&kim(), id(SLOW)).await
        }
    });
    has_begun.await.unwrap();
    bis("under way", || probe.calls.load(Ordering::SeqCst) == 2).await;
    let took = server.stop().await;
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(2), "{took:?}");
    under_way.await.unwrap().unwrap();
    assert_eq!(code(client.list(&kim(), 1).await), ("E9010", 503));

    // Work without end is given up.
    let limits = Limits { drain: Duration::from_millis(300), ..short() };
    let server = Gegenstelle::neu(&RufSettings::default(), services(&probe), limits).await;
    let client = nachbar(&RufSettings::default(), &format!("http://{}", server.address));
    let calls = probe.calls.load(Ordering::SeqCst);
    let hanging = tokio::spawn(async move { client.stand(&kim(), id(HANGS)).await });
    bis("asked", || probe.calls.load(Ordering::SeqCst) > calls).await;
    let took = server.stop().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    hanging.abort();
}

/// Many at once over few connections, over TLS.
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_are_all_answered() {
    let (amt, probe) = (Amt::neu(), Arc::new(Probe::default()));
    let server = Gegenstelle::neu(&amt.dienst("eingang"), services(&probe), Limits::default()).await;
    let settings = alle_bei(&amt.ausweis("ca", "portal", "DNS:portal", 2), &url(&server));
    let client = Neighbours::open(&settings).unwrap().eingang.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..400u32 {
        let client = client.clone();
        calls.spawn(async move {
            let bytes = vec![n as u8; 1_000 * n as usize % 70_000];
            let hash = BlobHash::of(&bytes);
            assert_eq!(client.accept(&kim(), file(bytes)).await.unwrap().sha256, hash);
            assert_eq!(client.list(&kim(), n % 7).await.unwrap().len(), (n % 7) as usize);
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
    assert_eq!(probe.calls.load(Ordering::SeqCst), 800);
}

/// A line that dies without a word: what was under way is lost, the next call finds a new line.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_line_costs_one_call() {
    let probe = Arc::new(Probe::default());
    let server = Gegenstelle::neu(&RufSettings::default(), services(&probe), short()).await;
    let line = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", line.local_addr().unwrap());
    let (dead, lives) = (tokio::sync::watch::Sender::new(0u32), Arc::new(AtomicU32::new(0)));
    let (deaths, count, to) = (dead.clone(), lives.clone(), server.address);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = line.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut death = deaths.subscribe();
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(to).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    // Both ends stay open and hear nothing more.
                    _ = death.changed() => std::future::pending().await,
                }
            });
        }
    });
    let client = nachbar(&RufSettings::default(), &url);
    let write = async || client.correct_zugang(&kim(), id(1), tag(), "x").await;
    // Three connections, all unused.
    let kim = kim();
    let (a, b, c) = tokio::join!(client.stand(&kim, id(SLOW)), client.stand(&kim, id(SLOW)), write());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!(lives.load(Ordering::SeqCst) >= 2);
    dead.send_replace(1);
    let error = write().await.unwrap_err();
    assert!(error.text.0.contains("steht noch nicht fest"), "{}", error.text);
    let from = Instant::now();
    for _ in 0..3 {
        write().await.unwrap();
    }
    assert!(from.elapsed() < Duration::from_secs(1), "the other dead lines are forgotten");
}

/// The other process is restarted again and again under load: readers and senders with a key notice nothing.
#[tokio::test(flavor = "multi_thread")]
async fn restarts_under_load_are_not_noticed() {
    let (amt, probe) = (Amt::neu(), Arc::new(Probe::default()));
    let mut own = amt.dienst("eingang");
    let mut server = Gegenstelle::neu(&own, services(&probe), Limits::default()).await;
    own.listen = server.address.to_string();
    let settings = alle_bei(&amt.ausweis("ca", "portal", "DNS:portal", 2), &url(&server));
    let client = Neighbours::open(&settings).unwrap().eingang.unwrap();
    let end = tokio::sync::watch::Sender::new(false);
    let mut load = tokio::task::JoinSet::new();
    for n in 0..8u32 {
        let (client, end) = (client.clone(), end.subscribe());
        load.spawn(async move {
            let mut done = 0u32;
            while !*end.borrow() {
                match n % 2 {
                    0 => client.list(&kim(), 3).await.map(|_| ()),
                    _ => client.accept(&kim(), file(vec![n as u8; 50_000])).await.map(|_| ()),
                }
                .unwrap();
                done += 1;
            }
            done
        });
    }
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.stop().await;
        server = Gegenstelle::neu(&own, services(&probe), Limits::default()).await;
    }
    end.send_replace(true);
    let mut calls = 0;
    while let Some(done) = load.join_next().await {
        calls += done.unwrap();
    }
    println!("{calls} calls over 15 restarts, the service saw {}", probe.calls.load(Ordering::SeqCst));
    assert!(calls > 200, "only {calls} calls");
    drop(server);
}
