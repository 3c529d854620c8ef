use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicI64, AtomicU32,
        Ordering::{AcqRel, Relaxed},
    },
};

use model::{
    ClientName, Code, Environment, InstallationId, Instant, KeyFacts, KeyId, KeyKind, LifeCycle, NetworkSet, OriginSet,
    RESTORE_WINDOW_MS, ScopeSet, SecretId,
};
use store::{LastUse, StoredRecord};

/// What verification knows of one secret, with the calls that were counted since they were last written down.
#[derive(Debug)]
pub struct Record {
    installation: InstallationId,
    key: KeyId,
    secret: SecretId,
    kind: KeyKind,
    client_name: ClientName,
    environment: Environment,
    scopes: Arc<ScopeSet>,
    bounds: Option<Arc<Bounds>>,
    life: LifeCycle,
    secret_expires_at: Option<Instant>,
    pub(crate) epoch: i64,
    calls: [AtomicU32; Code::ALL.len()],
    /// In which they fall, in hours since the epoch. 0: none was counted yet.
    hour: AtomicU32,
    last_used_at: AtomicI64,
    queued: AtomicBool,
}

/// From where a key may be used. Most keys are bound to nothing, and have none of this.
#[derive(Debug)]
struct Bounds {
    networks: NetworkSet,
    origins: OriginSet,
}

static ANY_NETWORK: NetworkSet = NetworkSet::ANY;
static ANY_ORIGIN: OriginSet = OriginSet::ANY;

/// Calls are counted by the hour.
const HOUR_MS: i64 = 60 * 60 * 1000;

fn start(hour: u32) -> Instant {
    Instant::from_millis(i64::from(hour) * HOUR_MS)
}

impl Record {
    pub(crate) fn new(stored: StoredRecord, scopes: Arc<ScopeSet>) -> Self {
        let bounds = Bounds { networks: stored.networks, origins: stored.origins };
        let bound = !bounds.networks.is_empty() || !bounds.origins.is_empty();
        Self {
            installation: stored.installation,
            key: stored.key,
            secret: stored.secret,
            kind: stored.kind,
            client_name: stored.client_name,
            environment: stored.environment,
            scopes,
            bounds: bound.then(|| Arc::new(bounds)),
            life: stored.life,
            secret_expires_at: stored.secret_expires_at,
            epoch: stored.epoch,
            calls: Default::default(),
            hour: AtomicU32::new(0),
            last_used_at: AtomicI64::new(stored.last_used_at.map_or(0, Instant::as_millis)),
            queued: AtomicBool::new(false),
        }
    }

    /// The same secret of the key that a change has deleted.
    pub(crate) fn deleted(&self, at: Instant, epoch: i64) -> Self {
        Self {
            installation: self.installation,
            key: self.key,
            secret: self.secret,
            kind: self.kind,
            client_name: self.client_name.clone(),
            environment: self.environment,
            scopes: Arc::clone(&self.scopes),
            bounds: self.bounds.clone(),
            life: LifeCycle { deleted_at: Some(at), ..self.life },
            secret_expires_at: self.secret_expires_at,
            epoch,
            calls: Default::default(),
            hour: AtomicU32::new(0),
            last_used_at: AtomicI64::new(self.last_used_at.load(Relaxed)),
            queued: AtomicBool::new(false),
        }
    }

    /// Nobody's: what is done with it when a key is not found takes as long as with a revoked one. It waits to be written
    /// down from the start, so it never will be.
    pub(crate) fn decoy() -> Self {
        let nobody = uuid::Uuid::nil();
        let stored = StoredRecord {
            digest: [0; 32],
            secret: SecretId(nobody),
            secret_expires_at: None,
            installation: InstallationId(nobody),
            key: KeyId(nobody),
            kind: KeyKind::Issued,
            client_name: ClientName::parse("nobody").expect("a name"),
            environment: Environment::Live,
            scopes: ScopeSet::default(),
            networks: NetworkSet::ANY,
            origins: OriginSet::ANY,
            life: LifeCycle { deleted_at: Some(Instant::from_millis(0)), ..LifeCycle::default() },
            last_used_at: None,
            epoch: 0,
        };
        let decoy = Self::new(stored, Arc::default());
        decoy.queued.store(true, Relaxed);
        decoy
    }

