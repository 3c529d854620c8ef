use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use model::{Code, Instant, SecretFormat};
use store::{Digest, Records, Store, StoredRecord, Unreadable};

use crate::{
    Peppers, Prepared, Record, Ticks, cache::Cache, freshness::Freshness, guessing::Guessing, imported::Imported,
    limits::Limits, lookups::Lookups, reached::Reached, refusals::Refusals, slow_keys::SlowKeys, tokens::Tokens,
    trial::Trials, usage::Usage,
};
use crate::{
    current_peppers::CurrentPeppers,
    used_secrets::{UsedSecret, UsedSecrets},
};

/// Decides calls. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) ticks: Ticks,
    pub(crate) store: Store,
    pub(crate) peppers: CurrentPeppers,
    pub(crate) format: SecretFormat,
    pub(crate) cache: Cache,
    pub(crate) limits: Arc<Limits>,
    pub(crate) usage: Usage,
    pub(crate) freshness: Freshness,
    pub(crate) verdicts: [AtomicU64; Code::ALL.len()],
    pub(crate) misses: AtomicU64,
    pub(crate) lookups: Lookups,
    pub(crate) used_secrets: UsedSecrets,
    pub(crate) reached: Reached,
    pub(crate) refusals: Refusals,
    pub(crate) trials: Trials,
    pub(crate) guessing: Guessing,
    pub(crate) tokens: Tokens,
    pub(crate) imported: Imported,
    pub(crate) slow_keys: SlowKeys,
    /// The record that is decided on when no key is found.
    pub(crate) decoy: Arc<Record>,
}

/// Counts since the start, for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// By [`Code::index`].
    pub verifications: [u64; Code::ALL.len()],
    /// Records in memory.
    pub cached_keys: u64,
    /// Verifications that had to read the database.
    pub cache_misses: u64,
    /// Verifications that read the database now.
    pub lookups: u64,
    /// Verifications that were refused, since too many others read the database.
    pub lookups_refused: u64,
    /// Well-formed secrets that nobody has, as far as they are remembered.
    pub unknown_keys: u64,
    /// Sets of scopes that records share.
    pub shared_scopes: u64,
    /// Keys and rows whose usage waits to be written down.
    pub usage_waiting: u64,
    /// Calls whose counts were given up, since the database took none for too long.
    pub usage_lost: u64,
    /// Calls that were counted, and whose scope or address was given up: since a key was called from too many addresses or asked for
    /// too many scopes at once, or the database took none for too long.
    pub usage_detail_lost: u64,
    /// How often the queue of keys whose usage waits to be written down was full. No count is lost then.
    pub usage_deferred: u64,
    /// Secrets that were used and wait for their digest under the newest pepper.
    pub used_secrets: u64,
    /// Calls that a restriction which is tried would have refused and of which only the number is kept, since it had too many reasons.
    pub trial_reasons_lost: u64,
    /// Calls with keys that are not found which were slowed down.
    pub guesses_slowed: u64,
    /// Addresses that are slowed down now, as far as they are told apart.
    pub guessing_sources: u64,
    /// The newest change that this node knows.
    pub epoch: i64,
    /// Keys whose limits have a state in memory.
    pub metered_keys: u64,
    /// Calls that wait for a part of a quota.
    pub quota_waits: u64,
    /// Calls that were not decided, since too many others waited for a part of a quota, or the database gave none.
    pub quota_waits_refused: u64,
    /// Transactions in which parts of quotas were leased or given back.
    pub quota_leases: u64,
    /// Nodes that share rate limits.
    pub nodes: u64,
    /// Decisions of Redis or Valkey on rate limits; `None`: none is configured.
    pub redis: Option<RedisCounters>,
    /// How often memory was forgotten, since the database was set back or replaced.
    pub histories: u64,
}

/// How Redis or Valkey decides on rate limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct RedisCounters {
    /// Decisions since the start.
    pub decided: u64,
    /// Calls that were decided by this node's share, since it did not answer.
    pub failed: u64,
    /// Whether it answered when it was asked last.
    pub answers: bool,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.inner.store.kind())
    }
}

