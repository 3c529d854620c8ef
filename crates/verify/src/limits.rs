//! Whether a key has done too much: rate limits and quotas of keys, and the ceilings of clients and installations.

mod ceilings;
mod lease;
mod limit_state;
mod meters;
mod quota_state;
mod spec;
mod zones;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use model::{Instant, InstallationId, KeyId, LimitName, Quotas, RateLimits, RateState, TimeZone};
use tokio::sync::Notify;

pub use self::limit_state::{LimitKind, LimitLabel, LimitOwner, LimitState, RefusedBy};
pub(crate) use self::meters::{Ask, Decided, Decision, Meters, OWNERS, Owner};
use self::{ceilings::Ceilings, lease::Leases, meters::Around, spec::Spec, zones::Zones};
use crate::Ticks;

/// Sets of limits that keys share; beyond this many, each key has its own.
const SHARED: usize = 4096;

/// The state of all limits that this node knows.
pub(crate) struct Limits {
    ticks: Ticks,
    zones: Zones,
    ceilings: Ceilings,
    keys: Mutex<HashMap<KeyId, Arc<Meters>>>,
    specs: Mutex<HashSet<Shared>>,
    /// What was taken from rate limits before this process began, by the clock that nobody sets.
    restored: Mutex<HashMap<(InstallationId, Owner, LimitName), RateState>>,
    nodes: AtomicU64,
    pub(crate) leases: Leases,
}

/// Limits that several keys have, found by what they are made of.
struct Shared {
    made_of: (RateLimits, Quotas),
    spec: Arc<Spec>,
}

impl std::hash::Hash for Shared {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.made_of.hash(state);
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        self.made_of == other.made_of
    }
}

impl Eq for Shared {}

impl std::borrow::Borrow<(RateLimits, Quotas)> for Shared {
    fn borrow(&self) -> &(RateLimits, Quotas) {
        &self.made_of
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nanoseconds of the clock that nobody sets.
fn nanos(ticks: &Ticks) -> u64 {
    u64::try_from(ticks().as_nanos()).unwrap_or(u64::MAX)
}

impl Limits {
    pub(crate) fn new(ticks: Ticks) -> Self {
        Self {
            ticks,
            zones: Zones::default(),
            ceilings: Ceilings::default(),
            keys: Mutex::default(),
            specs: Mutex::default(),
            restored: Mutex::default(),
            nodes: AtomicU64::new(1),
            leases: Leases::default(),
        }
    }

    pub(crate) fn ceilings(&self) -> &Ceilings {
        &self.ceilings
    }

    pub(crate) fn set_zones(&self, zones: HashMap<InstallationId, TimeZone>) {
        self.zones.set(zones);
    }

    /// So many nodes share rate limits from now on.
    pub(crate) fn set_nodes(&self, nodes: u64) {
        self.nodes.store(nodes.max(1), Relaxed);
    }

    pub(crate) fn nodes(&self) -> u64 {
        self.nodes.load(Relaxed)
    }

    pub(crate) fn nanos(&self) -> u64 {
        nanos(&self.ticks)
    }

    /// The meters of a key with these limits as of the change of `epoch`; `None`: it has no limits.
    pub(crate) fn of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
        rate_limits: RateLimits,
        quotas: Quotas,
        epoch: i64,
    ) -> Option<Arc<Meters>> {
        let mut keys = lock(&self.keys);
        let has_none = rate_limits.is_empty() && quotas.is_empty();
        // One that had limits is told that it has none, so that they go on from where they were if it gets them again.
        let meters = match keys.get(&key) {
            Some(meters) => Arc::clone(meters),
            None if has_none => return None,
            None => {
                let meters = Arc::new(Meters::new(installation, Owner::Key(key)));
                keys.insert(key, Arc::clone(&meters));
                meters
            }
        };
        drop(keys);
        self.adopt(&meters, rate_limits, quotas, epoch);
        (!has_none).then_some(meters)
    }

    /// Gives meters the limits of a change, if they know of none newer.
    fn adopt(&self, meters: &Meters, rate_limits: RateLimits, quotas: Quotas, epoch: i64) {
        let spec = self.share(rate_limits, quotas);
        let restored = |name: &LimitName| {
            let mut restored = lock(&self.restored);
            if restored.is_empty() {
                return RateState::default();
            }
            restored.remove(&(meters.installation, meters.owner.clone(), name.clone())).unwrap_or_default()
        };
        meters.lock().adopt(epoch, &spec, restored);
    }

    fn share(&self, rate_limits: RateLimits, quotas: Quotas) -> Arc<Spec> {
        let made_of = (rate_limits, quotas);
        let mut specs = lock(&self.specs);
        if let Some(shared) = specs.get(&made_of) {
            return Arc::clone(&shared.spec);
        }
        let spec = Arc::new(Spec::new(&made_of.0, &made_of.1));
        if specs.len() >= SHARED {
            specs.retain(|shared| Arc::strong_count(&shared.spec) > 1);
        }
        if specs.len() < SHARED {
            specs.insert(Shared { made_of, spec: Arc::clone(&spec) });
        }
        spec
    }

    /// Decides by the limits of a key and by its ceilings, and takes from them if they let it pass.
    pub(crate) fn decide(&self, meters: [Option<&Arc<Meters>>; OWNERS], ask: Ask<'_>) -> Decision {
        let ticks = || nanos(&self.ticks);
        let around = Around { ticks: &ticks, zones: &self.zones, nodes: self.nodes() };
        let Decided { decision, asks } = meters::decide(meters.map(|meters| meters.map(Arc::as_ref)), ask, around);
        for (meters, _) in meters.into_iter().zip(asks).filter(|(_, asks)| *asks) {
            if let Some(meters) = meters {
                self.leases.ask(meters);
            }
        }
        decision
    }

    /// Calls this with the state of each key, client and installation that has any.
    fn each(&self, mut with: impl FnMut(&Arc<Meters>)) {
        let meters: Vec<_> = lock(&self.keys).values().cloned().chain(self.ceilings.all()).collect();
        meters.iter().for_each(&mut with);
    }

    /// Forgets the state of keys that are no longer in memory and have nothing to remember.
    pub(crate) fn forget_idle(&self) {
        let tick = self.nanos();
        // Whoever takes one out of the table holds it locked, so none is given away twice.
        lock(&self.keys).retain(|_, meters| Arc::strong_count(meters) > 1 || !meters.lock().is_idle(tick));
    }

    pub(crate) fn metered_keys(&self) -> u64 {
        lock(&self.keys).len() as u64
    }
}

/// Told when quotas should be leased soon.
pub(crate) type Soon = Notify;

#[cfg(test)]
mod tests;
