use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    AcceptedEnvironment, CallOrigin, Environment, Instant, KeyStatus, LifeCycle, NetworkSet, OriginSet, Scope, ScopeSet,
};

/// The verdict on one call, in the order in which the reasons are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// Malformed, unknown, or another installation's.
    NotFound,
    /// Deleted.
    Revoked,
    /// Switched off.
    Disabled,
    /// It has expired.
    Expired,
    /// A test key where live keys are accepted, or the other way round.
    EnvironmentNotAllowed,
    /// Called from an address that it may not be used from.
    IpNotAllowed,
    /// Called from an origin that it may not be used from.
    OriginNotAllowed,
    /// A wanted scope is missing.
    InsufficientScope,
    /// Too many calls in the window.
    RateLimited,
    /// Too many calls in the period.
    QuotaExceeded,
    /// Allowed.
    Valid,
}

impl Code {
    /// All of them, in the order of decision.
    pub const ALL: [Self; 11] = [
        Self::NotFound,
        Self::Revoked,
        Self::Disabled,
        Self::Expired,
        Self::EnvironmentNotAllowed,
        Self::IpNotAllowed,
        Self::OriginNotAllowed,
        Self::InsufficientScope,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::Valid,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Revoked => "REVOKED",
            Self::Disabled => "DISABLED",
            Self::Expired => "EXPIRED",
            Self::EnvironmentNotAllowed => "ENVIRONMENT_NOT_ALLOWED",
            Self::IpNotAllowed => "IP_NOT_ALLOWED",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::InsufficientScope => "INSUFFICIENT_SCOPE",
            Self::RateLimited => "RATE_LIMITED",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::Valid => "VALID",
        }
    }

    /// Its place in [`Code::ALL`], for tables indexed by code.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The facts about the presented secret.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    /// The key's life.
    pub life: LifeCycle,
    /// When this secret, superseded by a rotation, stops working.
    pub secret_expires_at: Option<Instant>,
    /// Which data the key reaches.
    pub environment: Environment,
    /// From which addresses the key may be used.
    pub networks: &'a NetworkSet,
    /// From which web origins the key may be used.
    pub origins: &'a OriginSet,
    /// The scopes of the key.
    pub scopes: &'a ScopeSet,
}

/// The facts about the call.
#[derive(Clone, Copy, Debug)]
pub struct CallFacts<'a> {
    /// The scopes that it needs: all of them.
    pub wanted: &'a [Scope],
    /// Of which environment keys are accepted.
    pub environment: AcceptedEnvironment,
    /// Where it came from, if that is known.
    pub ip: Option<IpAddr>,
    /// The web page that it came from.
    pub origin: CallOrigin<'a>,
}

impl KeyFacts<'_> {
    /// The instant from which the key is refused, whatever the call is. Before it, the call alone decides:
    /// [`decide_living`].
    pub fn lives_until(&self) -> Instant {
        if self.life.deleted_at.or(self.life.disabled_at).is_some() {
            return Instant::from_millis(i64::MIN);
        }
        let ends = [self.secret_expires_at, self.life.expires_at].into_iter().flatten().min();
        ends.unwrap_or(Instant::from_millis(i64::MAX))
    }
}

/// Decides a call as of `now`. Allocates nothing.
pub fn decide(facts: KeyFacts<'_>, call: CallFacts<'_>, now: Instant) -> Code {
    if facts.secret_expires_at.is_some_and(|end| end <= now) {
        return Code::Revoked;
    }
    match facts.life.status(now) {
        KeyStatus::Revoked => Code::Revoked,
        KeyStatus::Disabled => Code::Disabled,
        KeyStatus::Expired => Code::Expired,
        KeyStatus::Active => decide_living(facts.environment, facts.networks, facts.origins, facts.scopes, call),
    }
}

