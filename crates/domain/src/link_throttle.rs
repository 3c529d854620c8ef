//! Slows down whoever asks for links that are not there: hand-overs, invitations, new passwords, the first owner.
//!
//! Nobody guesses 256 bits. What is bounded is the work: each look-up costs the database a read, and strangers can ask
//! without end. So misses are counted by network (an IPv4 address or an IPv6 /64), in [`REMEMBERED`] entries of a few bytes, and
//! a network with too many is refused before the database is asked. Behind a proxy that nobody named all have its address, and
//! nobody is counted: the readers that look links up are apart from those that prove freshness.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use quick_cache::unsync::Cache;

use crate::throttle::prefix;

/// Networks that are remembered at most. Those that were not heard of again make room for others.
pub(crate) const REMEMBERED: usize = 10_000;
/// Misses that may come at once, and the time after which another may.
const BURST: u32 = 20;
const EACH: Duration = Duration::from_secs(3);

/// Counts look-ups of links that found none.
pub(crate) struct LinkThrottle {
    /// Entries are found by a hash whose key is random, so that nobody can choose which share one.
    hashes: RandomState,
    /// Whether addresses are those of a proxy that nobody named.
    behind_proxy: bool,
    state: Mutex<State>,
}

struct State {
    /// By network: when all its misses would be paid for, at one in [`EACH`].
    paid_until: Cache<u64, Duration>,
    refused: u64,
}

impl LinkThrottle {
    pub(crate) fn new(behind_proxy: bool) -> Self {
        let state = State { paid_until: Cache::new(REMEMBERED), refused: 0 };
        Self { hashes: RandomState::new(), behind_proxy, state: Mutex::new(state) }
    }

    /// How many seconds whoever comes from this address has to wait before another look-up; `None`: it may be made.
    pub(crate) fn wait(&self, address: IpAddr, now: Duration) -> Option<u64> {
        let mut state = self.state();
        let paid_until = *state.paid_until.get(&self.network(address))?;
        // An entry of a clock that was ahead counts as a full one of now.
        let owed = paid_until.min(now + EACH * BURST).saturating_sub(now);
        let wait = owed.saturating_sub(EACH * (BURST - 1));
        if wait.is_zero() {
            return None;
        }
        state.refused += 1;
        // Rounded up, so that whoever waits exactly that long is let in.
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }

    /// A look-up from this address found no link.
    pub(crate) fn missed(&self, address: IpAddr, now: Duration) {
        if self.behind_proxy {
            return;
        }
        let network = self.network(address);
        let mut state = self.state();
        let before = state.paid_until.get(&network).copied().unwrap_or_default();
        state.paid_until.insert(network, before.clamp(now, now + EACH * BURST) + EACH);
    }

    /// Networks that are remembered, and look-ups that were refused.
    pub(crate) fn counters(&self) -> (u64, u64) {
        let state = self.state();
        (state.paid_until.len() as u64, state.refused)
    }

    fn network(&self, address: IpAddr) -> u64 {
        self.hashes.hash_one(prefix(address.to_canonical(), 64))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    #[test]
    fn a_network_that_misses_too_often_waits_alone() {
        let throttle = LinkThrottle::new(false);
        let [one, same, other]: [IpAddr; 3] =
            ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        for _ in 0..BURST {
            assert_eq!(throttle.wait(one, at(0)), None);
            throttle.missed(one, at(0));
        }
        assert_eq!((throttle.wait(one, at(0)), throttle.wait(same, at(2))), (Some(3), Some(1)));
        assert_eq!(throttle.wait(other, at(0)), None);
        assert_eq!(throttle.wait(one, at(3)), None);
        // Calls that were under way together count as many, and don't add up beyond the burst.
        (0..1_000).for_each(|_| throttle.missed(one, at(3)));
        assert_eq!(throttle.wait(one, at(3)), Some(3));
        assert_eq!(throttle.counters(), (1, 3));
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_nobody_out() {
        let throttle = LinkThrottle::new(false);
        let one = "203.0.113.9".parse().unwrap();
        (0..BURST).for_each(|_| throttle.missed(one, at(1_000_000)));
        assert_eq!(throttle.wait(one, at(0)), Some(3));
        throttle.missed(one, at(0));
        assert_eq!(throttle.wait(one, at(6)), None);
    }

    #[test]
    fn behind_a_proxy_that_nobody_named_nobody_waits() {
        let throttle = LinkThrottle::new(true);
        let proxy = "127.0.0.1".parse().unwrap();
        (0..1_000).for_each(|_| throttle.missed(proxy, at(0)));
        assert_eq!(throttle.wait(proxy, at(0)), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = LinkThrottle::new(false);
        (0..50_000_u32).for_each(|n| throttle.missed(IpAddr::V4(n.into()), at(0)));
        assert!(throttle.counters().0 <= REMEMBERED as u64);
    }
}
