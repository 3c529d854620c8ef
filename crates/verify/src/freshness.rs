use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};

/// How long memory may answer after the database last proved it fresh, in milliseconds.
const FRESH_MS: i64 = 5_000;

/// How far memory can be trusted. Measured by a clock that nobody sets.
pub(crate) struct Freshness {
    /// When the database last proved that memory is fresh, in milliseconds. [`UNPOLLED`] while nothing polls: then every
    /// decision reads the database or what this process wrote.
    proven_at: AtomicI64,
    /// The epoch up to which changes made elsewhere have been applied.
    epoch: AtomicI64,
}

const UNPOLLED: i64 = i64::MAX;
/// Before every clock's beginning by more than memory is trusted for.
const NEVER: i64 = i64::MIN;

impl Freshness {
    /// For an empty memory, while nothing polls.
    pub(crate) fn new(epoch: i64) -> Self {
        Self { proven_at: AtomicI64::new(UNPOLLED), epoch: AtomicI64::new(epoch) }
    }

    /// From `now` on it must be proven, again and again.
    pub(crate) fn begin(&self, now: Duration) {
        self.proven_at.store(millis(now), Relaxed);
    }

    /// While nothing polls nothing is proven.
    pub(crate) fn prove(&self, at: Duration) {
        self.proven_at.fetch_max(millis(at), Relaxed);
    }

    /// Memory is not trusted until it is proven again.
    pub(crate) fn distrust(&self) {
        self.proven_at.store(NEVER, Relaxed);
    }

    /// Whether memory is trusted, by the time that `now` gives; it is asked only where it matters.
    pub(crate) fn holds(&self, now: &dyn Fn() -> Duration) -> bool {
        let proven_at = self.proven_at.load(Relaxed);
        proven_at == UNPOLLED || millis(now()).saturating_sub(proven_at) <= FRESH_MS
    }

    pub(crate) fn epoch(&self) -> i64 {
        self.epoch.load(Relaxed)
    }

    pub(crate) fn set_epoch(&self, epoch: i64) {
        self.epoch.store(epoch, Relaxed);
    }
}

fn millis(at: Duration) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(UNPOLLED - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_trusted_for_five_seconds_after_each_proof() {
        let at = Duration::from_millis;
        let freshness = Freshness::new(0);
        let holds = |ms| freshness.holds(&|| at(ms));
        freshness.prove(at(1));
        assert!(holds(u64::MAX), "while nothing polls nothing has to be proven");
        freshness.begin(at(1_000));
        assert!(holds(6_000) && !holds(6_001));
        freshness.prove(at(2_000));
        assert!(holds(7_000) && !holds(7_001));
        freshness.prove(at(1_500));
        assert!(holds(7_000), "a proof that comes late takes nothing back");
        freshness.distrust();
        assert!(!holds(0) && !holds(2_000));
        freshness.prove(at(2_000));
        assert!(holds(7_000));
    }
}
