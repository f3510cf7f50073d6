// SPDX-License-Identifier: EUPL-1.2
//! What the fault tests of the broker share.
#![allow(clippy::unwrap_used, dead_code)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use service_platform::bus::{Bus as _, Message, RabbitBus, State};
use service_platform_testkit::TestRabbit;
use uuid::Uuid;

pub const EXCHANGE: &str = "eakte";

pub fn message(n: u64) -> Message {
    Message { id: Uuid::from_u128(n.into()), body: json!({ "n": n }) }
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Waits until it fits; tells how long that took.
pub async fn bis(was: &str, at_most: Duration, fits: impl AsyncFn() -> bool) -> Duration {
    let from = Instant::now();
    while !fits().await {
        assert!(from.elapsed() < at_most, "not {was} within {at_most:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    from.elapsed()
}

/// The bus of the topology's owner, or of somebody else, with short patience. `EAKTE_LOG=debug` shows what it does.
pub fn bus(broker: &TestRabbit, name: &str, owner: bool) -> Arc<RabbitBus> {
    service_platform::telemetry::init(&std::env::var("EAKTE_LOG").unwrap_or_else(|_| "off".to_owned()), false);
    let mut options = broker.options(name);
    options.limits.patience = secs(2);
    options.limits.call = secs(10);
    Arc::new(RabbitBus::start(if owner { options.owner([]) } else { options }))
}

pub fn degraded(bus: &RabbitBus) -> bool {
    matches!(bus.health().state, State::Degraded { .. })
}
