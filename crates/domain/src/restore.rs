use model::{Action, Key, KeyError, KeyId, RESTORE_WINDOW_MS};
use serde_json::json;

use crate::{Caller, Keydesk, audit::AuditEvent, failure};

impl Keydesk {
    /// Makes a key that was deleted within the last 30 days work again. The caller must hold every scope of it, because
    /// whoever has the secret gets them back, and a calling key could have issued it.
    pub async fn restore(&self, caller: &Caller, id: KeyId) -> Result<Key, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            let installation = caller.installation;
            let now = this.now();
            if let Some(key) = this.done_key(&mut change, &caller).await? {
                return Ok(key);
            }
            let before = change.key(installation, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
            if !caller.sees(before.environment()) {
                return Err(KeyError::NotFound);
            }
            let deleted_at = before.life.deleted_at.ok_or(KeyError::NotDeleted)?;
            // A key counts as purged to the millisecond, even before the job removes its rows.
            if deleted_at.plus_millis(RESTORE_WINDOW_MS) <= now {
                return Err(KeyError::NotFound);
            }
            caller.require_to_have(id, before.settings())?;
            let done = change.restore_key(installation, id, now).await.map_err(failure::public)?;
            if !done {
                return Err(KeyError::NotFound);
            }
            change.count_keys(installation, 1).await.map_err(failure::public)?;
            let event = AuditEvent::on_key(Action::KeyRestore, id, json!({}));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.finish(change, &caller, id, now).await
        })
        .await
    }
}
