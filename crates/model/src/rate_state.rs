//! How a rate limit decides: the generic cell rate algorithm (ITU-T I.371), in whole nanoseconds.
//!
//! A limit gives back one call after each `interval` of window/limit nanoseconds, rounded down, and holds at most `burst` of them. So over
//! any time t at most `burst + t / interval` calls of cost 1 pass.

use crate::RateLimit;

const SECOND: u64 = 1_000_000_000;

/// What a rate limit remembers of the calls that it let pass: when it will have given all of them back, in nanoseconds of a clock that
/// nobody sets. 0: no call yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateState(pub u64);

/// A rate limit as it is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds until one call is given back: at least 1.
    interval: u64,
    /// Calls at once.
    burst: u64,
}

/// Why a call must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateWait {
    /// This many nanoseconds, at least 1.
    Nanos(u64),
    /// It costs more than the limit ever holds.
    Never,
}

impl Rate {
    /// The limit as it is set.
    pub fn of(limit: &RateLimit) -> Self {
        Self::new(limit.limit(), limit.window_seconds(), limit.burst())
    }

    fn new(limit: u64, window_seconds: u32, burst: u64) -> Self {
        Self { interval: (u64::from(window_seconds) * SECOND / limit).max(1), burst }
    }

    /// The share of one of so many nodes, which together let no more calls pass than the limit does. `None`: it has fewer calls at once
    /// than there are nodes.
    pub fn share(self, nodes: u64) -> Option<Self> {
        let nodes = nodes.max(1);
        let burst = self.burst / nodes;
        (burst > 0).then(|| Self { interval: self.interval.saturating_mul(nodes), burst })
    }

    /// Calls at once.
    pub fn burst(self) -> u64 {
        self.burst
    }

    /// After so many nanoseconds one call comes back.
    pub fn interval(self) -> u64 {
        self.interval
    }

    /// The time in which the whole burst is given back. No longer than the window, or than 2^53 ns where the limit is above one call for
    /// each nanosecond.
    pub fn tolerance(self) -> u64 {
        self.interval.saturating_mul(self.burst)
    }

    /// When all is given back, as seen at `now`: not in the past, and no later than if the whole burst had just been taken, as it would
    /// be if the clock was set back or the limit was lowered.
    fn full_at(self, state: RateState, now: u64) -> u64 {
        state.0.clamp(now, now.saturating_add(self.tolerance()))
    }

    /// What is worth remembering at `now`. To be kept before a call is decided, refused ones too: so a clock that is set back closes the
    /// limit for no longer than its burst takes to come back.
    pub fn settle(self, state: RateState, now: u64) -> RateState {
        RateState(self.full_at(state, now))
    }

    /// What is remembered when a call of this cost has passed at `now`, or how long it must wait. Nothing is taken for a cost of 0.
    pub fn take(self, state: RateState, cost: u64, now: u64) -> Result<RateState, RateWait> {
        if cost > self.burst {
            return Err(RateWait::Never);
        }
        let after = self.full_at(state, now).saturating_add(self.interval.saturating_mul(cost));
        match after.saturating_sub(now.saturating_add(self.tolerance())) {
            0 => Ok(RateState(after)),
            wait => Err(RateWait::Nanos(wait)),
        }
    }

    /// Calls of cost 1 that would pass at `now`.
    pub fn remaining(self, state: RateState, now: u64) -> u64 {
        (self.tolerance() - (self.full_at(state, now) - now)) / self.interval
    }

    /// Seconds, rounded up, until the whole burst would pass again.
    pub fn reset_seconds(self, state: RateState, now: u64) -> u64 {
        (self.full_at(state, now) - now).div_ceil(SECOND)
    }
}

impl RateWait {
    /// In whole seconds, rounded up, so that whoever waits exactly that long is let in. `None`: no waiting helps.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Nanos(nanos) => Some(nanos.div_ceil(SECOND)),
            Self::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::LIMIT_MAX;

    /// Calls that pass at these instants, each of cost 1.
    fn passed(rate: Rate, calls: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut state = RateState::default();
        let pass = |at: &u64| rate.take(state, 1, *at).map(|after| state = after).is_ok();
        calls.into_iter().filter(pass).collect()
    }

    #[test]
    fn steady_traffic_at_the_limit_is_never_refused_and_above_it_recovers() {
        let rate = Rate::new(100, 60, 1);
        let at_limit: Vec<u64> = (0..10_000).map(|number| number * 600_000_000).collect();
        assert_eq!(passed(rate, at_limit.clone()), at_limit);
        // Twice as many: each second one passes, for ever.
        let above = (0..20_000).map(|number| number * 300_000_000);
        assert_eq!(passed(rate, above), at_limit);
    }

