use model::Occupancy;

use crate::{Verifier, cache, lookups, usage, used_secrets};

impl Verifier {
    /// How full all is that callers can fill.
    pub fn occupancy(&self) -> [Occupancy; 7] {
        let inner = &*self.inner;
        let (unknown_keys, shared_scopes) = inner.cache.others();
        let (queued, aside) = inner.usage.rooms();
        [
            Occupancy::new("cached_keys", inner.cache.len(), inner.cache.capacity()),
            Occupancy { of: "unknown_keys", used: unknown_keys, bound: cache::UNKNOWN as u64 },
            Occupancy { of: "shared_scopes", used: shared_scopes, bound: cache::SHARED_SCOPES as u64 },
            Occupancy { of: "lookups", used: inner.lookups.waiting(), bound: lookups::MOST as u64 },
            Occupancy::new("usage_keys", queued, usage::QUEUE),
            Occupancy::new("usage_rows", aside, usage::ASIDE),
            Occupancy::new("used_secrets", inner.used_secrets.len(), used_secrets::WAITING),
        ]
    }
}
