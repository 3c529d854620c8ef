//! What a key is restricted to, and a restriction that is tried before it holds ("report only").

use std::{net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Code, Instant, KeySettings, NetworkSet, OriginSet, ScopeSet};

/// What a key may do, and from where: the settings that each call is checked against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// What it may do.
    pub scopes: ScopeSet,
    /// Addresses and networks it may be used from; empty: any.
    pub allowed_ips: NetworkSet,
    /// Web origins it may be used from; empty: any.
    pub allowed_origins: OriginSet,
}

impl Restriction {
    /// That of a key with these settings.
    pub fn of(settings: &KeySettings) -> Self {
        Self {
            scopes: settings.scopes.clone(),
            allowed_ips: settings.allowed_ips.clone(),
            allowed_origins: settings.allowed_origins.clone(),
        }
    }

    /// The settings with this restriction in place of their own.
    pub fn applied_to(&self, settings: &KeySettings) -> KeySettings {
        let Self { scopes, allowed_ips, allowed_origins } = self.clone();
        KeySettings { scopes, allowed_ips, allowed_origins, ..settings.clone() }
    }

    /// The first setting, by its name in the API, in which it allows what `other` does not.
    pub fn exceeds(&self, other: &Self) -> Option<&'static str> {
        let beyond = [
            ("scopes", self.scopes.iter().any(|scope| !other.scopes.allows(scope))),
            ("allowed_ips", !other.allowed_ips.covers(&self.allowed_ips)),
            ("allowed_origins", !other.allowed_origins.covers(&self.allowed_origins)),
        ];
        beyond.into_iter().find_map(|(name, beyond)| beyond.then_some(name))
    }
}

/// A restriction that is tried: until it ends, calls that are allowed are also checked against it, and what it would have refused
/// is counted. It refuses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Since when.
    pub started_at: Instant,
    /// Until before when.
    pub ends_at: Instant,
    /// What is tried.
    pub restriction: Restriction,
}

/// How long a restriction is tried, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialDays(u8);

/// A restriction is tried for 1 to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a restriction is tried for 1 to {} days", TrialDays::MAX)]
pub struct InvalidTrialDays;

impl TrialDays {
    /// Longest, in days.
    pub const MAX: u8 = 30;
    /// Those that pages offer.
    pub const CHOICES: [Self; 4] = [Self(1), Self(3), Self(7), Self(14)];

    /// How many.
    pub const fn days(self) -> u8 {
        self.0
    }

    /// The same in milliseconds.
    pub fn as_millis(self) -> i64 {
        i64::from(self.0) * 24 * 60 * 60 * 1000
    }
}

impl Default for TrialDays {
    /// A week: what is done on one day of the week is seen once.
    fn default() -> Self {
        Self(7)
    }
}

impl FromStr for TrialDays {
    type Err = InvalidTrialDays;

    fn from_str(text: &str) -> Result<Self, InvalidTrialDays> {
        let days = text.parse().ok().filter(|days| (1..=Self::MAX).contains(days));
        days.map(Self).ok_or(InvalidTrialDays)
    }
}

/// Calls that a trial would have refused for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialFinding {
    /// The reason.
    pub code: Code,
    /// What the calls have in common; `None`: they are those for which there was no room of their own.
    pub of: Option<TrialFindingOf>,
    /// How many.
    pub calls: u64,
    /// The first of them.
    pub first_at: Instant,
    /// The last of them.
    pub last_at: Instant,
}

/// What calls that a trial would have refused have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrialFindingOf {
    /// The scopes that they would have lacked, or the origin that they came from; empty: neither is the reason, or the origin is
    /// not known.
    pub about: String,
    /// The address that they came from, as far as it is known.
    pub address: Option<IpAddr>,
}

/// Findings that are kept of one trial, besides those without room of their own.
pub const TRIAL_FINDINGS_MAX: usize = 100;

/// Longest text that says what calls have in common, in bytes.
pub const TRIAL_ABOUT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientName, Network, Scope};

    fn restriction(scopes: &[&str], networks: &[&str]) -> Restriction {
        Restriction {
            scopes: scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect(),
            allowed_ips: NetworkSet::new(networks.iter().map(|network| Network::parse(network).unwrap())).unwrap(),
            allowed_origins: OriginSet::ANY,
        }
    }

    #[test]
    fn what_allows_more_is_named() {
        let wide = restriction(&["calls:*", "contacts:read"], &["192.0.2.0/24"]);
        for (scopes, networks, expected) in [
            (&["calls:read"][..], &["192.0.2.7"][..], None),
            (&[], &["192.0.2.0/25"], None),
            (&["calls:*", "contacts:read"], &["192.0.2.0/24"], None),
            (&["contacts:write"], &["192.0.2.7"], Some("scopes")),
            (&["calls:read"], &["198.51.100.4"], Some("allowed_ips")),
            (&["calls:read"], &[], Some("allowed_ips")),
        ] {
            assert_eq!(restriction(scopes, networks).exceeds(&wide), expected, "{scopes:?} {networks:?}");
        }
    }

    #[test]
    fn it_takes_the_place_of_the_settings_own() {
        let settings = KeySettings::new(ClientName::parse("Acme").unwrap());
        let tried = restriction(&["calls:read"], &["192.0.2.7"]);
        assert_eq!(Restriction::of(&tried.applied_to(&settings)), tried);
        assert_eq!(Restriction::of(&settings).applied_to(&settings), settings);
    }

    #[test]
    fn it_is_tried_for_days_that_somebody_waits_for() {
        assert_eq!("7".parse(), Ok(TrialDays::default()));
        assert_eq!("30".parse::<TrialDays>().map(TrialDays::as_millis), Ok(30 * 86_400_000));
        for bad in ["", "0", "31", "-1", "7d", "256"] {
            assert_eq!(bad.parse::<TrialDays>(), Err(InvalidTrialDays), "{bad}");
        }
    }
}
