use std::{
    collections::HashMap,
    fmt,
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicBool},
    time::Duration,
};

use model::{Actor, Bounds, Catalogue, InstallationId, Instant, KeyError, Permission, SecretFormat, SecretId};
use store::{Change, KeyringUse, Store, Turn};
use uuid::Uuid;
use verify::Verifier;

use crate::{
    Authority, Caller, Clock, Entropy, Installation, Keyring, NotWritable, Ready,
    audit::{self, AuditEvent, By},
    audit_watch::AuditWatch,
    entropy,
    events_out::Out,
    exports::Exports,
    failure,
    imports::Imports,
    keyring::KeyringFile,
    leak_done::LeakDone,
    letter_box::LetterBox,
    lines::Lines,
    link_throttle::LinkThrottle,
    password::Passwords,
    polled::{NotReady, Polled, not_ready},
    reporters::Reporters,
    session_uses::SessionUses,
    sign_on_options::SignOn,
    throttle::{Throttle, ThrottleCounters},
    turn::{ONE, REVOKES},
    usage_retention::{RecordedCalls, UsageOptions, UsageWalk},
};

/// Keydesk on one database: every decision and every change goes through here. Cheap to clone.
#[derive(Clone)]
pub struct Keydesk {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    /// Read again when its file has changed.
    pub(crate) keyring: RwLock<Arc<Keyring>>,
    /// The keyring is another one.
    pub(crate) keyring_moved: tokio::sync::Notify,
    /// What rests on which of its keys, as it was counted last.
    pub(crate) keyring_uses: Mutex<Vec<KeyringUse>>,
    pub(crate) format: SecretFormat,
    /// What [`Keydesk::mark`] gives.
    pub(crate) mark: String,
    pub(crate) catalogue: Catalogue,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) data_dir: PathBuf,
    /// `None`: its text was given.
    pub(crate) keyring_file: Option<KeyringFile>,
    pub(crate) verifier: Verifier,
    pub(crate) installations: RwLock<HashMap<InstallationId, Installation>>,
    /// Held from the reading of installations until they are in memory, so that an older reading never replaces a newer
    /// one.
    pub(crate) reloading: tokio::sync::Mutex<()>,
    /// Why nothing can be written, as it was found last.
    pub(crate) not_writable: Mutex<Option<NotWritable>>,
    /// When it was last asked how much time has passed, by the clock that nobody sets.
    pub(crate) time_looked_at: Mutex<Duration>,
    /// They must be read again before memory counts as fresh.
    pub(crate) installations_due: AtomicBool,
    /// An administrator was found once.
    pub(crate) set_up: AtomicBool,
    /// Sealed copies may have to be erased.
    pub(crate) copies_due: tokio::sync::Notify,
    /// Somebody has committed a change.
    pub(crate) hinted: tokio::sync::Notify,
    /// Memory was forgotten, and is to be read anew; or an import went live, whose keys are to be read into it.
    pub(crate) warm_again: tokio::sync::Notify,
    /// From which secret on, where that is known.
    pub(crate) warm_from: Mutex<Option<SecretId>>,
    /// Imports that may be under way.
    pub(crate) imports: Imports,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) links: LinkThrottle,
    pub(crate) polled: Polled,
    pub(crate) session_uses: SessionUses,
    /// Lines about refusals in this second.
    pub(crate) lines: Lines,
    /// The looks at whole audit logs.
    pub(crate) audit_watch: AuditWatch,
    /// Exports that may be under way.
    pub(crate) exports: Exports,
    pub(crate) usage: UsageOptions,
    /// Where the rolling up of old usage is.
    pub(crate) usage_walk: tokio::sync::Mutex<UsageWalk>,
    /// What sends events out.
    pub(crate) out: Out,
    /// What sends letters.
    pub(crate) letters: LetterBox,
    /// How people sign in with an account of their organisation; `None`: nobody does.
    pub(crate) sign_on: Option<SignOn>,
    /// Who may report leaks.
    pub(crate) reporters: Reporters,
}

/// What fills the bounded places of a Keydesk, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundCounters {
    /// Changes that wait for their turn.
    pub changes_waiting: u64,
    /// Changes that were refused since the start.
    pub changes_refused: u64,
    /// Networks that asked for links that are not there.
    pub link_misses: u64,
    /// Look-ups of links that were refused since the start.
    pub links_refused: u64,
    /// Last uses of sessions that wait to be written down.
    pub session_uses: u64,
    /// Passwords that are hashed or wait for it.
    pub passwords: u64,
}

