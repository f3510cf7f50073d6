// SPDX-License-Identifier: EUPL-1.2
//! Child program of this crate's tests: `child` serves the parsers; `crash`, `hang` and `garbage` behave
//! like a broken text engine.

use std::io::Write;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("crash") => service_sandbox::serve(&|_, _, _| std::process::abort()),
        Some("hang") => service_sandbox::serve(&|_, _, _| {
            loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        }),
        Some("garbage") => {
            let _ = std::io::stdout().write_all(&[b'x'; 4096]);
        }
        _ => service_sandbox::serve(&|kind, header, blobs| {
            service_erkennung::child(kind, header, blobs).unwrap_or_else(|| {
                Err(service_sandbox::Refusal::new("unknown-kind", "Diese Aufgabe ist hier unbekannt."))
            })
        }),
    }
}
