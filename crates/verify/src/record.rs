mod centre;
mod extra;
mod token;
mod told;

use std::{
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64,
            Ordering::{AcqRel, Relaxed},
        },
    },
};

use model::{
    CallFacts, ClientName, Code, Environment, InstallationId, Instant, KeyFacts, KeyId, KeyKind, LifeCycle, NetworkSet,
    OriginSet, OriginUnion, RESTORE_WINDOW_MS, RefusalCode, ScopeSet, SecretId,
};
use store::{Digest, LastUse, StoredRecord};

use self::{centre::Centre, extra::Extra};
use crate::{
    detail::Detail,
    ends::{Ends, NEVER},
    limits::Metered,
    trial::Tried,
};

/// What verification knows of one secret, with the calls that were counted since they were last written down.
///
/// All that a call with a living key reads and writes is in `Hot`, at the beginning: with the counts of its `Arc` it
/// fills one line of 64 bytes; the digest and what an answer says of the key are in the next. Of ten thousand keys that
/// are called in turn no record is in the processor's nearest cache, and each line that a call touches is waited for.
/// In a model of both (2026-11-25, a busy machine) finding and counting cost 230 to 540 ns before, and with this and
/// the table of `cache.rs` 180 to 260 ns.
#[derive(Debug)]
#[repr(C)]
pub struct Record {
    hot: Hot,
    pub(crate) digest: Digest,
    key: KeyId,
    installation: InstallationId,
    client_name: ClientName,
    /// Its client among those that have ceilings. 0: nobody asked yet.
    client: AtomicU64,
    /// The last use that is written down, in milliseconds.
    written_at: AtomicI64,
    ends: Ends,
    secret: SecretId,
    pub(crate) epoch: i64,
    /// Made with the first call. Allowed calls are counted in [`Hot`].
    detail: OnceLock<Box<Detail>>,
}

#[derive(Debug)]
#[repr(C)]
struct Hot {
    /// [`KeyFacts::lives_until`].
    lives_until: Instant,
    scopes: Arc<ScopeSet>,
    extra: Option<Arc<Extra>>,
    last_used_at: AtomicI64,
    /// The minute in which the calls fall, in minutes since 1970. 0: none was counted yet.
    minute: AtomicU32,
    allowed: AtomicU32,
    queued: AtomicBool,
    environment: Environment,
    kind: KeyKind,
    /// 0: the secret has this digest. Else it had it under another pepper, and this many looks for what is old have passed, and one.
    former: AtomicU8,
}

// With the two counts of an `Arc`: one line, and at most four lines, whose blocks every allocator aligns.
const _: () = assert!(size_of::<Hot>() == 64 - 16 && size_of::<Record>() <= 256 - 16);
const _: () = assert!(Code::Valid.index() == Code::ALL.len() - 1);

/// How far a last use that is written down may be behind. Three rows and an index would change with it every five seconds
/// for a key that is called all the time: more work than deciding all its calls.
const LAST_USE_MS: i64 = 60_000;
/// Calls are counted by the minute.
const MINUTE_MS: i64 = 60_000;

pub(crate) fn start(minute: u32) -> Instant {
    Instant::from_millis(i64::from(minute) * MINUTE_MS)
}

/// Scopes and addresses are counted by the quarter of an hour.
pub(crate) fn quarter(minute: u32) -> u32 {
    minute / 15
}

impl Record {
    pub(crate) fn new(stored: StoredRecord, scopes: Arc<ScopeSet>, meters: Metered) -> Self {
        let trial = stored.trial.map(|trial| Tried::new(stored.key, trial));
        let centre = Centre::new(&stored.contact_centre, stored.sandbox_world, meters.recordings);
        let last_used_at = stored.last_used_at.map_or(0, Instant::as_millis);
        let mut record = Self {
            hot: Hot {
                lives_until: Instant::from_millis(i64::MIN),
                scopes,
                extra: Extra::new(meters.calls, stored.networks, stored.origins, trial, centre),
                last_used_at: AtomicI64::new(last_used_at),
                minute: AtomicU32::new(0),
                allowed: AtomicU32::new(0),
                queued: AtomicBool::new(false),
                environment: stored.environment,
                kind: stored.kind,
                former: AtomicU8::new(0),
            },
            digest: stored.digest,
            key: stored.key,
            installation: stored.installation,
            client_name: stored.client_name,
            client: AtomicU64::new(0),
            written_at: AtomicI64::new(last_used_at),
            ends: Ends::new(stored.life, stored.secret_expires_at),
            secret: stored.secret,
            epoch: stored.epoch,
            detail: OnceLock::new(),
        };
        record.hot.lives_until = record.facts().lives_until();
        record
    }

