// SPDX-License-Identifier: EUPL-1.2
//! Timers: rows with a due time; whoever deletes the row fires it, so each fires once, whatever the number of engines.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use engine::{Command, TimerPlan};
use nachrichten::{InstanceId, Timestamp};
use service_platform::{args, failpoint};

use crate::{
    Inner,
    fahrt::{Fahrt, FahrtFehler},
    mahnung, sql,
};

pub(crate) async fn run(inner: Arc<Inner>) {
    loop {
        match fire_due(&inner).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "cannot fire timers, will try again"),
        }
        let _ = tokio::time::timeout(pause(&inner).await, inner.fristen.notified()).await;
    }
}

/// Until the next timer is due, at most a second: the demo's clock may jump.
async fn pause(inner: &Inner) -> Duration {
    let next = next_due(inner).await.unwrap_or_default();
    let micros = next.map_or(1_000_000, |due| due.0.saturating_sub(inner.now().0));
    Duration::from_micros(micros.clamp(1_000, 1_000_000) as u64)
}

/// When the next timer or timer start event is due.
pub(crate) async fn next_due(inner: &Inner) -> Result<Option<Timestamp>, FahrtFehler> {
    let (due,): (Option<Timestamp>,) = inner.db.one(&sql::FRIST_NEXT, args![]).await?;
    Ok(due)
}

/// Fires what is due, instances first; returns how many.
pub(crate) async fn fire_due(inner: &Inner) -> Result<usize, FahrtFehler> {
    let now = inner.now();
    let due: Vec<(InstanceId, u64)> = inner.db.all(&sql::FRIST_DUE, args![now]).await?;
    let mut fired = 0;
    match fire(inner, &due, now).await {
        Ok(count) => fired += count,
        // One bad neighbour must not hold up the others: each on its own, and it again in the next round.
        Err(error) => {
            tracing::warn!(%error, timers = due.len(), "timers failed together, firing each by itself");
            for one in &due {
                match fire(inner, std::slice::from_ref(one), now).await {
                    Ok(count) => fired += count,
                    Err(error) => tracing::error!(ablauf.id = %one.0, timer = one.1, %error, "cannot fire a timer"),
                }
            }
        }
    }
    let starts: Vec<(String, String, Timestamp, Option<u32>)> = inner.db.all(&sql::STARTTERMIN_DUE, args![now]).await?;
    for (process, element, due, again) in starts {
        match start(inner, &process, &element, TimerPlan { due, again }, now).await {
            Ok(()) => fired += 1,
            Err(error) => tracing::error!(process, element, %error, "cannot start by timer"),
        }
    }
    Ok(fired + mahnung::fire_due(inner, now).await? + mahnung::unbesetzte(inner, now).await?)
}

/// Fires those that no other engine was faster to take; returns how many.
async fn fire(inner: &Inner, due: &[(InstanceId, u64)], now: Timestamp) -> Result<usize, FahrtFehler> {
    if due.is_empty() {
        return Ok(0);
    }
    let rows: Vec<_> = due.iter().map(|(instance, timer)| args![*instance, *timer]).collect();
    let instances: BTreeSet<InstanceId> = due.iter().map(|(instance, _)| *instance).collect();
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    fahrt.preload(&sql::INSTANZEN_LOAD, instances.into_iter().map(|id| args![id]).collect()).await?;
    let taken: Vec<(InstanceId, u64)> = fahrt.tx().all_of(&sql::FRIST_TAKE, rows).await?;
    // In the order in which they were due.
    for (instance, timer) in due.iter().filter(|d| taken.contains(d)) {
        match fahrt.command(*instance, Command::FireTimer { timer: *timer }).await {
            Ok(()) => {}
            Err(FahrtFehler::Rejected(reason)) => {
                tracing::debug!(ablauf.id = %instance, %reason, "timer no longer wanted")
            }
            Err(error) => return Err(error),
        }
    }
    let (jobs, _) = fahrt.finish().await?;
    failpoint("ablauf::frist::before");
    tx.commit().await?;
    failpoint("ablauf::frist::after");
    if jobs {
        inner.auftraege.notify_one();
    }
    Ok(taken.len())
}

async fn start(
    inner: &Inner,
    process: &str,
    element: &str,
    plan: TimerPlan,
    now: Timestamp,
) -> Result<(), FahrtFehler> {
    let mut tx = inner.db.begin().await?;
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    if !fahrt.start_timer(process, element, &plan).await? {
        return Ok(());
    }
    let (jobs, _) = fahrt.finish().await?;
    tx.commit().await?;
    if jobs {
        inner.auftraege.notify_one();
    }
    Ok(())
}
