use std::sync::Arc;

use model::Instant;
use store::{AddressDelta, UsageBatch};

use crate::{
    Record, Verifier,
    record::start,
    usage::{Counted, take},
};

/// Keys written down in one transaction, so that others get the writer in between.
const BATCH: usize = 250;
/// Counts that have waited aside and are written down in one transaction.
const ASIDE_BATCH: usize = 1_000;
/// Keys whose usage is written down at once, every five seconds; of more than this the twelfth part, so that each has its turn within a minute.
/// A key that is used all the time costs the same, however often it is written down: so ten thousand of them cost a twelfth.
const AT_ONCE: usize = 1_000;
const TURNS: usize = 12;

impl Verifier {
    /// Writes down the calls counted so far. Calls that can't be written wait for the next time.
    pub async fn flush_usage(&self) {
        self.flush(None).await;
    }

    /// The same, but of what is due: refused calls, what is new, and of other keys those that have waited longest. Of last uses each
    /// key's first, and its later ones once a minute.
    pub async fn flush_due_usage(&self, now: Instant) {
        self.flush(Some(now)).await;
    }

    async fn flush(&self, now: Option<Instant>) {
        let usage = &self.inner.usage;
        let mut drained = usage.drain();
        let refused = drained.take_refused();
        let (addresses, mut counted, records) = (drained.addresses, drained.counted, drained.records);
        // They are still marked as waiting.
        let (not_due, records): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.is_used() && !record.has_calls() && record.last_use(now).is_none());
        let (mut records, later) = if now.is_some() { due(records) } else { (records, Vec::new()) };
        {
            let mut left = usage.left();
            left.records.extend(later);
            left.records.extend(not_due);
        }
        // In the order of the tables, so that each batch writes pages of its own: in the order in which the keys were called
        // each batch would write nearly all of them (10,000 keys: 90 ms of SQLite's time in place of 280).
        records.sort_by_cached_key(|record| (record.installation(), record.key_id()));
        counted.sort_by_key(|of| (of.record.installation(), of.record.key_id()));
        let beside = UsageBatch { refused, addresses, ..UsageBatch::default() };
        if beside != UsageBatch::default() && !self.record_usage(&beside).await {
            let mut left = usage.left();
            for of in beside.refused {
                let row = (of.installation, of.environment, quarter_of(of.at), of.code);
                *left.refused.entry(row).or_default() += of.calls;
            }
            left.records.extend(records);
            drop(left);
            usage.put_addresses_aside(beside.addresses);
            usage.put_aside(counted);
            return;
        }
        let mut waiting = counted.as_slice();
        while !waiting.is_empty() {
            let (batch, rest) = waiting.split_at(waiting.len().min(ASIDE_BATCH));
            let calls = batch.iter().map(Counted::delta).collect();
            if !self.record_usage(&UsageBatch { calls, ..UsageBatch::default() }).await {
                usage.put_aside(waiting.iter().cloned());
                usage.left().records.extend(records);
                return;
            }
            waiting = rest;
        }
        for (number, batch) in records.chunks(BATCH).enumerate() {
            if !self.flush_batch(batch, now).await {
                // Those after them are still marked as waiting.
                usage.left().records.extend_from_slice(records.get((number + 1) * BATCH..).unwrap_or_default());
                return;
            }
        }
    }

    /// Writes down the usage of some keys. False: it could not be written, and waits.
    async fn flush_batch(&self, records: &[Arc<Record>], now: Option<Instant>) -> bool {
        let usage = &self.inner.usage;
        let (mut taken, mut batch) = (Vec::with_capacity(records.len() * 3), UsageBatch::default());
        let (mut used, mut not_due) = (Vec::with_capacity(records.len()), Vec::new());
        for record in records {
            // Before the counts are taken: a call in between asks again, and is written down next time.
            record.unqueue();
            batch.addresses.extend(addresses(record));
            if let Some(detail) = record.detail() {
                detail.calm();
                usage.lose_detail(detail.take_dropped());
            }
            take(record, &mut taken);
            if let Some(last_use) = record.last_use(now) {
                batch.last_uses.push(last_use);
                used.push(record);
            } else if record.is_used() && record.requeue() {
                not_due.push(Arc::clone(record));
            }
        }
        batch.calls = taken.iter().map(Counted::delta).collect();
        let written = batch == UsageBatch::default() || self.record_usage(&batch).await;
        if written {
            used.iter().zip(&batch.last_uses).for_each(|(record, last_use)| record.wrote_down(last_use.at));
            usage.left().records.extend(not_due);
        } else {
            usage.put_aside(taken);
            usage.put_addresses_aside(batch.addresses);
            let mut left = usage.left();
            left.records.extend(not_due);
            left.records.extend(records.iter().filter(|record| record.requeue()).map(Arc::clone));
        }
        written
    }

    async fn record_usage(&self, batch: &UsageBatch) -> bool {
        let written = self.inner.store.record_usage(batch).await;
        if let Err(error) = &written {
            tracing::error!(%error, "usage could not be written down; trying again");
        }
        written.is_ok()
    }
}

/// Those that are to be written down now, and the others in their order.
fn due(records: Vec<Arc<Record>>) -> (Vec<Arc<Record>>, Vec<Arc<Record>>) {
    let mut room = AT_ONCE.max(records.len().div_ceil(TURNS));
    records.into_iter().partition(|record| {
        let chosen = room > 0 || record.is_urgent();
        room = room.saturating_sub(usize::from(chosen));
        chosen
    })
}

/// Takes out the calls by address that a record has counted.
fn addresses(record: &Record) -> Vec<AddressDelta> {
    let Some(detail) = record.detail() else { return Vec::new() };
    let minute = record.minute();
    let taken = detail.take_addresses().into_iter();
    taken
        .map(|seen| AddressDelta {
            installation: record.installation(),
            key: record.key_id(),
            address: seen.address,
            at: start(minute),
            allowed: u64::from(seen.allowed),
            refused: u64::from(seen.refused),
            last_refusal: seen.last_refusal,
        })
        .collect()
}

fn quarter_of(at: Instant) -> u32 {
    u32::try_from(at.as_millis() / (15 * 60_000)).unwrap_or_default()
}