    /// The key, whatever its secrets.
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// Whose key.
    pub fn installation(&self) -> InstallationId {
        self.installation
    }

    /// The installation's own, or issued.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whom it was generated for.
    pub fn client_name(&self) -> &ClientName {
        &self.client_name
    }

    /// Which data it reaches.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// What it may do.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// From when on it is refused.
    pub fn expires_at(&self) -> Option<Instant> {
        self.life.expires_at
    }

    pub(crate) fn facts(&self) -> KeyFacts<'_> {
        let bounds = self.bounds.as_deref();
        KeyFacts {
            life: self.life,
            secret_expires_at: self.secret_expires_at,
            networks: bounds.map_or(&ANY_NETWORK, |bounds| &bounds.networks),
            origins: bounds.map_or(&ANY_ORIGIN, |bounds| &bounds.origins),
            scopes: &self.scopes,
        }
    }

    /// From when on nobody finds it any more: a tombstone, or a secret that another took the place of, is forgotten 30 days
    /// later.
    pub(crate) fn gone_at(&self) -> Option<Instant> {
        let ended = [self.life.deleted_at, self.secret_expires_at].into_iter().flatten().min()?;
        Some(ended.plus_millis(RESTORE_WINDOW_MS))
    }

    #[cfg(test)]
    pub(crate) fn life(&self) -> LifeCycle {
        self.life
    }

    /// Moves the count on to the hour of `now`. Gives the hour before it, whose calls must be put aside first.
    pub(crate) fn turn(&self, now: Instant) -> Option<Instant> {
        let hour = u32::try_from(now.as_millis().div_euclid(HOUR_MS)).unwrap_or(0);
        if self.hour.load(Relaxed) == hour {
            return None;
        }
        let before = self.hour.swap(hour, Relaxed);
        (before != hour && before != 0).then(|| start(before))
    }

    /// The hour in which the calls that are counted here were made, by its first instant.
    pub(crate) fn hour(&self) -> Instant {
        start(self.hour.load(Relaxed))
    }

    /// Counts a call. True: nobody has asked yet that this record be written down.
    pub(crate) fn count(&self, code: Code, now: Instant) -> bool {
        // Together with the swap in `take`: who adds after counts were taken sees that the record waits no more.
        self.calls[code.index()].fetch_add(1, AcqRel);
        if code == Code::Valid {
            self.last_used_at.store(now.as_millis(), Relaxed);
        }
        // Read first: a store to a line that every core reads would cost more than the call.
        !self.queued.load(Relaxed) && !self.queued.swap(true, Relaxed)
    }

    /// Lets the next call ask again that this record be written down.
    pub(crate) fn unqueue(&self) {
        self.queued.store(false, Relaxed);
    }

    /// Marks this record as waiting to be written down. False: it waits already.
    pub(crate) fn requeue(&self) -> bool {
        !self.queued.swap(true, Relaxed)
    }

    /// Takes the calls counted so far.
    pub(crate) fn take(&self) -> impl Iterator<Item = (Code, u32)> {
        Code::ALL
            .into_iter()
            .map(|code| (code, self.calls[code.index()].swap(0, AcqRel)))
            .filter(|(_, calls)| *calls > 0)
    }

    pub(crate) fn last_use(&self) -> Option<LastUse> {
        let at = Some(self.last_used_at.load(Relaxed)).filter(|ms| *ms != 0).map(Instant::from_millis)?;
        Some(LastUse { installation: self.installation, key: self.key, secret: self.secret, at })
    }
}
