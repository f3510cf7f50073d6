// SPDX-License-Identifier: EUPL-1.2
//! A receiver of webhooks that a stranger might have written: it checks signatures with a few lines of its own, and can
//! misbehave in every way we could think of.
#![allow(clippy::unwrap_used, dead_code)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use nachrichten::BlobHash;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How it answers.
#[derive(Clone, Debug)]
pub enum Art {
    Nimmt,
    /// This status, with more header lines (each with its line end).
    Status(u16, String),
    /// This status, and a body that never ends.
    Endlos(u16),
    /// Takes the connection and says nothing.
    Stumm,
    /// One header after the other, for ever.
    Tropft,
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub struct Bekommen {
    pub head: String,
    pub body: String,
}

impl Bekommen {
    pub fn kopf(&self, name: &str) -> String {
        let found = self.head.lines().find_map(|l| {
            let (key, value) = l.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("no header {name}: {}", self.head))
    }

    pub fn ereignis(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Standard Webhooks 1.0.0: one of the signatures fits the secret.
    pub fn gilt_mit(&self, secret: &str) -> bool {
        let key = von_base64(secret.strip_prefix("whsec_").unwrap());
        let signed = format!("{}.{}.{}", self.kopf("webhook-id"), self.kopf("webhook-timestamp"), self.body);
        let expected = format!("v1,{}", base64(&hmac(&key, signed.as_bytes())));
        self.kopf("webhook-signature").split(' ').any(|s| s == expected)
    }
}

pub struct Empfaenger {
    pub url: String,
    pub port: u16,
    art: Arc<Mutex<Art>>,
    bekommen: Arc<Mutex<Vec<Bekommen>>>,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for Empfaenger {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Empfaenger {
    pub async fn neu(art: Art) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (art, bekommen) = (Arc::new(Mutex::new(art)), Arc::<Mutex<Vec<Bekommen>>>::default());
        let (how, got) = (art.clone(), bekommen.clone());
        let accept = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(bedienen(stream, how.clone(), got.clone()));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}/eakte"), port, art, bekommen, accept }
    }

    pub fn sei(&self, art: Art) {
        *self.art.lock().unwrap() = art;
    }

    /// Everything so far, also what it did not take.
    pub fn alles(&self) -> Vec<Bekommen> {
        self.bekommen.lock().unwrap().clone()
    }

    pub fn ids(&self) -> Vec<String> {
        self.alles().iter().map(|b| b.kopf("webhook-id")).collect()
    }
}

async fn bedienen(mut stream: TcpStream, art: Arc<Mutex<Art>>, got: Arc<Mutex<Vec<Bekommen>>>) -> std::io::Result<()> {
    loop {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = bytes[end + 4..].to_vec();
        while body.len() < length.unwrap_or(0) {
            stream.read_buf(&mut body).await?;
        }
        got.lock().unwrap().push(Bekommen { head, body: String::from_utf8(body).unwrap() });
        let how = art.lock().unwrap().clone();
        match how {
            Art::Nimmt => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?,
            Art::Status(status, more) => {
                let answer = format!("HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
            }
            Art::Endlos(status) => {
                let answer = format!("HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
                let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
                loop {
                    stream.write_all(chunk.as_bytes()).await?;
                }
            }
            Art::Stumm => std::future::pending().await,
            Art::Tropft => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                loop {
                    stream.write_all(b"X-Mehr: noch einer\r\n").await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    assert!(key.len() <= 64);
    let pad = |with: u8| (0..64).map(|i| key.get(i).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let inner = BlobHash::of(&[pad(0x36), text.to_vec()].concat()).0;
    BlobHash::of(&[pad(0x5c), inner.to_vec()].concat()).0
}

const ZEICHEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let n = three.iter().enumerate().fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let sign = ZEICHEN[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= three.len() { sign } else { '=' });
        }
    }
    out
}

fn von_base64(text: &str) -> Vec<u8> {
    let (mut out, mut n, mut bits) = (Vec::new(), 0u32, 0);
    for sign in text.bytes().filter(|b| *b != b'=') {
        n = n << 6 | ZEICHEN.iter().position(|z| *z == sign).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((n >> bits) as u8);
            n &= (1 << bits) - 1;
        }
    }
    out
}
