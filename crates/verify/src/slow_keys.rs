//! Keys that are known by a slow hash alone, until they are used for the first time. A check takes up to a second of a processor and
//! 256 MiB, so few of them are made: away from the threads that answer, of each prefix one a second, and for each address five a minute.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use model::{PlainSecret, SlowHash};
use store::SlowCandidate;
use tokio::sync::Semaphore;

use crate::{guessing_source::Source, slow_match::is_of};

/// Checks at once.
const AT_ONCE: usize = 2;
/// Checks that wait for one of those.
pub(crate) const WAITING: usize = 32;
/// Of one prefix, one check in so long.
const PREFIX: Duration = Duration::from_secs(1);
/// For one address, one check in so long, and at first so many.
const ADDRESS: Duration = Duration::from_secs(12);
const ADDRESS_BURST: u32 = 5;
/// Prefixes and addresses that are remembered. Where there are more at once, further ones wait.
const REMEMBERED: usize = 16_384;

pub(crate) struct SlowKeys {
    permits: Arc<Semaphore>,
    /// Checks that are made or wait.
    under_way: Arc<AtomicUsize>,
    recent: Mutex<Recent>,
    right: AtomicU64,
    wrong: AtomicU64,
    busy: AtomicU64,
}

/// By the clock that nobody sets.
#[derive(Default)]
struct Recent {
    /// From when on the next check of a prefix may be made.
    prefixes: HashMap<String, Duration>,
    /// When an address has its whole allowance again.
    addresses: HashMap<Source, Duration>,
}

/// Checks since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlowKeyCounters {
    /// Those that found the key.
    pub right: u64,
    /// Those that did not.
    pub wrong: u64,
    /// Those that were not made, since there were too many.
    pub busy: u64,
}

/// What a check has found.
pub(crate) enum Checked {
    /// The secret.
    Right(SlowCandidate),
    /// None of them.
    Wrong,
    /// Too many checks are made or wait: after so many seconds there may be room.
    Busy(u32),
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl SlowKeys {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::default(),
            recent: Mutex::default(),
            right: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            busy: AtomicU64::new(0),
        }
    }

    pub(crate) fn counters(&self) -> SlowKeyCounters {
        let of = |count: &AtomicU64| count.load(Relaxed);
        SlowKeyCounters { right: of(&self.right), wrong: of(&self.wrong), busy: of(&self.busy) }
    }

    /// Checks that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.under_way.load(Relaxed).saturating_sub(AT_ONCE)
    }

    /// Whose key this is, of those that begin like it.
    pub(crate) async fn check(
        &self,
        key: &str,
        address: Option<IpAddr>,
        candidates: Vec<SlowCandidate>,
        elapsed: Duration,
    ) -> Checked {
        let before = self.under_way.fetch_add(1, Relaxed);
        let counted = Counted(Arc::clone(&self.under_way));
        let admitted = if before < AT_ONCE + WAITING { self.admit(address, &candidates, elapsed) } else { Err(1) };
        if let Err(seconds) = admitted {
            self.busy.fetch_add(1, Relaxed);
            return Checked::Busy(seconds);
        }
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return Checked::Busy(1) };
        let key = PlainSecret::new(key.to_owned());
        // What was begun is held until it is done, also when nobody waits for it any more.
        let checked = tokio::task::spawn_blocking(move || {
            let _held = (permit, counted);
            let is_its = |candidate: &SlowCandidate| {
                SlowHash::parse(&candidate.hash).is_ok_and(|hash| is_of(&hash, key.expose()))
            };
            candidates.into_iter().find(is_its)
        });
        match checked.await {
            Ok(Some(found)) => {
                self.right.fetch_add(1, Relaxed);
                Checked::Right(found)
            }
            Ok(None) => {
                self.wrong.fetch_add(1, Relaxed);
                Checked::Wrong
            }
            Err(error) => {
                tracing::error!(%error, "a slow hash could not be checked");
                Checked::Busy(1)
            }
        }
    }

    /// Takes from the allowances of the prefixes and of the address; `Err`: one of them has nothing left for so many seconds, and
    /// nothing was taken. An address that is not known has no allowance of its own.
    fn admit(&self, address: Option<IpAddr>, candidates: &[SlowCandidate], now: Duration) -> Result<(), u32> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let Recent { prefixes, addresses } = &mut *recent;
        let source = address.map(Source::of);
        forget(prefixes, now, candidates.len())?;
        forget(addresses, now, 1)?;
        let mut wait = candidates
            .iter()
            .filter_map(|candidate| prefixes.get(&candidate.prefix))
            .map(|next| next.saturating_sub(now))
            .max()
            .unwrap_or_default();
        let whole_at = source.and_then(|source| addresses.get(&source)).copied().unwrap_or_default().max(now);
        wait = wait.max((whole_at - now).saturating_sub(ADDRESS * (ADDRESS_BURST - 1)));
        if !wait.is_zero() {
            // Whoever waits that long is let in.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        for candidate in candidates {
            prefixes.insert(candidate.prefix.clone(), now + PREFIX);
        }
        if let Some(source) = source {
            addresses.insert(source, whole_at + ADDRESS);
        }
        Ok(())
    }
}

