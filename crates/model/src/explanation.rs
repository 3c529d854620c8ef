//! A refusal in words: which check failed, which rule, and what mends it. It never says what is allowed.

use std::net::IpAddr;

use serde::Serialize;
use uuid::Uuid;

use crate::{Environment, Instant, Refusal, RefusalCode, Scope};

/// Why a call was refused, for whoever made it and for whoever manages its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The request that was refused.
    pub request_id: Uuid,
    /// When.
    pub at: Instant,
    /// Why, for programs. More kinds may come.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("ip_not_allowed")))]
    pub code: RefusalCode,
    /// What was looked at: `state`, `secret`, `expiry`, `environment`, `address`, `origin`, `route`, `scopes`, `rate_limit`,
    /// `quota` or `streams`. More kinds may come.
    #[cfg_attr(feature = "openapi", schema(examples("address")))]
    pub check: &'static str,
    /// The rule that refused the call, in words.
    pub rule: String,
    /// What mends it, in words.
    pub mend: String,
    /// The request that was decided on.
    pub route: RefusedRoute,
    /// The address that the call came from, as far as it was known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub address: Option<IpAddr>,
    /// The web origin that the call came from, where it named one.
    pub origin: Option<String>,
    /// The scopes that the call needed and the key lacked; empty unless that was the reason.
    pub missing_scopes: Vec<Scope>,
    /// Since when the key, or the secret that was sent, had ended or was switched off.
    pub ended_at: Option<Instant>,
    /// The limit that refused the call.
    pub refused_by: Option<String>,
    /// How long the caller was to wait, where waiting mends it.
    pub retry_after_seconds: Option<u64>,
}

/// The request that was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedRoute {
    /// Its method.
    pub method: String,
    /// Its path, or the template of that; without a query, and shortened where it is long.
    pub path: String,
}

impl Refusal {
    /// The refusal in words and fields.
    pub fn explanation(&self) -> Explanation {
        Explanation {
            request_id: self.request,
            at: self.at,
            code: self.code,
            check: self.code.check(),
            rule: self.rule(),
            mend: self.mend(),
            route: RefusedRoute { method: self.method.clone(), path: self.path.clone() },
            address: self.address,
            origin: self.origin.clone(),
            missing_scopes: self.missing_scopes.clone(),
            ended_at: self.ended_at,
            refused_by: self.refused_by.clone(),
            retry_after_seconds: self.retry_after_seconds,
        }
    }

    /// The rule that refused the call.
    pub fn rule(&self) -> String {
        let since = self.ended_at.map_or(String::new(), |at| format!(" at {at}"));
        match self.code {
            RefusalCode::KeyRevoked => "This API key has been revoked.".to_owned(),
            RefusalCode::SecretEnded => {
                format!("The API key was rotated, and the secret that was sent ended{since}.")
            }
            RefusalCode::KeyDisabled => format!("The API key was disabled{since}."),
            RefusalCode::KeyExpired => format!("The API key expired{since}."),
            RefusalCode::TokenExpired => format!("The token that was sent expired{since}. Its API key works."),
            RefusalCode::EnvironmentNotAllowed => {
                let (is, needed) = match self.environment {
                    Environment::Live => ("live", "test"),
                    Environment::Test => ("test", "live"),
                };
                format!("This is a {is} key, and the call needs a {needed} key.")
            }
            RefusalCode::IpNotAllowed => match self.address {
                Some(address) => {
                    format!("The API key can be used from certain addresses alone, and {address} is none of them.")
                }
                None => "The API key can be used from certain addresses alone, and it is not known where the call came \
                         from."
                    .to_owned(),
            },
            RefusalCode::OriginNotAllowed => match &self.origin {
                Some(origin) => {
                    format!("The API key can be used from certain web pages alone, and {origin} is none of them.")
                }
                None => "The API key can be used from certain web pages alone, and the call does not say from which page it \
                         came."
                    .to_owned(),
            },
            RefusalCode::NoRoute => {
                format!("No configured route matches {} {}, so nothing says what it needs.", self.method, self.path)
            }
            RefusalCode::InsufficientScope => {
                format!("The call needs {}, which the API key does not hold.", joined(&self.missing_scopes))
            }
            RefusalCode::RateLimited => format!("The rate limit{} was reached.", self.limit()),
            RefusalCode::QuotaExceeded => format!("The quota{} was used up.", self.limit()),
            RefusalCode::TooManyStreams => "The API key had as many streams open as it may have.".to_owned(),
        }
    }

