use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use model::Instant;
use store::UsageDelta;
use tokio::sync::mpsc;

use crate::{Keydesk, Record};

/// An hour in milliseconds: the width of a bucket.
const BUCKET_MS: i64 = 60 * 60 * 1000;
/// Keys that can wait in the queue to have their usage written down. Those beyond wait in a list behind a lock.
const QUEUE: usize = 65_536;
/// Keys written down in one transaction, so that others get the writer in between.
const BATCH: usize = 1_000;

/// The keys whose usage is not written down yet. Each has its counts in its own record and is here once.
pub(crate) struct Usage {
    sender: mpsc::Sender<Arc<Record>>,
    receiver: Mutex<mpsc::Receiver<Arc<Record>>>,
    /// Those that found the queue full, and those that could not be written down. A record that is in memory no more,
    /// because its key has changed since, is kept from being forgotten here.
    left: Mutex<Vec<Arc<Record>>>,
    deferred: AtomicU64,
}

impl Usage {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self { sender, receiver: Mutex::new(receiver), left: Mutex::default(), deferred: AtomicU64::new(0) }
    }

    /// Never waits.
    pub(crate) fn queue(&self, record: &Arc<Record>) {
        if self.sender.try_send(Arc::clone(record)).is_err() {
            self.deferred.fetch_add(1, Relaxed);
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(record));
        }
    }

    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Relaxed)
    }

    fn drain(&self) -> Vec<Arc<Record>> {
        let mut records = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        records.reserve(receiver.len());
        while let Ok(record) = receiver.try_recv() {
            records.push(record);
        }
        records
    }

    fn put_back(&self, records: &[Arc<Record>]) {
        for record in records.iter().filter(|record| record.requeue()) {
            self.left.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(record));
        }
    }
}

impl Keydesk {
    /// Writes down the calls counted so far. What can't be written goes back to where it was.
    pub(crate) async fn flush_usage(&self) {
        let usage = &self.inner.usage;
        let records = usage.drain();
        let bucket_start = Instant::from_millis(self.now().as_millis().div_euclid(BUCKET_MS) * BUCKET_MS);
        for (number, batch) in records.chunks(BATCH).enumerate() {
            let mut taken = Vec::with_capacity(batch.len());
            let mut last_used = Vec::with_capacity(batch.len());
            for record in batch {
                // Before the counts are taken: a call in between asks again, and is written down next time.
                record.unqueue();
                let before = taken.len();
                taken.extend(record.take().map(|(code, calls)| (record, code, calls)));
                if taken.len() > before
                    && let Some(at) = record.last_used_at()
                {
                    last_used.push((record.installation(), record.key_id(), at));
                }
            }
            if taken.is_empty() {
                continue;
            }
            let deltas: Vec<UsageDelta> = taken
                .iter()
                .map(|(record, code, calls)| UsageDelta {
                    installation: record.installation(),
                    key: record.key_id(),
                    bucket_start,
                    code: *code,
                    calls: u64::from(*calls),
                })
                .collect();
            if let Err(error) = self.inner.store.record_usage(&deltas, &last_used).await {
                tracing::error!(%error, keys = batch.len(), "usage could not be written down; trying again");
                for (record, code, calls) in taken {
                    record.give_back(code, calls);
                }
                usage.put_back(batch);
                // Those after them are still marked as waiting.
                let rest = records.get((number + 1) * BATCH..).unwrap_or_default();
                usage.left.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(rest);
                return;
            }
        }
    }
}
