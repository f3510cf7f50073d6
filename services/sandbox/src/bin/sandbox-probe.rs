// SPDX-License-Identifier: EUPL-1.2
//! A child for the tests of the pool: echoes, refuses, crashes, hangs, eats memory, speaks garbage.

use std::io::Write;

use serde_json::Value;
use service_sandbox::{Refusal, Reply, serve};

fn main() {
    serve(&|kind, header, blobs| match kind {
        "echo" => Ok(Reply::new(header, blobs)),
        "refuse" => Err(Refusal::new("format-rejected", "Das ist kein Brief.")),
        "crash" => std::process::abort(),
        "hang" => loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        },
        "spin" => loop {
            std::hint::spin_loop();
        },
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1u8; 8 << 20]);
            }
        }
        "big" => Ok(Reply::new(Value::Null, vec![vec![0; 3 << 20]])),
        "chatty" => {
            // Like a C library that prints to standard output: must not reach the frames.
            let _ = std::io::stdout().write_all(b"noise noise noise\n");
            let _ = std::io::stdout().flush();
            Ok(Reply::new(header, Vec::new()))
        }
        "pid" => Ok(Reply::new(std::process::id().into(), Vec::new())),
        "thread" => Ok(Reply::new(std::thread::spawn(|| 7).join().unwrap_or(0).into(), Vec::new())),
        _ => Err(Refusal::new("unknown", "Diese Aufgabe ist unbekannt.")),
    })
}
