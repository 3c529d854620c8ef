use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use model::{CallFacts, Code, InstallationId, Instant, Scope};
use store::{Digest, StoreError};

use crate::{Keydesk, Record};

/// One call with a key.
#[derive(Clone, Copy, Default)]
pub struct Call<'a> {
    /// What was presented, whatever it is.
    pub key: &'a str,
    /// The installation that it must belong to; `None`: any.
    pub installation: Option<InstallationId>,
    /// The rights that the call needs: all of them.
    pub scopes: &'a [Scope],
    /// Where it came from; `None`: nobody knows, and a key that is bound to addresses is refused.
    pub ip: Option<IpAddr>,
    /// Its `Origin`; `None`: it has none, and a key that is bound to origins is refused.
    pub origin: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A call with this key, of which nothing else is known and that needs no right.
    pub const fn with(key: &'a str) -> Self {
        Self { key, installation: None, scopes: &[], ip: None, origin: None }
    }
}

/// The decision on one call.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Allowed, or the first reason why not.
    pub code: Code,
    /// What is known of the key; `None` exactly for [`Code::NotFound`].
    pub record: Option<Arc<Record>>,
}

/// Keydesk can't decide: the database has been gone for longer than memory may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Keydesk can't answer right now. Please try again.")]
pub struct Unavailable;

impl Verdict {
    /// Whether the call may go on.
    pub fn allowed(&self) -> bool {
        self.code == Code::Valid
    }
}

impl Keydesk {
    /// Decides one call: who is this, and may it do this? Counts it.
    pub async fn verify(&self, call: Call<'_>) -> Result<Verdict, Unavailable> {
        let now = self.now();
        match self.verify_warm(call, now) {
            Warm::Decided(verdict) => Ok(verdict),
            Warm::Stale => Err(Unavailable),
            Warm::Unread(digest) => self.verify_cold(call, digest, now).await,
        }
    }

    /// Decides from memory alone, if memory knows: no I/O and no allocation.
    pub fn verify_from_memory(&self, call: Call<'_>, now: Instant) -> Option<Verdict> {
        match self.verify_warm(call, now) {
            Warm::Decided(verdict) => Some(verdict),
            Warm::Stale | Warm::Unread(_) => None,
        }
    }

    fn verify_warm(&self, call: Call<'_>, now: Instant) -> Warm {
        let inner = &self.inner;
        if inner.format.read(call.key).is_none() {
            return Warm::Decided(self.not_found());
        }
        let digest = inner.keyring.digest(call.key);
        match inner.cache.get(&digest) {
            Some(_) if !self.is_fresh(now) => Warm::Stale,
            Some(record) => Warm::Decided(self.decide(record, call, now)),
            None if inner.cache.is_unknown(&digest) => Warm::Decided(self.not_found()),
            None => Warm::Unread(digest),
        }
    }

    async fn verify_cold(&self, call: Call<'_>, digest: Digest, now: Instant) -> Result<Verdict, Unavailable> {
        let cache = &self.inner.cache;
        if let Some(record) = self.inner.keyring.older_digests(call.key).find_map(|older| cache.get(&older)) {
            return if self.is_fresh(now) { Ok(self.decide(record, call, now)) } else { Err(Unavailable) };
        }
        self.inner.misses.fetch_add(1, Relaxed);
        let record = self.read_record(call.key, digest).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        Ok(match record {
            Some(record) => self.decide(record, call, now),
            None => self.not_found(),
        })
    }

    async fn read_record(&self, key: &str, digest: Digest) -> Result<Option<Arc<Record>>, StoreError> {
        let (store, cache) = (&self.inner.store, &self.inner.cache);
        for candidate in std::iter::once(digest).chain(self.inner.keyring.older_digests(key)) {
            let generation = cache.generation();
            if let Some(stored) = store.record_by_digest(&candidate).await? {
                return Ok(Some(cache.fill(stored, generation)));
            }
        }
        cache.remember_unknown(digest);
        Ok(None)
    }

    fn decide(&self, record: Arc<Record>, call: Call<'_>, now: Instant) -> Verdict {
        let foreign = call.installation.is_some_and(|installation| installation != record.installation());
        // What is due to be purged is not there any more, whenever the job comes by.
        let purged = record.gone_at().is_some_and(|at| at <= now);
        if foreign || purged {
            return self.not_found();
        }
        let facts = CallFacts { wanted: call.scopes, ip: call.ip, origin: call.origin };
        let code = model::decide(record.facts(), facts, now);
        self.inner.verdicts[code.index()].fetch_add(1, Relaxed);
        if let Some(hour) = record.turn(now) {
            self.inner.usage.turn(&record, hour);
        }
        if record.count(code, now) {
            self.inner.usage.queue(&record);
        }
        Verdict { code, record: Some(record) }
    }

    fn not_found(&self) -> Verdict {
        self.inner.verdicts[Code::NotFound.index()].fetch_add(1, Relaxed);
        Verdict { code: Code::NotFound, record: None }
    }
}

enum Warm {
    Decided(Verdict),
    /// Memory knows the key, but is too old to be trusted.
    Stale,
    /// The database must be asked.
    Unread(Digest),
}
