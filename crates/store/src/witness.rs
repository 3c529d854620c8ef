//! What this process has seen of its database, and whether it doubts that it can write.

use std::{
    pin::pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use crate::{StoreError, times::Times};

/// How long SQLite's write lock may be waited for before others are told. Whoever shares a database holds it for milliseconds.
const LOCK_WAITS: Duration = Duration::from_secs(3);

/// Told by whoever commits and whoever fails to.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    /// Up to where this process knows the history.
    pub(crate) seen: Seen,
    /// Wakes whoever watches over the writing, since something was not written.
    pub(crate) doubt: Notify,
    /// Another program holds SQLite's write lock, as whoever waits for it knows.
    is_locked_out: AtomicBool,
    /// Woken when that is found.
    pub(crate) told_locked_out: Notify,
    /// How long the database takes.
    pub(crate) times: Times,
}

impl Witness {
    pub(crate) fn is_locked_out(&self) -> bool {
        self.is_locked_out.load(Relaxed)
    }

    /// Takes SQLite's write lock, which SQLite waits for, or runs statements that take it, and says so when that takes long. Nothing else waits at the same time, since
    /// there is one connection that writes: it is not one of ours that holds it.
    pub(crate) async fn waits(&self, begin: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
        let mut begin = pin!(begin);
        let begun = match timeout(LOCK_WAITS, &mut begin).await {
            Ok(begun) => begun,
            Err(_) => {
                self.lock_out();
                begin.await
            }
        };
        // One that gave up leaves the lock as it was.
        match &begun {
            Err(StoreError::Busy) => self.lock_out(),
            _ => self.is_locked_out.store(false, Relaxed),
        }
        begun
    }

    fn lock_out(&self) {
        if !self.is_locked_out.swap(true, Relaxed) {
            self.told_locked_out.notify_one();
            self.doubt.notify_one();
        }
    }
}

/// A point in the history of a database: how many changes it had, and the random mark of the newest. Two databases, or one
/// before and after it was set back, may have the same number and never the same mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The epoch.
    pub epoch: i64,
    /// Its mark.
    pub mark: Uuid,
}

/// The newest moment that this process has seen: of its own changes, and of those that it looked for.
#[derive(Debug)]
pub(crate) struct Seen {
    moment: Mutex<Option<Moment>>,
    /// Its epoch, to be read without waiting. `i64::MAX`: nobody has looked yet.
    epoch: AtomicI64,
}

impl Default for Seen {
    fn default() -> Self {
        Self { moment: Mutex::default(), epoch: AtomicI64::new(i64::MAX) }
    }
}

impl Seen {
    pub(crate) fn get(&self) -> Option<Moment> {
        *self.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch of the newest moment; `i64::MAX`: nobody has looked yet.
    pub(crate) fn epoch(&self) -> i64 {
        self.epoch.load(Relaxed)
    }

    /// A later moment of the same history. Nothing is seen before somebody has looked.
    pub(crate) fn go_on_to(&self, later: Moment) {
        let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        if moment.is_some_and(|seen| seen.epoch < later.epoch) {
            *moment = Some(later);
            self.epoch.store(later.epoch, Relaxed);
        }
    }

    pub(crate) fn begin_at(&self, first: Moment) {
        let mut moment = self.moment.lock().unwrap_or_else(PoisonError::into_inner);
        *moment = Some(first);
        self.epoch.store(first.epoch, Relaxed);
    }
}