impl fmt::Debug for Keydesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keydesk({})", self.inner.store.kind())
    }
}

impl Keydesk {
    /// The time, by this Keydesk's clock.
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    /// The keyring, as it was read last.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.inner.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every scope that a key can be given.
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// How this deployment writes its secrets.
    pub fn secret_format(&self) -> &SecretFormat {
        &self.inner.format
    }

    /// How many leaks were reported to this process, by what became of the key.
    pub fn leaks_reported(&self) -> [(LeakDone, u64); LeakDone::ALL.len()] {
        self.inner.reporters.counted()
    }

    /// A short text that differs between deployments and never changes, in lower-case hexadecimal. It is no secret: names of
    /// cookies have it, since two deployments on one machine share a browser's cookies, whatever their ports.
    pub fn mark(&self) -> &str {
        &self.inner.mark
    }

    /// A new id for a request that comes in now: version 7, without a system call.
    pub fn request_id(&self, now: Instant) -> Uuid {
        entropy::request_id(now)
    }

    /// Whether calls can be answered; and if so, whether anything can be written. The database is asked only where the poll
    /// does not ask it anyway.
    pub async fn ready(&self) -> Result<Ready, NotReady> {
        match self.inner.polled.last() {
            Some(polled) => polled?,
            None => self.inner.store.look().await.map(drop).map_err(|error| {
                tracing::warn!(%error, "not ready");
                not_ready(&error)
            })?,
        }
        if !self.inner.verifier.is_fresh() {
            return Err(NotReady::Database);
        }
        Ok(Ready { not_writable: self.not_writable() })
    }

    /// The verifier, which decides calls.
    pub fn verifier(&self) -> &Verifier {
        &self.inner.verifier
    }

    /// Days after which quarters of an hour of usage are rolled up into days.
    pub fn quarter_days(&self) -> u16 {
        self.inner.usage.retention.quarter_days()
    }

    /// Whether calls that are allowed are recorded; else neither their number nor their last use is known, and none is checked against a
    /// trial.
    pub fn records_allowed_calls(&self) -> bool {
        self.inner.usage.recorded == RecordedCalls::All
    }

    /// The numbers of what slows guesses at passwords down.
    pub fn throttle_counters(&self) -> ThrottleCounters {
        self.inner.throttle.counters()
    }

    /// What fills the bounded places of this process.
    pub fn bound_counters(&self) -> BoundCounters {
        let (link_misses, links_refused) = self.inner.links.counters();
        BoundCounters {
            changes_waiting: self.inner.store.changes_waiting() as u64,
            changes_refused: self.inner.store.changes_refused(),
            link_misses,
            links_refused,
            session_uses: self.inner.session_uses.len() as u64,
            passwords: self.inner.passwords.under_way() as u64,
        }
    }

    /// Writes the counted calls down and closes the database.
    pub async fn close(self) {
        self.flush_session_uses().await;
        self.end_of_limits().await;
        self.inner.verifier.flush_usage().await;
        self.inner.verifier.flush_trials().await;
        self.inner.store.close().await;
    }

    /// Gives back what was leased of quotas, and writes down what was taken from rate limits.
    pub(crate) async fn end_of_limits(&self) {
        self.inner.verifier.give_quotas_back(true).await;
        self.inner.verifier.save_limits(self.now(), true).await;
    }

