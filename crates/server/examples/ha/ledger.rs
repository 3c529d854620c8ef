//! What the servers have acknowledged, kept outside of them.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

/// What is revoked is accepted by no node later than this after the acknowledgement.
const REVOKED_EVERYWHERE: Duration = Duration::from_secs(5);
/// Keys that live at a time, and those of the newest revocations that are called with.
const LIVING: usize = 60;
const CALLED: usize = 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Its making was acknowledged.
    Living,
    /// Its deletion was asked for, and may have happened.
    Doubtful,
    /// Its deletion was acknowledged at this moment.
    Revoked(Instant),
    /// What was acknowledged is not so.
    Lost,
}

pub(crate) struct Entry {
    pub(crate) id: Arc<str>,
    pub(crate) secret: Arc<str>,
    pub(crate) state: State,
    /// Something was acknowledged since it was last compared.
    pub(crate) touched: bool,
}

/// A key to call with.
pub(crate) struct Call {
    key: usize,
    pub(crate) secret: Arc<str>,
    state: State,
}

/// What was counted in a round.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) changes: u64,
    pub(crate) longest_gap: Duration,
    /// Keys that were accepted too late, and those that were refused though they live.
    pub(crate) late: Vec<usize>,
    pub(crate) refused: Vec<usize>,
    /// The longest time after its acknowledged deletion that a key was accepted.
    pub(crate) accepted_after: Duration,
}

pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    living: VecDeque<usize>,
    revoked: VecDeque<usize>,
    counts: Counts,
    changed_at: Instant,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            living: VecDeque::new(),
            revoked: VecDeque::new(),
            counts: Counts::default(),
            changed_at: Instant::now(),
        }
    }

    pub(crate) fn begin_round(&mut self) {
        self.counts = Counts::default();
        self.changed_at = Instant::now();
    }

    /// What was counted. To be called when changes have ended: the time until then counts, too.
    pub(crate) fn end_round(&mut self) -> Counts {
        self.measure_gap();
        std::mem::take(&mut self.counts)
    }

    pub(crate) fn created(&mut self, id: &str, secret: &str) {
        self.living.push_back(self.entries.len());
        self.entries.push(Entry { id: id.into(), secret: secret.into(), state: State::Living, touched: true });
        self.acknowledged();
    }

    /// A key whose deletion is due, and its id. It is in doubt from now on.
    pub(crate) fn next_deletion(&mut self) -> Option<(usize, Arc<str>)> {
        if self.living.len() < LIVING {
            return None;
        }
        let key = self.living.pop_front()?;
        self.entries[key].state = State::Doubtful;
        self.entries[key].touched = true;
        Some((key, Arc::clone(&self.entries[key].id)))
    }

    pub(crate) fn deleted(&mut self, key: usize) {
        self.entries[key].state = State::Revoked(Instant::now());
        self.revoked.push_back(key);
        if self.revoked.len() > CALLED {
            self.revoked.pop_front();
        }
        self.acknowledged();
    }

    /// Nobody knows the key, whose making was acknowledged and whose deletion was not asked for before.
    pub(crate) fn missing(&mut self, key: usize) {
        self.entries[key].state = State::Living;
    }

    fn acknowledged(&mut self) {
        self.counts.changes += 1;
        self.measure_gap();
    }

    fn measure_gap(&mut self) {
        self.counts.longest_gap = self.counts.longest_gap.max(self.changed_at.elapsed());
        self.changed_at = Instant::now();
    }

    /// A key for the call of this number: three of four are with revoked ones.
    pub(crate) fn to_call(&self, number: usize) -> Option<Call> {
        let of = if number.is_multiple_of(4) { &self.living } else { &self.revoked };
        let key = *of.get(number % of.len().max(1))?;
        let Entry { secret, state, .. } = &self.entries[key];
        Some(Call { key, secret: Arc::clone(secret), state: *state })
    }

    /// A call that was sent at this moment has this answer.
    pub(crate) fn answered(&mut self, call: &Call, sent_at: Instant, status: u16) {
        match (status, call.state) {
            (200 | 401, _) => self.counts.calls += 1,
            _ => return,
        }
        match (status, call.state) {
            (200, State::Revoked(at)) => {
                let after = sent_at.saturating_duration_since(at);
                if after > REVOKED_EVERYWHERE {
                    self.counts.late.push(call.key);
                } else {
                    self.counts.accepted_after = self.counts.accepted_after.max(after);
                }
            }
            // Not if its deletion was asked for meanwhile.
            (401, State::Living) if self.entries[call.key].state == State::Living => self.counts.refused.push(call.key),
            _ => {}
        }
    }

    /// From now on it is not called with.
    pub(crate) fn lose(&mut self, key: usize) {
        self.entries[key].state = State::Lost;
        self.living.retain(|living| *living != key);
        self.revoked.retain(|revoked| *revoked != key);
    }

    /// What was in doubt is no longer.
    pub(crate) fn settle(&mut self, key: usize, lives: bool) {
        if lives {
            self.entries[key].state = State::Living;
            self.living.push_back(key);
        } else {
            self.entries[key].state = State::Revoked(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_key_that_is_accepted_later_than_5_s_is_late() {
        let mut ledger = Ledger::new();
        for key in 0..LIVING {
            ledger.created(&format!("id {key}"), "secret");
        }
        let (key, _) = ledger.next_deletion().unwrap();
        ledger.deleted(key);
        let call = ledger.to_call(1).unwrap();
        let now = Instant::now();
        ledger.answered(&call, now, 200);
        ledger.answered(&call, now + Duration::from_secs(6), 401);
        ledger.answered(&call, now + Duration::from_secs(6), 503);
        assert!(ledger.counts.late.is_empty());
        ledger.answered(&call, now + Duration::from_secs(6), 200);
        assert_eq!((ledger.counts.late.as_slice(), ledger.counts.calls), (&[key][..], 3));
        let living = ledger.to_call(0).unwrap();
        ledger.answered(&living, now, 401);
        assert_eq!(ledger.end_round().refused.len(), 1);
    }
}
