use std::collections::HashMap;

use model::{InstallationId, Instant, KeyId, TimeZone};
use store::{StoreError, StoredCeiling};

use crate::{
    LimitState, Unavailable, Verifier,
    limits::{Ask, Decision},
};

impl Verifier {
    /// Puts ceilings in place that a change has set. It calls this when it has committed and before it answers.
    pub fn set_ceilings(&self, changed: Vec<StoredCeiling>) {
        self.inner.limits.set_ceilings(changed, false);
    }

    /// Reads all ceilings. Until then, calls are decided without them.
    pub async fn read_ceilings(&self) -> Result<(), StoreError> {
        let ceilings = self.inner.store.ceilings().await?;
        self.inner.limits.set_ceilings(ceilings, true);
        Ok(())
    }

    /// By whose clocks the days of installations end.
    pub fn set_time_zones(&self, zones: HashMap<InstallationId, TimeZone>) {
        self.inner.limits.set_zones(zones);
    }

    /// Leases parts of quotas that calls wait for, or will soon.
    pub(crate) async fn lease(&self) -> Result<(), Unavailable> {
        let limits = &self.inner.limits;
        let _place = limits.leases.enter(limits.nanos()).ok_or(Unavailable)?;
        limits.lease(&self.inner.store).await.map_err(|error| {
            tracing::error!(%error, "a part of a quota could not be leased");
            Unavailable
        })
    }

    /// Waits until parts of quotas should be leased soon, and leases them: so that few calls wait for it.
    pub async fn lease_ahead(&self) {
        let limits = &self.inner.limits;
        limits.leases.soon.notified().await;
        if let Err(error) = limits.lease(&self.inner.store).await {
            tracing::error!(%error, "parts of quotas could not be leased ahead");
        }
    }

    /// Gives parts of quotas back that nobody needed for ten seconds; or, at the end, all of them.
    pub async fn give_quotas_back(&self, all: bool) {
        let limits = &self.inner.limits;
        limits.give_back(all);
        while limits.leases.are_asked() {
            if let Err(error) = limits.lease(&self.inner.store).await {
                return tracing::error!(%error, "parts of quotas could not be given back");
            }
        }
        limits.forget_idle();
    }

    /// Where a key stands within all its limits and ceilings, for people. Nothing is taken.
    pub async fn limits_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
        now: Instant,
    ) -> Result<Vec<LimitState>, Unavailable> {
        let records = self.inner.store.records_of_key(installation, key).await.map_err(|error| {
            tracing::error!(%error, "a key's limits could not be read");
            Unavailable
        })?;
        let Some(stored) = records.into_iter().next() else { return Ok(Vec::new()) };
        let record = self.inner.cache.unkept(stored);
        for _ in 0..3 {
            let limits = &self.inner.limits;
            let Some(above) = limits.ceilings_of(&record) else { return Ok(Vec::new()) };
            let meters = [record.meters(), above.client.as_ref(), above.installation.as_ref()];
            match limits.decide(meters, Ask { wanted: None, cost: 0, now }) {
                Decision::Passes(states) | Decision::Refused(states, ..) => return Ok(states),
                Decision::Asks => self.lease().await?,
            }
        }
        Err(Unavailable)
    }
}
