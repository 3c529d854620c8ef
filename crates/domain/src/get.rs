use model::{InstallationId, Key, KeyError, KeyId, KeyStatus, RESTORE_WINDOW_MS};

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// A key, also a deleted one while it can be restored.
    pub async fn get(&self, caller: &Caller, id: KeyId) -> Result<Key, KeyError> {
        self.require_open(caller)?;
        let key = self.read(caller.installation, id).await?;
        if caller.sees(key.environment) { Ok(caller.shown(key)) } else { Err(KeyError::NotFound) }
    }

    pub(crate) async fn read(&self, installation: InstallationId, id: KeyId) -> Result<Key, KeyError> {
        let now = self.now();
        let found = self.inner.store.key(installation, id).await.map_err(failure::public)?;
        let key = found.map(|key| key.at(now)).ok_or(KeyError::NotFound)?;
        let purged = key.status == KeyStatus::Revoked
            && key.deleted_at.is_some_and(|at| at.plus_millis(RESTORE_WINDOW_MS) <= now);
        if purged { Err(KeyError::NotFound) } else { Ok(key) }
    }
}
