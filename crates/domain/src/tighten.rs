use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use model::{
    AddressUsage, Code, Instant, Key, KeyError, KeyId, KeyKind, KeyStatus, Network, NetworkSet, Permission,
    Restriction, Scope, UsageStep,
};
use store::{ADDRESSES_KEPT, ScopeCount, UsageSpan};

use crate::{Caller, Keydesk, failure, usage_points::sum};

/// Addresses of one network that are proposed by themselves. Where there are more, whoever calls changes them, and the next one would
/// be refused.
const SINGLE: usize = 3;

/// What a key could be restricted to without refusing what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tightening {
    /// The key as it is.
    pub key: Key,
    /// From which instant on its use is looked at.
    pub since: Instant,
    /// Allowed calls since then.
    pub calls: u64,
    /// Allowed calls are not recorded here, so nothing is known of them, and nothing is proposed.
    pub is_blind: bool,
    /// Scopes that they wanted, the most wanted first, and how often. Empty where no call said what it wanted: then nothing is known of
    /// scopes, and none is taken away.
    pub scopes: Vec<(Scope, u64)>,
    /// Some calls did not say which scopes they wanted: then none is taken away.
    pub scopes_are_incomplete: bool,
    /// Addresses that they came from, the one with the most calls first. An address tells all of its calls, also older ones.
    pub addresses: Vec<AddressUsage>,
    /// The calls came from more addresses than are known, or from such that nobody knows: then none is proposed.
    pub addresses_are_incomplete: bool,
    /// What is proposed. It allows nothing that the key does not allow now, and where nothing is proposed it is as the key is.
    pub proposed: Restriction,
}

impl Tightening {
    /// Whether it takes anything away.
    pub fn narrows(&self) -> bool {
        self.proposed != Restriction::of(&self.key.settings)
    }
}

impl Keydesk {
    /// What a key could be restricted to, by what it was used for in the last 30 days. Never more than it has.
    pub async fn tightening(&self, caller: &Caller, id: KeyId) -> Result<Tightening, KeyError> {
        caller.require(Permission::ReadUsage)?;
        let key = self.get(caller, id).await?;
        match (key.kind, key.status) {
            (KeyKind::Default, _) => return Err(KeyError::DefaultKeyProtected),
            (_, KeyStatus::Revoked) => return Err(KeyError::NotFound),
            _ => {}
        }
        let since = self.first_day();
        if !self.records_allowed_calls() {
            // What is known from a time when they were recorded would take away what others need since.
            let nothing = propose(key, since, 0, Vec::new(), (Vec::new(), false));
            return Ok(Tightening { is_blind: true, ..nothing });
        }
        let span = UsageSpan {
            installation: caller.installation,
            from: since,
            to: self.now().plus_millis(1),
            code: Some(Code::Valid),
            scope: None,
            environment: None,
        };
        let store = &self.inner.store;
        let counts = store.usage_of_keys(&span, &[id], UsageStep::Hour).await.map_err(failure::public)?;
        let calls = sum(counts.iter().map(|(_, count)| count)).allowed;
        let scopes = store.scopes_of_keys(&span, &[id]).await.map_err(failure::public)?;
        let addresses = store.addresses_of_keys(caller.installation, &[id]).await.map_err(failure::public)?;
        let from_elsewhere = self.called_from_elsewhere(caller, &[id], &addresses, since).await?;
        Ok(propose(key, since, calls, scopes, (addresses, from_elsewhere)))
    }
}

