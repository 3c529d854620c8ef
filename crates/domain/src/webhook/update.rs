use model::{Action, KeyError, Webhook, WebhookId, WebhookPatch};
use serde_json::{Map, Value, json};
use store::Change;

use super::change::found;
use crate::{Caller, Keydesk, audit::AuditEvent, done::Done, failure, turn::ONE};

impl Keydesk {
    /// Changes a receiver; with `if_version`, only if nobody else changed it since. One that is switched on again gets what happens
    /// from then on: what happened meanwhile can be delivered again.
    pub async fn update_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
        patch: WebhookPatch,
        if_version: Option<i64>,
    ) -> Result<Webhook, KeyError> {
        // Not before whoever asks may: a look at an address asks the network.
        self.stored_webhook(caller, id).await?;
        if let Some(url) = &patch.url {
            self.vet_webhook(url).await?;
        }
        self.change_webhooks(caller, ONE, move |this, caller, mut change| async move {
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Webhook { webhook, .. }) => return Ok(*webhook),
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let (webhook, changed) = this.update_webhook_in(&mut change, &caller, id, patch, if_version).await?;
            if changed {
                this.keep_webhook(&mut change, &caller, &webhook, None).await?;
                this.commit(change).await?;
                this.inner.out.signals.hint();
            }
            Ok(webhook)
        })
        .await
    }

    /// Changes a receiver as part of a change. Gives it as it then is, and whether it was another one.
    pub(crate) async fn update_webhook_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        id: WebhookId,
        patch: WebhookPatch,
        if_version: Option<i64>,
    ) -> Result<(Webhook, bool), KeyError> {
        let now = self.now();
        let before = found(change, caller, id, if_version).await?;
        let mut after = before.clone();
        let WebhookPatch { url, types, order, enabled } = patch;
        after.webhook.url = url.unwrap_or(after.webhook.url);
        after.webhook.types = types.unwrap_or(after.webhook.types);
        after.webhook.order = order.unwrap_or(after.webhook.order);
        after.webhook.enabled = enabled.unwrap_or(after.webhook.enabled);
        let Some(event) = changed(&before.webhook, &after.webhook) else { return Ok((before.webhook, false)) };
        if after.webhook.enabled && !before.webhook.enabled {
            after.seen = change.last_event();
        }
        if !change.update_webhook(&after, now).await.map_err(failure::public)? {
            return Err(KeyError::NotFound);
        }
        (after.webhook.updated_at, after.webhook.version) = (now, before.webhook.version + 1);
        self.write_audit(change, caller.installation, caller, now, vec![event]).await?;
        Ok((after.webhook, true))
    }
}

/// The audit event of a change; `None`: there is none. Of the address only that it is another.
fn changed(from: &Webhook, to: &Webhook) -> Option<AuditEvent> {
    let mut detail = Map::new();
    let mut note = |name: &str, from: Value, to: Value| {
        if from != to {
            detail.insert(name.to_owned(), json!({ "from": from, "to": to }));
        }
    };
    note("types", json!(from.types), json!(to.types));
    note("order", json!(from.order), json!(to.order));
    let switched = from.enabled != to.enabled;
    if from.url != to.url {
        detail.insert("url".to_owned(), json!({ "changed": true }));
    }
    let action = match (detail.is_empty(), switched, to.enabled) {
        (true, false, _) => return None,
        (true, true, true) => Action::WebhookEnable,
        (true, true, false) => Action::WebhookDisable,
        (false, switched, enabled) => {
            if switched {
                detail.insert("enabled".to_owned(), json!({ "from": !enabled, "to": enabled }));
            }
            Action::WebhookUpdate
        }
    };
    detail.insert("webhook".to_owned(), json!(to.id));
    Some(AuditEvent::of(action, Value::Object(detail)))
}
