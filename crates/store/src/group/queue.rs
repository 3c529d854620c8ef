use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{WAITING_MOST, change::Change};
use crate::{StoreError, witness::Witness};

/// Changes that wait for their turn, first come, first served.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told how groups end.
    pub(crate) witness: Arc<Witness>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// A leader is at work, or about to be.
    led: bool,
}

/// A change that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) turn: oneshot::Sender<Result<Change, StoreError>>,
    /// It wants a group of its own.
    pub(super) alone: bool,
}

impl Queue {
    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// True: a leader must be started.
    pub(super) fn line_up(&self, waiting: Waiting) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.waiting.len() >= WAITING_MOST {
            return Err(StoreError::Busy);
        }
        state.waiting.push_back(waiting);
        Ok(!std::mem::replace(&mut state.led, true))
    }

    /// The change that begins the next group. `None`: none waits, and the leader that asked leads no longer.
    pub(super) fn first(&self) -> Option<Waiting> {
        let mut state = self.state();
        let first = state.waiting.pop_front();
        state.led = first.is_some();
        first
    }

    /// The next change in the group that is open, if one that waits may join it.
    pub(super) fn next(&self) -> Option<Waiting> {
        self.state().waiting.pop_front_if(|next| !next.alone)
    }

    /// All changes that wait now.
    pub(super) fn drain(&self) -> VecDeque<Waiting> {
        std::mem::take(&mut self.state().waiting)
    }

    /// The leader is gone although changes wait. They are dropped, which tells their callers so.
    pub(super) fn give_up(&self) {
        let mut state = self.state();
        state.led = false;
        state.waiting.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
