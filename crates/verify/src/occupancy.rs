use model::Occupancy;

use crate::{Verifier, cache, imported, limits, lookups, slow_keys, tokens, used_secrets};

impl Verifier {
    /// How full all is that callers can fill.
    pub fn occupancy(&self) -> Vec<Occupancy> {
        let inner = &*self.inner;
        let (unknown_keys, shared_scopes) = inner.cache.others();
        let (quota_waits, ..) = inner.limits.leases.counters();
        let own = [
            Occupancy::new("cached_keys", inner.cache.len(), inner.cache.capacity()),
            Occupancy { of: "unknown_keys", used: unknown_keys, bound: cache::UNKNOWN as u64 },
            Occupancy { of: "shared_scopes", used: shared_scopes, bound: cache::SHARED_SCOPES as u64 },
            inner.limits.shared(),
            Occupancy { of: "lookups", used: inner.lookups.waiting(), bound: lookups::MOST as u64 },
            Occupancy { of: "quota_waits", used: quota_waits, bound: limits::WAITS_MOST as u64 },
            Occupancy::new("tokens", inner.tokens.len(), tokens::REMEMBERED),
            Occupancy::new("used_secrets", inner.used_secrets.len(), used_secrets::WAITING),
            Occupancy::new("proven_keys", inner.imported.proven_len(), imported::PROVEN),
            Occupancy::new("slow_keys", inner.slow_keys.waiting(), slow_keys::WAITING),
        ];
        own.into_iter().chain(inner.usage.occupancy()).collect()
    }
}
