use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{Instant, ScopeSet};
use papaya::{Compute, Operation};
use store::{Digest, StoredRecord};

use crate::{Record, limits::Limits};

/// Verification records by digest: lock-free to read, bounded, never older than a change that was applied to it.
pub(crate) struct Cache {
    /// By the heads of their digests: so the table of ten thousand keys fits into a processor's own cache, and a call
    /// waits for memory only to get its record. The table grows all at once, since in one that is half copied a read
    /// may have to look twice; readers don't wait for the copying.
    records: papaya::HashMap<u64, Arc<Record>, BuildHasherDefault<DigestHasher>>,
    /// Well-formed secrets that nobody has: bounded, so that a flood of them costs neither memory nor reads.
    unknown: quick_cache::sync::Cache<Digest, (), quick_cache::UnitWeighter, BuildHasherDefault<DigestHasher>>,
    /// Most keys have one of a few sets of scopes.
    scopes: Mutex<HashSet<Arc<ScopeSet>>>,
    limits: Arc<Limits>,
    capacity: usize,
    /// Moves with every applied change.
    generation: AtomicU64,
    /// Moves when everything is forgotten.
    histories: AtomicU64,
}

/// A record of one secret that is ready to be put into memory.
pub struct Prepared(Arc<Record>);

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

    fn write_u64(&mut self, head: u64) {
        self.0 ^= head;
    }

    fn write_usize(&mut self, _length: usize) {}
}

/// The first eight bytes of a digest: enough to find it.
fn head(digest: &Digest) -> u64 {
    digest.first_chunk().map_or(0, |head| u64::from_ne_bytes(*head))
}

/// Sets of scopes that are shared; beyond this many, each record has its own.
pub(crate) const SHARED_SCOPES: usize = 4096;
/// Digests of secrets that nobody has.
pub(crate) const UNKNOWN: usize = 100_000;

