//! Keys that end soon: 14, 7 and 1 days before, once for each key and step.

use std::time::Duration;

use model::{InstallationId, Instant, KeyError, KeyId};
use serde_json::{Map, json};
use tokio::{sync::watch, time};

use super::Emitted;
use crate::{Keydesk, background::next, failure};

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Days before the end, each with the step after it.
const STEPS: [(i64, i64); 3] = [(14, 7), (7, 1), (1, 0)];
/// Keys of one look. Those that are left are found by the next.
const FEW: i64 = 500;

impl Keydesk {
    pub(crate) async fn tell_ending_until(self, mut stop: watch::Receiver<bool>) {
        let mut ticks = time::interval(LOOK);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            if let Err(error) = self.tell_ending().await {
                tracing::warn!(%error, "nobody was told of keys that end soon; it is tried again in an hour");
            }
        }
    }

    /// Tells of keys that end within 14, 7 or 1 days, and of which that was not told. Only of the nearest step: a key that ends
    /// tomorrow does not end in a week. Gives how many there were.
    pub async fn tell_ending(&self) -> Result<u64, KeyError> {
        let mut told = 0;
        for (days, then) in STEPS {
            let name = format!("key.expiring:{days}:");
            loop {
                let now = self.now();
                let between = (now.plus_millis(then * DAY_MS), now.plus_millis(days * DAY_MS));
                let keys = self.inner.store.keys_ending(between, &name, FEW).await.map_err(failure::public)?;
                let all = (keys.len() as i64) < FEW;
                for key in keys {
                    told += u64::from(self.tell_one_ending(key, days, &name).await?);
                }
                if all {
                    break;
                }
            }
        }
        Ok(told)
    }

    async fn tell_one_ending(
        &self,
        (installation, id, ends): (InstallationId, KeyId, Instant),
        days: i64,
        name: &str,
    ) -> Result<bool, KeyError> {
        let key = self.inner.store.key(installation, id).await.map_err(failure::public)?;
        let environment = key.map(|key| key.environment());
        let data = Map::from_iter([("days".to_owned(), json!(days)), ("expires_at".to_owned(), json!(ends))]);
        let once = Some(format!("{name}{}", ends.as_millis()));
        self.emit(Emitted { installation, kind: "key.expiring", key: Some(id), environment, once, data }).await
    }
}
