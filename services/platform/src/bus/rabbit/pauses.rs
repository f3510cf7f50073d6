// SPDX-License-Identifier: EUPL-1.2
//! Pauses between tries to connect.

use std::time::Duration;

/// Doubling pauses with jitter, so that a thousand clients do not come back in the same moment.
pub(super) struct Pauses {
    next: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Pauses {
    pub fn new((shortest, longest): (Duration, Duration)) -> Self {
        Self { next: shortest, shortest, longest }
    }

    /// Between half of the doubling value and all of it, never below the shortest.
    pub fn next(&mut self) -> Duration {
        let mut byte = [0];
        // Without random numbers the pause is the half.
        let _ = getrandom::fill(&mut byte);
        let pause = self.next.mul_f64(0.5 + f64::from(byte[0]) / 512.0).max(self.shortest);
        self.next = (self.next * 2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_go_on_without_end() {
        let (shortest, longest) = (Duration::from_millis(200), Duration::from_secs(10));
        let mut pauses = Pauses::new((shortest, longest));
        let all: Vec<_> = (0..100).map(|_| pauses.next()).collect();
        assert_eq!(all[0], shortest);
        assert!(all.iter().all(|p| *p >= shortest && *p <= longest));
        assert!(all[6..].iter().all(|p| *p >= longest / 2), "{:?}", &all[..8]);
        assert!(all[6..].windows(2).any(|p| p[0] != p[1]), "with jitter");
    }
}
