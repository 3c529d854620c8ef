use std::sync::atomic::Ordering::Relaxed;

use crate::Keydesk;

/// What became of events, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookCounters {
    /// Deliveries that were accepted.
    pub delivered: u64,
    /// Tries that failed, after which it is tried again.
    pub failed: u64,
    /// Deliveries that were parked after 3 days.
    pub parked: u64,
    /// Deliveries that were given up after 30 days.
    pub given_up: u64,
    /// Looks at which too many receivers were delivered to already.
    pub crowded: u64,
    /// Deliveries that are still tried, as they were counted last.
    pub pending_now: u64,
    /// Deliveries that are parked, as they were counted last.
    pub parked_now: u64,
}

impl Keydesk {
    /// What became of events.
    pub fn webhook_counters(&self) -> WebhookCounters {
        let out = &self.inner.out;
        let ended = out.signals.counters();
        WebhookCounters {
            delivered: ended.delivered,
            failed: ended.failed,
            parked: ended.parked,
            given_up: out.given_up.load(Relaxed),
            crowded: ended.crowded,
            pending_now: out.pending.load(Relaxed),
            parked_now: out.parked.load(Relaxed),
        }
    }
}