    /// The record of the same secret after a change has deleted its key.
    pub(crate) fn deleted(&self, at: Instant, epoch: i64) -> Self {
        let mut record = Self {
            hot: Hot {
                lives_until: self.hot.lives_until,
                scopes: Arc::clone(&self.hot.scopes),
                extra: self.hot.extra.clone(),
                last_used_at: AtomicI64::new(self.hot.last_used_at.load(Relaxed)),
                minute: AtomicU32::new(0),
                allowed: AtomicU32::new(0),
                queued: AtomicBool::new(false),
                environment: self.hot.environment,
                kind: self.hot.kind,
                former: AtomicU8::new(self.hot.former.load(Relaxed)),
            },
            digest: self.digest,
            key: self.key,
            installation: self.installation,
            client_name: self.client_name.clone(),
            client: AtomicU64::new(self.client.load(Relaxed)),
            written_at: AtomicI64::new(self.written_at.load(Relaxed)),
            ends: self.ends.deleted(at),
            secret: self.secret,
            epoch,
            detail: OnceLock::new(),
        };
        record.hot.lives_until = record.facts().lives_until();
        record
    }

    /// The record of the same secret under a digest that it had before.
    pub(crate) fn under_former(stored: StoredRecord, scopes: Arc<ScopeSet>, meters: Metered) -> Self {
        let record = Self::new(stored, scopes, meters);
        record.hot.former.store(1, Relaxed);
        record
    }

    /// Whether it stands under a digest that its secret had before.
    pub(crate) fn is_former(&self) -> bool {
        self.hot.former.load(Relaxed) > 0
    }

    /// Whether it stands under a former digest for longer than anything can be under way that was read before. Asked once at each
    /// look for what is old, which are an hour apart.
    pub(crate) fn outlived(&self) -> bool {
        self.is_former() && self.hot.former.fetch_add(1, Relaxed) > 1
    }

    /// A record of no key: deciding on it when a key is not found takes as long as deciding on a revoked key. It is
    /// marked as queued from the start, so it is never written down.
    pub(crate) fn decoy() -> Self {
        let nobody = uuid::Uuid::nil();
        let stored = StoredRecord {
            digest: [0; 32],
            former: None,
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
            rate_limits: model::RateLimits::default(),
            quotas: model::Quotas::default(),
            contact_centre: model::ContactCentreLimits::default(),
            sandbox_world: None,
            life: LifeCycle { deleted_at: Some(Instant::from_millis(0)), ..LifeCycle::default() },
            last_used_at: None,
            trial: None,
            epoch: 0,
        };
        let decoy = Self::new(stored, Arc::default(), Metered::default());
        decoy.hot.queued.store(true, Relaxed);
        decoy.detail.get_or_init(|| Box::new(Detail::decoy()));
        decoy
    }

    /// The key, whatever its secrets.
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// The secret that was sent.
    pub fn secret(&self) -> SecretId {
        self.secret
    }

    /// Whose key.
    pub fn installation(&self) -> InstallationId {
        self.installation
    }

    /// The installation's own, or issued.
    pub fn kind(&self) -> KeyKind {
        self.hot.kind
    }

    /// Whom it was generated for.
    pub fn client_name(&self) -> &ClientName {
        &self.client_name
    }

    /// Which data it reaches.
    pub fn environment(&self) -> Environment {
        self.hot.environment
    }

    /// Its scopes.
    pub fn scopes(&self) -> &ScopeSet {
        &self.hot.scopes
    }

    /// From when on it is refused.
    pub fn expires_at(&self) -> Option<Instant> {
        self.ends.life().expires_at
    }

    /// Whether its key was deleted, whatever the time.
    pub(crate) fn is_deleted(&self) -> bool {
        self.ends.deleted_at != NEVER
    }

    /// Whether it works no more for good at `now`: its key was deleted, or a rotation has ended the secret.
    pub fn is_revoked(&self, now: Instant) -> bool {
        self.is_deleted() || self.ends.secret_expires_at <= now.as_millis()
    }

    /// Since when it had ended or was switched off, for a call that was refused for this reason.
    pub(crate) fn ended_at(&self, code: RefusalCode) -> Option<Instant> {
        match code {
            RefusalCode::KeyRevoked => self.ends.life().deleted_at,
            RefusalCode::SecretEnded => self.ends.secret_expires_at(),
            RefusalCode::KeyDisabled => self.ends.life().disabled_at,
            RefusalCode::KeyExpired | RefusalCode::TokenExpired => self.ends.life().expires_at,
            _ => None,
        }
    }