    /// Runs a change in a task of its own, so that a caller that hangs up can't leave it half done.
    pub(crate) async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, KeyError>> + Send + 'static,
    ) -> Result<T, KeyError> {
        use tracing::Instrument as _;
        tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a change did not finish");
            Err(KeyError::Unavailable)
        })
    }

    /// Makes a change for a caller, in a task of its own. A caller that may change nothing is refused before the
    /// database is asked.
    pub(crate) async fn change_as<T, F>(
        &self,
        caller: &Caller,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        self.change_in_turn_as(caller, ONE, work).await
    }

    /// The same for a change that takes access away.
    pub(crate) async fn revoke_as<T, F>(
        &self,
        caller: &Caller,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        self.change_in_turn_as(caller, REVOKES, work).await
    }

    /// The same, when its turn has come. What the caller takes back is not made, unless it was made before.
    pub(crate) async fn change_in_turn_as<T, F>(
        &self,
        caller: &Caller,
        turn: Turn,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        self.require_to_change(caller)?;
        let mut caller = caller.clone();
        self.change(turn, |this, mut change| async move {
            this.ask_again(&mut caller, &mut change).await?;
            this.require_to_change(&caller)?;
            if this.recall(&mut change, &caller).await? {
                this.commit(change).await?;
                return Err(KeyError::Recalled);
            }
            work(this, caller, change).await
        })
        .await
    }

    /// Refuses if the module is off or the caller may change nothing. Returns the caller's installation.
    pub(crate) fn require_to_change(&self, caller: &Caller) -> Result<Installation, KeyError> {
        let installation = self.require_open(caller)?;
        caller.require(Permission::ManageKeys)?;
        Ok(installation)
    }

    /// Changes wait for each other: a caller that lost its permission while the change waited does not make it. That is a key
    /// that was deleted, or lost a scope, or whose secret has ended; and a person who was signed out, disabled, removed, or
    /// given a lesser role. Here a calling key also learns within which bounds it may issue others.
    pub(crate) async fn ask_again(&self, caller: &mut Caller, change: &mut Change) -> Result<(), KeyError> {
        match (caller.actor, &mut caller.authority) {
            (Actor::Key { id }, Authority::Key(held)) => {
                let key = change.caller(caller.installation, id).await.map_err(failure::public)?;
                let key = key.ok_or(KeyError::Forbidden)?;
                let now = self.now();
                if !key.works_with(held.secret, now) || !key.settings.scopes.missing(&held.scopes).is_empty() {
                    return Err(KeyError::Forbidden);
                }
                held.bounds = Some((Bounds::of(&key.settings, now), now));
            }
            (Actor::Administrator { id }, Authority::Person { role, session, second_factor_due, .. }) => {
                let found = change.session_of(id, *session).await.map_err(failure::public)?;
                let found = found.filter(|found| found.installation == caller.installation);
                let found = found.ok_or(KeyError::Forbidden)?;
                (*role, *second_factor_due) = (found.administrator.role, self.second_factor_due(&found));
            }
            (_, Authority::Operator) => {}
            _ => return Err(KeyError::Forbidden),
        }
        Ok(())
    }

    /// Makes a change in a task of its own, when its turn has come. Whatever its outcome, the caller is answered only after
    /// all that the change has read is committed: it may have read changes that wait for the same COMMIT.
    pub(crate) async fn change<T, F>(
        &self,
        turn: Turn,
        work: impl FnOnce(Self, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        let this = self.clone();
        self.detached(async move {
            let change = this.inner.store.change_in(turn).await.map_err(failure::public)?;
            let settled = change.settled().map_err(failure::public)?;
            let done = work(this, change).await;
            settled.wait().await.map_err(failure::public)?;
            done
        })
        .await
    }

    pub(crate) async fn write_audit(
        &self,
        change: &mut Change,
        installation: InstallationId,
        by: impl Into<By> + Send,
        now: Instant,
        events: Vec<AuditEvent>,
    ) -> Result<(), KeyError> {
        let by = by.into();
        let keyring = self.keyring();
        let written =
            audit::write(keyring.audit(), &*self.inner.entropy, change, installation, &by, now, events).await?;
        self.tell(change, installation, by.actor, now, &written).await
    }

    pub(crate) async fn commit(&self, mut change: Change) -> Result<(), KeyError> {
        let told = change.has_events();
        change.commit().await.map_err(failure::public)?;
        if told {
            self.inner.out.signals.hint();
        }
        Ok(())
    }

    pub(crate) fn new_id(&self, now: Instant) -> Uuid {
        entropy::id(&*self.inner.entropy, now)
    }

    pub(crate) fn remembered(&self, id: InstallationId) -> Option<Installation> {
        self.inner.installations.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All installations that this process knows.
    pub(crate) fn installation_ids(&self) -> Vec<InstallationId> {
        self.inner.installations.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Refuses when the API Keys module is off for the caller's installation, and a person who lacks the second factor that the
    /// installation asks of them. Everything that shows or changes something begins with it.
    pub(crate) fn require_open(&self, caller: &Caller) -> Result<Installation, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require_no_factor_due()?;
        Ok(installation)
    }

    /// Refuses when the API Keys module is off for the installation.
    pub(crate) fn require_module(&self, id: InstallationId) -> Result<Installation, KeyError> {
        let installation = self.remembered(id).ok_or(KeyError::NoInstallation)?;
        if installation.enabled {
            Ok(installation)
        } else {
            Err(KeyError::ModuleUnavailable { contact: installation.contact })
        }
    }
}
