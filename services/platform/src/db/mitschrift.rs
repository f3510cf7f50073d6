// SPDX-License-Identifier: EUPL-1.2
//! What a run sends to its database, so that a benchmark can send the same again without the program around it.
//! Off unless a benchmark turns it on.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::{Args, Sql};

static ON: AtomicBool = AtomicBool::new(false);
static NEXT: AtomicU64 = AtomicU64::new(1);
static SAETZE: Mutex<Vec<Satz>> = Mutex::new(Vec::new());

/// One statement, or the end of a transaction.
#[derive(Clone, Debug)]
pub struct Satz {
    /// Number of the transaction; 0 outside of one.
    pub tx: u64,
    pub was: Was,
}

/// What was sent.
#[derive(Clone, Debug)]
pub enum Was {
    Write(Sql, Args),
    Read(Sql, Args),
    Commit,
}

/// Begins to keep what every [`Db`](super::Db) of this process sends.
pub fn start() {
    ON.store(true, Ordering::Relaxed);
}

/// Ends it and gives what was kept, in the order in which it was sent.
pub fn take() -> Vec<Satz> {
    ON.store(false, Ordering::Relaxed);
    std::mem::take(&mut *SAETZE.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(super) fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn note(tx: u64, was: impl FnOnce() -> Was) {
    if ON.load(Ordering::Relaxed) {
        SAETZE.lock().unwrap_or_else(PoisonError::into_inner).push(Satz { tx, was: was() });
    }
}
