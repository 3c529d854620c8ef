use model::{Action, KeyError, KeyId, PlainSecret};
use serde_json::json;
use store::{Change, SealedCopy};

use crate::{
    Caller, Keydesk,
    audit::AuditEvent,
    done::{Done, SAME_REVEAL_MS},
    failure,
    seal::{self, Row},
    update::living,
};

impl Keydesk {
    /// Shows a key's newest secret again. The caller must hold every scope of the key, and a calling key could have issued
    /// it. A person has proved lately who they are. The audit log has the reveal before the secret is shown.
    pub async fn reveal(&self, caller: &Caller, id: KeyId) -> Result<PlainSecret, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            caller.require_proof(this.now())?;
            // A secret that replaced the one that was shown is another reveal.
            let shown = match this.done_within(&mut change, &caller, SAME_REVEAL_MS).await? {
                None => None,
                Some(Done::Revealed { key, secret }) if key == id => Some((key, secret)),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            };
            if let Some(shown) = shown
                && let Some(secret) = this.revealed_again(&mut change, &caller, shown).await?
            {
                return Ok(secret);
            }
            let key = living(&mut change, &caller, id, None).await?;
            caller.require_secret(&key)?;
            let copy = this.sealed_copy(&mut change, &caller, id).await?;
            let event = AuditEvent::on_key(Action::KeyReveal, id, json!({}));
            this.write_audit(&mut change, caller.installation, &caller, this.now(), vec![event]).await?;
            this.keep(&mut change, &caller, Done::Revealed { key: id, secret: copy.0.secret }).await?;
            this.commit(change).await?;
            this.unseal(&copy)
        })
        .await
    }

    /// The sealed copy of a key's newest secret, with the row that it opens in. Where secrets are shown once there is none for
    /// anybody, also while one that is there waits to be erased.
    pub(crate) async fn sealed_copy(
        &self,
        change: &mut Change,
        caller: &Caller,
        id: KeyId,
    ) -> Result<(Row, SealedCopy), KeyError> {
        let installation = caller.installation;
        let kept = self.remembered(installation).is_some_and(|installation| installation.recoverable);
        match change.sealed_copy(installation, id).await.map_err(failure::public)? {
            Some((secret, Some(copy))) if kept => Ok((Row { installation, key: id, secret }, copy)),
            _ => Err(KeyError::NotRecoverable),
        }
    }

    /// Opens the sealed copy of a secret.
    pub(crate) fn unseal(&self, (row, copy): &(Row, SealedCopy)) -> Result<PlainSecret, KeyError> {
        seal::open(&self.keyring(), *row, copy).ok_or_else(|| {
            tracing::error!(key = %row.key, master_key = %copy.master_key_id, "a sealed copy does not open; is its master key still in the keyring?");
            KeyError::Unavailable
        })
    }
}
