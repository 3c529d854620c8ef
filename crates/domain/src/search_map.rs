use std::time::Duration;

use tokio::{sync::watch, time};

use crate::{Keydesk, background::next};

/// How often what searches skip by learns what has changed. Each search does so, too; so that has little to learn.
const LEARN: Duration = Duration::from_secs(1);

impl Keydesk {
    /// Keeps what searches by name skip by.
    pub(crate) async fn keep_search_map_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(LEARN);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        // The poll tells when the database is gone; the same each second would bury all else.
        let mut said = false;
        while next(&mut ticks, &mut stop).await {
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
