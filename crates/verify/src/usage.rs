use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use model::Instant;
use store::{LastUse, UsageDelta};
use tokio::sync::mpsc;

use crate::{Record, Verifier};

/// Keys that can wait in the queue to have their usage written down. Those beyond wait in a list behind a lock.
const QUEUE: usize = 65_536;
/// Keys written down in one transaction, so that others get the writer in between.
const BATCH: usize = 1_000;

/// The keys whose usage is not written down yet. Each has its counts in its own record and is here once.
pub(crate) struct Usage {
    sender: mpsc::Sender<Arc<Record>>,
    receiver: Mutex<mpsc::Receiver<Arc<Record>>>,
    left: Mutex<Left>,
    deferred: AtomicU64,
}

/// What waits outside the queue.
#[derive(Default)]
struct Left {
    /// Those that found the queue full or could not be written down. A record that the cache has replaced, because its
    /// key has changed since, is kept alive here.
    records: Vec<Arc<Record>>,
    /// Calls of hours that are over, and calls that could not be written down.
    deltas: Vec<UsageDelta>,
}

impl Usage {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self { sender, receiver: Mutex::new(receiver), left: Mutex::default(), deferred: AtomicU64::new(0) }
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
        if !deltas.is_empty() {
            self.left().deltas.extend(deltas);
        }
    }

    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Relaxed)
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drain(&self) -> Left {
        let mut left = std::mem::take(&mut *self.left());
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        left.records.reserve(receiver.len());
        while let Ok(record) = receiver.try_recv() {
            left.records.push(record);
        }
        left
    }
}

fn deltas(record: &Record, hour: Instant) -> impl Iterator<Item = UsageDelta> {
    record.take().map(move |(code, calls)| UsageDelta {
        installation: record.installation(),
        key: record.key_id(),
        bucket_start: hour,
        code,
        calls: u64::from(calls),
    })
}

impl Verifier {
    /// Writes down the calls counted so far. What can't be written waits for the next time.
    pub async fn flush_usage(&self) {
        let usage = &self.inner.usage;
        let Left { mut records, deltas: mut aside } = usage.drain();
        // In the order of the tables, so that each batch writes pages of its own: in the order in which the keys were called
        // each batch would write nearly all of them (10,000 keys: 90 ms of SQLite's time in place of 280).
        records.sort_by_cached_key(|record| (record.installation(), record.key_id()));
        aside.sort_by_key(|delta| (delta.installation, delta.key));
        for (number, batch) in aside.chunks(BATCH).enumerate() {
            if !self.record_usage(batch, &[]).await {
                let mut left = usage.left();
                left.deltas.extend_from_slice(&aside[number * BATCH..]);
                left.records.extend(records);
                return;
            }
        }
        for (number, batch) in records.chunks(BATCH).enumerate() {
            let mut taken = Vec::with_capacity(batch.len());
            let mut last_used = Vec::with_capacity(batch.len());
            let mut used = Vec::with_capacity(batch.len());
            for record in batch {
                // Before the counts are taken: a call in between queues the record again, and is written down next
                // time.
                record.unqueue();
                taken.extend(deltas(record, record.hour()));
                if let Some(last_use) = record.last_use() {
                    last_used.push(last_use);
                    used.push(record);
                }
            }
            if self.record_usage(&taken, &last_used).await {
                used.iter().zip(&last_used).for_each(|(record, last_use)| record.wrote_down(last_use.at));
            } else {
                let mut left = usage.left();
                left.deltas.extend(taken);
                left.records.extend(batch.iter().filter(|record| record.requeue()).map(Arc::clone));
                // Those after them are still marked as waiting.
                left.records.extend_from_slice(records.get((number + 1) * BATCH..).unwrap_or_default());
                return;
            }
        }
    }

    async fn record_usage(&self, calls: &[UsageDelta], last_used: &[LastUse]) -> bool {
        let written = self.inner.store.record_usage(calls, last_used).await;
        if let Err(error) = &written {
            tracing::error!(%error, "usage could not be written down; trying again");
        }
        written.is_ok()
    }
}
