use model::Occupancy;
use store::DatabaseMetrics;

use crate::{Keydesk, exports, imports, link_throttle, password, reporters, session_uses, throttle};

impl Keydesk {
    /// How full all is that somebody else can fill, in this crate and in those below.
    pub fn occupancy(&self) -> Vec<Occupancy> {
        let inner = &*self.inner;
        let exports = exports::EXPORTS_MAX - inner.exports.under_way.available_permits();
        let imports = imports::IMPORTS_MAX - inner.imports.under_way.available_permits();
        let reports = reporters::LARGE_REPORTS_MAX - inner.reporters.large.available_permits();
        let (link_misses, _) = inner.links.counters();
        let throttled = inner.throttle.counters().remembered;
        let own = [
            Occupancy::new("passwords", inner.passwords.under_way(), password::MOST),
            Occupancy { of: "failed_sign_ins", used: throttled, bound: throttle::REMEMBERED_ALTOGETHER as u64 },
            Occupancy { of: "link_misses", used: link_misses, bound: link_throttle::REMEMBERED as u64 },
            Occupancy::new("session_uses", inner.session_uses.len(), session_uses::WAITING_MOST),
            Occupancy::new("exports", exports, exports::EXPORTS_MAX),
            Occupancy::new("imports", imports, imports::IMPORTS_MAX),
            Occupancy::new("large_leak_reports", reports, reporters::LARGE_REPORTS_MAX),
        ];
        let verifier = inner.verifier.occupancy();
        verifier.into_iter().chain(inner.store.occupancy()).chain(own).collect()
    }

    /// What the database was asked since the start, and its connections.
    pub fn database_metrics(&self) -> DatabaseMetrics {
        self.inner.store.metrics()
    }
}
