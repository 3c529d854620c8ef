use model::{Action, Environment, EventId, Instant, KeyError, REDELIVERED_MAX, Webhook, WebhookId};
use serde_json::json;
use store::StoredEvent;

use super::change::found;
use crate::{Caller, Keydesk, at_most::require_at_most, audit::AuditEvent, failure, turn::ALONE};

/// Which events are delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redelivery {
    /// Those that happened from the first instant on and before the second.
    Between(Instant, Instant),
    /// These.
    Events(Vec<EventId>),
}

impl Keydesk {
    /// Has events delivered to a receiver, whether they were before or not, as far as it wants their types. Gives how many.
    pub async fn redeliver(&self, caller: &Caller, id: WebhookId, wanted: Redelivery) -> Result<u64, KeyError> {
        if let Redelivery::Events(ids) = &wanted {
            require_at_most("ids", ids.len(), REDELIVERED_MAX)?;
        }
        self.change_webhooks(caller, ALONE, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            let receiver = found(&mut change, &caller, id, None).await?;
            let events = match &wanted {
                Redelivery::Between(from, to) => {
                    let most = i64::try_from(REDELIVERED_MAX).unwrap_or(i64::MAX);
                    // Those after are delivered all the same.
                    let upto = if receiver.webhook.enabled { receiver.seen } else { i64::MAX };
                    change.events_between(installation, (*from, *to), upto, most + 1).await
                }
                Redelivery::Events(ids) => change.events_by_id(installation, ids).await,
            };
            let events = events.map_err(failure::public)?;
            if events.len() > REDELIVERED_MAX {
                let reason = format!("There are more than {REDELIVERED_MAX} events; choose a shorter time.");
                return Err(KeyError::InvalidSetting { field: "to".to_owned(), reason });
            }
            let mut events: Vec<_> = events.into_iter().filter(|event| wants(&receiver.webhook, event)).collect();
            events.sort_unstable_by_key(|event| event.position);
            events.dedup_by_key(|event| event.position);
            if events.is_empty() {
                return Ok(0);
            }
            change.deliver_again(id, &events, now).await.map_err(failure::public)?;
            let detail = match &wanted {
                Redelivery::Between(from, to) => {
                    json!({ "webhook": id, "events": events.len(), "from": from, "to": to })
                }
                Redelivery::Events(_) => json!({ "webhook": id, "events": events.len() }),
            };
            let event = AuditEvent::of(Action::WebhookRedeliver, detail);
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.commit(change).await?;
            this.inner.out.signals.hint();
            Ok(events.len() as u64)
        })
        .await
    }
}

/// Whether a receiver gets this event.
fn wants(webhook: &Webhook, event: &StoredEvent) -> bool {
    let sees = webhook.environment == Environment::Live || event.environment == Some(Environment::Test);
    match event.target {
        Some(target) => target == webhook.id,
        None => sees && webhook.types.wants(&event.kind),
    }
}
