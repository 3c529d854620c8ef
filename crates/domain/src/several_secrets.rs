use std::collections::HashMap;

use model::{KeyError, KeyId, Permission};

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// Those of these keys that have more than one secret which works, since they are being rotated, and how many.
    pub async fn several_secrets(&self, caller: &Caller, keys: &[KeyId]) -> Result<HashMap<KeyId, u32>, KeyError> {
        caller.require(Permission::ReadKeys)?;
        let several = self.inner.store.several_secrets(caller.installation, keys, self.now()).await;
        Ok(several.map_err(failure::public)?.into_iter().collect())
    }
}
