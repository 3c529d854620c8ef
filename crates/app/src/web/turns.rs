//! What one person may ask for at once. Pages, exports and what scripts ask for read the database, and its readers are shared:
//! so each session has a few turns, further requests wait for one, and too many of them are refused.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of one session that are answered at once.
const AT_ONCE: usize = 6;
/// Requests of one session that are answered or wait.
const MOST: usize = 36;

/// Long bodies at once.
const LARGE_BODIES: usize = 64;

/// The turns of sessions that have a request under way. So there are never more of them than requests.
#[derive(Clone)]
pub(crate) struct Turns {
    sessions: Arc<Mutex<HashMap<Fingerprint, Session>>>,
    /// Held while a long body arrives.
    pub(crate) large_bodies: Arc<Semaphore>,
}

/// Of a cookie, which may be of any length, and of any content.
type Fingerprint = [u8; 32];

struct Session {
    turns: Arc<Semaphore>,
    /// Requests that are answered or wait.
    requests: usize,
}

/// Held from the arrival of a request until its answer is sent.
pub(crate) struct Turn {
    /// `None` until it is its turn.
    turn: Option<OwnedSemaphorePermit>,
    session: Fingerprint,
    sessions: Arc<Mutex<HashMap<Fingerprint, Session>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { sessions: Arc::default(), large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)) }
    }
}

impl Turns {
    /// Waits for a turn. `None`: too many wait.
    pub(crate) async fn wait(&self, token: &str) -> Option<Turn> {
        let session = domain::fingerprint(token.as_bytes());
        let (mut turn, turns) = self.enter(session)?;
        turn.turn = turns.acquire_owned().await.ok();
        Some(turn)
    }

    fn enter(&self, session: Fingerprint) -> Option<(Turn, Arc<Semaphore>)> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Session { turns: Arc::new(Semaphore::new(AT_ONCE)), requests: 0 };
        let entry = sessions.entry(session).or_insert_with(new);
        if entry.requests >= MOST {
            return None;
        }
        entry.requests += 1;
        Some((Turn { turn: None, session, sessions: Arc::clone(&self.sessions) }, Arc::clone(&entry.turns)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.turn.take());
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = sessions.get_mut(&self.session) {
            entry.requests -= 1;
            if entry.requests == 0 {
                sessions.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_session_has_a_few_turns_and_a_bounded_queue_and_others_have_their_own() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.wait("ada").await.unwrap());
        }
        let mut waiting: Vec<_> = (AT_ONCE..MOST).map(|_| Box::pin(turns.wait("ada"))).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        assert!(turns.wait("ada").await.is_none(), "one too many");
        assert!(turns.wait("bob").await.is_some());
        held.pop();
        assert!(waiting.remove(0).await.is_some());
        drop((held, waiting));
        assert!(turns.sessions.lock().unwrap().is_empty());
    }
}
