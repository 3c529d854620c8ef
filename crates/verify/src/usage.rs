use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use model::Instant;
use store::UsageDelta;
use tokio::sync::mpsc;

use crate::Record;

/// Keys that can wait in the queue to have their usage written down. Those beyond wait in a list behind a lock.
pub(crate) const QUEUE: usize = 65_536;

/// Rows of usage that wait outside the queue because the database takes none: those of the hours that are over since. Beyond,
/// counts are given up and the number of their calls is told.
pub(crate) const ASIDE: usize = 1_000_000;

/// The keys whose usage is not written down yet. Each has its counts in its own record and is here once.
pub(crate) struct Usage {
    sender: mpsc::Sender<Arc<Record>>,
    receiver: Mutex<mpsc::Receiver<Arc<Record>>>,
    left: Mutex<Left>,
    deferred: AtomicU64,
    lost: AtomicU64,
}

/// Usage that waits outside the queue.
#[derive(Default)]
pub(crate) struct Left {
    /// Those that found the queue full or could not be written down. A record that is no longer in memory, because its key
    /// has changed since, is kept from being forgotten here.
    pub(crate) records: Vec<Arc<Record>>,
    /// Calls of hours that are over, and calls that could not be written down.
    pub(crate) deltas: Vec<UsageDelta>,
}

impl Usage {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self {
            sender,
            receiver: Mutex::new(receiver),
            left: Mutex::default(),
            deferred: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Never waits for the database.
    pub(crate) fn queue(&self, record: &Arc<Record>) {
        if self.sender.try_send(Arc::clone(record)).is_err() {
            self.deferred.fetch_add(1, Relaxed);
            self.left().records.push(Arc::clone(record));
        }
    }

    /// Puts the calls of an hour aside before those of another are counted.
    pub(crate) fn turn(&self, record: &Record, hour: Instant) {
        let deltas: Vec<_> = deltas(record, hour).collect();
        if deltas.is_empty() {
            return;
        }
        let mut left = self.left();
        if left.deltas.len() < ASIDE {
            left.deltas.extend(deltas);
        } else {
            self.lost.fetch_add(deltas.iter().map(|delta| delta.calls).sum(), Relaxed);
        }
    }

    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Relaxed)
    }

    /// Calls whose counts were given up.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Rows and keys that wait to be written down.
    pub(crate) fn waiting(&self) -> u64 {
        let (queued, aside) = self.rooms();
        (queued + self.left().records.len() + aside) as u64
    }

    /// Keys in the queue, and rows that wait outside of it.
    pub(crate) fn rooms(&self) -> (usize, usize) {
        (self.sender.max_capacity() - self.sender.capacity(), self.left().deltas.len())
    }

    pub(crate) fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out all usage that waits.
    pub(crate) fn drain(&self) -> Left {
        let mut left = std::mem::take(&mut *self.left());
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        left.records.reserve(receiver.len());
        while let Ok(record) = receiver.try_recv() {
            left.records.push(record);
        }
        left
    }
}

/// Takes out the calls of an hour that a record has counted.
pub(crate) fn deltas(record: &Record, hour: Instant) -> impl Iterator<Item = UsageDelta> {
    record.take().map(move |(code, calls)| UsageDelta {
        installation: record.installation(),
        key: record.key_id(),
        bucket_start: hour,
        code,
        calls: u64::from(calls),
    })
}
