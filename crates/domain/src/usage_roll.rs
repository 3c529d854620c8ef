//! Usage grows old: quarters become days, and then go. By the days of the installation.

use model::{InstallationId, Instant, KeyId, Period, TimeZone, USAGE_MINUTES_MS};
use store::StoreError;
use tokio::task::yield_now;
use uuid::Uuid;

use crate::{Keydesk, usage_retention::UsageWalk};

/// Keys whose usage is rolled up in one transaction.
const BATCH: i64 = 250;
/// Batches in an hour: a million keys have their turn once in a day.
const BATCHES: usize = 200;
/// After the end of a day its clients are ranked again for as long, since what was counted in it may be written down later.
const LATE_MS: i64 = 2 * 60 * 60 * 1000;

impl Keydesk {
    /// Rolls up and removes what is old as of `now`: of installations all, of keys the next part.
    pub(crate) async fn roll_up_usage(&self, now: Instant) -> Result<(), StoreError> {
        let mut installations: Vec<_> =
            self.inner.store.installations().await?.into_iter().map(|of| (of.id, of.time_zone)).collect();
        installations.sort_by_key(|(id, _)| *id);
        for (id, zone) in &installations {
            self.roll_up_totals(*id, zone, now).await?;
        }
        self.roll_up_keys(&installations, now).await
    }

    async fn roll_up_totals(&self, id: InstallationId, zone: &TimeZone, now: Instant) -> Result<(), StoreError> {
        let (store, retention) = (&self.inner.store, self.inner.usage.retention);
        while let Some(oldest) = store.oldest_total(id).await? {
            let day = zone.period(Period::Day, oldest);
            if day.end > retention.quarters_until(now) {
                break;
            }
            store.roll_totals(id, day).await?;
        }
        // The two days before this one: the hours of older ones are gone.
        let today = zone.period(Period::Day, now);
        let yesterday = zone.period(Period::Day, today.start.plus_millis(-1));
        let before = zone.period(Period::Day, yesterday.start.plus_millis(-1));
        for day in [before, yesterday] {
            if now < day.end.plus_millis(LATE_MS) || !store.has_clients_of(id, day.start).await? {
                store.roll_clients(id, day).await?;
            }
        }
        let minutes = now.plus_millis(-USAGE_MINUTES_MS);
        store.purge_totals(id, minutes, before.start.min(minutes), retention.days_until(now)).await
    }

    /// From where the last walk ended.
    async fn roll_up_keys(&self, installations: &[(InstallationId, TimeZone)], now: Instant) -> Result<(), StoreError> {
        let mut walk = *self.inner.usage_walk.lock().await;
        for _ in 0..BATCHES {
            let Some((id, zone)) = installations.iter().find(|(id, _)| *id >= walk.installation) else {
                walk = UsageWalk::default();
                break;
            };
            if *id != walk.installation {
                walk = UsageWalk { installation: *id, ..UsageWalk::default() };
            }
            let keys = self.inner.store.keys_with_usage(*id, walk.after, BATCH).await?;
            if let Some(last) = keys.last() {
                self.roll_up_batch(*id, zone, &keys, now).await?;
                walk.after = *last;
            } else {
                // To the next installation.
                let next = Uuid::from_u128(id.0.as_u128().saturating_add(1));
                walk = UsageWalk { installation: InstallationId(next), ..UsageWalk::default() };
            }
            *self.inner.usage_walk.lock().await = walk;
            // Calls and changes come first.
            yield_now().await;
        }
        *self.inner.usage_walk.lock().await = walk;
        Ok(())
    }

    async fn roll_up_batch(
        &self,
        id: InstallationId,
        zone: &TimeZone,
        keys: &[KeyId],
        now: Instant,
    ) -> Result<(), StoreError> {
        let (store, retention) = (&self.inner.store, self.inner.usage.retention);
        while let Some(oldest) = store.oldest_usage(id, keys).await? {
            let day = zone.period(Period::Day, oldest);
            if day.end > retention.quarters_until(now) {
                break;
            }
            store.roll_keys(id, keys, day).await?;
        }
        store.purge_usage(id, keys, now.plus_millis(-USAGE_MINUTES_MS), retention.days_until(now)).await
    }
}
