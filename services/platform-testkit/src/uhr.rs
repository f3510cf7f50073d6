// SPDX-License-Identifier: EUPL-1.2
use std::collections::BTreeSet;

use service_platform::uhr::{Clock, Ids};

/// Time never goes back; ids never repeat, from four threads at once, and rise.
pub fn uhr_contract(clock: &dyn Clock, ids: &dyn Ids) {
    let mut last = clock.now();
    for _ in 0..1_000 {
        let now = clock.now();
        assert!(now >= last, "time went back from {last} to {now}");
        last = now;
    }
    let per_thread = || (0..1_000).map(|_| ids.uuid()).collect::<Vec<_>>();
    let all: Vec<Vec<uuid::Uuid>> = std::thread::scope(|s| {
        let threads: Vec<_> = (0..4).map(|_| s.spawn(per_thread)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for ids in &all {
        assert!(ids.windows(2).all(|w| w[0] < w[1]), "ids of one thread rise");
    }
    let distinct: BTreeSet<_> = all.iter().flatten().collect();
    assert_eq!(distinct.len(), 4_000, "an id came twice");
}