/// Makes room for `more`, where there is little: whoever waits for nothing any more is forgotten.
fn forget<K: Eq + std::hash::Hash>(recent: &mut HashMap<K, Duration>, now: Duration, more: usize) -> Result<(), u32> {
    if recent.len() + more > REMEMBERED {
        recent.retain(|_, until| *until > now);
    }
    if recent.len() + more > REMEMBERED { Err(1) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use model::SecretId;
    use uuid::Uuid;

    use super::*;

    /// One whose hash is that of no key.
    fn nobodys(prefix: &str) -> SlowCandidate {
        SlowCandidate {
            secret: SecretId(Uuid::nil()),
            digest: [1; 32],
            pepper_id: "p1".to_owned(),
            prefix: prefix.to_owned(),
            hash: "pbkdf2_sha256$1$salt$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=".to_owned(),
        }
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([198, 51, 100, last]))
    }

    async fn busy(keys: &SlowKeys, prefix: &str, from: Option<IpAddr>, ms: u64) -> Option<u32> {
        match keys.check("acme_x", from, vec![nobodys(prefix)], Duration::from_millis(ms)).await {
            Checked::Busy(seconds) => Some(seconds),
            Checked::Wrong => None,
            Checked::Right(_) => panic!("it is nobody's"),
        }
    }

    #[tokio::test]
    async fn a_prefix_has_one_check_a_second() {
        let keys = SlowKeys::new();
        assert_eq!(busy(&keys, "acme_", None, 0).await, None);
        assert_eq!(busy(&keys, "acme_", None, 999).await, Some(1));
        assert_eq!(busy(&keys, "other", None, 999).await, None, "of another prefix");
        assert_eq!(busy(&keys, "acme_", None, 1_000).await, None);
        assert_eq!(keys.counters(), SlowKeyCounters { right: 0, wrong: 3, busy: 1 });
    }

    #[tokio::test]
    async fn an_address_has_five_checks_a_minute() {
        let keys = SlowKeys::new();
        for number in 0..5 {
            assert_eq!(busy(&keys, &format!("p{number}"), address(1), 0).await, None);
        }
        assert_eq!(busy(&keys, "p5", address(1), 0).await, Some(12));
        assert_eq!(busy(&keys, "p5", address(2), 0).await, None, "from elsewhere");
        assert_eq!(busy(&keys, "p6", address(1), 11_999).await, Some(1), "what is refused takes nothing");
        assert_eq!(busy(&keys, "p6", address(1), 12_000).await, None);
    }

    #[tokio::test]
    async fn two_are_checked_at_once_and_a_bounded_number_wait() {
        let keys = SlowKeys::new();
        let held = Arc::clone(&keys.permits).acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let mut waiting = Vec::new();
        for number in 0..AT_ONCE + WAITING {
            let candidates = vec![nobodys(&format!("p{number}"))];
            let mut check = Box::pin(keys.check("acme_x", None, candidates, Duration::ZERO));
            assert!(polled(check.as_mut()).is_none(), "{number} waits");
            waiting.push(check);
        }
        assert_eq!(keys.waiting(), WAITING);
        assert_eq!(busy(&keys, "one too many", None, 0).await, Some(1));
        drop(held);
        for check in waiting {
            assert!(matches!(check.await, Checked::Wrong));
        }
        assert_eq!(keys.waiting(), 0);
    }

    fn polled<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
