use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Instant, KeyStatus, LifeCycle, Scope, ScopeSet};

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
    /// Its time is over.
    Expired,
    /// Called from an address that it may not be used from.
    IpNotAllowed,
    /// Called from an origin that it may not be used from.
    OriginNotAllowed,
    /// A wanted right is missing.
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
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::Revoked,
        Self::Disabled,
        Self::Expired,
        Self::IpNotAllowed,
        Self::OriginNotAllowed,
        Self::InsufficientScope,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::Valid,
    ];

    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Revoked => "REVOKED",
            Self::Disabled => "DISABLED",
            Self::Expired => "EXPIRED",
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

/// What is known of the secret that was presented.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    /// The key's life.
    pub life: LifeCycle,
    /// When this secret, superseded by a rotation, stops working.
    pub secret_expires_at: Option<Instant>,
    /// What the key may do.
    pub scopes: &'a ScopeSet,
}

/// Decides a call that wants all of `wanted`, as of `now`.
pub fn decide(facts: KeyFacts<'_>, wanted: &[Scope], now: Instant) -> Code {
    if facts.secret_expires_at.is_some_and(|end| end <= now) {
        return Code::Revoked;
    }
    match facts.life.status(now) {
        KeyStatus::Revoked => Code::Revoked,
        KeyStatus::Disabled => Code::Disabled,
        KeyStatus::Expired => Code::Expired,
        KeyStatus::Active if facts.scopes.allows_all(wanted) => Code::Valid,
        KeyStatus::Active => Code::InsufficientScope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);

    #[test]
    fn the_first_reason_in_the_order_decides() {
        let past = Some(Instant::from_millis(1_000));
        let none = ScopeSet::default();
        let wanted = ["calls:read".parse().unwrap()];
        let reasons = [(Code::Revoked, 0), (Code::Disabled, 1), (Code::Expired, 2), (Code::InsufficientScope, 3)];
        // Every subset of the reasons that can hold at once.
        for present in 0..16_u8 {
            let holds = |bit: u8| present & (1 << bit) != 0;
            let life = LifeCycle {
                deleted_at: past.filter(|_| holds(0)),
                disabled_at: past.filter(|_| holds(1)),
                expires_at: past.filter(|_| holds(2)),
            };
            let facts = KeyFacts { life, secret_expires_at: None, scopes: &none };
            let wanted = if holds(3) { &wanted[..] } else { &[] };
            let first = reasons.iter().find(|(_, bit)| holds(*bit)).map_or(Code::Valid, |(code, _)| *code);
            assert_eq!(decide(facts, wanted, NOW), first, "{present:04b}");
        }
    }

    #[test]
    fn a_superseded_secret_is_revoked_to_the_millisecond() {
        let scopes = ScopeSet::default();
        let facts = |end| KeyFacts {
            life: LifeCycle::default(),
            secret_expires_at: Some(Instant::from_millis(end)),
            scopes: &scopes,
        };
        assert_eq!(decide(facts(1_001), &[], NOW), Code::Valid);
        assert_eq!(decide(facts(1_000), &[], NOW), Code::Revoked);
    }

    #[test]
    fn indices_follow_the_order() {
        for (index, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code.index(), index);
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
