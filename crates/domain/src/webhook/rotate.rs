use model::{Action, KeyError, WebhookId};
use serde_json::json;

use super::{WebhookSecret, change::found, secret::Made};
use crate::{Caller, Idempotency, Keydesk, audit::AuditEvent, failure, turn::ONE};

/// How long the secret before signs beside the new one: a day, in milliseconds.
const BOTH_MS: i64 = 24 * 60 * 60 * 1_000;

impl Keydesk {
    /// Gives a receiver another secret. For a day deliveries are signed with both.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        id: WebhookId,
        idempotency: Option<Idempotency>,
    ) -> Result<WebhookSecret, KeyError> {
        self.change_webhooks(&caller.for_request(idempotency), ONE, move |this, caller, mut change| async move {
            if let Some(answer) = this.webhook_answered(&mut change, &caller).await? {
                return Ok(answer);
            }
            let (installation, now) = (caller.installation, this.now());
            let mut webhook = found(&mut change, &caller, id, None).await?.webhook;
            let Made { told, public_key, sealed } = this.make_webhook_secret(installation, id, webhook.signature)?;
            let end = now.plus_millis(BOTH_MS);
            let rotated = change.rotate_webhook(installation, id, &sealed, public_key.as_deref(), end, now).await;
            if !rotated.map_err(failure::public)? {
                return Err(KeyError::NotFound);
            }
            (webhook.public_key, webhook.former_secret_ends_at) = (public_key, Some(end));
            (webhook.updated_at, webhook.version) = (now, webhook.version + 1);
            let detail = json!({ "webhook": id, "former_ends_at": end });
            let event = AuditEvent::of(Action::WebhookRotateSecret, detail);
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.keep_webhook(&mut change, &caller, &webhook, told.as_ref()).await?;
            this.commit(change).await?;
            Ok(WebhookSecret { webhook, secret: told, replayed: false })
        })
        .await
    }
}
