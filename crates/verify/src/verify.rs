use std::{
    hint::black_box,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use model::{CallFacts, Code, Instant, presented_key};
use store::{Digest, StoreError};

use crate::{Call, Peppers, Record, Unavailable, UsedSecret, Verdict, Verifier};

impl Verifier {
    /// Decides and counts one call: whose key it is, and whether it may do this.
    pub async fn verify(&self, call: Call<'_>, now: Instant) -> Result<Verdict, Unavailable> {
        let call = trimmed(call);
        match self.verify_warm(call, now) {
            Warm::Decided(verdict) => Ok(verdict),
            Warm::Stale => Err(Unavailable),
            // Boxed, since a future that asks the database is large, and most calls would only move it about.
            Warm::Unread(peppers, digest) => Box::pin(self.verify_cold(call, peppers, digest, now)).await,
        }
    }

    /// Decides from memory alone, if memory knows: no I/O and no allocation.
    pub fn verify_from_memory(&self, call: Call<'_>, now: Instant) -> Option<Verdict> {
        match self.verify_warm(trimmed(call), now) {
            Warm::Decided(verdict) => Some(verdict),
            Warm::Stale | Warm::Unread(..) => None,
        }
    }

    fn verify_warm(&self, call: Call<'_>, now: Instant) -> Warm<'_> {
        let inner = &self.inner;
        if inner.format.read(call.key).is_none() {
            inner.verdicts[Code::NotFound.index()].fetch_add(1, Relaxed);
            return Warm::Decided(Verdict { code: Code::NotFound, record: None });
        }
        let peppers = inner.peppers.get();
        let digest = peppers.digest(call.key);
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
            None => Warm::Unread(peppers, digest),
        }
    }

    async fn verify_cold(
        &self,
        call: Call<'_>,
        peppers: &Peppers,
        digest: Digest,
        now: Instant,
    ) -> Result<Verdict, Unavailable> {
        let cache = &self.inner.cache;
        let digests = peppers.digests(call.key, digest);
        if let Some(record) = digests.iter().skip(1).find_map(|older| cache.get(older)) {
            if !self.is_fresh() {
                return Err(Unavailable);
            }
            return Ok(self.decide_found(record, peppers, &digests, call, now));
        }
        let _place = self.inner.lookups.enter().ok_or(Unavailable)?;
        self.inner.misses.fetch_add(1, Relaxed);
        let record = self.read_record(&digests).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        Ok(match record {
            Some(record) => self.decide_found(record, peppers, &digests, call, now),
            None => self.unknown(call, now),
        })
    }

    async fn read_record(&self, digests: &[Digest]) -> Result<Option<Arc<Record>>, StoreError> {
        let (store, cache) = (&self.inner.store, &self.inner.cache);
        let generation = cache.generation();
        if let Some(stored) = store.record_by_digests(digests).await? {
            return Ok(Some(cache.fill(stored, generation, store.seen())));
        }
        if let Some(newest) = digests.first() {
            cache.remember_unknown(*newest, generation);
        }
        Ok(None)
    }

    /// Decides, and notes a secret that can get its digest under the newest pepper.
    fn decide_found(
        &self,
        record: Arc<Record>,
        peppers: &Peppers,
        digests: &[Digest],
        call: Call<'_>,
        now: Instant,
    ) -> Verdict {
        let (was, secret) = (record.digest, record.secret());
        let (installation, key) = (record.installation(), record.key_id());
        let former = record.is_former();
        let verdict = self.decide(record, call, now);
        if verdict.code == Code::Valid && !former && Some(&was) != digests.first() {
            self.inner.used_secrets.note(secret, || {
                let was_under = peppers.id_at(digests.iter().position(|digest| *digest == was)?)?.to_owned();
                let (digest, under) = (*digests.first()?, peppers.id().to_owned());
                Some(UsedSecret { installation, key, secret, was, was_under, digest, under })
            });
        }
        verdict
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
        if let Some(minute) = record.turn(now)
            && found
        {
            self.inner.usage.turn(&record, minute);
        }
        if record.count(code, &facts, found, now) {
            self.inner.usage.queue(&record);
        }
        Verdict { code, record: found.then_some(record) }
    }
}

/// Whatever the door, white space around a key is no part of it.
fn trimmed(call: Call<'_>) -> Call<'_> {
    Call { key: presented_key(call.key), ..call }
}

enum Warm<'a> {
    Decided(Verdict),
    /// Memory knows the key, but is too old to be trusted.
    Stale,
    /// The database must be asked.
    Unread(&'a Peppers, Digest),
}
