use model::{Action, KeyError, KeyId, PlainSecret};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    audit::Deed,
    failure,
    seal::{self, Row},
};

impl Keydesk {
    /// Shows a key's newest secret again. That it was shown is in the audit log before it is shown.
    pub async fn reveal(&self, caller: &Caller, id: KeyId) -> Result<PlainSecret, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
        let (this, actor, installation) = (self.clone(), caller.actor, caller.installation);
        self.detached(async move {
            let mut change = this.change().await?;
            let key = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
            if key.life.deleted_at.is_some() {
                return Err(KeyError::NotFound);
            }
            let newest = change.sealed_copy(installation, id).await.map_err(failure::public)?;
            let Some((secret, Some(copy))) = newest else { return Err(KeyError::NotRecoverable) };
            this.write_audit(&mut change, installation, actor, this.now(), vec![Deed::on_key(Action::KeyReveal, id, json!({}))])
                .await?;
            this.commit(change).await?;
            seal::open(&this.inner.keyring, Row { installation, key: id, secret }, &copy).ok_or_else(|| {
                tracing::error!(key = %id, master_key = %copy.master_key_id, "a sealed copy does not open; is its master key still in the keyring?");
                KeyError::Unavailable
            })
        })
        .await
    }
}
