//! How many refusals of a key are kept in detail, so that a flood with one key pushes nobody else's out.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use model::KeyId;

/// A key's first refusals, which are all kept, however quickly they come.
const BURST: u64 = 100;
/// One more is kept after each of these, in milliseconds.
const INTERVAL: u64 = 500;
/// Two keys whose places coincide share a budget: of a key and one that floods, with a chance of 1 in this many. 512 KiB.
const PLACES: usize = 65_536;

/// A place for each key, by a hash that nobody can foresee: when the budget will be whole again, in milliseconds (GCRA).
pub(crate) struct RefusalBudgets {
    whole_at: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl RefusalBudgets {
    pub(crate) fn new() -> Self {
        Self { whole_at: (0..PLACES).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    /// Whether one more refusal of this key is kept. `elapsed` is the time by a clock that nobody sets.
    pub(crate) fn admit(&self, key: KeyId, elapsed: Duration) -> bool {
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX / 2);
        let Some(whole_at) = self.whole_at.get(self.hasher.hash_one(key.0) as usize % PLACES) else { return false };
        let admitted = whole_at.fetch_update(Relaxed, Relaxed, |at| {
            let at = at.max(now);
            (at - now <= (BURST - 1) * INTERVAL).then_some(at + INTERVAL)
        });
        admitted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_flood_is_kept_at_two_a_second_after_its_beginning_and_hurts_nobody_else() {
        let budgets = RefusalBudgets::new();
        let (loud, at) = (KeyId(Uuid::from_u128(1)), Duration::from_millis);
        let kept = (0..60_000).filter(|ms| budgets.admit(loud, at(*ms))).count() as u64;
        assert_eq!(kept, BURST + 60_000 / INTERVAL - 1);
        let others = (2..1_002).filter(|other| budgets.admit(KeyId(Uuid::from_u128(*other)), at(60_000))).count();
        assert!(others >= 990, "{others} of 1,000 keys that were refused once");
        assert!(budgets.admit(loud, at(60_000 + BURST * INTERVAL)));
    }
}
