use model::{Instant, PeriodBounds};

use super::{
    limit_state::seconds_between,
    spec::QuotaSpec,
    zones::{Zone, Zones},
};

const SECOND: u64 = 1_000_000_000;

/// How long it is believed that a quota is used up. Other nodes may give back what they leased and did not need.
const LOOK_AGAIN: u64 = SECOND;
/// The first portion that is leased.
const FIRST: u64 = 8;
/// A portion that lasted less than this is doubled, and one that lasted longer than the other is halved.
const TOO_SHORT: u64 = SECOND;
const TOO_LONG: u64 = 8 * SECOND;
/// Who was not called for this long gives its portion back.
const IDLE: u64 = 10 * SECOND;

/// Where this node stands within a quota: what it has leased of it from the database, and not given out yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaState {
    period: PeriodBounds,
    zone: u64,
    /// Whether the database was asked in this period.
    known: bool,
    /// What all nodes together have leased, as the database said last.
    granted: u64,
    left: u64,
    /// What calls hold of it that are being decided elsewhere. It is not in `left`.
    held: u64,
    portion: u64,
    /// By the clock that nobody sets, as all that follow.
    leased_at: u64,
    called_at: u64,
    used_up_until: u64,
    /// What the dearest call that waits needs, if the database is to be asked; 0: nothing is needed now.
    wanted: Option<u64>,
    /// What all calls that wait need.
    wanted_in_all: u64,
    /// Calls go on, so that a portion is to be leased before it is needed.
    ahead: bool,
}

/// What a quota says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotaLook {
    Passes,
    /// Seconds until the next period; `None`: no period is enough.
    Refuses(Option<u64>),
    /// Calls that are being decided elsewhere hold what it needs.
    Held,
    /// The database must be asked.
    Asks,
}

/// A part of a quota that this node has leased and does not need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unneeded {
    pub(crate) period_start: Instant,
    pub(crate) calls: u64,
}

impl Default for QuotaState {
    fn default() -> Self {
        let never = Instant::from_millis(i64::MIN);
        Self {
            period: PeriodBounds { start: never, end: never },
            zone: 0,
            known: false,
            granted: 0,
            left: 0,
            held: 0,
            portion: FIRST,
            leased_at: 0,
            called_at: 0,
            used_up_until: 0,
            wanted: None,
            wanted_in_all: 0,
            ahead: false,
        }
    }
}

impl QuotaState {
    /// Moves on to the period of `now`. What was leased of another one is returned to be given back.
    pub(crate) fn turn(
        &mut self,
        spec: &QuotaSpec,
        zones: &Zones,
        installation: Zone,
        now: Instant,
    ) -> Option<Unneeded> {
        let zone = if spec.zone.is_none() { zones.version() } else { 0 };
        if self.period.contains(now) && self.zone == zone {
            return None;
        }
        let period = match &spec.zone {
            Some(zone) => zone.period(spec.period, now),
            None => zones.get(installation).period(spec.period, now),
        };
        self.zone = zone;
        if period == self.period {
            return None;
        }
        let unneeded = self.take_left();
        *self = Self { period, zone, portion: self.portion, leased_at: self.leased_at, ..Self::default() };
        unneeded
    }

    /// Takes out what was leased and not given out.
    pub(crate) fn take_left(&mut self) -> Option<Unneeded> {
        let calls = std::mem::take(&mut self.left);
        (calls > 0).then_some(Unneeded { period_start: self.period.start, calls })
    }

    /// The limit is another one: what is leased is given back, so that the database decides by the new one.
    pub(crate) fn change(&mut self) -> Option<Unneeded> {
        let unneeded = self.take_left();
        (self.known, self.used_up_until) = (false, 0);
        // Whoever waits asks anew.
        self.not_leased();
        unneeded
    }

    pub(crate) fn look(&mut self, limit: u64, cost: u64, tick: u64, now: Instant) -> QuotaLook {
        if cost > limit {
            if self.known || limit == 0 {
                return QuotaLook::Refuses(None);
            }
            // Whoever is refused is told what is left.
            self.ask(0);
            QuotaLook::Asks
        } else if limit == 0 || (self.known && self.left >= cost) {
            QuotaLook::Passes
        } else if self.known && self.unused(limit) < cost && tick < self.used_up_until {
            let is_held = self.unused(limit).saturating_add(self.held) >= cost;
            if is_held {
                QuotaLook::Held
            } else {
                QuotaLook::Refuses(Some(seconds_between(now, self.period.end).max(1)))
            }
        } else {
            self.ask(cost);
            QuotaLook::Asks
        }
    }

    fn ask(&mut self, cost: u64) {
        self.wanted = Some(self.wanted.unwrap_or(0).max(cost));
        self.wanted_in_all = self.wanted_in_all.saturating_add(cost);
    }

