use model::{Action, KeyError, WebhookId};
use serde_json::json;

use super::change::found;
use crate::{Caller, Keydesk, audit::AuditEvent, done::Done, failure, turn::REVOKES};

impl Keydesk {
    /// Removes a receiver with all its deliveries. Nothing is sent to it from the moment this answers, but what is on its way.
    pub async fn delete_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
        if_version: Option<i64>,
    ) -> Result<(), KeyError> {
        self.change_webhooks(caller, REVOKES, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Unit) => return Ok(()),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            found(&mut change, &caller, id, if_version).await?;
            if !change.delete_webhook(installation, id).await.map_err(failure::public)? {
                return Err(KeyError::NotFound);
            }
            let event = AuditEvent::of(Action::WebhookDelete, json!({ "webhook": id }));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.keep(&mut change, &caller, Done::Unit).await?;
            this.commit(change).await
        })
        .await
    }
}
