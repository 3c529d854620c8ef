use model::{Action, KeyError, WebhookId};
use serde_json::json;
use store::Change;

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
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Unit) => return Ok(()),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            this.delete_webhook_in(&mut change, &caller, id, if_version).await?;
            this.keep(&mut change, &caller, Done::Unit).await?;
            this.commit(change).await
        })
        .await
    }

    /// Removes a receiver as part of a change.
    pub(crate) async fn delete_webhook_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        id: WebhookId,
        if_version: Option<i64>,
    ) -> Result<(), KeyError> {
        let installation = caller.installation;
        found(change, caller, id, if_version).await?;
        if !change.delete_webhook(installation, id).await.map_err(failure::public)? {
            return Err(KeyError::NotFound);
        }
        let event = AuditEvent::of(Action::WebhookDelete, json!({ "webhook": id }));
        self.write_audit(change, installation, caller, self.now(), vec![event]).await
    }
}