fn propose(
    key: Key,
    since: Instant,
    calls: u64,
    scopes: Vec<ScopeCount>,
    (addresses, from_elsewhere): (Vec<AddressUsage>, bool),
) -> Tightening {
    let now = Restriction::of(&key.settings);
    // A call that wants several scopes counts once for each of them, so a call that names none may be hidden by it, and never the
    // other way round.
    let scopes_are_incomplete = scopes.iter().map(|(.., calls)| *calls).fold(0, u64::saturating_add) < calls;
    let mut wanted: BTreeMap<Scope, u64> = BTreeMap::new();
    // What it was used for and may do no longer is no reason to let it.
    for (scope, _, calls) in scopes.into_iter().filter(|(scope, ..)| now.scopes.allows(scope)) {
        let sum = wanted.entry(scope).or_default();
        *sum = sum.saturating_add(calls);
    }
    let mut scopes: Vec<_> = wanted.into_iter().collect();
    scopes.sort_by_key(|(_, calls)| std::cmp::Reverse(*calls));
    let seen: Vec<_> = addresses.into_iter().filter(|of| of.last_seen >= since).collect();
    let addresses_are_incomplete = from_elsewhere || seen.len() >= ADDRESSES_KEPT as usize;
    let mut addresses: Vec<_> =
        seen.into_iter().filter(|of| of.allowed > 0 && now.allowed_ips.allows(Some(of.address))).collect();
    addresses.sort_by_key(|of| std::cmp::Reverse((of.allowed, of.last_seen)));
    let mut proposed = now.clone();
    if calls > 0 && !scopes.is_empty() && !scopes_are_incomplete {
        proposed.scopes = scopes.iter().map(|(scope, _)| scope.clone()).collect();
    }
    if calls > 0 && !addresses_are_incomplete {
        let used = networks(addresses.iter().map(|of| of.address), &now.allowed_ips);
        proposed.allowed_ips = used.unwrap_or(proposed.allowed_ips);
    }
    // Another way to write the same is no proposal.
    if now.exceeds(&proposed).is_none() {
        proposed = now;
    }
    Tightening {
        key,
        since,
        calls,
        is_blind: false,
        scopes,
        scopes_are_incomplete,
        addresses,
        addresses_are_incomplete,
        proposed,
    }
}

/// These addresses, or where many are in one network that one, as long as it lies `within` what is allowed now. `None`: there are
/// none, or too many.
fn networks(addresses: impl Iterator<Item = IpAddr>, within: &NetworkSet) -> Option<NetworkSet> {
    let mut neighbours: BTreeMap<Network, BTreeSet<IpAddr>> = BTreeMap::new();
    for address in addresses.map(|address| address.to_canonical()) {
        let prefix = if address.is_ipv4() { 24 } else { 64 };
        neighbours.entry(Network::around(address, prefix)).or_default().insert(address);
    }
    let proposed = neighbours.into_iter().flat_map(|(network, addresses)| {
        let whole = addresses.len() > SINGLE && NetworkSet::new([network]).is_ok_and(|network| within.covers(&network));
        let single = addresses.into_iter().filter(move |_| !whole).map(|address| Network::around(address, 128));
        single.chain(whole.then_some(network))
    });
    NetworkSet::new(proposed).ok().filter(|networks| !networks.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(networks: &[&str]) -> NetworkSet {
        NetworkSet::new(networks.iter().map(|network| Network::parse(network).unwrap())).unwrap()
    }

    fn proposed(used: &[&str], within: &[&str]) -> Option<NetworkSet> {
        networks(used.iter().map(|address| address.parse().unwrap()), &set(within))
    }

    #[test]
    fn a_few_addresses_stay_single_and_many_of_one_network_become_that() {
        let few = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "198.51.100.4", "2001:db8::1"];
        assert_eq!(proposed(&few, &[]), Some(set(&few)));
        let many = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.9", "198.51.100.4"];
        assert_eq!(proposed(&many, &[]), Some(set(&["203.0.113.0/24", "198.51.100.4"])));
        let six = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8:0:1::1"];
        assert_eq!(proposed(&six, &[]), Some(set(&["2001:db8::/64", "2001:db8:0:1::1"])));
        assert_eq!(proposed(&["::ffff:203.0.113.1"], &[]), Some(set(&["203.0.113.1"])));
        assert_eq!(proposed(&[], &[]), None);
    }

    #[test]
    fn a_network_that_is_wider_than_what_is_allowed_is_never_proposed() {
        let many = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.9"];
        assert_eq!(proposed(&many, &["203.0.113.0/28"]), Some(set(&many)));
        assert_eq!(proposed(&many, &["203.0.0.0/16"]), Some(set(&["203.0.113.0/24"])));
    }
}
