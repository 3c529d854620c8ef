use model::KeyError;

use super::app::{open, seal};
use crate::{Keydesk, failure, turn::ALONE};

impl Keydesk {
    /// Seals the secrets of authenticator apps under the newest master key.
    pub(crate) async fn renew_apps(&self) {
        if self.inner.store.is_read_only() {
            return;
        }
        if let Err(error) = self.reseal_apps().await {
            tracing::warn!(%error, "the secrets of authenticator apps could not be sealed under the newest master key; it is tried again");
        }
    }

    async fn reseal_apps(&self) -> Result<(), KeyError> {
        let keyring = self.keyring();
        let apps = self.inner.store.all_totp().await.map_err(failure::public)?;
        // A key that is newer on another node is not taken back.
        let known = self.inner.store.known_keys().await.map_err(failure::public)?;
        let since = |id: &str| known.iter().find(|known| known.kind == "master" && known.id == id).map(|of| of.since);
        let newest = since(keyring.master_id());
        let mut copies = Vec::new();
        for of in &apps {
            let id = of.secret.master_key_id.as_str();
            if id == keyring.master_id() || since(id) >= newest {
                continue;
            }
            let row = (of.installation, of.administrator);
            let Some(secret) = open(&keyring, row, &of.secret) else {
                tracing::error!(person = %of.administrator, "the secret of an authenticator app does not open; is its master key still in the keyring?");
                continue;
            };
            let sealed = seal(&keyring, &*self.inner.entropy, row, &secret).ok_or(KeyError::Unavailable)?;
            copies.push((of.administrator, of.secret.wrapped_key.clone(), sealed));
        }
        if copies.is_empty() {
            return Ok(());
        }
        self.change(ALONE, move |this, mut change| async move {
            for (person, was, sealed) in &copies {
                change.reseal_totp(*person, was, sealed).await.map_err(failure::public)?;
            }
            this.commit(change).await
        })
        .await
    }
}
