use model::KeyError;
use store::StoredWebhook;

use super::secret::{open, seal};
use crate::{Keydesk, failure, turn::ALONE};

impl Keydesk {
    /// Seals the secrets of receivers under the newest master key, and forgets those whose time is over.
    pub(crate) async fn renew_webhooks(&self) {
        if self.inner.store.is_read_only() {
            return;
        }
        if let Err(error) = self.reseal_webhooks().await {
            tracing::warn!(%error, "the secrets of webhooks could not be sealed under the newest master key; it is tried again");
        }
    }

    async fn reseal_webhooks(&self) -> Result<(), KeyError> {
        let (keyring, now) = (self.keyring(), self.now());
        let webhooks = self.inner.store.all_webhooks().await.map_err(failure::public)?;
        let ended = |of: &StoredWebhook| of.webhook.former_secret_ends_at.is_some_and(|end| end <= now);
        let any_ended = webhooks.iter().any(ended);
        // A key that is newer on another node is not taken back.
        let known = self.inner.store.known_keys().await.map_err(failure::public)?;
        let since = |id: &str| known.iter().find(|known| known.kind == "master" && known.id == id).map(|of| of.since);
        let newest = since(keyring.master_id());
        let older = |of: &&StoredWebhook| {
            let id = of.secret.master_key_id.as_str();
            id != keyring.master_id() && since(id) < newest
        };
        let mut copies = Vec::new();
        for of in webhooks.iter().filter(older) {
            let row = (of.installation, of.webhook.id);
            let Some(secret) = open(&keyring, row, &of.secret) else {
                tracing::error!(webhook = %of.webhook.id, "the secret of a webhook does not open; is its master key still in the keyring?");
                continue;
            };
            let sealed = seal(&keyring, &*self.inner.entropy, row, &secret).ok_or(KeyError::Unavailable)?;
            copies.push((of.webhook.id, of.secret.wrapped_key.clone(), sealed));
        }
        if copies.is_empty() && !any_ended {
            return Ok(());
        }
        self.change(ALONE, move |this, mut change| async move {
            change.end_former_webhook_secrets(now).await.map_err(failure::public)?;
            for (id, was, sealed) in &copies {
                change.reseal_webhook(*id, was, sealed).await.map_err(failure::public)?;
            }
            this.commit(change).await
        })
        .await
    }
}
