use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use model::Instant;

/// How long memory may answer after the database last proved it fresh, in milliseconds.
const FRESH_MS: i64 = 5_000;

/// How far memory can be trusted.
pub(crate) struct Freshness {
    /// When the database last proved that memory is fresh, in milliseconds. `i64::MAX` while nothing polls: then every
    /// decision reads the database or what this process wrote.
    proven_at: AtomicI64,
    /// The epoch up to which changes made elsewhere have been applied.
    epoch: AtomicI64,
}

impl Freshness {
    /// For an empty memory, while nothing polls.
    pub(crate) fn new(epoch: i64) -> Self {
        Self { proven_at: AtomicI64::new(i64::MAX), epoch: AtomicI64::new(epoch) }
    }

    /// From `now` on it must be proven, again and again.
    pub(crate) fn begin(&self, now: Instant) {
        self.proven_at.store(now.as_millis(), Relaxed);
    }

    /// While nothing polls this is `i64::MAX`, and stays so.
    pub(crate) fn prove(&self, at: Instant) {
        self.proven_at.fetch_max(at.as_millis(), Relaxed);
    }

    pub(crate) fn holds(&self, now: Instant) -> bool {
        now.as_millis().saturating_sub(self.proven_at.load(Relaxed)) <= FRESH_MS
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch.load(Relaxed)
    }

    pub(crate) fn set_epoch(&self, epoch: i64) {
        self.epoch.store(epoch, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_trusted_for_five_seconds_after_each_proof() {
        let at = Instant::from_millis;
        let freshness = Freshness::new(0);
        freshness.prove(at(1));
        assert!(freshness.holds(at(i64::MAX)), "while nothing polls nothing has to be proven");
        freshness.begin(at(1_000));
        assert!(freshness.holds(at(6_000)) && !freshness.holds(at(6_001)));
        freshness.prove(at(2_000));
        assert!(freshness.holds(at(7_000)) && !freshness.holds(at(7_001)));
        freshness.prove(at(1_500));
        assert!(freshness.holds(at(7_000)), "a proof that comes late takes nothing back");
    }
}
