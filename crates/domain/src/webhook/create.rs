use model::{
    Action, Environment, EventPatterns, InstallationId, Instant, KeyError, PlainSecret, WEBHOOKS_MAX, Webhook,
    WebhookHealth, WebhookId, WebhookOrder, WebhookSignature,
};
use serde_json::json;
use store::{Change, SealedCopy, StoredWebhook};

use super::secret::Made;
use crate::{Caller, Idempotency, Keydesk, audit::AuditEvent, done::Done, failure, turn::ONE};

/// A receiver to be made.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    /// Where events are sent.
    pub url: String,
    /// Which types of events.
    pub types: EventPatterns,
    /// In which order.
    pub order: WebhookOrder,
    /// How they are signed.
    pub signature: WebhookSignature,
    /// `None`: those that the calling key reaches, live ones for a person.
    pub environment: Option<Environment>,
    /// Whether it begins switched off.
    pub disabled: bool,
}

/// A receiver with a secret that was just made.
#[derive(Clone, Debug)]
pub struct WebhookSecret {
    /// The receiver.
    pub webhook: Webhook,
    /// What deliveries are checked with; `None`: the public key serves for that.
    pub secret: Option<PlainSecret>,
    /// Whether this repeats an earlier answer.
    pub replayed: bool,
}

/// A receiver with its secret, not written anywhere yet.
pub(crate) struct BuiltWebhook {
    pub(crate) webhook: Webhook,
    /// As it is told, once; `None`: it is not shared.
    pub(crate) told: Option<PlainSecret>,
    sealed: SealedCopy,
    /// Of its address, for the audit log.
    host: String,
}

impl Keydesk {
    /// Makes a receiver. It gets what happens from now on.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        new: NewWebhook,
        idempotency: Option<Idempotency>,
    ) -> Result<WebhookSecret, KeyError> {
        caller.require(model::Permission::ManageWebhooks)?;
        let environment = caller.environment_of_new(new.environment)?;
        let host = self.vet_webhook(&new.url).await?.host().to_owned();
        self.change_webhooks(&caller.for_request(idempotency), ONE, move |this, caller, mut change| async move {
            if let Some(answer) = this.webhook_answered(&mut change, &caller).await? {
                return Ok(answer);
            }
            let built = this.build_webhook(caller.installation, new, environment, host, this.now())?;
            this.insert_webhook_in(&mut change, &caller, &built).await?;
            let BuiltWebhook { webhook, told, .. } = built;
            this.keep_webhook(&mut change, &caller, &webhook, told.as_ref()).await?;
            this.commit(change).await?;
            Ok(WebhookSecret { webhook, secret: told, replayed: false })
        })
        .await
    }

    /// A receiver with a new secret. `host`: of its address, which was vetted.
    pub(crate) fn build_webhook(
        &self,
        installation: InstallationId,
        new: NewWebhook,
        environment: Environment,
        host: String,
        now: Instant,
    ) -> Result<BuiltWebhook, KeyError> {
        let id = WebhookId(self.new_id(now));
        let Made { told, public_key, sealed } = self.make_webhook_secret(installation, id, new.signature)?;
        let webhook = Webhook {
            id,
            url: new.url,
            types: new.types,
            order: new.order,
            signature: new.signature,
            environment,
            enabled: !new.disabled,
            public_key,
            former_secret_ends_at: None,
            health: WebhookHealth::default(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok(BuiltWebhook { webhook, told, sealed, host })
    }

    /// Writes a receiver, as part of a change.
    pub(crate) async fn insert_webhook_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        built: &BuiltWebhook,
    ) -> Result<(), KeyError> {
        let BuiltWebhook { webhook, sealed, host, .. } = built;
        let (installation, now) = (caller.installation, webhook.created_at);
        let others = change.count_webhooks(installation).await.map_err(failure::public)?;
        if others >= WEBHOOKS_MAX as u64 {
            return Err(KeyError::InvalidSetting {
                field: "url".to_owned(),
                reason: format!("There are {WEBHOOKS_MAX} receivers already, which is the most; remove one first."),
            });
        }
        let seen = change.last_event();
        let (webhook, secret) = (webhook.clone(), sealed.clone());
        let row = StoredWebhook { installation, webhook, secret, former: None, seen };
        change.insert_webhook(&row).await.map_err(failure::public)?;
        let webhook = &row.webhook;
        let detail = json!({
            "webhook": webhook.id,
            "host": host,
            "types": webhook.types,
            "order": webhook.order,
            "signature": webhook.signature,
            "environment": webhook.environment,
            "enabled": webhook.enabled,
        });
        let event = AuditEvent::of(Action::WebhookCreate, detail);
        self.write_audit(change, installation, caller, now, vec![event]).await
    }

    /// What the same request was answered before.
    pub(super) async fn webhook_answered(
        &self,
        change: &mut Change,
        caller: &Caller,
    ) -> Result<Option<WebhookSecret>, KeyError> {
        match self.done(change, caller).await? {
            None => Ok(None),
            Some(Done::Webhook { webhook, secret }) => {
                Ok(Some(WebhookSecret { webhook: *webhook, secret: secret.map(PlainSecret::new), replayed: true }))
            }
            Some(_) => Err(KeyError::IdempotencyMismatch),
        }
    }

    /// Keeps an answer with a secret for whoever sends the same again.
    pub(super) async fn keep_webhook(
        &self,
        change: &mut Change,
        caller: &Caller,
        webhook: &Webhook,
        secret: Option<&PlainSecret>,
    ) -> Result<(), KeyError> {
        let secret = secret.map(|secret| secret.expose().to_owned());
        self.keep(change, caller, Done::Webhook { webhook: Box::new(webhook.clone()), secret }).await
    }
}
