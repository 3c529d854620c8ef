use std::collections::BTreeMap;

use model::Instant;

use super::verdict::Verdict;

/// Things that are waited for at once; of more than that, the run does not know.
const WAITING_MAX: usize = 50;
/// So much earlier than was said is no haste: clocks and timers of programs are no better.
const GRACE_MS: i64 = 100;

/// Whether whoever is told to wait does so, and comes back.
#[derive(Clone, Debug)]
pub(super) struct Waits {
    /// Refusals that are still to be played.
    left: u32,
    seconds: u64,
    waiting: BTreeMap<Box<str>, Refused>,
    kept: bool,
    broken: Verdict,
}

/// Something that was refused.
#[derive(Clone, Copy, Debug)]
struct Refused {
    /// Before when it should not be asked for again.
    until: Instant,
    /// Whether it has to be asked for again: a program may find that it needs something no longer, but not what was played.
    is_owed: bool,
}

impl Waits {
    /// With so many refusals, each for so many seconds.
    pub(super) fn new(left: u32, seconds: u64) -> Self {
        Self { left, seconds, waiting: BTreeMap::new(), kept: false, broken: Verdict::Kept }
    }

    /// Something is asked for. Says for how long it is refused, if it is.
    pub(super) fn asked(&mut self, what: &str, now: Instant) -> Option<u64> {
        self.came(what, now);
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        self.refuse(what, self.seconds, true, now);
        Some(self.seconds)
    }

    /// Something is asked for that is not refused.
    pub(super) fn came(&mut self, what: &str, now: Instant) {
        let Some(refused) = self.waiting.remove(what) else { return };
        let early = refused.until.as_millis() - now.as_millis();
        if early > GRACE_MS {
            self.broken.breaks(format!("{what} was asked for again {early} ms before Retry-After had passed."));
        } else {
            self.kept = true;
        }
    }

    /// Something was refused for so many seconds.
    pub(super) fn told(&mut self, what: &str, seconds: u64, now: Instant) {
        self.refuse(what, seconds, false, now);
    }

    fn refuse(&mut self, what: &str, seconds: u64, is_owed: bool, now: Instant) {
        if self.waiting.len() >= WAITING_MAX && !self.waiting.contains_key(what) {
            return;
        }
        let ms = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        let until = now.plus_millis(ms);
        let refused = self.waiting.entry(what.into()).or_insert(Refused { until, is_owed });
        *refused = Refused { until, is_owed: is_owed || refused.is_owed };
    }

    pub(super) fn verdict(&self, nothing: &'static str, not_again: &'static str) -> Verdict {
        match &self.broken {
            Verdict::Broken(_) => self.broken.clone(),
            _ if self.left > 0 => Verdict::NotSeen(nothing),
            _ if self.kept && self.waiting.values().all(|refused| !refused.is_owed) => Verdict::Kept,
            _ => Verdict::NotSeen(not_again),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    fn of(waits: &Waits) -> Verdict {
        waits.verdict("nothing", "not again")
    }

    #[test]
    fn whoever_is_told_to_wait_waits_and_comes_back() {
        let mut waits = Waits::new(2, 2);
        assert_eq!(of(&waits), Verdict::NotSeen("nothing"));
        assert_eq!(waits.asked("GET /a", at(0)), Some(2));
        assert_eq!(waits.asked("GET /a", at(1_950)), Some(2));
        assert_eq!(of(&waits), Verdict::NotSeen("not again"));
        assert_eq!(waits.asked("GET /b", at(2_000)), None);
        assert_eq!(of(&waits), Verdict::NotSeen("not again"));
        assert_eq!(waits.asked("GET /a", at(3_950)), None);
        assert_eq!(of(&waits), Verdict::Kept);
    }

    #[test]
    fn what_was_refused_by_itself_may_be_needed_no_longer() {
        let mut waits = Waits::new(1, 2);
        waits.asked("GET /a", at(0));
        waits.told("GET /a", 2, at(1));
        waits.told("GET /b", 9, at(1));
        assert_eq!(of(&waits), Verdict::NotSeen("not again"));
        waits.asked("GET /a", at(2_001));
        assert_eq!(of(&waits), Verdict::Kept);
    }

    #[test]
    fn haste_is_told_with_what_was_asked_for() {
        let mut waits = Waits::new(1, 2);
        waits.asked("GET /a", at(0));
        waits.asked("GET /a", at(500));
        let why = "GET /a was asked for again 1500 ms before Retry-After had passed.";
        assert_eq!(of(&waits), Verdict::Broken(why.to_owned()));
    }

    #[test]
    fn no_more_is_remembered_than_may_be() {
        let mut waits = Waits::new(0, 1);
        for n in 0..2 * WAITING_MAX {
            waits.told(&n.to_string(), 1, at(0));
        }
        assert_eq!(waits.waiting.len(), WAITING_MAX);
    }
}
