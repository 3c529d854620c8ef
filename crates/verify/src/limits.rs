//! Whether a key has done too much: rate limits and quotas of keys, and the ceilings of clients and installations.

mod ceilings;
mod decide;
mod elsewhere;
mod held;
mod keep;
mod lease;
mod limit_state;
mod meters;
mod nodes;
mod quota_state;
#[cfg(feature = "redis")]
mod redis;
#[cfg(not(feature = "redis"))]
#[path = "limits/without_redis.rs"]
mod redis;
mod spec;
mod used;
mod zones;

use std::{
    collections::{HashMap, HashSet},
    mem::take,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use model::{
    InstallationId, KeyId, LimitName, Occupancy, Period, Quota, Quotas, RECORDING_BYTES_LIMIT, RateLimits, RateState,
    ScopeSet, TimeZone,
};
use store::{SharedRate, Store, StoreError, StoredCeiling, StoredRecord};
use tokio::sync::Notify;

pub(crate) use self::lease::MOST as WAITS_MOST;
use self::{
    ceilings::Ceilings,
    decide::Around,
    elsewhere::Elsewhere,
    lease::{Leases, owner_row},
    nodes::Nodes,
    redis::RedisRates,
    spec::Spec,
    used::Used,
    zones::Zones,
};
pub(crate) use self::{
    decide::{Ask, Decided, Decision, OWNERS},
    elsewhere::{Answers, Asked, Question},
    meters::{Meters, Owner},
};
pub use self::{
    limit_state::{LimitKind, LimitLabel, LimitOwner, LimitState, RefusedBy},
    redis::{InvalidRedisAddress, RedisAddress},
};
use crate::Ticks;

/// Sets of limits that keys share; beyond this many, each key has its own.
const SHARED: usize = 4096;
/// So many entries more than keys can be in memory, and an eighth of them, are not looked for.
const GONE: usize = 1024;

/// The state of all limits that this node knows.
pub(crate) struct Limits {
    ticks: Ticks,
    zones: Zones,
    ceilings: Ceilings,
    /// Held by the records of the keys, and while something is taken.
    keys: Mutex<HashMap<KeyId, Weak<Meters>>>,
    /// Bytes of recordings: no calls, so no call is decided by these.
    recordings: Mutex<HashMap<KeyId, Weak<Meters>>>,
    used: Used,
    specs: Mutex<HashSet<Shared>>,
    /// What was taken from rate limits before this process began, by the clock that nobody sets.
    restored: Mutex<HashMap<(InstallationId, Owner, LimitName), RateState>>,
    pub(crate) nodes: Nodes,
    pub(crate) leases: Leases,
    redis: OnceLock<RedisRates>,
    /// Told when it is known whether a call needs what it holds of quotas.
    pub(crate) settled: Arc<Notify>,
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

/// The meters of one key, where it has limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metered {
    /// Its calls.
    pub(crate) calls: Option<Arc<Meters>>,
    /// Bytes of recordings.
    pub(crate) recordings: Option<Arc<Meters>>,
}

/// How many bytes of recordings a key may download, as a quota of days.
fn recordings(stored: &StoredRecord) -> Quotas {
    let quota = |bytes: u64| {
        let name = LimitName::parse(RECORDING_BYTES_LIMIT)?;
        Quotas::new(vec![Quota::new(name, bytes, Period::Day, None, ScopeSet::default())?])
    };
    let bytes = stored.contact_centre.recording_bytes_per_day.map(u64::from);
    // The name has the form of one, and the bytes are none too many.
    bytes.and_then(|bytes| quota(bytes).ok()).unwrap_or_default()
}

fn shared(asked: &[Asked]) -> Vec<SharedRate> {
    let shared = |asked: &Asked| SharedRate {
        installation: asked.installation,
        owner: owner_row(&asked.owner),
        name: asked.name.clone(),
        rate: asked.rate,
        known: asked.known,
    };
    asked.iter().map(shared).collect()
}

/// The ceilings above a key.
pub(crate) struct Above {
    pub(crate) client: Option<Arc<Meters>>,
    pub(crate) installation: Option<Arc<Meters>>,
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
            recordings: Mutex::default(),
            used: Used::default(),
            specs: Mutex::default(),
            restored: Mutex::default(),
            nodes: Nodes::default(),
            leases: Leases::default(),
            redis: OnceLock::new(),
            settled: Arc::default(),
        }
    }

    pub(crate) fn set_zones(&self, zones: HashMap<InstallationId, TimeZone>) {
        self.zones.set(zones);
    }

    /// Nodes that share rate limits.
    pub(crate) fn nodes(&self) -> u64 {
        self.nodes.running()
    }

    pub(crate) fn nanos(&self) -> u64 {
        nanos(&self.ticks)
    }

    /// The meters of a key with the limits that were read; the lists are taken out of there.
    pub(crate) fn of_record(&self, stored: &mut StoredRecord) -> Metered {
        let (rate_limits, quotas) = (take(&mut stored.rate_limits), take(&mut stored.quotas));
        let calls = self.of_key(&self.keys, stored, rate_limits, quotas);
        let recordings = self.of_key(&self.recordings, stored, RateLimits::default(), recordings(stored));
        Metered { calls, recordings }
    }

    /// The meters of a key with these limits; `None`: there are none.
    fn of_key(
        &self,
        keys: &Mutex<HashMap<KeyId, Weak<Meters>>>,
        stored: &StoredRecord,
        rate_limits: RateLimits,
        quotas: Quotas,
    ) -> Option<Arc<Meters>> {
        let (installation, key, epoch) = (stored.installation, stored.key, stored.epoch);
        let mut keys = lock(keys);
        let has_none = rate_limits.is_empty() && quotas.is_empty();
        // One that had limits is told that it has none, so that they go on from where they were if it gets them again.
        let meters = match keys.get(&key).and_then(Weak::upgrade) {
            Some(meters) => meters,
            None if has_none => return None,
            None => {
                let meters = Arc::new(Meters::new(installation, Owner::Key(key)));
                keys.insert(key, Arc::downgrade(&meters));
                meters
            }
        };
        drop(keys);
        self.adopt(&meters, rate_limits, quotas, epoch);
        (!has_none).then_some(meters)
    }

    /// Gives meters the limits of a change, if they know of none newer.
    fn adopt(&self, meters: &Arc<Meters>, rate_limits: RateLimits, quotas: Quotas, epoch: i64) {
        let spec = self.share(rate_limits, quotas);
        let restored = |name: &LimitName| {
            let mut restored = lock(&self.restored);
            if restored.is_empty() {
                return RateState::default();
            }
            restored.remove(&(meters.installation, meters.owner.clone(), name.clone())).unwrap_or_default()
        };
        let mut state = meters.lock();
        state.adopt(epoch, &spec, restored);
        let is_idle = state.is_idle(self.nanos());
        drop(state);
        if !is_idle {
            self.used.note(meters);
        }
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

    /// Puts ceilings in place that have changed. `all`: there are no others.
    pub(crate) fn set_ceilings(&self, changed: Vec<StoredCeiling>, all: bool) {
        let mut set = HashSet::new();
        for StoredCeiling { installation, client, ceiling, epoch, .. } in changed {
            let owner = client
                .map_or(Owner::Installation, |(client, _)| Owner::Client(client.environment(), client.folded().into()));
            let Some(meters) = self.ceilings.of(installation, &owner) else { continue };
            self.adopt(&meters, ceiling.rate_limits, ceiling.quotas, epoch);
            set.insert(Arc::as_ptr(&meters).addr());
        }
        if all {
            let others = self.ceilings.all().into_iter().filter(|meters| !set.contains(&Arc::as_ptr(meters).addr()));
            others.for_each(|meters| self.adopt(&meters, RateLimits::default(), Quotas::default(), i64::MIN));
        }
    }

    /// The ceilings above a key of an installation; `client` finds its client by the hashes of this. `None`: nothing limits it, neither
    /// these nor limits of its own.
    pub(crate) fn above(
        &self,
        installation: InstallationId,
        has_own: bool,
        client: impl FnOnce(&Ceilings) -> u64,
    ) -> Option<Above> {
        let has_clients = self.ceilings.has_clients();
        if !has_own && !has_clients && !self.ceilings.has_installations() {
            return None;
        }
        let client = has_clients
            .then(|| client(&self.ceilings))
            .and_then(|client| self.ceilings.of_client(installation, client));
        Some(Above { client, installation: self.ceilings.of_installation(installation) })
    }

    /// Decides by the limits of a key and by its ceilings, and takes from them if they let it pass.
    pub(crate) fn decide(&self, meters: [Option<&Arc<Meters>>; OWNERS], ask: Ask<'_>) -> Decision {
        let ticks = || nanos(&self.ticks);
        let nodes = self.nodes();
        let (elsewhere, settled) = (self.elsewhere(nodes), &self.settled);
        let around = Around { ticks: &ticks, zones: &self.zones, nodes, elsewhere, settled };
        let Decided { decision, asks } = decide::decide(meters, ask, around);
        for (meters, asks) in meters.into_iter().zip(asks) {
            let Some(meters) = meters else { continue };
            self.used.note(meters);
            if asks {
                self.leases.ask(meters);
            }
        }
        decision
    }

    /// From now on rate limits are decided there.
    pub(crate) fn set_redis(&self, address: RedisAddress) {
        // Once is enough: it is given at the start.
        let _ = self.redis.set(RedisRates::new(address));
    }

    /// Where rate limits are decided besides this process, if anywhere; `None`: it does not answer.
    pub(crate) fn redis(&self) -> Option<&RedisRates> {
        self.redis.get()
    }

    fn elsewhere(&self, nodes: u64) -> Elsewhere {
        match self.redis.get() {
            Some(redis) if redis.is_up(self.nanos()) => Elsewhere::All,
            _ if nodes > 1 => Elsewhere::Small,
            _ => Elsewhere::None,
        }
    }

    /// Asks for rate limits where they are decided. `None`: they are decided here from now on.
    pub(crate) async fn ask_elsewhere(
        &self,
        store: &Store,
        question: Question,
        cost: u64,
    ) -> Result<Option<Answers>, StoreError> {
        let Question { asked, takes, held, elsewhere } = question;
        let answered = if elsewhere == Elsewhere::All {
            // Never asked of the database: there, a call would be let pass by the whole of a limit of which this node has a share.
            let tick = self.nanos();
            match self.redis.get().filter(|redis| redis.is_up(tick)) {
                Some(redis) => redis.decide(&asked, cost, takes, tick).await,
                None => None,
            }
        } else {
            let (taken, taken_for) = store.take_rates(&shared(&asked), cost, takes).await?;
            Some((taken_for, taken))
        };
        Ok(answered.map(|(taken_for, taken)| Answers { asked, taken_for, cost, taken, held, elsewhere }))
    }

    /// Gives back what was taken elsewhere with a call that was refused here.
    pub(crate) async fn give_rates_back(&self, store: &Store, answers: Answers) {
        // What it holds of quotas comes back with this.
        let Answers { asked, cost, taken: true, held: _held, elsewhere, .. } = answers else { return };
        if cost == 0 {
            return;
        }
        if elsewhere == Elsewhere::All {
            let tick = self.nanos();
            if let Some(redis) = self.redis.get().filter(|redis| redis.is_up(tick)) {
                redis.give_back(&asked, cost, tick).await;
            }
        } else if let Err(error) = store.give_rates(&shared(&asked), cost).await {
            tracing::warn!(%error, "what a refused call took from a rate limit could not be given back");
        }
    }

    /// The state of each key, client and installation that has any.
    fn all(&self) -> Vec<Arc<Meters>> {
        let mut all: Vec<_> = lock(&self.keys).values().filter_map(Weak::upgrade).collect();
        all.extend(lock(&self.recordings).values().filter_map(Weak::upgrade));
        all.extend(self.ceilings.all());
        all
    }

    /// Forgets the state of keys that have nothing to remember and are not among the `cached` ones.
    pub(crate) fn forget_idle(&self, cached: usize) {
        self.used.forget_idle(self.nanos());
        let most = cached.saturating_add(self.used.len());
        for keys in [&self.keys, &self.recordings] {
            let mut keys = lock(keys);
            if keys.len() > most.saturating_add(most / 8).saturating_add(GONE) {
                keys.retain(|_, meters| meters.strong_count() > 0);
            }
        }
    }

    /// Sets of limits that keys share.
    pub(crate) fn shared(&self) -> Occupancy {
        Occupancy::new("shared_limits", lock(&self.specs).len(), SHARED)
    }

    pub(crate) fn metered_keys(&self) -> u64 {
        lock(&self.keys).len() as u64
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use model::Instant;
    use store::testing::TestDatabase;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn whoever_asks_redis_when_it_is_gone_is_not_let_pass_by_the_whole_limit_in_the_database() {
        let database = TestDatabase::sqlite().await;
        let store = database.store().await;
        let limits = Limits::new(Arc::new(|| std::time::Duration::from_secs(1)));
        let nobody_listens =
            std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
        limits.set_redis(RedisAddress::parse(&format!("redis://{nobody_listens}")).expect("an address"));
        let rates = serde_json::from_str(r#"[{"name":"a","limit":3,"window_seconds":60}]"#).expect("rate limits");
        let meters = Arc::new(Meters::new(InstallationId(Uuid::nil()), Owner::Installation));
        limits.adopt(&meters, rates, Quotas::default(), 1);

        let ask = Ask { wanted: None, cost: 1, now: Instant::from_millis(0), answers: None };
        let mut asked = Vec::new();
        for _ in 0..2 {
            match limits.decide([None, None, Some(&meters)], ask) {
                Decision::Elsewhere(question) => asked.push(question),
                decision => panic!("{decision:?}"),
            }
        }
        for question in asked {
            let answers = limits.ask_elsewhere(&store, question, 1).await.expect("the database answers");
            assert!(answers.is_none(), "{answers:?}");
        }
        // From now on it is decided here.
        assert!(matches!(limits.decide([None, None, Some(&meters)], ask), Decision::Passes(_)));
        assert_eq!(database.raw().await.number("SELECT count(*) FROM rate_state").await, 0);
    }
}
