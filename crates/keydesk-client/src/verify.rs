//! Whether a call with a key may go ahead.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A call to decide on.
#[derive(Clone, Serialize)]
pub struct Verify {
    key: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<u32>,
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verify").field("scopes", &self.scopes).field("ip", &self.ip).finish_non_exhaustive()
    }
}

impl Verify {
    /// A call with this key or token, which asks for no right.
    pub fn key(key: impl Into<String>) -> Self {
        Self { key: key.into(), scopes: Vec::new(), environment: None, ip: None, origin: None, cost: None }
    }

    /// A right that the call needs, beside those that were named before.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// The environment that is called: a key of the other one is refused.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Where the call came from. Keys that are bound to addresses are refused where that is not known.
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// The web origin that the call came from.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// What the call takes from the key's limits: 0 to 1,000,000, and 1 when not said. 0 looks and takes nothing.
    pub fn cost(mut self, cost: u32) -> Self {
        self.cost = Some(cost);
        self
    }
}

/// What a call with the key may do.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether the call is allowed.
    pub valid: bool,
    /// Why, or why not.
    pub code: Code,
    /// By which the verification is found in Keydesk's logs.
    pub request_id: Uuid,
    /// The key; none if there is no such key, and then nothing of what follows.
    pub key_id: Option<Uuid>,
    /// Whom the key was made for.
    pub client_name: Option<String>,
    /// Which data it reaches.
    pub environment: Option<Environment>,
    /// What it may do.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What a derived token is narrowed to: ids by their kind, such as `queue`. The service has to keep to it. None: all that its key reaches.
    pub resources: Option<BTreeMap<String, Vec<String>>>,
    /// What the call needs and the key lacks.
    #[serde(default)]
    pub missing_scopes: Vec<String>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Where the key stands within its rate limits.
    #[serde(default)]
    pub rate_limits: Vec<Limit>,
    /// Where it stands within its quotas.
    #[serde(default)]
    pub quotas: Vec<Limit>,
    /// The limit that refused the call.
    pub refused_by: Option<String>,
    /// Whoever waits as many seconds is let in.
    pub retry_after_seconds: Option<u64>,
}

/// Where a key stands within one of its limits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// Calls in each window or period.
    pub limit: u64,
    /// Calls that would be let in now.
    pub remaining: u64,
    /// Of a rate limit: seconds until as many calls as ever are let in at once.
    pub reset_seconds: Option<u64>,
    /// Of a quota: when the next period begins.
    pub resets_at: Option<Timestamp>,
}

/// Why a call is allowed, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Code {
    /// Malformed, unknown, or another installation's.
    NotFound,
    /// Deleted.
    Revoked,
    /// Switched off.
    Disabled,
    /// It has expired.
    Expired,
    /// A test key where live ones are accepted, or the other way round.
    EnvironmentNotAllowed,
    /// Called from an address that it may not be used from.
    IpNotAllowed,
    /// Called from a web origin that it may not be used from.
    OriginNotAllowed,
    /// It lacks a right.
    InsufficientScope,
    /// Too many calls in the window.
    RateLimited,
    /// Too many calls in the period.
    QuotaExceeded,
    /// Allowed.
    Valid,
    /// A reason that this version of the library does not know.
    #[serde(other)]
    Unknown,
}

/// Which data a key reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Environment {
    /// Those that count.
    Live,
    /// Those to try with.
    Test,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_not_shown() {
        assert!(!format!("{:?}", Verify::key("ccc_live_secret").scope("a:b")).contains("secret"));
    }

    #[test]
    fn a_verdict_of_a_later_version_is_understood() {
        let text = r#"{"valid": false, "code": "ON_HOLIDAY", "request_id": "0199c7a0-0000-7000-8000-000000000001", "since": 1}"#;
        let verdict: Verdict = serde_json::from_str(text).unwrap();
        assert_eq!((verdict.valid, verdict.code, verdict.key_id), (false, Code::Unknown, None));
        assert_eq!(verdict.resources, None);
    }
}
