//! What an API was told of whoever calls, beside what it would be told now.

use std::sync::Arc;

use model::{CallFacts, Code, ContactCentreLimits, Instant};

use super::Record;

impl Record {
    /// Whether a call that began with this record may go on at `now`, where `key` is the record that its key has now: it would be
    /// allowed, and its API, which decides by what it was told when the call began, was told nothing that the key has lost.
    pub(crate) fn goes_on(self: &Arc<Self>, key: &Arc<Self>, call: CallFacts<'_>, now: Instant) -> bool {
        if Arc::ptr_eq(self.counted(), key) {
            return self.judge(call, now) == Code::Valid;
        }
        let of_token = self.checked_token().map(|token| Self::of_token(key, token));
        let current = of_token.as_ref().unwrap_or(key);
        current.judge(call, now) == Code::Valid && current.may_all_that_was_told_of(self)
    }

    /// Whether this one may all that an API was told of an earlier record of the same secret or token. Their names may differ. What
    /// a token names, such as its resources, never changes.
    fn may_all_that_was_told_of(&self, earlier: &Self) -> bool {
        let unlimited = ContactCentreLimits::default();
        let [limits, told] = [self, earlier].map(|record| record.centre_limits().unwrap_or(&unlimited));
        self.scopes().allows_all(earlier.scopes())
            && self.sandbox_world() == earlier.sandbox_world()
            && limits.covers_behind(told)
    }
}
