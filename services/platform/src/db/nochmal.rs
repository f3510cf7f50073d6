// SPDX-License-Identifier: EUPL-1.2
//! A transaction that another one stood in the way of runs again as a whole: nothing of it was kept.

use std::{future::Future, time::Duration};

/// How often such a transaction runs at most. At one failure in five, all of them fail once in ten million.
pub const TRIES: u32 = 10;
/// Pause before the second try; grows with each one and differs between those who stood in each other's way.
const PAUSE: Duration = Duration::from_millis(8);

/// Runs `work` until it is through or fails for another reason than `again` tells, [`TRIES`] times at most.
///
/// # Errors
/// That of the last try.
pub async fn insistently<T, E, F>(again: impl Fn(&E) -> bool, work: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: std::fmt::Display,
{
    for tries in 1..TRIES {
        match work().await {
            Err(error) if again(&error) => {
                tracing::debug!(%error, tries, "another transaction stood in the way, once more");
                let random = getrandom::u32().unwrap_or_default() % 8;
                tokio::time::sleep(PAUSE * tries + Duration::from_millis(u64::from(random))).await;
            }
            other => return other,
        }
    }
    work().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn ends_at_the_first_success_at_another_error_and_at_the_limit() {
        let calls = Cell::new(0);
        let failing = |times: u32, with: &'static str| {
            calls.set(0);
            let calls = &calls;
            insistently(
                |e: &&str| *e == "again",
                move || async move {
                    calls.set(calls.get() + 1);
                    if calls.get() <= times { Err(with) } else { Ok(calls.get()) }
                },
            )
        };
        assert_eq!(failing(3, "again").await, Ok(4));
        assert_eq!((failing(3, "refused").await, calls.get()), (Err("refused"), 1));
        assert_eq!((failing(99, "again").await, calls.get()), (Err("again"), TRIES));
    }
}
