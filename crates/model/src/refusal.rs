//! A refused call with a known key, as it is kept for a day.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{Code, Environment, InstallationId, Instant, KeyId, Scope, SecretId};

/// For how long a refusal can be explained: 24 hours.
pub const REFUSAL_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// Why a call with a known key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalCode {
    /// The key was deleted.
    KeyRevoked,
    /// The key lives. The secret that was sent had ended by a rotation.
    SecretEnded,
    /// The key was switched off.
    KeyDisabled,
    /// The key had expired.
    KeyExpired,
    /// The key lives. The derived token that was sent had expired.
    TokenExpired,
    /// The key is not of the environment that the call was for.
    EnvironmentNotAllowed,
    /// The key can't be used from that address.
    IpNotAllowed,
    /// The key can't be used from that origin.
    OriginNotAllowed,
    /// No configured route says what the call needs.
    NoRoute,
    /// The key lacks a scope.
    InsufficientScope,
    /// Too many calls in the window.
    RateLimited,
    /// Too many calls in the period.
    QuotaExceeded,
    /// As many streams were open as the key may have.
    TooManyStreams,
}

/// The text is no code of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a reason for which calls are refused, such as ip_not_allowed")]
pub struct UnknownRefusalCode;

impl RefusalCode {
    /// All of them, in the order in which they are decided.
    pub const ALL: [Self; 13] = [
        Self::KeyRevoked,
        Self::SecretEnded,
        Self::KeyDisabled,
        Self::KeyExpired,
        Self::TokenExpired,
        Self::EnvironmentNotAllowed,
        Self::IpNotAllowed,
        Self::OriginNotAllowed,
        Self::NoRoute,
        Self::InsufficientScope,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::TooManyStreams,
    ];

    /// The refusal of a call that was decided so; `None`: its key was not known, or it was allowed.
    pub const fn of(code: Code) -> Option<Self> {
        Some(match code {
            Code::NotFound | Code::Valid => return None,
            Code::Revoked => Self::KeyRevoked,
            Code::Disabled => Self::KeyDisabled,
            Code::Expired => Self::KeyExpired,
            Code::EnvironmentNotAllowed => Self::EnvironmentNotAllowed,
            Code::IpNotAllowed => Self::IpNotAllowed,
            Code::OriginNotAllowed => Self::OriginNotAllowed,
            Code::InsufficientScope => Self::InsufficientScope,
            Code::RateLimited => Self::RateLimited,
            Code::QuotaExceeded => Self::QuotaExceeded,
        })
    }

    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyRevoked => "key_revoked",
            Self::SecretEnded => "secret_ended",
            Self::KeyDisabled => "key_disabled",
            Self::KeyExpired => "key_expired",
            Self::TokenExpired => "token_expired",
            Self::EnvironmentNotAllowed => "environment_not_allowed",
            Self::IpNotAllowed => "ip_not_allowed",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::NoRoute => "no_route",
            Self::InsufficientScope => "insufficient_scope",
            Self::RateLimited => "rate_limited",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TooManyStreams => "too_many_streams",
        }
    }

    /// What was looked at when the call was refused.
    pub const fn check(self) -> &'static str {
        match self {
            Self::KeyRevoked | Self::KeyDisabled => "state",
            Self::SecretEnded => "secret",
            Self::KeyExpired | Self::TokenExpired => "expiry",
            Self::EnvironmentNotAllowed => "environment",
            Self::IpNotAllowed => "address",
            Self::OriginNotAllowed => "origin",
            Self::NoRoute => "route",
            Self::InsufficientScope => "scopes",
            Self::RateLimited => "rate_limit",
            Self::QuotaExceeded => "quota",
            Self::TooManyStreams => "streams",
        }
    }

    /// The reason in a few words, for a heading or a choice.
    pub const fn title(self) -> &'static str {
        match self {
            Self::KeyRevoked => "Key revoked",
            Self::SecretEnded => "Secret ended",
            Self::KeyDisabled => "Key disabled",
            Self::KeyExpired => "Key expired",
            Self::TokenExpired => "Token expired",
            Self::EnvironmentNotAllowed => "Wrong environment",
            Self::IpNotAllowed => "Address not allowed",
            Self::OriginNotAllowed => "Origin not allowed",
            Self::NoRoute => "No route",
            Self::InsufficientScope => "Scope missing",
            Self::RateLimited => "Rate limit reached",
            Self::QuotaExceeded => "Quota used up",
            Self::TooManyStreams => "Too many streams",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RefusalCode {
    type Err = UnknownRefusalCode;

    fn from_str(text: &str) -> Result<Self, UnknownRefusalCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownRefusalCode)
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A call with a known key that was refused, and the rule that refused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The request that was refused. The calls of one batch have one request.
    pub request: Uuid,
    /// Tells the refusals of one request apart, and gives their order.
    pub number: i64,
    /// When.
    pub at: Instant,
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret that was sent.
    pub secret: SecretId,
    /// Which data the key reaches.
    pub environment: Environment,
    /// Why.
    pub code: RefusalCode,
    /// The method of the call, or of the request that a proxy asked about.
    pub method: String,
    /// Its path, or the template of that, without a query. Shortened where it is long.
    pub path: String,
    /// Where the call came from.
    pub address: Option<IpAddr>,
    /// The web origin that it came from, as it was sent. Shortened where it is long.
    pub origin: Option<String>,
    /// The scopes that it needed and the key lacked.
    pub missing_scopes: Vec<Scope>,
    /// Since when the key, or the secret, had ended or was switched off.
    pub ended_at: Option<Instant>,
    /// The name of the limit that refused it.
    pub refused_by: Option<String>,
    /// How long it was told to wait; `None`: no waiting helps.
    pub retry_after_seconds: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_known_key_has_a_code_and_a_name() {
        for code in Code::ALL {
            let of = RefusalCode::of(code);
            assert_eq!(of.is_none(), matches!(code, Code::NotFound | Code::Valid), "{code}");
        }
        for code in RefusalCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!("VALID".parse::<RefusalCode>(), Err(UnknownRefusalCode));
    }
}
