use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::{InstallationId, KeyId, SecretId};
use store::Digest;

/// Secrets that can wait. Those beyond are noted when they are used again.
pub(crate) const WAITING: usize = 10_000;

/// A secret that was used, and was found under a pepper that is not the newest, or by a hash that was given. Its plain text, from which
/// alone its digest under the newest can be made, was at hand with that call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedSecret {
    /// Whose.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret.
    pub secret: SecretId,
    /// The digest by which it was found.
    pub was: Digest,
    /// The pepper of that.
    pub was_under: String,
    /// It is that of a hash which was given.
    pub given: bool,
    /// The digest under the newest pepper.
    pub digest: Digest,
    /// The newest pepper.
    pub under: String,
    /// The digests of its SHA-256 and of its SHA-512 under the same.
    pub forms: [Digest; 2],
}

/// Secrets that were used and can get their digest under the newest pepper, each once.
#[derive(Default)]
pub(crate) struct UsedSecrets {
    waiting: Mutex<HashMap<SecretId, UsedSecret>>,
}

impl UsedSecrets {
    /// Notes one, if it is not noted and there is room.
    pub(crate) fn note(&self, secret: SecretId, used: impl FnOnce() -> Option<UsedSecret>) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING
            && !waiting.contains_key(&secret)
            && let Some(used) = used()
        {
            waiting.insert(secret, used);
        }
    }

    pub(crate) fn take(&self) -> Vec<UsedSecret> {
        std::mem::take(&mut *self.waiting()).into_values().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<SecretId, UsedSecret>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
