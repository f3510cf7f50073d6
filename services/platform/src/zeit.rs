// SPDX-License-Identifier: EUPL-1.2
//! The time of the deadlines (reliability.md rule 15): the database's clock, asked now and then, and the monotonic clock
//! in between. A host whose own clock is wrong fires timers at the right moment; a clock that jumps fires none early,
//! none twice and skips none.
//!
//! What the clock is told decides how it follows ([`Takt::tell`]):
//!
//! | Difference | What happens |
//! |---|---|
//! | first word of the database | taken as it is: nothing has been told by this clock yet |
//! | up to [`SMALL`] | taken; backwards by running at half speed, never by going back |
//! | more: the database's clock has jumped | the monotonic clock goes on; the new time is taken when it has held for [`HELD`] |
//!
//! On SQLite the database's clock is this host's: a wrong one cannot be told from a right one, a jump can. Where a
//! summer begins makes no difference: everything here is UTC.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    args,
    db::{Db, DbError},
    uhr::SystemClock,
};

crate::statements! {
    // The one question about the time in SQL: this is where the port `Clock` gets it from.
    pub ZEIT = "SELECT CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER) * 1000"
        => "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
}

/// How often the database is asked.
pub const EVERY: Duration = Duration::from_secs(10);
/// Differences that clocks of their own have, in microseconds.
pub const SMALL: i64 = 2_000_000;
/// How long a jump must last before it is the new time.
pub const HELD: Duration = Duration::from_secs(60);
/// An answer that took longer says too little about the moment.
const SLOWEST: Duration = Duration::from_secs(1);

/// A clock that goes by the monotonic clock of this host and is set by what it is told.
pub struct Takt(Mutex<Stand>);

struct Stand {
    /// Microseconds since 1970 at `when`, and how far this is still ahead of what was told.
    at: i64,
    ahead: i64,
    when: Instant,
    told: bool,
    /// A jump: by how much, first seen when.
    jump: Option<(i64, Instant)>,
}

impl Stand {
    fn micros(&self, when: Instant) -> i64 {
        let passed = micros(when.saturating_duration_since(self.when));
        self.at.saturating_add(passed - self.ahead.min(passed / 2))
    }

    /// Everything until `when` has passed.
    fn move_to(&mut self, when: Instant) {
        let passed = micros(when.saturating_duration_since(self.when));
        let lost = self.ahead.min(passed / 2);
        (self.at, self.ahead, self.when) = (self.at.saturating_add(passed - lost), self.ahead - lost, when);
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// What became of what the clock was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folge {
    /// It goes by it.
    Taken,
    /// A jump by so many microseconds that has not held long enough.
    Waits(i64),
    /// A jump that has held.
    Jumped(i64),
}

impl Takt {
    /// Goes from this time on.
    pub fn from(at: i64, when: Instant) -> Self {
        Self(Mutex::new(Stand { at, ahead: 0, when, told: false, jump: None }))
    }

    /// Goes by this host's wall clock as it is now.
    pub fn of_host() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from(micros(since), Instant::now())
    }

    /// Microseconds since 1970 at a moment; never less than at an earlier one, but for the first word of the database.
    pub fn micros(&self, when: Instant) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).micros(when)
    }

    /// The database's clock showed `at` at the moment `when`.
    pub fn tell(&self, at: i64, when: Instant) -> Folge {
        let mut stand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stand.move_to(when);
        if !std::mem::replace(&mut stand.told, true) {
            (stand.at, stand.ahead) = (at, 0);
            return Folge::Taken;
        }
        let by = at - (stand.at - stand.ahead);
        let mut folge = Folge::Taken;
        if by.abs() > SMALL {
            // The same jump still, or another one?
            let since = match stand.jump {
                Some((before, since)) if (by - before).abs() <= SMALL => since,
                _ => when,
            };
            stand.jump = Some((by, since));
            if when.saturating_duration_since(since) < HELD {
                return Folge::Waits(by);
            }
            folge = Folge::Jumped(by);
        }
        stand.jump = None;
        stand.ahead = (stand.at - at).max(0);
        stand.at = stand.at.max(at);
        folge
    }
}