    /// What mends it.
    pub fn mend(&self) -> String {
        match self.code {
            RefusalCode::KeyRevoked => "Ask for a new API key.".to_owned(),
            RefusalCode::SecretEnded => "Send the API key's new secret.".to_owned(),
            RefusalCode::KeyDisabled => "Ask an administrator to enable the API key.".to_owned(),
            RefusalCode::KeyExpired => "Ask an administrator to extend the API key, or for a new one.".to_owned(),
            RefusalCode::TokenExpired => {
                "Make another token with the API key, before the one in use expires.".to_owned()
            }
            RefusalCode::EnvironmentNotAllowed => match self.environment {
                Environment::Live => "Send a test key, or call the live API.",
                Environment::Test => "Send a live key, or call the test API.",
            }
            .to_owned(),
            RefusalCode::IpNotAllowed => match self.address {
                Some(address) => {
                    format!("Call from an allowed address, or ask an administrator to allow {address}.")
                }
                None => {
                    "Whoever runs the API must tell Keydesk the client's address: name its proxies as trusted, or send \
                         `ip` when verifying."
                        .to_owned()
                }
            },
            RefusalCode::OriginNotAllowed => match &self.origin {
                Some(origin) => format!("Call from an allowed page, or ask an administrator to allow {origin}."),
                None => "Call from an allowed page, with its Origin header.".to_owned(),
            },
            RefusalCode::NoRoute => {
                "Check the method and the path. If they are right, whoever runs the API must add a route for them."
                    .to_owned()
            }
            RefusalCode::InsufficientScope => {
                format!("Ask an administrator to grant {}.", joined(&self.missing_scopes))
            }
            RefusalCode::TooManyStreams => {
                "Close a stream, or wait until one has ended; ask an administrator for more if that happens often."
                    .to_owned()
            }
            RefusalCode::RateLimited | RefusalCode::QuotaExceeded => match self.retry_after_seconds {
                Some(1) => {
                    "Wait 1 second and call again; ask an administrator for more if that happens often.".to_owned()
                }
                Some(seconds) => {
                    format!(
                        "Wait {seconds} seconds and call again; ask an administrator for more if that happens often."
                    )
                }
                None => {
                    "No waiting helps, since the call costs more than the limit gives: ask for less at once, or ask an \
                         administrator to raise the limit."
                        .to_owned()
                }
            },
        }
    }

    fn limit(&self) -> String {
        self.refused_by.as_ref().map_or(String::new(), |name| format!(" “{name}”"))
    }
}

fn joined(scopes: &[Scope]) -> String {
    match scopes {
        [] => "a scope".to_owned(),
        [one] => one.to_string(),
        [most @ .., last] => {
            format!("{} and {last}", most.iter().map(Scope::as_str).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InstallationId, KeyId, SecretId};

    fn refusal(code: RefusalCode) -> Refusal {
        Refusal {
            request: Uuid::nil(),
            number: 0,
            at: Instant::from_millis(0),
            installation: InstallationId(Uuid::nil()),
            key: KeyId(Uuid::nil()),
            secret: SecretId(Uuid::nil()),
            environment: Environment::Test,
            code,
            method: "GET".to_owned(),
            path: "/v1/contacts".to_owned(),
            address: Some("198.51.100.4".parse().unwrap()),
            origin: None,
            missing_scopes: ["calls:make", "calls:read"].map(|scope| scope.parse().unwrap()).to_vec(),
            ended_at: Some(Instant::from_millis(0)),
            refused_by: Some("daily".to_owned()),
            retry_after_seconds: Some(7),
        }
    }

    #[test]
    fn each_refusal_says_its_rule_and_what_mends_it() {
        for (code, rule, mend) in [
            (RefusalCode::KeyRevoked, "revoked", "new API key"),
            (RefusalCode::SecretEnded, "rotated", "new secret"),
            (RefusalCode::KeyDisabled, "disabled at 1970-01-01T00:00:00.000Z", "enable"),
            (RefusalCode::KeyExpired, "expired at 1970-01-01T00:00:00.000Z", "extend"),
            (RefusalCode::TokenExpired, "token that was sent expired at 1970", "Make another token"),
            (RefusalCode::EnvironmentNotAllowed, "a test key, and the call needs a live key", "Send a live key"),
            (RefusalCode::IpNotAllowed, "198.51.100.4 is none of them", "allow 198.51.100.4"),
            (RefusalCode::OriginNotAllowed, "does not say from which page", "Origin header"),
            (RefusalCode::NoRoute, "GET /v1/contacts", "add a route"),
            (RefusalCode::InsufficientScope, "calls:make and calls:read", "grant calls:make and calls:read"),
            (RefusalCode::RateLimited, "“daily”", "Wait 7 seconds"),
            (RefusalCode::QuotaExceeded, "“daily”", "Wait 7 seconds"),
            (RefusalCode::TooManyStreams, "as many streams open", "Close a stream"),
        ] {
            let told = refusal(code).explanation();
            assert!(told.rule.contains(rule), "{code}: {}", told.rule);
            assert!(told.mend.contains(mend), "{code}: {}", told.mend);
        }
        let hopeless = Refusal { retry_after_seconds: None, ..refusal(RefusalCode::RateLimited) };
        assert!(hopeless.mend().contains("No waiting helps"), "{}", hopeless.mend());
        let unknown = Refusal { address: None, ..refusal(RefusalCode::IpNotAllowed) };
        assert!(unknown.mend().contains("trusted"), "{}", unknown.mend());
    }
}
