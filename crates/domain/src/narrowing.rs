use model::{
    AddressUsage, BusiestHour, Instant, KeyError, KeyId, KeySettings, LimitName, Period, ScopeSet, ScopeUsage,
    Selection, SettingsPatch, WhatBreaks,
};

use crate::{Caller, Keydesk};

const HOUR_SECONDS: u128 = 60 * 60;
/// Calls of so many days are looked at.
const DAYS: u128 = 30;

/// What of the calls of the last 30 days a key's settings would refuse after a change. Nothing: no call is known that it would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// What the key was used for.
    pub breaks: WhatBreaks,
    /// The change takes something away, and allowed calls are not recorded: what it would refuse is not known.
    pub is_blind: bool,
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
    /// Other new limits that let fewer calls pass in all this time than were made.
    pub limits_in_all: Vec<LimitInAll>,
}

/// A new limit that lets fewer calls pass in 30 days than were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitInAll {
    /// Its name.
    pub name: LimitName,
    /// So many calls pass in 30 days at most.
    pub most: u64,
    /// So many calls it would have counted at most. One that wants several of the limit's scopes is counted for each of them.
    pub calls: u64,
}

impl Narrowing {
    /// Whether there is nothing to tell: no call is known that the change would refuse, and calls are recorded.
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
    let is_blind = breaks.allowed_is_not_recorded && takes_away(before, after);
    if breaks.allowed == 0 {
        return Narrowing { is_blind, breaks, ..Narrowing::default() };
    }
    let details = breaks.details.clone().unwrap_or_default();
    let refuses =
        |of: &ScopeUsage| of.counts.allowed > 0 && before.scopes.allows(&of.scope) && !after.scopes.allows(&of.scope);
    let shuts_out = |of: &AddressUsage| {
        let address = Some(of.address);
        of.allowed > 0 && before.allowed_ips.allows(address) && !after.allowed_ips.allows(address)
    };
    let busiest = u128::from(details.busiest_hour.map_or(0, |hour| hour.allowed));
    let (limits, others): (Vec<_>, Vec<_>) =
        new_limits(before, after).into_iter().partition(|limit| limit.scopes.is_empty() && limit.in_an_hour < busiest);
    let limits_in_all = others.into_iter().filter_map(|limit| {
        let calls = limit.counted(&details.scopes, breaks.allowed);
        let most = u64::try_from(limit.in_all).unwrap_or(u64::MAX);
        (most < calls).then(|| LimitInAll { name: limit.name.clone(), most, calls })
    });
    let limits_in_all = limits_in_all.collect();
    Narrowing {
        is_blind,
        disables: disables(before, after),
        ends_at: earlier_end(before, after),
        scopes: details.scopes.into_iter().filter(refuses).collect(),
        addresses: details.addresses.into_iter().filter(shuts_out).collect(),
        from_unknown_addresses: details.addresses_are_incomplete && !after.allowed_ips.covers(&before.allowed_ips),
        origins: !after.allowed_origins.covers(&before.allowed_origins),
        limits: limits.into_iter().map(|limit| limit.name.clone()).collect(),
        limits_in_all,
        breaks,
    }
}

/// Whether the change could refuse a call that was allowed.
fn takes_away(before: &KeySettings, after: &KeySettings) -> bool {
    disables(before, after)
        || earlier_end(before, after).is_some()
        || !after.scopes.allows_all(before.scopes.iter())
        || !after.allowed_ips.covers(&before.allowed_ips)
        || !after.allowed_origins.covers(&before.allowed_origins)
        || !new_limits(before, after).is_empty()
}

fn disables(before: &KeySettings, after: &KeySettings) -> bool {
    before.enabled && !after.enabled
}

fn earlier_end(before: &KeySettings, after: &KeySettings) -> Option<Instant> {
    after.expires_at.filter(|end| before.expires_at.is_none_or(|before| *end < before))
}

/// A limit that holds after a change and did not before, and how many calls it lets pass at most.
struct NewLimit<'a> {
    name: &'a LimitName,
    scopes: &'a ScopeSet,
    in_an_hour: u128,
    in_all: u128,
}

impl NewLimit<'_> {
    /// How many of the calls it would have counted at most.
    fn counted(&self, scopes: &[ScopeUsage], allowed: u64) -> u64 {
        if self.scopes.is_empty() {
            return allowed;
        }
        let theirs = scopes.iter().filter(|of| self.scopes.allows(&of.scope)).map(|of| of.counts.allowed);
        theirs.fold(0, u64::saturating_add).min(allowed)
    }
}

/// The limits that are new. One that only raises another, which let no more calls pass, takes nothing away.
fn new_limits<'a>(before: &KeySettings, after: &'a KeySettings) -> Vec<NewLimit<'a>> {
    let rates = after.rate_limits.iter().filter(|limit| !before.rate_limits.iter().any(|held| held.binds_as(limit)));
    let rates = rates.map(|limit| {
        // All that may come at once, and what comes back meanwhile.
        let within = |seconds: u128| {
            let regained = u128::from(limit.limit()) * seconds / u128::from(limit.window_seconds().max(1));
            u128::from(limit.burst()) + regained
        };
        let (in_an_hour, in_all) = (within(HOUR_SECONDS), within(DAYS * 24 * HOUR_SECONDS));
        NewLimit { name: limit.name(), scopes: limit.scopes(), in_an_hour, in_all }
    });
    let quotas = after.quotas.iter().filter(|quota| !before.quotas.iter().any(|held| held.binds_as(quota)));
    let quotas = quotas.map(|quota| {
        // So many periods of any time zone have a part in that time: of months three, where one of them is February.
        let periods = match quota.period() {
            Period::Hour => DAYS * 24 + 1,
            Period::Day => DAYS + 1,
            Period::Month => 3,
        };
        let limit = u128::from(quota.limit());
        // Every period holds an hour.
        NewLimit { name: quota.name(), scopes: quota.scopes(), in_an_hour: limit, in_all: limit * periods }
    });
    rates.chain(quotas).collect()
}
