// SPDX-License-Identifier: EUPL-1.2
//! What both backends need for a stop: how many deliveries are in hand, and whether new ones may come.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

#[derive(Clone)]
pub(super) struct Gate {
    closed: Arc<watch::Sender<bool>>,
    in_hand: Arc<watch::Sender<usize>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { closed: Arc::new(watch::Sender::new(false)), in_hand: Arc::new(watch::Sender::new(0)) }
    }
}

/// Held as long as a delivery is unsettled.
pub(super) struct InHand(Arc<watch::Sender<usize>>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

impl Gate {
    pub fn hand_out(&self) -> InHand {
        self.in_hand.send_modify(|n| *n += 1);
        InHand(self.in_hand.clone())
    }

    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Returns when the gate is closed.
    pub async fn closed(&self) {
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Closes; true when everything in hand is settled within `limit`.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.closed.send_replace(true);
        let mut in_hand = self.in_hand.subscribe();
        let settled = in_hand.wait_for(|n| *n == 0);
        matches!(tokio::time::timeout(limit, settled).await, Ok(Ok(_)))
    }
}