/// Decides a call with a key that lives. Allocates nothing.
pub fn decide_living(
    environment: Environment,
    networks: &NetworkSet,
    origins: &OriginSet,
    scopes: &ScopeSet,
    call: CallFacts<'_>,
) -> Code {
    if !call.environment.accepts(environment) {
        Code::EnvironmentNotAllowed
    } else if !networks.allows(call.ip) {
        Code::IpNotAllowed
    } else if !origins.allows(call.origin) {
        Code::OriginNotAllowed
    } else if !scopes.allows_all(call.wanted) {
        Code::InsufficientScope
    } else {
        Code::Valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);
    const PAST: Option<Instant> = Some(NOW);

    /// A key without scopes that is bound to an address and an origin, and a call that it allows.
    struct Case {
        life: LifeCycle,
        secret_expires_at: Option<Instant>,
        environment: Environment,
        ip: Option<IpAddr>,
        origin: Option<&'static str>,
        wanted: Vec<Scope>,
    }

    impl Case {
        fn allowed() -> Self {
            let ip = Some("203.0.113.9".parse().unwrap());
            let origin = Some("https://app.example.com");
            let environment = Environment::Live;
            Self { life: LifeCycle::default(), secret_expires_at: None, environment, ip, origin, wanted: Vec::new() }
        }

        fn decide(&self) -> Code {
            let networks: NetworkSet = serde_json::from_str(r#"["203.0.113.0/24"]"#).unwrap();
            let origins: OriginSet = serde_json::from_str(r#"["https://*.example.com"]"#).unwrap();
            let facts = KeyFacts {
                life: self.life,
                secret_expires_at: self.secret_expires_at,
                environment: self.environment,
                networks: &networks,
                origins: &origins,
                scopes: &ScopeSet::default(),
            };
            let environment = AcceptedEnvironment::Live;
            let call = CallFacts { wanted: &self.wanted, environment, ip: self.ip, origin: self.origin.into() };
            let code = decide(facts, call, NOW);
            // The shorter way agrees.
            assert_eq!(facts.lives_until() > NOW, !matches!(code, Code::Revoked | Code::Disabled | Code::Expired));
            if facts.lives_until() > NOW {
                let KeyFacts { environment, networks, origins, scopes, .. } = facts;
                assert_eq!(decide_living(environment, networks, origins, scopes, call), code);
            }
            code
        }
    }

    type Reason = (&'static str, Code, fn(&mut Case));

    /// Every way to be refused, in the order in which they are decided. One code can have several.
    const REASONS: [Reason; 10] = [
        ("superseded", Code::Revoked, |case| case.secret_expires_at = PAST),
        ("deleted", Code::Revoked, |case| case.life.deleted_at = PAST),
        ("disabled", Code::Disabled, |case| case.life.disabled_at = PAST),
        ("expired", Code::Expired, |case| case.life.expires_at = PAST),
        ("other environment", Code::EnvironmentNotAllowed, |case| case.environment = Environment::Test),
        ("foreign address", Code::IpNotAllowed, |case| case.ip = Some("198.51.100.1".parse().unwrap())),
        ("unknown address", Code::IpNotAllowed, |case| case.ip = None),
        ("foreign origin", Code::OriginNotAllowed, |case| case.origin = Some("https://example.com")),
        ("no origin", Code::OriginNotAllowed, |case| case.origin = None),
        ("no scope", Code::InsufficientScope, |case| case.wanted = vec!["calls:read".parse().unwrap()]),
    ];

    #[test]
    fn the_first_of_two_reasons_decides() {
        assert_eq!(Case::allowed().decide(), Code::Valid);
        for (one, (name, first, begin)) in REASONS.iter().enumerate() {
            for (other, second, add) in &REASONS[one..] {
                // In either order: which happened first does not matter.
                for (begin, add) in [(begin, add), (add, begin)] {
                    let mut case = Case::allowed();
                    begin(&mut case);
                    add(&mut case);
                    assert_eq!(case.decide(), *first, "{name} and {other}");
                }
                assert!(first <= second, "{name} and {other}");
            }
        }
    }

    #[test]
    fn the_first_of_many_reasons_decides() {
        for present in 0..1_u32 << REASONS.len() {
            let mut case = Case::allowed();
            let holds = || REASONS.iter().enumerate().filter(|(bit, _)| present & (1 << bit) != 0);
            holds().for_each(|(_, (_, _, add))| add(&mut case));
            let first = holds().next().map_or(Code::Valid, |(_, (_, code, _))| *code);
            assert_eq!(case.decide(), first, "{present:010b}");
        }
    }

    #[test]
    fn a_superseded_secret_is_revoked_to_the_millisecond() {
        for (end, expected) in [(1_001, Code::Valid), (1_000, Code::Revoked)] {
            let case = Case { secret_expires_at: Some(Instant::from_millis(end)), ..Case::allowed() };
            assert_eq!(case.decide(), expected, "{end}");
        }
    }

    #[test]
    fn the_index_of_a_code_is_its_place_in_the_list() {
        for (index, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code.index(), index);
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
