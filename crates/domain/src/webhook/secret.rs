use delivery::{new_secret, public_key};
use model::{InstallationId, KeyError, PlainSecret, WebhookId, WebhookSignature};
use store::{SealedCopy, StoredWebhook};
use zeroize::Zeroizing;

use crate::{Entropy, Keydesk, Keyring, seal};

/// A new secret of a receiver.
pub(super) struct Made {
    /// As it is told, once; `None`: it is not shared.
    pub(super) told: Option<PlainSecret>,
    pub(super) public_key: Option<String>,
    pub(super) sealed: SealedCopy,
}

impl Keydesk {
    pub(super) fn make_webhook_secret(
        &self,
        installation: InstallationId,
        id: WebhookId,
        signature: WebhookSignature,
    ) -> Result<Made, KeyError> {
        let entropy = &*self.inner.entropy;
        let mut random = Zeroizing::new([0; 32]);
        entropy.fill(&mut random[..]);
        let secret = new_secret(signature, &random);
        let sealed = seal(&self.keyring(), entropy, (installation, id), &secret).ok_or(KeyError::Unavailable)?;
        let public_key = public_key(&secret);
        Ok(Made { told: public_key.is_none().then_some(secret), public_key, sealed })
    }

    /// The secrets with which a receiver's deliveries are signed now. One that does not open is told of, and is missing.
    pub(super) fn webhook_secrets(&self, of: &StoredWebhook) -> Vec<PlainSecret> {
        let former_works = of.webhook.former_secret_ends_at.is_some_and(|end| end > self.now());
        let former = of.former.as_ref().filter(|_| former_works);
        let keyring = self.keyring();
        let opened = |copy| {
            let secret = open(&keyring, (of.installation, of.webhook.id), copy);
            if secret.is_none() {
                tracing::error!(webhook = %of.webhook.id, master_key = %copy.master_key_id, "the secret of a webhook does not open; is its master key still in the keyring?");
            }
            secret
        };
        [Some(&of.secret), former].into_iter().flatten().filter_map(opened).collect()
    }
}

/// Seals a secret for the row of its receiver.
pub(super) fn seal(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    row: (InstallationId, WebhookId),
    secret: &PlainSecret,
) -> Option<SealedCopy> {
    seal::seal_for(keyring, entropy, |master_id| associated(row, master_id), secret)
}

pub(super) fn open(keyring: &Keyring, row: (InstallationId, WebhookId), copy: &SealedCopy) -> Option<PlainSecret> {
    seal::open_for(keyring, |master_id| associated(row, master_id), copy)
}

/// Binds a sealed secret to its row.
fn associated((installation, id): (InstallationId, WebhookId), master_id: &str) -> Vec<u8> {
    let mut data = b"keydesk/webhook/1\0".to_vec();
    [installation.0, id.0].iter().for_each(|id| data.extend_from_slice(id.as_bytes()));
    data.extend_from_slice(master_id.as_bytes());
    data
}
