// SPDX-License-Identifier: EUPL-1.2
//! The child's side: lock, then read jobs and answer them until the pipe ends.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::frame::{self, FrameError};
use crate::{Access, Limits, Refusal, Reply, Report, lock, selftest, sys};

/// Environment variable by which the pool tells its child the [`Orders`].
pub(crate) const ORDERS: &str = "EAKTE_SANDBOX";
/// Job kind answered by every child: tries what must fail.
pub(crate) const SELF_TEST: &str = "sandbox.selbsttest";

/// What the parent asks of the child's lock.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Orders {
    pub limits: Limits,
    pub access: Access,
}

/// Does one job: kind, message, bytes.
pub type Handler<'a> = dyn Fn(&str, Value, Vec<Vec<u8>>) -> Result<Reply, Refusal> + 'a;

/// Locks this process down and answers jobs on standard input until it ends.
///
/// * `handle` - gets the job kind, its message and bytes. A panic inside ends the process: the job's
///   result is then "child died".
///
/// Exit codes: 0 end of input, 70 the lock failed, 74 the pipes failed.
pub fn serve(handle: &Handler<'_>) -> ! {
    let orders: Orders =
        std::env::var(ORDERS).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let Ok(mut out) = sys::take_stdout() else { std::process::exit(74) };
    let report = match lock::lock(&orders.limits, &orders.access, true) {
        Ok(report) => report,
        Err(e) => {
            let _ = writeln!(io::stderr(), "sandbox: {e}");
            std::process::exit(70)
        }
    };
    let mut input = io::stdin().lock();
    loop {
        let frame = match frame::read(&mut input, orders.limits.frame) {
            Ok(frame) => frame,
            Err(FrameError::End) => std::process::exit(0),
            Err(_) => std::process::exit(74),
        };
        if lock::next_job(&orders.limits).is_err() {
            std::process::exit(70);
        }
        let kind = frame.header["kind"].as_str().unwrap_or_default().to_owned();
        let result = if kind == SELF_TEST {
            Ok(self_test(&report))
        } else {
            handle(&kind, frame.header["header"].clone(), frame.blobs)
        };
        if answer(&mut out, result, orders.limits.frame).is_err() {
            std::process::exit(74);
        }
    }
}

fn self_test(report: &Report) -> Reply {
    Reply::new(serde_json::to_value(selftest::run(report.clone())).unwrap_or(Value::Null), Vec::new())
}

fn answer(out: &mut impl Write, result: Result<Reply, Refusal>, cap: u64) -> Result<(), FrameError> {
    let peak = sys::usage().1;
    let written = match &result {
        Ok(reply) => {
            let blobs: Vec<&[u8]> = reply.blobs.iter().map(Vec::as_slice).collect();
            frame::write(out, &json!({ "ok": reply.header, "peak_kib": peak }), &blobs, cap)
        }
        Err(refusal) => frame::write(out, &json!({ "refused": refusal, "peak_kib": peak }), &[], cap),
    };
    match written {
        Err(FrameError::TooBig) => frame::write(out, &json!({ "too_big": true }), &[], cap),
        other => other,
    }
}