    /// Decides a call as of `now`, by this record alone; see [`Record::judge`].
    pub(crate) fn decide(&self, call: CallFacts<'_>, now: Instant) -> Code {
        if now < self.hot.lives_until {
            let (networks, origins) = self.bounds();
            model::decide_living(self.hot.environment, networks, origins, &self.hot.scopes, call)
        } else {
            model::decide(self.facts(), call, now)
        }
    }

    fn facts(&self) -> KeyFacts<'_> {
        let (networks, origins) = self.bounds();
        let (life, secret_expires_at) = (self.ends.life(), self.ends.secret_expires_at());
        KeyFacts {
            life,
            secret_expires_at,
            environment: self.hot.environment,
            networks,
            origins,
            scopes: &self.hot.scopes,
        }
    }

    fn bounds(&self) -> (&NetworkSet, &OriginSet) {
        Extra::bounds(self.hot.extra.as_deref())
    }

    /// Whether it is bound to web origins, and this is one of them.
    pub fn is_for_page(&self, origin: &str) -> bool {
        let origins = self.bounds().1;
        !origins.is_empty() && origins.allows(Some(origin))
    }

    /// Adds the origins from which it may be used, if it lives at `now`.
    pub(crate) fn add_origins(&self, now: Instant, union: &mut OriginUnion) {
        if now < self.hot.lives_until {
            for origin in self.bounds().1 {
                union.add(origin);
            }
        }
    }

    /// Its client among those that have ceilings.
    pub(crate) fn client(&self, find: impl FnOnce(&ClientName, Environment) -> u64) -> u64 {
        match self.client.load(Relaxed) {
            0 => {
                let client = find(&self.client_name, self.hot.environment);
                self.client.store(client, Relaxed);
                client
            }
            client => client,
        }
    }

    /// Whether it counts as not found at `now`.
    pub(crate) fn is_gone(&self, now: Instant) -> bool {
        // Quick for a key that works: it is not gone.
        now >= self.hot.lives_until && self.gone_at().is_some_and(|at| at <= now)
    }

    /// From when on it counts as not found: 30 days after its key was deleted or a rotation ended it.
    fn gone_at(&self) -> Option<Instant> {
        let ended = [self.ends.life().deleted_at, self.ends.secret_expires_at()].into_iter().flatten().min()?;
        Some(ended.plus_millis(RESTORE_WINDOW_MS))
    }

    #[cfg(test)]
    pub(crate) fn life(&self) -> LifeCycle {
        self.ends.life()
    }

    /// Moves the count on to the minute of `now`. Returns the minute before it, whose calls must be put aside first.
    pub(crate) fn turn(&self, now: Instant) -> Option<u32> {
        let minute = u32::try_from(now.as_millis().div_euclid(MINUTE_MS)).unwrap_or(0);
        if self.hot.minute.load(Relaxed) == minute {
            return None;
        }
        let before = self.hot.minute.swap(minute, Relaxed);
        (before != minute && before != 0).then_some(before)
    }

    /// The minute in which the calls that are counted here were made.
    pub(crate) fn minute(&self) -> u32 {
        self.hot.minute.load(Relaxed)
    }

    /// Counts a call. True: the record is not queued to be written down yet.
    pub(crate) fn count(&self, code: Code, call: &CallFacts<'_>, found: bool, now: Instant) -> bool {
        let detail = self.detail.get_or_init(Box::default);
        if code == Code::Valid {
            // Pairs with the swap in `take_allowed`: whoever adds after counts were taken sees that the record is no longer queued.
            self.hot.allowed.fetch_add(1, AcqRel);
            self.hot.last_used_at.store(now.as_millis(), Relaxed);
        } else {
            detail.count_refused(code);
        }
        match call.ip {
            Some(ip) if found => detail.count_address(ip, code),
            Some(ip) => detail.count_nobody(ip, code),
            None => {}
        }
        detail.count_scopes(&self.hot.scopes, call.wanted, code);
        // Read first: a store to a line that every core reads would cost more than the call.
        !self.hot.queued.load(Relaxed) && !self.hot.queued.swap(true, Relaxed)
    }

    /// What is counted of the calls besides how many were allowed; `None`: there was none yet.
    pub(crate) fn detail(&self) -> Option<&Detail> {
        self.detail.get().map(|detail| &**detail)
    }

    /// Lets the next call queue this record again.
    pub(crate) fn unqueue(&self) {
        self.hot.queued.store(false, Relaxed);
    }

    /// Marks this record as waiting to be written down. False: it waits already.
    pub(crate) fn requeue(&self) -> bool {
        !self.hot.queued.swap(true, Relaxed)
    }

    /// Takes the allowed calls counted so far.
    pub(crate) fn take_allowed(&self) -> u32 {
        self.hot.allowed.swap(0, AcqRel)
    }

    /// Whether calls were counted since they were last taken.
    pub(crate) fn has_calls(&self) -> bool {
        self.hot.allowed.load(Relaxed) > 0 || self.detail().is_some_and(Detail::has_calls)
    }

    /// Whether something of it should be written down at once: a first use, a new address, refused calls.
    pub(crate) fn is_urgent(&self) -> bool {
        self.written_at.load(Relaxed) == 0 && self.is_used() || self.detail().is_some_and(Detail::is_urgent)
    }

    /// Whether the last use is not written down yet.
    pub(crate) fn is_used(&self) -> bool {
        self.hot.last_used_at.load(Relaxed) > self.written_at.load(Relaxed)
    }

    /// The last use, if it is to be written down at `now`: the first at once, later ones once a minute. `None` for `now`:
    /// whatever is not written down yet.
    pub(crate) fn last_use(&self, now: Option<Instant>) -> Option<LastUse> {
        let (at, written) = (self.hot.last_used_at.load(Relaxed), self.written_at.load(Relaxed));
        let is_due = now.is_none_or(|now| written == 0 || now.as_millis() - written >= LAST_USE_MS);
        let (installation, key, secret, at) = (self.installation, self.key, self.secret, Instant::from_millis(at));
        let address = || -> Option<IpAddr> { self.detail().and_then(Detail::last_address) };
        (self.is_used() && is_due).then(|| LastUse { installation, key, secret, at, address: address() })
    }

    /// This last use is written down.
    pub(crate) fn wrote_down(&self, at: Instant) {
        self.written_at.fetch_max(at.as_millis(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u32 = 30_000_000;

    const CALL: CallFacts<'static> = CallFacts {
        wanted: &[],
        environment: model::AcceptedEnvironment::Any,
        ip: None,
        origin: model::CallOrigin::Unknown,
    };

    fn count(record: &Record, code: Code, now: Instant) -> bool {
        record.count(code, &CALL, true, now)
    }

    fn record() -> Record {
        let decoy = Record::decoy();
        decoy.unqueue();
        decoy
    }

    #[test]
    fn calls_are_counted_by_code_until_they_are_taken() {
        let (record, now) = (record(), Instant::from_millis(i64::from(MINUTE) * MINUTE_MS + 5));
        assert_eq!(record.turn(now), None);
        assert!(count(&record, Code::Valid, now), "it asks to be written down");
        assert!(!count(&record, Code::Valid, now), "once");
        for code in Code::ALL {
            count(&record, code, now);
        }
        assert_eq!(record.take_allowed(), 3);
        let refused: Vec<_> = record.detail().unwrap().take_refused().collect();
        assert_eq!(refused.len(), Code::ALL.len() - 1);
        assert!(refused.iter().all(|(_, calls)| *calls == 1), "{refused:?}");
        assert!(!record.has_calls());
        assert_eq!(record.minute(), MINUTE);
        assert_eq!(record.turn(start(MINUTE + 1)), Some(MINUTE));
    }

    #[test]
    fn a_last_use_is_written_down_once() {
        let record = record();
        let at = |ms| record.last_use(None).map(|used| used.at) == Some(Instant::from_millis(ms));
        assert_eq!(record.last_use(None), None);
        count(&record, Code::Revoked, Instant::from_millis(5));
        assert_eq!(record.last_use(None), None, "a refused call is no use");
        count(&record, Code::Valid, Instant::from_millis(5));
        assert!(at(5) && at(5), "until it is known to be written");
        count(&record, Code::Valid, Instant::from_millis(6));
        record.wrote_down(Instant::from_millis(5));
        assert!(at(6), "what came in between is not lost");
        record.wrote_down(Instant::from_millis(6));
        assert_eq!(record.last_use(None), None);
        assert!(!record.is_used());
    }

    #[test]
    fn the_first_use_is_written_down_at_once_and_later_ones_once_a_minute() {
        let record = record();
        let due = |now: i64| record.last_use(Some(Instant::from_millis(now))).map(|used| used.at.as_millis());
        count(&record, Code::Valid, Instant::from_millis(1_000));
        assert_eq!(due(1_001), Some(1_000));
        record.wrote_down(Instant::from_millis(1_000));
        count(&record, Code::Valid, Instant::from_millis(2_000));
        assert_eq!(due(60_999), None);
        assert!(record.is_used(), "it waits");
        assert_eq!(due(61_000), Some(2_000), "without another call");
    }
}
