//! One node at a time delivers to a receiver. Its lease is a row that it moves on every few seconds, and that others take over when it
//! has not moved for a while by their own clock, which nobody sets: no two clocks are compared.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

/// How often a holder moves its leases on.
pub(crate) const RENEWED: Duration = Duration::from_secs(2);
/// How long after it was last moved on a holder still begins to deliver.
const TRUSTED: Duration = Duration::from_secs(6);
/// After so long without a move another node takes a lease over.
const LOST: Duration = Duration::from_secs(10);

/// Who delivers to a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// A process, by the id that it gave itself at its start.
    pub holder: Uuid,
    /// Moves on while the holder lives.
    pub beat: i64,
}

/// What this node knows of leases: when it last proved its own, and since when others' stand still.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: Mutex<HashMap<Uuid, Instant>>,
    seen: Mutex<HashMap<Uuid, (Lease, Instant)>>,
}

impl Leases {
    /// This node holds the lease of this receiver, as of `since`.
    pub(crate) fn hold(&self, receiver: Uuid, since: Instant) {
        lock(&self.held).insert(receiver, since);
        lock(&self.seen).remove(&receiver);
    }

    pub(crate) fn drop(&self, receiver: Uuid) {
        lock(&self.held).remove(&receiver);
    }

    pub(crate) fn held(&self) -> Vec<Uuid> {
        lock(&self.held).keys().copied().collect()
    }

    /// Of those that were held, the ones that still are, as of `since`.
    pub(crate) fn renew(&self, still: &[Uuid], since: Instant) {
        let mut held = lock(&self.held);
        held.retain(|receiver, _| still.contains(receiver));
        held.values_mut().for_each(|proved| *proved = since);
    }

    /// Whether this node may begin to deliver to this receiver.
    pub(crate) fn is_held(&self, receiver: Uuid) -> bool {
        lock(&self.held).get(&receiver).is_some_and(|since| since.elapsed() < TRUSTED)
    }

    /// Whether somebody else's lease has stood still for so long that it can be taken over.
    pub(crate) fn is_lost(&self, receiver: Uuid, lease: Lease) -> bool {
        let mut seen = lock(&self.seen);
        let (known, since) = seen.entry(receiver).or_insert_with(|| (lease, Instant::now()));
        if *known != lease {
            (*known, *since) = (lease, Instant::now());
        }
        since.elapsed() >= LOST
    }

    /// Forgets others' leases but those of these receivers.
    pub(crate) fn keep(&self, receivers: &[Uuid]) {
        lock(&self.seen).retain(|receiver, _| receivers.contains(receiver));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_stands_still_is_lost_and_one_that_moves_is_not() {
        let (leases, receiver, holder) = (Leases::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        for beat in 0..20 {
            assert!(!leases.is_lost(receiver, Lease { holder, beat }), "{beat}");
            tokio::time::advance(RENEWED).await;
        }
        let still = Lease { holder, beat: 20 };
        assert!(!leases.is_lost(receiver, still));
        tokio::time::advance(LOST).await;
        assert!(leases.is_lost(receiver, still));
        assert!(!leases.is_lost(receiver, Lease { holder: Uuid::from_u128(3), beat: 20 }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_holder_that_can_not_prove_its_lease_stops_before_others_take_it() {
        let (leases, receiver) = (Leases::default(), Uuid::from_u128(1));
        leases.hold(receiver, Instant::now());
        tokio::time::advance(RENEWED).await;
        leases.renew(&[receiver], Instant::now());
        tokio::time::advance(TRUSTED - Duration::from_millis(1)).await;
        assert!(leases.is_held(receiver));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!leases.is_held(receiver) && TRUSTED < LOST);
        leases.renew(&[], Instant::now());
        assert!(leases.held().is_empty());
    }
}
