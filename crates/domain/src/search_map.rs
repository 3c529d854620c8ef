use std::time::Duration;

use tokio::time;

use crate::Keydesk;

/// How often what searches skip by learns what has changed. Each search does so, too; so that has little to learn.
const LEARN: Duration = Duration::from_secs(1);

impl Keydesk {
    /// Keeps what searches by name skip by.
    pub(crate) async fn keep_search_map_forever(self) {
        let mut ticks = time::interval(LEARN);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        // The poll tells when the database is gone; the same each second would bury all else.
        let mut said = false;
        loop {
            ticks.tick().await;
            match self.inner.store.keep_search_map().await {
                Ok(()) => said = false,
                Err(error) if !said => {
                    tracing::warn!(%error, "what searches skip by can't be kept; they are slower");
                    said = true;
                }
                Err(_) => {}
            }
        }
    }
}
