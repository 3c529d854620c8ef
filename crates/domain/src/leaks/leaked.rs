use model::{
    InstallationId, Instant, Key, KeyError, KeyStatus, PlainSecret, SecretId, TOKEN_MAX, WebhookId, presented_key,
};
use serde::{Deserialize, Serialize};

use crate::{Keydesk, failure};

/// What is known of a secret that was found.
#[derive(Clone, Debug)]
pub enum Leaked {
    /// It is a key's, or a derived token of one.
    Key(Box<LeakedKey>),
    /// Deliveries to a webhook are signed with it.
    Webhook(LeakedWebhook),
}

/// A key of which a secret, or a token, was found.
#[derive(Clone, Debug)]
pub struct LeakedKey {
    /// Whose.
    pub installation: InstallationId,
    /// The key, as it is.
    pub key: Key,
    /// The secret that was found, or with which the token was made.
    pub secret: SecretId,
    /// When that secret ended or ends, since the key was rotated.
    pub secret_ends_at: Option<Instant>,
    /// When the token ended or ends that was found; `None`: it was the secret itself.
    pub token_ends_at: Option<Instant>,
}

/// A webhook whose signing secret was found.
#[derive(Clone, Debug)]
pub struct LeakedWebhook {
    /// Whose.
    pub installation: InstallationId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Where its deliveries go: the host alone, since the rest of the address may be a secret.
    pub host: String,
}

/// Whether a secret that was found still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakStanding {
    /// It does: whoever has it can call.
    Works,
    /// Not now: its key is switched off, and works again when somebody enables it.
    Disabled,
    /// Not now: its key has expired, and works again when somebody extends it.
    Expired,
    /// Its key is deleted.
    Revoked,
    /// The key was rotated, or the token's time is over. The key may work.
    Ended,
}

impl LeakStanding {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Ended => "ended",
        }
    }
}

impl LeakedKey {
    /// Whether what was found works.
    pub fn standing(&self, now: Instant) -> LeakStanding {
        let is_over = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        match self.key.status {
            KeyStatus::Revoked => LeakStanding::Revoked,
            _ if is_over(self.secret_ends_at) || is_over(self.token_ends_at) => LeakStanding::Ended,
            KeyStatus::Disabled => LeakStanding::Disabled,
            KeyStatus::Expired => LeakStanding::Expired,
            KeyStatus::Active => LeakStanding::Works,
        }
    }
}

impl Keydesk {
    /// What is known of a secret that was found, whichever installation's; `None`: it is none of this deployment, or is forgotten. It is a
    /// read, whether or not the API Keys module is on: nothing is counted, and nothing is written down.
    pub async fn leaked(&self, secret: &PlainSecret) -> Result<Option<Leaked>, KeyError> {
        let text = presented_key(secret.expose());
        if text.is_empty() || text.len() > TOKEN_MAX {
            return Ok(None);
        }
        let secret = PlainSecret::new(text.to_owned());
        if let Some(webhook) = self.webhook_signed_with(&secret).await? {
            return Ok(Some(Leaked::Webhook(webhook)));
        }
        let whose = self.verifier().whose(&secret).await.map_err(|_| KeyError::Unavailable)?;
        let Some(whose) = whose else { return Ok(None) };
        let stored = self.inner.store.key(whose.installation, whose.key).await.map_err(failure::public)?;
        Ok(stored.map(|stored| {
            Leaked::Key(Box::new(LeakedKey {
                installation: whose.installation,
                key: stored.at(self.now()),
                secret: whose.secret,
                secret_ends_at: whose.secret_ends_at,
                token_ends_at: whose.token_ends_at,
            }))
        }))
    }
}
