use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{Instant, RESTORE_WINDOW_MS, ScopeSet};
use papaya::{Compute, Operation};
use store::{Digest, StoredRecord};

use crate::Record;

/// Verification records by digest: lock-free to read, bounded, never older than a change that was applied to it.
pub(crate) struct Cache {
    records: papaya::HashMap<Digest, Arc<Record>, BuildHasherDefault<DigestHasher>>,
    /// Well-formed secrets that nobody has: bounded, so that a flood of them costs neither memory nor reads.
    unknown: quick_cache::sync::Cache<Digest, (), quick_cache::UnitWeighter, BuildHasherDefault<DigestHasher>>,
    /// Most keys have one of a few sets of rights.
    scopes: Mutex<HashSet<Arc<ScopeSet>>>,
    capacity: usize,
    /// Moves with every applied change.
    generation: AtomicU64,
}

/// A digest is already as random as a hash can be, and its key is secret: eight of its bytes will do.
#[derive(Default)]
pub(crate) struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(head) = bytes.first_chunk::<8>() {
            self.0 ^= u64::from_ne_bytes(*head);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// Sets of rights that are shared; beyond so many, each record has its own.
const SHARED_SCOPES: usize = 4096;
/// Digests of secrets that nobody has.
const UNKNOWN: usize = 100_000;

impl Cache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            records: papaya::HashMap::builder().hasher(BuildHasherDefault::default()).build(),
            unknown: quick_cache::sync::Cache::with(
                UNKNOWN,
                UNKNOWN as u64,
                quick_cache::UnitWeighter,
                BuildHasherDefault::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            scopes: Mutex::default(),
            capacity,
            generation: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Record>> {
        self.records.pin().get(digest).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn is_unknown(&self, digest: &Digest) -> bool {
        self.unknown.get(digest).is_some()
    }

    pub(crate) fn remember_unknown(&self, digest: Digest) {
        self.unknown.insert(digest, ());
    }

    /// What a fill must show again when it is done.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// A record that was read from the database before `generation` was left. Once a change was applied in between, the
    /// record may be older than it, and is used for this call but not kept.
    pub(crate) fn fill(&self, stored: StoredRecord, generation: u64) -> Arc<Record> {
        let digest = stored.digest;
        let record = self.record(stored);
        if self.generation() == generation && self.records.len() < self.capacity {
            self.keep_newer(digest, record)
        } else {
            record
        }
    }

    /// A record read to warm the cache: kept if there is room and nothing as new is there.
    pub(crate) fn warm(&self, stored: StoredRecord) -> bool {
        let room = self.records.len() < self.capacity;
        if room {
            let digest = stored.digest;
            let record = self.record(stored);
            self.keep_newer(digest, record);
        }
        room
    }

    /// Records of keys that changed. Kept even when the cache is full: a tombstone that is missing is a stale key that
    /// could come back.
    pub(crate) fn apply(&self, changed: Vec<StoredRecord>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        for stored in changed {
            let digest = stored.digest;
            let record = self.record(stored);
            self.keep_newer(digest, record);
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets tombstones that the database has purged.
    pub(crate) fn forget_purged(&self, now: Instant) {
        let gone =
            |record: &Record| record.life().deleted_at.is_some_and(|at| at.plus_millis(RESTORE_WINDOW_MS) <= now);
        self.records.pin().retain(|_, record| !gone(record));
    }

    fn record(&self, mut stored: StoredRecord) -> Arc<Record> {
        let scopes = self.share(std::mem::take(&mut stored.scopes));
        Arc::new(Record::new(stored, scopes))
    }

    /// The higher epoch wins, in whichever order the two arrive.
    fn keep_newer(&self, digest: Digest, record: Arc<Record>) -> Arc<Record> {
        let records = self.records.pin();
        let kept = records.compute(digest, |entry| match entry {
            Some((_, there)) if there.epoch >= record.epoch => Operation::Abort(Arc::clone(there)),
            _ => Operation::Insert(Arc::clone(&record)),
        });
        match kept {
            Compute::Aborted(there) => there,
            _ => record,
        }
    }

    fn share(&self, scopes: ScopeSet) -> Arc<ScopeSet> {
        let mut shared = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.get(&scopes) {
            Some(same) => Arc::clone(same),
            None => {
                let scopes = Arc::new(scopes);
                if shared.len() < SHARED_SCOPES {
                    shared.insert(Arc::clone(&scopes));
                }
                scopes
            }
        }
    }
}
