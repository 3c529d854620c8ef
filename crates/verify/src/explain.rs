use std::sync::atomic::Ordering::Relaxed;

use model::{Instant, KeyId, Refusal, RefusalCode};
use store::StoreError;
use uuid::Uuid;

use crate::{Call, Record, RefusalCounters, RefusedBy, Verifier};

impl Verifier {
    /// Keeps a call that was let pass and then refused, for what was not known before, so that it can be explained.
    pub fn note_refused(
        &self,
        record: &Record,
        code: RefusalCode,
        call: &Call<'_>,
        by: Option<RefusedBy>,
        now: Instant,
    ) {
        self.inner.refusals.note(record, code, call, now, &self.inner.ticks, by);
    }

    /// Writes down the refusals that wait. Those that can't be written wait for the next time.
    pub async fn flush_refusals(&self) {
        let refusals = &self.inner.refusals;
        let writing = refusals.begin_writing();
        let all: Vec<_> = writing.values().collect();
        let mut left = None;
        for batch in all.chunks(store::REFUSALS_AT_ONCE) {
            if let Err(error) = self.inner.store.write_refusals(batch).await {
                if !refusals.failing.swap(true, Relaxed) {
                    tracing::error!(%error, "refusals could not be written down; trying again every second");
                }
                left = batch.first().map(|refusal| (refusal.request, refusal.number));
                break;
            }
        }
        if left.is_none() && !all.is_empty() && refusals.failing.swap(false, Relaxed) {
            tracing::info!("refusals are written down again");
        }
        refusals.wrote(left);
    }

    /// The refusals of a key in one request since `since`, wherever the call was refused; in their order.
    pub async fn refusals_of(&self, request: Uuid, key: KeyId, since: Instant) -> Result<Vec<Refusal>, StoreError> {
        let here = self.inner.refusals.of_request(request, key);
        let mut found = match here.is_empty() {
            true => self.inner.store.refusals_of(request, key).await?,
            false => here,
        };
        found.retain(|refusal| refusal.at > since);
        Ok(found)
    }

    /// Counts of refusals since the start.
    pub fn refusal_counters(&self) -> RefusalCounters {
        self.inner.refusals.counters()
    }
}
