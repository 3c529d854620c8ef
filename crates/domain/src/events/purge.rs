use model::Instant;

use crate::Keydesk;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long events can be delivered again.
const HISTORY_MS: i64 = 7 * DAY_MS;
/// How long what a receiver did not take waits for somebody to see it.
const GIVEN_UP_MS: i64 = 30 * DAY_MS;
/// How long it is remembered what was told, and how many events a subject had.
const REMEMBERED_MS: i64 = 400 * DAY_MS;

impl Keydesk {
    /// Removes events that are older than a week and that nobody waits for; and those older than 30 days, which is told.
    pub(crate) async fn purge_events(&self, now: Instant) {
        let mut from = 0;
        let history = now.plus_millis(-HISTORY_MS);
        loop {
            match self.inner.store.purge_events(from, history).await {
                Ok(Some(next)) => from = next,
                Ok(None) => break,
                Err(error) => return tracing::warn!(%error, "old events could not be removed"),
            }
        }
        let given_up =
            self.inner.store.give_up_events(now.plus_millis(-GIVEN_UP_MS), now.plus_millis(-REMEMBERED_MS)).await;
        match given_up {
            Ok(0) => {}
            Ok(deliveries) => {
                self.inner.out.gave_up(deliveries);
                tracing::error!(
                    deliveries,
                    "deliveries of events were given up: their receivers have not taken them for 30 days"
                );
            }
            Err(error) => tracing::warn!(%error, "old events could not be removed"),
        }
    }
}
