use model::{Action, Key, KeyError, KeyId, KeyKind, Overlap, SecretInfo};
use serde_json::json;

use crate::{
    Answered, Caller, Idempotency, Issued, Keydesk,
    audit::AuditEvent,
    failure,
    idempotency::Kept,
    turn::turn,
    update::{in_version, living},
};

impl Keydesk {
    /// Gives a key a new secret. The previous one works for the overlap; [`Overlap::NONE`] ends it before this answers.
    /// More than two never work: a secret that was ending already ends now. The Default API Key can be rotated by owners
    /// who have proved lately who they are, and by the operator.
    ///
    /// Whoever gets a secret can do what its key may do. So the caller must hold every scope of the key, and a calling key
    /// could have issued it.
    pub async fn rotate(
        &self,
        caller: &Caller,
        id: KeyId,
        overlap: Overlap,
        if_version: Option<i64>,
    ) -> Result<Issued, KeyError> {
        self.rotate_once(caller, id, overlap, if_version, None).await?.issued()
    }

    /// The same, with idempotency. A repeated call rotates nothing: rotating twice would end the secret that is still in
    /// use. It is also answered when the key has been deleted since.
    pub async fn rotate_once(
        &self,
        caller: &Caller,
        id: KeyId,
        overlap: Overlap,
        if_version: Option<i64>,
        idempotency: Option<Idempotency>,
    ) -> Result<Answered, KeyError> {
        let installation = self.require_to_change(caller)?;
        let (caller, turn) = (caller.for_request(idempotency), turn(1, overlap == Overlap::NONE));
        self.change_in_turn_as(&caller, turn, move |this, caller, mut change| async move {
            let now = this.now();
            if let Some(answer) = this.answered(&mut change, &caller, &installation).await? {
                return Ok(answer);
            }
            let before = living(&mut change, &caller, id, None).await?;
            caller.require_secret(&before)?;
            if before.kind() == KeyKind::Default {
                caller.require_proof(now)?;
            }
            let before = in_version(before, if_version)?.at(now);
            let (secret, new) = this.build_secret(&installation, id, before.environment, now)?;
            let end = now.plus_millis(i64::from(overlap.seconds()) * 1_000);
            let done = change.rotate_key(installation.id, id, &new, end, now).await.map_err(failure::public)?;
            if !done {
                return Err(KeyError::NotFound);
            }
            change.withdraw_handovers(installation.id, &[id], now).await.map_err(failure::public)?;
            let detail = json!({ "from": before.hint, "to": new.hint, "overlap_seconds": overlap });
            let event = AuditEvent::on_key(Action::KeyRotate, id, detail);
            this.write_audit(&mut change, installation.id, &caller, now, vec![event]).await?;
            let key = change.key(installation.id, id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
            let issued = Issued { key: key.at(now), secret };
            let kept = Kept { installation: &installation, issued: &issued, secret: new.id };
            this.keep_answer(&mut change, &caller, kept).await?;
            this.commit_keys(change, installation.id, &[id]).await?;
            Ok(issued.into())
        })
        .await
    }

    /// Ends the secret that still works beside the newest one. Without such a secret nothing is written.
    pub async fn end_overlap(&self, caller: &Caller, id: KeyId, if_version: Option<i64>) -> Result<Key, KeyError> {
        self.revoke_as(caller, move |this, caller, mut change| async move {
            let installation = caller.installation;
            let now = this.now();
            if let Some(key) = this.done_key(&mut change, &caller).await? {
                return Ok(key);
            }
            let before = living(&mut change, &caller, id, if_version).await?;
            caller.require_to_end_secrets(&before)?;
            if before.kind() == KeyKind::Default {
                caller.require_proof(now)?;
            }
            let ended = change.end_overlap(installation, id, now).await.map_err(failure::public)?;
            if ended == 0 {
                return Ok(before.at(now));
            }
            let event = AuditEvent::on_key(Action::KeyEndOverlap, id, json!({}));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.finish(change, &caller, id, now).await
        })
        .await
    }

    /// The secrets of a key, the newest first, with those that ended within the last 30 days.
    pub async fn secrets(&self, caller: &Caller, id: KeyId) -> Result<Vec<SecretInfo>, KeyError> {
        // Fails if there is no such key.
        self.get(caller, id).await?;
        let now = self.now();
        let secrets = self.inner.store.secrets_of_key(caller.installation, id).await.map_err(failure::public)?;
        let kept =
            |secret: &SecretInfo| secret.expires_at.is_none_or(|end| end.plus_millis(model::RESTORE_WINDOW_MS) > now);
        Ok(secrets.into_iter().filter(kept).collect())
    }
}
