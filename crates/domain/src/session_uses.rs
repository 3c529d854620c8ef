//! Last uses of sessions that wait to be written down.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::Instant;
use store::TokenHash;

/// Sessions whose last use waits to be written at most. Only those of people who are signed in come here; the use of one more
/// is not remembered.
pub(crate) const WAITING_MOST: usize = 10_000;

/// Last uses that are not written down yet.
#[derive(Default)]
pub(crate) struct SessionUses {
    waiting: Mutex<HashMap<TokenHash, Instant>>,
    /// Held by whoever writes.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl SessionUses {
    /// The last use of a session, if it waits to be written.
    pub(crate) fn of(&self, session: &TokenHash) -> Option<Instant> {
        self.waiting().get(session).copied()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting().len()
    }

    pub(crate) fn remember(&self, session: TokenHash, at: Instant) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MOST || waiting.contains_key(&session) {
            waiting.insert(session, at);
        }
    }

    pub(crate) fn next(&self) -> Option<(TokenHash, Instant)> {
        self.waiting().iter().next().map(|(session, at)| (*session, *at))
    }

    /// It is written down, unless there was another use meanwhile.
    pub(crate) fn written(&self, session: &TokenHash, at: Instant) {
        let mut waiting = self.waiting();
        if waiting.get(session) == Some(&at) {
            waiting.remove(session);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<TokenHash, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_waits_until_it_is_written_and_a_later_one_after_it() {
        let (uses, at) = (SessionUses::default(), Instant::from_millis);
        uses.remember([1; 32], at(5));
        assert_eq!((uses.of(&[1; 32]), uses.of(&[2; 32])), (Some(at(5)), None));
        uses.remember([1; 32], at(9));
        uses.written(&[1; 32], at(5));
        assert_eq!(uses.next(), Some(([1; 32], at(9))));
        uses.written(&[1; 32], at(9));
        assert_eq!(uses.len(), 0);
    }

    #[test]
    fn no_more_than_a_bounded_number_wait() {
        let (uses, at) = (SessionUses::default(), Instant::from_millis(5));
        for n in 0..WAITING_MOST as u64 + 10 {
            let mut session = [0; 32];
            session[..8].copy_from_slice(&n.to_be_bytes());
            uses.remember(session, at);
        }
        assert_eq!(uses.len(), WAITING_MOST);
        uses.remember([0; 32], Instant::from_millis(9));
        assert_eq!(uses.of(&[0; 32]), Some(Instant::from_millis(9)), "one that waits is moved forward");
    }
}
