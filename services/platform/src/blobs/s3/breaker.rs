// SPDX-License-Identifier: EUPL-1.2
//! Circuit breaker: while the store is away, callers get their answer at once instead of waiting for a time-out each.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Opens after so many failed attempts in a row, over all calls. At 30 % errors that is one run in 15,000.
const FAILURES: u32 = 8;

/// Closed, or open until an instant. While open one attempt per pause goes through as a probe.
pub(super) struct Breaker {
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    next_probe: Option<Instant>,
    last: String,
}

impl Breaker {
    /// Closed; when open, one probe per `pause`.
    pub fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::default() }
    }

    /// May this attempt go out? Otherwise what the last failure was.
    pub fn admit(&self, now: Instant) -> Result<(), String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.next_probe {
            None => Ok(()),
            // The next probe is set before this one ends: a probe that is dropped half-way leaves nothing stuck.
            Some(at) if now >= at => {
                state.next_probe = Some(now + self.pause);
                Ok(())
            }
            Some(_) => Err(format!(
                "asked {} times in vain, waiting before the next try; last: {}",
                state.failures, state.last
            )),
        }
    }

    /// The store answered, whatever it said.
    pub fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next_probe.is_some() {
            tracing::info!(failures = state.failures, "blob store is back");
        }
        *state = State::default();
    }

    /// No usable answer.
    pub fn failed(&self, now: Instant, why: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        why.clone_into(&mut state.last);
        if state.failures >= FAILURES {
            if state.next_probe.is_none() {
                tracing::error!(alarm = "blobs-weg", failures = state.failures, why, "blob store is away");
            }
            state.next_probe = Some(now + self.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_lets_one_probe_through_and_closes() {
        let (breaker, start) = (Breaker::new(Duration::from_secs(2)), Instant::now());
        for _ in 0..FAILURES - 1 {
            breaker.failed(start, "no route");
        }
        assert!(breaker.admit(start).is_ok(), "one failure short");
        breaker.answered();
        for _ in 0..FAILURES {
            assert!(breaker.admit(start).is_ok(), "an answer in between starts the count again");
            breaker.failed(start, "no route");
        }
        assert!(breaker.admit(start).is_err_and(|e| e.contains("no route")));
        let later = start + Duration::from_secs(2);
        assert!(breaker.admit(later).is_ok(), "the probe");
        assert!(breaker.admit(later).is_err(), "only one");
        breaker.failed(later, "still none");
        assert!(breaker.admit(later + Duration::from_secs(1)).is_err());
        assert!(breaker.admit(later + Duration::from_secs(2)).is_ok());
        breaker.answered();
        assert!(breaker.admit(later).is_ok());
    }
}
