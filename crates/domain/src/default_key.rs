use model::{Key, KeyError};

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// The installation's Default API Key.
    pub async fn default_key(&self, caller: &Caller) -> Result<Key, KeyError> {
        self.require_open(caller)?;
        let found = self.inner.store.default_key(caller.installation).await.map_err(failure::public)?;
        let key = found.ok_or(KeyError::NoInstallation)?.at(self.now());
        if caller.sees(key.environment) { Ok(key) } else { Err(KeyError::NotFound) }
    }
}
