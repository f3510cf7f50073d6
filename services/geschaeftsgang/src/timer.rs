// SPDX-License-Identifier: EUPL-1.2
//! Timers: rows with a due time; whoever deletes the row fires it, so each fires once.

use std::{sync::Arc, time::Duration};

use engine::Command;
use nachrichten::{InstanceId, Timestamp};
use service_platform::args;

use crate::{
    Inner,
    fahrt::{Fahrt, FahrtFehler},
    sql,
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
    let next: Option<(Option<Timestamp>,)> = inner.db.optional(&sql::FRIST_NEXT, args![]).await.unwrap_or_default();
    let micros = next.and_then(|(due,)| due).map_or(1_000_000, |due| due.0.saturating_sub(inner.now().0));
    Duration::from_micros(micros.clamp(1_000, 1_000_000) as u64)
}

async fn fire_due(inner: &Inner) -> Result<usize, FahrtFehler> {
    let now = inner.now();
    let due: Vec<(InstanceId, u64)> = inner.db.all(&sql::FRIST_DUE, args![now]).await?;
    let mut fired = 0;
    for (instance, timer) in due {
        match fire(inner, instance, timer, now).await {
            Ok(()) => fired += 1,
            // The others go on; this one is tried again in the next round.
            Err(error) => tracing::error!(ablauf.id = %instance, timer, %error, "cannot fire a timer"),
        }
    }
    Ok(fired)
}

async fn fire(inner: &Inner, instance: InstanceId, timer: u64, now: Timestamp) -> Result<(), FahrtFehler> {
    let mut tx = inner.db.begin().await?;
    if tx.execute(&sql::FRIST_DELETE, args![instance, timer]).await? == 0 {
        return Ok(());
    }
    let mut fahrt = Fahrt::new(inner, &mut tx, now);
    match fahrt.command(instance, Command::FireTimer { timer }).await {
        Ok(()) => {}
        Err(FahrtFehler::Rejected(reason)) => tracing::debug!(ablauf.id = %instance, %reason, "timer no longer wanted"),
        Err(error) => return Err(error),
    }
    let (jobs, _) = fahrt.finish().await?;
    tx.commit().await?;
    if jobs {
        inner.auftraege.notify_one();
    }
    Ok(())
}
