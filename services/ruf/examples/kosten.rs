// SPDX-License-Identifier: EUPL-1.2
//! What a call between two processes costs beside the call in one: `cargo build --workspace --example kosten`, then `target/debug/examples/kosten`.
//!
//! Client and server in one program on loopback, the smallest call there is, one after the other and 64 at once; plain
//! and over mTLS with certificates that `openssl` makes. Prints microseconds.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use nachrichten::{BlobHash, fehler::Fehler, verweise::Verweise};
use service_platform::config::RufSettings;
use service_ruf::{Neighbours, Server, Services};

struct Nothing;

#[async_trait]
impl Verweise for Nothing {
    async fn verweist(&self, _: BlobHash) -> Result<bool, Fehler> {
        Ok(false)
    }
}

const MAKE: &str = r#"set -e; cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=eakte -keyout own.key -out own.csr
printf 'subjectAltName=DNS:eingang,DNS:localhost\nbasicConstraints=CA:FALSE\n' >ext
openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out own.pem"#;

fn median(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
    (at(50), at(99))
}

async fn measure(what: &str, settings: &RufSettings, host: &str, scheme: &str) {
    let services = Services { verweise: Some(Arc::new(Nothing)), ..Services::default() };
    let settings = RufSettings { listen: "127.0.0.1:0".into(), ..settings.clone() };
    let server = Server::bind(&settings, services).await.unwrap().unwrap();
    let akten = format!("{scheme}://{host}:{}", server.address().unwrap().port());
    tokio::spawn(server.run(std::future::pending()));
    let akten = Neighbours::open(&RufSettings { akten, ..settings }).unwrap().akten.unwrap();
    let from = Instant::now();
    akten.verweist(BlobHash::of(b"")).await.unwrap();
    let first = from.elapsed().as_secs_f64() * 1e6;
    let mut times = Vec::new();
    for _ in 0..5_000 {
        let from = Instant::now();
        akten.verweist(BlobHash::of(b"")).await.unwrap();
        times.push(from.elapsed());
    }
    let (half, most) = median(times);
    let from = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let akten = akten.clone();
        tasks.spawn(async move {
            for _ in 0..500 {
                akten.verweist(BlobHash::of(b"")).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let rate = 32_000.0 / from.elapsed().as_secs_f64();
    println!(
        "{what}: first {first:.0}, then median {half:.0}, 99 % {most:.0} microseconds; 64 at once: {rate:.0} calls/s"
    );
}

#[tokio::main]
async fn main() {
    let folder = std::env::temp_dir().join(format!("eakte-kosten-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = std::process::Command::new("bash").args(["-c", MAKE, "bash"]).arg(&folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let plain = RufSettings::default();
    let mutual = RufSettings {
        zertifikat_datei: path("own.pem"),
        schluessel_datei: path("own.key"),
        ca_datei: path("ca.pem"),
        ..RufSettings::default()
    };
    let from = Instant::now();
    for _ in 0..5_000 {
        let service: &dyn Verweise = &Nothing;
        service.verweist(BlobHash::of(b"")).await.unwrap();
    }
    println!("in one process: {:.2} microseconds", from.elapsed().as_secs_f64() * 1e6 / 5_000.0);
    measure("plain, loopback", &plain, "127.0.0.1", "http").await;
    measure("mTLS, loopback", &mutual, "localhost", "https").await;
    std::fs::remove_dir_all(&folder).unwrap();
}
