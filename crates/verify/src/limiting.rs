use std::{collections::HashMap, sync::Arc};

use model::{InstallationId, Instant, KeyId, KeyKind, TimeZone};
use store::{StoreError, StoredCeiling};
use uuid::Uuid;

use crate::{
    BytesTaken, LimitReached, LimitState, Record, RedisAddress, Unavailable, Verifier,
    limits::{Above, Ask, Decision, Limits},
};

/// What takes longer to be given back is written down while it goes on, in nanoseconds.
const LONG: u64 = 60_000_000_000;

impl Verifier {
    /// The ceilings above a key; `None`: nothing limits it, neither these nor limits of its own.
    pub(crate) fn above(&self, record: &Record) -> Option<Above> {
        if record.kind() == KeyKind::Default {
            return None;
        }
        self.inner.limits.above(record.installation(), record.meters().is_some(), |ceilings| {
            record.client(|name, environment| ceilings.client_hash(name, environment))
        })
    }

    /// How many nodes share limits, this one included.
    pub fn nodes(&self) -> u64 {
        self.inner.limits.nodes()
    }

    /// Takes out the limits that refused a call since, each once in its window.
    pub fn take_reached(&self) -> Vec<LimitReached> {
        self.inner.reached.take()
    }

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

    /// Has rate limits decided together with other nodes there.
    pub fn set_redis(&self, address: RedisAddress) {
        self.inner.limits.set_redis(address);
    }

    /// By whose clocks the days of installations end.
    pub fn set_time_zones(&self, zones: HashMap<InstallationId, TimeZone>) {
        self.inner.limits.set_zones(zones);
    }

    /// Reads what was taken from rate limits before this process began, and counts the nodes.
    pub async fn restore_limits(&self, now: Instant) -> Result<(), StoreError> {
        let (limits, store) = (&self.inner.limits, &self.inner.store);
        limits.restore(store, now).await?;
        limits.nodes.count(None, store.nodes().await?, limits.nanos());
        Ok(())
    }

    /// Writes down what was taken from rate limits: what takes longer than a minute to be given back, or, at the end, all of it.
    pub async fn save_limits(&self, now: Instant, all: bool) {
        let longer = if all { 0 } else { LONG };
        let Some(taken) = self.sweep(move |limits| limits.taken(now, longer)).await else { return };
        if let Err(error) = self.inner.store.save_rates(&taken).await {
            tracing::error!(%error, "what was taken from rate limits could not be written down");
        }
    }

    /// Says that this node runs, and counts those that do: each has its share of a rate limit.
    pub async fn beat(&self, this: Uuid) {
        let (limits, store) = (&self.inner.limits, &self.inner.store);
        let beaten = async {
            store.beat(this, limits.nodes.next_beat()).await?;
            let before = limits.nodes();
            let gone = limits.nodes.count(Some(this), store.nodes().await?, limits.nanos());
            if limits.nodes() != before {
                tracing::info!(nodes = limits.nodes(), before, "another number of nodes shares the rate limits");
            }
            for node in gone {
                store.leave(node).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = beaten.await {
            tracing::warn!(%error, "the nodes could not be counted; the number of before is taken");
        }
    }

    /// This node runs no longer.
    pub async fn leave(&self, this: Uuid) {
        if let Err(error) = self.inner.store.leave(this).await {
            tracing::warn!(%error, "the other nodes could not be told that this one ends; they see it in 10 s");
        }
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
        self.sweep(move |limits| limits.give_back(all)).await;
        while limits.leases.are_asked() {
            if let Err(error) = limits.lease(&self.inner.store).await {
                return tracing::error!(%error, "parts of quotas could not be given back");
            }
        }
        let cached = self.inner.cache.len();
        self.sweep(move |limits| limits.forget_idle(cached)).await;
    }

    /// Goes through the limits that were used, on a thread of its own: where a million keys are called this takes a third of a second, in
    /// which a runtime of one thread would answer nobody.
    async fn sweep<T: Send + 'static>(&self, sweep: impl FnOnce(&Limits) -> T + Send + 'static) -> Option<T> {
        let inner = Arc::clone(&self.inner);
        match tokio::task::spawn_blocking(move || sweep(&inner.limits)).await {
            Ok(swept) => Some(swept),
            Err(error) => {
                tracing::error!(%error, "the limits could not be gone through");
                None
            }
        }
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
        let mut states = self.limits_of_calls(&record, now).await?;
        let (BytesTaken::Taken(bytes) | BytesTaken::Refused(bytes, _)) = self.take_recording(&record, 0, now).await?;
        states.extend(bytes);
        Ok(states)
    }

    /// Those that count calls.
    async fn limits_of_calls(&self, record: &Record, now: Instant) -> Result<Vec<LimitState>, Unavailable> {
        let mut answers = None;
        for _ in 0..3 {
            let limits = &self.inner.limits;
            let Some(above) = self.above(record) else { return Ok(Vec::new()) };
            let meters = [record.meters(), above.client.as_ref(), above.installation.as_ref()];
            match limits.decide(meters, Ask { wanted: None, cost: 0, now, answers: answers.as_ref() }) {
                Decision::Passes(states) | Decision::Refused(states, ..) => return Ok(states),
                Decision::Asks => self.lease().await?,
                // Whoever takes nothing needs nothing that others hold.
                Decision::Held | Decision::Again => {}
                Decision::Elsewhere(question) => {
                    let asked = limits.ask_elsewhere(&self.inner.store, question, 0).await;
                    answers = asked.map_err(|error| {
                        tracing::error!(%error, "a rate limit could not be asked for");
                        Unavailable
                    })?;
                }
            }
        }
        Err(Unavailable)
    }
}
