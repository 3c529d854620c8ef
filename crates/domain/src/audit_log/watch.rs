//! Whether the log is as it was written, as it is known without reading all of it anew: the whole is read in the background once a
//! day and whenever somebody asks, its signed end each time that it is looked at.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use model::{Instant, KeyError, Permission};
use tokio::{sync::OwnedSemaphorePermit, time};

use super::check::Pace;
use crate::{AuditChecked, Caller, Installation, Keydesk, audit::chain, failure};

/// How long after the start the logs are read for the first time, when the cache is warm; and how often afterwards.
const FIRST: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long somebody who asks waits for the answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of whether an installation's log is as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditState {
    /// What the last look at the whole of it has found, and when it ended; `None`: nobody has looked since the start.
    pub checked: Option<(AuditChecked, Instant)>,
    /// What is wrong with its signed end now, as a part of a sentence.
    pub end: Option<String>,
    /// The whole is being read: so many entries were, of so many.
    pub reading: Option<(i64, i64)>,
}

impl AuditState {
    /// What is wrong, as a part of a sentence; `None`: nothing that is known.
    pub fn broken(&self) -> Option<&str> {
        let checked = self.checked.as_ref().and_then(|(checked, _)| checked.broken.as_deref());
        checked.or(self.end.as_deref())
    }
}

impl Keydesk {
    /// What is known of the log of the caller's installation. Of the log itself its end alone is read.
    pub async fn audit_state(&self, caller: &Caller) -> Result<AuditState, KeyError> {
        caller.require(Permission::ReadAudit)?;
        let (installation, watch) = (caller.installation, &self.inner.audit_watch);
        let head = self.inner.store.audit_head(installation).await.map_err(failure::public)?;
        let entries = head.as_ref().map_or(0, |head| head.entries);
        let reading = lock(&watch.reading).get(&installation).map(|read| (read.load(Relaxed).min(entries), entries));
        let checked = lock(&watch.found).get(&installation).cloned();
        let end = match head {
            None => Some("not signed at its end: the signed end was removed".to_owned()),
            Some(head) => {
                let found = self.inner.store.audit_after(installation, head.entries - 1, 1).await;
                let last = found.map_err(failure::public)?.into_iter().next();
                let keyring = self.keyring();
                let key = keyring.audit().get(&head.audit_key);
                match key {
                    None => Some(format!("unverifiable: the keyring lacks the audit key {}", head.audit_key)),
                    Some(key) if !chain::is_head(key, installation, &head) => {
                        Some("not signed at its end: the signed end was altered".to_owned())
                    }
                    Some(_) => match last {
                        None => Some(format!("cut off: entry {} is missing", head.entries)),
                        Some(last) if (last.seq, last.hash) != (head.entries, head.hash) => {
                            Some(format!("not signed after entry {}", head.entries - 1))
                        }
                        Some(_) => None,
                    },
                }
            }
        };
        Ok(AuditState { checked, end, reading })
    }

    /// Reads the whole log of the caller's installation, unless somebody else's is being read, and waits a little for what is
    /// found. It goes on by itself.
    pub async fn verify_audit(&self, caller: &Caller) -> Result<(), KeyError> {
        caller.require(Permission::ReadAudit)?;
        let installation = self.remembered(caller.installation).ok_or(KeyError::NoInstallation)?;
        let Ok(turn) = Arc::clone(&self.inner.audit_watch.turn).try_acquire_owned() else { return Ok(()) };
        let this = self.clone();
        let reading = tokio::spawn(async move { this.look_through(&installation, false, turn).await });
        let _ = time::timeout(PATIENCE, reading).await;
        Ok(())
    }

    /// Reads every log, as happens once a day.
    pub(crate) async fn watch_audit_forever(self) {
        time::sleep(FIRST).await;
        let mut ticks = time::interval(AGAIN);
        loop {
            ticks.tick().await;
            let installations = match self.inner.store.installations().await {
                Ok(installations) => installations,
                Err(error) => {
                    tracing::warn!(%error, "no audit log was read to its end: the installations could not be listed");
                    continue;
                }
            };
            for installation in installations {
                let Some(installation) = self.remembered(installation.id) else { continue };
                let Ok(turn) = Arc::clone(&self.inner.audit_watch.turn).acquire_owned().await else { return };
                self.look_through(&installation, true, turn).await;
            }
        }
    }

    async fn look_through(&self, installation: &Installation, calm: bool, _turn: OwnedSemaphorePermit) {
        let (id, name, watch) = (installation.id, installation.name.as_str(), &self.inner.audit_watch);
        let read = Arc::<AtomicI64>::default();
        lock(&watch.reading).insert(id, Arc::clone(&read));
        let checked = self.check_log(id, name, Pace { read: &read, calm }).await;
        lock(&watch.reading).remove(&id);
        match checked {
            Ok(checked) => {
                if let Some(broken) = &checked.broken {
                    tracing::error!(
                        installation = name,
                        broken,
                        "the audit log is not as it was written; run keydesk audit verify"
                    );
                }
                lock(&watch.found).insert(id, (checked, self.now()));
            }
            Err(error) => tracing::warn!(%error, installation = name, "the audit log could not be read to its end"),
        }
    }

    /// How many logs were found to be not as they were written, for metrics.
    pub fn broken_audit_logs(&self) -> u64 {
        lock(&self.inner.audit_watch.found).values().filter(|(checked, _)| checked.broken.is_some()).count() as u64
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
