// SPDX-License-Identifier: EUPL-1.2
//! A service for tests of the calls between processes whose answer depends on what it is asked, and peers that are no
//! service at all.
#![allow(dead_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use nachrichten::{
    Actor, BlobHash, PersonId, SendungId, Tag, Timestamp,
    fehler::Fehler,
    sendungen::{Einlieferung, Kanal, Quittung, SendungStand, Sendungen, Stand},
};
use service_platform::config::RufSettings;
use service_ruf::{Limits, Neighbours, Services, remote};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use uuid::Uuid;

use crate::ruf::{Gegenstelle, alle_bei};

/// A service whose answer depends on the id it is asked for.
#[derive(Default)]
pub struct Probe {
    pub calls: AtomicU32,
    /// Work that was dropped before its end.
    pub dropped: Arc<AtomicU32>,
}

pub const HANGS: u128 = 1;
pub const PANICS: u128 = 2;
pub const SLOW: u128 = 3;
pub const SLOWLY: Duration = Duration::from_millis(600);

pub struct Unfinished(Arc<AtomicU32>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Sendungen for Probe {
    async fn accept(&self, _: &Actor, e: Einlieferung) -> Result<Quittung, Fehler> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(Quittung {
            receipt: id(9),
            sha256: BlobHash::of(&e.bytes),
            duplicate_of: None,
            repeated: false,
            erfasst: Timestamp(0),
        })
    }
    async fn stand(&self, _: &Actor, sendung: SendungId) -> Result<SendungStand, Fehler> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match sendung.0.as_u128() {
            HANGS => {
                let _unfinished = Unfinished(self.dropped.clone());
                std::future::pending().await
            }
            PANICS => panic!("on purpose"),
            SLOW => tokio::time::sleep(SLOWLY).await,
            _ => return Err(Fehler::not_found()),
        }
        Ok(stand())
    }
    async fn list(&self, _: &Actor, limit: u32) -> Result<Vec<SendungStand>, Fehler> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok((0..limit).map(|_| stand()).collect())
    }
    async fn correct_zugang(&self, _: &Actor, _: SendungId, _: Tag, _: &str) -> Result<(), Fehler> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

pub fn id(n: u128) -> SendungId {
    SendungId(Uuid::from_u128(n))
}

pub fn tag() -> Tag {
    "2026-11-23".parse().unwrap()
}

pub fn stand() -> SendungStand {
    SendungStand {
        receipt: id(9),
        name: "Brief".into(),
        sha256: BlobHash::of(b""),
        duplicate_of: None,
        kanal: Kanal::Scan,
        state: Stand::Filed,
        waiting_for: Vec::new(),
        reason: None,
        documents: Vec::new(),
        zugang: tag(),
        erfasst: Timestamp(0),
        freigabe: None,
        fortschritt: None,
        size: 0,
    }
}

pub fn kim() -> Actor {
    Actor { person: PersonId(Uuid::from_u128(77)), name: "Kim Beispiel".into() }
}

pub fn file(bytes: Vec<u8>) -> Einlieferung {
    Einlieferung {
        kanal: Kanal::Upload,
        name: "x".into(),
        bytes,
        idempotency_key: "1".into(),
        zugang: None,
        vertraulich: false,
    }
}

/// Fast enough for a test.
pub fn short() -> Limits {
    Limits {
        call: Duration::from_secs(2),
        patience: Duration::from_millis(500),
        connect: Duration::from_millis(700),
        stall: Duration::from_millis(700),
        look: Duration::ZERO,
        ..Limits::default()
    }
}

pub fn services(probe: &Arc<Probe>) -> Services {
    Services { sendungen: Some(probe.clone()), ..Services::default() }
}

pub fn nachbar(settings: &RufSettings, url: &str) -> Arc<remote::Eingang> {
    Neighbours::open_with(&alle_bei(settings, url), short()).unwrap().eingang.unwrap()
}

/// Without certificates, on this machine.
pub async fn offen(probe: &Arc<Probe>) -> (Gegenstelle, Arc<remote::Eingang>) {
    let settings = RufSettings::default();
    let server = Gegenstelle::neu(&settings, services(probe), short()).await;
    let client = nachbar(&settings, &format!("http://{}", server.address));
    (server, client)
}

pub fn code(answer: Result<impl std::fmt::Debug, Fehler>) -> (&'static str, u16) {
    let error = answer.unwrap_err();
    (error.code.0, error.status)
}

pub async fn bis(what: &str, holds: impl Fn() -> bool) {
    let from = Instant::now();
    while !holds() {
        assert!(from.elapsed() < Duration::from_secs(10), "not {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn url(server: &Gegenstelle) -> String {
    format!("https://localhost:{}", server.address.port())
}

/// How a peer treats its connections.
#[derive(Clone, Copy)]
pub enum Art {
    /// Takes them and reads nothing.
    Silent,
    /// Reads the request and hangs up.
    HangsUp,
    /// Reads the first request and is gone.
    Dies,
    /// Is some other web server.
    Html,
}

/// Its address and how many requests or connections it saw.
pub async fn peer(art: Art) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            if matches!(art, Art::Silent) {
                held.push(tcp);
                continue;
            }
            let mut bytes = [0; 65536];
            let _ = tcp.read(&mut bytes).await;
            if matches!(art, Art::Dies) {
                return;
            }
            if matches!(art, Art::Html) {
                let page =
                    "HTTP/1.1 404 Not Found\r\ncontent-length: 15\r\ncontent-type: text/html\r\n\r\n<h1>Nein</h1>\r\n";
                let _ = tcp.write_all(page.as_bytes()).await;
            }
        }
    });
    (url, seen)
}
