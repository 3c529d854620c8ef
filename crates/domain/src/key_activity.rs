use model::{CallCounts, KeyActivity, KeyError, KeyId, SecretUsage, TimeZone, UsageFilter, UsageRange};

use crate::{
    Caller, Keydesk, failure,
    usage_points::{points, steps, sum},
    usage_report::whole,
};

impl Keydesk {
    /// What was done with a key in a range, by the clocks of `zone`.
    pub async fn key_activity(
        &self,
        caller: &Caller,
        key: KeyId,
        range: UsageRange,
        zone: &TimeZone,
    ) -> Result<KeyActivity, KeyError> {
        let target = self.usage_target(caller, &UsageFilter { key: Some(key), ..UsageFilter::default() }).await?;
        let (store, installation) = (&self.inner.store, caller.installation);
        let steps = steps(range, zone);
        let bounds = whole(range, &steps);
        let counts = self.usage_counts(&target, bounds, range.step()).await?;
        let span = target.span(bounds.0, bounds.1);
        let by_secret = store.secrets_usage(&span, key).await.map_err(failure::public)?;
        let from = store.last_addresses(installation, key).await.map_err(failure::public)?;
        let secrets = self.secrets(caller, key).await?.into_iter().map(|secret| {
            let mut counts = CallCounts::default();
            let own = by_secret.iter().filter(|(id, ..)| *id == secret.id);
            own.for_each(|(_, code, calls)| counts.add(*code, *calls));
            let last_address = from.iter().find(|(id, _)| *id == secret.id).and_then(|(_, address)| *address);
            SecretUsage { secret, last_address, counts }
        });
        let (last_used_at, last_address) = store.last_use_of_key(installation, key).await.map_err(failure::public)?;
        Ok(KeyActivity {
            key,
            range,
            points: points(&steps, &counts),
            counts: sum(&counts),
            before: self.counts_before(&target, bounds, range.step()).await?,
            scopes: self.usage_scopes(&target, bounds).await?,
            secrets: secrets.collect(),
            addresses: store.addresses_of_keys(installation, &[key]).await.map_err(failure::public)?,
            busiest_hour: store.busiest_hour(&span, &[key]).await.map_err(failure::public)?,
            last_used_at,
            last_address,
        })
    }
}
