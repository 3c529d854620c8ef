use std::{
    hint::black_box,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use model::{CallFacts, Code, Instant, presented_key};
use store::{Digest, StoreError};

use crate::{Call, Record, Unavailable, Verdict, Verifier};

impl Verifier {
    /// Decides and counts one call: whose key it is, and whether it may do this.
    pub async fn verify(&self, call: Call<'_>, now: Instant) -> Result<Verdict, Unavailable> {
        let call = trimmed(call);
        match self.verify_warm(call, now) {
            Warm::Decided(verdict) => Ok(verdict),
            Warm::Stale => Err(Unavailable),
            // Boxed, since a future that asks the database is large, and most calls would only move it about.
            Warm::Unread(digest) => Box::pin(self.verify_cold(call, digest, now)).await,
        }
    }

    /// Decides from memory alone, if memory knows: no I/O and no allocation.
    pub fn verify_from_memory(&self, call: Call<'_>, now: Instant) -> Option<Verdict> {
        match self.verify_warm(trimmed(call), now) {
            Warm::Decided(verdict) => Some(verdict),
            Warm::Stale | Warm::Unread(_) => None,
        }
    }

    fn verify_warm(&self, call: Call<'_>, now: Instant) -> Warm {
        let inner = &self.inner;
        if inner.format.read(call.key).is_none() {
            inner.verdicts[Code::NotFound.index()].fetch_add(1, Relaxed);
            return Warm::Decided(Verdict { code: Code::NotFound, record: None });
        }
        let digest = inner.peppers.digest(call.key);
        match inner.cache.get(&digest) {
            Some(_) if !self.is_fresh() => Warm::Stale,
            Some(record) => {
                let verdict = self.decide(record, call, now);
                if matches!(verdict.code, Code::NotFound | Code::Revoked | Code::Disabled | Code::Expired) {
                    // Callers are not told which of these it was, so it takes as long as an unknown key.
                    black_box(inner.cache.is_unknown(&digest));
                }
                Warm::Decided(verdict)
            }
            None if inner.cache.is_unknown(&digest) => Warm::Decided(self.unknown(call, now)),
            None => Warm::Unread(digest),
        }
    }

    async fn verify_cold(&self, call: Call<'_>, digest: Digest, now: Instant) -> Result<Verdict, Unavailable> {
        let cache = &self.inner.cache;
        if let Some(record) = self.inner.peppers.older_digests(call.key).find_map(|older| cache.get(&older)) {
            return if self.is_fresh() { Ok(self.decide(record, call, now)) } else { Err(Unavailable) };
        }
        let _place = self.inner.lookups.enter().ok_or(Unavailable)?;
        self.inner.misses.fetch_add(1, Relaxed);
        let record = self.read_record(call.key, digest).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        Ok(match record {
            Some(record) => self.decide(record, call, now),
            None => self.unknown(call, now),
        })
    }

    async fn read_record(&self, key: &str, digest: Digest) -> Result<Option<Arc<Record>>, StoreError> {
        let (store, cache) = (&self.inner.store, &self.inner.cache);
        let generation = cache.generation();
        for candidate in std::iter::once(digest).chain(self.inner.peppers.older_digests(key)) {
            if let Some(stored) = store.record_by_digest(&candidate).await? {
                return Ok(Some(cache.fill(stored, generation, store.seen())));
            }
        }
        cache.remember_unknown(digest, generation);
        Ok(None)
    }

    fn decide(&self, record: Arc<Record>, call: Call<'_>, now: Instant) -> Verdict {
        let foreign = call.installation.is_some_and(|installation| installation != record.installation())
            || !call.sees.accepts(record.environment());
        // A key that is due to be purged counts as gone, even before the job removes it.
        if foreign || record.is_gone(now) { self.unknown(call, now) } else { self.settle(record, call, now, true) }
    }

    /// Refuses a key that is not found, in the time that a found one takes, by deciding on a decoy.
    fn unknown(&self, call: Call<'_>, now: Instant) -> Verdict {
        self.settle(Arc::clone(&self.inner.decoy), call, now, false)
    }

    fn settle(&self, record: Arc<Record>, call: Call<'_>, now: Instant, found: bool) -> Verdict {
        let facts = CallFacts { wanted: call.scopes, environment: call.environment, ip: call.ip, origin: call.origin };
        let decided = record.decide(facts, now);
        let code = if found { decided } else { Code::NotFound };
        self.inner.verdicts[code.index()].fetch_add(1, Relaxed);
        if let Some(hour) = record.turn(now)
            && found
        {
            self.inner.usage.turn(&record, hour);
        }
        if record.count(code, now) {
            self.inner.usage.queue(&record);
        }
        Verdict { code, record: found.then_some(record) }
    }
}

/// Whatever the door, white space around a key is no part of it.
fn trimmed(call: Call<'_>) -> Call<'_> {
    Call { key: presented_key(call.key), ..call }
}

enum Warm {
    Decided(Verdict),
    /// Memory knows the key, but is too old to be trusted.
    Stale,
    /// The database must be asked.
    Unread(Digest),
}
