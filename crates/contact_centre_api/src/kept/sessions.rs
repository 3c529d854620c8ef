use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use contact_centre::id::AgentId;
use model::Instant;
use uuid::Uuid;

/// Proxy sessions at once, of one key and of all. Beyond that the oldest of the key ends, or none begins.
const OF_A_KEY_MAX: usize = 1_000;
const ALL_MAX: usize = 20_000;

/// Proxy sessions: for a while a key acts for an agent. Only the digest of a token is kept.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

/// A key that acts for an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) key_id: Uuid,
    pub(crate) world: Option<Box<str>>,
    pub(crate) agent_id: AgentId,
    pub(crate) created_at: Instant,
    /// By the machine's clock.
    pub(crate) expires_at: Instant,
}

fn mark(token: &str) -> [u8; 32] {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap_or_default()
}

impl Sessions {
    /// Begins one. Says whether there was room.
    pub(crate) fn begin(&self, token: &str, session: Session, now: Instant) -> bool {
        let mut all = self.lock();
        all.retain(|_, other| now < other.expires_at);
        let own = all.iter().filter(|(_, other)| other.key_id == session.key_id);
        if own.clone().count() >= OF_A_KEY_MAX
            && let Some(oldest) = own.min_by_key(|(_, other)| other.created_at).map(|(mark, _)| *mark)
        {
            all.remove(&oldest);
        }
        let room = all.len() < ALL_MAX;
        if room {
            all.insert(mark(token), session);
        }
        room
    }

    /// The session of a token, if it is this key's, in this world, and not over.
    pub(crate) fn of(&self, token: &str, key_id: Uuid, world: Option<&str>, now: Instant) -> Option<Session> {
        let session = self.lock().get(&mark(token)).cloned()?;
        (session.key_id == key_id && session.world.as_deref() == world && now < session.expires_at).then_some(session)
    }

    /// Ends one of a key's. Says whether there was one.
    pub(crate) fn end(&self, id: Uuid, key_id: Uuid, now: Instant) -> bool {
        let mut all = self.lock();
        let found = all.iter().find(|(_, session)| session.id == id && session.key_id == key_id);
        let Some((mark, lives)) = found.map(|(mark, session)| (*mark, now < session.expires_at)) else { return false };
        all.remove(&mark);
        lives
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);
    const fn ms(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    fn session(id: u128, at: i64) -> Session {
        Session {
            id: Uuid::from_u128(id),
            key_id: KEY,
            world: None,
            agent_id: AgentId(Uuid::from_u128(9)),
            created_at: ms(at),
            expires_at: ms(at + 60_000),
        }
    }

    #[test]
    fn a_session_is_its_keys_and_ends() {
        let sessions = Sessions::default();
        assert!(sessions.begin("token", session(1, 0), ms(0)));
        assert!(sessions.of("token", KEY, None, ms(59_999)).is_some());
        assert_eq!(sessions.of("token", KEY, None, ms(60_000)), None);
        assert_eq!(sessions.of("token", Uuid::from_u128(2), None, ms(0)), None);
        assert_eq!(sessions.of("token", KEY, Some("other"), ms(0)), None);
        assert_eq!(sessions.of("tokem", KEY, None, ms(0)), None);
        assert!(!sessions.end(Uuid::from_u128(1), Uuid::from_u128(2), ms(0)));
        assert!(sessions.end(Uuid::from_u128(1), KEY, ms(0)));
        assert_eq!(sessions.of("token", KEY, None, ms(0)), None);
    }

    #[test]
    fn of_a_key_that_begins_too_many_the_oldest_ends() {
        let sessions = Sessions::default();
        for n in 0..=OF_A_KEY_MAX {
            let at = i64::try_from(n).unwrap();
            assert!(sessions.begin(&n.to_string(), session(n as u128, at), ms(at)));
        }
        assert_eq!(sessions.of("0", KEY, None, ms(2_000)), None);
        assert!(sessions.of("1", KEY, None, ms(2_000)).is_some());
    }
}
