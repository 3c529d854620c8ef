//! Imports of keys that other systems issued, as calls notice them.

use model::ImportId;
use store::{KnownBy, StoreError};

use crate::{SlowKeyCounters, Verifier};

/// Counts for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedCounters {
    /// Secrets that are known by a hash alone, since they have not been used, as they were counted last.
    pub left: Vec<(KnownBy, u64)>,
    /// Checks of slow hashes since the start.
    pub slow: SlowKeyCounters,
}

impl Verifier {
    /// The keys of these imports work from now on. A change calls this when it has committed and before it answers, and then
    /// [`Verifier::read_imported`].
    pub fn imports_live(&self, imports: &[ImportId]) {
        let imported = &self.inner.imported;
        imported.expect_anything();
        // A key of theirs may have been asked for before.
        self.inner.cache.forget_unknown();
        imported.note_live(imports);
    }

    /// Reads what there is of keys that other systems issued. Until then calls look for any.
    pub async fn read_imported(&self) -> Result<(), StoreError> {
        let moved = self.inner.imported.moved_so_far();
        let kinds = self.inner.store.imported_kinds().await?;
        self.inner.imported.set(&kinds, moved);
        Ok(())
    }

    /// The first of the imports that went live since this was asked last: its keys can be read into memory.
    pub fn take_went_live(&self) -> Option<ImportId> {
        self.inner.imported.take_live()
    }

    /// Counts for metrics.
    pub fn imported_counters(&self) -> ImportedCounters {
        let left = |by: KnownBy| (by, self.inner.imported.left(by));
        ImportedCounters {
            left: [KnownBy::Sha256, KnownBy::Sha512, KnownBy::Slow].map(left).to_vec(),
            slow: self.inner.slow_keys.counters(),
        }
    }
}
