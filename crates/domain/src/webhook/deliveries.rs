use model::{DeliveryCursor, DeliveryPage, DeliveryState, KeyError, PAGE_MAX, WebhookId};

use crate::{Caller, Keydesk, failure};

impl Keydesk {
    /// A page of the deliveries to a receiver, the newest event first.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: WebhookId,
        state: Option<DeliveryState>,
        limit: u32,
        cursor: Option<DeliveryCursor>,
    ) -> Result<DeliveryPage, KeyError> {
        self.stored_webhook(caller, id).await?;
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        let before = cursor.map_or(i64::MAX, |DeliveryCursor(position)| position);
        // One more than is shown tells whether there are older ones.
        let found = self.inner.store.deliveries(id, state, before, limit as i64 + 1).await;
        let mut found = found.map_err(failure::public)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|(position, _)| DeliveryCursor(*position).to_string());
        Ok(DeliveryPage { items: found.into_iter().map(|(_, delivery)| delivery).collect(), next_cursor })
    }
}
