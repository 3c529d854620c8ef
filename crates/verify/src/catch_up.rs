use model::{Instant, SecretId};
use store::StoreError;

use crate::Verifier;

/// Records read at once while the cache is warmed.
const WARM_PAGE: i64 = 2_000;

/// How far the warming of the cache has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmed {
    /// There may be more secrets after this one.
    UpTo(SecretId),
    /// Every secret is in memory.
    All,
    /// The cache has no more room.
    Full,
}

impl Verifier {
    /// From `now` on the database must prove, again and again, that memory is fresh.
    pub fn begin_polling(&self, now: Instant) {
        self.inner.freshness.begin(now);
    }

    /// Whether memory can be trusted.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.inner.freshness.holds(now)
    }

    /// Applies the changes of others since the last look. Returns the newest epoch if it moved. Once everything else
    /// that depends on it was read as well, call [`Verifier::caught_up`]; until then the same changes are read again.
    pub async fn catch_up(&self) -> Result<Option<i64>, StoreError> {
        let inner = &self.inner;
        let (known, newest) = (inner.freshness.epoch(), inner.store.epoch().await?);
        if newest == known {
            return Ok(None);
        }
        inner.cache.apply(inner.store.records_changed(known, newest).await?);
        Ok(Some(newest))
    }

    /// Changes up to this epoch need not be looked for again.
    pub fn caught_up(&self, epoch: i64) {
        self.inner.freshness.set_epoch(epoch);
    }

    /// The database answered, and so memory is fresh as of `asked_at`, the moment before it was asked.
    pub fn proven_fresh(&self, asked_at: Instant) {
        self.inner.freshness.prove(asked_at);
    }

    /// Reads a page of records into memory, from the secret after `after` on.
    pub async fn warm(&self, after: SecretId) -> Result<Warmed, StoreError> {
        let page = self.inner.store.records_after(after, WARM_PAGE).await?;
        let Some(last) = page.last() else { return Ok(Warmed::All) };
        let reached = Warmed::UpTo(last.secret);
        let kept = page.into_iter().all(|record| self.inner.cache.warm(record));
        Ok(if kept { reached } else { Warmed::Full })
    }

    /// Forgets tombstones and ended secrets that the database has purged.
    pub fn forget_purged(&self, now: Instant) {
        self.inner.cache.forget_purged(now);
    }
}
