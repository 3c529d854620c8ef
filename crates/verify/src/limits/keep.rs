//! What was taken from rate limits outlives a restart.

use model::{Instant, RateState};
use store::{LimitOwnerRow, Store, StoreError, StoredRate};

use super::{Limits, Owner, lease::owner_row, lock};

/// Rate limits that are read at the start. Those that have given everything back the latest come first.
const MOST: i64 = 1_000_000;

fn nanos_of(at: Instant) -> i64 {
    at.as_millis().saturating_mul(1_000_000)
}

impl Limits {
    /// Reads what was taken before this process began.
    pub(crate) async fn restore(&self, store: &Store, now: Instant) -> Result<(), StoreError> {
        let rates = store.rates(nanos_of(now), MOST).await?;
        let tick = self.nanos();
        let mut restored = lock(&self.restored);
        for StoredRate { installation, owner, name, full_at } in rates {
            let left = u64::try_from(full_at.saturating_sub(nanos_of(now))).unwrap_or(0);
            restored.insert((installation, owner_of(owner), name), RateState(tick.saturating_add(left)));
        }
        Ok(())
    }

    /// What was taken and takes longer than this to be given back.
    pub(crate) fn taken(&self, now: Instant, longer: u64) -> Vec<StoredRate> {
        let (tick, mut rates) = (self.nanos(), Vec::new());
        self.used.each(|meters| {
            let state = meters.lock();
            rates.extend(state.taken(tick.saturating_add(longer)).map(|(name, full_at)| StoredRate {
                installation: meters.installation,
                owner: owner_row(&meters.owner),
                name: name.clone(),
                full_at: nanos_of(now).saturating_add(i64::try_from(full_at - tick).unwrap_or(i64::MAX)),
            }));
        });
        rates
    }
}

fn owner_of(row: LimitOwnerRow) -> Owner {
    match row {
        LimitOwnerRow::Key(key) => Owner::Key(key),
        LimitOwnerRow::Client(environment, folded) => Owner::Client(environment, folded.into()),
        LimitOwnerRow::Installation => Owner::Installation,
    }
}