/// Asks the database once and sets the clock by it.
///
/// # Errors
/// The database did not answer; the clock goes on.
pub async fn ask(clock: &SystemClock, db: &Db) -> Result<(), DbError> {
    let from = Instant::now();
    let (at,): (i64,) = db.one(&ZEIT, args![]).await?;
    let took = from.elapsed();
    if took > SLOWEST {
        tracing::debug!(duration_ms = took.as_millis() as u64, "the database's time came too late to be used");
        return Ok(());
    }
    match clock.takt().tell(at, from + took / 2) {
        Folge::Taken => {}
        Folge::Waits(by) => {
            tracing::warn!(seconds = by / 1_000_000, "the database's clock has jumped, not followed yet")
        }
        Folge::Jumped(by) => tracing::warn!(seconds = by / 1_000_000, "the database's clock has jumped, followed now"),
    }
    Ok(())
}

/// Follows the database's clock until the task is ended.
pub async fn follow(clock: Arc<SystemClock>, db: Db) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = ask(&clock, &db).await {
            tracing::debug!(%error, "the database does not tell the time, the clock goes on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const SECOND: i64 = 1_000_000;

    /// A clock that shows 0 at its begin and was told so once.
    fn takt() -> (Takt, impl Fn(i64) -> Instant) {
        let begin = Instant::now();
        let takt = Takt::from(0, begin);
        assert_eq!(takt.tell(0, begin), Folge::Taken);
        (takt, move |seconds| begin + Duration::from_secs(seconds as u64))
    }

    #[test]
    fn the_first_word_is_taken_in_both_directions() {
        for wrong in [-2 * HOUR, 2 * HOUR] {
            let begin = Instant::now();
            let takt = Takt::from(wrong, begin);
            assert_eq!(takt.tell(0, begin), Folge::Taken);
            assert_eq!(takt.micros(begin + Duration::from_secs(5)), 5 * SECOND);
        }
    }

    #[test]
    fn a_jump_that_is_taken_back_changes_nothing() {
        for jump in [-2 * HOUR, 2 * HOUR] {
            let (takt, at) = takt();
            for s in [10, 20, 30, 40] {
                assert_eq!(takt.tell(s * SECOND + jump, at(s)), Folge::Waits(jump));
                assert_eq!(takt.micros(at(s)), s * SECOND);
            }
            assert_eq!(takt.tell(50 * SECOND, at(50)), Folge::Taken);
            // Another one begins to count anew.
            for s in [60, 70, 80, 90, 100, 110] {
                assert_eq!(takt.tell(s * SECOND + jump, at(s)), Folge::Waits(jump));
            }
            assert_eq!(takt.micros(at(115)), 115 * SECOND);
        }
    }

    #[test]
    fn a_jump_forward_that_holds_is_followed_at_once() {
        let (takt, at) = takt();
        for s in (10..70).step_by(10) {
            assert_eq!(takt.tell(s * SECOND + HOUR, at(s)), Folge::Waits(HOUR));
        }
        assert_eq!(takt.tell(70 * SECOND + HOUR, at(70)), Folge::Jumped(HOUR));
        assert_eq!(takt.micros(at(71)), 71 * SECOND + HOUR);
    }

    #[test]
    fn backwards_it_goes_slowly_and_arrives() {
        let (takt, at) = takt();
        for s in (10..=70).step_by(10) {
            takt.tell(s * SECOND - HOUR, at(s));
        }
        let (mut last, mut s) = (takt.micros(at(70)), 70);
        assert_eq!(last, 70 * SECOND);
        while s < 3 * 3600 {
            s += 10;
            takt.tell(s * SECOND - HOUR, at(s));
            let now = takt.micros(at(s));
            assert!(now > last, "it stands still or goes back at {s}");
            last = now;
        }
        assert_eq!(last, s * SECOND - HOUR, "after two hours it is right");
    }

    #[test]
    fn small_differences_are_followed_without_going_back() {
        let (takt, at) = takt();
        assert_eq!(takt.tell(11 * SECOND, at(10)), Folge::Taken);
        assert_eq!(takt.micros(at(10)), 11 * SECOND);
        assert_eq!(takt.tell(20 * SECOND, at(20)), Folge::Taken);
        assert_eq!((takt.micros(at(20)), takt.micros(at(22))), (21 * SECOND, 22 * SECOND));
        assert_eq!(takt.micros(at(30)), 30 * SECOND);
    }
}
