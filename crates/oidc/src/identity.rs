use std::{collections::HashMap, fmt};

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Values of the claim of roles that are looked at.
const VALUES_MOST: usize = 1_000;
/// Letters of a name and of an address that are kept.
const TEXT_MAX: usize = 320;

/// Who somebody is, by their provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Whom it means. It never means another by it.
    pub subject: String,
    /// When they have told their provider who they are, in seconds since 1970; `None`: it says nothing of it.
    pub said_at: Option<i64>,
    /// Their address, if it says one.
    pub email: Option<String>,
    /// Whether it says that the address is theirs; `None`: it says nothing.
    pub email_verified: Option<bool>,
    /// Their name, if it says one.
    pub name: Option<String>,
    /// What the claim of roles says; several values where it is a list.
    pub roles: Vec<String>,
}

/// Addresses, names and subjects are people's.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Every claim that is none of the standard ones.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Claims(HashMap<String, Value>);

impl AdditionalClaims for Claims {}

/// What one document says of somebody.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
    pub(crate) name: Option<String>,
    pub(crate) roles: Vec<String>,
}

impl Said {
    /// Of standard claims, and of the others.
    pub(crate) fn new(
        (email, email_verified): (Option<&str>, Option<bool>),
        name: Option<&str>,
        other: &Claims,
        role_claim: &str,
    ) -> Self {
        Self {
            email: email.and_then(bounded),
            email_verified,
            name: name.and_then(bounded),
            roles: roles(&other.0, role_claim),
        }
    }

    /// Whether nothing is missing for which another document would be asked.
    pub(crate) fn is_whole(&self) -> bool {
        self.email.is_some() && self.name.is_some() && !self.roles.is_empty()
    }

    /// What the other says of it where this says nothing. An address goes with what is said of that address.
    pub(crate) fn or(self, other: Self) -> Self {
        let (email, email_verified) = match self.email {
            Some(email) => (Some(email), self.email_verified),
            None => (other.email, other.email_verified),
        };
        let roles = if self.roles.is_empty() { other.roles } else { self.roles };
        Self { email, email_verified, name: self.name.or(other.name), roles }
    }
}

fn bounded(text: &str) -> Option<String> {
    (!text.is_empty() && text.chars().count() <= TEXT_MAX).then(|| text.to_owned())
}

/// The values of a claim: a text, or a list of texts. A claim whose own name has points goes before one that lies within others.
fn roles(claims: &HashMap<String, Value>, path: &str) -> Vec<String> {
    let found = claims.get(path).or_else(|| {
        let mut names = path.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    });
    match found {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(values)) => {
            values.iter().take(VALUES_MOST).filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(claims: &Value, path: &str) -> Vec<String> {
        let claims: HashMap<String, Value> = serde_json::from_value(claims.clone()).unwrap();
        roles(&claims, path)
    }

    #[test]
    fn roles_are_found_where_providers_put_them() {
        let claims = json!({
            "role": "desk-owner",
            "groups": ["a", 5, "b"],
            "realm_access": { "roles": ["c"] },
            "https://example.com/roles": ["d"],
            "number": 5,
        });
        for (path, expected) in [
            ("role", vec!["desk-owner"]),
            ("groups", vec!["a", "b"]),
            ("realm_access.roles", vec!["c"]),
            ("https://example.com/roles", vec!["d"]),
            ("number", vec![]),
            ("realm_access", vec![]),
            ("realm_access.other", vec![]),
            ("role.x", vec![]),
            ("none", vec![]),
        ] {
            assert_eq!(found(&claims, path), expected, "{path}");
        }
        let many: Vec<_> = (0..2_000).map(|number| number.to_string()).collect();
        assert_eq!(found(&json!({ "groups": many }), "groups").len(), VALUES_MOST);
    }

    #[test]
    fn an_address_goes_with_what_is_said_of_it() {
        let said = |email: Option<&str>, email_verified| Said {
            email: email.map(str::to_owned),
            email_verified,
            ..Said::default()
        };
        let merged = said(Some("ada@example.com"), None).or(said(Some("eve@example.com"), Some(true)));
        assert_eq!((merged.email.as_deref(), merged.email_verified), (Some("ada@example.com"), None));
        let merged = said(None, Some(true)).or(said(Some("eve@example.com"), Some(false)));
        assert_eq!((merged.email.as_deref(), merged.email_verified), (Some("eve@example.com"), Some(false)));
    }
}
