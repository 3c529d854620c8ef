use model::{Action, KeyError, WebhookId};
use serde_json::json;

use super::change::found;
use crate::{Caller, Keydesk, audit::AuditEvent, done::Done, turn::ONE};

impl Keydesk {
    /// Has a test event sent to one receiver, whatever types it wants. One that is switched off gets none.
    pub async fn send_test_event(&self, caller: &Caller, id: WebhookId) -> Result<(), KeyError> {
        self.change_webhooks(caller, ONE, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Unit) => return Ok(()),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let webhook = found(&mut change, &caller, id, None).await?.webhook;
            if !webhook.enabled {
                let reason = "The receiver is switched off; switch it on first.".to_owned();
                return Err(KeyError::InvalidSetting { field: "enabled".to_owned(), reason });
            }
            let event = AuditEvent::of(Action::WebhookTest, json!({ "webhook": id }));
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.keep(&mut change, &caller, Done::Unit).await?;
            this.commit(change).await
        })
        .await
    }
}
