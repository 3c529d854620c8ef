use std::{
    collections::HashMap,
    fmt,
    future::Future,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use model::{Actor, Bounds, Catalogue, InstallationId, Instant, KeyError, Permission, SecretFormat};
use store::{Change, Store};
use uuid::Uuid;
use verify::Verifier;

use crate::{
    Authority, Caller, Clock, Entropy, Installation, Keyring,
    audit::{self, AuditEvent, By},
    entropy,
    export::Exports,
    failure,
    keyring::KeyringFile,
    lines::Lines,
    password::Passwords,
    throttle::{Throttle, ThrottleCounters},
};

/// Keydesk on one database: every decision and every change goes through here. Cheap to clone.
#[derive(Clone)]
pub struct Keydesk {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) format: SecretFormat,
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
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    /// Lines about refusals in this second.
    pub(crate) lines: Lines,
    /// Exports that may be under way.
    pub(crate) exports: Exports,
}

/// Why calls can't be answered right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The database has not answered for longer than memory may be trusted.
    #[error("the database does not answer")]
    Database,
}

/// A change of more keys is committed by itself, so that no other waits until it is made.
const FEW: usize = 10;

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

    /// Every scope that a key can be given.
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// A new id for a request that comes in now: version 7, without a system call.
    pub fn request_id(&self, now: Instant) -> Uuid {
        entropy::request_id(now)
    }

    /// Whether calls can be answered.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if !self.inner.verifier.is_fresh(self.now()) {
            return Err(NotReady::Database);
        }
        self.inner.store.epoch().await.map(drop).map_err(|error| {
            tracing::warn!(%error, "not ready");
            NotReady::Database
        })
    }

    /// The verifier, which decides calls.
    pub fn verifier(&self) -> &Verifier {
        &self.inner.verifier
    }

    /// The numbers of what slows guesses at passwords down.
    pub fn throttle_counters(&self) -> ThrottleCounters {
        self.inner.throttle.counters()
    }

    /// Writes the counted calls down and closes the database.
    pub async fn close(self) {
        self.inner.verifier.flush_usage().await;
        self.inner.store.close().await;
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
        self.change_rows_as(caller, 1, work).await
    }

    /// The same for a change of this many keys.
    pub(crate) async fn change_rows_as<T, F>(
        &self,
        caller: &Caller,
        keys: usize,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        self.require_to_change(caller)?;
        let mut caller = caller.clone();
        self.change(keys, |this, mut change| async move {
            this.ask_again(&mut caller, &mut change).await?;
            this.require_to_change(&caller)?;
            work(this, caller, change).await
        })
        .await
    }

    /// Refuses if the module is off or the caller may change nothing. Returns the caller's installation.
    pub(crate) fn require_to_change(&self, caller: &Caller) -> Result<Installation, KeyError> {
        let installation = self.require_module(caller.installation)?;
        caller.require(Permission::ManageKeys)?;
        Ok(installation)
    }

    /// Changes wait for each other: whoever lost the right to a change while the call waited makes none. That is a key that
    /// was deleted, or lost a scope, or whose secret has ended; and a person who was signed out, disabled, removed, or given
    /// a lesser role. Here a calling key also learns within which bounds it may issue others.
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
            (Actor::Administrator { id }, Authority::Person { role, session }) => {
                let found = change.session_of(id, *session).await.map_err(failure::public)?;
                let found = found.filter(|found| found.installation == caller.installation);
                *role = found.ok_or(KeyError::Forbidden)?.administrator.role;
            }
            (_, Authority::Operator) => {}
            _ => return Err(KeyError::Forbidden),
        }
        Ok(())
    }

    /// Makes a change of this many keys in a task of its own. Whatever its outcome, the caller is answered only after
    /// all that the change has read is committed: it may have read changes that wait for the same COMMIT.
    pub(crate) async fn change<T, F>(
        &self,
        keys: usize,
        work: impl FnOnce(Self, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        let this = self.clone();
        self.detached(async move {
            let store = &this.inner.store;
            let change = if keys > FEW { store.change_alone().await } else { store.change().await };
            let change = change.map_err(failure::public)?;
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
        let (keys, entropy) = (self.inner.keyring.audit(), &*self.inner.entropy);
        audit::write(keys, entropy, change, installation, &by, now, events).await
    }

    pub(crate) async fn commit(&self, change: Change) -> Result<(), KeyError> {
        change.commit().await.map_err(failure::public)
    }

    pub(crate) fn new_id(&self, now: Instant) -> Uuid {
        entropy::id(&*self.inner.entropy, now)
    }

    pub(crate) fn remembered(&self, id: InstallationId) -> Option<Installation> {
        self.inner.installations.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Refuses when the API Keys module is off for the installation.
    pub(crate) fn require_module(&self, id: InstallationId) -> Result<Installation, KeyError> {
        let installation = self.remembered(id).ok_or(KeyError::NoInstallation)?;
        if installation.enabled { Ok(installation) } else { Err(KeyError::ModuleUnavailable) }
    }
}
