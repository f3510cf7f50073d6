// SPDX-License-Identifier: EUPL-1.2
//! `Clock` and `Ids`: the only places that know the wall clock and random ids.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Instant,
};

use nachrichten::Timestamp;
use uuid::Uuid;

use crate::zeit::Takt;

/// What time is it? Tests and the demo move it; production asks the system.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// New ids, rising with time (UUIDv7), so that indexes grow at one end.
pub trait Ids: Send + Sync {
    fn uuid(&self) -> Uuid;
}

/// The time of the database ([`crate::zeit`]; until it is asked, the host's), with an offset that only the demo sets.
/// Never goes backwards within a process.
pub struct SystemClock {
    takt: Takt,
    offset_micros: AtomicI64,
    last: AtomicI64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::by(Takt::of_host())
    }
}

impl SystemClock {
    /// Goes by this.
    pub fn by(takt: Takt) -> Self {
        Self { takt, offset_micros: AtomicI64::default(), last: AtomicI64::default() }
    }

    /// What it goes by.
    pub fn takt(&self) -> &Takt {
        &self.takt
    }

    /// Sets how far this clock is ahead of the system's, in microseconds.
    pub fn set_offset(&self, micros: i64) {
        self.offset_micros.store(micros, Ordering::SeqCst);
        self.last.store(0, Ordering::SeqCst);
    }

    /// How far this clock is ahead of the system's, in microseconds.
    pub fn offset(&self) -> i64 {
        self.offset_micros.load(Ordering::SeqCst)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = self.takt.micros(Instant::now()).saturating_add(self.offset_micros.load(Ordering::SeqCst));
        Timestamp(self.last.fetch_max(now, Ordering::SeqCst).max(now))
    }
}

/// UUIDv7 of the system.
#[derive(Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that stands still until it is moved.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.0))
    }
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::SeqCst);
    }
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Counts: 00000000-0000-7000-8000-000000000001, ...
#[derive(Default)]
pub struct CountingIds(AtomicU64);

impl Ids for CountingIds {
    fn uuid(&self) -> Uuid {
        let n = u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1);
        Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000 | n)
    }
}
