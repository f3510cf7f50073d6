// SPDX-License-Identifier: EUPL-1.2
//! The pool against a child that does everything wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use service_sandbox::{Landlock, Limits, Pool, SandboxError};

fn pool(limits: Limits) -> Pool {
    Pool::new(env!("CARGO_BIN_EXE_sandbox-probe").into(), Vec::new(), limits, 1)
}

fn fast() -> Limits {
    Limits { wall: Duration::from_millis(700), cpu_seconds: 1, frame: 2 << 20, ..Limits::default() }
}

fn pid(pool: &Pool) -> u64 {
    pool.call("pid", &Value::Null, &[]).unwrap().header.as_u64().unwrap()
}

#[test]
fn every_forbidden_act_is_denied() {
    let found = pool(Limits::default()).self_test().unwrap();
    assert!(found.connect_denied && found.exec_denied, "{found:?}");
    if found.report.landlock == Landlock::None {
        println!("this kernel has no Landlock: {}", found.report.summary());
        return;
    }
    assert!(found.passed(), "{found:?}");
}

#[test]
fn header_and_blobs_come_back_from_one_long_lived_child() {
    let pool = pool(Limits::default());
    let first = pid(&pool);
    let big = vec![7u8; 5 << 20];
    let reply = pool.call("echo", &json!({ "a": 1 }), &[b"x", &big]).unwrap();
    assert_eq!(reply.header, json!({ "a": 1 }));
    assert_eq!(reply.blobs, vec![b"x".to_vec(), big]);
    assert!(reply.peak_kib > 1000);
    assert_eq!(pid(&pool), first);
}

#[test]
fn a_refusal_is_an_answer_and_keeps_the_child() {
    let pool = pool(Limits::default());
    let first = pid(&pool);
    let error = pool.call("refuse", &Value::Null, &[]).unwrap_err();
    assert!(matches!(error, SandboxError::Refused { code, .. } if code == "format-rejected"));
    assert_eq!(pid(&pool), first);
}

#[test]
fn a_crash_is_a_result_and_the_next_job_gets_a_new_child() {
    let pool = pool(Limits::default());
    let first = pid(&pool);
    assert!(matches!(pool.call("crash", &Value::Null, &[]), Err(SandboxError::Died { how }) if how == "signal 6"));
    assert_ne!(pid(&pool), first);
}

#[test]
fn a_child_that_hangs_or_spins_is_killed_in_time() {
    let pool = pool(fast());
    for kind in ["hang", "spin"] {
        let begin = Instant::now();
        assert!(matches!(pool.call(kind, &Value::Null, &[]), Err(SandboxError::TimedOut)), "{kind}");
        assert!(begin.elapsed() < Duration::from_secs(3), "{kind}");
    }
    pid(&pool);
}

#[test]
fn processor_time_alone_also_ends_a_job() {
    let pool = pool(Limits { cpu_seconds: 1, ..Limits::default() });
    let begin = Instant::now();
    assert!(matches!(pool.call("spin", &Value::Null, &[]), Err(SandboxError::TimedOut)));
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn memory_has_an_end() {
    let pool = pool(Limits { memory: 64 << 20, ..Limits::default() });
    assert!(matches!(pool.call("memory", &Value::Null, &[]), Err(SandboxError::Died { .. })));
    pid(&pool);
}

#[test]
fn frames_over_the_cap_are_refused_in_both_directions() {
    let pool = pool(fast());
    assert!(matches!(pool.call("echo", &Value::Null, &[&vec![0; 3 << 20]]), Err(SandboxError::TooBig)));
    assert!(matches!(pool.call("big", &Value::Null, &[]), Err(SandboxError::TooBig)));
    pid(&pool);
}

#[test]
fn noise_on_standard_output_does_not_reach_the_frames() {
    let pool = pool(Limits::default());
    assert_eq!(pool.call("chatty", &json!(1), &[]).unwrap().header, json!(1));
    assert_eq!(pool.call("echo", &json!(2), &[]).unwrap().header, json!(2));
}

#[test]
fn threads_inside_the_child_still_work() {
    assert_eq!(pool(Limits::default()).call("thread", &Value::Null, &[]).unwrap().header, json!(7));
}

#[test]
fn a_child_is_replaced_after_its_number_of_jobs() {
    let pool = pool(Limits { jobs: 2, ..Limits::default() });
    let pids = [pid(&pool), pid(&pool), pid(&pool)];
    assert_eq!(pids[0], pids[1]);
    assert_ne!(pids[1], pids[2]);
}

#[test]
fn garbage_instead_of_frames_is_told_apart() {
    let pool = Pool::new("/bin/sh".into(), vec!["-c".into(), "echo not a frame at all".into()], fast(), 1);
    assert!(matches!(pool.call("echo", &Value::Null, &[]), Err(SandboxError::Garbage)));
}

#[test]
fn children_survive_the_thread_that_used_them_first() {
    let pool = pool(Limits::default());
    let inside = pool.clone();
    let first = std::thread::spawn(move || pid(&inside)).join().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(pid(&pool), first);
}

#[test]
fn two_callers_share_two_children() {
    let pool = Pool::new(env!("CARGO_BIN_EXE_sandbox-probe").into(), Vec::new(), Limits::default(), 2);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let pool = &pool;
            scope.spawn(move || assert_eq!(pool.call("echo", &json!(n), &[]).unwrap().header, json!(n)));
        }
    });
}