    /// Takes calls. The look before has said that they pass. True: more should be leased soon.
    pub(crate) fn take(&mut self, limit: u64, cost: u64, tick: u64) -> bool {
        self.left = self.left.saturating_sub(cost);
        self.called_at = tick;
        let soon = cost > 0 && self.left < self.portion / 2 && self.granted < limit && self.wanted.is_none();
        if soon {
            self.ask(0);
            self.ahead = true;
        }
        soon
    }

    /// Takes calls out for one that is decided elsewhere. True: more should be leased soon.
    pub(crate) fn hold(&mut self, limit: u64, cost: u64, tick: u64) -> bool {
        self.held = self.held.saturating_add(cost);
        self.take(limit, cost, tick)
    }

    /// What was held is taken for good.
    pub(crate) fn spend(&mut self, cost: u64) {
        self.held = self.held.saturating_sub(cost);
    }

    /// What was held is there for others. Of a quota that has forgotten what is held, nothing is: it may not be its own any more.
    pub(crate) fn release(&mut self, cost: u64) {
        if let Some(held) = self.held.checked_sub(cost) {
            (self.held, self.left) = (held, self.left.saturating_add(cost));
        }
    }

    /// Forgets what was leased.
    pub(crate) fn forget(&mut self) {
        let _ = self.change();
        self.held = 0;
    }

    /// Calls of this period that nobody has made, as far as this node knows.
    pub(crate) fn unused(&self, limit: u64) -> u64 {
        limit.saturating_sub(self.granted).saturating_add(self.left)
    }

    pub(crate) fn period(&self) -> PeriodBounds {
        self.period
    }

    /// What is to be leased, at least and at most; `None`: nothing is.
    pub(crate) fn wants(&mut self, tick: u64) -> Option<(u64, u64)> {
        let wanted = self.wanted?;
        if wanted == 0 && !self.ahead {
            return Some((0, 0));
        }
        let lasted = tick.saturating_sub(self.leased_at);
        if self.leased_at > 0 {
            self.portion = match lasted {
                ..TOO_SHORT => self.portion.saturating_mul(2),
                TOO_LONG.. => (self.portion / 2).max(1),
                _ => self.portion,
            };
        }
        let least = wanted.saturating_sub(self.left);
        Some((least, self.portion.max(self.wanted_in_all).max(least)))
    }

    /// The database has answered: so much is leased by all nodes together, and so much of it came just now.
    pub(crate) fn leased(&mut self, granted: u64, given: u64, limit: u64, tick: u64) {
        let wanted = self.wanted.take().unwrap_or(0);
        (self.known, self.ahead, self.wanted_in_all) = (true, false, 0);
        self.granted = granted;
        self.left = self.left.saturating_add(given);
        if given > 0 {
            self.leased_at = tick;
            // Who is given less than a portion makes do with it. A portion that grew on would be asked for again and again, until this
            // node has all of the quota.
            self.portion = self.portion.min(self.left.max(1));
        }
        if self.left < wanted || granted >= limit {
            self.used_up_until = tick.saturating_add(LOOK_AGAIN);
        }
    }

    /// The database could not be asked.
    pub(crate) fn not_leased(&mut self) {
        (self.wanted, self.ahead, self.wanted_in_all) = (None, false, 0);
    }

    /// What was not needed for long.
    pub(crate) fn idle(&mut self, tick: u64) -> Option<Unneeded> {
        if tick.saturating_sub(self.called_at) < IDLE || self.wanted.is_some() {
            return None;
        }
        let unneeded = self.take_left();
        if unneeded.is_some() {
            self.known = false;
        }
        unneeded
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Whether nothing of it is with this node, nor with a call that is being decided.
    pub(crate) fn has_nothing(&self) -> bool {
        self.left() == 0 && self.held == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_at_most_a_part_of_what_is_unused_however_fast_it_is_called() {
        const LIMIT: u64 = 1_000;
        let (mut quota, mut leased, mut calls) = (QuotaState::default(), 0_u64, 0_u64);
        // 200 calls a second.
        for tick in (SECOND..).step_by(5_000_000) {
            if quota.left == 0 {
                quota.ask(1);
            }
            if let Some((least, most)) = quota.wants(tick) {
                // As the database leases to one of three nodes.
                let unleased = LIMIT - leased;
                let given = most.min(unleased.div_ceil(6).max(least)).min(unleased);
                leased += given;
                quota.leased(leased, given, LIMIT, tick);
            }
            if quota.left == 0 {
                break;
            }
            calls += 1;
            quota.take(LIMIT, 1, tick);
            let unused = LIMIT - calls;
            assert!(quota.left <= unused / 2 + FIRST, "{} of {unused} unused calls are with one node", quota.left);
        }
        assert_eq!(calls, LIMIT, "alone it can give out all");
        assert!(quota.portion <= LIMIT, "{}", quota.portion);
    }
}
