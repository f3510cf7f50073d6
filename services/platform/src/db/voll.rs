// SPDX-License-Identifier: EUPL-1.2
//! Remembers that the database had no room: reading goes on, so nothing else would tell an operator.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A refusal this old says nothing about now; where somebody wants to write, there are newer ones.
const FRESH: Duration = Duration::from_secs(30);

static FULL: AtomicBool = AtomicBool::new(false);
static LAST: Mutex<Option<Instant>> = Mutex::new(None);

/// Notes an error that says so (PostgreSQL 53100, SQLite 13).
pub(super) fn note(error: &sqlx::Error) {
    let sqlx::Error::Database(error) = error else { return };
    if !error.code().is_some_and(|c| c == "53100" || c == "13") {
        return;
    }
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    if !FULL.swap(true, Ordering::AcqRel) {
        tracing::error!(
            alarm = "datenbank-voll", %error,
            "the database has no room: nothing is accepted until there is; make room, everything goes on by itself"
        );
    }
}

/// A commit lasts.
pub(super) fn wrote() {
    if FULL.load(Ordering::Relaxed) && FULL.swap(false, Ordering::AcqRel) {
        tracing::info!("the database has room again");
    }
}

/// Did this process's database refuse for want of room a moment ago, and nothing was written since?
pub fn is_full() -> bool {
    let last = *LAST.lock().unwrap_or_else(PoisonError::into_inner);
    FULL.load(Ordering::Acquire) && last.is_some_and(|at| at.elapsed() < FRESH)
}
