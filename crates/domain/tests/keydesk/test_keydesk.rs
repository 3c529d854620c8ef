use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use domain::{Caller, Clock, Idempotency, Issued, Keydesk, NewInstallation, NewKey, OpenOptions};
use model::{Actor, Code, Instant, Overlap, Preset, RateLimits, Scope, ScopeSet, SettingsPatch};
use store::{AuditEntry, testing::TestDatabase};
use verify::{Call, Verdict};

/// 2026-11-22T21:20:00Z.
pub(crate) const START: i64 = 1_795_382_400_000;
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const HOUR: i64 = 60 * 60 * SECOND;

/// A clock that stands still until a test moves it.
pub(crate) struct StoppedClock(AtomicI64);

impl Clock for StoppedClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(SeqCst))
    }

    fn of_database(&self, _said: Instant) -> Instant {
        self.now()
    }
}

impl StoppedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(START)))
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, SeqCst);
    }

    pub(crate) fn set(&self, ms: i64) {
        self.0.store(ms, SeqCst);
    }
}

/// A Keydesk with two installations, `default` and `other`, and the operator of each.
pub(crate) struct TestKeydesk {
    pub(crate) keydesk: Keydesk,
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) operator: Caller,
    pub(crate) other: Caller,
    pub(crate) database: TestDatabase,
}

pub(crate) fn options(database: &TestDatabase, clock: &Arc<StoppedClock>) -> OpenOptions {
    let mut options = OpenOptions::founding(database.address(), database.dir());
    options.clock = Arc::clone(clock) as Arc<dyn Clock>;
    options
}

impl TestKeydesk {
    pub(crate) async fn open(database: TestDatabase) -> Self {
        let clock = StoppedClock::new();
        let keydesk = Keydesk::open(options(&database, &clock)).await.unwrap();
        let first = keydesk.installation("default").await.unwrap().unwrap();
        let new = NewInstallation { name: "other".to_owned(), title: "Other".to_owned(), recoverable: true };
        let second = keydesk.create_installation(Actor::Operator, new).await.unwrap();
        Self { keydesk, clock, operator: Caller::operator(first.id), other: Caller::operator(second.id), database }
    }

    /// Another process on the same database.
    pub(crate) async fn second_node(&self) -> Keydesk {
        Keydesk::open(options(&self.database, &self.clock)).await.unwrap()
    }

    pub(crate) async fn issue(&self, client_name: &str) -> Issued {
        self.keydesk.issue(&self.operator, new_key(client_name)).await.unwrap()
    }

    /// A key of `default` with these scopes, as a caller.
    pub(crate) async fn caller(&self, held: &[&str]) -> Caller {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(held)), ..settings("Caller") });
        let issued = self.keydesk.issue(&self.operator, new).await.unwrap();
        Caller::key(&verify(&self.keydesk, issued.secret.expose()).await.record.unwrap())
    }

    /// Every audit entry of the caller's installation.
    pub(crate) async fn audit(&self, caller: &Caller) -> Vec<AuditEntry> {
        self.database.store().await.audit_after(caller.installation, 0, 100_000).await.unwrap()
    }
}

/// What whoever verifies all the time does after each verification, by its number: it leaves the processor to others now
/// and then, so that a trial is about what happens between changes and not about who gets the processor.
pub(crate) async fn breathe(number: usize) {
    if number.is_multiple_of(4) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    } else {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn scopes(names: &[&str]) -> ScopeSet {
    names.iter().map(|name| Scope::parse(name).unwrap()).collect()
}

/// Of a CRM, without the limits that its preset brings: tests call as often as they like.
pub(crate) fn settings(client_name: &str) -> SettingsPatch {
    let rate_limits = Some(RateLimits::default());
    SettingsPatch { preset: Some(Preset::Crm), rate_limits, ..SettingsPatch::name(client_name) }
}

pub(crate) fn new_key(client_name: &str) -> NewKey {
    NewKey::of(settings(client_name))
}

pub(crate) fn overlap(seconds: u32) -> Overlap {
    Overlap::try_from(seconds).unwrap()
}

pub(crate) fn once(key: &str, body: &str) -> Option<Idempotency> {
    Some(Idempotency { key: key.to_owned(), fingerprint: domain::fingerprint(body.as_bytes()) })
}

pub(crate) fn call(key: &str) -> Call<'_> {
    Call::with(key)
}

pub(crate) async fn verify(keydesk: &Keydesk, key: &str) -> Verdict {
    keydesk.verifier().verify(call(key), keydesk.now()).await.unwrap()
}

pub(crate) async fn code(keydesk: &Keydesk, key: &str) -> Code {
    verify(keydesk, key).await.code
}

/// Waits until something holds, and fails when it does not in time.
pub(crate) async fn within(limit: Duration, what: &str, holds: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(limit, async {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        while !holds().await {
            looks.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "not within {limit:?}: {what}");
}

/// The time within which a change must be known everywhere.
pub(crate) const KNOWN: Duration = Duration::from_secs(1);
/// For work that is promised to be done, and not by when.
pub(crate) const DONE: Duration = Duration::from_secs(30);
