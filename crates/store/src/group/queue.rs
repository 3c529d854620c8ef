use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, time::timeout};

use super::{WAITING_FOR, WAITING_MOST, leader::Leader};
use crate::{Change, StoreError, db::Db};

/// Changes that wait for their turn, first come, first served.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
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
    /// Waits for a turn. Whoever comes while nobody leads starts a leader.
    pub(crate) async fn turn(self: &Arc<Self>, db: &Db, alone: bool) -> Result<Change, StoreError> {
        let (turn, mine) = oneshot::channel();
        if self.line_up(Waiting { turn, alone })? {
            tokio::spawn(Leader::new(db.clone(), Arc::clone(self)).lead());
        }
        match timeout(WAITING_FOR, mine).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => Err(StoreError::Database("the queue of changes was given up".to_owned())),
            Err(_) => Err(StoreError::Busy),
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    /// True: a leader must be started.
    fn line_up(&self, waiting: Waiting) -> Result<bool, StoreError> {
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
