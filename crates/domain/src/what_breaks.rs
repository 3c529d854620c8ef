use std::{collections::BTreeMap, net::IpAddr};

use model::{
    AddressUsage, BreaksDetails, DeletionImpact, KeyError, KeyId, Permission, Selection, UsageStep, WhatBreaks,
};
use store::{ADDRESSES_KEPT, UsageSpan};

use crate::{Caller, Keydesk, failure, usage_points::sum, usage_target::by_scope};

/// Keys of which scopes, addresses and hours are looked at.
const KEYS_MAX: usize = 50;

impl Keydesk {
    /// What the selected keys were used for in the last 30 days.
    pub async fn what_breaks(&self, caller: &Caller, selection: &Selection) -> Result<WhatBreaks, KeyError> {
        let impact = self.deletion_impact(caller, selection).await?;
        self.breaks_of(caller, selection, &impact).await
    }

    /// The same, where it is known what the selected keys come to.
    pub async fn breaks_of(
        &self,
        caller: &Caller,
        selection: &Selection,
        impact: &DeletionImpact,
    ) -> Result<WhatBreaks, KeyError> {
        caller.require(Permission::ReadUsage)?;
        let DeletionImpact { keys, calls_30_days, calls_is_lower_bound, last_used_at, .. } = *impact;
        let mut breaks = WhatBreaks {
            keys,
            allowed: calls_30_days,
            refused: 0,
            is_lower_bound: calls_is_lower_bound,
            allowed_is_not_recorded: !self.records_allowed_calls(),
            last_used_at,
            details: None,
        };
        let few = match selection {
            Selection::Ids(ids) if ids.len() <= KEYS_MAX => self.those_seen(caller, ids).await?,
            Selection::Matching { .. } if (1..=KEYS_MAX as u64).contains(&keys) => {
                let Some(filter) = self.filter(caller, selection)? else { return Ok(breaks) };
                self.inner.store.matching_ids(&filter, KEYS_MAX as i64).await.map_err(failure::public)?
            }
            Selection::Ids(_) | Selection::Matching { .. } => return Ok(breaks),
        };
        let span = UsageSpan {
            installation: caller.installation,
            from: self.first_day(),
            to: self.now().plus_millis(1),
            code: None,
            scope: None,
            environment: None,
        };
        let store = &self.inner.store;
        let counts = store.usage_of_keys(&span, &few, UsageStep::Hour).await.map_err(failure::public)?;
        breaks.refused = sum(counts.iter().map(|(_, count)| count)).refused();
        let addresses = store.addresses_of_keys(caller.installation, &few).await.map_err(failure::public)?;
        let from_elsewhere = self.called_from_elsewhere(caller, &few, &addresses, span.from).await?;
        let addresses: Vec<_> = addresses.into_iter().filter(|of| of.last_seen >= span.from).collect();
        breaks.details = Some(BreaksDetails {
            busiest_hour: store.busiest_hour(&span, &few).await.map_err(failure::public)?,
            scopes: by_scope(store.scopes_of_keys(&span, &few).await.map_err(failure::public)?),
            addresses_are_incomplete: from_elsewhere || addresses.len() >= ADDRESSES_KEPT as usize,
            addresses: newest(addresses),
        });
        Ok(breaks)
    }

    /// Those of these keys that the caller may see.
    async fn those_seen(&self, caller: &Caller, ids: &[KeyId]) -> Result<Vec<KeyId>, KeyError> {
        let mut seen = Vec::with_capacity(ids.len());
        for id in ids {
            match self.get(caller, *id).await {
                Ok(_) => seen.push(*id),
                Err(KeyError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }
}

/// The newest addresses of several keys, each once.
fn newest(addresses: Vec<AddressUsage>) -> Vec<AddressUsage> {
    let mut merged: BTreeMap<IpAddr, AddressUsage> = BTreeMap::new();
    for of in addresses {
        let known = merged.entry(of.address).or_insert(AddressUsage { allowed: 0, refused: 0, ..of.clone() });
        known.allowed = known.allowed.saturating_add(of.allowed);
        known.refused = known.refused.saturating_add(of.refused);
        known.first_seen = known.first_seen.min(of.first_seen);
        if of.last_seen > known.last_seen {
            known.last_seen = of.last_seen;
            known.last_refusal = of.last_refusal.or(known.last_refusal);
        }
    }
    let mut newest: Vec<_> = merged.into_values().collect();
    newest.sort_by_key(|of| std::cmp::Reverse((of.last_seen, of.address)));
    newest.truncate(ADDRESSES_KEPT as usize);
    newest
}
