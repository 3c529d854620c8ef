//! Answers that go on while a page is open. Each holds a connection and reads the database again and again, so there are few of them, and
//! none keeps a server from stopping.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use model::{Occupancy, SessionId};
use tokio::sync::watch;

/// Streams of one session: of some tabs that are in sight at once, and of those that were closed within the last seconds.
const OF_SESSION: usize = 12;
/// Streams of everybody.
const MOST: usize = 100;

static OPEN: Mutex<BTreeMap<SessionId, usize>> = Mutex::new(BTreeMap::new());
static ENDED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Held while a stream is open.
#[derive(Debug)]
pub(crate) struct Place(SessionId);

fn open() -> MutexGuard<'static, BTreeMap<SessionId, usize>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn altogether(open: &BTreeMap<SessionId, usize>) -> usize {
    open.values().sum()
}

/// A place for a stream. `None`: the session, or all together, have as many as may be, or the server stops.
pub(crate) fn enter(session: SessionId) -> Option<Place> {
    let mut open = open();
    let own = open.get(&session).copied().unwrap_or_default();
    if own >= OF_SESSION || altogether(&open) >= MOST || *ENDED.borrow() {
        return None;
    }
    open.insert(session, own + 1);
    Some(Place(session))
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = open();
        match open.get_mut(&self.0) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                open.remove(&self.0);
            }
        }
    }
}

/// Waits until all streams have to end.
pub(crate) async fn ended() {
    // The sender is never dropped.
    let _ = ENDED.subscribe().wait_for(|ended| *ended).await;
}

/// Ends all streams of this process, and lets none begin: it stops.
pub fn end_streams() {
    ENDED.send_replace(true);
}

/// How many pages are told of new numbers.
pub fn streams() -> Occupancy {
    Occupancy::new("streams", altogether(&open()), MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u128) -> SessionId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn a_session_has_a_few_streams_and_all_together_not_many() {
        let mut own: Vec<_> = (0..OF_SESSION).map(|_| enter(session(1)).unwrap()).collect();
        assert!(enter(session(1)).is_none());
        own.pop();
        own.push(enter(session(1)).unwrap());
        let mut others: Vec<_> =
            (0..MOST - OF_SESSION).map(|other| enter(session(other as u128 + 2)).unwrap()).collect();
        assert!(enter(session(1_000)).is_none());
        assert_eq!((streams().used, streams().bound), (MOST as u64, MOST as u64));
        others.pop();
        assert!(enter(session(1_000)).is_some(), "and left at once");
        drop((own, others));
        assert_eq!(streams().used, 0);
        assert!(open().is_empty());
    }
}
