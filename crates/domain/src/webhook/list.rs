use model::{KeyError, Permission, Webhook, WebhookId};
use store::StoredWebhook;

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// The receivers of the caller's installation that it sees, the oldest first, each with how its deliveries go.
    pub async fn webhooks(&self, caller: &Caller) -> Result<Vec<Webhook>, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ManageWebhooks)?;
        let stored = self.inner.store.webhooks(caller.installation).await.map_err(failure::public)?;
        let mut webhooks = Vec::with_capacity(stored.len());
        for stored in stored.into_iter().filter(|stored| caller.sees(stored.webhook.environment)) {
            webhooks.push(self.with_health(stored).await?);
        }
        Ok(webhooks)
    }

    /// A receiver of the caller's installation.
    pub async fn webhook(&self, caller: &Caller, id: WebhookId) -> Result<Webhook, KeyError> {
        self.with_health(self.stored_webhook(caller, id).await?).await
    }

    pub(super) async fn stored_webhook(&self, caller: &Caller, id: WebhookId) -> Result<StoredWebhook, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ManageWebhooks)?;
        let found = self.inner.store.webhook(caller.installation, id).await.map_err(failure::public)?;
        found.filter(|found| caller.sees(found.webhook.environment)).ok_or(KeyError::NotFound)
    }

    async fn with_health(&self, StoredWebhook { mut webhook, .. }: StoredWebhook) -> Result<Webhook, KeyError> {
        let (pending, parked) = self.inner.store.webhook_waiting(webhook.id).await.map_err(failure::public)?;
        (webhook.health.pending, webhook.health.parked) = (pending, parked);
        let now = self.now();
        webhook.former_secret_ends_at = webhook.former_secret_ends_at.filter(|end| *end > now);
        Ok(webhook)
    }
}