impl Verifier {
    /// With an empty memory that has room for `capacity` records, on a database whose newest change is `epoch`.
    pub fn new(
        store: Store,
        peppers: Peppers,
        format: SecretFormat,
        capacity: usize,
        epoch: i64,
        ticks: Ticks,
    ) -> Self {
        let limits = Arc::new(Limits::new(Arc::clone(&ticks)));
        let inner = Inner {
            ticks,
            store,
            peppers: CurrentPeppers::new(peppers),
            format,
            cache: Cache::new(capacity, Arc::clone(&limits)),
            limits,
            usage: Usage::new(),
            freshness: Freshness::new(epoch),
            verdicts: Default::default(),
            misses: AtomicU64::default(),
            lookups: Lookups::default(),
            used_secrets: UsedSecrets::default(),
            reached: Reached::default(),
            refusals: Refusals::new(),
            trials: Trials::default(),
            guessing: Guessing::new(),
            tokens: Tokens::new(),
            imported: Imported::new(),
            slow_keys: SlowKeys::new(),
            decoy: Arc::new(Record::decoy()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on records nothing of calls that are allowed: neither their number nor scopes, addresses and last use. Metrics have
    /// their number.
    pub fn record_refused_alone(&self) {
        self.inner.usage.record_refused_alone();
    }

    /// Looks secrets up by these peppers from now on. Those that memory has under a pepper that is among them stay known.
    pub fn set_peppers(&self, peppers: Peppers) {
        self.inner.peppers.set(peppers);
        // One of the peppers may be that of a secret which nobody had until now.
        self.inner.cache.forget_unknown();
    }

    /// Takes out the secrets that were used since and were found under a pepper that is not the newest.
    pub fn take_used_secrets(&self) -> Vec<UsedSecret> {
        self.inner.used_secrets.take()
    }

    /// Counts since the start.
    pub fn counters(&self) -> Counters {
        let inner = &self.inner;
        let (unknown_keys, shared_scopes) = inner.cache.others();
        let (quota_waits, quota_waits_refused, quota_leases) = inner.limits.leases.counters();
        Counters {
            metered_keys: inner.limits.metered_keys(),
            quota_waits,
            quota_waits_refused,
            quota_leases,
            nodes: inner.limits.nodes(),
            redis: inner.limits.redis().map(|redis| RedisCounters {
                decided: redis.decided.load(Relaxed),
                failed: redis.failed.load(Relaxed),
                answers: redis.answers(),
            }),
            unknown_keys,
            shared_scopes,
            usage_waiting: inner.usage.waiting(),
            usage_lost: inner.usage.lost(),
            usage_detail_lost: inner.usage.detail_lost(),
            verifications: std::array::from_fn(|index| inner.verdicts[index].load(Relaxed)),
            cached_keys: inner.cache.len() as u64,
            cache_misses: inner.misses.load(Relaxed),
            lookups: inner.lookups.waiting(),
            lookups_refused: inner.lookups.refused(),
            used_secrets: inner.used_secrets.len() as u64,
            usage_deferred: inner.usage.deferred(),
            trial_reasons_lost: inner.trials.no_room(),
            guesses_slowed: inner.guessing.slowed(),
            guessing_sources: inner.guessing.bursts.len() as u64,
            epoch: inner.freshness.epoch(),
            histories: inner.cache.histories(),
        }
    }

    /// Puts records of keys that changed into memory. A change calls this when it has committed and before it answers.
    ///
    /// A key whose row can't be read is refused from now on, and no other is.
    pub fn apply(&self, changed: impl Into<Records>) {
        let Records { read, unreadable } = changed.into();
        self.inner.cache.apply(read);
        self.refuse_unreadable(unreadable);
    }

    /// Forgets what memory has of these. Each call then asks the database, which is where it is refused.
    pub(crate) fn refuse_unreadable(&self, unreadable: Vec<Unreadable>) {
        for row in unreadable {
            let key = row.key.map(|key| key.to_string());
            tracing::error!(
                key, error = %row.error,
                "a key can't be read: it is refused, and no other is (a newer release wrote it, or it was damaged)"
            );
            for digest in row.digest.iter().chain(&row.former) {
                self.inner.cache.forget_older(digest, row.epoch);
            }
        }
    }

    /// As [`Verifier::apply`], of records that were prepared while the change could still fail.
    pub fn put(&self, changed: Vec<Prepared>) {
        self.inner.cache.put(changed);
    }

    /// Makes a record ready to be put into memory, under each digest by which it may be there.
    pub fn prepare(&self, stored: StoredRecord) -> impl Iterator<Item = Prepared> + use<> {
        self.inner.cache.prepare(stored)
    }

    /// The tombstone of a secret that memory knows, whose key the change of `epoch` deletes `at` this instant.
    pub fn tombstone(&self, digest: Digest, at: Instant, epoch: i64) -> Option<Prepared> {
        self.inner.cache.tombstone(digest, at, epoch)
    }
}
