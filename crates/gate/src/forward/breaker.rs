use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// How long it stays open the first time; each time after that for twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// And how long at most.
const LONGEST: Duration = Duration::from_secs(30);

/// A circuit breaker: who has failed several times in a row is left alone for a while. Then one call may try, and the
/// others wait for how it fares.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
    /// Until when it is open, in milliseconds; 0: it is closed.
    open_until: AtomicU64,
    /// How often it was opened in a row.
    opened: AtomicU32,
    /// Whether a call tries.
    tries: AtomicBool,
    /// Whether health checks fail.
    is_sick: AtomicBool,
}

/// Whether a call may go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may.
    Open,
    /// It may try, and nobody else does.
    Trial,
    /// Not for so many milliseconds; `None`: not before a health check succeeds.
    Refused(Option<u64>),
}

/// Milliseconds by a clock that nobody sets, from 1 on.
pub(super) fn millis() -> u64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = *BEGUN.get_or_init(Instant::now);
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
}

impl Breaker {
    /// Whether every call may go there, whatever the time.
    pub(super) fn is_closed(&self) -> bool {
        !self.is_sick.load(Relaxed) && self.open_until.load(Relaxed) == 0
    }

    /// Asks for a call at `now`. Whoever is given a trial says how it ended.
    pub(super) fn admit(&self, now: u64) -> Admission {
        if self.is_sick.load(Relaxed) {
            return Admission::Refused(None);
        }
        match self.open_until.load(Relaxed) {
            0 => Admission::Open,
            until if now < until => Admission::Refused(Some(until - now)),
            _ if self.tries.swap(true, Relaxed) => Admission::Refused(Some(millis_of(FIRST))),
            _ => Admission::Trial,
        }
    }

    /// An answer came.
    pub(super) fn succeeded(&self) {
        // Read first: a store to a line that every core reads costs more.
        if self.failures.load(Relaxed) > 0 {
            self.failures.store(0, Relaxed);
        }
        if self.open_until.load(Relaxed) > 0 {
            self.opened.store(0, Relaxed);
            self.open_until.store(0, Relaxed);
            self.tries.store(false, Relaxed);
        }
    }

    /// There was no connection, or no answer that is one.
    pub(super) fn failed(&self, now: u64) {
        let failures = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        let tried = self.tries.swap(false, Relaxed);
        if failures < FAILURES && !tried {
            return;
        }
        let doublings = self.opened.fetch_add(1, Relaxed).min(8);
        let open = (FIRST * (1 << doublings)).min(LONGEST);
        self.open_until.store(now + millis_of(open), Relaxed);
        self.failures.store(0, Relaxed);
    }

    /// A call that was admitted ended without saying anything of whom it went to.
    pub(super) fn gave_up(&self) {
        if self.tries.load(Relaxed) {
            self.tries.store(false, Relaxed);
        }
    }

    /// What health checks say.
    pub(super) fn set_sick(&self, is_sick: bool) {
        self.is_sick.store(is_sick, Relaxed);
    }

    /// Whether health checks fail.
    pub(super) fn is_sick(&self) -> bool {
        self.is_sick.load(Relaxed)
    }
}

fn millis_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(breaker: &Breaker, now: u64) {
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Admission::Open);
            breaker.failed(now);
        }
    }

    #[test]
    fn who_fails_several_times_in_a_row_is_left_alone_and_tried_by_one() {
        let breaker = Breaker::default();
        open(&breaker, 10);
        assert_eq!(breaker.admit(10), Admission::Refused(Some(1_000)));
        assert_eq!(breaker.admit(1_009), Admission::Refused(Some(1)));
        assert_eq!(breaker.admit(1_010), Admission::Trial);
        assert!(matches!(breaker.admit(1_010), Admission::Refused(Some(_))), "one tries");
        breaker.failed(1_020);
        assert_eq!(breaker.admit(1_020), Admission::Refused(Some(2_000)), "twice as long");
        assert_eq!(breaker.admit(3_020), Admission::Trial);
        breaker.succeeded();
        assert_eq!(breaker.admit(3_021), Admission::Open);
        open(&breaker, 4_000);
        assert_eq!(breaker.admit(4_000), Admission::Refused(Some(1_000)), "from the beginning");
    }

    #[test]
    fn failures_that_are_not_in_a_row_do_not_count() {
        let breaker = Breaker::default();
        for _ in 0..10 * FAILURES {
            breaker.failed(1);
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(1), Admission::Open);
    }

    #[test]
    fn a_trial_that_says_nothing_lets_another_try() {
        let breaker = Breaker::default();
        open(&breaker, 1);
        assert_eq!(breaker.admit(5_000), Admission::Trial);
        breaker.gave_up();
        assert_eq!(breaker.admit(5_000), Admission::Trial);
    }

    #[test]
    fn health_checks_close_and_open_whatever_calls_say() {
        let breaker = Breaker::default();
        breaker.set_sick(true);
        breaker.succeeded();
        assert_eq!(breaker.admit(1), Admission::Refused(None));
        breaker.set_sick(false);
        assert_eq!(breaker.admit(1), Admission::Open);
    }
}
