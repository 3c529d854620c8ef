//! Addresses that are slowed down now, so that each burst is told once.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::{InstallationId, Instant};

use crate::guessing_source::{BURST, Source};

/// Bursts that are told apart at once. Of those beyond only the calls are counted.
const BURSTS: usize = 1_024;
/// A burst is over when its address was not slowed for so long.
const OVER: Duration = Duration::from_secs(10 * 60);
/// How often a burst that goes on is told again, so that its numbers can be brought up to date.
const AGAIN: Duration = Duration::from_secs(60);

/// An address sends many keys that don't exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuessingDetected {
    /// The installation that was asked about; `None`: whichever the keys would have belonged to.
    pub installation: Option<InstallationId>,
    /// The address, or the /64 network of an IPv6 address.
    pub network: String,
    /// Failed keys since the burst began, or since it was last told; at least so many.
    pub failed: u64,
    /// When it was first slowed down.
    pub since: Instant,
    /// When it was slowed down last.
    pub last: Instant,
    /// Whether the burst is new to this node. Another node may have told it.
    pub is_new: bool,
}

#[derive(Default)]
pub(crate) struct GuessingBursts(Mutex<HashMap<(Source, Option<InstallationId>), Burst>>);

struct Burst {
    since: Instant,
    last: Instant,
    slowed_at: Duration,
    told_at: Option<Duration>,
    failed: u64,
}

impl GuessingBursts {
    /// One more call was slowed. If somebody else is at it, it is not counted: callers don't wait for each other.
    pub(crate) fn note(&self, source: Source, installation: Option<InstallationId>, now: Instant, elapsed: Duration) {
        let Ok(mut bursts) = self.0.try_lock() else { return };
        let is_full = bursts.len() >= BURSTS;
        match bursts.get_mut(&(source, installation)) {
            Some(burst) => {
                (burst.last, burst.slowed_at) = (now, elapsed);
                burst.failed += 1;
            }
            None if is_full => {}
            None => {
                // Those that were let through before.
                let burst = Burst { since: now, last: now, slowed_at: elapsed, told_at: None, failed: BURST + 1 };
                bursts.insert((source, installation), burst);
            }
        }
    }

    pub(crate) fn take(&self, elapsed: Duration) -> Vec<GuessingDetected> {
        let mut bursts = self.lock();
        let mut due = Vec::new();
        for ((source, installation), burst) in bursts.iter_mut() {
            let is_due = burst.told_at.is_none_or(|told| elapsed.saturating_sub(told) >= AGAIN);
            if is_due && burst.failed > 0 {
                due.push(GuessingDetected {
                    installation: *installation,
                    network: source.text(),
                    failed: std::mem::take(&mut burst.failed),
                    since: burst.since,
                    last: burst.last,
                    is_new: burst.told_at.replace(elapsed).is_none(),
                });
            }
        }
        bursts.retain(|_, burst| elapsed.saturating_sub(burst.slowed_at) < OVER);
        due
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Source, Option<InstallationId>), Burst>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(number: u32) -> Source {
        Source::of(std::net::IpAddr::V4(number.into()))
    }

    #[test]
    fn a_burst_is_new_once_and_then_told_once_a_minute() {
        let bursts = GuessingBursts::default();
        let at = Duration::from_secs;
        let note = |seconds: u64| {
            let now = Instant::from_millis(i64::try_from(seconds).unwrap() * 1_000);
            bursts.note(source(1), None, now, at(seconds));
        };
        note(0);
        note(1);
        let told = bursts.take(at(1));
        assert_eq!(told.len(), 1);
        assert!(told[0].is_new && told[0].failed == BURST + 2 && told[0].last == Instant::from_millis(1_000));
        note(2);
        assert!(bursts.take(at(2)).is_empty());
        let again = bursts.take(at(61));
        assert!(!again[0].is_new && again[0].failed == 1 && again[0].since == told[0].since);
        assert!(bursts.take(at(602)).is_empty(), "it was over");
        note(603);
        assert!(bursts.take(at(603))[0].is_new, "another one");
    }

    #[test]
    fn a_bounded_number_of_bursts_is_told_apart() {
        let bursts = GuessingBursts::default();
        for number in 0..BURSTS as u32 + 5 {
            bursts.note(source(number), None, Instant::from_millis(0), Duration::ZERO);
        }
        assert_eq!((bursts.len(), bursts.take(Duration::ZERO).len()), (BURSTS, BURSTS));
    }
}
