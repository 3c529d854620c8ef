use std::sync::Arc;

use model::Instant;
use store::{LastUse, UsageDelta};

use crate::{
    Verifier,
    usage::{Left, deltas},
};

/// Keys written down in one transaction, so that others get the writer in between.
const BATCH: usize = 1_000;

impl Verifier {
    /// Writes down the calls counted so far. Calls that can't be written wait for the next time.
    pub async fn flush_usage(&self) {
        self.flush(None).await;
    }

    /// The same, but of last uses only those that are due: each key's first, and its later ones once a minute.
    pub async fn flush_due_usage(&self, now: Instant) {
        self.flush(Some(now)).await;
    }

    async fn flush(&self, now: Option<Instant>) {
        let usage = &self.inner.usage;
        let Left { records, deltas: mut aside } = usage.drain();
        // They are still marked as waiting.
        let (not_due, mut records): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.is_used() && !record.has_calls() && record.last_use(now).is_none());
        usage.left().records.extend(not_due);
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
            let mut not_due = Vec::new();
            for record in batch {
                // Before the counts are taken: a call in between asks again, and is written down next time.
                record.unqueue();
                taken.extend(deltas(record, record.hour()));
                if let Some(last_use) = record.last_use(now) {
                    last_used.push(last_use);
                    used.push(record);
                } else if record.is_used() && record.requeue() {
                    not_due.push(Arc::clone(record));
                }
            }
            if self.record_usage(&taken, &last_used).await {
                used.iter().zip(&last_used).for_each(|(record, last_use)| record.wrote_down(last_use.at));
                usage.left().records.extend(not_due);
            } else {
                let mut left = usage.left();
                left.records.extend(not_due);
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
