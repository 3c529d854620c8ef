//! What there is of keys that other systems issued. Where there are none, a call with a text that has the form of none of ours asks for
//! nothing.

use std::{
    hash::BuildHasherDefault,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use model::ImportId;
use store::{Digest, ImportedKinds, KnownBy};

use crate::{cache::DigestHasher, candidate::Candidate};

/// Keys that were checked by a slow hash and wait for a digest of their own. One that is pushed out is checked again.
pub(crate) const PROVEN: usize = 10_000;

pub(crate) struct Imported {
    any: AtomicBool,
    /// How many are known by a hash alone, by [`KnownBy`].
    left: [AtomicU64; 3],
    /// A bit for each length of a prefix, from 1 on.
    lengths: AtomicU64,
    /// Moves when an import goes live: what was read before is not kept.
    moved: Mutex<u64>,
    /// The first of the imports that went live, and whose keys nobody has read into memory yet.
    went_live: Mutex<Option<ImportId>>,
    proven: quick_cache::sync::Cache<Digest, Proven, quick_cache::UnitWeighter, BuildHasherDefault<DigestHasher>>,
}

/// What stands in place of the digest of a key that was checked by its slow hash.
#[derive(Clone)]
struct Proven {
    was: Digest,
    under: String,
}

impl Imported {
    pub(crate) fn new() -> Self {
        Self {
            any: AtomicBool::new(false),
            left: Default::default(),
            lengths: AtomicU64::new(0),
            moved: Mutex::default(),
            went_live: Mutex::default(),
            proven: quick_cache::sync::Cache::with(
                PROVEN,
                PROVEN as u64,
                quick_cache::UnitWeighter,
                BuildHasherDefault::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
        }
    }

    /// Whether any key was imported.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Relaxed)
    }

    /// Whether keys are left that are known by this hash alone.
    pub(crate) fn is_left(&self, by: KnownBy) -> bool {
        self.left(by) > 0
    }

    /// The beginnings of a key by which slow hashes may be found.
    pub(crate) fn prefixes<'k>(&self, key: &'k str) -> Vec<&'k str> {
        if !self.is_left(KnownBy::Slow) {
            return Vec::new();
        }
        let lengths = self.lengths.load(Relaxed);
        // A key is ASCII. A prefix of all of it would be no prefix.
        (1..=64)
            .filter(|length| lengths >> (length - 1) & 1 == 1 && *length < key.len())
            .filter_map(|length| key.get(..length))
            .collect()
    }

    /// A key that was checked by its slow hash before, by its digest under the newest pepper.
    pub(crate) fn proven(&self, newest: &Digest) -> Option<Candidate> {
        let Proven { was, under } = self.proven.get(newest)?;
        Some(Candidate { digest: was, under, given: true })
    }

    /// A key was found to be the one with this slow hash.
    pub(crate) fn prove(&self, newest: Digest, was: Digest, under: String) {
        self.proven.insert(newest, Proven { was, under });
    }

    pub(crate) fn proven_len(&self) -> usize {
        self.proven.len()
    }

    /// How many are known by this hash alone, as they were counted last.
    pub(crate) fn left(&self, by: KnownBy) -> u64 {
        self.left[by as usize].load(Relaxed)
    }

    /// From these imports on keys are to be read into memory.
    pub(crate) fn note_live(&self, imports: &[ImportId]) {
        if let Some(first) = imports.iter().min() {
            let mut went_live = self.went_live();
            *went_live = Some(went_live.map_or(*first, |before| before.min(*first)));
        }
    }

    pub(crate) fn take_live(&self) -> Option<ImportId> {
        self.went_live().take()
    }

    fn went_live(&self) -> MutexGuard<'_, Option<ImportId>> {
        self.went_live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn moved_so_far(&self) -> u64 {
        *self.moved()
    }

    fn moved(&self) -> MutexGuard<'_, u64> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until it is known what an import brought, it may have brought anything.
    pub(crate) fn expect_anything(&self) {
        let mut moved = self.moved();
        *moved += 1;
        self.any.store(true, Relaxed);
        self.left.iter().for_each(|left| _ = left.fetch_max(1, Relaxed));
        self.lengths.store(u64::MAX, Relaxed);
    }

    /// What was read when it had moved so often.
    pub(crate) fn set(&self, kinds: &ImportedKinds, moved_before: u64) {
        let moved = self.moved();
        if *moved != moved_before {
            return;
        }
        for (index, left) in self.left.iter().enumerate() {
            let found = kinds.left.iter().find(|(by, _)| *by as usize == index);
            left.store(found.map_or(0, |(_, count)| *count), Relaxed);
        }
        let bits = kinds.prefix_lengths.iter().filter(|length| (1..=64).contains(*length));
        self.lengths.store(bits.fold(0, |bits, length| bits | 1 << (length - 1)), Relaxed);
        self.any.store(kinds.any, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_an_import_went_live_is_not_kept() {
        let imported = Imported::new();
        let before = imported.moved_so_far();
        assert!(!imported.any() && imported.prefixes("acme_0123").is_empty());
        imported.expect_anything();
        imported.set(&ImportedKinds::default(), before);
        assert!(imported.any() && imported.is_left(KnownBy::Sha512));
        assert_eq!(imported.prefixes("abc"), ["a", "ab"]);
        let kinds = ImportedKinds { any: true, left: vec![(KnownBy::Slow, 7)], prefix_lengths: vec![2, 64, 9] };
        imported.set(&kinds, before + 1);
        assert!(imported.is_left(KnownBy::Slow) && !imported.is_left(KnownBy::Sha256));
        assert_eq!(imported.prefixes("acme_01234"), ["ac", "acme_0123"]);
        imported.set(&ImportedKinds::default(), before + 1);
        assert!(!imported.any());
    }
}
