use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::oneshot;

use super::{WAITING_MOST, change::Change};
use crate::{StoreError, witness::Witness};

/// How a change takes its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// It takes access away: it goes before all others that wait, and no other joins its group after it, so that it is
    /// committed at once.
    pub revokes: bool,
    /// It has many rows: it is committed by itself, so that no other waits for it longer than it must.
    pub alone: bool,
}

/// Changes that wait for their turn: those that revoke first, and each kind in the order in which it came. Each kind has a
/// room of its own, so that no number of other changes keeps a revocation out.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told how groups end.
    pub(crate) witness: Arc<Witness>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    revoking: VecDeque<Waiting>,
    others: VecDeque<Waiting>,
    /// A leader is at work, or about to be.
    led: bool,
}

/// A change that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) turn: Turn,
    pub(super) begins: oneshot::Sender<Result<Change, StoreError>>,
}

impl Queue {
    /// How many that revoke wait, and how many others.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let state = self.state();
        (state.revoking.len(), state.others.len())
    }

    /// How many were refused, since too many waited or they had waited too long.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    pub(super) fn busy(&self) -> StoreError {
        self.refused.fetch_add(1, Relaxed);
        StoreError::Busy
    }

    /// True: a leader must be started.
    pub(super) fn line_up(&self, waiting: Waiting) -> Result<bool, StoreError> {
        let mut state = self.state();
        let room = if waiting.turn.revokes { &mut state.revoking } else { &mut state.others };
        if room.len() >= WAITING_MOST {
            return Err(self.busy());
        }
        room.push_back(waiting);
        Ok(!std::mem::replace(&mut state.led, true))
    }

    /// The change that begins the next group. `None`: none waits, and the leader that asked leads no longer.
    pub(super) fn first(&self) -> Option<Waiting> {
        let mut state = self.state();
        let first = state.revoking.pop_front().or_else(|| state.others.pop_front());
        state.led = first.is_some();
        first
    }

    /// The next change in the group that is open, if one that waits may join it. `revokes`: the group has a change that
    /// revokes, and so takes others of that kind alone.
    pub(super) fn next(&self, revokes: bool) -> Option<Waiting> {
        let mut state = self.state();
        if !state.revoking.is_empty() {
            return state.revoking.pop_front_if(|next| !next.turn.alone);
        }
        if revokes { None } else { state.others.pop_front_if(|next| !next.turn.alone) }
    }

    /// All changes that wait now.
    pub(super) fn drain(&self) -> impl Iterator<Item = Waiting> {
        let mut state = self.state();
        let (revoking, others) = (std::mem::take(&mut state.revoking), std::mem::take(&mut state.others));
        revoking.into_iter().chain(others)
    }

    /// The leader is gone although changes wait. They are dropped, which tells their callers so.
    pub(super) fn give_up(&self) {
        self.state().led = false;
        drop(self.drain());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