impl Cache {
    pub(crate) fn new(capacity: usize, limits: Arc<Limits>) -> Self {
        Self {
            records: papaya::HashMap::builder()
                .hasher(BuildHasherDefault::default())
                .resize_mode(papaya::ResizeMode::Blocking)
                .build(),
            unknown: quick_cache::sync::Cache::with(
                UNKNOWN,
                UNKNOWN as u64,
                quick_cache::UnitWeighter,
                BuildHasherDefault::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            scopes: Mutex::default(),
            limits,
            capacity,
            generation: AtomicU64::new(0),
            histories: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Record>> {
        self.records.pin().get(&head(digest)).filter(|record| record.digest == *digest).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Sees each record.
    pub(crate) fn each(&self, mut see: impl FnMut(&Record)) {
        for (_, record) in &self.records.pin() {
            see(record);
        }
    }

    /// How many records there may be, besides those that change.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Secrets that nobody has, as far as they are remembered, and sets of scopes that are shared.
    pub(crate) fn others(&self) -> (u64, u64) {
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        (self.unknown.len() as u64, scopes.len() as u64)
    }

    pub(crate) fn is_unknown(&self, digest: &Digest) -> bool {
        self.unknown.get(digest).is_some()
    }

    /// Nobody had it when the database was asked in this `generation`.
    pub(crate) fn remember_unknown(&self, digest: Digest, generation: u64) {
        self.unknown.insert(digest, ());
        if self.generation() != generation {
            self.unknown.remove(&digest);
        }
    }

    /// The generation that a fill must be given when it is done.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// A record that was read from the database in this `generation`. If a change has been applied since, the record
    /// may be older than the change, and is used for this call but not kept. Nor is one of a later epoch than was `seen`:
    /// if that is lost in a failover, nobody notices; if not, it comes by itself.
    pub(crate) fn fill(&self, stored: StoredRecord, generation: u64, seen: i64) -> Arc<Record> {
        let prepared = self.prepare_one(stored);
        if self.generation() == generation && prepared.0.epoch <= seen && self.records.len() < self.capacity {
            let record = Arc::clone(&prepared.0);
            let kept = self.keep_newer(prepared);
            if self.generation() != generation {
                // All may have been forgotten in between.
                self.take_back(&record);
            }
            kept
        } else {
            prepared.0
        }
    }

    /// Records read to warm the cache, when everything had been forgotten `histories` times: kept if there is room and no
    /// record as new. As above, those of a later epoch come by themselves. False: there is no more room.
    pub(crate) fn warm(&self, page: Vec<StoredRecord>, histories: u64, seen: i64) -> bool {
        page.into_iter().filter(|stored| stored.epoch <= seen).all(|stored| {
            let room = self.records.len() < self.capacity;
            if room {
                let prepared = self.prepare_one(stored);
                let record = Arc::clone(&prepared.0);
                self.keep_newer(prepared);
                if self.histories() != histories {
                    self.take_back(&record);
                }
            }
            room
        })
    }

    /// Forgets everything: records, and who is unknown. What was read before and comes later is not kept.
    pub(crate) fn forget(&self) {
        self.histories.fetch_add(1, Ordering::AcqRel);
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.records.pin().clear();
        self.unknown.clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets a record that is older than this epoch. What was read before and comes later is not kept.
    pub(crate) fn forget_older(&self, digest: &Digest, epoch: i64) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let _ = self.records.pin().remove_if(&head(digest), |_, there| there.digest == *digest && there.epoch < epoch);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// How often everything was forgotten.
    pub(crate) fn histories(&self) -> u64 {
        self.histories.load(Ordering::Acquire)
    }

    /// Takes a record out again, if it is this very one.
    fn take_back(&self, record: &Arc<Record>) {
        let _ = self.records.pin().remove_if(&head(&record.digest), |_, there| Arc::ptr_eq(there, record));
    }

    /// Records of keys that changed. Kept even when the cache is full: without its tombstone a deleted key could come
    /// back.
    pub(crate) fn apply(&self, changed: Vec<StoredRecord>) {
        self.put(changed.into_iter().flat_map(|stored| self.prepare(stored)).collect());
    }

    /// Puts records of keys that changed in place of those that are there.
    pub(crate) fn put(&self, changed: Vec<Prepared>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        for prepared in changed {
            self.keep_newer(prepared);
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets tombstones and ended secrets that the database has purged, and, at the second look, what stands under a former
    /// digest.
    pub(crate) fn forget_purged(&self, now: Instant) {
        self.records.pin().retain(|_, record| !record.is_gone(now) && !record.outlived());
    }

    /// Forgets who is unknown. What was read before and comes later is not kept.
    pub(crate) fn forget_unknown(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.unknown.clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The record, and the same under the digest that the secret had before it got another pepper: memory may have it there, and a
    /// read that began before may still bring it. Under either the higher epoch wins.
    pub(crate) fn prepare(&self, stored: StoredRecord) -> impl Iterator<Item = Prepared> + use<> {
        let former = stored.former.map(|digest| {
            let mut stored = StoredRecord { digest, former: None, ..stored.clone() };
            let scopes = self.share(std::mem::take(&mut stored.scopes));
            let meters = self.limits.of_record(&mut stored);
            Prepared(Arc::new(Record::under_former(stored, scopes, meters)))
        });
        [Some(self.prepare_one(stored)), former].into_iter().flatten()
    }

    fn prepare_one(&self, mut stored: StoredRecord) -> Prepared {
        let scopes = self.share(std::mem::take(&mut stored.scopes));
        let meters = self.limits.of_record(&mut stored);
        Prepared(Arc::new(Record::new(stored, scopes, meters)))
    }

    /// A record that is used once and not kept.
    pub(crate) fn unkept(&self, stored: StoredRecord) -> Arc<Record> {
        self.prepare_one(stored).0
    }

    /// A secret's record as the change that deletes its key leaves it; `None`: it is not in memory.
    pub(crate) fn tombstone(&self, digest: Digest, at: Instant, epoch: i64) -> Option<Prepared> {
        Some(Prepared(Arc::new(self.get(&digest)?.deleted(at, epoch))))
    }

    /// The higher epoch wins, in whichever order the two arrive. If the digests of two secrets begin alike, which
    /// nobody can bring about, the first one stays, and the other is read from the database with each call.
    fn keep_newer(&self, Prepared(record): Prepared) -> Arc<Record> {
        let records = self.records.pin();
        let kept = records.compute(head(&record.digest), |entry| match entry {
            Some((_, there)) if there.digest != record.digest || there.epoch >= record.epoch => {
                Operation::Abort(Arc::clone(there))
            }
            _ => Operation::Insert(Arc::clone(&record)),
        });
        match kept {
            Compute::Aborted(there) if there.digest == record.digest => there,
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

#[cfg(test)]
mod tests {
    use model::{
        ClientName, Environment, InstallationId, KeyId, KeyKind, LifeCycle, NetworkSet, OriginSet, RESTORE_WINDOW_MS,
        SecretId,
    };
    use uuid::Uuid;

    use super::*;

    fn stored(number: u8, epoch: i64, deleted_at: Option<i64>) -> StoredRecord {
        let id = Uuid::from_u128(number.into());
        StoredRecord {
            digest: [number; 32],
            former: None,
            secret: SecretId(id),
            secret_expires_at: None,
            installation: InstallationId(id),
            key: KeyId(id),
            kind: KeyKind::Issued,
            client_name: ClientName::parse("Acme").unwrap(),
            environment: Environment::Live,
            scopes: ScopeSet::default(),
            networks: NetworkSet::ANY,
            origins: OriginSet::ANY,
            rate_limits: model::RateLimits::default(),
            quotas: model::Quotas::default(),
            contact_centre: model::ContactCentreLimits::default(),
            sandbox_world: None,
            life: LifeCycle { deleted_at: deleted_at.map(Instant::from_millis), ..LifeCycle::default() },
            last_used_at: None,
            trial: None,
            epoch,
        }
    }

    fn cache(capacity: usize) -> Cache {
        Cache::new(capacity, Arc::new(Limits::new(Arc::new(std::time::Duration::default))))
    }

    fn live(cache: &Cache, number: u8) -> Option<bool> {
        cache.get(&[number; 32]).map(|record| record.life().deleted_at.is_none())
    }

    #[test]
    fn a_read_that_a_change_overtook_is_not_kept() {
        let cache = cache(10);
        let generation = cache.generation();
        // Another key's change is enough: the reader can't know whose it was.
        cache.apply(vec![stored(2, 7, None)]);
        cache.fill(stored(1, 5, None), generation, 9);
        assert_eq!(live(&cache, 1), None);
        let generation = cache.generation();
        cache.fill(stored(1, 5, None), generation, 9);
        assert_eq!(live(&cache, 1), Some(true));
    }

    #[test]
    fn an_older_record_never_takes_the_place_of_a_tombstone() {
        let tombstone = || stored(1, 6, Some(1));
        let cache = cache(10);
        cache.apply(vec![tombstone()]);
        let given = cache.fill(stored(1, 5, None), cache.generation(), 9);
        assert!(given.life().deleted_at.is_some(), "the call is decided by what is newer");
        cache.warm(vec![stored(1, 5, None)], 0, 9);
        cache.apply(vec![stored(1, 5, None)]);
        assert_eq!(live(&cache, 1), Some(false));
        cache.apply(vec![stored(1, 7, None)]);
        assert_eq!(live(&cache, 1), Some(true), "restored");
    }

    #[test]
    fn a_full_cache_still_learns_of_changes() {
        let cache = cache(1);
        assert!(cache.warm(vec![stored(1, 1, None)], 0, 9));
        assert!(!cache.warm(vec![stored(2, 1, None)], 0, 9));
        cache.fill(stored(2, 1, None), cache.generation(), 9);
        assert_eq!((live(&cache, 2), cache.len()), (None, 1));
        cache.apply(vec![stored(2, 2, Some(1))]);
        assert_eq!(live(&cache, 2), Some(false));
        cache.forget_purged(Instant::from_millis(RESTORE_WINDOW_MS));
        assert_eq!(live(&cache, 2), Some(false), "a millisecond before");
        cache.forget_purged(Instant::from_millis(RESTORE_WINDOW_MS + 1));
        assert_eq!((live(&cache, 2), live(&cache, 1)), (None, Some(true)));
    }

    #[test]
    fn what_is_forgotten_does_not_come_back() {
        let cache = cache(10);
        let (generation, histories) = (cache.generation(), cache.histories());
        cache.apply(vec![stored(1, 9, Some(1))]);
        cache.remember_unknown([3; 32], cache.generation());
        cache.forget();
        assert_eq!((cache.len(), cache.is_unknown(&[3; 32])), (0, false));
        // What was read before, and comes now.
        cache.fill(stored(1, 5, None), generation, 9);
        cache.warm(vec![stored(2, 5, None)], histories, 9);
        cache.remember_unknown([3; 32], generation);
        assert_eq!((cache.len(), cache.is_unknown(&[3; 32])), (0, false));
        // A lower epoch is no older.
        cache.fill(stored(1, 5, None), cache.generation(), 9);
        assert_eq!(live(&cache, 1), Some(true));
    }

    #[test]
    fn what_is_newer_than_what_was_seen_is_not_kept() {
        let cache = cache(10);
        cache.fill(stored(1, 6, None), cache.generation(), 5);
        assert!(cache.warm(vec![stored(2, 6, None), stored(3, 5, None)], cache.histories(), 5));
        assert_eq!((live(&cache, 1), live(&cache, 2), live(&cache, 3)), (None, None, Some(true)));
    }

    #[test]
    fn a_secret_that_got_another_pepper_changes_under_both_digests() {
        let cache = cache(10);
        let renewed =
            |epoch, deleted_at| StoredRecord { digest: [9; 32], former: Some([1; 32]), ..stored(1, epoch, deleted_at) };
        cache.apply(vec![renewed(6, None)]);
        // It was read before, by whoever warms memory and by a verb that is about to answer.
        cache.warm(vec![stored(1, 5, None)], 0, 9);
        cache.apply(vec![stored(1, 5, None)]);
        assert_eq!((live(&cache, 1), live(&cache, 9)), (Some(true), Some(true)));
        cache.apply(vec![renewed(7, Some(1))]);
        assert_eq!((live(&cache, 1), live(&cache, 9)), (Some(false), Some(false)));
        let now = Instant::from_millis(2);
        cache.forget_purged(now);
        assert_eq!(live(&cache, 1), Some(false), "what was read before may still arrive");
        cache.forget_purged(now);
        assert_eq!((live(&cache, 1), live(&cache, 9)), (None, Some(false)));
    }

    #[test]
    fn digests_that_begin_alike_are_told_apart() {
        let cache = cache(10);
        let mut other = [1; 32];
        other[31] = 2;
        let stored_other = |epoch, deleted_at| StoredRecord { digest: other, ..stored(2, epoch, deleted_at) };
        cache.apply(vec![stored(1, 1, None)]);
        assert!(cache.get(&other).is_none());
        let given = cache.fill(stored_other(1, None), cache.generation(), 9);
        assert_eq!(given.digest, other, "it is decided by its own record");
        cache.apply(vec![stored_other(2, Some(1))]);
        assert!(cache.get(&other).is_none(), "the database is asked, and knows of the tombstone");
        assert_eq!(live(&cache, 1), Some(true));
        cache.apply(vec![stored(1, 2, Some(1))]);
        assert_eq!(live(&cache, 1), Some(false));
    }

    #[test]
    fn records_with_equal_scopes_share_them() {
        let cache = cache(10);
        cache.apply(vec![stored(1, 1, None), stored(2, 1, None)]);
        let [one, two] = [1, 2].map(|number| cache.get(&[number; 32]).unwrap());
        assert!(std::ptr::eq(one.scopes(), two.scopes()));
    }
}
