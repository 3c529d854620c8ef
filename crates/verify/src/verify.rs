use std::{
    hint::black_box,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use model::{CallFacts, Code, Instant, presented_key};
use store::{Digest, StoreError};

use crate::{
    Call, Peppers, Record, Unavailable, UsedSecret, Verdict, Verifier,
    limits::{Ask, Decision},
};

impl Verifier {
    /// Decides and counts one call: whose key it is, whether it may do this, and whether it has done too much.
    pub async fn verify(&self, call: Call<'_>, now: Instant) -> Result<Verdict, Unavailable> {
        let call = trimmed(call);
        for _ in 0..TRIES {
            match self.verify_warm(call, now) {
                Warm::Decided(verdict) => return Ok(verdict),
                Warm::Stale => return Err(Unavailable),
                // Boxed, since a future that asks the database is large, and most calls would only move it about.
                Warm::Unread(peppers, digest) => {
                    if let Some(verdict) = Box::pin(self.verify_cold(call, peppers, digest, now)).await? {
                        return Ok(verdict);
                    }
                }
                Warm::Asks => {}
            }
            // Once the database was asked the whole call is decided anew: its key may have changed meanwhile.
            Box::pin(self.lease()).await?;
        }
        Err(Unavailable)
    }

    /// Decides from memory alone, if memory knows: no I/O and no allocation.
    pub fn verify_from_memory(&self, call: Call<'_>, now: Instant) -> Option<Verdict> {
        match self.verify_warm(trimmed(call), now) {
            Warm::Decided(verdict) => Some(verdict),
            Warm::Stale | Warm::Unread(..) | Warm::Asks => None,
        }
    }

    fn verify_warm(&self, call: Call<'_>, now: Instant) -> Warm<'_> {
        let inner = &self.inner;
        if inner.format.read(call.key).is_none() {
            if call.counted {
                inner.verdicts[Code::NotFound.index()].fetch_add(1, Relaxed);
            }
            return Warm::Decided(Verdict { code: Code::NotFound, record: None, limits: Vec::new(), refused_by: None });
        }
        let peppers = inner.peppers.get();
        let digest = peppers.digest(call.key);
        match inner.cache.get(&digest) {
            Some(_) if !self.is_fresh() => Warm::Stale,
            Some(record) => {
                let Ok(verdict) = self.decide(record, call, now) else { return Warm::Asks };
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
    ) -> Result<Option<Verdict>, Unavailable> {
        let cache = &self.inner.cache;
        let digests = peppers.digests(call.key, digest);
        if let Some(record) = digests.iter().skip(1).find_map(|older| cache.get(older)) {
            if !self.is_fresh() {
                return Err(Unavailable);
            }
            return Ok(self.decide_found(record, peppers, &digests, call, now).ok());
        }
        let _place = self.inner.lookups.enter().ok_or(Unavailable)?;
        self.inner.misses.fetch_add(1, Relaxed);
        let record = self.read_record(&digests).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        Ok(match record {
            Some(record) => self.decide_found(record, peppers, &digests, call, now).ok(),
            None => Some(self.unknown(call, now)),
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
    ) -> Result<Verdict, Asks> {
        let (was, secret) = (record.digest, record.secret());
        let (installation, key) = (record.installation(), record.key_id());
        let former = record.is_former();
        let verdict = self.decide(record, call, now)?;
        if verdict.code == Code::Valid && !former && Some(&was) != digests.first() {
            self.inner.used_secrets.note(secret, || {
                let was_under = peppers.id_at(digests.iter().position(|digest| *digest == was)?)?.to_owned();
                let (digest, under) = (*digests.first()?, peppers.id().to_owned());
                Some(UsedSecret { installation, key, secret, was, was_under, digest, under })
            });
        }
        Ok(verdict)
    }

    fn decide(&self, record: Arc<Record>, call: Call<'_>, now: Instant) -> Result<Verdict, Asks> {
        let foreign = call.installation.is_some_and(|installation| installation != record.installation())
            || !call.sees.accepts(record.environment());
        // A key that is due to be purged counts as gone, even before the job removes it.
        if foreign || record.is_gone(now) {
            return Ok(self.unknown(call, now));
        }
        let mut verdict = self.judge(record, call, now);
        if verdict.code == Code::Valid {
            self.limit(&mut verdict, call, now)?;
        }
        self.count(&verdict, call, now, true);
        Ok(verdict)
    }

    /// Refuses a key that is not found, in the time that a found one takes, by deciding on a decoy.
    fn unknown(&self, call: Call<'_>, now: Instant) -> Verdict {
        let mut verdict = self.judge(Arc::clone(&self.inner.decoy), call, now);
        verdict.code = Code::NotFound;
        self.count(&verdict, call, now, false);
        Verdict { record: None, ..verdict }
    }

    /// Decides by all but the limits.
    fn judge(&self, record: Arc<Record>, call: Call<'_>, now: Instant) -> Verdict {
        let facts = CallFacts { wanted: call.scopes, environment: call.environment, ip: call.ip, origin: call.origin };
        let code = record.decide(facts, now);
        Verdict { code, record: Some(record), limits: Vec::new(), refused_by: None }
    }

    /// Decides by the limits a call that nothing else refuses, and takes from them.
    fn limit(&self, verdict: &mut Verdict, call: Call<'_>, now: Instant) -> Result<(), Asks> {
        let Some(record) = &verdict.record else { return Ok(()) };
        let limits = &self.inner.limits;
        let Some(ceilings) = limits.ceilings_of(record) else { return Ok(()) };
        let meters = [record.meters(), ceilings.client.as_ref(), ceilings.installation.as_ref()];
        match limits.decide(meters, Ask { wanted: Some(call.scopes), cost: call.cost, now }) {
            Decision::Passes(states) => verdict.limits = states,
            Decision::Refused(states, by, is_quota) => {
                verdict.code = if is_quota { Code::QuotaExceeded } else { Code::RateLimited };
                (verdict.limits, verdict.refused_by) = (states, Some(by));
            }
            Decision::Asks => return Err(Asks),
        }
        Ok(())
    }

    fn count(&self, verdict: &Verdict, call: Call<'_>, now: Instant, found: bool) {
        let Some(record) = verdict.record.as_ref().filter(|_| call.counted) else { return };
        self.inner.verdicts[verdict.code.index()].fetch_add(1, Relaxed);
        if let Some(minute) = record.turn(now)
            && found
        {
            self.inner.usage.turn(record, minute);
        }
        let facts = CallFacts { wanted: call.scopes, environment: call.environment, ip: call.ip, origin: call.origin };
        if record.count(verdict.code, &facts, found, now) {
            self.inner.usage.queue(record);
        }
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
    /// The database must be asked for a part of a quota.
    Asks,
}

/// A part of a quota must be leased before the call can be decided.
struct Asks;

/// How often a call is decided anew after quotas were leased. Whoever comes after others may find that they have taken what was
/// leased, and waits for more.
const TRIES: usize = 16;
