// SPDX-License-Identifier: EUPL-1.2
//! What a type of job needs is away (blob store, database of a neighbour): its jobs stay in the table instead of going
//! round in circles. One goes out now and then to ask; the first that gets through lets all others follow.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use nachrichten::job::Outcome;

/// A job that came back waits at least this long; meanwhile another one asks. Work goes on well within 15 s.
pub(crate) const JOB: Duration = Duration::from_secs(4);
/// Between two jobs of a type that ask.
const PROBE: Duration = Duration::from_secs(2);

/// Types that wait, and when the next job may ask.
#[derive(Default)]
pub(crate) struct Pausen(Mutex<HashMap<String, Instant>>);

impl Pausen {
    fn next(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job of this type came back: without having found what it needs, or worked on.
    pub fn note(&self, typ: &str, outcome: &Outcome, now: Instant) {
        match outcome {
            Outcome::Away { cause } => {
                if self.next().insert(typ.to_owned(), now + PROBE).is_none() {
                    tracing::error!(
                        alarm = "auftraege-warten",
                        typ,
                        cause,
                        "jobs wait for what is away, none uses a try"
                    );
                }
            }
            _ => {
                if self.next().remove(typ).is_some() {
                    tracing::info!(typ, "jobs go on");
                }
            }
        }
    }

    /// How many jobs of this type may go out, of `free` places.
    pub fn room(&self, typ: &str, free: u32, now: Instant) -> u32 {
        match self.next().get_mut(typ) {
            None => free,
            // The next one is set before this one is back: a job that gets lost leaves nothing stuck.
            Some(at) if now >= *at => {
                *at = now + PROBE;
                free.min(1)
            }
            Some(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_per_pause_and_the_first_that_gets_through_opens_the_way() {
        let (pausen, start) = (Pausen::default(), Instant::now());
        let room = |after: u64| pausen.room("lesen", 16, start + Duration::from_secs(after));
        assert_eq!(room(0), 16);
        let away = Outcome::Away { cause: "no store".into() };
        pausen.note("lesen", &away, start);
        assert_eq!([room(0), room(1), room(2), room(3), room(4)], [0, 0, 1, 0, 1]);
        assert_eq!(pausen.room("anderes", 16, start), 16, "other types go on");
        pausen.note("lesen", &away, start + Duration::from_secs(5));
        assert_eq!([room(6), room(7)], [0, 1]);
        assert_eq!(pausen.room("lesen", 0, start + Duration::from_secs(9)), 0, "no place, no question");
        pausen.note("lesen", &Outcome::Retry { after_ms: 0, cause: "a child died".into() }, start);
        assert_eq!(room(9), 16);
    }
}
