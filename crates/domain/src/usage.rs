use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use model::Instant;
use store::UsageDelta;
use tokio::sync::mpsc;

use crate::{Keydesk, Record};

/// An hour in milliseconds: the width of a bucket.
const BUCKET_MS: i64 = 60 * 60 * 1000;
/// Keys that can wait at once to have their usage written down; those beyond are found by looking at all.
const QUEUE: usize = 65_536;
/// Keys written down in one transaction, so that others get the writer in between.
const BATCH: usize = 1_000;

/// The keys whose usage is not written down yet. The counts themselves are in their records, so a full queue loses none.
pub(crate) struct Usage {
    sender: mpsc::Sender<Arc<Record>>,
    receiver: Mutex<mpsc::Receiver<Arc<Record>>>,
    overflowed: AtomicBool,
    deferred: AtomicU64,
}

impl Usage {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self { sender, receiver: Mutex::new(receiver), overflowed: AtomicBool::new(false), deferred: AtomicU64::new(0) }
    }

    /// Never waits.
    pub(crate) fn queue(&self, record: &Arc<Record>) {
        if self.sender.try_send(Arc::clone(record)).is_err() {
            record.unqueue();
            self.deferred.fetch_add(1, Relaxed);
            self.overflowed.store(true, Relaxed);
        }
    }

    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Relaxed)
    }

    fn drain(&self) -> Vec<Arc<Record>> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records = Vec::with_capacity(receiver.len());
        while let Ok(record) = receiver.try_recv() {
            records.push(record);
        }
        records
    }
}

impl Keydesk {
    /// Writes down the calls counted so far; with `all`, also those of keys that found the queue full. What can't be
    /// written goes back to where it was.
    pub(crate) async fn flush_usage(&self, all: bool) {
        let usage = &self.inner.usage;
        let mut records = usage.drain();
        if usage.overflowed.swap(false, Relaxed) || all {
            self.inner.cache.for_each(|record| records.push(Arc::clone(record)));
        }
        let bucket_start = Instant::from_millis(self.now().as_millis().div_euclid(BUCKET_MS) * BUCKET_MS);
        for batch in records.chunks(BATCH) {
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
                usage.overflowed.store(true, Relaxed);
                return;
            }
        }
    }
}
