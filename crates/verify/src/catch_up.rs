use std::time::Duration;

use model::{Instant, SecretId};
use store::{Look, StoreError};

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
    /// From now on the database must prove, again and again, that memory is fresh.
    pub fn begin_polling(&self) {
        self.inner.freshness.begin(self.elapsed());
    }

    /// Whether memory can be trusted.
    pub fn is_fresh(&self) -> bool {
        self.inner.freshness.holds(self.inner.ticks.as_ref())
    }

    /// The time by which freshness is measured.
    pub fn elapsed(&self) -> Duration {
        (self.inner.ticks)()
    }

    /// Applies the changes of others since the last look. Returns the newest epoch if it moved. Once everything else
    /// that depends on it was read as well, call [`Verifier::caught_up`]; until then the same changes are read again.
    ///
    /// If the database's history is no longer the one that memory comes from, memory is forgotten first: whatever the
    /// epoch is now, what was read before may never have been.
    pub async fn catch_up(&self) -> Result<Option<i64>, StoreError> {
        let inner = &self.inner;
        let look = match inner.store.look().await {
            Err(error) if error.is_displaced() => {
                inner.freshness.distrust();
                inner.cache.forget();
                inner.store.abandon().await;
                return Err(error);
            }
            look => look?,
        };
        if !look.continues {
            self.begin_anew(look);
        }
        let (known, newest) = (inner.freshness.epoch(), look.newest.epoch);
        if newest == known {
            return Ok(None);
        }
        self.apply(inner.store.records_changed(known, newest).await?);
        if look.continues {
            self.set_ceilings(inner.store.ceilings_changed(known, newest).await?);
        } else {
            self.read_ceilings().await?;
        }
        let imports = inner.store.imports_live(known, newest).await?;
        if !look.continues || !imports.is_empty() {
            self.imports_live(&imports);
            self.read_imported().await?;
        }
        inner.store.go_on(look.newest);
        Ok(Some(newest))
    }

    fn begin_anew(&self, look: Look) {
        let inner = &self.inner;
        let (knew, newest) = (inner.store.seen(), look.newest.epoch);
        tracing::error!(
            knew,
            newest,
            "the database was set back or replaced: change {knew}, which this node knew, is not in its past, which has {newest} \
             changes now; everything in memory is forgotten, and changes that were answered may be lost (a failover to a \
             standby that lagged, or a backup that was restored under running nodes)"
        );
        inner.store.begin_anew(look.newest);
        // The last change is read again, so that all that depends on it is.
        inner.freshness.set_epoch(newest - 1);
        inner.cache.forget();
        inner.limits.forget_history();
    }

    /// Changes up to this epoch need not be looked for again.
    pub fn caught_up(&self, epoch: i64) {
        self.inner.freshness.set_epoch(epoch);
    }

    /// The database answered, and so memory is fresh as of `asked_at`, the moment before it was asked, by
    /// [`Verifier::elapsed`].
    pub fn proven_fresh(&self, asked_at: Duration) {
        self.inner.freshness.prove(asked_at);
    }

    /// Reads a page of records into memory, from the secret after `after` on.
    pub async fn warm(&self, after: SecretId) -> Result<Warmed, StoreError> {
        let (cache, store) = (&self.inner.cache, &self.inner.store);
        let histories = cache.histories();
        let page = store.records_after(after, WARM_PAGE).await?;
        let Some(last) = page.last_secret() else { return Ok(Warmed::All) };
        let room = cache.warm(page.read, histories, store.seen());
        self.refuse_unreadable(page.unreadable);
        Ok(if room { Warmed::UpTo(last) } else { Warmed::Full })
    }

    /// Forgets tombstones and ended secrets that the database has purged, and tokens that have ended.
    pub fn forget_purged(&self, now: Instant) {
        self.inner.cache.forget_purged(now);
        self.inner.tokens.forget_ended(now);
    }
}
