use model::{
    AddressUsage, BusiestHour, Instant, KeyError, KeyId, KeySettings, LimitName, ScopeUsage, Selection, SettingsPatch,
    WhatBreaks,
};

use crate::{Caller, Keydesk};

const HOUR_SECONDS: u128 = 60 * 60;

/// What of the calls of the last 30 days a key's settings would refuse after a change. Nothing: no call is known that it would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// What the key was used for.
    pub breaks: WhatBreaks,
    /// The key would be disabled.
    pub disables: bool,
    /// The key would end, or end earlier.
    pub ends_at: Option<Instant>,
    /// Scopes that allowed calls wanted, and the key would no longer hold.
    pub scopes: Vec<ScopeUsage>,
    /// Addresses from which it was called, and could no longer be.
    pub addresses: Vec<AddressUsage>,
    /// It would be bound to other addresses, and allowed calls came from some that are not known.
    pub from_unknown_addresses: bool,
    /// It could be used from fewer pages. From which it was, nobody counts.
    pub origins: bool,
    /// New limits that the busiest hour alone would have reached.
    pub limits: Vec<LimitName>,
}

impl Narrowing {
    /// Whether no call is known that the change would refuse.
    pub fn is_empty(&self) -> bool {
        *self == Self { breaks: self.breaks.clone(), ..Self::default() }
    }

    /// The hour with the most allowed calls.
    pub fn busiest_hour(&self) -> Option<BusiestHour> {
        self.breaks.details.as_ref()?.busiest_hour
    }
}

impl Keydesk {
    /// What of a key's calls would be refused if its version `expected` were changed so; nothing of another version, which is not
    /// changed.
    pub async fn narrowing(
        &self,
        caller: &Caller,
        id: KeyId,
        patch: &SettingsPatch,
        expected: Option<i64>,
    ) -> Result<Narrowing, KeyError> {
        let key = self.get(caller, id).await?;
        if expected.is_some_and(|expected| expected != key.version) {
            return Ok(Narrowing::default());
        }
        let before = key.settings;
        let after = patch.clone().apply(&before)?;
        if before.widens(&after).is_none() && after.scopes.allows_all(before.scopes.iter()) {
            return Ok(Narrowing::default());
        }
        let breaks = self.what_breaks(caller, &Selection::Ids(vec![id])).await?;
        Ok(narrowed(&before, &after, breaks))
    }
}

fn narrowed(before: &KeySettings, after: &KeySettings, breaks: WhatBreaks) -> Narrowing {
    if breaks.allowed == 0 {
        return Narrowing { breaks, ..Narrowing::default() };
    }
    let details = breaks.details.clone().unwrap_or_default();
    let refuses =
        |of: &ScopeUsage| of.counts.allowed > 0 && before.scopes.allows(&of.scope) && !after.scopes.allows(&of.scope);
    let shuts_out = |of: &AddressUsage| {
        let address = Some(of.address);
        of.allowed > 0 && before.allowed_ips.allows(address) && !after.allowed_ips.allows(address)
    };
    let ends_earlier = |end: &Instant| before.expires_at.is_none_or(|before| *end < before);
    let busiest = details.busiest_hour.map_or(0, |hour| hour.allowed);
    Narrowing {
        disables: before.enabled && !after.enabled,
        ends_at: after.expires_at.filter(ends_earlier),
        scopes: details.scopes.into_iter().filter(refuses).collect(),
        addresses: details.addresses.into_iter().filter(shuts_out).collect(),
        from_unknown_addresses: details.addresses_are_incomplete && !after.allowed_ips.covers(&before.allowed_ips),
        origins: !after.allowed_origins.covers(&before.allowed_origins),
        limits: reached(before, after, busiest),
        breaks,
    }
}

/// The new limits on all calls that let fewer pass in an hour than came in the busiest.
fn reached(before: &KeySettings, after: &KeySettings, busiest: u64) -> Vec<LimitName> {
    let rates = after.rate_limits.iter().filter(|limit| !before.rate_limits.iter().any(|other| other == *limit));
    let rates = rates.filter(|limit| {
        let an_hour = u128::from(limit.limit()) * HOUR_SECONDS / u128::from(limit.window_seconds().max(1));
        limit.scopes().is_empty() && an_hour.max(limit.limit().into()) < busiest.into()
    });
    let quotas = after.quotas.iter().filter(|quota| !before.quotas.iter().any(|other| other == *quota));
    // Every period holds an hour.
    let quotas = quotas.filter(|quota| quota.scopes().is_empty() && quota.limit() < busiest);
    rates.map(|limit| limit.name().clone()).chain(quotas.map(|quota| quota.name().clone())).collect()
}