    #[test]
    fn a_burst_is_held_and_given_back() {
        let rate = Rate::new(100, 60, 100);
        let mut state = RateState::default();
        for left in (0..100).rev() {
            state = rate.take(state, 1, 5).unwrap();
            assert_eq!(rate.remaining(state, 5), left);
        }
        assert_eq!(rate.take(state, 1, 5), Err(RateWait::Nanos(600_000_000)));
        assert_eq!((rate.reset_seconds(state, 5), rate.reset_seconds(state, 5 + 59 * SECOND + 1)), (60, 1));
        assert_eq!(rate.take(state, 0, 5), Ok(state), "looking takes nothing");
        assert_eq!(rate.take(state, 101, 5), Err(RateWait::Never));
        assert_eq!(rate.take(state, 100, 5).unwrap_err().seconds(), Some(60));
        assert!(rate.take(state, 100, 5 + 60 * SECOND).is_ok());
    }

    #[test]
    fn a_limit_that_is_changed_while_it_is_used_counts_on() {
        let (small, large) = (Rate::new(10, 10, 10), Rate::new(100, 10, 100));
        let all = large.take(RateState::default(), 100, 0).unwrap();
        // Lowered: nothing is left, and one comes back as soon as the new limit says.
        assert_eq!((small.remaining(all, 0), small.take(all, 1, 0)), (0, Err(RateWait::Nanos(SECOND))));
        // Raised: what was taken counts.
        let some = small.take(RateState::default(), 5, 0).unwrap();
        assert_eq!(large.remaining(some, 0), 50);
    }

    #[test]
    fn the_largest_numbers_are_computed_with() {
        for (limit, window, burst) in
            [(LIMIT_MAX, 1, LIMIT_MAX), (LIMIT_MAX, 86_400, 1), (1, 86_400, 1), (LIMIT_MAX, 86_400, LIMIT_MAX)]
        {
            let rate = Rate::new(limit, window, burst);
            for now in [0, 1, u64::MAX / 2] {
                let after = rate.take(RateState(u64::MAX / 2), burst, now);
                assert_eq!(after.is_ok(), now == u64::MAX / 2, "{limit} {window} {burst} {now}");
                assert!(rate.remaining(RateState(u64::MAX), now) <= burst);
            }
        }
    }

    #[test]
    fn shares_are_no_more_than_the_whole() {
        let rate = Rate::new(100, 60, 10);
        assert_eq!(rate.share(1), Some(rate));
        assert_eq!(rate.share(3), Some(Rate { interval: 1_800_000_000, burst: 3 }));
        assert_eq!((rate.share(10).map(Rate::burst), rate.share(11)), (Some(1), None));
    }

    /// A slow model: calls that have passed, each with its instant. A call passes if it and those before it leave no window, however long,
    /// with more than the burst and what came back in it.
    #[derive(Default)]
    struct Model(Vec<(u64, u64)>);

    impl Model {
        fn take(&mut self, rate: Rate, cost: u64, now: u64) -> bool {
            let mut cost_since = cost;
            let mut fits = cost <= rate.burst;
            for (at, cost) in self.0.iter().rev() {
                cost_since += cost;
                fits &= cost_since <= rate.burst || (cost_since - rate.burst) * rate.interval <= now - at;
            }
            if fits && cost > 0 {
                self.0.push((now, cost));
            }
            fits
        }
    }

    proptest! {
        #[test]
        fn exactly_the_calls_pass_that_the_slow_model_lets_pass(
            limit in 1_u64..50, window in 1_u32..100, burst_share in 0.0_f64..1.0,
            calls in prop::collection::vec((0_u64..3_000_000_000, 0_u64..8), 1..300),
        ) {
            let burst = 1 + (burst_share * (limit - 1) as f64) as u64;
            let rate = Rate::new(limit, window, burst);
            let (mut model, mut state, mut now) = (Model::default(), RateState::default(), 0);
            for (pause, cost) in calls {
                now += pause;
                let before = rate.remaining(state, now);
                let taken = rate.take(state, cost, now);
                prop_assert_eq!(taken.is_ok(), model.take(rate, cost, now), "{:?} at {} of {:?}", cost, now, rate);
                prop_assert_eq!(taken.is_ok(), cost <= before, "what is left says whether it passes");
                match taken {
                    Ok(after) => state = after,
                    Err(RateWait::Never) => prop_assert!(cost > burst),
                    Err(wait @ RateWait::Nanos(nanos)) => {
                        prop_assert!(rate.take(state, cost, now + nanos).is_ok(), "who waits is let in");
                        prop_assert!(rate.take(state, cost, now + nanos - 1).is_err(), "and not before");
                        let seconds = wait.seconds().unwrap_or(0);
                        prop_assert!(rate.take(state, cost, now + seconds * SECOND).is_ok());
                    }
                }
            }
        }

        #[test]
        fn a_clock_that_is_set_back_opens_nothing_and_closes_for_no_longer_than_the_burst(
            limit in 1_u64..1_000, window in 1_u32..86_400, at in 0_u64..u64::MAX / 4, back in 0_u64..u64::MAX / 8,
        ) {
            let rate = Rate::new(limit, window, limit);
            let state = rate.take(RateState::default(), limit, at).unwrap_or_default();
            let now = at.saturating_sub(back);
            let state = rate.settle(state, now);
            prop_assert_eq!(rate.remaining(state, now), 0);
            prop_assert!(rate.take(state, limit, now + rate.tolerance()).is_ok());
        }
    }
}
